"""The envelope: finds interchanges, groups and messages in a file without decoding them.

`survey` looks at every envelope segment before anything is decoded. It keeps offsets only, 16 bytes a message. What makes a whole
file unusable (cut off, not EDIFACT) is refused; what is wrong with one interchange or group (counts, references) is its `fault`:
its messages are rejected, and the CONTRL says why.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from crossdock.core.errors import Rejected
from crossdock_transformers.edi.values import Delimiters, shown
from crossdock_transformers.edifact.dialect import DIALECT
from crossdock_transformers.edifact.header import (
    ADVICE,
    BLANK,
    BadInterchange,
    Blame,
    Header,
    bad,
    end_of,
    header,
    parts,
    quoted,
    skip,
    skip_line,
)

MOST_MESSAGES: Final = 999_999
"""As many as UNZ can count."""
COUNTS: Final = "29"
"""The error code (0085) of a count that does not agree."""


@dataclass(slots=True)
class Group:
    """A functional group, or all messages of an interchange that has none (then `raw` is empty).

    `spans` holds start and end offsets by turns. `sender` and `receiver` are id and qualifier as they came.
    """

    raw: bytes = b""
    function: str = ""
    sender: str = ""
    receiver: str = ""
    date: str = ""
    time: str = ""
    control: str = ""
    version: str = ""
    spans: array[int] = field(default_factory=lambda: array("Q"))
    blame: Blame | None = None

    @property
    def size(self) -> int:
        """How many messages it has."""
        return len(self.spans) // 2

    def messages(self) -> Iterator[tuple[int, int]]:
        """Yield each message's offsets."""
        pairs = iter(self.spans)
        return zip(pairs, pairs, strict=True)

    def fields(self) -> dict[str, str]:
        """Return what a decoded body says under `group`; of a sender or receiver the id alone."""
        values = (self.function, self.control, *(one.partition(":")[0] for one in (self.sender, self.receiver)))
        return dict(zip(DIALECT.group, (*values, self.date, self.time, self.version), strict=True))


@dataclass(slots=True)
class Interchange:
    """One interchange of a file."""

    header: Header
    groups: list[Group]
    end: int = 0
    blame: Blame | None = None
    start: int = 0

    @property
    def size(self) -> int:
        """How many messages it has."""
        return sum(group.size for group in self.groups)

    def alone(self, group: Group, message: bytes) -> bytes:
        """Return one message as an interchange of its own, with the same envelope."""
        head = self.header
        element, segment = (one.encode("latin-1") for one in (head.delimiters.element, head.delimiters.segment))
        trailers = [(b"UNE", b"1", group.control.encode("latin-1"))] if group.raw else []
        trailers.append((b"UNZ", b"1", head.raw_control))
        body = message if message.rstrip(BLANK).endswith(segment) else message + segment
        return head.raw + group.raw + body + b"".join(element.join(one) + segment for one in trailers)


@dataclass(frozen=True, slots=True)
class Survey:
    """A file's interchanges, and what stands after the last one."""

    interchanges: tuple[Interchange, ...]
    junk: str = ""


def survey(data: bytes) -> Survey:
    """Return a file's envelope; raises Rejected where the file as a whole can't be used."""
    at = _begin(data)
    found: list[Interchange] = []
    while at < len(data):
        if data[at : at + 3] not in (b"UNA", b"UNB"):
            if not found:
                raise _not_edifact(data, at)
            return Survey(tuple(found), _junk(data, at))
        found.append(_Walk(data, at).interchange)
        at = skip(data, found[-1].end)
    return Survey(tuple(found))


def only_answers(data: bytes, interchange: Interchange) -> bool:
    """Tell whether an interchange holds messages and all are CONTRLs: these are never answered."""
    head = interchange.header
    starts = [start for group in interchange.groups for start, _ in group.messages()]
    heads = [parts(data, start, end_of(data, start, head.delimiters), head) for start in starts]
    kinds = {one[2][0] if len(one) > 2 else "" for one in heads}
    return bool(kinds) and kinds <= set(DIALECT.services)


_TYPES = re.compile(rb"UNH([^A-Za-z0-9])[^\r\n]{1,40}?\1([A-Z]{6})[^A-Za-z0-9]")


def seems_answers(data: bytes) -> bool:
    """Tell whether a file, however broken, holds messages and all seem to be CONTRLs."""
    kinds = {mark[2].decode() for mark in _TYPES.finditer(data)}
    return bool(kinds) and kinds <= set(DIALECT.services)


def _begin(data: bytes) -> int:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        advice = "ask the partner to send one of the character sets of EDIFACT, such as UNOC or UNOY"
        raise Rejected("the file is in UTF-16, which EDIFACT has not", code="not_edifact", advice=advice)
    at = skip(data, 3 if data.startswith(b"\xef\xbb\xbf") else 0)
    if at == len(data):
        raise Rejected("the file is empty" if not data else "the file holds nothing but blanks", code="empty")
    return at


_OTHERS = {
    b"ISA": "X12",
    b"<": "XML",
    b"{": "JSON",
    b"[": "JSON",
    b"PK": "a ZIP file",
    b"\x1f\x8b": "gzip",
    b"%PDF": "PDF",
}


def _not_edifact(data: bytes, at: int) -> Rejected:
    start = data[at : at + 12]
    kind = next((name for prefix, name in _OTHERS.items() if start.startswith(prefix)), "")
    advice = "use `decode: x12` in a route of its own" if kind == "X12" else "check what the partner sent"
    what = f"it looks like {kind}" if kind else f"an interchange begins with UNA or UNB, this begins with {quoted(start)}"
    return Rejected(f"this is not EDIFACT: {what}", code="not_edifact", where=f"offset {at}", advice=advice)


def _junk(data: bytes, at: int) -> str:
    return f"{len(data) - at} bytes after the last UNZ, at offset {at}, were not read: {quoted(data[at : at + 30])}"


@lru_cache(64)
def _marks(delimiters: Delimiters) -> re.Pattern[bytes]:
    segment, element = (re.escape(one.encode("latin-1")) for one in (delimiters.segment, delimiters.element))
    return re.compile(segment + rb"[ \t\r\n]*(?:(UN[BGHTEZ])" + element + rb"|(UNA))")


class _Walk:
    """Goes through one interchange, envelope segment by envelope segment."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._header, self._read_to = header(data, at)
        self._group: Group | None = None
        self._open = -1
        self._count = 0
        self._free = Group()
        self.interchange = Interchange(self._header, [], blame=_unsupported(self._header), start=at)
        self._go()

    def _go(self) -> None:
        for tag, start in self._segments():
            if tag == b"UNT":
                self._close_message(end_of(self._data, start, self._header.delimiters))
            elif tag == b"UNH":
                self._open_message(start)
            elif tag == b"UNG":
                self._open_group(start)
            elif tag == b"UNE":
                self._close_group(start)
            elif tag == b"UNZ":
                self._close(start)
                return
            else:
                raise self._cut_off(f"interchange {self._header.control} has no UNZ before the next {tag.decode()}", start)
        raise self._cut_off(f"interchange {self._header.control} is cut off: it has no UNZ", len(self._data))

    def _cut_off(self, message: str, at: int) -> BadInterchange:
        blame = Blame("13", message, "UNZ")
        return BadInterchange(message, self._header, blame, code="truncated", where=f"offset {at}", advice=ADVICE)

    def _segments(self) -> Iterator[tuple[bytes, int]]:
        release = self._header.delimiters.release.encode("latin-1")
        for mark in _marks(self._header.delimiters).finditer(self._data, self._read_to - 1):
            if not (release and _odd(self._data, mark.start(), release)):
                yield (mark[1], mark.start(1)) if mark[1] else (mark[2], mark.start(2))

    def _blame(self, code: str, message: str, tag: str = "", element: int = 0) -> None:
        """Take note of what is wrong with the interchange; the first of several stands."""
        self.interchange.blame = self.interchange.blame or Blame(code, message, tag, element)

    def _outside(self, start: int) -> None:
        """Blame what stands between envelope segments."""
        between = self._data[self._read_to : start].strip(BLANK)
        if between:
            message = f"there is text outside of a message, at offset {self._read_to}: {quoted(between[:30])}"
            self._blame("33", message, between[:3].decode("latin-1") if between[:3].isalpha() else "")
        self._read_to = start

    def _open_message(self, start: int) -> None:
        if self._open >= 0:
            self._close_message(start)
        self._outside(start)
        if self._group is None and not self._free.size:
            if self.interchange.groups:
                self._blame("30", "a message (UNH) stands outside of the groups (UNG) of its interchange", "UNH")
            self.interchange.groups.append(self._free)
        self._count += 1
        if self._count > MOST_MESSAGES:
            raise bad(f"an interchange may hold {MOST_MESSAGES} messages at most", start)
        self._open = start

    def _close_message(self, end: int) -> None:
        if self._open < 0:
            self._blame("33", f"there is a UNT without its UNH, at offset {self._read_to}", "UNT")
        else:
            (self._group or self._free).spans.extend((self._open, end))
        self._open, self._read_to = -1, end

    def _open_group(self, start: int) -> None:
        if self._group is not None:
            self._finish_group(start, Blame("13", "it has no UNE", "UNE"))
        if self._open >= 0:
            self._close_message(start)
        self._outside(start)
        if self._free.size:
            self._blame("30", "a group (UNG) stands beside messages without one", "UNG")
        self._read_to = end_of(self._data, start, self._header.delimiters)
        self._group = _group(self._data, start, self._read_to, self._header)

    def _close_group(self, start: int) -> None:
        end = end_of(self._data, start, self._header.delimiters)
        if self._group is None:
            self._outside(start)
            self._blame("33", "there is a UNE without its UNG", "UNE")
        else:
            count, control = (*(one[0] for one in parts(self._data, start, end, self._header)[1:3]), "", "")[:2]
            size = self._group.size + (self._open >= 0)
            self._finish_group(start, _disagreement("UNE", count, size, "messages", control, self._group.control, "UNG05"))
        self._read_to = end

    def _finish_group(self, start: int, blame: Blame | None) -> None:
        assert self._group is not None
        if self._open >= 0:
            self._close_message(start)
        self._outside(start)
        if blame is None and not self._group.size:
            blame = Blame("32", "it holds no message", "UNG")
        self._group.blame = self._group.blame or blame
        self.interchange.groups.append(self._group)
        self._group = None

    def _close(self, start: int) -> None:
        if self._group is not None:
            self._finish_group(start, Blame("13", "it has no UNE", "UNE"))
        if self._open >= 0:
            self._close_message(start)
        self._outside(start)
        whole = self.interchange
        whole.end = end_of(self._data, start, self._header.delimiters)
        count, control = (*(one[0] for one in parts(self._data, start, whole.end, self._header)[1:3]), "", "")[:2]
        grouped = any(group.raw for group in whole.groups)
        size = len(whole.groups) if grouped else whole.size
        unit = "groups" if grouped else "messages"
        whole.blame = whole.blame or _disagreement("UNZ", count, size, unit, control, self._header.control, "UNB05")
        if not whole.groups:
            self._blame("32", "it holds no message", "UNB")


def _odd(data: bytes, at: int, release: bytes) -> bool:
    """Tell whether what stands at an offset is released: an odd number of release characters is before it."""
    start = at
    while start > 0 and data[start - 1 : start] == release:
        start -= 1
    return (at - start) % 2 == 1


def _disagreement(tag: str, count: str, size: int, unit: str, control: str, wanted: str, where: str) -> Blame | None:
    if control != wanted:
        return Blame("28", f"the control reference in {tag}02 is {shown(control)}, in {where} it is {shown(wanted)}", tag, 2)
    if not count.isascii() or not count.isdecimal() or int(count[:9]) != size:
        return Blame(COUNTS, f"{tag}01 says {shown(count)} {unit}, there are {size}", tag, 1)
    return None


def _unsupported(head: Header) -> Blame | None:
    """What can't be read is told of the interchange, so that it is answered."""
    if head.encoding and head.syntax_version in ("1", "2", "3", "4"):
        return None
    message = f"UNB01: the syntax {shown(head.syntax)} version {shown(head.syntax_version)} is not read here"
    return Blame("2", f"{message}; UNOA to UNOL, UNOW, UNOX and UNOY, versions 1 to 4 are", "UNB", 1)


def _group(data: bytes, start: int, end: int, head: Header) -> Group:
    elements = [*parts(data, start, end, head)[1:], *([[""]] * 8)][:8]
    function, sender, receiver, moment, control, _, version, _ = elements
    raw = data[start : skip_line(data, end)]
    found = Group(raw, function[0], ":".join(sender), ":".join(receiver), "", "", control[0], ":".join(version))
    try:
        found.date, found.time = head.moment([*moment, ""], "UNG04", start)
    except Rejected as error:
        found.blame = Blame("12", error.message, "UNG", 4)
    return found


__all__ = ["COUNTS", "MOST_MESSAGES", "Blame", "Group", "Interchange", "Survey", "only_answers", "seems_answers", "survey"]
