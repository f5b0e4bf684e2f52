"""Writes a decoded body back to segments, in either dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crossdock.core.errors import Finding, Rejected
from crossdock.core.words import nearest
from crossdock_transformers.edi.dialect import Dialect
from crossdock_transformers.edi.examine import Path, examine
from crossdock_transformers.edi.faults import MOST_FAULTS, Fault
from crossdock_transformers.edi.grammar import Composite, Node, Segment, TransactionSet, Use
from crossdock_transformers.edi.machine import compiled
from crossdock_transformers.edi.tree import numbered, tree_of
from crossdock_transformers.edi.values import Delimiters, period_at, shown, write

Segments = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Paper:
    """What a document is written on: the delimiters, the encoding, and its header, whose control number stands for any."""

    delimiters: Delimiters
    header: Sequence[str]
    encoding: str = "utf-8"


def written(body: Any, grammar: TransactionSet, paper: Paper) -> list[list[str]]:
    """Return a body in the decoded shape as segments without header and trailer; raises Rejected with every fault and its path.

    An element is text as it goes on the wire: its components joined, delimiters in it released.
    """
    writer = _Writer(grammar, paper)
    if not isinstance(body, Mapping):
        raise Rejected(f"{grammar.called} is written from an object, not from {type(body).__name__}", code="shape")
    if str(body.get("set", grammar.number)) != grammar.number:
        raise Rejected(f"this is {shown(str(body['set']))}, the step writes {grammar.called}", code="shape", where="/set")
    inner = {name: value for name, value in body.items() if name not in grammar.dialect.envelope}
    writer.children(grammar.root, inner, ())
    if not writer.findings:
        writer.verify()
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

    def __init__(self, grammar: TransactionSet, paper: Paper) -> None:
        self.segments: list[list[str]] = []
        self.findings: list[Finding] = []
        self._paths: list[Path] = []
        self._grammar = grammar
        self._dialect = grammar.dialect
        self._paper = paper
        self._delimiters = paper.delimiters
        self._forbidden = frozenset(paper.delimiters.all)

    def children(self, node: Node, body: Mapping[str, Any], path: Path) -> None:
        """Write what a loop holds."""
        known = _names(node, self._dialect)
        for name in sorted(map(str, body.keys() - known)):
            self._fault((*path, name), "unused_segment", f"'{name}' has no place in {node.name}{nearest(name, known)}")
        for child in node.children:
            value = body.get(child.name)
            if value is not None and (value != [] or child.single):
                self._occurrences(child, value, (*path, child.name))
            elif child.required and child.name != self._dialect.trailer:
                what = "loop" if child.loop else "segment"
                message = f"the mandatory {what} {child.name} ({child.segment.title}) is missing"
                self._fault((*path, child.name), "missing_segment", message)

    def _occurrences(self, node: Node, value: Any, path: Path) -> None:
        if node.tree:
            self._tree(node, value, path)
        elif node.single:
            self._node(node, value, path)
        elif not isinstance(value, list | tuple):
            times = "many" if node.most > 1000 else node.most
            self._shape(path, f"{node.name} may occur {times} times: it must be a list")
        else:
            for index, one in enumerate(value):
                self._node(node, one, (*path, index))

    def _tree(self, node: Node, value: Any, path: Path) -> None:
        """Write levels one after the other, each with its number and its parent's."""
        try:
            levels = numbered(value, tree_of(node), path)
        except ValueError as error:
            self._shape(path, str(error))
            return
        for at, level in levels:
            self._node(node, level, at)

    def _node(self, node: Node, value: Any, path: Path) -> None:
        if not isinstance(value, Mapping):
            self._shape(path, f"{node.name} must be an object with {node.segment.uses[0].ref} and so on")
            return
        self._paths.append(path)
        self.segments.append(self._segment(node.segment, value, path))
        if node.loop:
            self.children(node, value, path)
            return
        known = _names(node, self._dialect)
        for name in sorted(map(str, value.keys() - known)):
            self._fault((*path, name), "too_many", f"'{name}' is no element of {node.segment.tag}{nearest(name, known)}")

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
            text = write(use.what, value, self._delimiters.mark)
        except ValueError as error:
            self._fault(path, "invalid_character", f"{use.ref} ({use.what.title}) {error}")
            return ""
        return self._plain(use, text, path)

    def _plain(self, use: Use, text: str, path: Path) -> str:
        """Return a value with its delimiters released; where there is no release character it may hold none."""
        strange = _strange(text, self._paper.encoding)
        if strange:
            message = (
                f"{use.ref} ({use.what.title}) holds {shown(strange)}, which the agreed character set has not: {shown(text)}"
            )
            self._fault(path, "invalid_character", message)
        if self._forbidden.isdisjoint(text):
            return text
        if not self._delimiters.release:
            held = next(one for one in text if one in self._forbidden)
            message = f"{use.ref} ({use.what.title}) holds {shown(held)}, which is a delimiter with this partner: {shown(text)}"
            self._fault(path, "invalid_character", message)
        return self._delimiters.released(text)

    def _composite(self, composite: Composite, value: Any, path: Path) -> str:
        if not isinstance(value, Mapping):
            self._shape(path, f"{path[-1]} must be an object with {composite.uses[0].ref} and so on")
            return ""
        refs = [use.ref for use in composite.uses]
        for name in sorted(map(str, value.keys() - set(refs))):
            self._fault((*path, name), "too_many", f"'{name}' is no component of {path[-1]}{nearest(name, refs)}")
        value = self._told(composite, value, path)
        texts = ((use, value.get(use.ref)) for use in composite.uses)
        parts = ["" if one is None or one == "" else self._element(use, one, path) for use, one in texts]
        return self._delimiters.component.join(trimmed(parts))

    def _told(self, composite: Composite, value: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
        """Return a composite with its date in the form that it tells itself."""
        period = self._dialect.period
        refs = period_at(composite, period) if period else None
        if period is None or refs is None or not all(isinstance(value.get(ref), str) and value[ref] for ref in refs):
            return value
        try:
            return {**value, refs[0]: period.write(value[refs[0]], value[refs[1]])}
        except ValueError as error:
            self._fault((*path, refs[0]), "invalid_date", f"{refs[0]} {error}")
            return value

    def verify(self) -> None:
        """Examine what was written just as what is received, and tell faults by their path in the body."""
        text = joined(closed(self._paper.header, self.segments, self._dialect), self._delimiters)
        machine = compiled(self._grammar, self._delimiters)
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

    def _fault(self, path: Path, name: str, message: str) -> None:
        self.findings.append(Finding("-".join(self._dialect.codes[name]), message, _pointer(path)))

    def _shape(self, path: Path, message: str) -> None:
        self.findings.append(Finding("shape", message, _pointer(path)))


@lru_cache(4096)
def _names(node: Node, dialect: Dialect) -> frozenset[str]:
    """Return every key that a node's object may have; the elements of the header are not part of a body."""
    own = [] if node.segment.tag == dialect.header else [use.ref for use in node.segment.uses]
    own += [node.name] if node.tree else []
    return frozenset([*own, *(child.name for child in node.children if child.segment.tag != dialect.trailer)])


def _strange(text: str, encoding: str) -> str:
    """Return the first part of a text that an encoding has not, or nothing."""
    if text.isascii():
        return ""
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        return text[error.start : error.end]
    return ""


def _pointer(path: Path) -> str:
    return "".join(f"/{part}" for part in path) or "/"


def trimmed(elements: Sequence[str]) -> list[str]:
    """Return elements without the empty ones at the end."""
    last = len(elements)
    while last and not elements[last - 1]:
        last -= 1
    return list(elements[:last])


def closed(header: Sequence[str], segments: Segments, dialect: Dialect) -> Iterator[Sequence[str]]:
    """Yield segments between a header and its trailer, which counts them all."""
    yield header
    yield from segments
    yield (dialect.trailer, str(len(segments) + 2), header[dialect.control])


def joined(segments: Iterator[Sequence[str]], delimiters: Delimiters) -> str:
    """Return segments as text, each with its terminator."""
    return "".join(delimiters.element.join(segment) + delimiters.segment for segment in segments)
