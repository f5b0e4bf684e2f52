"""Constants, names, fields, indexes, and the lists and objects that an expression makes."""

from __future__ import annotations

import ast
from dataclasses import replace

from crossdock.core.registry import nearest
from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.code import call, load
from crossdock_transformers.expression.compiler import Compiler, Typed, read
from crossdock_transformers.expression.types import DYN, Type, list_of, one_of, optional_of, record_of, union
from crossdock_transformers.expression.values import KINDS


def literal(compiler: Compiler, node: syntax.Literal) -> Typed:
    """A constant."""
    return Typed(compiler.unit.constant(node.value), one_of(node.value, node.kind))


def name(compiler: Compiler, node: syntax.Name) -> Typed:
    """A variable, or a type's name."""
    variable = compiler.scope.get(node.name)
    if variable is not None:
        return read(variable)
    if node.name in KINDS:
        return Typed(compiler.unit.constant(KINDS[node.name]), Type("type"))
    hint = nearest(node.name, compiler.scope)
    quoted = compiler.source.text.strip()
    text = f"; if a text is meant, quote it: '\"{quoted}\"'" if _looks_like_text(quoted, hint) else ""
    return compiler.problem(node, f"unknown name '{node.name}'{hint}{text}")


def _looks_like_text(text: str, hint: str) -> bool:
    return "did you mean" not in hint and len(text) <= 40 and all(character.isalnum() or character in "-_ " for character in text)


def select(compiler: Compiler, node: syntax.Select) -> Typed:
    """`operand.field` and `operand.?field`."""
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
            return found
        known = holder.record.names() if holder.record else ()
        return compiler.problem(at, f"{path} has no '{field}'{nearest(field, known)}").type
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
    """`[a, b]`."""
    items = [compiler.value(item) for item in node.items]
    types = [item.type for item in items]
    known = types and all(type_.known for type_ in types)
    inner = replace(union(types), values=None) if known else DYN
    return Typed(ast.List([item.code for item in items], ast.Load()), list_of(inner))


def mapping(compiler: Compiler, node: syntax.Mapping) -> Typed:
    """`{key: value}`."""
    keys = [_key(compiler, key) for key, _ in node.entries]
    values = [compiler.value(value) for _, value in node.entries]
    _refuse_twice(compiler, node)
    code = ast.Dict([key.code for key in keys], [value.code for value in values])
    names = [key.value for key, _ in node.entries if isinstance(key, syntax.Literal) and key.kind == "string"]
    if len(names) < len(keys) or not names:
        return Typed(code, Type("map"))
    return Typed(code, record_of({name: value.type for name, value in zip(names, values, strict=True)}))


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
