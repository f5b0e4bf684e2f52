"""What the compiler knows of a value: its type, and for objects and lists what is inside.

`dyn` is a value of which nothing is known; it is checked when the expression runs. A JSON `integer` is an int, a `number`
a decimal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

NUMBERS: Final = frozenset(("int", "uint", "decimal"))
_NAMES: Final = {
    "int": "an int",
    "uint": "a uint",
    "decimal": "a decimal",
    "string": "a string",
    "bytes": "bytes",
    "bool": "a bool",
    "null": "null",
    "list": "a list",
    "map": "an object",
    "timestamp": "a timestamp",
    "duration": "a duration",
    "type": "a type",
    "optional": "an optional value",
}


class Record(Protocol):
    """What is known of an object's fields."""

    @property
    def open(self) -> bool:
        """Whether there may be fields that are not named."""

    @property
    def required(self) -> frozenset[str]:
        """The fields that are always there."""

    def names(self) -> Sequence[str]:
        """The known names."""

    def field(self, name: str) -> Type | None:
        """The type of a field; None where it is unknown."""

    def schema(self) -> dict[str, Any]:
        """The object as a JSON Schema."""


def fields_of(record: Record | None) -> dict[str, str]:
    """Return an object's known fields, each with its type and what its schema says of it."""
    if record is None:
        return {}
    schemas = record.schema().get("properties", {})
    found: dict[str, str] = {}
    for name in record.names():
        schema = schemas.get(name, {})
        said = schema.get("description") or schema.get("title") if isinstance(schema, dict) else None
        found[name] = f"{record.field(name)}; {said}" if said else str(record.field(name))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """A type. `item` is what a list holds, or an optional value; `values` are the only ones possible, where that is known."""

    kind: str
    nullable: bool = False
    item: Type | None = None
    record: Record | None = None
    values: tuple[Any, ...] | None = None

    @property
    def known(self) -> bool:
        """Whether anything is known."""
        return self.kind != "dyn"

    @property
    def number(self) -> bool:
        """Whether it is a number."""
        return self.kind in NUMBERS

    @property
    def inner(self) -> Type:
        """What a list or an optional value holds."""
        return self.item or DYN

    def __str__(self) -> str:
        if self.kind == "optional":
            return f"{self.inner} that may be absent"
        return _NAMES.get(self.kind, "a value of unknown type")


DYN: Final = Type("dyn")
NULL: Final = Type("null", nullable=True)
BOOL: Final = Type("bool")
INT: Final = Type("int")
UINT: Final = Type("uint")
DECIMAL: Final = Type("decimal")
STRING: Final = Type("string")
BYTES: Final = Type("bytes")
MAP: Final = Type("map")
TIMESTAMP: Final = Type("timestamp")
SIMPLE: Final = {
    kind: Type(kind)
    for kind in ("dyn", "bool", "int", "uint", "decimal", "string", "bytes", "map", "timestamp", "duration", "type")
} | {"null": NULL}


def list_of(item: Type) -> Type:
    """Return the type of a list."""
    return Type("list", item=item)


def optional_of(item: Type) -> Type:
    """Return the type of a value that may be absent."""
    return item if item.kind == "optional" else Type("optional", item=item)


def one_of(value: Any, kind: str) -> Type:
    """Return the type of a constant."""
    return NULL if kind == "null" else Type(kind, values=(value,))


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """An object that an expression or a map makes: all its fields are known."""

    fields: Mapping[str, Type]
    optional: frozenset[str] = frozenset()
    open: bool = False

    @property
    def required(self) -> frozenset[str]:
        """The fields that are always there."""
        return frozenset(self.fields) - self.optional

    def names(self) -> Sequence[str]:
        """The names of its fields."""
        return list(self.fields)

    def field(self, name: str) -> Type | None:
        """The type of a field; None where there is none."""
        return self.fields.get(name)

    def schema(self) -> dict[str, Any]:
        """The object as a JSON Schema."""
        properties = {name: schema_of(type_) or {} for name, type_ in self.fields.items()}
        required = sorted(self.required)
        return {"type": "object", "properties": properties, "additionalProperties": False, "required": required}


def record_of(fields: Mapping[str, Type], optional: frozenset[str] = frozenset()) -> Type:
    """Return the type of an object with exactly these fields."""
    return Type("map", record=Literal(fields, optional))


def union(types: Sequence[Type]) -> Type:
    """Return the type of a value that has one of several types."""
    solid = [type_ for type_ in types if type_.kind != "null"]
    nullable = len(solid) < len(types) or any(type_.nullable for type_ in solid)
    if not solid:
        return NULL if types else DYN
    kinds = {type_.kind for type_ in solid}
    if kinds <= {"int", "decimal"} and len(kinds) > 1:
        return Type("decimal", nullable)
    if len(kinds) > 1:
        return DYN
    same = _same(solid)
    return same if same.nullable == nullable else replace(same, nullable=nullable)


def _same(types: Sequence[Type]) -> Type:
    first = types[0]
    if len(types) == 1:
        return first
    if first.kind in ("list", "optional"):
        return Type(first.kind, item=union([type_.inner for type_ in types]))
    if first.kind == "map" and any(type_.record is not first.record for type_ in types):
        return _merged(types)
    values = tuple(value for type_ in types for value in type_.values or ()) if all(type_.values for type_ in types) else None
    return replace(first, values=values)


def _merged(types: Sequence[Type]) -> Type:
    records = [type_.record for type_ in types if isinstance(type_.record, Literal)]
    if len(records) < len(types):
        return MAP
    names = list(dict.fromkeys(name for record in records for name in record.fields))
    fields = {name: union([record.fields[name] for record in records if name in record.fields]) for name in names}
    return record_of(fields, frozenset(name for name in names if any(name not in record.required for record in records)))


_SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "uint": {"type": "integer", "minimum": 0},
    "decimal": {"type": "number"},
    "string": {"type": "string"},
    "null": {"type": "null"},
    "map": {"type": "object"},
}


def schema_of(type_: Type) -> dict[str, Any] | None:
    """Return a type as a JSON Schema, None where nothing is known or JSON has no such type."""
    if type_.kind == "optional":
        return schema_of(type_.inner)
    if type_.record is not None:
        return _nullable(type_.record.schema(), type_)
    if type_.kind == "list":
        return _nullable({"type": "array", "items": schema_of(type_.inner) or {}}, type_)
    schema = _SCHEMAS.get(type_.kind)
    return None if schema is None else _nullable(dict(schema), type_)


def _nullable(schema: dict[str, Any], type_: Type) -> dict[str, Any]:
    if not type_.nullable or isinstance(schema.get("type"), list) or schema.get("type") == "null":
        return schema
    return {**schema, "type": [schema.get("type", "object"), "null"]}
