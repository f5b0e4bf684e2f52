"""Reads IDocs: flat files record by record, XML by the same segments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.core.blob import Data
from crossdock.core.errors import Finding
from crossdock.core.spec import Context, Shape
from crossdock.core.words import nearest
from crossdock_transformers.idoc.options import DecodeOptions
from crossdock_transformers.idoc.segments import (
    CONTROL,
    DATA,
    FRAME,
    Segment,
    document,
    fields_of,
    plain_name,
    shape_of,
    slots,
    walked,
)
from crossdock_transformers.records.faults import shown, unusable
from crossdock_transformers.records.stream import Record, RecordDecode
from crossdock_transformers.records.text import encoded, lines, stray_byte
from crossdock_transformers.records.values import Unfit

CONTENT_TYPE: Final = "text/plain"
UNIT: Final = "documents"
_FRAME: Final = {slot.name: slot for slot in slots(fields_of(FRAME))}
_LONGEST: Final = 100_000


@dataclass
class Idoc:
    """An IDoc that is being read: its body, the segments that others may follow, its text and its faults."""

    name: str
    number: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    path: list[tuple[Segment, dict[str, Any]]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    passed: bool = False


class FlatFormat:
    """Flat IDocs as a route wants them read (`records.stream.Format`)."""

    unit = UNIT
    content_type = CONTENT_TYPE

    def __init__(self, options: DecodeOptions, root: Segment) -> None:
        self._options = options
        self._root = root
        self._known = {one.name: one for one in walked(root)}

    @property
    def shape(self) -> Shape:
        """The shape of an IDoc."""
        return shape_of(self._root)

    @property
    def whole_shape(self) -> Shape:
        """The IDocs as a list, under their name."""
        rows = {"type": "array", "items": self.shape}
        return {"type": "object", "properties": {UNIT: rows}, "required": [UNIT], "additionalProperties": False}

    def whole(self, _data: Data, records: Iterator[Record]) -> Any:
        """Return the IDocs as a list, under their name."""
        return {UNIT: [record.body for record in records]}

    def records(self, data: Data) -> Iterator[Record]:
        """Yield each IDoc; raises Rejected where the file doesn't begin with a control record."""
        if not len(data):
            raise unusable("the file is empty", "empty")
        for idoc in self._idocs(data):
            self._close(idoc, 0)
            keys = {"idoc": idoc.number} if idoc.number else {}
            raw = encoded("".join(f"{line}\n" for line in idoc.text), self._options.encoding) if idoc.findings else b""
            yield Record(idoc.name, None if idoc.findings else idoc.body, keys, idoc.findings, raw)

    def _idocs(self, data: Data) -> Iterator[Idoc]:
        current: Idoc | None = None
        for number, raw in enumerate(lines(data, self._options.encoding, _LONGEST), start=1):
            line = raw.rstrip("\r\n\x1a")
            if not line.strip():
                continue
            if line.startswith(CONTROL):
                if current is not None:
                    yield current
                current = self._begin(number, line)
            elif current is None:
                raise unusable(
                    f"the file begins with {shown(line[:30].strip())}, not with a control record ({CONTROL})", "control", "line 1"
                )
            else:
                self._add(current, number, line)
        if current is not None:
            yield current

    def _begin(self, number: int, line: str) -> Idoc:
        idoc = Idoc(f"IDoc at line {number}", text=[line])
        control: dict[str, Any] = {}
        idoc.body[CONTROL] = control
        self._values(idoc, self._root.inner[CONTROL], control, line, f"line {number} ({CONTROL})")
        idoc.number = str(control.get("DOCNUM", ""))
        idoc.name = f"IDoc {idoc.number or 'without a number'} (line {number})"
        idoc.path = [(self._root, idoc.body)]
        if control.get("IDOCTYP") != self._root.name:
            told = f"IDOCTYP is {shown(str(control.get('IDOCTYP', '')))}, this route takes {self._root.name}"
            idoc.findings.append(Finding("type", told, f"line {number} ({CONTROL})"))
        return idoc

    def _add(self, idoc: Idoc, number: int, line: str) -> None:
        if len(idoc.text) > self._options.max_segments:
            if len(idoc.text) == self._options.max_segments + 1:
                idoc.text.append("")
                told = f"the IDoc has more than {self._options.max_segments} segments (option `max_segments`)"
                idoc.findings.append(Finding("max_segments", told, f"line {number}"))
            return
        idoc.text.append(line)
        given = line[:30].strip()
        name = plain_name(given, self._known)
        place = f"line {number} ({name})"
        self._check_frame(idoc, line, place)
        if name not in self._known:
            if self._options.extra == "refuse":
                idoc.findings.append(Finding("unknown", f"there is no segment {shown(given)}{nearest(name, self._known)}", place))
            return
        for depth in range(len(idoc.path), 0, -1):
            segment = idoc.path[depth - 1][0].inner.get(name)
            if segment is not None:
                self._close(idoc, depth)
                self._put(idoc, segment, line[DATA:], place)
                return
        idoc.findings.append(Finding("order", f"{name} can't stand here, below {idoc.path[-1][0].name}", place))

    def _check_frame(self, idoc: Idoc, line: str, place: str) -> None:
        """Compare a segment's own number, and its document's, with what they must be; blanks and zeros say nothing."""
        number = line[_FRAME["DOCNUM"].start : _FRAME["DOCNUM"].end].strip()
        if number.strip("0") and idoc.number and number != idoc.number:
            idoc.findings.append(
                Finding("number", f"DOCNUM is {shown(number)}, in the control record it is {shown(idoc.number)}", place)
            )
        said = line[_FRAME["SEGNUM"].start : _FRAME["SEGNUM"].end].strip()
        if said.strip("0") and said.isascii() and said.isdigit() and int(said) != len(idoc.text) - 1 and not idoc.passed:
            idoc.passed = True
            told = f"SEGNUM is {int(said)}, this is segment {len(idoc.text) - 1}: segments are missing or out of order"
            idoc.findings.append(Finding("number", told, place))

    def _put(self, idoc: Idoc, segment: Segment, data: str, place: str) -> None:
        outer = idoc.path[-1][1]
        body: dict[str, Any] = {}
        if segment.many:
            outer.setdefault(segment.name, []).append(body)
        elif segment.name in outer:
            idoc.findings.append(Finding("twice", f"{segment.name} may be there once only", place))
        else:
            outer[segment.name] = body
        idoc.path.append((segment, body))
        self._values(idoc, segment, body, data, place)

    def _close(self, idoc: Idoc, depth: int) -> None:
        while len(idoc.path) > depth:
            segment, body = idoc.path.pop()
            idoc.findings += [
                Finding("required", f"{segment.name} has no {name} below it", idoc.name)
                for name, inner in segment.inner.items()
                if inner.required and name not in body
            ]

    def _values(self, idoc: Idoc, segment: Segment, body: dict[str, Any], data: str, place: str) -> None:
        if stray := stray_byte(data):
            idoc.findings.append(Finding("encoding", f"the byte {stray} is none of {self._options.encoding}", place))
        for slot in segment.slots:
            try:
                value = slot.read(data)
            except Unfit as unfit:
                idoc.findings.append(
                    Finding(unfit.code, f"{slot.name} {unfit.message}", place, data[slot.start : slot.end].strip())
                )
                continue
            if value is not None:
                body[slot.name] = value
            elif slot.field.required:
                idoc.findings.append(Finding("required", f"{slot.name} is missing", place))


def build(options: DecodeOptions, _context: Context) -> RecordDecode:
    """Return the step of `decode: {idoc: options}`."""
    root = document(options)
    if options.format == "flat":
        return RecordDecode(FlatFormat(options, root), options)
    from crossdock_transformers.idoc.xml import element_of, layout_of, plain
    from crossdock_transformers.xml.read import of_model

    given = {name: getattr(options, name) for name in ("whole", "rejects", "max_records")}
    given["max_size"] = f"{options.max_size}B"
    return of_model(layout_of(root, options.extra), given, element_of(root), shape_of(root), UNIT, plain)


__all__ = ["FlatFormat", "build"]
