"""The book of exchanges, for operators."""

from __future__ import annotations

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.core.errors import Refused
from crossdock.core.exchange import Asked, Row
from crossdock.runtime.journal import audit
from crossdock.runtime.journal.database import Database, Line, Session
from crossdock.runtime.journal.events import event_row, event_story
from crossdock.runtime.journal.texts import load

EXCHANGE = (
    "id", "dialect", "direction", "partner", "document", "version", "interchange", "group", "transaction", "keys", "message",
    "delivery", "at", "sent_at", "due_at", "state", "arrived_at", "answered_at", "ack", "ack_message", "error",
)  # fmt: skip
MISSING = ("exchange", "document", "partner", "after", "name", "value", "due_at", "state", "message")
EXPECTED = ("document", "name", "value", "due_at", "state", "met_by")


class SqlExchanges:
    """`core.exchange.Exchanges`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(self, asked: Asked) -> list[Row]:
        """Return exchanges, newest first; open ones are few, and found without looking at the others."""
        terms = {"partner": asked.partner, "document": asked.document, "limit": asked.limit}

        def searched(session: Session) -> list[Line]:
            if asked.state == "open":
                return session.all("open_exchanges", **terms)
            return session.all("list_exchanges", **terms, state=asked.state, before=asked.before)

        return [_exchange(line) for line in self._database.read(searched)]

    def missing(self, partner: str, limit: int) -> list[Row]:
        """Return documents that should have followed others and have not."""
        lines = self._database.read(lambda session: session.all("list_missing", partner=partner, limit=limit))
        return [dict(zip(MISSING, line, strict=True)) for line in lines]

    def show(self, item: str) -> Row:
        """Return one exchange, its history and what it expects; raises KeyError."""
        return self._database.read(lambda session: _shown(session, item))

    def close(self, item: str, reason: str, by: Actor) -> None:
        """Settle an exchange, and what it still expects, by a person's word; raises Refused, KeyError."""
        self._database.write(lambda session: _closed(session, item, reason, by))


def _exchange(line: Line) -> Row:
    row = dict(zip(EXCHANGE, line, strict=True))
    return {**row, "keys": load(row["keys"]), "error": load(row["error"])}


def _shown(session: Session, item: str) -> Row:
    found = session.all("show_exchange", id=item)
    if not found:
        raise KeyError(item)
    row = _exchange(found[0])
    refs = sorted({item.partition("~")[0], row["delivery"] or row["message"]})
    events = [event_story(line) for ref in refs for line in session.all("item_events", ref=ref)]
    expects = [dict(zip(EXPECTED, line, strict=True)) for line in session.all("expectations_of", id=item)]
    return {**row, "events": events, "expects": expects}


def _closed(session: Session, item: str, reason: str, by: Actor) -> None:
    if not session.all("show_exchange", id=item):
        raise KeyError(item)
    closed = session.run("close_exchange", id=item) + session.run("close_expectations", exchange_id=item)
    if not closed:
        raise Refused(f"nothing is open about {item}", code="not_open", advice="`crossdock acks` lists what is")
    session.many("add_event", [event_row(session, item.partition("~")[0], "closed", note=reason, author=str(by))])
    audit.record(session, Act(by, "close_ack", item, {"reason": reason}))
