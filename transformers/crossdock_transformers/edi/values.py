"""Single values: how each kind of element is recognised, read, checked and written.

Read: `N0`..`N9`, `N` and `R` as Decimal, `DT` as `2026-10-15`, `TM` as `09:30`, `09:30:15` or `09:30:15.25`, all else as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Any, Final

from crossdock_transformers.edi.dialect import Period
from crossdock_transformers.edi.grammar import Composite, Element, Segment, Use
from crossdock_transformers.edi.release import MARKS, mark, release, unmark

Reader = Callable[[str], Any]

_CONTROLS = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_WHOLE = re.compile(r"-?[0-9]+")
_DATE = r"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9][0-9]{0,2})?"
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,2})?)?")
SHOWN = 40
"""How much of a bad value is shown to people."""

MOST_PLANS: Final = 256
"""How many patterns of what is there are remembered of one segment or composite."""


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The service characters of an interchange; `repetition` is empty where its version has none.

    `release` is EDIFACT's, `mark` are the decimal marks that its numbers may have, and `characters` all that its character set
    has (empty: all but control characters).
    """

    element: str = "*"
    component: str = ">"
    segment: str = "~"
    repetition: str = ""
    release: str = ""
    mark: str = "."
    characters: str = ""

    @property
    def all(self) -> str:
        """All that separates or releases, in one string."""
        return "".join(self.parts)

    @property
    def parts(self) -> tuple[str, str, str, str, str]:
        """All that separates or releases, the absent ones empty."""
        return self.element, self.component, self.segment, self.repetition, self.release

    @property
    def plain(self) -> str:
        """A character class that matches everything that a value may hold."""
        return _plain(self.all, self.characters)

    @property
    def letters(self) -> str:
        """The same without digits."""
        return _plain(self.all + "0123456789", self.characters)

    def marked(self, text: str) -> str:
        """Return a document ready to be cut: its released characters marked (see `release`)."""
        return mark(text, self.parts) if self.release else text

    def unmarked(self, text: str) -> str:
        """Return a text as people shall see it."""
        return unmark(text, self.parts) if self.release else text

    def released(self, text: str) -> str:
        """Return a value as it is written: with release characters where there are any."""
        return release(text, self.parts) if self.release else text


@lru_cache(256)
def _plain(delimiters: str, characters: str) -> str:
    if not characters:
        return f"[^{''.join(map(re.escape, delimiters))}{_CONTROLS}]"
    return f"[{''.join(re.escape(one) for one in characters if one not in delimiters)}{MARKS}]"


@lru_cache(256)
def _all_plain(delimiters: Delimiters) -> re.Pattern[str]:
    return re.compile(delimiters.plain + "*")


class Unfit(ValueError):
    """A value does not fit its element. `name` is the kind of fault, a key of `Dialect.codes`."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


def shown(value: str) -> str:
    """Return a value as a message shows it: quoted, cut, with control characters made visible."""
    text = value if len(value) <= SHOWN else value[:SHOWN] + "..."
    return f"'{''.join(c if c.isprintable() or c in MARKS else f'<{ord(c) & 0xFF:02X}>' for c in text)}'"


# How a value is recognised: the fast check.


def pattern(use: Use, delimiters: Delimiters) -> str:
    """Return the regular expression of a value that is there."""
    one = _composite(use.what, delimiters) if isinstance(use.what, Composite) else _simple(use.what, delimiters)
    if use.most == 1 or not delimiters.repetition:
        return one
    return f"{one}(?:{re.escape(delimiters.repetition)}{one}){{0,{use.most - 1}}}"


def _simple(element: Element, delimiters: Delimiters) -> str:
    low, high = element.low, element.high
    if element.codes is not None:
        return f"(?:{alternatives(tuple(element.codes))})"
    if element.kind in ("AN", "ID"):
        return f"{delimiters.plain}{{{low},{high}}}"
    if element.kind == "A":
        return f"{delimiters.letters}{{{low},{high}}}"
    if element.kind == "N":
        mark = f"[{re.escape(delimiters.mark)}]"
        return f"-?(?:[0-9]{{{low},{high}}}(?![0-9.,])|(?=[0-9.,]{{{low + 1},{high + 1}}}(?![0-9.,]))[0-9]+{mark}[0-9]+)"
    if element.kind == "DT":
        return _DATE if high == 8 else "[0-9]{2}" + _DATE.removeprefix("[0-9]{4}")
    if element.kind == "TM":
        return _sized(low, high) + _TIME
    if element.kind == "R":
        point = f"(?=[0-9.]{{{low + 1},{high + 1}}}(?![0-9.]))[0-9]*\\.[0-9]*"
        return f"-?(?:[0-9]{{{low},{high}}}(?![0-9.])|{point})"
    return f"-?[0-9]{{{low},{high}}}"


def _sized(low: int, high: int) -> str:
    return f"(?=[0-9]{{{low},{high}}}(?![0-9]))"


def _composite(composite: Composite, delimiters: Delimiters) -> str:
    """The components nested from the last to the first; what is required of them together is left to the exact check."""
    inner = ""
    separator = re.escape(delimiters.component)
    for use in reversed(composite.uses):
        part = f"(?:{pattern(use, delimiters)})?"
        inner = part + (f"(?:{separator}{inner})?" if inner else "")
    return inner


@cache
def alternatives(codes: tuple[str, ...]) -> str:
    """Return codes as a regular expression that branches on the first character, not on each code."""
    by_rest: dict[tuple[str, ...], list[str]] = {}
    for first in sorted({code[0] for code in codes if code}):
        rests = tuple(sorted(code[1:] for code in codes if code[:1] == first))
        by_rest.setdefault(rests, []).append(first)
    return "|".join(_branch(firsts, rests) for rests, firsts in by_rest.items())


def _branch(firsts: list[str], rests: tuple[str, ...]) -> str:
    head = re.escape(firsts[0]) if len(firsts) == 1 else f"[{''.join(map(re.escape, firsts))}]"
    tails = [rest for rest in rests if rest]
    if not tails:
        return head
    return f"{head}(?:{alternatives(tuple(tails))}){'?' if '' in rests else ''}"


# How a value is read.


def reader(use: Use, delimiters: Delimiters, marked: bool = False, period: Period | None = None) -> Reader | None:
    """Return what turns a recognised text into its value, or None where the text is the value; raises Unfit or ValueError.

    `marked` says that texts may hold marks of released characters; `period` reads components whose form is told beside them.
    """
    if isinstance(use.what, Composite):
        one: Reader | None = _composite_reader(use.what, delimiters, marked, period)
    else:
        one = _simple_reader(use.what, delimiters) or (delimiters.unmarked if marked and delimiters.release else None)
    if use.most == 1 or not delimiters.repetition:
        return one
    return lambda text: [one(part) if one else part for part in text.split(delimiters.repetition)]


def _simple_reader(element: Element, delimiters: Delimiters) -> Reader | None:
    if element.kind in ("R", "N0"):
        return Decimal
    if element.kind == "N":
        return Decimal if delimiters.mark == "." else lambda text: Decimal(text.replace(",", "."))
    if element.kind[0] == "N":
        places = int(element.kind[1])
        return lambda text: Decimal(text).scaleb(-places)
    return {"DT": iso_date, "TM": iso_time}.get(element.kind)


class _Components(dict[int | tuple[bool, ...], tuple[tuple[str, ...], tuple[tuple[str, Reader], ...]]]):
    """How a composite is read, by which of its components are there: their number where all are, else a tuple of bools.

    Gives the refs of those that are there, and how some of them are read.
    """

    def __init__(self, composite: Composite, delimiters: Delimiters, marked: bool) -> None:
        super().__init__()
        self._composite = composite
        self._readers = [(use.ref, reader(use, delimiters, marked)) for use in composite.uses]

    def __missing__(self, presence: int | tuple[bool, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, Reader], ...]]:
        there = (True,) * presence if isinstance(presence, int) else presence
        if not complete(self._composite, there):
            raise ValueError("components are missing")
        found = [one for one, is_there in zip(self._readers, there, strict=False) if is_there]
        plan = tuple(ref for ref, _ in found), tuple((ref, to) for ref, to in found if to is not None)
        if len(self) < MOST_PLANS:
            self[presence] = plan
        return plan


def _composite_reader(composite: Composite, delimiters: Delimiters, marked: bool, period: Period | None) -> Reader:
    plans = _Components(composite, delimiters, marked)
    separator = delimiters.component

    def read(text: str) -> dict[str, Any]:
        components = text.split(separator)
        if "" in components:
            refs, typed = plans[tuple(map(bool, components))]
            values: dict[str, Any] = dict(zip(refs, filter(None, components)))  # noqa: B905 - the plan knows that they are as many
        else:
            refs, typed = plans[len(components)]
            values = dict(zip(refs, components))  # noqa: B905 - as above
        for ref, to in typed:
            values[ref] = to(values[ref])
        return values

    refs = period_at(composite, period) if period else None
    if period is None or refs is None:
        return read
    (value, form), to = refs, period.read

    def read_period(text: str) -> dict[str, Any]:
        values = read(text)
        if form in values and value in values:
            values[value] = to(values[value], values[form])
        return values

    return read_period


def period_at(composite: Composite, period: Period) -> tuple[str, str] | None:
    """Return the refs of the component whose form is told beside it, and of that form, or None."""
    refs = {use.what.number: use.ref for use in reversed(composite.uses)}
    return (refs[period.value], refs[period.form]) if period.value in refs and period.form in refs else None


def complete(composite: Composite | Segment, texts: Sequence[str | bool]) -> bool:
    """Tell whether what is required is there, what is forbidden is not, and no syntax note is broken."""
    present = {position for position, text in enumerate(texts, start=1) if text}
    uses = enumerate(composite.uses, start=1)
    return (
        all(position not in present if use.forbidden else position in present or not use.required for position, use in uses)
        and len(texts) <= len(composite.uses)
        and not any(note.broken(present) for note in composite.notes)
    )


@lru_cache(4096)
def iso_date(text: str) -> str:
    """Return `20261015` or `261015` as `2026-10-15`; raises ValueError for a day that is not in the calendar."""
    if len(text) == 6:
        text = ("20" if text < "80" else "19") + text
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        raise ValueError(f"{shown(text)} is not a date")
    return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()


@lru_cache(4096)
def iso_time(text: str) -> str:
    """Return `0930`, `093015` or `09301525` as `09:30`, `09:30:15` or `09:30:15.25`; raises ValueError."""
    if not re.fullmatch(_TIME, text):
        raise ValueError(f"{shown(text)} is not a time")
    clock = ":".join(text[at : at + 2] for at in range(0, min(len(text), 6), 2))
    return f"{clock}.{text[6:]}" if len(text) > 6 else clock


# The exact check, in words.


def check(use: Use, element: Element, value: str, delimiters: Delimiters) -> None:
    """Raise Unfit with the reason in words where a simple value does not fit."""
    if not _all_plain(delimiters).fullmatch(value):
        raise Unfit("invalid_character", f"{_named(use)} holds a character that is not allowed there: {shown(value)}")
    if element.kind[0] in "RN":
        _check_number(use, element, value, delimiters)
    if element.kind == "A" and any(one.isdigit() for one in value):
        raise Unfit("not_a_letter", f"{_named(use)} must have letters only; this is {shown(value)}")
    if element.kind not in _CALENDAR:
        _check_length(use, element, value)
    if element.codes is not None and value not in element.codes:
        raise Unfit("invalid_code", f"{_named(use)} is {shown(value)}, which is not {one_of(element.codes)}")
    if element.kind in _CALENDAR:
        _check_calendar(use, element, value)


_CALENDAR: Final[Mapping[str, tuple[str, Reader, str]]] = {
    "DT": ("invalid_date", iso_date, "a date as CCYYMMDD"),
    "TM": ("invalid_time", iso_time, "a time as HHMM or HHMMSS"),
}


def _named(use: Use) -> str:
    return f"{use.ref} ({use.what.title})"


def one_of(codes: Mapping[str, str]) -> str:
    """Return codes as a message lists them."""
    listed = list(codes)
    if len(listed) == 1:
        return listed[0]
    return f"one of {', '.join(listed)}" if len(listed) <= 12 else f"one of its {len(listed)} codes"


def _check_number(use: Use, element: Element, value: str, delimiters: Delimiters) -> None:
    if element.kind == "N":
        _check_decimal(use, value, delimiters)
        return
    if not (_NUMBER if element.kind == "R" else _WHOLE).fullmatch(value):
        wanted = "a number" if element.kind == "R" else "a whole number" if element.kind == "N0" else "digits only"
        raise Unfit("not_a_number", f"{_named(use)} must be {wanted}; this is {shown(value)}")


def _check_decimal(use: Use, value: str, delimiters: Delimiters) -> None:
    """Numbers of EDIFACT: digits on both sides of the decimal mark, and the mark that the interchange has."""
    if not re.fullmatch(r"-?[0-9]*(?:[.,][0-9]*)?", value, re.ASCII) or not any(one.isdigit() for one in value):
        raise Unfit("not_a_number", f"{_named(use)} must be a number; this is {shown(value)}")
    found = next((one for one in value if one in ".,"), "")
    if found and found not in delimiters.mark:
        allowed = "a point" if delimiters.mark == "." else "a comma"
        raise Unfit("decimal_mark", f"{_named(use)} must have {allowed} as its decimal mark; this is {shown(value)}")
    if found and not re.fullmatch(r"-?[0-9]+[.,][0-9]+", value):
        raise Unfit("missing_digit", f"{_named(use)} needs a digit before and after its decimal mark; this is {shown(value)}")


def _check_length(use: Use, element: Element, value: str) -> None:
    numeric = element.kind[0] in "RN"
    length = sum(one.isdigit() for one in value) if numeric else len(value)
    unit = "digits" if numeric else "characters"
    if length < element.low:
        raise Unfit(
            "too_short", f"{_named(use)} is too short: {shown(value)} has {length} {unit}, at least {element.low} are needed"
        )
    if length > element.high:
        raise Unfit("too_long", f"{_named(use)} is too long: {shown(value)} has {length} {unit}, at most {element.high} fit")


def _check_calendar(use: Use, element: Element, value: str) -> None:
    code, read, wanted = _CALENDAR[element.kind]
    try:
        read(value)
        fits = element.low <= len(value) <= element.high
    except ValueError:
        fits = False
    if not fits:
        short = wanted.replace("CCYY", "YY") if element.high == 6 else wanted
        raise Unfit(code, f"{_named(use)} must be {short}; this is {shown(value)}")


# How a value is written.


def write(element: Element, value: Any, mark: str = ".") -> str:
    """Return a decoded value as the text of its element; raises ValueError that says what is expected."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"must be {_wanted(element)}, not {_kind(value)}")  # noqa: TRY004 - it is the document that is wrong
    if element.kind == "R":
        return _write_number(element, _decimal(value))
    if element.kind == "N":
        return _write_decimal(element, _decimal(value)).replace(".", mark[0])
    if element.kind[0] == "N":
        return _write_implied(element, _decimal(value))
    text = value if isinstance(value, str) else format(value, "f") if isinstance(value, Decimal) else str(value)
    if element.kind == "DT":
        return _write_moment(text, _ISO_DATE, "a date as 2026-10-15").replace("-", "")[8 - element.high :]
    if element.kind == "TM":
        return re.sub("[:.]", "", _write_moment(text, _ISO_TIME, "a time as 09:30 or 09:30:15"))
    return text


def _wanted(element: Element) -> str:
    return "a number" if element.kind[0] in "RN" else "text"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", float: "a float (use an exact decimal)"}
    return names.get(type(value), f"a {type(value).__name__}")


def _decimal(value: str | int | Decimal) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"must be a number, not {shown(str(value))}") from None
    if not number.is_finite() or abs(number.adjusted()) > 100:
        raise ValueError(f"{number} is not a number that can be written")
    return number


def _write_number(element: Element, number: Decimal) -> str:
    text = format(number, "f")
    if len(text.lstrip("-").replace(".", "")) > element.high and "." in text:
        text = text.rstrip("0").rstrip(".").replace("0.", ".", 1) if abs(number) < 1 else text.rstrip("0").rstrip(".")
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    short = element.low - len(digits.replace(".", ""))
    return sign + "0" * max(short, 0) + digits


def _write_decimal(element: Element, number: Decimal) -> str:
    text = format(number, "f")
    if "." in text and len(text.lstrip("-")) > element.high + 1:
        text = text.rstrip("0").rstrip(".")
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    return sign + "0" * max(element.low - len(digits.replace(".", "")), 0) + digits


def _write_implied(element: Element, number: Decimal) -> str:
    places = int(element.kind[1])
    scaled = number.scaleb(places)
    if scaled != scaled.to_integral_value():
        allowed = f"at most {places} decimals" if places else "no decimals"
        raise ValueError(f"may have {allowed}; this is {number}")
    digits = str(abs(int(scaled))).zfill(element.low)
    return f"-{digits}" if scaled < 0 else digits


def _write_moment(text: str, form: re.Pattern[str], wanted: str) -> str:
    if not form.fullmatch(text):
        raise ValueError(f"must be {wanted}, not {shown(text)}")
    return text
