"""The envelope: finds interchanges, functional groups and transactions in a file without decoding them.

`survey` looks at every envelope segment before anything is decoded, so that a file that can't be used as a whole (cut off, not
X12, control numbers that do not agree) is refused as a whole. It keeps offsets only, 16 bytes a transaction.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from crossdock.core.blob import STEP, Data, forget
from crossdock.core.errors import Finding, Rejected
from crossdock_transformers.edi.values import Delimiters, shown
from crossdock_transformers.x12.header import (
    BLANK,
    ISA_SIZE,
    BadEnvelope,
    Header,
    Lenient,
    bad,
    behind_line,
    excerpt,
    header,
    moment,
    strict,
)

MOST_TRANSACTIONS: Final = 999_999
"""As many as GE01 can count."""

GROUP_FIELDS: Final = {
    "function": "function",
    "control_number": "control",
    "sender": "sender",
    "receiver": "receiver",
    "date": "date",
    "time": "time",
    "version": "version",
}
"""What a decoded body says of its functional group, and the attribute of `Group` that it comes from."""


@dataclass(slots=True)
class Group:
    """A functional group. `spans` holds start and end offsets by turns; `fault` is an AK905 code with its sentence."""

    raw: bytes
    function: str
    sender: str
    receiver: str
    date: str
    time: str
    control: str
    version: str
    spans: array[int] = field(default_factory=lambda: array("Q"))
    included: str = ""
    fault: tuple[str, str] | None = None

    @property
    def size(self) -> int:
        """How many transactions it has."""
        return len(self.spans) // 2

    def transactions(self) -> Iterator[tuple[int, int]]:
        """Yield each transaction's offsets."""
        pairs = iter(self.spans)
        return zip(pairs, pairs, strict=True)

    def fields(self) -> dict[str, str]:
        """Return what a decoded body says under `group`."""
        return {name: getattr(self, attribute) for name, attribute in GROUP_FIELDS.items()}


@dataclass(slots=True)
class Interchange:
    """One interchange of a file. `acks` are the elements of its TA1 segments, `eased` the faults that were let pass.

    `fault` is why it can't be used although its end is known: other interchanges of the file can.
    """

    header: Header
    groups: list[Group]
    end: int
    acks: tuple[tuple[str, ...], ...] = ()
    eased: tuple[Finding, ...] = ()
    start: int = 0
    fault: BadEnvelope | None = None

    @property
    def size(self) -> int:
        """How many transactions it has."""
        return sum(group.size for group in self.groups)

    def alone(self, group: Group, transaction: bytes) -> bytes:
        """Return one transaction as an interchange of its own, with the same envelope."""
        element, segment = self.header.delimiters.element.encode(), self.header.delimiters.segment.encode()
        line = self.header.raw[ISA_SIZE:]
        trailers = [(b"GE", b"1", group.control.encode()), (b"IEA", b"1", self.header.control.encode())]
        body = transaction if transaction.endswith(segment) else transaction + segment
        return self.header.raw + group.raw + body + line + b"".join(element.join(one) + segment + line for one in trailers)


@dataclass(frozen=True, slots=True)
class Survey:
    """A file's interchanges, and what stands after the last one."""

    interchanges: tuple[Interchange, ...]
    junk: str = ""


def survey(data: Data, lenient: Lenient = strict, *, apart: bool = False) -> Survey:
    """Return a file's envelope; raises Rejected where the file as a whole can't be used.

    With `apart` an interchange that can't be used is told by its `fault`, as long as another one can.
    """
    at = _begin(data)
    found: list[Interchange] = []
    while at < len(data):
        if data[at : at + 3] != b"ISA":
            if not found:
                raise _not_x12(data, at)
            return _usable(Survey(tuple(found), _junk(data, at)), apart=apart)
        try:
            found.append(_Walk(data, at, lenient).interchange)
        except BadEnvelope as error:
            error.raw = data[at : at + 2 * ISA_SIZE]
            raise
        at = _skip(data, found[-1].end)
    return _usable(Survey(tuple(found)), apart=apart)


def _usable(found: Survey, *, apart: bool) -> Survey:
    faults = [one.fault for one in found.interchanges if one.fault is not None]
    if faults and not (apart and len(faults) < len(found.interchanges)):
        raise faults[0]
    return found


def _begin(data: Data) -> int:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Rejected(
            "the file is in UTF-16, X12 is plain text", code="not_x12", advice="ask the partner to send ASCII or UTF-8"
        )
    at = _skip(data, 3 if data[:3] == b"\xef\xbb\xbf" else 0)
    if at == len(data):
        raise Rejected("the file is empty" if not data else "the file holds nothing but blanks", code="empty")
    return at


def _skip(data: Data, at: int) -> int:
    while at < len(data) and data[at] in BLANK:
        at += 1
    return at


_OTHERS = {
    b"UNA": "EDIFACT",
    b"UNB": "EDIFACT",
    b"<": "XML",
    b"{": "JSON",
    b"[": "JSON",
    b"PK": "a ZIP file",
    b"\x1f\x8b": "gzip",
    b"%PDF": "PDF",
}


def _not_x12(data: Data, at: int) -> Rejected:
    start = data[at : at + 12]
    kind = next((name for prefix, name in _OTHERS.items() if start.startswith(prefix)), "")
    advice = "use `decode: edifact` in a route of its own" if kind == "EDIFACT" else "check what the partner sent"
    what = f"it looks like {kind}" if kind else f"an interchange begins with ISA, this begins with {excerpt(start)}"
    return Rejected(f"this is not X12: {what}", code="not_x12", where=f"offset {at}", advice=advice)


def _junk(data: Data, at: int) -> str:
    if not data[at : at + STEP].strip(BLANK + b"\x00\x1a"):
        return ""  # how mainframes end a file
    return f"{len(data) - at} bytes after the last IEA, at offset {at}, were not read: {excerpt(data[at : at + 30])}"


@lru_cache(64)
def _marks(delimiters: Delimiters) -> re.Pattern[bytes]:
    segment, element = (re.escape(one.encode()) for one in (delimiters.segment, delimiters.element))
    return re.compile(segment + rb"([ \t\r\n]*)(S[TE]|G[SE]|ISA|IEA|TA1|BIN|BDS)" + element)


class _Walk:
    """Goes through one interchange, envelope segment by envelope segment."""

    def __init__(self, data: Data, at: int, lenient: Lenient) -> None:
        self._data = data
        self._header = header(data, at, lenient)
        self._lenient = lenient(self._header.sender_qualifier, self._header.sender)
        self._eased: list[Finding] = []
        self._segment = self._header.delimiters.segment.encode()
        self._element = self._header.delimiters.element.encode()
        self._groups: list[Group] = []
        self._acks: list[tuple[str, ...]] = []
        self._group: Group | None = None
        self._open = -1
        if self._header.size != ISA_SIZE:
            self._ease("isa_padding", f"the ISA segment has {self._header.size} characters and not {ISA_SIZE}")
        self._read_to = at + self._header.size
        self.interchange = self._interchange(self._read_to - 1)
        self.interchange.start = at

    def _ease(self, name: str, message: str) -> None:
        self._eased.append(Finding(name, message, f"interchange {self._header.control}"))

    def _interchange(self, at: int) -> Interchange:
        for tag, start in self._marked(at):
            if tag == b"SE":
                self._close_transaction(self._end(start))
            elif tag == b"ST":
                self._open_transaction(start)
            elif tag == b"GS":
                self._open_group(start)
            elif tag == b"GE":
                self._close_group(start)
            elif tag == b"TA1":
                self._outside(start)
                self._read_to = self._end(start)
                self._acks.append(tuple(one.strip() for one in self._elements(start, self._read_to)))
            elif tag == b"IEA":
                return self._closed(start)
            else:
                return self._cut_off(start, f"interchange {self._header.control} has no IEA before the next ISA")
        return self._cut_off(len(self._data), f"interchange {self._header.control} is cut off: it has no IEA")

    def _marked(self, at: int) -> Iterator[tuple[bytes, int]]:
        """Yield the tag and offset of each envelope segment from an offset on; what binary segments hold is passed over."""
        search = _marks(self._header.delimiters).search
        looked_to = at
        while mark := search(self._data, at):
            tag, start = mark[2], mark.start(2)
            at = mark.end()
            if tag in (b"BIN", b"BDS"):
                at = self._behind(start, at, 1 if tag == b"BIN" else 2)
                continue
            yield tag, start
            if at - looked_to > STEP:
                forget(self._data, at)
                looked_to = at

    def _behind(self, start: int, otherwise: int, place: int) -> int:
        """Return the end of a binary segment by the length that it says, or another place where that is not its end."""
        parts = self._data[start : start + 64].split(self._element, place + 1)
        length = parts[place] if len(parts) > place + 1 else b""
        if not length.isdigit():
            return otherwise
        end = start + sum(map(len, parts[: place + 1])) + place + 1 + int(length[:15])
        return end if self._data[end : end + 1] == self._segment else otherwise

    def _cut_off(self, end: int, message: str) -> Interchange:
        """Take what is whole of an interchange without its end, where that is let pass."""
        if "missing_trailers" not in self._lenient:
            raise bad(message, end, "truncated", "023")
        self._ease("missing_trailers", message)
        if self._open >= 0:
            self._close_transaction(end)
        if self._group is not None:
            self._groups.append(self._group)
        return Interchange(self._header, self._groups, end, tuple(self._acks), tuple(self._eased))

    def _end(self, start: int) -> int:
        end = self._data.find(self._segment, start)
        return len(self._data) if end < 0 else end + 1

    def _elements(self, start: int, end: int) -> list[str]:
        text = self._data[start:end].removesuffix(self._segment).decode("latin-1")
        return text.rstrip("\r\n").split(self._header.delimiters.element)[1:]

    def _outside(self, start: int) -> None:
        """Refuse what stands between envelope segments."""
        between = self._data[self._read_to : start]
        if between.strip(BLANK):
            raise bad(f"there is text outside of a transaction: {excerpt(between.strip(BLANK)[:30])}", self._read_to)

    def _open_transaction(self, start: int) -> None:
        if self._open >= 0:
            self._close_transaction(start)
        self._outside(start)
        if self._group is None:
            raise bad("a transaction (ST) stands outside of a functional group (GS)", start)
        if self._group.size == MOST_TRANSACTIONS:
            raise bad(f"a functional group may hold {MOST_TRANSACTIONS} transactions at most", start)
        self._open = start

    def _close_transaction(self, end: int) -> None:
        if self._open < 0 or self._group is None:
            raise bad("there is an SE without its ST", self._read_to)
        self._group.spans.extend((self._open, end))
        self._open, self._read_to = -1, end

    def _open_group(self, start: int) -> None:
        if self._group is not None:
            self._without_ge(start)
        self._outside(start)
        end = self._end(start)
        elements = self._elements(start, end)
        if len(elements) != 8 or not elements[5].isdecimal() or len(elements[5]) > 9:
            raise bad(
                f"the GS segment must have eight elements, GS06 a number: {excerpt(self._data[start:end][:80])}",
                start,
                note="024",
            )
        date, time = moment(elements[3], elements[4], "GS04 or GS05", start)
        texts = [element.strip() for element in elements]
        raw = self._data[start : behind_line(self._data, end)]
        self._group = Group(raw, texts[0], texts[1], texts[2], date, time, texts[5], texts[7])
        self._read_to = end

    def _close_group(self, start: int) -> None:
        if self._group is None:
            raise bad("there is a GE without its GS", start)
        group = self._group
        end = self._end(start)
        count, control = (*self._elements(start, end), "", "")[:2]
        code, message = _group_fault(group, count, control, group.size + (self._open >= 0))
        if code == "5" and "envelope_count" in self._lenient:
            self._ease("envelope_count", message)
            code = ""
        self._finish_group(start, code, message)
        group.included = count if count.isdecimal() and len(count) <= 6 else ""
        self._read_to = end

    def _without_ge(self, start: int) -> None:
        assert self._group is not None
        message = f"functional group {self._group.control} has no GE"
        if "missing_trailers" in self._lenient:
            self._ease("missing_trailers", message)
            self._finish_group(start)
        else:
            self._finish_group(start, "3", message)

    def _finish_group(self, start: int, code: str = "", message: str = "") -> None:
        assert self._group is not None
        if self._open >= 0:
            self._close_transaction(start)
        self._outside(start)
        if code:
            self._group.fault = code, message
        self._groups.append(self._group)
        self._group = None

    def _closed(self, start: int) -> Interchange:
        if self._group is not None:
            self._without_ge(start)
        self._outside(start)
        end = self._end(start)
        count, control = (*self._elements(start, end), "", "")[:2]
        fault: BadEnvelope | None = None
        if control.strip() != self._header.control:
            message = f"the control number in IEA02 is {shown(control)}, in ISA13 it is {shown(self._header.control)}"
            fault = bad(message, start, note="001")
        elif not count.isdecimal() or int(count[:9]) != len(self._groups):
            message = f"IEA01 says {shown(count)} functional groups, the interchange has {len(self._groups)}"
            if "envelope_count" not in self._lenient:
                fault = bad(message, start, note="021")
            else:
                self._ease("envelope_count", message)
        if fault is not None:
            fault.raw = self._header.raw
        return Interchange(self._header, self._groups, end, tuple(self._acks), tuple(self._eased), fault=fault)


def _group_fault(group: Group, count: str, control: str, size: int) -> tuple[str, str]:
    if control.lstrip("0") != group.control.lstrip("0"):
        return "4", f"the control number in GE02 is {shown(control)}, in GS06 it is {shown(group.control)}"
    if not count.isdecimal() or int(count[:9]) != size:
        return "5", f"GE01 says {shown(count)} transactions, functional group {group.control} has {size}"
    return "", ""
