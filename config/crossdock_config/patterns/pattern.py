"""What a pattern says of itself, and what it is given while one use of it is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from pydantic import WithJsonSchema

from crossdock.core.errors import Place
from crossdock.core.nodes import Node
from crossdock.core.spec import Expression, NoOptions, Options, Shape
from crossdock.core.words import nearest
from crossdock_config.checked import Subject
from crossdock_config.scope import Scope, shape_of
from crossdock_config.yaml_source import Path

EXPRESSION: Mapping[str, Any] = {"type": ["string", "number", "boolean"], "description": "a CEL expression"}

Cel = Annotated[Any, WithJsonSchema(dict(EXPRESSION))]
"""An expression as a file has it."""
StepList = Annotated[Any, WithJsonSchema({"type": "array", "x-items": "step"})]
"""A list of steps as a file has it; the route's schema says what `x-items` stands for."""
TargetList = Annotated[Any, WithJsonSchema({"type": "array", "x-items": "target"})]
"""A list of targets as a file has it."""

OneTarget = Annotated[Any, WithJsonSchema({"x-ref": "target"})]
"""A target as a file has it."""

Built = Node | tuple[Node, ...] | None


class StepsCompiler(Protocol):
    """Compiles lists of steps; the patterns that hold steps call it."""

    def compile(self, data: Any, at: Path) -> tuple[Node, ...]:
        """Compile a list of steps."""

    def called(self, name: str, at: Path) -> tuple[Node, ...] | None:
        """Compile the steps of a shared route in place; None where there is none, which has been said."""


@dataclass(frozen=True)
class Pattern:
    """A pattern: `example` is a step as people write it. `suspends` says that the message may be put away at it.

    `schema` stands for the options where no model can say them.
    """

    name: str
    summary: str
    example: str
    compile: Callable[[Site], Built]
    options: type[Options] = NoOptions
    schema: Mapping[str, Any] | None = None
    suspends: bool = False


@dataclass
class Site:
    """One use of a pattern: what is written, where, and the means to compile it."""

    pattern: Pattern
    value: Any
    at: Path
    place: Place
    scope: Scope
    steps: StepsCompiler
    options: Any = field(default=None)

    def understand(self) -> bool:
        """Validate the options; False where they can't be used, which has been said."""
        if self.pattern.schema is not None:
            return True
        subject = Subject(self.scope.document, self.at, f"`{self.pattern.name}`")
        self.options = self.scope.project.options(self.pattern.options, self.value, subject)
        return self.options is not None

    def path(self, *names: str | int) -> Path:
        """Return the path of an option, which is the step's own where the shorthand is written."""
        return (*self.at, *names) if isinstance(self.value, dict | list) else self.at

    def expression(self, name: str, *, condition: bool = False, item: Shape | None = None) -> Expression | None:
        """Compile an option that is an expression; `item` is the shape of a variable of that name, where there is one."""
        extra = {"item": item} if item is not None else None
        return self.scope.expression(getattr(self.options, name), self.path(name), condition=condition, extra=extra)

    def say(self, message: str, *names: str | int) -> None:
        """Add a problem at an option."""
        self.scope.say(self.scope.document.at(*self.path(*names)), message)

    def number(self) -> int:
        """Return the next node's number."""
        return self.scope.number()

    def isolated(self, data: Any, at: Path, shape: Shape | None) -> tuple[tuple[Node, ...], Shape | None]:
        """Compile steps that a run can't be put away in; return them with the shape that they end with."""
        outer, around = self.scope.shape, self.scope.isolated
        self.scope.shape, self.scope.isolated = shape, self.pattern.name
        nodes = self.steps.compile(data, at)
        ended = self.scope.shape
        self.scope.shape, self.scope.isolated = outer, around
        return nodes, ended


def trail(site: Site, text: Any, *at: str | int, roots: tuple[str, ...] = ("body",)) -> tuple[str, ...] | None:
    """Return a plain path such as `body.lines` as its names, the root first; None where it is none, which has been said."""
    names = tuple(str(text).split("."))
    if names[0] not in roots or not all(part.isidentifier() for part in names):
        wanted = " or ".join(f"`{root}`" for root in roots)
        site.say(f"a plain path that begins with {wanted} is expected here, such as `body.lines`, not `{text}`", *at)
        return None
    return names


def within(site: Site, names: tuple[str, ...], *at: str | int) -> Shape | None:
    """Return the shape at a path of the body, going into lists' items; an unknown name is said."""
    shape: Shape | None = site.scope.shape
    for name in names:
        shape = items(shape)
        properties = (shape or {}).get("properties")
        if not isinstance(properties, Mapping):
            return None
        if name not in properties:
            if (shape or {}).get("additionalProperties") is False:
                site.say(f"there is no '{name}' here{nearest(name, list(properties))}", *at)
            return None
        shape = properties[name]
    return shape


def items(shape: Shape | None) -> Shape | None:
    """Return the shape of a list's items, or the shape itself where it is no list."""
    if shape is not None and shape.get("type") == "array":
        inner = shape.get("items")
        return inner if isinstance(inner, Mapping) else None
    return shape


def reshaped(shape: Shape | None, names: tuple[str, ...], new: Shape | None) -> Shape | None:
    """Return a shape with another one at a path; None where it can't be told."""
    if not names:
        return new
    properties = (shape or {}).get("properties")
    if shape is None or not isinstance(properties, Mapping) or names[0] not in properties:
        return None
    inner = reshaped(properties[names[0]], names[1:], new)
    return {**shape, "properties": {**properties, names[0]: inner if inner is not None else {}}}


__all__ = [
    "Built",
    "Cel",
    "OneTarget",
    "Pattern",
    "Site",
    "StepList",
    "TargetList",
    "items",
    "reshaped",
    "shape_of",
    "trail",
    "within",
]
