"""Parses CEL into a syntax tree, by recursive descent.

The grammar is CEL's, with `.?field` and `[?key]` (optional access) and without message construction. Limits keep a hostile
text from stalling the compiler: `MOST_TEXT` characters, `MOST_DEPTH` levels of nesting.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

from crossdock.core.errors import Place, Refusal
from crossdock_transformers.expression.source import Source
from crossdock_transformers.expression.syntax import (
    Binary,
    Call,
    Index,
    Listing,
    Literal,
    Logic,
    Mapping,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
)
from crossdock_transformers.expression.tokens import Token, tokens

MOST_TEXT = 10_000
"""Characters of one expression."""
MOST_DEPTH = 60
"""Levels of nesting; a chain of n operators is n levels high."""

_CONSTANTS = {"true": ("bool", True), "false": ("bool", False), "null": ("null", None)}
_WORDS = "as break const continue else for function if import in let loop namespace package return var void while"
_RESERVED = frozenset(_WORDS.split(" "))
_RELATIONS = frozenset(("==", "!=", "<", "<=", ">", ">="))


def is_name(text: str) -> bool:
    """Whether expressions can refer to something by this name."""
    return text.isascii() and text.isidentifier() and text not in _RESERVED and text not in _CONSTANTS


def parse(source: Source) -> Node:
    """Return the tree of a text; raises Refusal with the position of the first fault."""
    if len(source.text) > MOST_TEXT:
        raise source.refusal(f"an expression may have {MOST_TEXT} characters; this one has {len(source.text)}", 0)
    return _tree(source.text) or _Parser(source).whole()


@lru_cache(maxsize=4096)
def _tree(text: str) -> Node | None:
    """Return the tree of a text, None where it has a fault. Many expressions are the same: `body`, `item.quantity`."""
    try:
        return _Parser(Source(text, Place(""))).whole()
    except Refusal:
        return None


class _Parser:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._tokens = list(tokens(source))
        self._position = 0
        self._nesting = 0

    # Tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._token
        self._position += 1
        return token

    def _is(self, *marks: str) -> bool:
        token = self._token
        return token.kind == "mark" and token.value in marks

    def _take(self, mark: str) -> bool:
        if self._is(mark):
            self._position += 1
            return True
        return False

    def _expect(self, mark: str, why: str) -> Token:
        if not self._is(mark):
            self._unexpected(f"; '{mark}' is missing {why}")
        return self._next()

    def _unexpected(self, hint: str = "") -> NoReturn:
        token = self._token
        if token.kind == "end":
            before = self._tokens[self._position - 1].end if self._position else 0
            message = f"the expression ends too early{hint}" if before else "there is no expression here"
            raise self._source.refusal(message, before)
        raise self._source.refusal(f"'{self._text(token)}' is not expected here{hint}", token.start)

    def _text(self, token: Token) -> str:
        text = self._source.text[token.start : token.end]
        return text if len(text) <= 30 else text[:30] + "..."

    # Nodes

    def _height(self, start: int, *children: Node) -> int:
        depth = 1 + max((child.depth for child in children), default=0)
        if depth > MOST_DEPTH:
            raise self._deep(start)
        return depth

    def _deep(self, start: int) -> Refusal:
        return self._source.refusal(f"this is nested more than {MOST_DEPTH} levels deep; name parts of it with `let:`", start)

    def whole(self) -> Node:
        """Parse to the end of the text."""
        node = self._expression()
        if self._token.kind != "end":
            self._unexpected()
        return node

    def _expression(self) -> Node:
        self._nesting += 1
        if self._nesting > MOST_DEPTH:
            raise self._deep(self._token.start)
        node = self._ternary()
        self._nesting -= 1
        return node

    def _ternary(self) -> Node:
        condition = self._or()
        if not self._take("?"):
            return condition
        then = self._or()
        self._expect(":", "between the two choices")
        otherwise = self._expression()
        depth = self._height(condition.start, condition, then, otherwise)
        return Ternary(condition.start, otherwise.end, depth, condition, then, otherwise)

    def _or(self) -> Node:
        return self._logic("||", self._and)

    def _and(self) -> Node:
        return self._logic("&&", self._relation)

    def _logic(self, operator: str, inner: Callable[[], Node]) -> Node:
        operands = [inner()]
        while self._take(operator):
            operands.append(inner())
        if len(operands) == 1:
            return operands[0]
        start = operands[0].start
        return Logic(start, operands[-1].end, self._height(start, *operands), operator, tuple(operands))

    def _relation(self) -> Node:
        left = self._addition()
        while True:
            token = self._token
            if not (token.kind == "mark" and token.value in _RELATIONS) and (token.kind, token.value) != ("name", "in"):
                return left
            left = self._binary(left, self._addition)

    def _addition(self) -> Node:
        left = self._multiplication()
        while self._is("+", "-"):
            left = self._binary(left, self._multiplication)
        return left

    def _multiplication(self) -> Node:
        left = self._unary()
        while self._is("*", "/", "%"):
            left = self._binary(left, self._unary)
        return left

    def _binary(self, left: Node, inner: Callable[[], Node]) -> Node:
        operator = self._next()
        right = inner()
        depth = self._height(left.start, left, right)
        return Binary(left.start, right.end, depth, operator.value, left, right, operator.start)

    def _unary(self) -> Node:
        signs = []
        while self._is("!") or self._is("-"):
            signs.append(self._next())
        negated = self._negative(signs)
        node = negated or self._member(self._primary())
        for sign in reversed(signs):
            node = Unary(sign.start, node.end, self._height(sign.start, node), sign.value, node)
        return node

    def _negative(self, signs: list[Token]) -> Node | None:
        """A minus before a number belongs to the number, or -9223372036854775808 could not be written."""
        token = self._token
        if not signs or signs[-1].value != "-" or token.kind not in ("int", "decimal"):
            return None
        sign = signs.pop()
        self._next()
        return self._member(Literal(sign.start, token.end, 1, token.kind, -token.value))

    def _member(self, node: Node) -> Node:
        while self._is(".", "[", ".?", "[?"):
            opening = self._next()
            node = self._select(node, opening) if opening.value[0] == "." else self._index(node, opening)
        return node

    def _select(self, node: Node, dot: Token) -> Node:
        token = self._next()
        if token.kind not in ("name", "escaped") or (token.kind == "name" and token.value in _CONSTANTS):
            self._position -= 1
            self._unexpected("; a field's name must follow the dot")
        optional = dot.value == ".?"
        if not optional and token.kind == "name" and self._is("("):
            return self._call(token, node)
        return Select(node.start, token.end, self._height(node.start, node), node, token.value, token.start, optional)

    def _index(self, node: Node, bracket: Token) -> Node:
        key = self._expression()
        end = self._expect("]", "after the index").end
        return Index(node.start, end, self._height(node.start, node, key), node, key, bracket.value == "[?")

    def _call(self, name: Token, receiver: Node | None) -> Node:
        self._expect("(", "")
        args = self._sequence(")", "after the arguments")
        start = name.start if receiver is None else receiver.start
        inside = args if receiver is None else (receiver, *args)
        end = self._tokens[self._position - 1].end
        return Call(start, end, self._height(start, *inside), name.value, receiver, args, name.start)

    def _sequence(self, closing: str, why: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._is(closing):
            items.append(self._expression())
            if not self._take(","):
                break
        self._expect(closing, why)
        return tuple(items)

    def _primary(self) -> Node:
        token = self._token
        if token.kind in ("string", "bytes", "int", "uint", "decimal"):
            return self._literal(token)
        if token.kind == "name":
            return self._name()
        for mark, inner in (("(", self._group), ("[", self._list), ("[?", self._list), ("{", self._map), (".", self._absolute)):
            if self._is(mark):
                return inner()
        return self._unexpected()

    def _literal(self, token: Token) -> Node:
        if token.kind == "int" and token.value == 1 << 63:
            raise self._source.refusal("this int does not fit into 64 bits; write a decimal: add .0", token.start)
        self._next()
        return Literal(token.start, token.end, 1, token.kind, token.value)

    def _name(self) -> Node:
        token = self._next()
        if token.value in _CONSTANTS:
            return Literal(token.start, token.end, 1, *_CONSTANTS[token.value])
        if token.value in _RESERVED:
            raise self._source.refusal(f"'{token.value}' is a reserved word and can't be a name", token.start)
        if self._is("("):
            return self._call(token, None)
        if self._is("{"):
            raise self._source.refusal(
                f"'{token.value}{{...}}' makes a message of a named type; write {{'key': value}}", token.start
            )
        return Name(token.start, token.end, 1, token.value)

    def _absolute(self) -> Node:
        """A name after a dot of its own: CEL's way to pass over what a container defines; there is none here."""
        self._next()
        if self._token.kind != "name":
            self._unexpected("; a name must follow the dot")
        return self._name()

    def _group(self) -> Node:
        self._next()
        node = self._expression()
        self._expect(")", "after the parenthesis")
        return node

    def _list(self) -> Node:
        opening = self._next()
        items: list[Node] = []
        optional: set[int] = set()
        while not self._is("]"):
            if self._take("?") or (not items and opening.value == "[?"):
                optional.add(len(items))
            items.append(self._expression())
            if not self._take(","):
                break
        end = self._expect("]", "after the list").end
        return Listing(opening.start, end, self._height(opening.start, *items), tuple(items), frozenset(optional))

    def _map(self) -> Node:
        start = self._next().start
        entries: list[tuple[Node, Node]] = []
        optional: set[int] = set()
        while not self._is("}"):
            if self._take("?"):
                optional.add(len(entries))
            key = self._expression()
            self._expect(":", "after the key")
            entries.append((key, self._expression()))
            if not self._take(","):
                break
        end = self._expect("}", "after the map").end
        inside = [node for entry in entries for node in entry]
        return Mapping(start, end, self._height(start, *inside), tuple(entries), frozenset(optional))
