"""The ISA segment: the delimiters, who writes to whom, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from crossdock.core.blob import Data
from crossdock.core.errors import Rejected
from crossdock_transformers.edi.values import Delimiters, iso_date, iso_time, shown

HEADER_FIELDS: Final = {
    "control_number": "control",
    "sender_qualifier": "sender_qualifier",
    "sender": "sender",
    "receiver_qualifier": "receiver_qualifier",
    "receiver": "receiver",
    "date": "date",
    "time": "time",
    "version": "version",
    "usage": "usage",
}
"""What a decoded body says of its interchange, and the attribute of `Header` that it comes from."""

_ISA_LENGTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_ISA_NOTES = (*(f"{note:03d}" for note in (10, 11, 12, 13, 5, 6, 7, 8, 14, 15, 16, 17, 18, 19, 20)), "027")
"""TA105 for each element of the ISA segment."""
ISA_SIZE: Final = 106
BLANK: Final = b" \t\r\n"

Lenient = Callable[[str, str], frozenset[str]]
"""Says by a sender's qualifier and id which kinds of faults are let pass (`core.leniency`)."""


@dataclass(frozen=True, slots=True)
class Header:
    """An ISA segment. `raw` is the segment as it came, terminator included; the texts have their padding taken off.

    `size` is its length in the file: where it came without padding, `raw` is the segment as it should have been.
    """

    raw: bytes
    delimiters: Delimiters
    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    date: str
    time: str
    version: str
    control: str
    usage: str
    size: int = 106

    def fields(self) -> dict[str, str]:
        """Return what a decoded body says under `interchange`."""
        return {name: getattr(self, attribute) for name, attribute in HEADER_FIELDS.items()}


def strict(_qualifier: str, _sender: str) -> frozenset[str]:
    """Let nothing pass."""
    return frozenset()


def excerpt(data: bytes) -> str:
    """Return bytes of a file as a message shows them."""
    return shown(data.decode("latin-1"))


class BadEnvelope(Rejected):
    """The envelope can't be used. `note` is TA105, `raw` the beginning of the interchange."""

    def __init__(self, message: str, note: str, *, raw: bytes = b"", **rest: Any) -> None:
        super().__init__(message, **rest)
        self.note = note
        self.raw = raw


def bad(message: str, at: int, code: str = "envelope", note: str = "022") -> BadEnvelope:
    """Return the error of an envelope; `note` is TA105."""
    advice = "ask the partner to send the file again, or repair it and retry"
    return BadEnvelope(message, note, code=code, where=f"offset {at}", advice=advice)


def header(data: Data, at: int, lenient: Lenient = strict) -> Header:
    """Return the ISA segment at an offset; raises Rejected."""
    raw = data[at : at + ISA_SIZE]
    size = ISA_SIZE
    try:
        _check_layout(raw, at)
    except BadEnvelope:
        raw, size = _padded(data, at, lenient)
        if not size:
            raise
    elements = raw[:-1].decode("ascii").split(chr(raw[3]))[1:]
    delimiters = _delimiters(raw, elements, at)
    _check_standard(elements[10], elements[11], at)
    if not elements[12].isdecimal():
        raise bad(f"ISA13, the interchange control number, must be nine digits; this is {shown(elements[12])}", at, note="018")
    if elements[14] not in ("P", "T", "I"):
        raise bad(f"ISA15, the usage, must be P (production) or T (test); this is {shown(elements[14])}", at, note="020")
    end = behind_line(data, at + size)
    texts = [element.strip() for element in elements]
    date, time = moment(texts[8], texts[9], "ISA09 or ISA10", at)
    return Header(
        raw=raw + data[at + size : end],
        delimiters=delimiters,
        sender_qualifier=texts[4],
        sender=texts[5],
        receiver_qualifier=texts[6],
        receiver=texts[7],
        date=date,
        time=time,
        version=texts[11],
        control=texts[12],
        usage=texts[14],
        size=size,
    )


_VERSION = re.compile("00[2-9][0-9]{2}")


def _check_standard(standard: str, version: str, at: int) -> None:
    """Refuse what ISA11 and ISA12 say where it can't be read: before 00402 ISA11 names a standard, later it separates."""
    if not version.isdecimal():
        raise bad(f"ISA12, the version of the envelope, must be five digits; this is {shown(version)}", at, note="017")
    if not _VERSION.fullmatch(version):
        raise bad(f"ISA12: envelopes of version {shown(version)} are not read here; 00200 to 00999 are", at, note="003")
    if standard == "U" or not (standard.isalnum() or standard == " "):
        return
    if version < "00402":
        raise bad(f"ISA11: the standard {shown(standard)} is not read here; U (X12) is", at, note="002")
    raise bad(f"ISA11: {shown(standard)} can't be a repetition separator", at, note="016")


def _padded(data: Data, at: int, lenient: Lenient) -> tuple[bytes, int]:
    """Return an ISA segment as it should have been, and its length as it came; 0 where it can't be read or isn't let pass."""
    mark = data[at + 3 : at + 4]
    pieces = data[at : at + 2 * ISA_SIZE].split(mark, 16) if mark else []
    if len(pieces) < 17 or len(pieces[16]) < 2:
        return b"", 0
    elements = [piece.strip() for piece in pieces[1:16]]
    if any(len(one) > most for one, most in zip(elements, _ISA_LENGTHS, strict=False)):
        return b"", 0
    if "isa_padding" not in lenient(*(one.decode("latin-1") for one in elements[4:6])):
        return b"", 0
    elements[12] = elements[12].rjust(9, b"0")
    padded = [one.ljust(most) for one, most in zip(elements, _ISA_LENGTHS, strict=False)]
    size = len(data[at : at + 2 * ISA_SIZE]) - len(pieces[16]) + 2
    return mark.join([b"ISA", *padded, pieces[16][:2]]), size


def _check_layout(raw: bytes, at: int) -> None:
    if len(raw) < ISA_SIZE:
        raise bad(f"the ISA segment is cut off: it has {len(raw)} of {ISA_SIZE} characters", at, "truncated")
    if not raw.isascii():
        raise bad("the ISA segment holds a character that is not ASCII", at)
    if any(raw[place] != raw[3] for place in _SEPARATORS) or raw.count(raw[3], 0, 105) != len(_SEPARATORS):
        message, note = _why_layout(raw)
        raise bad(message, at, note=note)


def _why_layout(raw: bytes) -> tuple[str, str]:
    for number, (text, length) in enumerate(zip(raw.split(raw[3:4])[1:], _ISA_LENGTHS, strict=False), start=1):
        if len(text) != length and number < 16:
            message = (
                f"ISA{number:02d} must have {length} characters, padded with blanks; this is {excerpt(text)} with {len(text)}"
            )
            return message, _ISA_NOTES[number - 1]
    return f"the ISA segment must have {ISA_SIZE} characters and sixteen elements", "022"


def _delimiters(raw: bytes, elements: list[str], at: int) -> Delimiters:
    repetition = elements[10] if elements[11] >= "00402" and not elements[10].isalnum() else ""
    found = Delimiters(chr(raw[3]), chr(raw[104]), chr(raw[105]), repetition)
    if len(set(found.all)) != len(found.all) or any(one.isalnum() or one == " " for one in found.all):
        named = f"element {shown(found.element)}, component {shown(found.component)}, segment {shown(found.segment)}"
        raise bad(
            f"the delimiters must differ, and none may be a letter, a digit or a blank; they are {named}",
            at,
            note=_sharing(found),
        )
    return found


def _sharing(found: Delimiters) -> str:
    """Return TA105 for the delimiter that can't be one."""
    marks = (("004", found.segment), ("027", found.component), ("026", found.element))
    unfit = (note for note, mark in marks if mark.isalnum() or mark == " ")
    return next(unfit, "004" if found.segment in (found.element, found.component) else "027")


def behind_line(data: Data, at: int) -> int:
    """Return the offset behind the line ends at an offset."""
    end = at
    while end < len(data) and data[end] in b"\r\n":
        end += 1
    return end


def moment(date: str, time: str, what: str, at: int) -> tuple[str, str]:
    """Return a date and a time in ISO 8601; raises BadEnvelope."""
    try:
        return iso_date(date), iso_time(time)
    except ValueError as error:
        raise bad(f"{what}: {error}", at, note=_moment_note(date, what)) from None


def _moment_note(date: str, what: str) -> str:
    """Return TA105 for a date or a time."""
    if not what.startswith("ISA"):
        return "024"
    try:
        iso_date(date)
    except ValueError:
        return "014"
    return "015"
