"""Writes IDocs, with the control record and what SAP counts filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from crossdock.core.errors import Finding, Refusal
from crossdock.core.spec import Context
from crossdock.core.words import nearest
from crossdock_transformers.fixed_width.fields import Slot
from crossdock_transformers.idoc.options import EncodeOptions
from crossdock_transformers.idoc.read import CONTENT_TYPE, UNIT
from crossdock_transformers.idoc.segments import (
    CONTROL,
    CONTROL_LENGTH,
    DATA_LENGTH,
    FRAME,
    MESSAGES,
    RELEASED,
    Segment,
    document,
    fields_of,
    slots,
    walked,
)
from crossdock_transformers.idoc.xml import element_of, layout_of, marked
from crossdock_transformers.records.encoding import Encoder, documents_of
from crossdock_transformers.records.faults import rejected, shown
from crossdock_transformers.records.text import unwritable
from crossdock_transformers.records.values import Unfit, named

_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
_ADVICE: Final = "correct the document, or the map that made it"
_FRAME: Final = slots(fields_of(FRAME))


class IdocEncode(Encoder):
    """Encodes an IDoc, or a list of them."""

    def __init__(self, options: EncodeOptions) -> None:
        self._options = options
        self._root = document(options)
        known = {one.name for one in walked(self._root)}
        for name in options.names:
            if name not in known:
                raise Refusal(f"there is no segment '{name}'{nearest(name, known)}", path=("names", name))
        self._names = {**RELEASED, **options.names}
        self._xml = self._written() if options.format == "xml" else None
        self.content_type = CONTENT_TYPE if self._xml is None else self._xml.content_type

    def _written(self) -> Any:
        from crossdock_transformers.xml.options import EncodeOptions as XmlOptions
        from crossdock_transformers.xml.structure import Structure
        from crossdock_transformers.xml.write import XmlEncode

        xml = XmlOptions.model_validate({"encoding": self._options.encoding})
        return XmlEncode(layout_of(self._root, "refuse"), xml, Structure(element_of(self._root, marked=True)))

    def encode(self, body: Any) -> bytes:
        """Return a body's documents as IDocs."""
        idocs = [self._controlled(one) for one in documents_of(body, UNIT)]
        return self._flat(idocs) if self._xml is None else self._xml.encode([_texts(one, self._root) for one in idocs])

    def _controlled(self, body: Any) -> Any:
        """Return an IDoc with what its control record always says."""
        if not isinstance(body, Mapping):
            return body
        given = body.get(CONTROL) or {}
        control = {"DIRECT": "2", "IDOCTYP": self._root.name, "MESTYP": MESSAGES[self._root.name], **given, "TABNAM": CONTROL}
        return {**body, CONTROL: control}

    def _flat(self, idocs: list[Any]) -> bytes:
        findings: list[Finding] = []
        lines: list[str] = []
        for index, body in enumerate(idocs):
            path = f"/{index}" if len(idocs) > 1 else ""
            if not isinstance(body, Mapping):
                findings.append(Finding("type", f"an IDoc must be an object, this is {named(body)}", path or "/"))
                continue
            lines += self._idoc(body, path, findings)
        if findings:
            raise rejected("the document", findings, advice=_ADVICE)
        return "".join(line + _ENDS[self._options.line_end] for line in lines).encode(self._options.encoding)

    def _idoc(self, body: Mapping[str, Any], path: str, findings: list[Finding]) -> Iterator[str]:
        control = self._root.inner[CONTROL]
        findings += _strange(body, self._root, path)
        yield self._filled(body[CONTROL], control.slots, f"{path}/{CONTROL}", findings).ljust(CONTROL_LENGTH)
        findings += _strange(body[CONTROL], control, f"{path}/{CONTROL}")
        number = [0]
        for name, inner in self._root.inner.items():
            if name != CONTROL:
                yield from self._segments(body.get(name), inner, f"{path}/{name}", (number, 0, 1, body[CONTROL]), findings)

    def _segments(
        self, value: Any, segment: Segment, path: str, at: tuple[list[int], int, int, Mapping[str, Any]], findings: list[Finding]
    ) -> Iterator[str]:
        """Yield the records of a segment and all below it; `at` is (segments so far, the parent's number, level, control)."""
        counter, parent, level, control = at
        items = [] if value is None else value if segment.many else [value]
        if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
            wanted = "a list of objects" if segment.many else "an object"
            findings.append(Finding("type", f"must be {wanted}, this is {named(value)}", path))
            return
        if not items and segment.required:
            findings.append(Finding("required", "is missing", path))
        for index, item in enumerate(items):
            where = f"{path}/{index}" if segment.many else path
            counter[0] += 1
            number = counter[0]
            findings += _strange(item, segment, where)
            data = self._filled(item, segment.slots, where, findings)
            yield self._frame(segment.name, control, number, parent, level) + data.ljust(DATA_LENGTH)
            for name, inner in segment.inner.items():
                yield from self._segments(
                    item.get(name), inner, f"{where}/{name}", (counter, number, level + 1, control), findings
                )

    def _frame(self, name: str, control: Mapping[str, Any], number: int, parent: int, level: int) -> str:
        values = {
            "SEGNAM": self._names.get(name, name.replace("E1", "E2", 1) if name.startswith("E1") else name),
            "MANDT": str(control.get("MANDT", "")),
            "DOCNUM": str(control.get("DOCNUM", "")),
            "SEGNUM": f"{number:06d}",
            "PSGNUM": f"{parent:06d}",
            "HLEVEL": f"{level:02d}",
        }
        return "".join(slot.write(values[slot.name]) for slot in _FRAME)

    def _filled(self, values: Mapping[str, Any], known: tuple[Slot, ...], path: str, findings: list[Finding]) -> str:
        text = ""
        for slot in known:
            value = values.get(slot.name)
            if value is None and slot.field.required:
                findings.append(Finding("required", "is missing", f"{path}/{slot.name}"))
            try:
                text = text.ljust(slot.start) + slot.write(value)
            except Unfit as unfit:
                findings.append(Finding(unfit.code, unfit.message, f"{path}/{slot.name}"))
        if character := unwritable(text, self._options.encoding):
            findings.append(Finding("encoding", f"{shown(character)} can't be written in {self._options.encoding}", path))
        return text


def _strange(body: Mapping[str, Any], segment: Segment, path: str) -> Iterator[Finding]:
    known = [*(slot.name for slot in segment.slots), *segment.inner]
    for name in body:
        if name not in known:
            yield Finding("unknown", f"is not known in {segment.name}{nearest(str(name), known)}", f"{path}/{name}")


def _texts(body: Any, root: Segment) -> Any:
    """Return an IDoc as its XML holds it, marked."""
    return {"@BEGIN": "1", **marked(body, root)} if isinstance(body, Mapping) else body


def build(options: EncodeOptions, _context: Context) -> IdocEncode:
    """Return the step of `encode: {idoc: options}`."""
    return IdocEncode(options)


__all__ = ["IdocEncode", "build"]
