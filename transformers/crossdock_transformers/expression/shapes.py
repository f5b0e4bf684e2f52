"""Reads JSON Schema 2020-12 as types: local `$ref`, `allOf`, `anyOf`, `properties`, `items`, `additionalProperties`.

An object whose schema names `properties` is taken for known: other names are typing errors unless `additionalProperties` says
that there are more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from crossdock_transformers.expression.types import DYN, NULL, Type, union

_KINDS: Final = {
    "string": "string",
    "integer": "int",
    "number": "decimal",
    "boolean": "bool",
    "null": "null",
    "array": "list",
    "object": "map",
    "bytes": "bytes",  # no type of JSON Schema: `core.spec.BYTES`
}
_CONDITIONAL: Final = ("anyOf", "oneOf", "if", "then", "else")
_MOST_REFS: Final = 32


class _Whole:
    """A whole schema, as a key: the same object is the same schema."""

    __slots__ = ("schema",)

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Whole) and self.schema is other.schema


@lru_cache(maxsize=256)
def _type_of_whole(whole: _Whole) -> Type:
    """Many expressions see the same schema: what is found out of it is kept, and with it the fields that were asked for."""
    return _type(whole.schema, whole.schema)


def type_of(schema: Any, root: Any = None) -> Type:
    """Return the type that a schema describes; `root` is the whole that its `$ref`s point into."""
    if not isinstance(schema, Mapping):
        return DYN
    return _type_of_whole(_Whole(schema)) if root is None else _type(schema, root)


def _type(schema: Mapping[str, Any], root: Any) -> Type:
    whole = resolved(schema, root)
    kinds = _kinds(whole)
    if not kinds:
        return _either(whole, root)
    return union([_one(kind, whole, root) for kind in kinds])


def resolved(schema: Mapping[str, Any], root: Any) -> Mapping[str, Any]:
    """Return a schema with its local references followed and `allOf` folded in; what can't be followed is left open."""
    for _ in range(_MOST_REFS):
        if "$ref" not in schema:
            return _folded(schema, root)
        target = _pointed(str(schema["$ref"]), root)
        schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
    return {}


def _pointed(pointer: str, root: Any) -> Mapping[str, Any]:
    if not pointer.startswith("#"):
        return {}
    found = root
    for part in pointer[1:].strip("/").split("/") if pointer != "#" else ():
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or key not in found:
            return {}
        found = found[key]
    return found if isinstance(found, Mapping) else {}


def _folded(schema: Mapping[str, Any], root: Any, level: int = 0) -> Mapping[str, Any]:
    parts = schema.get("allOf")
    if not isinstance(parts, Sequence) or level > _MOST_REFS:
        return schema
    whole: dict[str, Any] = {name: value for name, value in schema.items() if name != "allOf"}
    for part in parts:
        inner = resolved(part, root) if isinstance(part, Mapping) else {}
        whole = {**inner, **whole} | _joined(inner, whole)
    return whole


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    if "properties" in one or "properties" in other:
        joined["properties"] = {**one.get("properties", {}), **other.get("properties", {})}
    if "required" in one or "required" in other:
        joined["required"] = [*one.get("required", ()), *other.get("required", ())]
    return joined


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    given = schema.get("type")
    if given is None:
        return _implied(schema)
    names = given if isinstance(given, list) else [given]
    return [_KINDS[name] for name in names if name in _KINDS]


def _implied(schema: Mapping[str, Any]) -> list[str]:
    if "properties" in schema:
        return ["map"]
    if "items" in schema:
        return ["list"]
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return sorted({_kind(value) for value in values}) if isinstance(values, list) and values else []


def _kind(value: Any) -> str:
    kinds = {bool: "bool", int: "int", float: "decimal", Decimal: "decimal", str: "string", dict: "map", list: "list"}
    return kinds.get(type(value), "null")


def _either(schema: Mapping[str, Any], root: Any) -> Type:
    branches = schema.get("anyOf") or schema.get("oneOf")
    if not isinstance(branches, list) or not branches:
        return DYN
    types = [type_of(branch, root) for branch in branches]
    return union(types) if all(type_.known for type_ in types) else DYN


def _one(kind: str, schema: Mapping[str, Any], root: Any) -> Type:
    if kind == "map":
        return Type("map", record=_Schema(schema, root)) if _described(schema) else Type("map")
    if kind == "list":
        items = schema.get("items")
        return Type("list", item=DYN if "prefixItems" in schema else type_of(items, root))
    return NULL if kind == "null" else Type(kind, values=_values(kind, schema))


def _values(kind: str, schema: Mapping[str, Any]) -> tuple[Any, ...] | None:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return tuple(value for value in values if _kind(value) == kind) if isinstance(values, list) else None


def _described(schema: Mapping[str, Any]) -> bool:
    return "properties" in schema or isinstance(schema.get("additionalProperties"), Mapping)


@dataclass(frozen=True, slots=True, eq=False)
class _Schema:
    """The record of an object's schema; its fields are read when they are asked for, so that schemas may be recursive."""

    raw: Mapping[str, Any]
    root: Any
    _found: dict[str, Type | None] = field(default_factory=dict, init=False)

    @property
    def _rest(self) -> Any:
        return self.raw.get("additionalProperties", self.raw.get("unevaluatedProperties"))

    @property
    def open(self) -> bool:
        """Whether there may be fields that are not named."""
        rest = self._rest
        if rest is not None:
            return rest is not False
        return any(_names_fields(self.raw.get(word)) for word in _CONDITIONAL) or "patternProperties" in self.raw

    @property
    def required(self) -> frozenset[str]:
        """The fields that are always there."""
        return frozenset(self.raw.get("required", ()))

    def names(self) -> Sequence[str]:
        """The known names."""
        return list(self.raw.get("properties", {}))

    def field(self, name: str) -> Type | None:
        """The type of a field; None where it is unknown."""
        if name not in self._found:
            self._found[name] = self._field(name)
        return self._found[name]

    def _field(self, name: str) -> Type | None:
        properties = self.raw.get("properties", {})
        if name in properties:
            return type_of(properties[name], self.root)
        if not self.open:
            return None
        return type_of(self._rest, self.root) if isinstance(self._rest, Mapping) else DYN

    def schema(self) -> dict[str, Any]:
        """The object's schema, with the definitions that its references need."""
        definitions = self.root.get("$defs") if isinstance(self.root, Mapping) else None
        return {**self.raw, "$defs": definitions} if definitions else dict(self.raw)


def _names_fields(condition: Any) -> bool:
    """Whether a conditional part of a schema brings fields of its own."""
    branches = condition if isinstance(condition, list) else [condition]
    return any("properties" in branch for branch in branches if isinstance(branch, Mapping))
