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
from crossdock.core.policy import Policy
from crossdock.core.spec import Expression, Shape, Step


@dataclass(frozen=True, slots=True)
class StepNode:
    """One pipeline step: decode, map, validate, encode, ..."""

    number: int
    name: str
    place: Place
    step: Step


@dataclass(frozen=True, slots=True)
class FilterNode:
    """Message Filter: goes on only where the condition holds."""

    number: int
    name: str
    place: Place
    condition: Expression


@dataclass(frozen=True, slots=True)
class HeadersNode:
    """Content Enricher for headers: sets each header to its expression's value."""

    number: int
    name: str
    place: Place
    values: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Branch:
    """One way of a choice; a condition of None is the `otherwise`."""

    condition: Expression | None
    place: Place
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ChoiceNode:
    """Content-Based Router: the first branch whose condition holds, or none, then on with what follows."""

    number: int
    name: str
    place: Place
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class SplitNode:
    """Splitter: each part goes on by itself. `path` is None where the body is a stream that yields its own parts."""

    number: int
    name: str
    place: Place
    path: Expression | None = None


@dataclass(frozen=True, slots=True)
class TargetNode:
    """A `to`: hands the message to an endpoint.

    `endpoint` is an endpoint of the environment, or `partner:<name>`; `partner:` alone means the partner the message came from.
    `title` gives the document its name, where the target keeps files.
    """

    number: int
    name: str
    place: Place
    endpoint: str
    operation: str = ""
    options: Any = None
    key: Expression | None = None
    order_key: Expression | None = None
    title: Expression | None = None
    reply_to: str = ""
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventNode:
    """A `to: {event: type}`: publishes the body as a canonical event."""

    number: int
    name: str
    place: Place
    type: str


Node = StepNode | FilterNode | HeadersNode | ChoiceNode | SplitNode | TargetNode | EventNode


@dataclass(frozen=True)
class Program:
    """A route, compiled. `nodes` are the steps followed by the targets; `keys` are the business keys it is found by."""

    route: str
    place: Place
    nodes: tuple[Node, ...]
    keys: Mapping[str, Expression] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    shape: Shape | None = None

    @cached_property
    def _rests(self) -> dict[int, tuple[Node, ...]]:
        return dict(_rests(self.nodes, ()))

    def rest(self, number: int) -> tuple[Node, ...]:
        """Return the nodes from `number` on, out through the branches around it; 0 is the start."""
        return self._rests.get(number, self.nodes) if number else self.nodes

    @cached_property
    def _numbered(self) -> dict[int, Node]:
        return {node.number: node for node in self.visit()}

    def node(self, number: int) -> Node | None:
        """Return a node by number."""
        return self._numbered.get(number)

    def visit(self) -> Iterator[Node]:
        """Yield every node, branches included."""
        return _visit(self.nodes)


def _rests(nodes: tuple[Node, ...], after: tuple[Node, ...]) -> Iterator[tuple[int, tuple[Node, ...]]]:
    for index, node in enumerate(nodes):
        yield node.number, nodes[index:] + after
        if isinstance(node, ChoiceNode):
            for branch in node.branches:
                yield from _rests(branch.nodes, nodes[index + 1 :] + after)


def _visit(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if isinstance(node, ChoiceNode):
            for branch in node.branches:
                yield from _visit(branch.nodes)


def variables(message: Message) -> dict[str, Any]:
    """Return what expressions can see of a message."""
    return {
        "body": message.body,
        "headers": message.headers,
        "keys": message.keys,
        "partner": message.control.partner,
        "source": message.control.source,
        "received_at": message.received_at,
    }


def variable_shapes(body: Shape | None) -> dict[str, Shape | None]:
    """Return the shapes of those variables, for the compiler, around a body of a given shape."""
    strings = {"type": "object", "additionalProperties": {"type": "string"}}
    text = {"type": "string"}
    return {
        "body": body,
        "headers": strings,
        "keys": strings,
        "partner": text,
        "source": text,
        "received_at": {"type": "integer"},
    }
