"""Lookup tables: code lists, cross references and units of measure, from `*.table.yaml` and `*.table.csv`.

A table has columns of texts and values. Its first column is the key where nothing else is said, the second the value; where
there are more, the value is an object of all columns. `item:gtin->sku` asks the table `item` from one column to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from crossdock.core.errors import Refusal
from crossdock.core.spec import Resource
from crossdock.core.words import nearest
from crossdock_transformers.expression.types import DYN, Type, one_of, record_of, union
from crossdock_transformers.expression.values import ABSENT, Fault, shown

_REFERENCE: Final = re.compile(r"\s*([^\s:]+?)\s*(?::\s*(\w+)\s*->\s*(\w+)\s*)?")
_MOST_CODES: Final = 500
"""A table with more entries is not a list of codes, and its values are not compared with the target's."""
_NOTHING: Final = object()
_KINDS: Final = {bool: "bool", int: "int", Decimal: "decimal", str: "string"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `path` is its file's."""

    name: str
    path: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def index(self, source: str = "", target: str = "") -> Index:
        """Return what leads from one column to another; raises Refusal for a column that is not there, or an ambiguous key."""
        at = self._column(source) if source else 0
        entries: dict[str, Any] = {}
        twice: set[str] = set()
        for row in self.rows:
            key, value = str(row[at]), self._value(row, target)
            if key in entries and entries[key] != value:
                twice.add(key)
            entries[key] = value
        for key in twice:
            entries[key] = ABSENT
        return Index(self, self.columns[at], entries)

    def _column(self, name: str) -> int:
        if name in self.columns:
            return self.columns.index(name)
        raise Refusal(f"table '{self.name}' has no column '{name}'{nearest(name, self.columns)}")

    def _value(self, row: Sequence[Any], target: str) -> Any:
        if target:
            return row[self._column(target)]
        return row[1] if len(self.columns) == 2 else dict(zip(self.columns, row, strict=True))


@dataclass(frozen=True, slots=True)
class Index:
    """A table, by one of its columns. A key that leads to several values leads to `ABSENT`."""

    table: Table
    column: str
    entries: Mapping[str, Any]

    def find(self, key: Any) -> Any:
        """Return the entry of a key; raises Fault that names table, key, and the nearest key."""
        found = self.entries.get(key, ABSENT) if isinstance(key, str) else ABSENT
        if found is not ABSENT:
            return found
        if key in self.entries:
            raise Fault(f"table '{self.table.name}' has several entries for {shown(key)}", "ask by a column that is unique")
        advice = f"add it to {self.table.path}, or give a default"
        raise Fault(f"table '{self.table.name}' has no entry {shown(key)}{self._hint(str(key))}", advice)

    def _hint(self, key: str) -> str:
        """The nearest key; in a long table among those that begin alike, so that an error stays cheap."""
        known = self.entries if len(self.entries) <= _MOST_CODES else [one for one in self.entries if one[:2] == key[:2]]
        return nearest(key, list(known)[:_MOST_CODES])

    def get(self, key: Any, fallback: Any) -> Any:
        """Return the entry of a key, or the fallback where there is none."""
        found = self.entries.get(key, ABSENT) if isinstance(key, str) else ABSENT
        return fallback if found is ABSENT else found

    @property
    def type(self) -> Type:
        """What is known of its values."""
        values = [value for value in self.entries.values() if value is not ABSENT]
        if not values or any(value is None for value in values):
            return DYN
        types = [_type_of(value) for value in values[: _MOST_CODES + 1]]
        found = union(types)
        return found if len(values) <= _MOST_CODES else Type(found.kind if found.record is None else "map")


def _type_of(value: Any) -> Type:
    if isinstance(value, Mapping):
        return record_of({key: Type(_KINDS.get(type(inner), "dyn")) for key, inner in value.items()})
    return one_of(value, _KINDS.get(type(value), "dyn"))


def reference(text: str) -> tuple[str, str, str]:
    """Return table, source and target column of a reference; raises Refusal."""
    found = _REFERENCE.fullmatch(text)
    if not found:
        raise Refusal(f"'{text}' is not a table's name; write 'uom', or 'item:gtin->sku' for other columns than the first two")
    return found[1], found[2] or "", found[3] or ""


def table_of(resource: Resource) -> Table:
    """Return a file as a table; raises Refusals at the places of what is wrong."""
    data = resource.data if isinstance(resource.data, Mapping) else {}
    entries = data.get("entries")
    if isinstance(entries, Mapping) and entries:
        return _from_entries(resource, entries)
    columns = tuple(str(name) for name in data.get("columns") or ())
    if len(columns) < 2:
        raise Refusal("a table has `entries:`, or `columns:` and `rows:`; there are at least two columns", place=resource.at())
    rows = tuple(_row(resource, columns, number, row) for number, row in enumerate(data.get("rows") or ()))
    return Table(resource.name, resource.path, columns, rows)


def _row(resource: Resource, columns: tuple[str, ...], number: int, row: Any) -> tuple[Any, ...]:
    if not isinstance(row, list | tuple) or len(row) != len(columns):
        count = len(row) if isinstance(row, list | tuple) else 1
        message = f"this row has {count} values, the table {len(columns)} columns: {', '.join(columns)}"
        raise Refusal(message, place=resource.at("rows", number))
    return tuple(row)


def _from_entries(resource: Resource, entries: Mapping[str, Any]) -> Table:
    first = next(iter(entries.values()))
    if not isinstance(first, Mapping):
        return Table(resource.name, resource.path, ("key", "value"), tuple(entries.items()))
    columns = tuple(str(name) for name in first)
    rows = []
    for key, value in entries.items():
        if not isinstance(value, Mapping) or set(value) != set(first):
            message = f"this entry does not have the same fields as the first: {', '.join(columns)}"
            raise Refusal(message, place=resource.at("entries", key))
        rows.append((key, *(value[name] for name in first)))
    return Table(resource.name, resource.path, ("key", *columns), tuple(rows))


# Units of measure


@dataclass(frozen=True, slots=True)
class Units:
    """Factors between units: `(item, from, to)`, the item empty where they hold for all."""

    table: Table
    factors: Mapping[tuple[str, str, str], Decimal]

    def convert(self, amount: Any, source: str, target: str, item: str = "") -> Decimal:
        """Return an amount in another unit; raises Fault where no factor leads there, in two steps at most."""
        if source == target:
            return Decimal(amount)
        found = self._step(source, target, item)
        if found is None:
            found = self._steps(source, target, item)
        if found is None:
            raise self._lost(source, target, item)
        over, under = found
        return Decimal(amount) * over / under

    def _step(self, source: str, target: str, item: str) -> tuple[Decimal, Decimal] | None:
        one = Decimal(1)
        for whose in dict.fromkeys((item, "")):
            if factor := self.factors.get((whose, source, target)):
                return factor, one
            if factor := self.factors.get((whose, target, source)):
                return one, factor
        return None

    def _steps(self, source: str, target: str, item: str) -> tuple[Decimal, Decimal] | None:
        for between in self._names(item):
            first, second = self._step(source, between, item), self._step(between, target, item)
            if first and second:
                return first[0] * second[0], first[1] * second[1]
        return None

    def _names(self, item: str) -> list[str]:
        return list(dict.fromkeys(unit for whose, *units in self.factors if whose in ("", item) for unit in units))

    def _lost(self, source: str, target: str, item: str) -> Fault:
        known = self._names(item)
        odd = next((unit for unit in (source, target) if unit not in known), "")
        whose = f" for item {shown(item)}" if item else ""
        message = f"table '{self.table.name}' has no way from {shown(source)} to {shown(target)}{whose}"
        return Fault(f"{message}{nearest(odd, known) if odd else ''}", f"add a row to {self.table.path}")


def units_of(table: Table) -> Units:
    """Return a table with the columns from, to and factor, and perhaps item, as units; raises Refusal."""
    missing = [name for name in ("from", "to", "factor") if name not in table.columns]
    if missing:
        raise Refusal(f"table '{table.name}' has no column '{missing[0]}'; units need from, to, factor, and perhaps item")
    factors: dict[tuple[str, str, str], Decimal] = {}
    for row in table.rows:
        named = dict(zip(table.columns, row, strict=True))
        key = (str(named.get("item") or ""), str(named["from"]), str(named["to"]))
        factors[key] = _factor(table, named["factor"])
    return Units(table, factors)


def _factor(table: Table, value: Any) -> Decimal:
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,20})?", text) or not Decimal(text):
        raise Refusal(f"table '{table.name}' has the factor {shown(value)}, which is not a number greater than 0")
    return Decimal(text)


# What compiled code calls


class Tables:
    """One cross reference: each partner's table."""

    def __init__(self, name: str, indexes: Mapping[str, Index]) -> None:
        self.name = name
        self.indexes = indexes

    def of(self, partner: str) -> Index:
        """Return a partner's table; raises Fault where it has none."""
        found = self.indexes.get(partner) or self.indexes.get("")
        if found is not None:
            return found
        whose = f"partner {shown(partner)} has no table" if partner else "this message has no partner, so there is no table"
        raise Fault(f"{whose} '{self.name}'", f"write config/partners/{partner or 'PARTNER'}.{self.name}.table.yaml")


def found(index: Index, key: str) -> Any:
    """The entry of a table."""
    return index.find(key)


def found_or(index: Index, key: Any, fallback: Callable[[], Any]) -> Any:
    """The same with a fallback that is worked out only when it is needed."""
    value = index.get(key, _NOTHING)
    return fallback() if value is _NOTHING else value


def crossed(tables: Tables, partner: str, key: str) -> Any:
    """The entry of a partner's table."""
    return tables.of(partner).find(key)


def crossed_or(tables: Tables, partner: str, key: Any, fallback: Callable[[], Any]) -> Any:
    """The same with a fallback, for a partner without a table as well."""
    index = tables.indexes.get(partner) or tables.indexes.get("")
    return fallback() if index is None else found_or(index, key, fallback)


def converted(units: Units, amount: Any, source: str, target: str, item: str = "") -> Any:
    """An amount in another unit."""
    return units.convert(amount, source, target, item)


LIBRARY: Final = {
    "lookup": found,
    "lookup_or": found_or,
    "xref": crossed,
    "xref_or": crossed_or,
    "converted": converted,
}
