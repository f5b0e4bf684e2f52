"""Checks a syntax tree against what is known and makes it Python code.

A `Compiler` works on one expression: its unit collects the code's constants, sites and problems. After a problem the work goes on
with a value of unknown type, so that one run finds them all.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.code import Unit, call, load, marked
from crossdock_transformers.expression.source import Source
from crossdock_transformers.expression.types import BOOL, DYN, NUMBERS, Type


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that expressions see: the compiled variable that holds it, and its type."""

    code: str
    type: Type


Scope = Mapping[str, Variable]


@dataclass(frozen=True, slots=True)
class Typed:
    """Code and the type of its value."""

    code: ast.expr
    type: Type


Rule = Callable[["Compiler", Any], Typed]


class Compiler:
    """Makes one expression's code."""

    def __init__(self, unit: Unit, source: Source, scope: Scope) -> None:
        self.unit = unit
        self.source = source
        self.scope = scope

    def compile(self, node: syntax.Node) -> Typed:
        """Return a node's code and type."""
        typed = rules()[type(node)](self, node)
        marked(typed.code, self.unit.site(self.source, node))
        return typed

    def read(self, variable: Variable) -> Typed:
        """Return code that reads a variable, and note that it is read."""
        self.unit.read.add(variable.code)
        return Typed(load(variable.code), variable.type)

    def value(self, node: syntax.Node) -> Typed:
        """Return the code of a node that must not be absent."""
        return self.sure(self.compile(node), node)

    def sure(self, typed: Typed, node: syntax.Node) -> Typed:
        """Return compiled code that must not be absent."""
        if typed.type.kind != "optional":
            return typed
        text = self.text(node)
        return self.problem(node, f"{text} may be absent; write {text}.orValue(...) with what to use instead")

    def need(self, node: syntax.Node, kind: str) -> Typed:
        """Return the code of a node that must be of a kind; a value of unknown type is checked when it runs."""
        return self.checked(self.value(node), node, kind)

    def condition(self, node: syntax.Node) -> ast.expr:
        """Return the code of a node that must be true or false."""
        return self.need(node, "bool").code

    def checked(self, typed: Typed, node: syntax.Node, kind: str) -> Typed:
        """Return code that has a kind for sure."""
        type_ = typed.type
        fits = type_.kind == kind or (kind == "number" and type_.kind in NUMBERS)
        if fits and not type_.nullable:
            return typed
        if fits or not type_.known:
            guarded = marked(call(f"is_{kind}", typed.code), self.unit.site(self.source, node))
            return Typed(guarded, type_ if fits else _named(kind))
        return self.problem(
            node, f"{Type(kind) if kind != 'number' else 'a number'} is needed here, but {self.text(node)} is {type_}"
        )

    def within(self, name: str, variable: Variable) -> Compiler:
        """Return a compiler that sees one more name."""
        return Compiler(self.unit, self.source, {**self.scope, name: variable})

    def problem(self, node: syntax.Node | int, message: str) -> Typed:
        """Note a problem at a node or an offset, and go on with an unknown value."""
        offset = node if isinstance(node, int) else node.start
        self.unit.problems.append(self.source.refusal(message, offset))
        return Typed(ast.Constant(None), DYN)

    def text(self, node: syntax.Node) -> str:
        """Return a node as it was written."""
        text = " ".join(self.source.text[node.start : node.end].split())
        return text if len(text) <= 60 else f"{text[:57]}..."

    def library(self, name: str, *args: ast.expr, pays: bool = False) -> ast.expr:
        """Return a call of the library, with the budget where it pays."""
        return call(name, self.unit.budget(), *args) if pays else call(name, *args)

    def lazy(self, node: syntax.Node, body: ast.expr) -> ast.expr:
        """Return code that is run later, or not at all."""
        from crossdock_transformers.expression.code import function_of

        return marked(function_of((), body), self.unit.site(self.source, node))


def _named(kind: str) -> Type:
    return DYN if kind in ("number", "iterable") else BOOL if kind == "bool" else Type(kind)


@cache
def rules() -> Mapping[type, Rule]:
    """Return how each kind of node is compiled."""
    from crossdock_transformers.expression.rules import RULES

    return RULES
