"""Fields at their places: how one is read out of a record, and how it is written to fill its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from crossdock_transformers.fixed_width.layout import FixedField
from crossdock_transformers.records.faults import shown
from crossdock_transformers.records.values import Marks, Read, Unfit, Write, reader, writer

_DIGITS: Final = re.compile(r"\d+", re.ASCII)
_POSITIVE: Final = dict(zip("{ABCDEFGHI", "0123456789", strict=True))
_NEGATIVE: Final = dict(zip("}JKLMNOPQR", "0123456789", strict=True))
_ZONED: Final = {digit: mark for mark, digit in _NEGATIVE.items()}
_DATES: Final = ("date", "datetime")


@dataclass(frozen=True)
class Slot:
    """A field with its place, from 0."""

    name: str
    start: int
    end: int
    field: FixedField
    marks: Marks

    @property
    def place(self) -> str:
        """How faults name it."""
        return f"characters {self.start + 1}-{self.end} ({self.name})"

    @cached_property
    def _reader(self) -> Read:
        return _number_reader(self.field, self.marks) if self.field.type in ("integer", "decimal") else reader(self.field)

    @cached_property
    def _writer(self) -> Write:
        return _number_writer(self.field, self.marks) if self.field.type in ("integer", "decimal") else writer(self.field)

    def read(self, line: str) -> Any:
        """Return the value in a record's text, None where there is none; raises Unfit."""
        text = line[self.start : self.end]
        if self.field.value:
            if text.rstrip() != self.field.value.rstrip():
                raise Unfit(f"must be {shown(self.field.value)}, this is {shown(text)}", "value")
            return None
        return self.read_text(text)

    def read_text(self, text: str) -> Any:
        """Return the value in a text that fills the field or not, None where it is empty; raises Unfit."""
        bare = self._bare(text)
        return self._reader(bare) if bare else None

    def _bare(self, text: str) -> str:
        """Take away what fills the place; a date of zeros is none."""
        field = self.field
        if field.type in ("integer", "decimal"):
            return text.strip()
        bare = (text.lstrip(field.padding) if field.right else text.rstrip(field.padding)).strip(" ")
        return "" if field.type in _DATES and not bare.strip("0") else bare

    def write(self, value: Any) -> str:
        """Return a value as it fills its place; raises Unfit."""
        field = self.field
        if field.value or value is None:
            return field.value.ljust(field.length) if field.value else " " * field.length
        return _filled(self.text(value), field)

    def text(self, value: Any) -> str:
        """Return a value as a text that fits into its place; raises Unfit."""
        text = self._writer(value)
        if len(text) > self.field.length:
            raise Unfit(f"has {len(text)} characters, its place has {self.field.length}: {shown(text)}", "length")
        if "\n" in text or "\r" in text:
            raise Unfit(f"has a line end in it: {shown(text)}", "line_end")
        return text


def _filled(text: str, field: FixedField) -> str:
    if not field.right:
        return text.ljust(field.length, field.padding)
    sign = text[0] if field.padding == "0" and text[:1] in ("-", "+") else ""
    return sign + text[len(sign) :].rjust(field.length - len(sign), field.padding)


def _number_reader(field: FixedField, marks: Marks) -> Read:
    plain = reader(field, marks)

    def read(text: str) -> Any:
        negative, digits = _signed(text, field)
        if field.decimals is None:
            return plain(f"-{digits}" if negative else digits)
        if not _DIGITS.fullmatch(digits):
            raise Unfit(f"must be digits only, this is {shown(text)}", field.type)
        number = Decimal((int(negative), tuple(map(int, digits)), -field.decimals))
        return int(number) if field.type == "integer" else number

    return read


def _signed(text: str, field: FixedField) -> tuple[bool, str]:
    """Return whether a number is negative, and its digits."""
    if field.sign == "zoned":
        last = text[-1:]
        digit = _POSITIVE.get(last) or _NEGATIVE.get(last)
        return last in _NEGATIVE, text[:-1] + digit if digit else text
    if field.sign == "trailing" and text[-1:] in ("-", "+"):
        return text.endswith("-"), text[:-1].rstrip()
    if field.sign == "leading" and text[:1] in ("-", "+"):
        return text.startswith("-"), text[1:].lstrip()
    return False, text


def _number_writer(field: FixedField, marks: Marks) -> Write:
    plain = writer(field.model_copy(update={"scale": field.decimals}) if field.decimals is not None else field, marks)
    mark: Callable[[str, bool], str] = _SIGNS[field.sign]

    def write(value: Any) -> str:
        text = plain(value)
        if field.decimals is not None:
            text = text.replace(marks.decimal, "")
        negative = text.startswith("-")
        return mark(text.lstrip("-").rjust(_wanted(field, negative=negative), field.padding), negative)

    return write


def _wanted(field: FixedField, *, negative: bool) -> int:
    """How many characters the digits of a number are filled up to, before their sign is set."""
    if not field.right or field.padding != "0":
        return 0
    return field.length - (1 if negative and field.sign in ("leading", "trailing") else 0)


def _unsigned(digits: str, negative: bool) -> str:
    if negative:
        raise Unfit("must not be negative, its place has no sign", "sign")
    return digits


_SIGNS: Final[dict[str, Callable[[str, bool], str]]] = {
    "leading": lambda digits, negative: f"-{digits}" if negative else digits,
    "trailing": lambda digits, negative: f"{digits}-" if negative else digits,
    "zoned": lambda digits, negative: digits[:-1] + _ZONED[digits[-1]] if negative else digits,
    "none": _unsigned,
}

__all__ = ["Slot"]
