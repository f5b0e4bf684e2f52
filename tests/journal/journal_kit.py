"""What the journal's tests share: a journal whose time can be moved, and short ways to fill it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crossdock.core.access import Actor
from crossdock.core.errors import Rejected
from crossdock.core.journal import (
    Concluded,
    DeliveryWork,
    EffectState,
    MessageWork,
    Settled,
    delivery_lane,
    message_lane,
)
from crossdock.core.message import Receipt
from crossdock.core.outcome import Delivery, DeliveryState, Outcome, State
from crossdock.core.ports import Reply
from crossdock.runtime.journal import OpenJournal, open_journal

ORDERS = message_lane("orders", "acme")
ERP = delivery_lane("erp", "acme")
ANN = Actor("ann")
"""An operator."""


@dataclass
class World:
    """A database and its time, which only ever jumps ahead of the real one."""

    url: str
    shift: float = 0.0
    opened: list[OpenJournal] = field(default_factory=list)

    def now(self) -> float:
        """Seconds since 1970, as the journal sees them."""
        return time.time() + self.shift

    def advance(self, seconds: float) -> None:
        """Move the time."""
        self.shift += seconds

    def open(self) -> OpenJournal:
        """Open the journal as one more process would."""
        opened = open_journal(self.url, clock=self, time_offset_ms=lambda: int(self.shift * 1000))
        self.opened.append(opened)
        return opened

    def close(self) -> None:
        """Close what was opened."""
        for opened in self.opened:
            opened.database.close()


def receipt(data: bytes = b"an order", key: str = "", **rest: Any) -> Receipt:
    """Return a receipt for the route `orders` from `acme`."""
    return Receipt(route="orders", data=data, source="sftp", partner="acme", dedupe_key=key, **rest)


def accepted(opened: OpenJournal, *datas: bytes) -> list[str]:
    """Accept documents; return their messages' ids."""
    return [answer.message_id for answer in opened.journal.accept([receipt(data) for data in datas], "r1")]


def claimed(opened: OpenJournal, limit: int = 100, lease: float = 60.0) -> list[MessageWork]:
    """Claim messages of the route `orders`."""
    works = opened.journal.claim(ORDERS, limit, lease)
    return [work for work in works if isinstance(work, MessageWork)]


def claimed_deliveries(opened: OpenJournal, lane: str = ERP, limit: int = 100, lease: float = 60.0) -> list[DeliveryWork]:
    """Claim deliveries of the endpoint `erp`."""
    works = opened.journal.claim(lane, limit, lease)
    return [work for work in works if isinstance(work, DeliveryWork)]


def done(work: MessageWork, *deliveries: Delivery, **rest: Any) -> Settled:
    """Return a run that went well."""
    return Settled(work, Outcome(work.message, State.DONE, deliveries, **rest))


def failed(work: MessageWork, **rest: Any) -> Settled:
    """Return a run that failed."""
    return Settled(work, Outcome(work.message, State.FAILED, error=Rejected("no such SKU", where="r.yaml:7"), **rest))


def concluded(work: DeliveryWork, state: DeliveryState, effect: EffectState, **rest: Any) -> Concluded:
    """Return the end of an attempt."""
    return Concluded(work, state, effect, **rest)


def delivered(work: DeliveryWork) -> Concluded:
    """Return an attempt that went well."""
    return Concluded(work, DeliveryState.DELIVERED, "confirmed", reply=Reply("sale 17"))


def queue_deliveries(opened: OpenJournal, *deliveries: Delivery) -> str:
    """Accept one message and settle it with deliveries; return its id."""
    (name,) = accepted(opened, b"an order")
    (work,) = claimed(opened)
    opened.journal.settle([done(work, *deliveries)])
    return name


def ids(works: Sequence[MessageWork]) -> list[str]:
    """Return the messages' ids."""
    return [work.message.id for work in works]
