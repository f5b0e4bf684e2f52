"""The rows of one transaction, gathered and written at once, each table by one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crossdock.core.chain import Link
from crossdock.core.journal import delivery_lane, message_lane
from crossdock.core.message import Message
from crossdock.core.outcome import Delivery, DeliveryState, State
from crossdock.runtime.journal import queue
from crossdock.runtime.journal.bodies import Document, Shelf
from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.events import event_row
from crossdock.runtime.journal.exchanges import Ledger
from crossdock.runtime.journal.links import link_row
from crossdock.runtime.journal.rows import message_row
from crossdock.runtime.journal.texts import clean, dump, short

ANY_POLICIES = "[]"
HEAD_START = 600_000
"""Ms by which a delivery of high priority counts as older: it overtakes what has waited up to that much longer."""


class Batch:
    """What a transaction adds to the journal."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.shelf = Shelf(session)
        self.ledger = Ledger(session)
        self._messages: list[Line] = []
        self._deliveries: list[Line] = []
        self._work: list[tuple[str, str, int, str]] = []
        self._events: list[Line] = []
        self._keys: set[tuple[str, str, str]] = set()
        self._links: list[Line] = []
        self._waiting: list[Line] = []
        self._answers: list[Line] = []
        self._groups: set[tuple[str, str]] = set()

    def message(self, row: list[Any], error: Mapping[str, Any] | None = None, held: str = "") -> None:
        """Add a message from `message_row`."""
        self._messages.append((*row, held, dump(error) if error else None))

    def run_of(self, message: Message, after: float = 0.0) -> None:
        """Add the work of running a message."""
        control = message.control
        lane = message_lane(control.route, control.partner)
        order = queue.order_name(f"route/{control.route}", control.order_key)
        self._work.append((lane, message.id, self.session.now + int(after * 1000), order))

    def spawn(self, message: Message, document: Document) -> None:
        """Add a message that an event starts, and its run."""
        payload = self.shelf.put(document)
        row = message_row(
            message, state=State.RECEIVED.value, at=self.session.now, payload=payload, resume=message.control.resume
        )
        self.message(row)
        self.run_of(message)

    def deliver(self, message: Message, number: int, delivery: Delivery, document: Document, name: str) -> None:
        """Add a message's delivery and its work."""
        key = f"{message.id}/{number}"
        order = queue.order_name(delivery.endpoint, delivery.order_key)
        self._deliveries.append(
            (
                key,
                message.id,
                delivery.endpoint,
                delivery.operation,
                clean(delivery.key),
                order,
                delivery.reply_to,
                clean(name),
                delivery.where,
                dump(delivery.policies) if delivery.policies else ANY_POLICIES,
                delivery.options.get("node", 0),
                DeliveryState.QUEUED.value,
                "",
                0,
                "",
                self.shelf.put(document),
                self.session.now,
            )
        )
        due = self.session.now - delivery.priority * HEAD_START
        self._work.append((delivery_lane(delivery.endpoint, message.control.partner), key, due, order))

    def put_away(self, row: Line, group: tuple[str, str] | None) -> None:
        """Add a wait from `waiting_row`; a member's group (lane and name) is to be looked at."""
        self._waiting.append(row)
        if group is not None and group not in self._groups:
            self._groups.add(group)
            self._work.append((*group, self.session.now, ""))

    def answer(self, message: Message, document: Document, status: int) -> None:
        """Add a route's reply, under the message that came in."""
        root = message.correlation_id or message.id.partition(".")[0]
        self._answers.append((root, self.shelf.put(document), status, self.session.now))

    def event(self, ref: str, kind: str, **rest: Any) -> None:
        """Add an event (see `event_row`)."""
        self.history(event_row(self.session, ref, kind, **rest))

    def history(self, event: Line) -> None:
        """Add an event's row."""
        self._events.append(event)

    def find_by(self, message: Message, known: Mapping[str, str]) -> None:
        """Let a message's family be found by its keys, where they aren't known already."""
        root = message.correlation_id or message.id
        for name, value in message.keys.items():
            if value and known.get(name) != value:
                self._keys.add((short(value), short(name), root))

    def link(self, links: Iterable[Link], ref: str, control: str = "") -> None:
        """Add what a document says of orders; `control` is the number that it got on its way out."""
        for n, link in enumerate(links):
            self._links.append(link_row(link, ref, n, control, self.session.now))

    def save(self, done: Iterable[int] = (), orders: Iterable[str] = ()) -> set[str]:
        """Write everything, delete the work that is done and let the next of its `orders` go; return the lanes that got work."""
        session = self.session
        self.shelf.save()
        session.many("add_message", self._messages)
        session.many("add_delivery", self._deliveries)
        self.ledger.save()
        session.many("add_business_key", sorted(self._keys))
        session.many("add_event", self._events)
        session.many("add_link", self._links)
        session.many("add_waiting", self._waiting)
        session.many("add_answer", self._answers)
        finished = list(done)
        lanes = queue.finish(session, finished, orders) if finished else set()
        return lanes | queue.add(session, self._work)
