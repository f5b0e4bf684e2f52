"""Reads CSV row by row: values by their columns' types, every fault with its row and column."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.core.blob import Data
from crossdock.core.errors import Finding
from crossdock.core.spec import Context, Shape
from crossdock.core.words import nearest
from crossdock_transformers.csv.gather import gathered
from crossdock_transformers.csv.layout import Column, CsvLayout, DecodeOptions, check
from crossdock_transformers.layout import chosen
from crossdock_transformers.records.faults import MOST_FINDINGS, rejected, shown, unusable
from crossdock_transformers.records.stream import Record, RecordDecode
from crossdock_transformers.records.text import encoded, lines, stray_byte
from crossdock_transformers.records.values import Read, Unfit, reader

CONTENT_TYPE: Final = "text/csv"
_REASONS: Final = {
    "unexpected end of data": "a quote that is opened here is never closed",
    "field larger than field limit": "a quote that is opened here is not closed within 131072 characters",
    "expected after": "a quoted cell must end at its closing quote; quotes within it are doubled",
}


@dataclass(slots=True)
class Row:
    """A row: where it stands, its text, its cells, and what became of them."""

    name: str
    text: str
    cells: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of a place in a row: its number from 1, the column's name, and how it is read."""

    number: int
    name: str
    read: Read
    required: bool

    @property
    def place(self) -> str:
        """How faults name it."""
        return f"column {self.number} ({self.name})"


class CsvFormat:
    """CSV as a route wants it read (`records.stream.Format`)."""

    content_type: str = CONTENT_TYPE

    def __init__(self, layout: CsvLayout, options: DecodeOptions) -> None:
        self.layout = layout
        self.unit = layout.unit
        self.options = options
        self._readers = {name: reader(column, layout.marks) for name, column in layout.columns.items()}

    @property
    def shape(self) -> Shape:
        """The shape of a row, or of a document."""
        return self.layout.shape()

    @property
    def whole_shape(self) -> Shape:
        """The shape of a file."""
        return self.layout.whole_shape()

    def whole(self, _data: Data, records: Iterator[Record]) -> Any:
        """Return the rows, or documents, as a list under their name."""
        return {self.unit: [record.body for record in records]}

    def records(self, data: Data) -> Iterator[Record]:
        """Yield each row, or each document; raises Rejected where the first row is not what it must be."""
        if not len(data):
            raise unusable("the file is empty", "empty")
        rows = self._rows(data)
        head = next(rows, None) if self.layout.header else None
        if self.layout.header and head is None:
            raise unusable("the file has no first row with the names of its columns", "header")
        plan = self._plan(head) if head is not None else self._placed()
        before = head.text if head is not None else ""
        read = (self._read(row, plan) for row in rows)
        if self.layout.group_by:
            yield from gathered(read, self.layout, plan, lambda text: self._alone(before + text), self.options.max_lines)
            return
        for row in read:
            raw = self._alone(before + row.text) if row.findings else b""
            yield Record(row.name, row.values, {"row": row.name.split(" ")[1]}, row.findings, raw)

    def _alone(self, text: str) -> bytes:
        """Return rows as a file of their own."""
        return encoded("\n" * self.layout.skip_lines + text, self.layout.encoding)

    def _rows(self, data: Data) -> Iterator[Row]:
        """Yield each row that isn't blank."""
        layout, source = self.layout, _Source(lines(data, self.layout.encoding), self.layout)
        parser = csv.reader(
            source,
            delimiter=layout.delimiter,
            quotechar=layout.quote or None,
            quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
            escapechar=layout.escape or None,
            doublequote=not layout.escape,
            strict=True,
        )
        number = layout.skip_lines
        while True:
            number += 1
            try:
                cells, error = next(parser), None
            except StopIteration:
                return
            except csv.Error as fault:
                cells, error = [], fault
            line, text = source.taken()
            name = f"row {number}" if line == number else f"row {number} (line {line})"
            if error is not None:
                finding = Finding("syntax", _reason(error), name, text[:60])
                yield Row(name, text, findings=[finding], broken=True)
            elif any(map(str.strip, cells)):
                yield Row(name, text, [cell.strip() for cell in cells] if layout.trim else cells)

    def _read(self, row: Row, plan: Sequence[Cell | None]) -> Row:
        """Fill in a row's values, or its findings."""
        if row.findings:
            return row
        if len(row.cells) != len(plan):
            self._fit(row, plan)
        if stray := stray_byte(row.text):
            row.findings.append(Finding("encoding", f"the byte {stray} is none of {self.layout.encoding}", row.name))
        for cell, text in zip(plan, row.cells, strict=False):
            if cell is None:
                continue
            if text:
                try:
                    row.values[cell.name] = cell.read(text)
                except Unfit as unfit:
                    row.findings.append(
                        Finding(unfit.code, f"{cell.name} {unfit.message}", f"{row.name}, {cell.place}", text[:60])
                    )
            elif cell.required:
                row.findings.append(Finding("required", f"{cell.name} is missing", f"{row.name}, {cell.place}"))
        return row

    def _fit(self, row: Row, plan: Sequence[Cell | None]) -> None:
        """Give a ragged row as many cells as there are columns, or say what is wrong with it."""
        given, wanted = len(row.cells), len(plan)
        if given > wanted and not any(row.cells[wanted:]):
            del row.cells[wanted:]
        elif given < wanted and self.options.ragged == "pad":
            row.cells += [""] * (wanted - given)
        else:
            counted = "cell" if given == 1 else "cells"
            row.findings.append(Finding("ragged", f"the row has {given} {counted}, there are {wanted} columns", row.name))

    # The first row

    def _placed(self) -> list[Cell | None]:
        """Return the plan of a file without a first row of names: the columns as the layout has them."""
        return [self._cell(number, name) for number, name in enumerate(self.layout.columns, start=1)]

    def _cell(self, number: int, name: str) -> Cell:
        column = self.layout.columns.get(name)
        return Cell(number, name, self._readers.get(name, str), column.required if column else False)

    def _plan(self, head: Row) -> list[Cell | None]:
        """Return what each place of a row holds, None where it is passed over; raises Rejected with all faults of the names."""
        if head.findings:
            raise rejected("the first row", head.findings)
        known = {title: name for name, column in self.layout.columns.items() for title in column.named(name)}
        plan: list[Cell | None] = []
        findings: list[Finding] = []
        for number, title in enumerate(map(str.strip, head.cells), start=1):
            name = known.get(title) if self.layout.columns else title
            seen = name is not None and any(cell is not None and cell.name == name for cell in plan)
            findings += self._odd(head, number, title, name, seen=seen)
            plan.append(self._cell(number, name) if name else None)
        findings += self._missing(head, {cell.name for cell in plan if cell is not None}, [str(one) for one in head.cells])
        if findings:
            raise rejected("the first row", findings[: MOST_FINDINGS + 1])
        return plan

    def _odd(self, head: Row, number: int, title: str, name: str | None, *, seen: bool) -> Iterator[Finding]:
        place = f"{head.name}, column {number}"
        if seen:
            yield Finding("duplicate", f"the column {shown(title)} is there twice", place, title[:60])
        elif not name and not title:
            if self.options.extra_columns == "refuse":
                yield Finding("header", "a column has no name", place)
        elif not name and self.options.extra_columns == "refuse":
            titles = [one for name, column in self.layout.columns.items() for one in column.named(name)]
            yield Finding("header", f"the column {shown(title)} is not known{nearest(title, titles)}", place, title[:60])

    def _missing(self, head: Row, found: set[str], given: Sequence[str]) -> Iterator[Finding]:
        for name, column in self.layout.columns.items():
            if name not in found and (column.required or self.options.missing_columns == "refuse"):
                title = column.named(name)[0]
                near = nearest(title, [one for one in given if one.strip()]) if column.required else ""
                yield Finding("header", f"the column {shown(title)} is missing{near}", head.name, title)


def _reason(error: csv.Error) -> str:
    told = next((words for part, words in _REASONS.items() if part in str(error)), str(error))
    return f"this is not CSV: {told}"


class _Source:
    """A file's lines as the parser takes them, with those kept that made the last row."""

    def __init__(self, source: Iterator[str], layout: CsvLayout) -> None:
        self._lines = source
        self._skip = layout.skip_lines
        self._comment = layout.comment
        self._taken: list[str] = []
        self._first = self._line = 0

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> str:
        while True:
            line = next(self._lines)
            self._line += 1
            if self._line <= self._skip or (self._comment and not self._taken and line.startswith(self._comment)):
                continue
            if not self._taken:
                self._first = self._line
            self._taken.append(line)
            return line

    def taken(self) -> tuple[int, str]:
        """Return the line at which the last row begins, and its text."""
        text = "".join(self._taken)
        self._taken.clear()
        return self._first, text if text.endswith(("\n", "\r")) else f"{text}\n"


def build(options: DecodeOptions, context: Context) -> RecordDecode:
    """Return the step of `decode: {csv: options}`."""
    layout, resource, at = chosen(options, CsvLayout, context, "csv")
    check(layout, resource, at)
    return RecordDecode(CsvFormat(layout, options), options)


__all__ = ["Cell", "Column", "CsvFormat", "Row", "build"]
