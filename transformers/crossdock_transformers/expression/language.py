"""CEL as Crossdock's expression language: compiles a text to a function and runs it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from crossdock.core.errors import Place, Refusals
from crossdock.core.spec import Files, Shape
from crossdock_transformers.expression.code import Site, Unit, load, marked
from crossdock_transformers.expression.compiler import Compiler, Scope, Typed, Variable
from crossdock_transformers.expression.faults import rejected
from crossdock_transformers.expression.parser import parse
from crossdock_transformers.expression.shapes import type_of
from crossdock_transformers.expression.source import Source
from crossdock_transformers.expression.syntax import Node
from crossdock_transformers.expression.types import DYN, schema_of
from crossdock_transformers.expression.values import ABSENT, ERRORS

Function = Callable[[Mapping[str, Any]], Any]
SEEN = "seen"
"""The compiled function's one argument: the variables by name."""


@dataclass(slots=True)
class Compiled:
    """What was checked and typed, as a function that `make` makes at the first call: who only checks a project needs none.

    A second one, in which errors give way as CEL's logic asks, is made by `remake` when it is first needed.
    """

    make: Callable[[], Function] | None
    sites: Sequence[Site]
    remake: Callable[[], Compiled] | None = None
    _run: Function | None = field(default=None, init=False)
    _exact: Compiled | None = field(default=None, init=False)

    def __call__(self, variables: Mapping[str, Any]) -> Any:
        """Return the value; raises Rejected that says where and why."""
        run = self._run or self._made()
        try:
            return run(variables)
        except ERRORS as error:
            if self.remake is None:
                raise rejected(error, self.sites) from None
        if self._exact is None:
            self._exact = self.remake()
        return self._exact(variables)

    def _made(self) -> Function:
        make = self.make
        if make is not None:
            self._run = make()
            self.make = None
        assert self._run is not None
        return self._run


def arguments(scope: Scope, source: Source, unit: Unit) -> list[ast.stmt]:
    """Return code that takes the variables out of the argument."""
    line = unit.site(source, name="the variables")
    statements: list[ast.stmt] = []
    for name, variable in scope.items():
        value = ast.Subscript(load(SEEN), ast.Constant(name), ast.Load())
        statements.append(marked(ast.Assign([ast.Name(variable.code, ast.Store())], value), line))
    return statements


def scope_of(variables: Mapping[str, Shape | None]) -> dict[str, Variable]:
    """Return the scope of variables with shapes."""
    return {name: Variable(f"v_{name}", type_of(shape) if shape is not None else DYN) for name, shape in variables.items()}


@dataclass(frozen=True, slots=True)
class CelExpression:
    """A compiled expression."""

    text: str
    shape: Shape | None
    compiled: Compiled

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """Return the value, None where it is optional and absent; raises Rejected that says where and why."""
        value = self.compiled(variables)
        return None if value is ABSENT else value


class Cel:
    """The expression language: CEL with decimals in the place of floats; `files` has the tables that `lookup` asks."""

    def __init__(self, files: Files | None = None) -> None:
        self._files = files

    def compile(self, text: str, place: Place, variables: Mapping[str, Shape | None]) -> CelExpression:
        """Compile a text; raises Refusal with a position, Refusals where there are several faults."""
        source = Source(text, place)
        node = parse(source)
        scope = scope_of(variables)
        compiled, typed = _compiled(source, node, scope, Unit(files=self._files))
        return CelExpression(text, schema_of(typed.type), compiled)


def _compiled(source: Source, node: Node, scope: Scope, unit: Unit) -> tuple[Compiled, Typed]:
    typed = Compiler(unit, source, scope).compile(node)
    if len(unit.problems) == 1:
        raise unit.problems[0]
    if unit.problems:
        raise Refusals(unit.problems)
    result = marked(ast.Return(typed.code), len(unit.sites))
    body = [*arguments(used(scope, unit.read), source, unit), result]
    again = (
        (lambda: _compiled(source, node, scope, Unit(exact=True, files=unit.files))[0])
        if unit.lenient and not unit.exact
        else None
    )
    return Compiled(partial(unit.function, (SEEN,), body), unit.sites, again), typed


def used(scope: Scope, read: Container[str]) -> Scope:
    """Return the part of a scope whose variables are read."""
    return {name: variable for name, variable in scope.items() if variable.code in read}
