"""The nodes of a compiled route: what they are made of. `visits` says what each of them does.

    compute     StepNode  HeadersNode  BodyNode  RemoveNode  SortNode  ClaimCheckNode
    route       FilterNode  ChoiceNode  SplitNode  LoopNode  MulticastNode  SlipNode  CallNode
    go out      TargetNode  EventNode  RecipientsNode
    time        DelayNode  ThrottleNode
    wait        AggregateNode  ResequenceNode  ParkNode  ReleaseNode  EnrichNode  AnswerNode
    trouble     TryNode with its Catches (and its marks EndTry, Rethrow)  IdempotentNode

Every node has a number, a name for the trace, and the place that it was written at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from crossdock.core.errors import CrossdockError, Place
from crossdock.core.spec import Expression, Step


@dataclass(frozen=True, slots=True)
class Base:
    """What every node has."""

    number: int
    name: str
    place: Place

    @property
    def inner(self) -> tuple[tuple[Node, ...], ...]:
        """The sequences of nodes inside this one."""
        return ()

    @property
    def isolated(self) -> bool:
        """Whether a run can't be taken up again inside: then it is taken up at this node."""
        return False


@dataclass(frozen=True, slots=True)
class StepNode(Base):
    """One pipeline step: decode, map, validate, encode, ..."""

    step: Step


@dataclass(frozen=True, slots=True)
class FilterNode(Base):
    """Message Filter: goes on only where the condition holds."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class HeadersNode(Base):
    """Content Enricher for headers: sets each header to its expression's value."""

    values: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class BodyNode(Base):
    """Sets the body to an expression's value."""

    value: Expression


@dataclass(frozen=True, slots=True)
class RemoveNode(Base):
    """Content Filter: takes fields out. Paths begin with `body` or `headers`."""

    paths: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class SortNode(Base):
    """Puts a list of the body in order, by a value of each `item`; equal ones stay as they came."""

    path: tuple[str, ...]
    by: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ClaimCheckNode(Base):
    """Claim Check: `store` puts the body aside under a name, `restore` takes it back."""

    action: Literal["store", "restore"]
    key: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One way of a choice; a condition of None is the `otherwise`."""

    condition: Expression | None
    place: Place
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ChoiceNode(Base):
    """Content-Based Router: the first branch whose condition holds, or none, then on with what follows."""

    branches: tuple[Branch, ...]

    @property
    def inner(self) -> tuple[tuple[Node, ...], ...]:
        return tuple(branch.nodes for branch in self.branches)


@dataclass(frozen=True, slots=True)
class SplitNode(Base):
    """Splitter: each part goes on by itself. `path` is None where the body is a stream that yields its own parts."""

    path: Expression | None = None


@dataclass(frozen=True, slots=True)
class LoopNode(Base):
    """For each: does its nodes with every item of a list as the body; what comes out takes the items' places.

    An item that a filter inside stops is left out. `path` leads to the list within the body; empty means the body itself.
    """

    path: tuple[str, ...]
    nodes: tuple[Node, ...]

    @property
    def inner(self) -> tuple[tuple[Node, ...], ...]:
        return (self.nodes,)

    @property
    def isolated(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class MulticastNode(Base):
    """Multicast: each branch gets a copy of the message; afterwards the route goes on with the message as it was."""

    branches: tuple[tuple[Node, ...], ...]

    @property
    def inner(self) -> tuple[tuple[Node, ...], ...]:
        return self.branches

    @property
    def isolated(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class SlipNode(Base):
    """Routing Slip: an expression names which of the known sequences to do, and in which order."""

    slip: Expression
    among: Mapping[str, tuple[Node, ...]]

    @property
    def inner(self) -> tuple[tuple[Node, ...], ...]:
        return tuple(self.among.values())

    @property
    def isolated(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class CallNode(Base):
    """The steps of a shared route, done in place."""

    nodes: tuple[Node, ...]

    @property
    def inner(self) -> tuple[tuple[Node, ...], ...]:
        return (self.nodes,)


@dataclass(frozen=True, slots=True)
class TargetNode(Base):
    """A `to`: hands the message to an endpoint.

    `endpoint` is an endpoint of the environment, or `partner:<name>`; `partner:` alone means the partner the message came from.
    `title` gives the document its name, where the target keeps files.
    """

    endpoint: str
    operation: str = ""
    options: Any = None
    key: Expression | None = None
    order_key: Expression | None = None
    title: Expression | None = None
    reply_to: str = ""
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventNode(Base):
    """A `to: {event: type}`: publishes the body as a canonical event."""

    type: str


@dataclass(frozen=True, slots=True)
class RecipientsNode(Base):
    """Recipient List: an expression names which of the known targets get the message."""

    to: Expression
    among: Mapping[str, TargetNode]

    @property
    def inner(self) -> tuple[tuple[Node, ...], ...]:
        return (tuple(self.among.values()),)

    @property
    def isolated(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class DelayNode(Base):
    """Delayer: the message goes on so many seconds later, or at a moment that an expression gives."""

    seconds: float = 0.0
    until: Expression | None = None


@dataclass(frozen=True, slots=True)
class ThrottleNode(Base):
    """Throttler: at most `rate` messages a second go on, `burst` at once; those over it wait. `by` keeps rates apart."""

    rate: float
    burst: int
    by: Expression | None = None


@dataclass(frozen=True, slots=True)
class IdempotentNode(Base):
    """Idempotent Receiver: a message whose key another one had (within `window` seconds) is a duplicate and stops."""

    key: Expression
    scope: str
    window: float | None = None


@dataclass(frozen=True, slots=True)
class AggregateNode(Base):
    """Aggregator: messages of one key wait for each other and go on as one.

    A group is complete at `size` members, at as many as its members say (`total`), at one for which `closes` holds, `after`
    seconds from its first or `quiet` seconds from its last member; the first that comes true counts. The new body is the list of
    their bodies, or `body` over `items`. `mark` stays the same from release to release while the step does: it names the groups.
    """

    by: Expression
    mark: str = ""
    size: int | None = None
    total: Expression | None = None
    closes: Expression | None = None
    after: float | None = None
    quiet: float | None = None
    body: Expression | None = None


@dataclass(frozen=True, slots=True)
class ResequenceNode(Base):
    """Resequencer: messages of one key go on in the order of their numbers, from `first` on.

    A gap holds those after it for `wait` seconds at most; then they go on without the missing ones. `mark` names sequences: it
    stays the same from release to release while `by`, `sequence` and `first` do.
    """

    by: Expression
    sequence: Expression
    mark: str
    first: int
    wait: float


@dataclass(frozen=True, slots=True)
class ParkNode(Base):
    """Parks the message until a person, or a step `release` with the same key, lets it go on.

    `when` says which messages; after `seconds` it fails.
    """

    key: Expression
    when: Expression | None = None
    reason: Expression | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ReleaseNode(Base):
    """Lets all parked messages of a key go on."""

    key: Expression


@dataclass(frozen=True, slots=True)
class EnrichNode(Base):
    """Content Enricher: asks an endpoint and puts its answer into the body.

    `request` makes what is asked (the body, without one), `pick` takes what is wanted from the `reply`, `path` is where in
    the body it goes. An answer is remembered for `cache` seconds; one that does not come within `seconds` fails the message.
    `default` stands for an answer where the endpoint refuses.
    """

    target: TargetNode
    path: tuple[str, ...]
    request: Expression | None = None
    pick: Expression | None = None
    cache: float = 0.0
    seconds: float = 300.0
    default: Expression | None = None

    @property
    def inner(self) -> tuple[tuple[Node, ...], ...]:
        return ((self.target,),)

    @property
    def isolated(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class AnswerNode(Base):
    """Request-Reply: the body, or an expression's value, is the answer to whoever sent the message and waits for it."""

    value: Expression | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Catch:
    """What to do about an error. `errors` are kinds or codes (a code's beginning will do); empty takes all but retryable ones.

    `then` says how it ends: `go_on` after the try, or `fail` once the nodes have had their say.
    """

    errors: tuple[str, ...]
    place: Place
    nodes: tuple[Node, ...]
    then: Literal["go_on", "fail"] = "go_on"

    def takes(self, error: CrossdockError) -> bool:
        """Tell whether it is meant for an error."""
        if not self.errors:
            return error.kind != "retryable"
        return any(name in (error.kind, error.code) or error.code.startswith(name + "-") for name in self.errors)


@dataclass(frozen=True, slots=True)
class TryNode(Base):
    """Try: does its nodes; an error goes to the first catch that takes it; `last` is done in any case.

    What the nodes wanted to send before the error is not sent.
    """

    nodes: tuple[Node, ...]
    catches: tuple[Catch, ...] = ()
    last: tuple[Node, ...] = ()

    @property
    def inner(self) -> tuple[tuple[Node, ...], ...]:
        return (self.nodes, *(catch.nodes for catch in self.catches), self.last)


@dataclass(frozen=True, slots=True)
class EndTry(Base):
    """The mark where a try's nodes end."""

    owner: TryNode


@dataclass(frozen=True, slots=True)
class Rethrow(Base):
    """The mark where an error goes on its way once a catch or `finally` had its say; the rest is its origin's."""

    error: CrossdockError = field(compare=False)


def end_of(node: TryNode) -> EndTry:
    """Return the mark of a try's end."""
    return EndTry(node.number, node.name, node.place, node)


Node = (
    StepNode
    | FilterNode
    | HeadersNode
    | BodyNode
    | RemoveNode
    | SortNode
    | ClaimCheckNode
    | ChoiceNode
    | SplitNode
    | LoopNode
    | MulticastNode
    | SlipNode
    | CallNode
    | TargetNode
    | EventNode
    | RecipientsNode
    | DelayNode
    | ThrottleNode
    | IdempotentNode
    | AggregateNode
    | ResequenceNode
    | ParkNode
    | ReleaseNode
    | EnrichNode
    | AnswerNode
    | TryNode
    | EndTry
    | Rethrow
)
