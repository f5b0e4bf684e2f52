"""A compiled map, and the step that applies it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from crossdock.core.errors import Refusal, Refusals
from crossdock.core.message import Message
from crossdock.core.program import variable_shapes, variables
from crossdock.core.spec import Context, Files, Resource, Shape
from crossdock_transformers.expression.code import Unit, marked
from crossdock_transformers.expression.language import SEEN, Compiled, arguments, scope_of, used
from crossdock_transformers.expression.shapes import type_of
from crossdock_transformers.expression.source import Source
from crossdock_transformers.expression.types import Type, schema_of
from crossdock_transformers.map.emitter import Emitter
from crossdock_transformers.map.fitting import Goal
from crossdock_transformers.map.forms import Group, Reader, Use
from crossdock_transformers.map.known import shape_named


@dataclass(frozen=True, slots=True)
class Map:
    """A compiled map. `shape` is what it makes."""

    name: str
    shape: Shape | None
    run: Compiled

    def __call__(self, seen: Mapping[str, Any]) -> Any:
        """Return the target's document from the variables (`body`, `headers`, ...); raises Rejected that says where and why."""
        return self.run(seen)


@dataclass(frozen=True, slots=True)
class MapStep:
    """The step `map: name`."""

    map: Map

    @property
    def shape(self) -> Shape | None:
        """The target's schema, or what the map itself says where it names no target."""
        return self.map.shape

    def apply(self, message: Message) -> Message:
        """Return the message with the target's document."""
        return message.with_body(self.map.run(variables(message)))


def compile_map(resource: Resource, context: Context) -> Map:
    """Compile a map's file; raises Refusals with every problem at its place in the file.

    The body's shape is what the route knows (`context.shape`), else what the file's `source` names.
    """
    data = resource.data if isinstance(resource.data, Mapping) else {}
    problems: list[Refusal] = []
    named = shape_named(resource, "source", context, problems)
    source = context.shape if context.shape is not None else named
    return compiled(
        resource, source, shape_named(resource, "target", context, problems), str(data.get("target", "")), problems, context
    )


def compiled(
    resource: Resource,
    source: Shape | None,
    target: Shape | None,
    named: str,
    found: list[Refusal] | None = None,
    files: Files | None = None,
) -> Map:
    """Compile a map between two shapes, either of which may be unknown; `named` is what messages call the target."""
    reader = Reader(resource)
    form = reader.whole()
    problems = [*(found or ()), *reader.problems]
    if not problems or _says(form):
        goal = Goal(named, "", type_of(target) if target is not None else None)
        run, type_, more = _function(resource, form, source, goal, Unit(files=files))
        problems += more
    if problems:
        raise Refusals(sorted(problems, key=_order))
    return Map(resource.name, target if target is not None else schema_of(type_), run)


def _unread(unit: Unit) -> list[Refusal]:
    """A name under `let:` that nothing reads is a mistake; where something else is wrong, that is told alone."""
    if unit.problems:
        return []
    return [
        Refusal(f"'{name}' is never used; remove it", place=place) for code, name, place in unit.lets if code not in unit.read
    ]


def _says(form: Group | Use) -> bool:
    return isinstance(form, Use) or bool(form.fields)


def _order(refusal: Refusal) -> tuple[str, int, int]:
    place = refusal.place
    return (place.path, place.line, place.column) if place else ("", 0, 0)


def _function(
    resource: Resource, form: Group | Use, source: Shape | None, goal: Goal, unit: Unit
) -> tuple[Compiled, Type, list[Refusal]]:
    scope = scope_of(variable_shapes(source))
    emitter = Emitter(resource, unit)
    typed = emitter.emit(form, scope, goal)
    emitter.block.append(marked(ast.Return(typed.code), len(unit.sites)))
    emitter.block[:0] = arguments(used(scope, unit.read), Source("", resource.at("fields")), unit)
    unit.problems += _unread(unit)
    if unit.problems:
        return Compiled(None, ()), typed.type, unit.problems

    def again() -> Compiled:
        return _function(resource, form, source, goal, Unit(exact=True, files=unit.files))[0]

    remake = again if unit.lenient and not unit.exact else None
    return Compiled(partial(unit.function, (SEEN,), emitter.block), unit.sites, remake), typed.type, []
