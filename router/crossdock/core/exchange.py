"""Documents exchanged with partners, and what acknowledgements say of those that we sent.

    Exchange      one document, in or out, by the names that partners know it by: partner, set, three control numbers
    Settlement    one statement of an acknowledgement (997, 999, TA1, CONTRL): this was taken, this was not, and why

Codecs make both; the journal keeps exchanges in the transaction in which a document is received or gets its number, and settles
them in the transaction in which the acknowledgement is received.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from crossdock.core.access import Actor
from crossdock.core.errors import CrossdockError

OVERDUE = "ack.overdue"
MISSING = "document.missing"
EVENTS = (OVERDUE, MISSING)
"""Events that the engine publishes by itself: no acknowledgement has come in time, no document has followed in time."""

Direction = Literal["in", "out"]
Dialect = Literal["x12", "edifact"]


NAMING: Mapping[Dialect, tuple[str, str, str]] = {"x12": ("AK202", "AK102", "TA101"), "edifact": ("UCM01", "UCF01", "UCI01")}
"""Which elements of acknowledgements name a transaction, a group and an interchange."""


class ExchangeState(StrEnum):
    """Where a document stands between a partner and us.

    In: `received`, or `refused` where we told the partner that it is wrong. Out: `sent` where no acknowledgement is awaited,
    else `waiting` until it is `acknowledged`, `acknowledged_with_errors` or `rejected` by the partner; `overdue` when the time
    agreed is over. `closed`: a person has settled it.
    """

    RECEIVED = "received"
    REFUSED = "refused"
    SENT = "sent"
    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGED_WITH_ERRORS = "acknowledged_with_errors"
    REJECTED = "rejected"
    OVERDUE = "overdue"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What an acknowledgement says. `arrived`: the interchange is there, nothing is said of its content (TA1, CONTRL 8)."""

    ARRIVED = "arrived"
    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGED_WITH_ERRORS = "acknowledged_with_errors"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One document exchanged with a partner.

    `interchange`, `group` and `transaction` are its control numbers as they stand in the envelope (`group` may be empty in
    EDIFACT). `keys` are the business keys that the document gives. `ack_window` is in seconds from the moment of sending; None
    where no acknowledgement is awaited. `expect` says which documents must follow with the same business key, and in how many
    seconds; `expected` that another document may be waiting for this one.
    """

    dialect: Dialect
    direction: Direction
    partner: str
    document: str
    interchange: str
    group: str
    transaction: str
    version: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False
    ack_window: float | None = None
    expect: Mapping[str, float] = field(default_factory=dict)
    expected: bool = False

    @property
    def state(self) -> ExchangeState:
        """The state that it begins in."""
        if self.direction == "in":
            return ExchangeState.REFUSED if self.refused else ExchangeState.RECEIVED
        return ExchangeState.SENT if self.ack_window is None else ExchangeState.WAITING


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an acknowledgement of a kind (`by`) says of a document that we sent to a partner, of a group, or of an interchange.

    Empty fields were not named: without `transaction` it is about whatever of the group the same acknowledgement doesn't name
    apart, without `group` and `transaction` about the interchange in the same way. `error` says in words what the partner found
    wrong.
    """

    dialect: Dialect
    partner: str
    by: str
    verdict: Verdict
    interchange: str = ""
    group: str = ""
    transaction: str = ""
    document: str = ""
    error: CrossdockError | None = None

    def __str__(self) -> str:
        parts = [("interchange", self.interchange), ("group", self.group), (self.document or "transaction", self.transaction)]
        return " ".join(f"{name} {value}" for name, value in parts if value)

    @property
    def where(self) -> str:
        """The element of the acknowledgement that names what it is about: `AK202`, `UCI01`."""
        transaction, group, interchange = NAMING[self.dialect]
        return transaction if self.transaction else group if self.group else interchange


def no_exchanges(_number: int) -> Sequence[Exchange]:
    """Return what a numbered document holds that no partner knows: nothing."""
    return ()


Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which exchanges are asked for; empty fields match everything. `open` means: waiting, overdue and rejected ones."""

    partner: str = ""
    state: str = "open"
    document: str = ""
    limit: int = 100
    before: str = ""


class Exchanges(Protocol):
    """The book of exchanges, for operators."""

    def search(self, asked: Asked) -> list[Row]:
        """Return exchanges, newest first.

        Each: id, dialect, direction, partner, document, version, interchange, group, transaction, keys, message, delivery, at,
        sent_at, due_at, state, arrived_at, answered_at, ack, ack_message, error.
        """

    def missing(self, partner: str, limit: int) -> list[Row]:
        """Return documents that should have followed others and have not, the longest overdue first.

        Each: exchange (id), document, partner, after (the document that it should have followed), name and value of the
        business key, due_at, state, message.
        """

    def show(self, item: str) -> Row:
        """Return one exchange, its history and what it expects (`events`, `expects`); raises KeyError."""

    def close(self, item: str, reason: str, by: Actor) -> None:
        """Settle an open exchange, and what it still expects, by a person's word; raises Refused, KeyError."""
