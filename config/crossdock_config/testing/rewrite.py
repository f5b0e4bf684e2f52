"""Programs with some of their nodes replaced: stand-ins for labelled steps, watched branches for coverage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from crossdock.core.nodes import Base, Branch, Catch, Node
from crossdock.core.program import Program

Change = Callable[[Any], Any]
"""Takes a node or a branch, its inside changed already, and returns what stands in its place."""
_INSIDE = (Base, Branch, Catch)


def rewritten(program: Program, change: Change) -> Program:
    """Return a program with every node and branch changed, the innermost first."""
    guard = _changed(program.guard, change) if program.guard else None
    return replace(program, nodes=_changed(program.nodes, change), guard=guard)


def _changed(value: Any, change: Change) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], (tuple, *_INSIDE)):
        return tuple(_changed(one, change) for one in value)
    if isinstance(value, Mapping) and value and all(isinstance(one, (tuple, *_INSIDE)) for one in value.values()):
        return {name: _changed(one, change) for name, one in value.items()}
    if not isinstance(value, _INSIDE):
        return value
    assert is_dataclass(value)
    found = {one.name: getattr(value, one.name) for one in fields(value)}
    new = {name: _changed(one, change) for name, one in found.items()}
    differing = {name: one for name, one in new.items() if one is not found[name]}
    return change(replace(value, **differing) if differing else value)


def between(program: Program, first: str, last: str) -> Program | None:
    """Return the program of two labels and the steps between them, or None where they are not of one sequence."""
    begin, end = program.labels[first], program.labels[last]
    sequences = [program.nodes, *(inner for node in program.visit() for inner in node.inner)]
    for nodes in sequences:
        numbers = [node.number for node in nodes]
        if begin in numbers and end in numbers and numbers.index(begin) <= numbers.index(end):
            cut: tuple[Node, ...] = nodes[numbers.index(begin) : numbers.index(end) + 1]
            return replace(program, nodes=cut, guard=None, keys={}, order_by=None)
    return None
