"""Writes fixed-width files: a document, a list of them, or a whole file; what trailers count is filled in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from crossdock.core.errors import Finding
from crossdock.core.spec import Context
from crossdock.core.words import nearest
from crossdock_transformers.fixed_width.layout import UNIT, EncodeOptions, FixedLayout, FixedRecord, check
from crossdock_transformers.fixed_width.read import CONTENT_TYPE, Kind, kinds
from crossdock_transformers.layout import chosen
from crossdock_transformers.records.encoding import Encoder
from crossdock_transformers.records.faults import rejected, shown
from crossdock_transformers.records.text import unwritable
from crossdock_transformers.records.values import Unfit, named

_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
_ADVICE: Final = "correct the document, or the map that made it"


class FixedEncode(Encoder):
    """Encodes documents."""

    content_type = CONTENT_TYPE

    def __init__(self, layout: FixedLayout, options: EncodeOptions) -> None:
        self._layout = layout
        self._kinds = {kind.name: kind for kind in kinds(layout, layout.records).values()}
        self._end = _ENDS[options.line_end] if layout.line_ends else ""

    def encode(self, body: Any) -> bytes:
        """Return a body as a file."""
        findings: list[Finding] = []
        written = list(self._records(self._file(body, findings), self._kinds, "", findings))
        counts = Counter(kind.name for kind, _, _ in written)
        texts = [self._line(kind, values, path, counts, findings) for kind, values, path in written]
        if findings:
            raise rejected("the document", findings, advice=_ADVICE)
        return "".join(text + self._end for text in texts).encode(self._layout.encoding)

    def _file(self, body: Any, findings: list[Finding]) -> Mapping[str, Any]:
        """Return a body as a whole file: it is one already, or a document, or a list of documents."""
        parted = self._layout.parted
        if isinstance(body, Mapping) and parted in body and set(body) <= set(self._layout.records):
            return body
        documents = body if isinstance(body, list) else [body]
        if not documents or not all(isinstance(one, Mapping) for one in documents):
            findings.append(Finding("type", "must be a document, a list of documents, or a whole file", "/"))
            return {}
        around = {name: documents[0][name] for name in self._layout.before if name in documents[0]}
        own = [{name: value for name, value in one.items() if name not in self._layout.before} for one in documents]
        return {**around, parted: own if self._layout.records[parted].many else own[0]}

    def _records(
        self, body: Mapping[str, Any], known: Mapping[str, Kind], path: str, findings: list[Finding]
    ) -> Iterator[tuple[Kind, Mapping[str, Any], str]]:
        """Yield every record of a body in its order: (kind, values, path)."""
        for name, kind in known.items():
            value = body.get(name)
            items = self._items(value, kind.record, f"{path}/{name}", findings)
            if not items and kind.record.required:
                if any(kind.counting) and all(slot.field.counts or slot.field.value for slot in kind.slots):
                    items = [{}]
                else:
                    findings.append(Finding("required", "is missing", f"{path}/{name}"))
            for index, item in enumerate(items):
                at = f"{path}/{name}/{index}" if kind.record.many else f"{path}/{name}"
                inner = {one.name: one for one in kind.inner.values()}
                findings += self._strange(item, kind, at)
                yield kind, item, at
                yield from self._records(item, inner, at, findings)

    def _items(self, value: Any, record: FixedRecord, path: str, findings: list[Finding]) -> list[Mapping[str, Any]]:
        items = [] if value is None else value if record.many else [value]
        if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
            wanted = "a list of objects" if record.many else "an object"
            findings.append(Finding("type", f"must be {wanted}, this is {named(value)}", path))
            return []
        return items

    def _strange(self, item: Mapping[str, Any], kind: Kind, path: str) -> Iterator[Finding]:
        known = [*(slot.name for slot in kind.slots if not slot.field.value), *(one.name for one in kind.inner.values())]
        for name in item:
            if name not in known:
                yield Finding("unknown", f"is not a field of {kind.name}{nearest(str(name), known)}", f"{path}/{name}")

    def _line(self, kind: Kind, values: Mapping[str, Any], path: str, counts: Counter[str], findings: list[Finding]) -> str:
        width = self._layout.length or max([slot.end for slot in kind.slots], default=0)
        mark = self._layout.discriminator
        places = [(mark.start - 1, kind.record.known_by.ljust(mark.length))] if mark is not None else []
        for slot in kind.slots:
            value = values.get(slot.name)
            if slot.field.counts and value is None:
                value = counts.total() if slot.field.counts == UNIT else counts[slot.field.counts]
            try:
                places.append((slot.start, slot.write(value)))
            except Unfit as unfit:
                findings.append(Finding(unfit.code, unfit.message, f"{path}/{slot.name}"))
            if value is None and slot.field.required and not slot.field.value:
                findings.append(Finding("required", "is missing", f"{path}/{slot.name}"))
        text = ""
        for start, piece in sorted(places):
            text = text.ljust(start) + piece
        if character := unwritable(text, self._layout.encoding):
            findings.append(Finding("encoding", f"{shown(character)} can't be written in {self._layout.encoding}", path))
        return text.ljust(width)


def build(options: EncodeOptions, context: Context) -> FixedEncode:
    """Return the step of `encode: {fixed_width: options}`."""
    layout, resource, at = chosen(options, FixedLayout, context, "fixed_width")
    check(layout, resource, at)
    return FixedEncode(layout, options)


__all__ = ["FixedEncode", "build"]
