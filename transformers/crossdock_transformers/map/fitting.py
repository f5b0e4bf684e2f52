"""Whether a value of one type may stand where another is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.core.words import nearest
from crossdock_transformers.expression.types import Type, fields_of

_CONVERSIONS: Final = {
    ("string", "decimal"): "decimal",
    ("string", "int"): "int",
    ("decimal", "int"): "int",
    ("int", "string"): "string",
    ("decimal", "string"): "string",
    ("bool", "string"): "string",
    ("timestamp", "string"): "string",
    ("string", "bool"): "bool",
}
_MOST_LEVELS: Final = 8


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted: the type, its path in the target, and the target's name. `type` is None where nothing is known."""

    target: str = ""
    path: str = ""
    type: Type | None = None

    def field(self, name: str) -> Goal:
        """What is wanted of a field."""
        found = self.type.record.field(name) if self.type and self.type.record else None
        return Goal(self.target, f"{self.path}.{name}" if self.path else name, found)

    def element(self) -> Goal:
        """What is wanted of a list's elements."""
        return Goal(self.target, f"{self.path}[]", self.type.item if self.type else None)

    @property
    def known(self) -> Type | None:
        """The type, where there is one to be checked."""
        return self.type if self.type is not None and self.type.known else None


def misfits(given: Type, goal: Goal, text: str, level: int = 0) -> Iterator[str]:
    """Yield what is wrong with a value of a type for a goal; `text` is how the value was written."""
    wanted = goal.known
    if wanted is None or not given.known or level > _MOST_LEVELS:
        return
    if given.nullable and not wanted.nullable:
        yield f"{text} may be null, {goal.path} of {goal.target} may not; write default({text}, ...)"
    if given.kind == "null":
        return
    if not _same_kind(given, wanted):
        yield f"{goal.path} of {goal.target} is {wanted}, but {text} is {given}{_conversion(given, wanted, text)}"
        return
    yield from _bad_values(given, goal, text)
    if given.kind == "list":
        yield from misfits(given.inner, goal.element(), f"an element of {text}", level + 1)
    if given.record is not None and wanted.record is not None:
        yield from _bad_fields(given, goal, text, level)


def _same_kind(given: Type, wanted: Type) -> bool:
    return (
        given.kind == wanted.kind or (wanted.kind == "decimal" and given.number) or (wanted.kind, given.kind) == ("int", "uint")
    )


def _conversion(given: Type, wanted: Type, text: str) -> str:
    name = _CONVERSIONS.get((given.kind, wanted.kind))
    return f"; write {name}({text})" if name else ""


def _bad_values(given: Type, goal: Goal, text: str) -> Iterator[str]:
    allowed = goal.type.values if goal.type else None
    if allowed is None:
        return
    for value in given.values or ():
        if value not in allowed:
            shown = f"'{value}'" if isinstance(value, str) else str(value)
            origin = "" if text.strip("\"'") == str(value) else f" (of {text})"
            hint = nearest(str(value), map(str, allowed))
            yield f"{shown}{origin} is not one of the values of {goal.path} of {goal.target}{hint}"


def _bad_fields(given: Type, goal: Goal, text: str, level: int) -> Iterator[str]:
    wanted = goal.type.record if goal.type else None
    assert given.record is not None
    assert wanted is not None
    for name in given.record.names():
        found = given.record.field(name)
        if wanted.field(name) is None:
            yield f"{text} has '{name}', which {goal.path} of {goal.target} has not{nearest(name, fields_of(wanted))}"
        elif found is not None:
            yield from misfits(found, goal.field(name), f"{text}.{name}", level + 1)
    missing = wanted.required - set(given.record.names()) if not given.record.open else ()
    for name in sorted(missing):
        yield f"{text} has no '{name}', which {goal.path} of {goal.target} needs"
