"""Writes X12: a decoded body back to segments, and segments into an interchange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from crossdock.core.errors import Finding, Rejected
from crossdock.core.partner import X12Agreement
from crossdock.core.registry import nearest
from crossdock_transformers.edi.examine import Path, examine
from crossdock_transformers.edi.faults import MOST_FAULTS, Fault
from crossdock_transformers.edi.grammar import Composite, Node, Segment, TransactionSet, Use
from crossdock_transformers.edi.machine import compiled
from crossdock_transformers.edi.values import Delimiters, shown, write

ENVELOPE_KEYS: Final = ("set", "version", "interchange", "group", "control_number")
"""What a decoded body says of the envelope; not looked at when it is written, except that `set` must agree."""

LAST_NUMBER: Final = 999_999_999
"""The greatest interchange control number; then they begin again at 1."""

Segments = Sequence[Sequence[str]]


def delimiters_of(agreement: X12Agreement, version: str = "") -> Delimiters:
    """Return the delimiters that we write to a partner, in a version (the agreed one if empty)."""
    repetition = "^" if (version or agreement.version)[:5] >= "00402" else ""
    return Delimiters(agreement.element_separator, agreement.component_separator, agreement.segment_terminator[0], repetition)


# A body to segments


def encode_transaction(body: Any, grammar: TransactionSet, delimiters: Delimiters) -> list[list[str]]:
    """Return a body in the decoded shape as segments without ST and SE; raises Rejected with every fault and its path."""
    writer = _Writer(delimiters)
    if not isinstance(body, Mapping):
        raise Rejected(f"a {grammar.number} is written from an object, not from {type(body).__name__}", code="shape")
    if str(body.get("set", grammar.number)) != grammar.number:
        raise Rejected(f"this is a {shown(str(body['set']))}, the step writes a {grammar.number}", code="shape", where="/set")
    inner = {name: value for name, value in body.items() if name not in ENVELOPE_KEYS}
    writer.children(grammar.root, inner, ())
    if not writer.findings:
        writer.verify(grammar)
    if writer.findings:
        raise _refused(grammar, writer.findings)
    return writer.segments


def _refused(grammar: TransactionSet, findings: Sequence[Finding]) -> Rejected:
    first = findings[0]
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return Rejected(
        f"the {grammar.number} can't be written: {first.message}{more}",
        code=first.code,
        where=first.where,
        advice="correct the map or the document that it was made from",
        findings=findings[:MOST_FAULTS],
    )


class _Writer:
    """Collects segments, and faults by their path in the body."""

    def __init__(self, delimiters: Delimiters) -> None:
        self.segments: list[list[str]] = []
        self.findings: list[Finding] = []
        self._paths: list[Path] = []
        self._delimiters = delimiters
        self._forbidden = frozenset(delimiters.all)

    def children(self, node: Node, body: Mapping[str, Any], path: Path) -> None:
        for name in sorted(map(str, body.keys() - _names(node))):
            self._fault((*path, name), "AK304-2", f"'{name}' has no place in {node.name}{nearest(name, _names(node))}")
        for child in node.children:
            value = body.get(child.name)
            if value is not None and (value != [] or child.single):
                self._occurrences(child, value, (*path, child.name))
            elif child.required and child.name != "SE":
                what = "loop" if child.loop else "segment"
                message = f"the mandatory {what} {child.name} ({child.segment.title}) is missing"
                self._fault((*path, child.name), "AK304-3", message)

    def _occurrences(self, node: Node, value: Any, path: Path) -> None:
        if node.single:
            self._node(node, value, path)
        elif not isinstance(value, list | tuple):
            self._fault(
                path, "shape", f"{node.name} may occur {'many' if node.most > 1000 else node.most} times: it must be a list"
            )
        else:
            for index, one in enumerate(value):
                self._node(node, one, (*path, index))

    def _node(self, node: Node, value: Any, path: Path) -> None:
        if not isinstance(value, Mapping):
            self._fault(path, "shape", f"{node.name} must be an object with {node.segment.uses[0].ref} and so on")
            return
        self._paths.append(path)
        self.segments.append(self._segment(node.segment, value, path))
        if node.loop:
            self.children(node, value, path)
            return
        for name in sorted(map(str, value.keys() - _names(node))):
            self._fault((*path, name), "AK403-3", f"'{name}' is no element of {node.segment.tag}{nearest(name, _names(node))}")

    def _segment(self, segment: Segment, values: Mapping[str, Any], path: Path) -> list[str]:
        get = values.get
        elements = [segment.tag]
        for use in segment.uses:
            value = get(use.ref)
            elements.append("" if value is None or value == "" else self._element(use, value, path))
        return trimmed(elements)

    def _element(self, use: Use, value: Any, path: Path) -> str:
        path = (*path, use.ref)
        if use.most > 1 and isinstance(value, list | tuple):
            return self._delimiters.repetition.join(self._one(use, one, (*path, at)) for at, one in enumerate(value))
        return self._one(use, value, path)

    def _one(self, use: Use, value: Any, path: Path) -> str:
        if isinstance(use.what, Composite):
            return self._composite(use.what, value, path)
        try:
            text = write(use.what, value)
        except ValueError as error:
            self._fault(path, "AK403-6", f"{use.ref} ({use.what.title}) {error}")
            return ""
        if not self._forbidden.isdisjoint(text):
            held = next(one for one in text if one in self._forbidden)
            message = f"{use.ref} ({use.what.title}) holds {shown(held)}, which is a delimiter with this partner: {shown(text)}"
            self._fault(path, "AK403-6", message)
        return text

    def _composite(self, composite: Composite, value: Any, path: Path) -> str:
        if not isinstance(value, Mapping):
            self._fault(path, "shape", f"{path[-1]} must be an object with {composite.uses[0].ref} and so on")
            return ""
        refs = [use.ref for use in composite.uses]
        for name in sorted(map(str, value.keys() - set(refs))):
            self._fault((*path, name), "AK403-3", f"'{name}' is no component of {path[-1]}{nearest(name, refs)}")
        texts = ((use, value.get(use.ref)) for use in composite.uses)
        parts = ["" if one is None or one == "" else self._element(use, one, path) for use, one in texts]
        return self._delimiters.component.join(trimmed(parts))

    def verify(self, grammar: TransactionSet) -> None:
        """Examine what was written just as what is received, and tell faults by their path in the body."""
        text = _joined(_closed(grammar.number, self.segments, 1), self._delimiters)
        machine = compiled(grammar, self._delimiters)
        if machine.accepts(text):
            return
        for fault in examine(machine, text).faults:
            self.findings.append(Finding(f"{fault.kind}-{fault.code}", fault.message, self._where(fault), fault.value))

    def _where(self, fault: Fault) -> str:
        index = fault.position - 2
        path = self._paths[index] if 0 <= index < len(self._paths) else ()
        if fault.element and path:
            path = (*path, f"{fault.tag}{fault.element:02d}")
        if fault.component:
            path = (*path, f"{path[-1]}{fault.component:02d}")
        return _pointer(path)

    def _fault(self, path: Path, code: str, message: str) -> None:
        self.findings.append(Finding(code, message, _pointer(path)))


@lru_cache(4096)
def _names(node: Node) -> frozenset[str]:
    """Return every key that a node's object may have; the elements of ST are not part of a body."""
    own = [] if node.segment.tag == "ST" else [use.ref for use in node.segment.uses]
    return frozenset([*own, *(child.name for child in node.children if child.segment.tag != "SE")])


def _pointer(path: Path) -> str:
    return "".join(f"/{part}" for part in path) or "/"


def trimmed(elements: Sequence[str]) -> list[str]:
    """Return elements without the empty ones at the end."""
    last = len(elements)
    while last and not elements[last - 1]:
        last -= 1
    return list(elements[:last])


def _closed(number: str, segments: Segments, index: int) -> Iterator[Sequence[str]]:
    control = f"{index:04d}"
    yield ("ST", number, control)
    yield from segments
    yield ("SE", str(len(segments) + 2), control)


def _joined(segments: Iterator[Sequence[str]], delimiters: Delimiters) -> str:
    return "".join(delimiters.element.join(segment) + delimiters.segment for segment in segments)


# Segments to an interchange


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes into one interchange: transactions of one set, to one partner."""

    agreement: X12Agreement
    set: str
    group: str
    version: str
    transactions: Sequence[Segments]

    def render(self, number: int, seconds: float) -> bytes:
        """Return the interchange with a control number, dated in UTC; nothing follows the last segment terminator."""
        agreement = self.agreement
        delimiters = delimiters_of(agreement, self.version)
        now = datetime.fromtimestamp(seconds, UTC)
        segments = self._segments(agreement, delimiters, (number - 1) % LAST_NUMBER + 1, now)
        lines = [delimiters.element.join(segment) for segment in segments]
        ends = agreement.segment_terminator
        return (ends.join(lines) + ends[0]).encode()

    def _segments(self, agreement: X12Agreement, delimiters: Delimiters, number: int, now: datetime) -> Iterator[Sequence[str]]:
        ours, theirs = agreement.ours, agreement.theirs
        parties = (ours.qualifier, ours.id.ljust(15), theirs.qualifier, theirs.id.ljust(15))
        control = f"{number:09d}"
        opening = ("ISA", "00", " " * 10, "00", " " * 10, *parties, f"{now:%y%m%d}", f"{now:%H%M}")
        yield (*opening, delimiters.repetition or "U", self.version[:5], control, "0", agreement.usage, delimiters.component)
        between = (ours.application or ours.id, theirs.application or theirs.id, f"{now:%Y%m%d}", f"{now:%H%M}")
        yield ("GS", self.group, *between, str(number), "X", self.version)
        for index, segments in enumerate(self.transactions, start=1):
            yield from _closed(self.set, segments, index)
        yield ("GE", str(len(self.transactions)), str(number))
        yield ("IEA", "1", control)
