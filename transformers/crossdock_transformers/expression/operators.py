"""Operators: arithmetic, comparison, `in`, logic and the choice."""

from __future__ import annotations

import ast
from typing import Final

from crossdock.core.words import nearest
from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.compiler import Compiler, Typed
from crossdock_transformers.expression.types import (
    BOOL,
    BYTES,
    DECIMAL,
    DYN,
    INT,
    STRING,
    UINT,
    Type,
    list_of,
    optional_of,
    union,
)

_PYTHON: Final[dict[str, type[ast.operator]]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult}
_DYNAMIC: Final = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
_COMPARE: Final[dict[str, type[ast.cmpop]]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_ORDER: Final = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
_ORDERED: Final = frozenset(("string", "bytes", "bool", "timestamp", "duration"))
_EXACT: Final = frozenset(("string", "bytes", "timestamp", "duration", "null"))
"""Kinds that Python compares with anything as CEL does."""
_MOMENTS: Final = {
    ("timestamp", "+", "duration"): "timestamp",
    ("duration", "+", "timestamp"): "timestamp",
    ("duration", "+", "duration"): "duration",
    ("timestamp", "-", "timestamp"): "duration",
    ("timestamp", "-", "duration"): "timestamp",
    ("duration", "-", "duration"): "duration",
}


def unary(compiler: Compiler, node: syntax.Unary) -> Typed:
    """`!x` and `-x`."""
    if node.operator == "!":
        return Typed(ast.UnaryOp(ast.Not(), compiler.condition(node.operand)), BOOL)
    operand = compiler.value(node.operand)
    if operand.type.known and operand.type.kind not in ("int", "decimal"):
        return compiler.problem(node, f"'-' needs a number, but {compiler.text(node.operand)} is {operand.type}")
    return Typed(compiler.library("negate", operand.code), Type(operand.type.kind))


def binary(compiler: Compiler, node: syntax.Binary) -> Typed:
    """Any operator between two values."""
    if node.operator in ("==", "!="):
        return _equality(compiler, node)
    left, right = compiler.value(node.left), compiler.value(node.right)
    if node.operator in _DYNAMIC:
        return _arithmetic(compiler, node, left, right)
    if node.operator == "in":
        return _membership(compiler, node, left, right)
    return _order(compiler, node, left, right)


# Arithmetic


def _arithmetic(compiler: Compiler, node: syntax.Binary, left: Typed, right: Typed) -> Typed:
    one, other = left.type, right.type
    if not one.known or not other.known:
        return _unknown(compiler, node, left, right)
    if one.number and other.number:
        return _numbers(compiler, node, left, right)
    if one.kind == other.kind and node.operator == "+" and one.kind in ("string", "bytes", "list"):
        return _joined(compiler, left, right)
    kind = _MOMENTS.get((one.kind, node.operator, other.kind))
    if kind:
        moment = ast.BinOp(left.code, _PYTHON[node.operator](), right.code)
        return Typed(compiler.library("span", moment) if kind == "duration" else moment, Type(kind))
    return compiler.problem(node.at, _unfit(compiler, node, one, other))


def _unknown(compiler: Compiler, node: syntax.Binary, left: Typed, right: Typed) -> Typed:
    code = compiler.library(_DYNAMIC[node.operator], left.code, right.code, pays=node.operator == "+")
    known = left.type if left.type.known else right.type
    sure = known.kind in ("string", "bytes") or (known.kind == "decimal" and node.operator != "%")
    return Typed(code, Type(known.kind) if sure else DYN)


def _numbers(compiler: Compiler, node: syntax.Binary, left: Typed, right: Typed) -> Typed:
    kinds = {left.type.kind, right.type.kind}
    if len(kinds) == 1 and "decimal" not in kinds:
        return _whole(compiler, node.operator, left, right)
    if kinds == {"int", "uint"} or node.operator == "%":
        return compiler.problem(node.at, _unfit(compiler, node, left.type, right.type))
    if node.operator == "/":
        return Typed(compiler.library("ratio", left.code, right.code), DECIMAL)
    return Typed(ast.BinOp(left.code, _PYTHON[node.operator](), right.code), DECIMAL)


def _whole(compiler: Compiler, operator: str, left: Typed, right: Typed) -> Typed:
    type_ = INT if left.type.kind == "int" else UINT
    if operator in ("/", "%"):
        return Typed(compiler.library("quotient" if operator == "/" else "remainder", left.code, right.code), type_)
    result = ast.BinOp(left.code, _PYTHON[operator](), right.code)
    return Typed(compiler.library("whole" if type_ is INT else "natural", result), type_)


def _joined(compiler: Compiler, left: Typed, right: Typed) -> Typed:
    kind = left.type.kind
    if kind == "list":
        inner = union([left.type.inner, right.type.inner]) if left.type.inner.known and right.type.inner.known else DYN
        return Typed(compiler.library("joined", left.code, right.code, pays=True), list_of(inner))
    whole = ast.BinOp(left.code, ast.Add(), right.code)
    return Typed(compiler.library("paid", whole, pays=True), STRING if kind == "string" else BYTES)


def _unfit(compiler: Compiler, node: syntax.Binary, one: Type, other: Type) -> str:
    hint = ""
    if node.operator == "+" and "string" in (one.kind, other.kind):
        number = node.left if other.kind == "string" else node.right
        hint = f"; write string({compiler.text(number)})"
    elif {one.kind, other.kind} == {"int", "uint"}:
        hint = "; write int(...) around the uint"
    return f"'{node.operator}' does not take {one} and {other}{hint}"


# Comparison


def _equality(compiler: Compiler, node: syntax.Binary) -> Typed:
    left, right = compiler.compile(node.left), compiler.compile(node.right)
    if left.type.kind == right.type.kind == "optional":
        return _same(compiler, node, "same_maybe", left, right)
    left, right = compiler.sure(left, node.left), compiler.sure(right, node.right)
    one, other = left.type, right.type
    if _never(one, other):
        return compiler.problem(node.at, f"{one} never equals {other}: {compiler.text(node.left)}, {compiler.text(node.right)}")
    _check_values(compiler, (node.left, one), (node.right, other))
    if one.kind in _EXACT or other.kind in _EXACT or (one.number and other.number) or one.kind == other.kind == "bool":
        return Typed(ast.Compare(left.code, [_COMPARE[node.operator]()], [right.code]), BOOL)
    return _same(compiler, node, "equal", left, right)


def _same(compiler: Compiler, node: syntax.Binary, function: str, left: Typed, right: Typed) -> Typed:
    code = compiler.library(function, left.code, right.code, pays=True)
    return Typed(code if node.operator == "==" else ast.UnaryOp(ast.Not(), code), BOOL)


def _never(one: Type, other: Type) -> bool:
    if not one.known or not other.known or "null" in (one.kind, other.kind):
        return False
    return one.kind != other.kind and not (one.number and other.number)


def _check_values(compiler: Compiler, *sides: tuple[syntax.Node, Type]) -> None:
    """A constant that is none of the possible values is a mistake in writing."""
    for (node, constant), (path, known) in (sides, sides[::-1]):
        if not isinstance(node, syntax.Literal) or isinstance(path, syntax.Literal) or not known.values or not constant.values:
            continue
        if constant.values[0] not in known.values:
            hint = nearest(str(node.value), map(str, known.values))
            compiler.problem(node, f"{compiler.text(path)} is never {compiler.text(node)}{hint}")


def _order(compiler: Compiler, node: syntax.Binary, left: Typed, right: Typed) -> Typed:
    one, other = left.type, right.type
    if not one.known or not other.known:
        return Typed(compiler.library(_ORDER[node.operator], left.code, right.code), BOOL)
    if (one.number and other.number) or (one.kind == other.kind and one.kind in _ORDERED):
        return Typed(ast.Compare(left.code, [_COMPARE[node.operator]()], [right.code]), BOOL)
    return compiler.problem(node.at, _unfit(compiler, node, one, other))


def _membership(compiler: Compiler, node: syntax.Binary, left: Typed, right: Typed) -> Typed:
    container = right.type
    if container.known and container.kind not in ("list", "map"):
        return compiler.problem(node.right, f"'in' needs a list or an object, but {compiler.text(node.right)} is {container}")
    if container.kind == "list" and _never(left.type, container.inner):
        return compiler.problem(node.at, f"{left.type} is never in a list of {container.inner}s".replace("of a ", "of "))
    if isinstance(node.right, syntax.Listing) and isinstance(right.code, ast.List) and left.type.kind == "string":
        for item in node.right.items:
            _check_values(
                compiler,
                (item, container.inner if not isinstance(item, syntax.Literal) else _constant(item)),
                (node.left, left.type),
            )
        return Typed(ast.Compare(left.code, [ast.In()], [ast.Tuple(right.code.elts, ast.Load())]), BOOL)
    return Typed(compiler.library("within", left.code, right.code, pays=True), BOOL)


def _constant(node: syntax.Literal) -> Type:
    return Type(node.kind, values=(node.value,))


# Logic


def logic(compiler: Compiler, node: syntax.Logic) -> Typed:
    """`&&` and `||`. An operand that fails gives way to one that decides; that is tried only after something has failed."""
    unit = compiler.unit
    unit.lenient = True
    operands = [compiler.condition(operand) for operand in node.operands]
    if not unit.exact:
        return Typed(ast.BoolOp(ast.Or() if node.operator == "||" else ast.And(), operands), BOOL)
    lazy = [compiler.lazy(operand, code) for operand, code in zip(node.operands, operands, strict=True)]
    return Typed(compiler.library("decided", ast.Tuple(lazy, ast.Load()), ast.Constant(node.operator == "||")), BOOL)


def ternary(compiler: Compiler, node: syntax.Ternary) -> Typed:
    """`condition ? then : otherwise`."""
    condition = compiler.condition(node.condition)
    then, otherwise = compiler.compile(node.then), compiler.compile(node.otherwise)
    types = [then.type, otherwise.type]
    optional = [type_.kind == "optional" for type_ in types]
    if any(optional) and not all(optional):
        return compiler.problem(
            node, "one side of this choice may be absent, the other not; write optional.of(...) around the other"
        )
    return Typed(ast.IfExp(condition, then.code, otherwise.code), _either(types))


def _either(types: list[Type]) -> Type:
    if types[0].kind == "optional":
        return optional_of(_either([type_.inner for type_ in types]))
    return union(types) if all(type_.known for type_ in types) else DYN
