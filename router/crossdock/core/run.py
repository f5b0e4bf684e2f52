"""A run under way: the message as it is now, and what has been gathered to be committed with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.core.chain import Link
from crossdock.core.errors import Rejected
from crossdock.core.message import Message, Numbered
from crossdock.core.nodes import TargetNode, TryNode
from crossdock.core.outcome import Answer, Claim, Delivery, Event, Outcome, Stage, State, Wait
from crossdock.core.policy import StateStore
from crossdock.core.program import variables
from crossdock.core.spec import Expression, Stream

MOST_COLLECTED = 10_000
"""How many parts of a stream a route without a split may hold at once."""
PLAIN = (dict, list, bytes, str)
"""The usual bodies; anything else may be a stream."""

REFUSED: Final = "refused_parts"
"""What a message holds the claims (scope and key) of those of its parts under that had been received before."""

STOP: Final = object()
"""The message ends here, filtered."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The message goes on `after` seconds; `again` at this node, else at the next. `wait` says what it waits for."""

    after: float
    again: bool = False
    wait: Wait | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """The message waits in a group, for as long as the group takes."""

    wait: Wait


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run may ask of the world: the time (s since 1970), and the policies' shared state."""

    now: float = 0.0
    state: StateStore | None = None


@dataclass(slots=True)
class Guarded:
    """A try that the run is in, and how much the run wanted to send when it came in."""

    node: TryNode
    deliveries: int = 0
    events: int = 0


@dataclass(slots=True)
class Run:
    """What one pass has gathered so far.

    `spoken` says from where on deliveries and events are a catch's or a `finally`'s. `taken` is what the node that is being done
    waited for, where it did: an answer, a release.
    """

    message: Message
    world: Surroundings = field(default_factory=Surroundings)
    deliveries: list[Delivery] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    claims: tuple[Claim, ...] = ()
    links: tuple[Link, ...] = ()
    tries: list[Guarded] = field(default_factory=list)
    spoken: tuple[int, int] = (0, 0)
    stream: Stream | None = None
    releases: tuple[str, ...] = ()
    answer: Answer | None = None
    taken: Any = None

    def outcome(self, state: State, **rest: Any) -> Outcome:
        """Return the result of the run as it stands."""
        return Outcome(
            self.message,
            state,
            tuple(self.deliveries),
            tuple(self.events),
            self.claims,
            tuple(self.stages),
            links=self.links,
            releases=self.releases,
            answer=self.answer,
            **rest,
        )

    def branch(self, message: Message) -> Run:
        """Return a run of another message that sends along with this one."""
        return Run(message, self.world, self.deliveries, self.events, self.stages, self.claims, self.links)

    def take(self, node: int) -> None:
        """Take what a node waited for out of what the message holds."""
        slot = f"#{node}"
        self.taken = self.message.held.get(slot)
        if self.taken is not None:
            self.message = self.message.holding_no(slot)

    def absorb(self, run: Run) -> None:
        """Take over what another run, which was a branch of this one, claims and links, and what it decoded."""
        self.stream = self.stream or run.stream
        self.claims, self.links, self.releases = run.claims, run.links, run.releases
        self.answer = run.answer or self.answer


def delivery(node: TargetNode, current: Run) -> Delivery:
    """Return what a target shall get."""
    message = current.message
    seen = variables(message)
    endpoint = node.endpoint if node.endpoint != "partner:" else f"partner:{message.control.partner}"
    if endpoint == "partner:":
        raise Rejected(
            "this message has no partner to deliver to", where=node.place.short, advice="name one: `to: [{partner: acme}]`"
        )
    return Delivery(
        endpoint=endpoint,
        body=settled(current),
        key=str(node.key.evaluate(seen)) if node.key else "",
        operation=node.operation,
        content_type=message.content_type,
        order_key=str(node.order_key.evaluate(seen)) if node.order_key else "",
        reply_to=node.reply_to,
        name=str(node.title.evaluate(seen)) if node.title else "",
        where=node.place.short,
        policies=node.policies,
        options={"node": node.number},
    )


def settled(current: Run) -> Any:
    """Return the body as something that can be kept: a stream that nobody split is read to its end."""
    body = current.message.body
    if type(body) in PLAIN or body is None or isinstance(body, Numbered | int | bool) or not hasattr(body, "parts"):
        return body
    bodies, current.links = _collected(body)
    return bodies


def _collected(stream: Stream) -> tuple[list[Any], tuple[Link, ...]]:
    bodies: list[Any] = []
    links: list[Link] = []
    for part in stream.parts():
        if part.error:
            raise part.error
        if not part.passes:
            continue  # an acknowledgement: the journal settles it
        if len(bodies) == MOST_COLLECTED:
            raise Rejected(
                f"more than {MOST_COLLECTED} {stream.unit} in one message", advice=f"add a step `split: {stream.unit}`"
            )
        bodies.append(part.body)
        links += part.links
    return bodies, tuple(links)


def kind_of(value: Any) -> str:
    """Say what a value is, for people."""
    names = {dict: "an object", list: "a list", str: "a text", bytes: "bytes", bool: "a truth value", type(None): "nothing"}
    return names.get(type(value), "a number")


def holds(condition: Expression, seen: Mapping[str, Any], name: str, where: str = "") -> bool:
    """Whether a condition of a node holds; what is absent or null doesn't. Raises Rejected where it is neither true nor false."""
    value = condition.evaluate(seen)
    if value is None or isinstance(value, bool):
        return value is True
    advice = 'compare it with something, such as `body.total > 0`, or `body.kind == "gift"`'
    message = f"a condition of `{name}` must be true or false, and this is {kind_of(value)}"
    raise Rejected(message, code="condition", where=where, advice=advice)
