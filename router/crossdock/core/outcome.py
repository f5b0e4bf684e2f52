"""What a run of a route's program gives: the message's new state and everything that shall be committed with it.

Steps compute and send nothing; an `Outcome` is the whole of what they want to happen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from crossdock.core.chain import Link
from crossdock.core.errors import CrossdockError, Finding
from crossdock.core.exchange import Exchange, Settlement
from crossdock.core.message import Message


class State(StrEnum):
    """Where a message stands. `waiting`: for a person, an answer, others of its group; `gathered`: it went on with its group."""

    RECEIVED = "received"
    DONE = "done"
    FILTERED = "filtered"
    SPLIT = "split"
    DUPLICATE = "duplicate"
    RETRY = "retry"
    WAITING = "waiting"
    GATHERED = "gathered"
    FAILED = "failed"
    DISCARDED = "discarded"


class DeliveryState(StrEnum):
    """Where a delivery stands. `unknown`: the call may have happened and the target can't be asked; a person decides."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step's line in the trace: its name, `file:line`, how long it took, and a remark."""

    name: str
    where: str
    micros: int = 0
    note: str = ""


LENIENT = "lenient "
"""How the stage begins that tells of a fault that was let pass; the leniency's name follows."""


def lenient_stages(remarks: Iterable[Finding]) -> tuple[Stage, ...]:
    """Return faults that were let pass as the trace tells them."""
    return tuple(Stage(LENIENT + one.code, one.where, 0, one.message) for one in remarks)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A document to be handed to one endpoint.

    `body` is bytes, decoded data, or `Numbered`. `key` is the idempotency key that the target is asked by, the same on every
    attempt; deliveries with the same `order_key` to one endpoint go one after the other. `reply_to` names the event that
    carries the target's reply; `where` is the `file:line` that asked for it. One of `priority` 1 overtakes others in its lane.
    """

    endpoint: str
    body: Any
    key: str = ""
    operation: str = ""
    content_type: str = "application/octet-stream"
    order_key: str = ""
    reply_to: str = ""
    name: str = ""
    where: str = ""
    policies: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """A canonical event, published to every route that starts with `from: {event: type}`."""

    type: str
    body: Any
    where: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that may be used once (an idempotent receiver): whoever commits it first wins, later ones are duplicates.

    `window` is in seconds; None means for ever. `what` says in the user's words what is a duplicate (`interchange 000004711`),
    `verb` what was done with the first. A later one is set aside in silence, or waits for a person where the claim `fails`.
    `holder` is the message that has the key, where the journal answers with a claim that was taken. `part` counts the part of the
    document (the interchange of a file) that the claim is of, from 1: where it is taken, the other parts go on without that one.
    With 0 it is of the whole.
    """

    scope: str
    key: str
    what: str
    window: float | None = None
    verb: str = "received"
    fails: bool = False
    holder: str = ""
    part: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a message is put away, and by what it is found again.

    Kinds: `park` until somebody releases its `key`, `ask` until an endpoint answers, `gather` until its group (`scope` and `key`)
    is complete. Of a group's member, `n` is its place in a sequence, `total` says how many the group has, `closes` that it is
    the last. `note` says in the user's words what is waited for.
    """

    kind: Literal["park", "ask", "gather"]
    node: int
    key: str = ""
    scope: str = ""
    note: str = ""
    where: str = ""
    n: int | None = None
    total: int | None = None
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route replies to whoever waits for it. `status` is HTTP's."""

    body: Any
    content_type: str
    status: int = 200


def told(claims: Iterable[Claim]) -> str:
    """Return claims as the error of a duplicate keeps them in its detail, one a line, so that it can be let in after all."""
    return "\n".join(f"{claim.scope}\t{claim.key}" for claim in claims)


@dataclass(frozen=True, slots=True)
class Closing:
    """What closes a split document after its last part: the deliveries (the 997s), and what was wrong with its envelope.

    `settlements` are what the envelope itself acknowledges (a TA1 stands in no transaction), `remarks` its faults that were let
    pass. Where a part of a document is refused, `raw` is that part as it came, `keys` what it is found by.
    """

    deliveries: tuple[Delivery, ...] = ()
    error: CrossdockError | None = None
    note: str = ""
    settlements: tuple[Settlement, ...] = ()
    remarks: tuple[Finding, ...] = ()
    raw: bytes = b""
    keys: Mapping[str, str] = field(default_factory=dict)


def unanswered(_claim: Claim) -> Closing:
    """Return the answer to a duplicate, where nobody is told of it: nothing."""
    return Closing()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one run.

    `state` SPLIT comes with `parts`, an iterator that yields each part's own outcome lazily (a part's `message.id` is
    `child_id(parent, index)`), and `finish`, called once after the last part, which closes the whole; `refuse` says what closes
    it where one of its claims is taken. `exchanges` are the documents received with it, `settlements` what it acknowledges.
    `links` are what received documents say of orders.
    `resume` is the program's node at which a failed message can be taken up again. `paused` says that a RETRY is no trouble:
    the route wants to go on `after` seconds; `wait` says what it waits for. `releases` are the keys of parked messages that may
    go on, `answer` is for whoever waits for this message's reply. `closing` is what closed a document that was not split; its
    deliveries are among the outcome's, and the document is not answered a second time. `without` gives the outcome of a split
    without those of its parts whose claims (scope and key) are taken.
    """

    message: Message
    state: State
    deliveries: tuple[Delivery, ...] = ()
    events: tuple[Event, ...] = ()
    claims: tuple[Claim, ...] = ()
    stages: tuple[Stage, ...] = ()
    error: CrossdockError | None = None
    resume: int = 0
    after: float = 0.0
    paused: bool = False
    parts: Iterator[Outcome] | None = None
    finish: Callable[[], Closing] = Closing
    links: tuple[Link, ...] = ()
    refuse: Callable[[Claim], Closing] = unanswered
    exchanges: tuple[Exchange, ...] = ()
    wait: Wait | None = None
    releases: tuple[str, ...] = ()
    answer: Answer | None = None
    settlements: tuple[Settlement, ...] = ()
    closing: Closing | None = None
    without: Callable[[Collection[tuple[str, str]]], Outcome] | None = None
