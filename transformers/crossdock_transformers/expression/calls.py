"""Calls: functions of the table, checked against their parameters."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from crossdock.core.words import nearest
from crossdock_transformers.expression import conversions, dates, syntax, texts
from crossdock_transformers.expression.code import call
from crossdock_transformers.expression.compiler import Compiler, Typed
from crossdock_transformers.expression.functions import FUNCTIONS, NAMESPACES, USAGES, Function
from crossdock_transformers.expression.macros import FUNCTION_MACROS, METHOD_MACROS
from crossdock_transformers.expression.types import DYN, SIMPLE, Type, list_of, optional_of, union
from crossdock_transformers.expression.values import Fault


def called(compiler: Compiler, node: syntax.Call) -> Typed:
    """`name(args)` and `receiver.name(args)`."""
    if _is_namespace(compiler, node.receiver):
        assert isinstance(node.receiver, syntax.Name)
        return _named(compiler, replace(node, name=f"{node.receiver.name}.{node.name}", receiver=None))
    return _named(compiler, node)


def _named(compiler: Compiler, node: syntax.Call) -> Typed:
    if node.name.startswith("optional."):
        return _optional(compiler, node)
    macros = FUNCTION_MACROS if node.receiver is None else METHOD_MACROS
    if node.name in macros:
        return macros[node.name](compiler, node)
    function = FUNCTIONS.get(node.name)
    if function is None:
        return compiler.problem(node.at, f"unknown function '{node.name}'{nearest(node.name, USAGES)}")
    if function.form != "both" and (function.form == "method") is (node.receiver is None):
        return compiler.problem(node.at, f"{node.name} is written {function.usage}")
    return _function(compiler, node, function)


def _is_namespace(compiler: Compiler, receiver: syntax.Node | None) -> bool:
    return isinstance(receiver, syntax.Name) and receiver.name in NAMESPACES and receiver.name not in compiler.scope


def _optional(compiler: Compiler, node: syntax.Call) -> Typed:
    if node.name == "optional.none" and not node.args:
        return Typed(ast.Name("ABSENT", ast.Load()), optional_of(DYN))
    if node.name in ("optional.of", "optional.ofNonZeroValue") and len(node.args) == 1:
        inner = compiler.value(node.args[0])
        code = inner.code if node.name == "optional.of" else compiler.library("of_value", inner.code)
        return Typed(code, optional_of(inner.type))
    return compiler.problem(node.at, "there is optional.of(value), optional.ofNonZeroValue(value) and optional.none()")


def _function(compiler: Compiler, node: syntax.Call, function: Function) -> Typed:
    nodes = node.args if node.receiver is None else (node.receiver, *node.args)
    if not function.least <= len(nodes) <= function.most:
        return compiler.problem(node.at, f"{node.name} is written {function.usage}")
    params = function.params if len(nodes) <= len(function.params) else function.params[:1] * len(nodes)
    args = [_argument(compiler, inner, param.rstrip("?*")) for inner, param in zip(nodes, params, strict=False)]
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
    if result.startswith("optional:"):
        return optional_of(SIMPLE[result[9:]])
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


def _valid(compiler: Compiler, nodes: tuple[syntax.Node, ...], _args: list[Typed]) -> Typed | None:
    node = nodes[1]
    if isinstance(node, syntax.Literal) and node.kind == "string":
        _tried(compiler, node, lambda: texts.pattern(node.value))
    return None


def _form(compiler: Compiler, nodes: tuple[syntax.Node, ...], _args: list[Typed]) -> Typed | None:
    node = nodes[min(1, len(nodes) - 1)]
    if len(nodes) > 1 and isinstance(node, syntax.Literal) and node.kind == "string":
        _tried(compiler, node, lambda: dates.form(node.value))
    return None


def _sum(compiler: Compiler, _nodes: tuple[syntax.Node, ...], args: list[Typed]) -> Typed | None:
    """The sum of numbers that are known to be numbers is Python's own."""
    inner = args[0].type.inner
    if inner.nullable or inner.kind not in ("int", "decimal"):
        return None
    code = call("sum", compiler.library("spend", args[0].code, pays=True))
    return Typed(compiler.library("whole", code) if inner.kind == "int" else code, Type(inner.kind))


def _extreme(function: str) -> Callable[..., Typed | None]:
    """The greatest or least of several numbers, or of the one list that is given."""

    def special(compiler: Compiler, nodes: tuple[syntax.Node, ...], args: list[Typed]) -> Typed | None:
        for node, arg in zip(nodes, args, strict=True):
            if arg.type.known and not (arg.type.number or (len(args) == 1 and arg.type.kind == "list")):
                compiler.problem(node, f"a number is needed here, but {compiler.text(node)} is {arg.type}")
        types = [arg.type.inner if arg.type.kind == "list" else arg.type for arg in args]
        type_ = union(types) if all(inner.known for inner in types) else DYN
        code = compiler.library(function, ast.List([arg.code for arg in args], ast.Load()), pays=True)
        return Typed(code, Type(type_.kind))

    return special


_SPECIAL: Final[dict[str, Callable[..., Typed | None]]] = {
    "decimal": _constant(conversions.to_decimal, "decimal"),
    "double": _constant(conversions.to_decimal, "decimal"),
    "timestamp": _constant(dates.timestamp, "timestamp"),
    "duration": _constant(dates.duration, "duration"),
    "matches": _pattern,
    "regex.extract": _valid,
    "regex.extractAll": _valid,
    "regex.replace": _valid,
    "date": _form,
    "format_date": _form,
    "parse_time": _form,
    "sum": _sum,
    "math.greatest": _extreme("greatest_of"),
    "math.least": _extreme("least_of"),
}
