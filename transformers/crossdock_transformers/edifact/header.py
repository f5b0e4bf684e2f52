"""UNA and UNB: the service characters, the character set, and who writes to whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from crossdock.core.errors import Rejected
from crossdock_transformers.edi.values import Delimiters, iso_date, iso_time, shown
from crossdock_transformers.edifact.characters import DEFAULT, ENCODINGS, LEVEL_B, characters_of
from crossdock_transformers.edifact.dialect import DIALECT

BLANK: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Header:
    """A UNB segment. `raw` is the segment as it came, its UNA before it and its terminator included.

    `encoding` is empty where the character set is not known.
    """

    raw: bytes
    raw_control: bytes
    delimiters: Delimiters
    encoding: str
    syntax: str
    syntax_version: str
    sender: tuple[str, str, str]
    receiver: tuple[str, str, str]
    date: str
    time: str
    control: str
    application: str
    agreement: str
    usage: str

    def fields(self) -> dict[str, str]:
        """Return what a decoded body says under `interchange`."""
        (sender, qualifier, internal), (receiver, to_qualifier, to_internal) = self.sender, self.receiver
        parties = (qualifier, sender, internal, to_qualifier, receiver, to_internal)
        rest = (self.date, self.time, self.syntax, self.syntax_version, self.application, self.agreement, self.usage)
        return dict(zip(DIALECT.interchange, (self.control, *parties, *rest), strict=True))

    def moment(self, parts: list[str], what: str, at: int) -> tuple[str, str]:
        """Return a date and time (S004) as ISO; raises Rejected."""
        return _moment(parts, what, at)


@dataclass(frozen=True, slots=True)
class Blame:
    """What is wrong with an envelope: an error code (0085), a sentence, and the service segment and element to blame."""

    code: str
    message: str
    tag: str = ""
    element: int = 0


class BadInterchange(Rejected):
    """An interchange can't be used, and its UNB says whom to tell: `header` and `blame` are what a CONTRL needs."""

    def __init__(self, message: str, header: Header, blame: Blame, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.header = header
        self.blame = blame


ADVICE: Final = "ask the partner to send the file again, or repair it and retry"


def bad(message: str, at: int, code: str = "envelope", advice: str = "") -> Rejected:
    """Return the error of a file that can't be used as a whole."""
    return Rejected(message, code=code, where=f"offset {at}", advice=advice or ADVICE)


def skip(data: bytes, at: int) -> int:
    """Return the offset of the next character that is not blank."""
    while at < len(data) and data[at] in BLANK:
        at += 1
    return at


def skip_line(data: bytes, at: int) -> int:
    """Return the offset after line ends."""
    while at < len(data) and data[at] in b"\r\n":
        at += 1
    return at


def quoted(data: bytes) -> str:
    """Return bytes as a message shows them."""
    return shown(data.decode("latin-1"))


def end_of(data: bytes, start: int, delimiters: Delimiters) -> int:
    """Return the offset after a segment's terminator, or the end of the data."""
    segment, release = delimiters.segment.encode("latin-1"), delimiters.release.encode("latin-1")
    end = data.find(segment, start)
    while end >= 0 and release and _released(data, start, end, release):
        end = data.find(segment, end + 1)
    return len(data) if end < 0 else end + 1


def _released(data: bytes, start: int, at: int, release: bytes) -> bool:
    run = at
    while run > start and data[run - 1 : run] == release:
        run -= 1
    return (at - run) % 2 == 1


def cut(text: str, delimiters: Delimiters) -> list[list[str]]:
    """Return a segment as elements of components, released characters made plain; the tag is the first."""
    text = delimiters.marked(text).removesuffix(delimiters.segment).strip("\r\n")
    elements = text.split(delimiters.element)
    return [[delimiters.unmarked(part).strip() for part in element.split(delimiters.component)] for element in elements]


def parts(data: bytes, start: int, end: int, head: Header) -> list[list[str]]:
    """Return an envelope segment as elements of components."""
    return cut(data[start:end].decode(head.encoding or "latin-1", "replace"), head.delimiters)


def header(data: bytes, at: int) -> tuple[Header, int]:
    """Return the UNA and UNB at an offset, and the offset after them; raises Rejected."""
    advice, start = _advice(data, at)
    if data[start : start + 3] != b"UNB":
        raise bad(f"after UNA comes UNB, this is {quoted(data[start : start + 12])}", start)
    syntax, version = _syntax(data, start, advice)
    delimiters = _delimiters(advice, data, start, syntax, version)
    end = end_of(data, start, delimiters)
    if data[end - 1 : end] != delimiters.segment.encode("latin-1"):
        raise bad("the UNB segment is cut off: it has no segment terminator", start, "truncated")
    encoding = ENCODINGS.get(syntax, "")
    elements = cut(data[start:end].decode(encoding or "latin-1", "replace"), delimiters)
    raw_control = _raw_element(data[start:end], 5, delimiters)
    return _read(data[at : skip_line(data, end)], elements, delimiters, raw_control, start), end


def _advice(data: bytes, at: int) -> tuple[Delimiters | None, int]:
    """Return what a UNA says, if there is one, and the offset after it. Its fifth character counts from syntax version 4 on."""
    if data[at : at + 3] != b"UNA":
        return None, at
    marks = list(data[at + 3 : at + 9].decode("latin-1"))
    if len(marks) < 6:
        raise bad("the UNA is cut off: it has six characters", at, "truncated")
    component, element, mark, release, repetition, segment = marks
    if mark not in ".,":
        raise bad(f"the decimal mark in UNA must be a point or a comma; this is {shown(mark)}", at)
    used = (element, component, segment, *([release] if release != " " else []))
    if len(set(used)) != len(used) or any(one.isalnum() or one == " " or not one.isascii() for one in used):
        raise bad(
            f"the service characters in UNA must differ, and none may be a letter, a digit or a blank: {shown(''.join(marks))}",
            at,
        )
    return Delimiters(element, component, segment, repetition.strip(), release.strip(), mark), skip(data, at + 9)


def _syntax(data: bytes, start: int, advice: Delimiters | None) -> tuple[str, str]:
    """Return the syntax identifier and version, read before the service characters are known for sure."""
    known = advice or _by_first(data, start)
    first = data[start + 4 : start + 24].decode("latin-1").partition(known.element)[0]
    syntax, _, rest = first.partition(known.component)
    return syntax, rest.partition(known.component)[0]


def _by_first(data: bytes, start: int) -> Delimiters:
    first = data[start + 3 : start + 4].decode("latin-1")
    for known in (DEFAULT, LEVEL_B):
        if first == known.element:
            return known
    advice = "ask the partner to send a UNA with its service characters"
    raise bad(f"without UNA the elements of UNB are separated by '+', here by {shown(first)}", start, advice=advice)


def _delimiters(advice: Delimiters | None, data: bytes, start: int, syntax: str, version: str) -> Delimiters:
    found = advice or _by_first(data, start)
    repetition = (found.repetition if advice else "*" if found is DEFAULT else "\x19") if version == "4" else ""
    if repetition and (repetition.isalnum() or repetition in found.element + found.component + found.segment + found.release):
        raise bad(f"the repetition separator in UNA is {shown(repetition)}, which is another service character too", start)
    mark = ".," if version == "4" else found.mark
    return replace(found, repetition=repetition, mark=mark, characters=characters_of(syntax))


def _raw_element(segment: bytes, position: int, delimiters: Delimiters) -> bytes:
    text = delimiters.marked(segment.decode("latin-1"))
    found = [*text.removesuffix(delimiters.segment).split(delimiters.element), *([""] * position)][position]
    return delimiters.released(delimiters.unmarked(found)).encode("latin-1")


def _read(raw: bytes, elements: list[list[str]], delimiters: Delimiters, raw_control: bytes, at: int) -> Header:
    padded = [*elements, *([[""]] * 12)][:12]
    _, syntax, sender, receiver, moment, control, _, application, _, _, agreement, test = padded
    if not (sender[0] and receiver[0] and control[0]):
        missing = next(name for name, one in zip(_NEEDED, (sender, receiver, control), strict=True) if not one[0])
        raise bad(f"UNB has no {missing}", at)
    date, time, fault = "", "", ""
    try:
        date, time = _moment([*moment, ""], "UNB04", at)
    except Rejected as error:
        fault = error.message
    found = Header(
        raw=raw,
        raw_control=raw_control,
        delimiters=delimiters,
        encoding=ENCODINGS.get(syntax[0], ""),
        syntax=syntax[0],
        syntax_version=[*syntax, ""][1],
        sender=_party(sender),
        receiver=_party(receiver),
        date=date,
        time=time,
        control=control[0],
        application=application[0],
        agreement=agreement[0],
        usage="T" if test[0] == "1" else "P",
    )
    if fault:
        blame = Blame("12", fault, "UNB", 4)
        raise BadInterchange(fault, found, blame, code="envelope", where=f"offset {at}", advice=ADVICE)
    return found


_NEEDED = ("sender (UNB02)", "recipient (UNB03)", "interchange control reference (UNB05)")


def _party(parts: list[str]) -> tuple[str, str, str]:
    """Return id, qualifier and internal address."""
    first, qualifier, internal = (*parts, "", "")[:3]
    return first, qualifier, internal


def _moment(parts: list[str], what: str, at: int) -> tuple[str, str]:
    try:
        return iso_date(parts[0]) if parts[0] else "", iso_time(parts[1]) if parts[1] else ""
    except ValueError as error:
        raise bad(f"{what}: {error}", at) from None
