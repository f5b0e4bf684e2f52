"""What the compiler itself makes into code: `has`, `default`, the loops over lists, and what is asked of optional values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.code import function_of, load, marked
from crossdock_transformers.expression.compiler import Compiler, Typed, Variable
from crossdock_transformers.expression.paths import field_type
from crossdock_transformers.expression.types import BOOL, DYN, STRING, Type, list_of, optional_of, union

Macro = Callable[[Compiler, syntax.Call], Typed]


def has(compiler: Compiler, node: syntax.Call) -> Typed:
    """`has(object.field)`."""
    path = node.args[0] if len(node.args) == 1 else None
    if not isinstance(path, syntax.Select) or path.optional:
        return compiler.problem(node, "has() asks for one field: has(object.field)")
    operand = compiler.value(path.operand)
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


# Loops


def _loop(compiler: Compiler, node: syntax.Call, counts: tuple[int, ...]) -> tuple[Compiler, ast.comprehension, Type] | None:
    """Return the compiler that sees the element, the loop, and the element's type; None after a problem."""
    assert node.receiver is not None
    name = node.args[0] if len(node.args) in counts else None
    if not isinstance(name, syntax.Name):
        more = ", condition, value" if node.name == "map" and len(node.args) == 3 else ", expression"
        compiler.problem(node.at, f"{node.name} is written list.{node.name}(name{more})")
        return None
    receiver = compiler.value(node.receiver)
    type_ = receiver.type
    if type_.known and type_.kind not in ("list", "map"):
        compiler.problem(node.receiver, f"{node.name} goes over a list, but {compiler.text(node.receiver)} is {type_}")
        return None
    items = receiver.code if type_.kind == "list" and not type_.nullable else compiler.library("is_iterable", receiver.code)
    item = STRING if type_.kind == "map" else type_.inner
    variable = Variable(compiler.unit.fresh(f"v_{name.name}"), item)
    paid = marked(compiler.library("spend", items, pays=True), compiler.unit.site(compiler.source, node.receiver))
    target = ast.Name(variable.code, ast.Store())
    return compiler.within(name.name, variable), ast.comprehension(target, paid, [], 0), item


def every(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.all(name, condition)`."""
    return _quantified(compiler, node, "all")


def some(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.exists(name, condition)`."""
    return _quantified(compiler, node, "any")


def _quantified(compiler: Compiler, node: syntax.Call, function: str) -> Typed:
    loop = _loop(compiler, node, (2,))
    if loop is None:
        return Typed(ast.Constant(None), BOOL)
    inner, comprehension, _ = loop
    compiler.unit.lenient = True
    condition = inner.condition(node.args[1])
    if not compiler.unit.exact:
        return Typed(compiler.library(function, ast.GeneratorExp(condition, [comprehension])), BOOL)
    assert isinstance(comprehension.target, ast.Name)
    test = marked(function_of((comprehension.target.id,), condition), compiler.unit.site(compiler.source, node))
    return Typed(compiler.library("decided_for", comprehension.iter, test, ast.Constant(function == "any")), BOOL)


def exactly_one(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.exists_one(name, condition)`."""
    loop = _loop(compiler, node, (2,))
    if loop is None:
        return Typed(ast.Constant(None), BOOL)
    inner, comprehension, _ = loop
    comprehension.ifs.append(inner.condition(node.args[1]))
    count = compiler.library("sum", ast.GeneratorExp(ast.Constant(1), [comprehension]))
    return Typed(ast.Compare(count, [ast.Eq()], [ast.Constant(1)]), BOOL)


def transformed(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.map(name, value)` and `list.map(name, condition, value)`."""
    loop = _loop(compiler, node, (2, 3))
    if loop is None:
        return Typed(ast.Constant(None), list_of(DYN))
    inner, comprehension, _ = loop
    if len(node.args) == 3:
        comprehension.ifs.append(inner.condition(node.args[1]))
    value = inner.value(node.args[-1])
    return Typed(ast.ListComp(value.code, [comprehension]), list_of(value.type))


def filtered(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.filter(name, condition)`."""
    loop = _loop(compiler, node, (2,))
    if loop is None:
        return Typed(ast.Constant(None), list_of(DYN))
    inner, comprehension, item = loop
    comprehension.ifs.append(inner.condition(node.args[1]))
    assert isinstance(comprehension.target, ast.Name)
    return Typed(ast.ListComp(load(comprehension.target.id), [comprehension]), list_of(item))


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


def changed(compiler: Compiler, node: syntax.Call) -> Typed:
    """`optional.optMap(name, expression)`."""
    value = _optional(compiler, node, 2)
    name = node.args[0] if node.args else None
    if value is None or not isinstance(name, syntax.Name):
        return (
            compiler.problem(node.at, "optMap is written optional.optMap(name, expression)")
            if value
            else Typed(ast.Constant(None), DYN)
        )
    variable = Variable(compiler.unit.fresh(f"v_{name.name}"), value.type.inner)
    body = compiler.within(name.name, variable).value(node.args[1])
    change = marked(function_of((variable.code,), body.code), compiler.unit.site(compiler.source, node))
    return Typed(compiler.library("mapped", value.code, change), optional_of(body.type))


FUNCTION_MACROS: Final[Mapping[str, Macro]] = {"has": has, "default": default}
METHOD_MACROS: Final[Mapping[str, Macro]] = {
    "all": every,
    "exists": some,
    "exists_one": exactly_one,
    "map": transformed,
    "filter": filtered,
    "optMap": changed,
    "orValue": or_value,
    "hasValue": has_value,
    "value": sure_value,
}
