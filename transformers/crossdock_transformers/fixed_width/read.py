"""Reads fixed-width files: records are told apart and nested, trailers are checked before anything goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.core.blob import STEP, Data, forget
from crossdock.core.errors import Finding
from crossdock.core.spec import Context, Shape
from crossdock.core.words import nearest
from crossdock_transformers.fixed_width.fields import Slot
from crossdock_transformers.fixed_width.layout import UNIT, DecodeOptions, FixedLayout, FixedRecord, check, spans, walked
from crossdock_transformers.layout import chosen
from crossdock_transformers.records.faults import MOST_FINDINGS, rejected, shown, unusable
from crossdock_transformers.records.stream import Record, RecordDecode
from crossdock_transformers.records.text import encoded, lines, stray_byte
from crossdock_transformers.records.values import Marks, Unfit

CONTENT_TYPE: Final = "text/plain"
MOST_AROUND: Final = 1000
"""How many records before or after the documents are kept to be set around a bad one."""


@dataclass(frozen=True)
class Kind:
    """A kind of record: its name, its fields at their places, its width, and the kinds that follow it."""

    name: str
    record: FixedRecord
    slots: tuple[Slot, ...]
    inner: Mapping[str, Kind]

    @property
    def counting(self) -> Iterator[Slot]:
        """Its fields that count records."""
        return (slot for slot in self.slots if slot.field.counts)


def kinds(layout: FixedLayout, records: Mapping[str, FixedRecord]) -> dict[str, Kind]:
    """Return kinds by what they are known by."""
    marks = Marks(layout.decimal)
    found: dict[str, Kind] = {}
    for name, record in records.items():
        slots = tuple(Slot(one, start, end, record.fields[one], marks) for one, (start, end) in spans(layout, record).items())
        found[record.known_by] = Kind(name, record, slots, kinds(layout, record.records))
    return found


@dataclass
class Open:
    """A record that others may follow."""

    kind: Kind
    body: dict[str, Any]
    name: str


@dataclass
class Document:
    """A document that is being read: its outermost records, its text, and its faults."""

    name: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    path: list[Open] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass
class Around:
    """The records around the documents: their body, their texts before and after, what they count, and what there is."""

    body: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    counting: list[tuple[Kind, str, dict[str, Any]]] = field(default_factory=list)
    parted: bool = False

    def keep(self, line: str) -> None:
        """Keep the text of a record."""
        kept = self.after if self.parted else self.before
        if len(kept) < MOST_AROUND:
            kept.append(line)


class FixedFormat:
    """Fixed-width records as a route wants them read (`records.stream.Format`)."""

    unit = UNIT
    content_type = CONTENT_TYPE

    def __init__(self, layout: FixedLayout, options: DecodeOptions) -> None:
        self.layout = layout
        self._most = options.max_document
        self._kinds = kinds(layout, layout.records)
        self._names = {record.known_by: name for name, record in walked(layout.records)}

    @property
    def shape(self) -> Shape:
        """The shape of a document."""
        return self.layout.shape()

    @property
    def whole_shape(self) -> Shape:
        """The shape of a file."""
        return self.layout.whole_shape()

    def whole(self, data: Data, records: Iterator[Record]) -> Any:
        """Return the outermost records by their names."""
        parted, found = self.layout.parted, [record.body for record in records]
        own = [{name: value for name, value in body.items() if name not in self.layout.before} for body in found]
        around = self._around(data)
        body = around.body
        several = self.layout.records[parted].many
        return body | ({parted: own} if several else {parted: own[0]} if own else {})

    def records(self, data: Data) -> Iterator[Record]:
        """Yield each document; raises Rejected where the records around them are not what they must be."""
        if not len(data):
            raise unusable("the file is empty", "empty")
        around = self._around(data)
        if around.findings:
            raise rejected("the file", around.findings[: MOST_FINDINGS + 1])
        before = {name: around.body[name] for name in self.layout.before if name in around.body}
        for number, document in enumerate(self._documents(data), start=1):
            self._close(document, 0)
            keys = {"record": str(number)}
            if document.findings:
                yield Record(document.name, None, keys, document.findings, self._alone(around, document))
            else:
                yield Record(document.name, {**before, **document.body}, keys)

    def _lines(self, data: Data) -> Iterator[tuple[int, str]]:
        """Yield each record's text with its number; records without line ends are as long as the layout says."""
        if self.layout.line_ends:
            most = max(self.layout.length or 0, 100_000) + 2
            for number, line in enumerate(lines(data, self.layout.encoding, most), start=1):
                text = line.rstrip("\r\n\x1a")
                if text.strip():
                    yield number, text
            return
        assert self.layout.length is not None
        width = len(encoded(" " * self.layout.length, self.layout.encoding))
        for number, start in enumerate(range(0, len(data), width), start=1):
            text = data[start : start + width].decode(self.layout.encoding, "surrogateescape")
            if text.strip(" \r\n\x1a\0"):
                yield number, text
            if number % 1000 == 0 and width * 1000 > STEP:
                forget(data, start)

    def _code(self, line: str) -> str:
        """Return what a record is known by."""
        mark = self.layout.discriminator
        if mark is None:
            return next(iter(self._kinds))
        found = line[mark.start - 1 : mark.start - 1 + mark.length].strip()
        return found if found in self._names else found.lstrip("0") if found.lstrip("0") in self._names else found

    # The records around the documents

    def _around(self, data: Data) -> Around:
        """Read the outermost records but the documents, and check what they count."""
        around = Around()
        outer: Document | None = None
        for number, line in self._lines(data):
            code = self._code(line)
            around.counts[self._names.get(code, "")] += 1
            kind = self._kinds.get(code)
            if kind is not None and kind.name == self.layout.parted:
                outer = None
                around.parted = True
            elif kind is not None:
                outer = Document(body=around.body, findings=around.findings)
                self._put(outer, kind, line, f"record {number}")
                around.counting.append((kind, f"record {number}", outer.path[-1].body))
                around.keep(line)
            elif outer is not None:
                self._add(outer, number, line)
                around.keep(line)
        around.findings += self._absent(self.layout.records, around.body, around.counts)
        for counting in around.counting:
            around.findings += _miscounted(*counting, around.counts)
        return around

    def _absent(self, records: Mapping[str, FixedRecord], body: Mapping[str, Any], counts: Counter[str]) -> Iterator[Finding]:
        for name, record in records.items():
            if record.required and not body.get(name) and not counts[name]:
                yield Finding("required", f"there is no record {name} ({record.known_by})")

    # Documents

    def _documents(self, data: Data) -> Iterator[Document]:
        current: Document | None = None
        outside = False
        for number, line in self._lines(data):
            kind = self._kinds.get(self._code(line))
            if kind is not None:
                if current is not None:
                    yield current
                outside = kind.name != self.layout.parted
                current = None if outside else self._begin(kind, number, line)
            elif not outside:
                if current is None:
                    current = Document(f"record {number}")
                self._add(current, number, line)
        if current is not None:
            yield current

    def _begin(self, kind: Kind, number: int, line: str) -> Document:
        document = Document(f"{kind.name} in record {number}", text=[line], counts=Counter({kind.name: 1}))
        document.path = [Open(kind, document.body, f"record {number}")]
        self._values(document, kind, document.body, line, f"record {number}")
        return document

    def _add(self, document: Document, number: int, line: str) -> None:
        """Add a record to a document, below the innermost one that it may follow."""
        name = f"record {number}"
        if len(document.text) >= self._most:
            if len(document.text) == self._most:
                document.text.append("")
                document.findings.append(Finding("max_document", f"the document has more than {self._most} records", name))
            return
        document.text.append(line)
        code = self._code(line)
        document.counts[self._names.get(code, "")] += 1
        if code not in self._names:
            document.findings.append(self._unknown(code, name))
            return
        for depth in range(len(document.path), 0, -1):
            kind = document.path[depth - 1].kind.inner.get(code)
            if kind is not None:
                self._close(document, depth)
                self._put(document, kind, line, name)
                return
        open_ = document.path[-1].kind.name if document.path else "nothing"
        document.findings.append(Finding("order", f"a {self._names[code]} ({code}) can't stand here, below {open_}", name))

    def _close(self, document: Document, depth: int) -> None:
        """Close the records below a depth: all that they must hold must be there."""
        while len(document.path) > depth:
            closed = document.path.pop()
            document.findings += [
                Finding("required", f"{closed.kind.name} has no {name} ({kind.known_by}) below it", closed.name)
                for name, kind in closed.kind.record.records.items()
                if kind.required and name not in closed.body
            ]

    def _put(self, document: Document, kind: Kind, line: str, name: str) -> None:
        body: dict[str, Any] = {}
        outer = document.path[-1].body if document.path else document.body
        if kind.record.many:
            outer.setdefault(kind.name, []).append(body)
        elif kind.name in outer:
            document.findings.append(Finding("twice", f"{kind.name} ({kind.record.known_by}) may be there once only", name))
        else:
            outer[kind.name] = body
        document.path.append(Open(kind, body, name))
        self._values(document, kind, body, line, name)

    def _values(self, document: Document, kind: Kind, body: dict[str, Any], line: str, name: str) -> None:
        if stray := stray_byte(line):
            document.findings.append(Finding("encoding", f"the byte {stray} is none of {self.layout.encoding}", name))
        if self.layout.length is not None and len(line.rstrip()) > self.layout.length:
            told = f"the record has {len(line.rstrip())} characters, {self.layout.length} are the most"
            document.findings.append(Finding("length", told, name))
        for slot in kind.slots:
            try:
                value = slot.read(line)
            except Unfit as unfit:
                text = line[slot.start : slot.end][:60]
                document.findings.append(Finding(unfit.code, f"{slot.name} {unfit.message}", f"{name}, {slot.place}", text))
                continue
            if value is not None:
                body[slot.name] = value
            elif slot.field.required and not slot.field.value:
                document.findings.append(Finding("required", f"{slot.name} is missing", f"{name}, {slot.place}"))

    def _unknown(self, code: str, name: str) -> Finding:
        return Finding("unknown", f"there is no record {shown(code)}{nearest(code, self._names)}", name, code[:60])

    def _alone(self, around: Around, document: Document) -> bytes:
        """Return a document as a file of its own, with the records around it; what those count is set right."""
        outer = [*around.before, *around.after]
        counts = document.counts + Counter(self._names.get(self._code(line), "") for line in outer)
        before, after = ([self._recounted(line, counts) for line in kept] for kept in (around.before, around.after))
        whole = [*before, *filter(None, document.text), *after]
        return encoded("".join(line + "\n" for line in whole) if self.layout.line_ends else "".join(whole), self.layout.encoding)

    def _recounted(self, line: str, counts: Counter[str]) -> str:
        kind = self._kinds.get(self._code(line))
        for slot in kind.counting if kind is not None else ():
            number = slot.write(counts.total() if slot.field.counts == UNIT else counts[slot.field.counts])
            line = line[: slot.start] + number + line[slot.end :]
        return line


def _miscounted(kind: Kind, name: str, values: Mapping[str, Any], counts: Counter[str]) -> Iterator[Finding]:
    for slot in kind.counting:
        there = counts.total() if slot.field.counts == UNIT else counts[slot.field.counts]
        said = values.get(slot.name)
        if said is not None and said != there:
            noun = slot.field.counts
            yield Finding("counts", f"{slot.name} says {said}, there are {there} of {noun}", f"{name}, {slot.place}", str(said))


def build(options: DecodeOptions, context: Context) -> RecordDecode:
    """Return the step of `decode: {fixed_width: options}`."""
    layout, resource, at = chosen(options, FixedLayout, context, "fixed_width")
    check(layout, resource, at)
    return RecordDecode(FixedFormat(layout, options), options)


__all__ = ["CONTENT_TYPE", "FixedFormat", "Kind", "build", "kinds"]
