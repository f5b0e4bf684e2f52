"""The syntax tree of an expression. `start` and `end` are offsets in its text, `depth` is the height of the tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """Any node."""

    start: int
    end: int
    depth: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant. `kind` is its type's name: int, uint, decimal, string, bytes, bool, null."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """`operand.field`, or `operand.?field` where `optional`. `at` is where the field's name begins."""

    operand: Node
    field: str
    at: int
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`operand[key]`, or `operand[?key]` where `optional`."""

    operand: Node
    key: Node
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(args)`, or `receiver.name(args)`. `at` is where the name begins."""

    name: str
    receiver: Node | None
    args: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Listing(Node):
    """`[a, ?b]`; `optional` are the indexes of the elements that may be absent."""

    items: tuple[Node, ...]
    optional: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    """`{key: value, ?key: value}`; `optional` are the indexes of the entries that may be absent."""

    entries: tuple[tuple[Node, Node], ...]
    optional: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`!operand` or `-operand`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic, comparison and `in`. `at` is where the operator stands."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`a && b && c` or `a || b || c`."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Ternary(Node):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node
