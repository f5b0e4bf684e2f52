"""Calls: functions of the table, checked against their parameters."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from crossdock.core.registry import nearest
from crossdock_transformers.expression import conversions, dates, syntax, texts
from crossdock_transformers.expression.code import call
from crossdock_transformers.expression.compiler import Compiler, Typed
from crossdock_transformers.expression.functions import FUNCTIONS, MACROS, Function
from crossdock_transformers.expression.macros import FUNCTION_MACROS, METHOD_MACROS
from crossdock_transformers.expression.types import DYN, SIMPLE, Type, list_of, optional_of
from crossdock_transformers.expression.values import Fault


def called(compiler: Compiler, node: syntax.Call) -> Typed:
    """`name(args)` and `receiver.name(args)`."""
    if _optional_namespace(compiler, node):
        return _optional(compiler, node)
    macros = FUNCTION_MACROS if node.receiver is None else METHOD_MACROS
    if node.name in macros:
        return macros[node.name](compiler, node)
    function = FUNCTIONS.get(node.name)
    if function is None:
        return compiler.problem(node.at, f"unknown function '{node.name}'{nearest(node.name, [*FUNCTIONS, *MACROS])}")
    if function.form != "both" and (function.form == "method") is (node.receiver is None):
        return compiler.problem(node.at, f"{node.name} is written {function.usage}")
    return _function(compiler, node, function)


def _optional_namespace(compiler: Compiler, node: syntax.Call) -> bool:
    receiver = node.receiver
    return isinstance(receiver, syntax.Name) and receiver.name == "optional" and "optional" not in compiler.scope


def _optional(compiler: Compiler, node: syntax.Call) -> Typed:
    if node.name == "none" and not node.args:
        return Typed(ast.Name("ABSENT", ast.Load()), optional_of(DYN))
    if node.name == "of" and len(node.args) == 1:
        inner = compiler.value(node.args[0])
        return Typed(inner.code, optional_of(inner.type))
    return compiler.problem(node.at, "there is optional.of(value) and optional.none()")


def _function(compiler: Compiler, node: syntax.Call, function: Function) -> Typed:
    nodes = node.args if node.receiver is None else (node.receiver, *node.args)
    if not function.least <= len(nodes) <= len(function.params):
        return compiler.problem(node.at, f"{node.name} is written {function.usage}")
    args = [_argument(compiler, inner, param.removesuffix("?")) for inner, param in zip(nodes, function.params, strict=False)]
    special = _SPECIAL.get(node.name)
    found = special(compiler, nodes, args) if special else None
    if found is not None:
        return found
    code = compiler.library(function.code, *(arg.code for arg in args), pays=function.pays)
    return Typed(code, _result(function.result, args))


def _argument(compiler: Compiler, node: syntax.Node, param: str) -> Typed:
    kinds = param.split("|")
    if param == "any":
        return compiler.value(node)
    if len(kinds) == 1:
        return compiler.need(node, param)
    typed = compiler.value(node)
    if typed.type.known and typed.type.kind not in kinds:
        wanted = " or ".join(dict.fromkeys(str(Type(kind)) for kind in kinds))
        return compiler.problem(node, f"{wanted} is needed here, but {compiler.text(node)} is {typed.type}")
    return typed


def _result(result: str, args: list[Typed]) -> Type:
    first = args[0].type
    if result == "same":
        return Type(first.kind, item=first.item)
    if result == "item":
        return first.inner
    if result == "flat":
        return list_of(first.inner.inner if first.inner.kind == "list" else DYN)
    if result == "sum":
        return Type(first.inner.kind) if first.inner.number else DYN
    return list_of(SIMPLE[result[5:]]) if result.startswith("list:") else SIMPLE[result]


# What is worked out, or checked, at compile time


def _constant(convert: Callable[[str], object], kind: str) -> Callable[..., Typed | None]:
    def special(compiler: Compiler, nodes: tuple[syntax.Node, ...], _args: list[Typed]) -> Typed | None:
        node = nodes[0]
        if not isinstance(node, syntax.Literal) or node.kind != "string":
            return None
        value = _tried(compiler, node, lambda: convert(node.value))
        return Typed(compiler.unit.constant(value), SIMPLE[kind])

    return special


def _tried(compiler: Compiler, node: syntax.Node, work: Callable[[], object]) -> object:
    try:
        return work()
    except Fault as fault:
        compiler.problem(node, fault.message)
        return None


def _pattern(compiler: Compiler, nodes: tuple[syntax.Node, ...], args: list[Typed]) -> Typed | None:
    node = nodes[1]
    if not isinstance(node, syntax.Literal) or node.kind != "string":
        return None
    search = _tried(compiler, node, lambda: texts.pattern(node.value))
    return Typed(compiler.library("found", compiler.unit.constant(search), args[0].code, pays=True), SIMPLE["bool"])


def _form(compiler: Compiler, nodes: tuple[syntax.Node, ...], _args: list[Typed]) -> Typed | None:
    node = nodes[-1]
    if len(nodes) == 2 and isinstance(node, syntax.Literal) and node.kind == "string":
        _tried(compiler, node, lambda: dates.form(node.value))
    return None


def _sum(compiler: Compiler, _nodes: tuple[syntax.Node, ...], args: list[Typed]) -> Typed | None:
    """The sum of numbers that are known to be numbers is Python's own."""
    inner = args[0].type.inner
    if inner.nullable or inner.kind not in ("int", "decimal"):
        return None
    code = call("sum", compiler.library("spend", args[0].code, pays=True))
    return Typed(compiler.library("whole", code) if inner.kind == "int" else code, Type(inner.kind))


_SPECIAL: Final[dict[str, Callable[..., Typed | None]]] = {
    "decimal": _constant(conversions.to_decimal, "decimal"),
    "double": _constant(conversions.to_decimal, "decimal"),
    "timestamp": _constant(dates.timestamp, "timestamp"),
    "duration": _constant(dates.duration, "duration"),
    "matches": _pattern,
    "date": _form,
    "format_date": _form,
    "sum": _sum,
}
