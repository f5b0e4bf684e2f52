"""The compiled route: nodes, and for each node what remains to be done from there on.

A program is immutable and shared by all threads. Every node has a number, so that a failed message can be taken up again at
the node where it stopped: `program.rest(number)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crossdock.core.errors import Place
from crossdock.core.message import Message
from crossdock.core.nodes import Node, TryNode, end_of
from crossdock.core.policy import Policy
from crossdock.core.spec import Expression, Shape


@dataclass(frozen=True)
class Program:
    """A route, compiled. `nodes` are the steps followed by the targets; `keys` are the business keys it is found by.

    `guard` is the route's `on_error`: a try around everything. `labels` name nodes for tests. Messages with the same `order_by`
    are run, and delivered to each target, one after the other; deliveries of `priority` 1 overtake others in their lanes.
    """

    route: str
    place: Place
    nodes: tuple[Node, ...]
    keys: Mapping[str, Expression] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    shape: Shape | None = None
    guard: TryNode | None = None
    labels: Mapping[str, int] = field(default_factory=dict)
    order_by: Expression | None = None
    priority: int = 0

    @cached_property
    def _start(self) -> tuple[Node, ...]:
        return self.nodes + self._end

    @cached_property
    def _end(self) -> tuple[Node, ...]:
        return (end_of(self.guard),) if self.guard else ()

    @cached_property
    def _rests(self) -> dict[int, tuple[Node, ...]]:
        return dict(_rests(self.nodes, self._end))

    def rest(self, number: int) -> tuple[Node, ...]:
        """Return the nodes from `number` on, out through those around it; 0 is the start."""
        return self._rests.get(number, self._start) if number else self._start

    @cached_property
    def _numbered(self) -> dict[int, Node]:
        return {node.number: node for node in self.visit()}

    def node(self, number: int) -> Node | None:
        """Return a node by number."""
        return self._numbered.get(number)

    def visit(self) -> Iterator[Node]:
        """Yield every node, those inside others included."""
        yield from _visit(self.nodes)
        if self.guard:
            yield from _visit((self.guard,))


def _rests(nodes: tuple[Node, ...], after: tuple[Node, ...]) -> Iterator[tuple[int, tuple[Node, ...]]]:
    for index, node in enumerate(nodes):
        here, beyond = nodes[index:] + after, nodes[index + 1 :] + after
        yield node.number, here
        if node.isolated:
            yield from ((one.number, here) for inner in node.inner for one in _visit(inner))
        elif isinstance(node, TryNode):
            yield from _rests_of_try(node, beyond)
        else:
            for inner in node.inner:
                yield from _rests(inner, beyond)


def _rests_of_try(node: TryNode, beyond: tuple[Node, ...]) -> Iterator[tuple[int, tuple[Node, ...]]]:
    """Within the try its catches hold; a catch goes on with the `finally`."""
    yield from _rests(node.nodes, (end_of(node), *beyond))
    for catch in node.catches:
        yield from _rests(catch.nodes, node.last + beyond)
    yield from _rests(node.last, beyond)


def _visit(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        for inner in node.inner:
            yield from _visit(inner)


_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
ERROR_SHAPE: Mapping[str, Any] = {
    "type": "object",
    "properties": dict.fromkeys(("kind", "code", "message", "where", "advice"), _TEXT),
    "additionalProperties": False,
}
"""What a catch sees of the error under `error`; outside of a catch every field is empty."""

NO_ERROR: Mapping[str, str] = dict.fromkeys(ERROR_SHAPE["properties"], "")


def variables(message: Message) -> dict[str, Any]:
    """Return what expressions can see of a message."""
    return {
        "body": message.body,
        "headers": message.headers,
        "keys": message.keys,
        "partner": message.control.partner,
        "source": message.control.source,
        "received_at": message.received_at,
        "parent": message.held.get("parent"),
        "error": message.held.get("error", NO_ERROR),
    }


def variable_shapes(body: Shape | None) -> dict[str, Shape | None]:
    """Return the shapes of those variables, for the compiler, around a body of a given shape."""
    return {
        "body": body,
        "headers": _TEXTS,
        "keys": _TEXTS,
        "partner": _TEXT,
        "source": _TEXT,
        "received_at": {"type": "integer"},
        "parent": None,
        "error": ERROR_SHAPE,
    }
