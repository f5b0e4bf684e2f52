"""What is late: documents whose acknowledgement is overdue, and documents that should have followed others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crossdock.core.exchange import MISSING, OVERDUE
from crossdock.core.journal import Late, LateReport
from crossdock.core.message import Control, Message
from crossdock.runtime.journal.batch import Batch
from crossdock.runtime.journal.bodies import document_of
from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.texts import load

MESSAGE = 6
"""How many columns of a late row tell of the message."""


def late(session: Session, limit: int) -> list[Late]:
    """Return what is late and has not been reported, the latest due first."""
    overdue = [_overdue(line) for line in session.all("late_exchanges", now=session.now, limit=limit)]
    return overdue + [_missing(line) for line in session.all("late_expectations", now=session.now, limit=limit)]


def report(session: Session, reports: Sequence[LateReport]) -> set[str]:
    """Mark what is late, once, and add the messages that its event starts; return the lanes that got work due now."""
    batch = Batch(session)
    for one in reports:
        if not _marked(session, one.late):
            continue
        item = one.late
        batch.event(item.ref, item.event, note=item.sentence)
        for spawn in one.spawns:
            batch.spawn(spawn, document_of(spawn.body, spawn.content_type))
    return batch.save()


def _marked(session: Session, item: Late) -> bool:
    if item.event == OVERDUE:
        return session.run("mark_overdue", id=item.id, now=session.now) == 1
    return session.run("mark_missing", id=item.id, document=item.body["document"]) == 1


def _overdue(line: Line) -> Late:
    name, dialect, partner, document, interchange, group, transaction, keys, sent_at, due_at = line[:-MESSAGE]
    body = {
        "exchange": name,
        "dialect": dialect,
        "partner": partner,
        "document": document,
        "interchange": interchange,
        "group": group,
        "transaction": transaction,
        "keys": load(keys),
        "sent_at": sent_at,
        "due_at": due_at,
    }
    sentence = f"{partner} has not acknowledged {document} {transaction} of interchange {interchange} in time"
    return Late(OVERDUE, name, name.partition("~")[0], sentence, body, _message(partner, line[-MESSAGE:]))


def _missing(line: Line) -> Late:
    name, document, partner, key, value, due_at, after, direction, at = line[:-MESSAGE]
    body = {
        "exchange": name,
        "partner": partner,
        "document": document,
        "after": after,
        "direction": "out" if direction == "in" else "in",
        "key": key,
        "value": value,
        "since": at,
        "due_at": due_at,
    }
    sentence = f"no {document} has followed the {after} with {key} {value} in time"
    return Late(MISSING, name, name.partition("~")[0], sentence, body, _message(partner, line[-MESSAGE:]))


def _message(partner: str, line: Iterable[Any]) -> Message:
    """Return the message that brought the document about, as far as an event needs it."""
    name, correlation, route, release, keys, trace = line
    control = Control(route, release, partner=partner)
    return Message(name, None, control, keys=load(keys), correlation_id=correlation, traceparent=trace)
