"""Documents exchanged with partners on their way into the journal, and what they expect or fulfil."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crossdock.core.exchange import Exchange, ExchangeState
from crossdock.core.message import Message
from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.texts import clean, dump, short

ENVELOPE = ("interchange", "group", "transaction")
"""A message's keys that name the envelope it came in, not the document's business."""
NO_KEYS = "{}"


@dataclass(slots=True)
class Ledger:
    """The exchanges of one transaction, gathered and written at once."""

    session: Session
    _exchanges: list[Line] = field(default_factory=list)
    _expectations: list[Line] = field(default_factory=list)
    _met: list[Line] = field(default_factory=list)

    def receive(self, message: Message, exchanges: Sequence[Exchange]) -> None:
        """Add the documents that a message was, or holds."""
        for number, exchange in enumerate(exchanges, start=1):
            self._add(_name(message.id, number), message, exchange, "")

    def send(self, message: Message, delivery: str, exchanges: Sequence[Exchange]) -> None:
        """Add the documents of a delivery."""
        for number, exchange in enumerate(exchanges, start=1):
            self._add(_name(delivery, number), message, exchange, delivery)

    def _add(self, name: str, message: Message, exchange: Exchange, delivery: str) -> None:
        keys = business_keys(message, exchange)
        window = None if exchange.ack_window is None else int(exchange.ack_window * 1000)
        self._exchanges.append(
            (
                name,
                exchange.dialect,
                exchange.direction,
                exchange.partner,
                clean(exchange.document),
                clean(exchange.version),
                clean(exchange.interchange),
                clean(exchange.group),
                clean(exchange.transaction),
                dump(keys) if keys else NO_KEYS,
                message.id,
                delivery,
                self.session.now,
                window,
                exchange.state.value,
            )
        )
        if exchange.state is not ExchangeState.REFUSED:
            self._follow(name, exchange, keys)

    def _follow(self, name: str, exchange: Exchange, keys: Mapping[str, str]) -> None:
        """Note what the document expects, and that it may be what others expect."""
        if exchange.expect and keys:
            key, value = next(iter(keys.items()))
            for document, seconds in exchange.expect.items():
                due = self.session.now + int(seconds * 1000)
                self._expectations.append((name, document, exchange.partner, key, short(value), due, "open"))
        if exchange.expected:
            self._met.extend((short(value), exchange.partner, exchange.document, name) for value in dict.fromkeys(keys.values()))

    def save(self) -> None:
        """Write them. Expectations come first: what fulfils one may be committed together with it."""
        self.session.many("add_exchange", self._exchanges)
        self.session.many("add_expectation", self._expectations)
        self.session.many("meet_expectation", sorted(self._met))


def business_keys(message: Message, exchange: Exchange) -> dict[str, str]:
    """Return the document's own keys, the first first, then those of the message that brought it about."""
    keys = {name: value for name, value in exchange.keys.items() if value}
    for name, value in message.keys.items():
        if value and name not in ENVELOPE:
            keys.setdefault(name, value)
    return keys


def _name(owner: str, number: int) -> str:
    """Return an exchange's id: its message's or delivery's, with a number from the second on."""
    return owner if number == 1 else f"{owner}~{number}"


def sent(session: Session, deliveries: Iterable[str]) -> None:
    """Note that documents have left: from now on their acknowledgement is awaited. One may be rejected already."""
    names = list(deliveries)
    session.many("send_exchange", [(name, session.now) for name in names])
    if names:
        session.run("reject_delivered", ids=names)
