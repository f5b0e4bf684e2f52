"""What the compiler itself makes into code: `has`, `default`, `cel.bind`, and what is asked of optional values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from crossdock_transformers.expression import references, syntax
from crossdock_transformers.expression.code import function_of, load, marked
from crossdock_transformers.expression.compiler import Compiler, Typed, Variable
from crossdock_transformers.expression.loops import LOOPS
from crossdock_transformers.expression.paths import field_type
from crossdock_transformers.expression.types import BOOL, DYN, Type, optional_of, union

Macro = Callable[[Compiler, syntax.Call], Typed]


def has(compiler: Compiler, node: syntax.Call) -> Typed:
    """`has(object.field)`."""
    path = node.args[0] if len(node.args) == 1 else None
    if not isinstance(path, syntax.Select) or path.optional:
        return compiler.problem(node, "has() asks for one field: has(object.field)")
    operand = compiler.compile(path.operand)
    if operand.type.kind == "optional":
        field_type(compiler, path, operand.type.inner, path.field)
        asked = compiler.library("maybe_field", operand.code, ast.Constant(path.field))
        return Typed(ast.Compare(asked, [ast.IsNot()], [load("ABSENT")]), BOOL)
    field_type(compiler, path, operand.type, path.field)
    if operand.type.kind == "map" and not operand.type.nullable:
        return Typed(ast.Compare(ast.Constant(path.field), [ast.In()], [operand.code]), BOOL)
    return Typed(compiler.library("field", operand.code, ast.Constant(path.field)), BOOL)


def default(compiler: Compiler, node: syntax.Call) -> Typed:
    """`default(path, fallback)`: the fallback where any part of the path is absent, or the value is null."""
    if len(node.args) != 2:
        return compiler.problem(node.at, "default is written default(path, fallback)")
    value = compiler.compile(as_path(node.args[0]))
    inner = value.type.inner if value.type.kind == "optional" else value.type
    return _fallback(compiler, "given", value, replace(inner, nullable=False) if inner.kind != "null" else DYN, node.args[1])


def as_path(node: syntax.Node) -> syntax.Node:
    """Return a path every step of which may be absent."""
    if isinstance(node, syntax.Select | syntax.Index):
        return replace(node, operand=as_path(node.operand), optional=True)
    return node


def _fallback(compiler: Compiler, function: str, value: Typed, inner: Type, node: syntax.Node) -> Typed:
    fallback = compiler.compile(node)
    type_ = union([inner, fallback.type]) if inner.known and fallback.type.known else DYN
    if fallback.type.kind == "optional":
        type_ = optional_of(union([inner, fallback.type.inner]) if inner.known and fallback.type.inner.known else DYN)
    if inner.known and fallback.type.known and not type_.known:
        compiler.problem(node, f"the fallback is {fallback.type}, the value {inner}; both must be of one type")
    if isinstance(node, syntax.Literal | syntax.Name):
        return Typed(compiler.library(function, value.code, fallback.code), type_)
    return Typed(compiler.library(f"{function}_or", value.code, compiler.lazy(node, fallback.code)), type_)


# Optional values


def _optional(compiler: Compiler, node: syntax.Call, count: int) -> Typed | None:
    assert node.receiver is not None
    value = compiler.compile(node.receiver)
    if value.type.kind != "optional":
        compiler.problem(
            node.at, f"{compiler.text(node.receiver)} is not optional; write .?field or [?index] to ask for what may be absent"
        )
        return None
    if len(node.args) != count:
        compiler.problem(node.at, f"{node.name} takes {count} arguments")
        return None
    return value


def or_value(compiler: Compiler, node: syntax.Call) -> Typed:
    """`optional.orValue(fallback)`."""
    value = _optional(compiler, node, 1)
    if value is None:
        return Typed(ast.Constant(None), DYN)
    return _fallback(compiler, "present", value, value.type.inner, node.args[0])


def has_value(compiler: Compiler, node: syntax.Call) -> Typed:
    """`optional.hasValue()`."""
    value = _optional(compiler, node, 0)
    return Typed(compiler.library("has_value", value.code) if value else ast.Constant(None), BOOL)


def sure_value(compiler: Compiler, node: syntax.Call) -> Typed:
    """`optional.value()`."""
    value = _optional(compiler, node, 0)
    return Typed(compiler.library("required", value.code), value.type.inner) if value else Typed(ast.Constant(None), DYN)


def other_value(compiler: Compiler, node: syntax.Call) -> Typed:
    """`optional.or(other)`: the other optional value where the first is absent."""
    value = _optional(compiler, node, 1)
    if value is None:
        return Typed(ast.Constant(None), DYN)
    other = compiler.compile(node.args[0])
    if other.type.kind != "optional":
        text = compiler.text(node.args[0])
        return compiler.problem(node.args[0], f"or() takes an optional value; write orValue({text}), or optional.of({text})")
    inner, second = value.type.inner, other.type.inner
    type_ = union([inner, second]) if inner.known and second.known else DYN
    return Typed(compiler.library("present_or", value.code, compiler.lazy(node.args[0], other.code)), optional_of(type_))


def changed(compiler: Compiler, node: syntax.Call) -> Typed:
    """`optional.optMap(name, expression)`."""
    found = _change(compiler, node)
    if found is None:
        return Typed(ast.Constant(None), DYN)
    inner, receiver, variable = found
    body = inner.value(node.args[1])
    return Typed(_mapped(compiler, node, receiver, variable, body), optional_of(body.type))


def changed_flat(compiler: Compiler, node: syntax.Call) -> Typed:
    """`optional.optFlatMap(name, optional expression)`."""
    found = _change(compiler, node)
    if found is None:
        return Typed(ast.Constant(None), DYN)
    inner, receiver, variable = found
    body = inner.compile(node.args[1])
    if body.type.kind != "optional":
        return compiler.problem(
            node.args[1], f"optFlatMap needs an optional value, but {compiler.text(node.args[1])} is {body.type}"
        )
    return Typed(_mapped(compiler, node, receiver, variable, body), body.type)


def _change(compiler: Compiler, node: syntax.Call) -> tuple[Compiler, Typed, Variable] | None:
    value = _optional(compiler, node, 2)
    if value is None:
        return None
    name = node.args[0]
    if not isinstance(name, syntax.Name):
        compiler.problem(node.at, f"{node.name} is written optional.{node.name}(name, expression)")
        return None
    variable = Variable(compiler.unit.fresh(f"v_{name.name}"), value.type.inner)
    return compiler.within(name.name, variable), value, variable


def _mapped(compiler: Compiler, node: syntax.Call, value: Typed, variable: Variable, body: Typed) -> ast.expr:
    change = marked(function_of((variable.code,), body.code), compiler.unit.site(compiler.source, node))
    return compiler.library("mapped", value.code, change)


def bound(compiler: Compiler, node: syntax.Call) -> Typed:
    """`cel.bind(name, value, expression)`: the expression sees the value by that name."""
    name = node.args[0] if len(node.args) == 3 else None
    if not isinstance(name, syntax.Name):
        return compiler.problem(node.at, "bind is written cel.bind(name, value, expression)")
    value = compiler.compile(node.args[1])
    variable = Variable(compiler.unit.fresh(f"v_{name.name}"), value.type)
    body = compiler.within(name.name, variable).compile(node.args[2])
    inner = marked(function_of((variable.code,), body.code), compiler.unit.site(compiler.source, node))
    return Typed(ast.Call(inner, [value.code], []), body.type)


FUNCTION_MACROS: Final[Mapping[str, Macro]] = {"has": has, "default": default, "cel.bind": bound, **references.MACROS}
METHOD_MACROS: Final[Mapping[str, Macro]] = {
    **LOOPS,
    "optMap": changed,
    "optFlatMap": changed_flat,
    "or": other_value,
    "orValue": or_value,
    "hasValue": has_value,
    "value": sure_value,
}
