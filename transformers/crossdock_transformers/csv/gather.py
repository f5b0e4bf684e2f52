"""Rows that stand together and belong together become one document: `{...header, lines: [...]}`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crossdock.core.errors import Finding
from crossdock_transformers.csv.layout import LINES, CsvLayout
from crossdock_transformers.records.faults import shown
from crossdock_transformers.records.stream import Record
from crossdock_transformers.records.values import named

if TYPE_CHECKING:
    from crossdock_transformers.csv.read import Cell, Row


@dataclass(slots=True)
class _Document:
    """A document that is being gathered, with its first row's name."""

    key: tuple[str, ...]
    name: str
    body: dict[str, Any]
    lines: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    rows: int = 0


class _Gathering:
    """Rows in, documents out."""

    def __init__(self, layout: CsvLayout, plan: Sequence[Cell | None], most: int) -> None:
        self._layout = layout
        at = {cell.name: cell.number - 1 for cell in plan if cell is not None}
        self._places = [at[name] for name in layout.group_by]
        self._inner = frozenset(layout.lines)
        self._most = most
        self._seen: dict[tuple[str, ...], str] = {}
        self._doubt: list[Finding] = []
        self.current: _Document | None = None

    def take(self, row: Row) -> _Document | None:
        """Add a row; return the document that it ends."""
        if row.broken:
            self._doubtful(row)
            return None
        key = tuple(row.cells[place] if place < len(row.cells) else "" for place in self._places)
        if self.current is not None and self.current.key == key:
            self._add(self.current, row)
            return None
        ended = self.current
        self.current = self._begin(key, row)
        self._add(self.current, row)
        return ended

    def _doubtful(self, row: Row) -> None:
        """A row that can't be read may belong to the document before it or to the one after: neither is whole without it."""
        told = [Finding(one.code, f"{one.message}; it may belong to this document", one.where, one.value) for one in row.findings]
        if self.current is not None:
            self.current.findings += told
            self.current.text.append(row.text)
        self._doubt = told

    def _begin(self, key: tuple[str, ...], row: Row) -> _Document:
        names = ", ".join(f"{name} {value}" for name, value in zip(self._layout.group_by, key, strict=True))
        document = _Document(key, f"{names} ({row.name})", {})
        document.findings += self._doubt
        self._doubt = []
        if key in self._seen:
            message = f"{names} was there before, at {self._seen[key]}: the rows of a document stand together"
            document.findings.append(Finding("scattered", message, row.name, shown(key[0])))
        self._seen.setdefault(key, row.name)
        return document

    def _add(self, document: _Document, row: Row) -> None:
        document.rows += 1
        if document.rows > self._most:
            if document.rows == self._most + 1:
                told = f"the document has more than {self._most} rows (option `max_lines`)"
                document.findings.append(Finding("max_lines", told, row.name))
            return
        document.text.append(row.text)
        document.findings += row.findings
        document.lines.append({name: value for name, value in row.values.items() if name in self._inner})
        own = {name: value for name, value in row.values.items() if name not in self._inner}
        if document.rows == 1:
            document.body = own
        elif own != document.body and not row.findings and not document.findings:
            document.findings += self._differing(document, row, own)

    def _differing(self, document: _Document, row: Row, own: dict[str, Any]) -> Iterator[Finding]:
        for name in {**document.body, **own}:
            here, before = own.get(name), document.body.get(name)
            if here != before:
                told = f"{name} is {_told(here)}, but {_told(before)} in the first row of the document"
                yield Finding("differs", told, row.name)


def _told(value: Any) -> str:
    return "empty" if value is None else named(value)


def gathered(
    rows: Iterator[Row], layout: CsvLayout, plan: Sequence[Cell | None], alone: Callable[[str], bytes], most: int
) -> Iterator[Record]:
    """Yield a record for each document; `alone` makes a file of the text of its rows."""
    gathering = _Gathering(layout, plan, most)
    for row in rows:
        ended = gathering.take(row)
        if ended is not None:
            yield _record(ended, layout, alone)
        elif row.broken and gathering.current is None:
            yield Record(row.name, None, {}, row.findings, alone(row.text))
    if gathering.current is not None:
        yield _record(gathering.current, layout, alone)


def _record(document: _Document, layout: CsvLayout, alone: Callable[[str], bytes]) -> Record:
    keys = dict(zip(layout.group_by, document.key, strict=True))
    if document.findings:
        return Record(document.name, None, keys, document.findings, alone("".join(document.text)))
    return Record(document.name, {**document.body, LINES: document.lines}, keys)


__all__ = ["gathered"]
