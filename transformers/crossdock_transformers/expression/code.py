"""Writes Python's syntax tree. The tree holds only what is built here: no text of a user's ever becomes code.

Every statement and expression carries, as its line number, the number of the `Site` that it comes from. When compiled code
fails, the traceback's line says which part of which expression failed, at no cost while all goes well.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any, Final, TypeVar

from crossdock.core.errors import Place, Refusal
from crossdock.core.spec import Files
from crossdock_transformers.expression import arithmetic, dates, maths, tables, texts, values
from crossdock_transformers.expression.functions import FUNCTIONS
from crossdock_transformers.expression.source import Source
from crossdock_transformers.expression.syntax import Node

LIBRARY: Final[Mapping[str, Any]] = {
    **{function.code: function.call for function in FUNCTIONS.values()},
    **{f"is_{kind}": guard for kind, guard in values.GUARDS.items()},
    **{f"null_or_{kind}": values.unless((None,), guard) for kind, guard in values.GUARDS.items()},
    **{f"absent_or_{kind}": values.unless((values.ABSENT,), guard) for kind, guard in values.GUARDS.items()},
    **{f"null_or_absent_or_{kind}": values.unless((None, values.ABSENT), guard) for kind, guard in values.GUARDS.items()},
    **{name: getattr(values, name) for name in ("ABSENT", "spend", "paid", "equal", "within", "item", "field")},
    **{name: getattr(values, name) for name in ("maybe_field", "maybe_item", "given", "given_or", "present", "present_or")},
    **{name: getattr(values, name) for name in ("has_value", "required", "mapped", "decided", "decided_for", "entry")},
    **{name: getattr(values, name) for name in ("of_value", "same_maybe", "listed", "keyed", "pairs", "decided_for_pairs")},
    **{name: getattr(arithmetic, name) for name in ("whole", "natural", "quotient", "remainder", "ratio", "joined")},
    **{name: getattr(arithmetic, name) for name in ("add", "subtract", "multiply", "divide", "modulo", "negate")},
    **tables.LIBRARY,
    "moment": dates.moment,
    "span": dates.span,
    "greatest_of": maths.greatest,
    "least_of": maths.least,
    **{name: getattr(arithmetic, name) for name in ("less", "less_equal", "greater", "greater_equal")},
    "found": texts.found,
    "all": all,
    "any": any,
    "sum": sum,
    "enumerate": enumerate,
    "__builtins__": {},
}
"""Everything that compiled code can reach; it has no builtins of its own."""
BUDGET: Final = "budget"
_LATER: Final[dict[str, Any]] = {"type_params": []} if sys.version_info >= (3, 12) else {}
"""What Python's own tree needs in later versions."""
_FILE: Final = "<expression>"
Tree = TypeVar("Tree", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop around a site: the compiled variable that counts it, and what it goes over."""

    counter: str
    over: str


@dataclass(frozen=True, slots=True)
class Site:
    """Where a piece of code comes from. `node` is None for code of a map that stands for no expression of its own."""

    source: Source
    node: Node | None = None
    loops: tuple[Loop, ...] = ()
    name: str = ""


@dataclass(slots=True)
class Unit:
    """One Python function in the making; `files` has the project's tables, `lets` each name that a map
    gives to a value: its variable, itself, and its place. `read` are the variables that expressions read.

    `exact` asks for logic in which an error gives way to an answer, at a price.
    """

    exact: bool = False
    files: Files | None = None
    sites: list[Site] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    problems: list[Refusal] = field(default_factory=list)
    loops: tuple[Loop, ...] = ()
    spends: bool = False
    lenient: bool = False
    names: int = 0
    lets: list[tuple[str, str, Place]] = field(default_factory=list)
    read: set[str] = field(default_factory=set)

    def site(self, source: Source, node: Node | None = None, name: str = "") -> int:
        """Register a site and return its number."""
        self.sites.append(Site(source, node, self.loops, name))
        return len(self.sites)

    def fresh(self, word: str) -> str:
        """Return a new variable name."""
        self.names += 1
        return f"{word}_{self.names}"

    def constant(self, value: Any) -> ast.expr:
        """Return code for a value: a literal where Python has one, else a global."""
        if value is None or type(value) in (bool, int, str, bytes):
            return ast.Constant(value)
        name = f"k_{len(self.constants)}"
        self.constants[name] = value
        return load(name)

    def budget(self) -> ast.expr:
        """Return code for the budget, and note that it is used."""
        self.spends = True
        return load(BUDGET)

    def function(self, args: Sequence[str], body: list[ast.stmt]) -> Callable[..., Any]:
        """Return the compiled function."""
        if self.spends:
            steps = ast.List([ast.Constant(values.MOST_STEPS)], ast.Load())
            body = [ast.Assign([ast.Name(BUDGET, ast.Store())], steps), *body]
        function = ast.FunctionDef("run", _arguments(args), body, [], **_LATER)
        module = ast.Module([_lined(function)], [])
        return FunctionType(_inner(compile(module, _FILE, "exec")), {**LIBRARY, **self.constants})


def _inner(module: CodeType) -> CodeType:
    return next(constant for constant in module.co_consts if isinstance(constant, CodeType))


def ours(code: CodeType) -> bool:
    """Whether this is compiled by a unit."""
    return code.co_filename == _FILE


def marked(tree: Tree, line: int) -> Tree:
    """Give a line to a tree that has none yet, and return it; what is below has it too, unless it has its own."""
    content = vars(tree)
    if "lineno" not in content:
        content["lineno"] = line
    return tree


def _lined(tree: ast.stmt) -> ast.stmt:
    """Write out the line of every node, as Python wants it: a node without its own has the one of what it is in."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    while waiting:
        node, line = waiting.pop()
        content = vars(node)
        line = content.get("lineno", line)
        for value in content.values():  # `ast.iter_child_nodes` would take a tenth of a large project's time
            if isinstance(value, list):
                waiting += [(child, line) for child in value if child is not None]
            elif isinstance(value, ast.AST) and value._fields:
                waiting.append((value, line))
        if node._attributes:
            content["lineno"], content["col_offset"] = line, 0
    return tree


def load(name: str) -> ast.expr:
    """Return code that reads a variable."""
    return ast.Name(name, ast.Load())


def call(name: str, *args: ast.expr) -> ast.expr:
    """Return code that calls a function of the library."""
    return ast.Call(load(name), list(args), [])


def function_of(args: Sequence[str], body: ast.expr) -> ast.expr:
    """Return code of a function without a name."""
    return ast.Lambda(_arguments(args), body)


def _arguments(names: Sequence[str]) -> ast.arguments:
    return ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])
