"""The ports: what the engine and the connectors need of the world."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from crossdock.core.clock import Clock
from crossdock.core.message import Accepted, Receipt
from crossdock.core.partner import Partner

if TYPE_CHECKING:
    from crossdock.core.spec import Binding


class Intake(Protocol):
    """Where sources hand in what they got."""

    async def accept(self, receipt: Receipt) -> Accepted:
        """Return when the receipt is durable, and only then acknowledge; raises Retryable when it can't be kept now."""

    async def collect(self, receipts: Sequence[Receipt], progress: Progress) -> list[Accepted]:
        """Keep what a poll brought, and how far it has come, which moves in the last receipts' own commit.

        Raises Retryable where it can't be kept now, or where another process has moved it: then it stays as it was.
        """


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a poll has come: `state` takes the place of the one that had this `version`."""

    name: str
    version: int
    state: str


@dataclass(frozen=True, slots=True)
class Poll:
    """What is asked again and again, as the journal keeps it.

    `state` is the source's own word for how far it has come (empty at first), `version` counts its moves. Times are in ms since
    1970 by the journal's clock, `now` is when this was read. `trouble` is what was wrong at the last look.
    """

    name: str
    route: str
    state: str
    version: int
    looked_at: int | None
    due_at: int
    trouble: str
    now: int


class Polls(Protocol):
    """What is polled, kept in the journal, so that it outlives a process and is the same for all."""

    def open(self, name: str, route: str) -> Poll:
        """Return a poll, begun where it is new."""

    def note(self, name: str, pause: float, trouble: str) -> None:
        """Note that it was looked just now, what is wrong ('' where nothing is), and that it is due again in `pause` seconds."""

    def all(self) -> Sequence[Poll]:
        """Return all polls, by name."""


@dataclass(frozen=True, slots=True)
class PickupFile:
    """A file that waits for a partner. `written_at` is in ms since 1970, `size` in bytes."""

    id: int
    name: str
    size: int
    written_at: int
    collected_at: int | None = None


class Pickup(Protocol):
    """The partners' pickup folders, kept in the journal."""

    def put(self, partner: str, directory: str, name: str, data: bytes, key: str) -> str:
        """Add a file once per `key`; return its name (made unique within the directory)."""

    def files(self, partner: str, directory: str) -> Sequence[PickupFile]:
        """The files that the partner has not removed, oldest first."""

    def read(self, partner: str, directory: str, name: str) -> bytes:
        """Return a file's bytes; raises KeyError."""

    def collected(self, partner: str, directory: str, name: str) -> None:
        """Note that the partner has read it to the end."""

    def remove(self, partner: str, directory: str, name: str) -> None:
        """Hide it from the partner (the journal keeps it); raises KeyError."""


class Lease(Protocol):
    """A named lease, so that one process of many polls a source."""

    def hold(self, name: str, seconds: float) -> bool:
        """Take or extend the lease; False where another process has it."""


class Source(Protocol):
    """The inbound side of an endpoint: runs until cancelled, hands receipts in, acknowledges what was accepted."""

    async def run(self, intake: Intake) -> None:
        """Serve or poll for ever; transient trouble is logged and tried again, never raised."""


@runtime_checkable
class Listening(Protocol):
    """A source that says when it can be reached."""

    @property
    def ready(self) -> asyncio.Event:
        """Set once it listens."""


@runtime_checkable
class Rebindable(Protocol):
    """A source that can be told its routes and partners anew while it serves: nobody is cut off, open sessions go on."""

    def rebind(self, bindings: Sequence[Binding], services: Services) -> None:
        """Take documents as these bindings say from now on; raises Misconfigured, and then nothing has changed."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One delivery on its way out.

    `key` is the idempotency key, the same on every attempt. `body` is bytes or decoded data. `seconds` is how long the call may
    take. `options` are the connector's validated target options.
    """

    delivery_id: str
    endpoint: str
    operation: str
    key: str
    body: Any
    content_type: str
    options: Any = None
    name: str = ""
    partner: str = ""
    traceparent: str = ""
    attempt: int = 1
    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the target answered: `reference` is its own name for what it made (`sale 17`), `body` decoded data or bytes."""

    reference: str = ""
    body: Any = None
    note: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


class Sink(Protocol):
    """The outbound side of an endpoint.

    `knows_keys` says that the target itself refuses to do the same key twice, so that sending again is safe.
    """

    @property
    def knows_keys(self) -> bool:
        """Whether the target honours idempotency keys."""

    async def send(self, dispatch: Dispatch) -> Reply:
        """Deliver; raises Retryable (surely not done), Refused (said no), UnknownEffect (may have been done)."""

    async def close(self) -> None:
        """Let go of connections."""


@runtime_checkable
class Askable(Protocol):
    """A sink whose target can be asked whether something was done."""

    async def find(self, dispatch: Dispatch) -> Reply | None:
        """Look the key up at the target: the reply as if just sent, or None where it was not done."""


@runtime_checkable
class Checkable(Protocol):
    """An endpoint that `doctor` can ask how it is."""

    async def check(self) -> str:
        """Return one line that says what was reached; raises CrossdockError with what to do."""


@runtime_checkable
class Troubled(Protocol):
    """A source that says what keeps it from collecting: operators see it with the gateway (`doctor`)."""

    @property
    def trouble(self) -> str:
        """What is wrong now, in one sentence; empty where nothing is."""


class Answers(Protocol):
    """The replies of routes to those who sent a message and wait (Request-Reply)."""

    async def wait(self, message: str, seconds: float) -> tuple[int, bytes, str] | None:
        """Return the reply to a message as (status, data, content type), or None where none came in time."""


@dataclass(frozen=True, slots=True)
class Services:
    """What connectors are given. `state` is a folder for what must outlive a restart (host keys)."""

    partners: Mapping[str, Partner]
    pickup: Pickup
    lease: Lease
    clock: Clock
    state: Path
    base: Path
    answers: Answers | None = None
    polls: Polls | None = None
