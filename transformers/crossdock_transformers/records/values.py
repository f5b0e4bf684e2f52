"""The types of fields in text: what one says of itself, how it is read and written.

Numbers are Decimal (or int where the type is `integer`), dates and times ISO texts, all else text. All is strict:
nothing is rounded, cut or guessed; what does not fit raises `Unfit` with a sentence that goes on after `quantity `.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from crossdock.core.spec import Options
from crossdock.core.words import nearest
from crossdock_transformers.expression.dates import form
from crossdock_transformers.expression.values import Fault
from crossdock_transformers.records.faults import shown

Kind = Literal["text", "integer", "decimal", "date", "time", "datetime", "boolean"]
Read = Callable[[str], Any]
Write = Callable[[Any], str]
_FORMATS: Final = {"date": "%Y-%m-%d", "time": "%H:%M:%S", "datetime": "%Y-%m-%dT%H:%M:%S"}
_EXAMPLES: Final = datetime(2026, 11, 5, 16, 12, 30)  # noqa: DTZ001 - an example of a form
_MOST_DIGITS: Final = 60
_LONGEST_DATE: Final = 64


class Unfit(ValueError):
    """A value that its field can't have. `code` is machine-readable."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class FieldOptions(Options):
    """What is known of a field; a bare word is its type."""

    SHORTHAND: ClassVar[str] = "type"

    type: Kind = Field("text", description="what its values are; numbers are exact, dates come out as 2026-10-15")
    required: bool = Field(False, description="whether every record has it; an empty value is none")
    format: str = Field("", description="how dates and times are written: `%d.%m.%Y`")
    scale: int | None = Field(None, ge=0, le=30, description="how many digits a decimal has after its mark when it is written")
    codes: list[str] = Field(default_factory=list, description="the values that it may have")
    max_length: int | None = Field(None, ge=1, description="the most characters of a text")
    yes: list[str] = Field(
        default_factory=lambda: ["true"], min_length=1, description="what stands for true; the first is written"
    )
    no: list[str] = Field(
        default_factory=lambda: ["false"], min_length=1, description="what stands for false; the first is written"
    )
    description: str = Field("", description="what it holds, for people")

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, data: Any) -> Any:
        return {"type": data} if isinstance(data, str) else {} if data is None else data

    @model_validator(mode="after")
    def _fitting(self) -> FieldOptions:
        if self.format and self.type not in _FORMATS:
            raise ValueError("`format` is for dates and times")
        if self.scale is not None and self.type != "decimal":
            raise ValueError("`scale` is for decimals")
        try:
            form(self.format)
        except Fault as fault:
            raise ValueError(str(fault)) from None
        return self

    @property
    def pattern(self) -> str:
        """How its dates and times are written."""
        return self.format or _FORMATS.get(self.type, "")

    def shape(self) -> Mapping[str, Any]:
        """Return its JSON Schema."""
        types = {"integer": "integer", "decimal": "number", "boolean": "boolean"}
        found: dict[str, Any] = {"type": types.get(self.type, "string")}
        if self.type == "date":
            found["format"] = "date"
        if self.codes and found["type"] == "string":
            found["enum"] = list(self.codes)
        if self.description:
            found["description"] = self.description
        return found


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks in numbers: `1.234,50` has a comma for decimals and points for thousands (or none: an empty text)."""

    decimal: str = "."
    thousands: str = ""


def reader(field: FieldOptions, marks: Marks = Marks()) -> Read:
    """Return what reads a field's text, never empty; it raises Unfit."""
    read = _READERS[field.type](field, marks)
    if not field.codes and field.max_length is None:
        return read

    def checked(text: str) -> Any:
        _narrow(field, text)
        return read(text)

    return checked


def writer(field: FieldOptions, marks: Marks = Marks()) -> Write:
    """Return what writes a field's value, never None; it raises Unfit."""
    write = _WRITERS[field.type](field, marks)
    if not field.codes and field.max_length is None:
        return write

    def checked(value: Any) -> str:
        text = write(value)
        _narrow(field, text)
        return text

    return checked


def _narrow(field: FieldOptions, text: str) -> None:
    if field.codes and text not in field.codes:
        raise Unfit(f"is {shown(text)}, which is none of its codes{nearest(text, field.codes)}", "codes")
    if field.max_length is not None and len(text) > field.max_length:
        raise Unfit(f"has {len(text)} characters, at most {field.max_length} are allowed: {shown(text)}", "max_length")


def _text_reader(_field: FieldOptions, _marks: Marks) -> Read:
    return str


def _text_writer(_field: FieldOptions, _marks: Marks) -> Write:
    def write(value: Any) -> str:
        if not isinstance(value, str):
            raise Unfit(f"must be a text, this is {named(value)}", "type")
        return value

    return write


def _number_pattern(marks: Marks) -> re.Pattern[str]:
    thousands = rf"|\d{{1,3}}(?:{re.escape(marks.thousands)}\d{{3}})+" if marks.thousands else ""
    return re.compile(rf"[+-]?(?:\d+{thousands})(?:{re.escape(marks.decimal)}\d+)?", re.ASCII)


def _decimal_reader(_field: FieldOptions, marks: Marks) -> Read:
    fits, plain = _number_pattern(marks).fullmatch, marks == Marks()
    expected = _written(Decimal("1234.5"), marks)

    def read(text: str) -> Decimal:
        if not fits(text) or len(text) > _MOST_DIGITS:
            raise Unfit(f"must be a number such as {expected}, this is {shown(text)}", "decimal")
        return Decimal(text if plain else text.replace(marks.thousands, "").replace(marks.decimal, "."))

    return read


def _decimal_writer(field: FieldOptions, marks: Marks) -> Write:
    def write(value: Any) -> str:
        return _written(_scaled(_number(value), field.scale), marks)

    return write


def _scaled(number: Decimal, scale: int | None) -> Decimal:
    if scale is None:
        return number
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    surplus = -exponent - scale
    if surplus > 0 and any(digits[-surplus:]):
        raise Unfit(f"has more than {scale} digits after its decimal mark: {number}", "scale")
    whole = digits[: len(digits) - surplus] if surplus > 0 else (*digits, *(0,) * -surplus)
    return Decimal((sign, whole or (0,), -scale))


def _written(number: Decimal, marks: Marks) -> str:
    text = format(number, f"{',' if marks.thousands else ''}f")
    return text.translate({ord(","): marks.thousands, ord("."): marks.decimal})


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unfit(f"must be a number, this is {named(value)}", "type")
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS or len(number.as_tuple().digits) > _MOST_DIGITS:
        raise Unfit(f"is a number that can't be written out: {shown(str(number))}", "decimal")
    return number


_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def _integer_reader(_field: FieldOptions, marks: Marks) -> Read:
    def read(text: str) -> int:
        plain = text.replace(marks.thousands, "") if marks.thousands else text
        if not _WHOLE.fullmatch(plain):
            raise Unfit(f"must be a whole number, this is {shown(text)}", "integer")
        return int(plain)

    return read


def _integer_writer(_field: FieldOptions, _marks: Marks) -> Write:
    def write(value: Any) -> str:
        number = _number(value)
        if number != number.to_integral_value():
            raise Unfit(f"must be a whole number, this is {number}", "integer")
        return format(number.to_integral_value(), "f")

    return write


_MAKERS: Final[dict[str, Callable[[datetime], Any]]] = {"date": datetime.date, "time": datetime.time, "datetime": lambda at: at}
_PARSERS: Final[dict[str, Callable[[str], Any]]] = {
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "datetime": datetime.fromisoformat,
}
_WORDS: Final = {"date": "a date", "time": "a time", "datetime": "a date and time"}


def _moment_reader(field: FieldOptions, _marks: Marks) -> Read:
    pattern, make, words = field.pattern, _MAKERS[field.type], _WORDS[field.type]
    exact = re.search(r"%[a-zA-Z]%", pattern) is not None
    example = _EXAMPLES.strftime(pattern)

    @lru_cache(maxsize=1024)
    def read(text: str) -> str:
        try:
            moment = datetime.strptime(text[:_LONGEST_DATE], pattern)  # noqa: DTZ007 - documents give no zone
        except ValueError:
            moment = None
        if moment is None or (exact and moment.strftime(pattern) != text):
            raise Unfit(f"must be {words} such as {example}, this is {shown(text)}", field.type)
        return str(make(moment).isoformat())

    return read


def _moment_writer(field: FieldOptions, _marks: Marks) -> Write:
    pattern, parse, words = field.pattern, _PARSERS[field.type], _WORDS[field.type]
    example = _MAKERS[field.type](_EXAMPLES).isoformat()

    def write(value: Any) -> str:
        try:
            moment = parse(value)
        except (TypeError, ValueError):
            raise Unfit(f"must be {words} such as {example}, this is {named(value)}", field.type) from None
        return str(moment.strftime(pattern))

    return write


def _boolean_reader(field: FieldOptions, _marks: Marks) -> Read:
    values = {**dict.fromkeys(field.no, False), **dict.fromkeys(field.yes, True)}

    def read(text: str) -> bool:
        if text not in values:
            raise Unfit(f"must be one of {', '.join(map(shown, values))}, this is {shown(text)}", "boolean")
        return values[text]

    return read


def _boolean_writer(field: FieldOptions, _marks: Marks) -> Write:
    def write(value: Any) -> str:
        if not isinstance(value, bool):
            raise Unfit(f"must be true or false, this is {named(value)}", "type")
        return field.yes[0] if value else field.no[0]

    return write


def named(value: Any) -> str:
    """Return a value as a sentence names it."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return shown(value)
    kinds = {bool: "true" if value else "false", list: "a list", dict: "an object"}
    return kinds.get(type(value), str(value) if isinstance(value, int | Decimal) else f"a {type(value).__name__}")


_READERS: Final[dict[str, Callable[[FieldOptions, Marks], Read]]] = {
    "text": _text_reader,
    "integer": _integer_reader,
    "decimal": _decimal_reader,
    "boolean": _boolean_reader,
    **dict.fromkeys(_FORMATS, _moment_reader),
}
_WRITERS: Final[dict[str, Callable[[FieldOptions, Marks], Write]]] = {
    "text": _text_writer,
    "integer": _integer_writer,
    "decimal": _decimal_writer,
    "boolean": _boolean_writer,
    **dict.fromkeys(_FORMATS, _moment_writer),
}

__all__ = ["FieldOptions", "Kind", "Marks", "Read", "Unfit", "Write", "named", "reader", "writer"]
