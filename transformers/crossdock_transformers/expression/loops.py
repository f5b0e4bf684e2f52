"""The loops: `all`, `exists`, `exists_one`, `map`, `filter`, `transformList`, `transformMap`, each with one name or with two.

With one name that is a list's element or an object's key; with two it is index and element, or key and value. Each loop pays
one step of the budget for each element before it begins.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.code import function_of, load, marked
from crossdock_transformers.expression.compiler import Compiler, Typed, Variable
from crossdock_transformers.expression.types import BOOL, DYN, INT, STRING, Type, list_of

_USAGE: Final = {
    "map": "list.map(name, expression)",
    "filter": "list.filter(name, expression)",
    "transformList": "list.transformList(index, name, expression)",
    "transformMap": "object.transformMap(key, value, expression)",
}


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop: the compiler that sees its names, Python's loop, the names in compiled code, and the element's type."""

    inner: Compiler
    code: ast.comprehension
    names: tuple[str, ...]
    item: Type


def _loop(compiler: Compiler, node: syntax.Call, names: int, more: tuple[int, ...]) -> Loop | None:
    """Return the loop of a call with so many names and, after them, so many expressions; None after a problem."""
    assert node.receiver is not None
    given = node.args[:names]
    if len(node.args) - names not in more or not all(isinstance(name, syntax.Name) for name in given):
        compiler.problem(node.at, f"{node.name} is written {_usage(node)}")
        return None
    receiver = compiler.value(node.receiver)
    type_ = receiver.type
    if type_.known and type_.kind not in ("list", "map"):
        compiler.problem(node.receiver, f"{node.name} goes over a list, but {compiler.text(node.receiver)} is {type_}")
        return None
    return _opened(compiler, node.receiver, receiver, [str(getattr(name, "name", "")) for name in given])


def _usage(node: syntax.Call) -> str:
    if node.name == "map" and len(node.args) == 3:
        return "list.map(name, condition, value)"
    return _USAGE.get(node.name, f"list.{node.name}(name, expression)")


def _opened(compiler: Compiler, node: syntax.Node, receiver: Typed, names: list[str]) -> Loop:
    type_ = receiver.type
    sure = type_.kind == "list" and not type_.nullable
    items = receiver.code if sure else compiler.library("is_iterable", receiver.code)
    paid = compiler.library("spend", items, pays=True)
    types = _types(type_, len(names))
    variables = [Variable(compiler.unit.fresh(f"v_{name}"), known) for name, known in zip(names, types, strict=True)]
    if len(names) == 2:
        paid = compiler.library("pairs", paid)
    over = marked(paid, compiler.unit.site(compiler.source, node))
    for name, variable in zip(names, variables, strict=True):
        compiler = compiler.within(name, variable)
    codes = tuple(variable.code for variable in variables)
    targets: list[ast.expr] = [ast.Name(code, ast.Store()) for code in codes]
    target = targets[0] if len(targets) == 1 else ast.Tuple(targets, ast.Store())
    return Loop(compiler, ast.comprehension(target, over, [], 0), codes, types[-1])


def _types(over: Type, names: int) -> tuple[Type, ...]:
    """The types of a loop's names."""
    if over.kind == "map":
        key = STRING if over.record is not None else DYN
        return (key,) if names == 1 else (key, DYN)
    item = over.inner if over.kind == "list" else DYN
    return (item,) if names == 1 else (INT if over.kind == "list" else DYN, item)


# One truth value


def every(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.all(name, condition)`."""
    return _quantified(compiler, node, "all")


def some(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.exists(name, condition)`."""
    return _quantified(compiler, node, "any")


def _quantified(compiler: Compiler, node: syntax.Call, function: str) -> Typed:
    names = 2 if len(node.args) == 3 else 1
    loop = _loop(compiler, node, names, (1,))
    if loop is None:
        return Typed(ast.Constant(None), BOOL)
    compiler.unit.lenient = True
    condition = loop.inner.condition(node.args[-1])
    if not compiler.unit.exact:
        return Typed(compiler.library(function, ast.GeneratorExp(condition, [loop.code])), BOOL)
    test = marked(function_of(loop.names, condition), compiler.unit.site(compiler.source, node))
    decide = "decided_for" if names == 1 else "decided_for_pairs"
    return Typed(compiler.library(decide, loop.code.iter, test, ast.Constant(function == "any")), BOOL)


def exactly_one(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.exists_one(name, condition)`."""
    loop = _loop(compiler, node, 2 if len(node.args) == 3 else 1, (1,))
    if loop is None:
        return Typed(ast.Constant(None), BOOL)
    loop.code.ifs.append(loop.inner.condition(node.args[-1]))
    count = compiler.library("sum", ast.GeneratorExp(ast.Constant(1), [loop.code]))
    return Typed(ast.Compare(count, [ast.Eq()], [ast.Constant(1)]), BOOL)


# Lists and objects


def transformed(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.map(name, value)` and `list.map(name, condition, value)`."""
    return _transformed(compiler, node, 1)


def transformed_pairs(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.transformList(index, name, value)`, with a condition before the value where one is needed."""
    return _transformed(compiler, node, 2)


def _transformed(compiler: Compiler, node: syntax.Call, names: int) -> Typed:
    loop = _loop(compiler, node, names, (1, 2))
    if loop is None:
        return Typed(ast.Constant(None), list_of(DYN))
    value = _value(loop, node, names)
    return Typed(ast.ListComp(value.code, [loop.code]), list_of(value.type))


def transformed_map(compiler: Compiler, node: syntax.Call) -> Typed:
    """`object.transformMap(key, value, expression)`, with a condition before the expression where one is needed."""
    loop = _loop(compiler, node, 2, (1, 2))
    if loop is None:
        return Typed(ast.Constant(None), Type("map"))
    value = _value(loop, node, 2)
    return Typed(ast.DictComp(load(loop.names[0]), value.code, [loop.code]), Type("map"))


def _value(loop: Loop, node: syntax.Call, names: int) -> Typed:
    if len(node.args) - names == 2:
        loop.code.ifs.append(loop.inner.condition(node.args[names]))
    return loop.inner.value(node.args[-1])


def filtered(compiler: Compiler, node: syntax.Call) -> Typed:
    """`list.filter(name, condition)`."""
    loop = _loop(compiler, node, 1, (1,))
    if loop is None:
        return Typed(ast.Constant(None), list_of(DYN))
    loop.code.ifs.append(loop.inner.condition(node.args[1]))
    return Typed(ast.ListComp(load(loop.names[0]), [loop.code]), list_of(loop.item))


LOOPS: Final[Mapping[str, Callable[[Compiler, syntax.Call], Typed]]] = {
    "all": every,
    "exists": some,
    "exists_one": exactly_one,
    "existsOne": exactly_one,
    "map": transformed,
    "filter": filtered,
    "transformList": transformed_pairs,
    "transformMap": transformed_map,
}
