"""The journal as the runtime sees it: the only truth about messages, work and effects.

Every call is one transaction, durable when it returns. Work is claimed under a fenced lease on database time: whoever lost the
lease can commit nothing any more (`LeaseLost`, or the work missing from the answer). Calls are safe from many threads and
from many processes. Times are in ms since 1970, durations in seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from crossdock.core.access import Actor
from crossdock.core.chain import Link
from crossdock.core.deployment import Deployment, Tally
from crossdock.core.errors import CrossdockError, Refused
from crossdock.core.message import Accepted, Message, Receipt
from crossdock.core.outcome import Claim, DeliveryState, Outcome
from crossdock.core.ports import Progress, Reply

EffectState = Literal["", "intended", "confirmed", "refused", "unknown"]


class Superseded(Refused):
    """Somebody else has deployed in the meantime; nothing was changed. `by` is the deployment that was faster."""

    def __init__(self, by: Deployment) -> None:
        super().__init__(
            f"{by.actor or 'somebody'} was faster: {by} ({by.act}) was made while this one was prepared; nothing was changed",
            code="superseded",
            advice="look at what changed with `crossdock plan`, then deploy again",
        )
        self.by = by


class LeaseLost(Exception):
    """Another worker has taken this work over; nothing was written."""


def message_lane(route: str, partner: str) -> str:
    """Return the lane in which a route's messages wait; each partner has its own, so that a flood delays nobody else."""
    return f"route/{route}/{partner}" if partner else f"route/{route}"


def gather_lane(route: str) -> str:
    """Return the lane in which a route's groups are looked at."""
    return f"gather/{route}"


def delivery_lane(endpoint: str, partner: str) -> str:
    """Return the lane in which deliveries to an endpoint wait, again one for each partner."""
    return f"to/{endpoint}/{partner}" if partner else f"to/{endpoint}"


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed row of the queue. `attempts` counts this one already; `first_at` is when the first attempt began (ms)."""

    seq: int
    lane: str
    attempts: int
    fence: int
    first_at: int


@dataclass(frozen=True, slots=True)
class MessageWork(Work):
    """A message to be run through its route."""

    message: Message


@dataclass(frozen=True, slots=True)
class DeliveryWork(Work):
    """A delivery to be made. `effect` is what the ledger says of earlier attempts ('' where none was begun).

    `message` is the message that asked for it, with the delivery's own body.
    """

    delivery_id: str
    endpoint: str
    operation: str
    key: str
    reply_to: str
    name: str
    where: str
    policies: tuple[str, ...]
    node: int
    effect: EffectState
    message: Message


@dataclass(frozen=True, slots=True)
class GatherWork(Work):
    """A group of waiting messages to be looked at. `ref` is `scope<TAB>key`."""

    ref: str


Claimed = list[MessageWork] | list[DeliveryWork] | list[GatherWork]
"""What a claim gives: all of one kind, by the lane's."""


@dataclass(frozen=True, slots=True)
class Member:
    """A message that waits in a group (`outcome.Wait`); `at` is in ms."""

    message_id: str
    at: int
    n: int | None
    total: int | None
    closes: bool
    node: int


@dataclass(frozen=True, slots=True)
class Gathering:
    """A group as it stands: its members, oldest first, and up to which number it has been let go in order. `now` is in ms."""

    members: tuple[Member, ...]
    last: int | None
    now: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a look at a group gave, ready to be committed.

    `taken` members went into the `combined` message; `released` ones go on by themselves, in this order, or fail with the `error`
    (see `CrossdockError.record`) if there is one. `last` is the number up to which they were let go; `after` is when to look
    again, in seconds.
    """

    work: GatherWork
    combined: Message | None = None
    taken: tuple[str, ...] = ()
    released: tuple[Member, ...] = ()
    error: Mapping[str, Any] | None = None
    last: int | None = None
    after: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wake:
    """A waiting message may go on: `slot` is put into what it holds, under its node's number."""

    message_id: str
    node: int
    slot: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settled:
    """A message's run, ready to be committed.

    `spawns` are the messages that its events start in other routes. Where the outcome's state is RETRY, `after` seconds pass
    before the next attempt; `counts` False gives the attempt back (nothing was tried).
    """

    work: MessageWork
    outcome: Outcome
    spawns: tuple[Message, ...] = ()
    after: float = 0.0
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Appended:
    """One part's outcome on its way into the journal, with the messages that its events start."""

    outcome: Outcome
    spawns: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Concluded:
    """A delivery's attempt, ready to be committed.

    `state` QUEUED means: again in `after` seconds (`counts` False gives the attempt back). `effect` is the ledger's new state,
    '' withdraws an intention that was never acted on.
    """

    work: DeliveryWork
    state: DeliveryState
    effect: EffectState
    reply: Reply | None = None
    error: CrossdockError | None = None
    after: float = 0.0
    counts: bool = True
    micros: int = 0
    spawns: tuple[Message, ...] = ()
    wake: Wake | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """A document whose acknowledgement is overdue (`ack.overdue`), or that should have followed another (`document.missing`).

    `id` is the exchange's; `ref` the message or delivery in whose history it is noted; `body` what the event says.
    `message` is the one that brought the document about, without its body.
    """

    event: str
    id: str
    ref: str
    sentence: str
    body: Mapping[str, Any]
    message: Message


@dataclass(frozen=True, slots=True)
class LateReport:
    """What is late, with the messages that its event starts."""

    late: Late
    spawns: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane's backlog: `ready` can be claimed now, `later` waits for its due time, `leased` is being worked on."""

    name: str
    ready: int
    later: int
    leased: int
    oldest_at: int | None


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """A release as the journal keeps it: its content by path, enough to compile it again.

    `engine` is the oldest that can; `signature` is `key value` where it was signed when it was built.
    """

    id: str
    files: Mapping[str, str]
    environment: str
    created_at: int = 0
    note: str = ""
    engine: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """What an endpoint answered to a question (`enrich`): `data` was asked, `slot` is what the message went on with."""

    endpoint: str
    operation: str
    data: bytes
    content_type: str
    slot: Mapping[str, Any]


class Journal(Protocol):
    """The durable queue, inbox, outbox and ledger."""

    def accept(self, receipts: Sequence[Receipt], release: str, progress: Progress | None = None) -> list[Accepted]:
        """Write message, dedupe key and work row of each receipt in one transaction, and how far a poll has come.

        Raises Retryable, with nothing written, where the poll's version is another one by now.
        """

    def claim(self, lane: str, limit: int, lease: float) -> Claimed:
        """Lease up to `limit` due rows of a lane, oldest first; attempts are counted here, before anything is run.

        Of rows with one order key only the oldest unfinished is ever claimable (a failed one holds its key).
        """

    def extend(self, works: Sequence[Work], lease: float) -> set[int]:
        """Heartbeat: extend leases; return the `seq` of those that are still ours."""

    def release(self, works: Sequence[Work]) -> None:
        """Give work back untouched, attempts uncounted (graceful shutdown)."""

    def reserve(self, work: MessageWork, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """Take the keys for this message; return those that it can't have, each with its holder.

        Where all that are returned are of parts of the document, and a part is left, the others are taken; else none is. A part's
        key that occurs again among `claims` is returned as well. The same message may take its keys again (a run after a crash).
        Raises LeaseLost.
        """

    def append(self, work: MessageWork, parts: Sequence[Appended], lease: float) -> set[str]:
        """Commit some parts of a split message and extend its lease; return the lanes that got work.

        A part whose id is there already is skipped whole (a run after a crash). A part in state RETRY becomes work at its
        `resume` node. Raises LeaseLost.
        """

    def settle(self, results: Sequence[Settled]) -> set[str]:
        """Commit runs: new states, deliveries (`Numbered` bodies get their number here), spawns, claims, one event row each.

        An outcome whose claim is already another message's becomes a DUPLICATE, with nothing else of it committed. Results
        whose lease was lost are left out. Returns the lanes that got work due now.
        """

    def gathering(self, work: GatherWork) -> Gathering:
        """Return a group as it stands."""

    def load(self, messages: Sequence[str]) -> list[Message]:
        """Return messages with the bodies that they would go on from, in this order; those that are gone are left out."""

    def gathered(self, result: Gathered) -> set[str]:
        """Commit what a look at a group gave; return the lanes that got work. Raises LeaseLost."""

    def covered(self, works: Sequence[GatherWork]) -> None:
        """Finish looks at groups that another look has covered."""

    def answer(self, root: str) -> tuple[int, bytes, str] | None:
        """Return the reply to a message that came in, as (status, data, content type), or None where there is none yet.

        Where the message or a part of it has failed, the reply is its error, with status 422.
        """

    def intend(self, works: Sequence[DeliveryWork]) -> set[int]:
        """Record *intended* in the effect ledger before the calls; return the `seq` of those that are still ours."""

    def conclude(self, results: Sequence[Concluded]) -> set[str]:
        """Commit attempts: ledger, delivery and work states, one event each, spawns. Returns the lanes that got work due now."""

    def sweep(self) -> set[str]:
        """Return expired leases to their lanes; return the lanes that have due work."""

    def next_due(self) -> float | None:
        """Seconds until the next row becomes due or a lease runs out; None where nothing waits."""

    def late(self, limit: int) -> list[Late]:
        """Return what is late and has not been reported."""

    def report(self, reports: Sequence[LateReport]) -> set[str]:
        """Mark what is late, exactly once, and commit the messages that its event starts; return the lanes that got work."""

    def lanes(self) -> list[Lane]:
        """The backlog by lane."""

    def links(self, references: Collection[str]) -> list[Link]:
        """Return what is known of some orders, oldest first."""

    def keep_release(self, release: StoredRelease) -> None:
        """Keep a release; where it is kept already, nothing changes."""

    def load_release(self, release: str) -> StoredRelease | None:
        """Return a release by id; None where there is none, or where its files were purged."""

    def release_sizes(self, releases: Collection[str]) -> dict[str, int]:
        """Return how large releases are, in bytes; 0 where the files were purged."""

    def deploy(
        self, deployment: Deployment, release: StoredRelease | None = None, by: Actor | None = None, *, approval: bool = False
    ) -> Deployment:
        """Make a deployment and keep its release, in one transaction; raises Superseded where its number is taken already.

        Where somebody does it, it is in the audit log. Where it takes an `approval`, that of the release is used up; raises
        Refused where there is none. Returns the deployment as it was kept.
        """

    def deployed(self) -> Deployment | None:
        """Return the newest deployment."""

    def deployments(self, limit: int) -> list[Deployment]:
        """Return deployments, newest first."""

    def tallies(self, since: int) -> dict[str, Tally]:
        """Return how messages accepted since then (ms) have fared, by release."""

    def in_flight(self) -> dict[tuple[str, str], int]:
        """Return how many messages have not come to their end, deliveries included, by release and route."""

    def open_groups(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return how many groups wait for more, and of how many messages, by route and the step's mark (`AggregateNode`)."""

    def beat(self, name: str, role: str, detail: Mapping[str, Any]) -> None:
        """Note that a process is alive (for `doctor`)."""

    def check(self) -> str:
        """Return one line that says what this journal is; raises CrossdockError where it can't be used."""

    def close(self) -> None:
        """Close this thread's and all idle connections."""


@dataclass(frozen=True, slots=True)
class Query:
    """What an operator looks for; empty fields match everything. `since` in ms, newest first."""

    route: str = ""
    partner: str = ""
    state: str = ""
    key: str = ""
    since: int = 0
    limit: int = 50
    before: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """What came in from outside, without its bytes (`size` of them)."""

    id: str
    route: str
    partner: str
    source: str
    headers: Mapping[str, str]
    received_at: int
    size: int


Row = dict[str, Any]
"""A row of plain JSON-able data."""


class Desk(Protocol):
    """The operator's desk: find, show, repair, resend."""

    def find(self, text: str) -> list[str]:
        """Return the ids of root messages, newest first, by message id, unique id prefix, delivery id or business key."""

    def trace(self, message_id: str) -> Row:
        """Return the whole story of a message's family: `{"root": id, "messages": [...]}`, parents before children.

        Each message: id, parent, route, partner, source, state, release, keys, received_at, size, name, error, and
        `events`: [{at, kind, note, stages: [{name, where, micros, note}], error}] and `deliveries`: [{id, endpoint, operation,
        key, state, attempts, reference, error, where, created_at, done_at, effects: [{state, at, note}], events: [...]}].
        """

    def chain(self, order: str) -> list[Link]:
        """Return what all documents say of an order, payments of its invoices with them, oldest first."""

    def alike(self, order: str) -> str:
        """Return the order that was perhaps meant (`; did you mean '4500012345'?`), or nothing."""

    def messages(self, query: Query) -> list[Row]:
        """Return messages: id, parent, route, partner, state, received_at, keys, size, error."""

    def failed(self, query: Query) -> list[Row]:
        """Return what waits for a person, newest first.

        Each: id, kind ("message" or "delivery"), route or endpoint, partner, state, at, attempts, keys, error.
        """

    def show(self, item: str) -> Row:
        """Return everything of one failed message or delivery, the payload (bytes) and its content type with it."""

    def view(self, item: str, by: Actor) -> Row:
        """Show one message or delivery to a person: as `show`, and written into the audit log."""

    def retry(self, item: str, data: bytes | None, by: Actor) -> str:
        """Put a failed message or delivery back to work from where it stopped, with a repaired payload if given; return the lane.

        Raises Refused where it isn't failed or unknown.
        """

    def resend(self, delivery: str, by: Actor) -> str:
        """Send a delivery's document once more as a new delivery of the same message; return the new delivery's id."""

    def admit(self, message: str, by: Actor) -> str:
        """Let a duplicate in after all: its keys become its own and it is run; return the lane.

        Raises Refused where it is no duplicate, KeyError.
        """

    def discard(self, item: str, reason: str, by: Actor) -> None:
        """Take a failed message or delivery off the list for good, keeping it and the reason."""

    def payload(self, item: str) -> tuple[bytes, str]:
        """Return the payload of a message or delivery and its content type; raises KeyError."""

    def received(self, since: int, route: str, after: str, limit: int) -> list[Received]:
        """Return what came in since then (ms), oldest first, from the message after `after` on."""

    def payload_received(self, message: str) -> tuple[bytes, str]:
        """Return a message's payload as it came in, whatever was repaired since, and its content type; raises KeyError."""

    def answers(self, message: str) -> list[RecordedAnswer]:
        """Return what endpoints answered to a message that came in, and to its family, where that is still known."""

    def counts(self, since: int) -> Row:
        """Return `{"messages": {state: n}, "deliveries": {state: n}}`."""

    def parked(self, route: str = "", key: str = "", limit: int = 100) -> list[Row]:
        """Return parked messages, the longest waiting first."""

    def unpark(self, key: str, by: Actor) -> int:
        """Let all parked messages of a key go on; return how many there were."""

    def routes_of(self, items: Collection[str]) -> dict[str, str]:
        """Return the routes of messages and deliveries that there are, by their names."""

    def now(self) -> int:
        """Return the time by the journal's clock, by which its ages are told: this machine's may be wrong."""

    def processes(self) -> list[Row]:
        """Return the processes that have beaten lately: name, role, at, detail."""
