"""Constants, names, fields, indexes, and the lists and objects that an expression makes."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Final

from crossdock.core.words import nearest, note
from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.code import call, load
from crossdock_transformers.expression.compiler import Compiler, Typed
from crossdock_transformers.expression.functions import USAGES
from crossdock_transformers.expression.types import DYN, Type, fields_of, list_of, one_of, optional_of, record_of, union
from crossdock_transformers.expression.values import KINDS

_WELL_KNOWN: Final = {"google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration"}
"""CEL's own names of two types."""


def literal(compiler: Compiler, node: syntax.Literal) -> Typed:
    """A constant."""
    return Typed(compiler.unit.constant(node.value), one_of(node.value, node.kind))


def name(compiler: Compiler, node: syntax.Name) -> Typed:
    """A variable, or a type's name."""
    variable = compiler.scope.get(node.name)
    if variable is not None:
        return compiler.read(variable)
    if node.name in KINDS or node.name == "double":
        return Typed(compiler.unit.constant(KINDS["decimal" if node.name == "double" else node.name]), Type("type"))
    hint = nearest(node.name, {known: str(variable.type) for known, variable in compiler.scope.items()})
    note(node.name, lambda: USAGES)
    quoted = compiler.source.text.strip()
    text = f"; if a text is meant, quote it: '\"{quoted}\"'" if _looks_like_text(quoted, hint) else ""
    return compiler.problem(node, f"unknown name '{node.name}'{hint}{text}")


def _looks_like_text(text: str, hint: str) -> bool:
    return "did you mean" not in hint and len(text) <= 40 and all(character.isalnum() or character in "-_ " for character in text)


def select(compiler: Compiler, node: syntax.Select) -> Typed:
    """`operand.field` and `operand.?field`."""
    kind = _WELL_KNOWN.get(compiler.text(node).lstrip(".")) if node.field in ("Timestamp", "Duration") else None
    if kind is not None and "google" not in compiler.scope:
        return Typed(compiler.unit.constant(KINDS[kind]), Type("type"))
    operand = compiler.compile(node.operand)
    optional = node.optional or operand.type.kind == "optional"
    holder = operand.type.inner if operand.type.kind == "optional" else operand.type
    type_ = field_type(compiler, node, holder, node.field)
    if optional:
        return Typed(_maybe(operand, ast.Constant(node.field)), optional_of(type_))
    return Typed(ast.Subscript(operand.code, ast.Constant(node.field), ast.Load()), type_)


def _maybe(operand: Typed, key: ast.expr) -> ast.expr:
    """A lookup that may fail; a known object is asked directly."""
    if operand.type.kind == "map" and not operand.type.nullable:
        return ast.Call(ast.Attribute(operand.code, "get", ast.Load()), [key, load("ABSENT")], [])
    return call("maybe_field", operand.code, key)


def field_type(compiler: Compiler, node: syntax.Select | syntax.Index, holder: Type, field: str) -> Type:
    """Return the type of an object's field; notes a problem where there is none."""
    at = node.at if isinstance(node, syntax.Select) else node.key.start
    path = compiler.text(node.operand)
    if holder.kind == "map":
        found = holder.record.field(field) if holder.record else DYN
        if found is not None:
            note(field, lambda: fields_of(holder.record))
            return found
        return compiler.problem(at, f"{path} has no '{field}'{nearest(field, fields_of(holder.record))}").type
    if holder.known:
        hint = f"; write {path}[0] for its first element" if holder.kind == "list" else ""
        compiler.problem(at, f"{path} is {holder} and has no '{field}'{hint}")
    return DYN


def index(compiler: Compiler, node: syntax.Index) -> Typed:
    """`operand[key]` and `operand[?key]`."""
    operand, key = compiler.compile(node.operand), compiler.value(node.key)
    optional = node.optional or operand.type.kind == "optional"
    holder = operand.type.inner if operand.type.kind == "optional" else operand.type
    type_ = _element(compiler, node, holder, key)
    if optional:
        return Typed(call("maybe_item", operand.code, key.code), optional_of(type_))
    if holder.known and not holder.nullable and _plain(node.key, holder):
        return Typed(ast.Subscript(operand.code, key.code, ast.Load()), type_)
    return Typed(call("item", operand.code, key.code), type_)


def _plain(key: syntax.Node, holder: Type) -> bool:
    """Whether Python's own lookup does: it takes -1 for the last element, and True for 1."""
    if not isinstance(key, syntax.Literal):
        return False
    return key.kind == "string" if holder.kind == "map" else key.kind == "int" and key.value >= 0


def _element(compiler: Compiler, node: syntax.Index, holder: Type, key: Typed) -> Type:
    constant = node.key.value if isinstance(node.key, syntax.Literal) else None
    if holder.kind == "list":
        if key.type.known and not key.type.number:
            compiler.problem(node.key, f"a list's index is an int, but {compiler.text(node.key)} is {key.type}")
        if key.type.number and constant is not None and constant < 0:
            compiler.problem(node.key, "a list's index begins at 0; write list[size(list) - 1] for the last element")
        return holder.inner
    if isinstance(constant, str):
        return field_type(compiler, node, holder, constant)
    if holder.known and holder.kind != "map":
        compiler.problem(node.operand, f"{compiler.text(node.operand)} is {holder} and has no elements")
    return DYN


def listing(compiler: Compiler, node: syntax.Listing) -> Typed:
    """`[a, ?b]`."""
    items = [_inner(compiler, item, optional=at in node.optional) for at, item in enumerate(node.items)]
    types = [item.type for item in items]
    known = types and all(type_.known for type_ in types)
    inner = replace(union(types), values=None) if known else DYN
    codes = [
        ast.Starred(call("listed", one.code), ast.Load()) if at in node.optional else one.code for at, one in enumerate(items)
    ]
    return Typed(ast.List(codes, ast.Load()), list_of(inner))


def _inner(compiler: Compiler, node: syntax.Node, *, optional: bool) -> Typed:
    """An element or a value; after a `?` it is an optional one, and its type is the one inside."""
    if not optional:
        return compiler.value(node)
    typed = compiler.compile(node)
    if typed.type.kind == "optional":
        return Typed(typed.code, typed.type.inner)
    text = compiler.text(node)
    return compiler.problem(node, f"after '?' an optional value is needed, but {text} is {typed.type}; leave the '?' out")


def mapping(compiler: Compiler, node: syntax.Mapping) -> Typed:
    """`{key: value, ?key: value}`."""
    keys = [_key(compiler, key) for key, _ in node.entries]
    values = [_inner(compiler, value, optional=at in node.optional) for at, (_, value) in enumerate(node.entries)]
    _refuse_twice(compiler, node)
    code = _display(node, keys, values)
    names = [key.value for key, _ in node.entries if isinstance(key, syntax.Literal) and key.kind == "string"]
    if len(names) < len(keys) or not names:
        return Typed(code, Type("map"))
    fields = {name: value.type for name, value in zip(names, values, strict=True)}
    return Typed(code, record_of(fields, frozenset(names[at] for at in node.optional)))


def _display(node: syntax.Mapping, keys: list[Typed], values: list[Typed]) -> ast.expr:
    """A dict display; what may be absent is unpacked into it: `{**keyed(key, value)}`."""
    rows = [(at in node.optional, key.code, value.code) for at, (key, value) in enumerate(zip(keys, values, strict=True))]
    return ast.Dict(
        [None if optional else key for optional, key, _ in rows],
        [call("keyed", key, value) if optional else value for optional, key, value in rows],
    )


def _key(compiler: Compiler, node: syntax.Node) -> Typed:
    key = compiler.value(node)
    if not key.type.known:
        return compiler.checked(key, node, "string")
    if key.type.kind not in ("string", "int", "uint", "bool"):
        return compiler.problem(node, f"a key is a string, an int or a bool, but {compiler.text(node)} is {key.type}")
    return key


def _refuse_twice(compiler: Compiler, node: syntax.Mapping) -> None:
    seen: set[object] = set()
    for key, _ in node.entries:
        if isinstance(key, syntax.Literal):
            if key.value in seen:
                compiler.problem(key, f"the key {compiler.text(key)} is there twice")
            seen.add(key.value)
