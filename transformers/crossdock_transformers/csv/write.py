"""Writes CSV: a row, a document of rows, or many of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from crossdock.core.errors import Finding
from crossdock.core.spec import Context
from crossdock.core.words import nearest
from crossdock_transformers.csv.layout import LINES, Column, CsvLayout, EncodeOptions, check
from crossdock_transformers.csv.read import CONTENT_TYPE
from crossdock_transformers.layout import chosen
from crossdock_transformers.records.encoding import Encoder
from crossdock_transformers.records.faults import rejected, shown
from crossdock_transformers.records.text import unwritable
from crossdock_transformers.records.values import Unfit, Write, named, writer

_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_ADVICE: Final = "correct the document, or the map that made it"


class CsvEncode(Encoder):
    """Encodes a record, a list of records, or a whole file."""

    content_type = CONTENT_TYPE

    def __init__(self, layout: CsvLayout, options: EncodeOptions) -> None:
        self._layout = layout
        self._options = options
        self._writers: Mapping[str, Write] = {name: writer(column, layout.marks) for name, column in layout.columns.items()}
        self._end = _ENDS[options.line_end]
        self._special = {mark for mark in (layout.delimiter, layout.quote, layout.escape, "\n", "\r") if mark}

    def encode(self, body: Any) -> bytes:
        """Return a body as a file."""
        findings: list[Finding] = []
        rows = list(self._rows(_records(body, self._layout.unit), findings))
        columns = self._layout.columns or _columns(row for _, row in rows)
        lines = [self._line(tuple(column.named(name)[0] for name, column in columns.items()), ())] if self._layout.header else []
        for place, row in rows:
            lines.append(self._line(self._cells(row, columns, place, findings), tuple(columns.values())))
            findings += self._charset(lines[-1], place)
        if findings:
            raise rejected("the document", findings, advice=_ADVICE)
        text = "".join(lines)
        return ("\ufeff" * self._options.bom + text).encode(self._layout.encoding)

    def _charset(self, line: str, place: str) -> Iterator[Finding]:
        character = unwritable(line, self._layout.encoding)
        if character:
            yield Finding("encoding", f"{shown(character)} can't be written in {self._layout.encoding}", place)

    def _rows(self, records: Sequence[Any], findings: list[Finding]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield each row of the records, with its place in the body."""
        for index, record in enumerate(records):
            place = f"/{index}" if len(records) > 1 else ""
            if not isinstance(record, Mapping):
                findings.append(Finding("type", f"a row must be an object, this is {named(record)}", place or "/"))
            elif self._layout.group_by:
                yield from self._of_document(record, place, findings)
            else:
                findings += self._strange(record, self._layout.columns or record, place)
                yield place, record

    def _of_document(
        self, document: Mapping[str, Any], place: str, findings: list[Finding]
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        inner, outer = document.get(LINES), {name: value for name, value in document.items() if name != LINES}
        if not isinstance(inner, list) or not inner or not all(isinstance(line, Mapping) for line in inner):
            findings.append(Finding("type", "must be a list of objects with at least one", f"{place}/{LINES}"))
            return
        told = f"belongs into each of the {LINES}, not beside them"
        findings += [Finding("unknown", told, f"{place}/{name}") for name in outer if name in self._layout.lines]
        findings += self._strange(outer, self._layout.columns, place)
        for index, line in enumerate(inner):
            findings += self._strange(line, self._layout.lines, f"{place}/{LINES}/{index}")
            yield f"{place}/{LINES}/{index}", {**outer, **line}

    def _strange(self, row: Mapping[str, Any], known: Collection[str], place: str) -> Iterator[Finding]:
        """Yield a finding for each field that is no column."""
        for name in row:
            if name not in known:
                yield Finding("unknown", f"is no column{nearest(str(name), known)}", f"{place}/{name}")

    def _cells(
        self, row: Mapping[str, Any], columns: Mapping[str, Column], place: str, findings: list[Finding]
    ) -> tuple[str, ...]:
        cells = tuple(self._cell(row.get(name), name, column, place, findings) for name, column in columns.items())
        if not any(cells) and not findings:
            findings.append(Finding("empty", "a row needs a value", place or "/"))
        return cells

    def _cell(self, value: Any, name: str, column: Column, place: str, findings: list[Finding]) -> str:
        where = f"{place}/{name}"
        try:
            text = "" if value is None else self._writers.get(name, _text)(value)
        except Unfit as unfit:
            findings.append(Finding(unfit.code, unfit.message, where))
            return ""
        if not text and column.required:
            findings.append(Finding("required", "is missing", where))
        if column.type == "text" and text.startswith(_FORMULA) and self._options.formulas != "keep":
            if self._options.formulas == "refuse":
                findings.append(Finding("formula", f"would be taken for a formula: {shown(text)}", where))
            return f"'{text}"
        if not self._layout.quote and not self._special.isdisjoint(text):
            findings.append(Finding("delimiter", f"holds a delimiter, and the layout has no quotes: {shown(text)}", where))
        return text

    def _line(self, cells: Sequence[str], columns: Sequence[Column]) -> str:
        wanted = [self._quoting(index, columns) for index in range(len(cells))]
        alone = len(cells) == 1 and not cells[0]
        told = (self._quoted(cell) if want(cell) or alone else cell for cell, want in zip(cells, wanted, strict=True))
        return self._layout.delimiter.join(told) + self._end

    def _quoting(self, index: int, columns: Sequence[Column]) -> Callable[[str], bool]:
        """Return what says of a cell whether it is put in quotes."""
        if not self._layout.quote:
            return lambda _: False
        kind = self._options.quoting
        if kind == "all" or (kind == "text" and (not columns or columns[index].type == "text")):
            return lambda _: True
        comment = self._layout.comment
        return lambda text: (
            not self._special.isdisjoint(text) or bool(comment and text.startswith(comment)) or text != text.strip()
        )

    def _quoted(self, text: str) -> str:
        quote, escape = self._layout.quote, self._layout.escape
        if not quote:
            return text
        inner = text.replace(escape, escape * 2).replace(quote, escape + quote) if escape else text.replace(quote, quote * 2)
        return f"{quote}{inner}{quote}"


def _records(body: Any, unit: str) -> Sequence[Any]:
    """Return the records of a body: one, a list of them, or a whole file."""
    if isinstance(body, Mapping) and set(body) == {unit} and isinstance(body[unit], list):
        body = body[unit]
    return body if isinstance(body, list) else [body]


def _columns(rows: Iterator[Mapping[str, Any]]) -> Mapping[str, Column]:
    """Return the columns that rows have, where the layout names none: all texts."""
    return {str(name): Column() for row in rows for name in row}


def _text(value: Any) -> str:
    return str(_TEXT(value))


_TEXT: Final = writer(Column())


def build(options: EncodeOptions, context: Context) -> CsvEncode:
    """Return the step of `encode: {csv: options}`."""
    layout, resource, at = chosen(options, CsvLayout, context, "csv")
    check(layout, resource, at)
    return CsvEncode(layout, options)


__all__ = ["CsvEncode", "build"]
