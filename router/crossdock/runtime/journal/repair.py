"""What an operator does to what has failed: retry, resend, discard. Each leaves an event with the operator's name, and is in the
audit log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.core.errors import Refused, Rejected
from crossdock.core.journal import delivery_lane, message_lane
from crossdock.core.message import BODY_TYPE, load_body
from crossdock.runtime.journal import audit, queue
from crossdock.runtime.journal.bodies import Document, Shelf
from crossdock.runtime.journal.database import Session
from crossdock.runtime.journal.events import event_row
from crossdock.runtime.journal.purged import require_body
from crossdock.runtime.journal.texts import clean, load, short

REPAIRABLE = ("failed", "unknown")


@dataclass(frozen=True, slots=True)
class _Item:
    """A failed message or delivery, locked. `order` is the name of its order key in the queue."""

    id: str
    lane: str
    payload: int | None
    state: str
    order: str = ""
    message: str = ""

    @property
    def is_delivery(self) -> bool:
        """Whether it is a delivery."""
        return bool(self.message)


def retry(session: Session, item: str, data: bytes | None, by: Actor) -> str:
    """Put an item back to work from where it stopped; raises Refused, Rejected (the repaired payload is no body), KeyError."""
    found = _repairable(session, item, "retried")
    payload = found.payload if data is None else _repaired(session, found, data)
    if payload is None:
        raise Refused(
            f"{item} can't be taken up again: its document was never complete",
            advice="retry it with a repaired document, or have the file sent again",
        )
    require_body(session, payload, item)
    session.run("reopen_delivery" if found.is_delivery else "reopen_message", **_reopening(session, found, payload))
    if found.is_delivery:
        session.run("await_again", new_id=item, id=item)
    if found.state == "unknown":
        session.run("note_last_effect", id=item, note=clean(f"{by} decided that it was not done, and retried"))
    _log(session, item, "retried", by, "with a repaired payload" if data is not None else "")
    _to_work(session, found)
    audit.record(session, _retried(found, data, by))
    return found.lane


def _retried(found: _Item, data: bytes | None, by: Actor) -> Act:
    """Return what the audit log says: of a repaired document its size and hash, so that it is known which one it was."""
    if data is None:
        return Act(by, "retry", found.id, {"was": found.state})
    return Act(by, "repair", found.id, {"was": found.state, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})


def _reopening(session: Session, found: _Item, payload: int) -> dict[str, Any]:
    terms = {"id": found.id, "payload_id": payload}
    return terms if found.is_delivery else {**terms, "now": session.now}


def resend(session: Session, delivery: str, by: Actor) -> str:
    """Send a delivery's document again as a new delivery; raises KeyError.

    One whose key was its own id gets its new id as key, so that the target takes it for new; a key that the route gave stays.
    """
    found = _delivery(session, delivery)
    require_body(session, found.payload, delivery)
    number = session.all("next_delivery", id=found.message)[0][0]
    name = f"{found.message}/{number}"
    session.run("copy_delivery", new_id=name, id=delivery, now=session.now)
    session.run("await_again", new_id=name, id=delivery)
    _log(session, name, "resent", by, f"a copy of {delivery}")
    _log(session, delivery, "resent", by, f"as {name}")
    queue.add(session, [(found.lane, name, session.now, found.order)])
    audit.record(session, Act(by, "resend", delivery, {"as": name}))
    return name


def admit(session: Session, message: str, by: Actor) -> str:
    """Let a duplicate in after all; raises Refused, KeyError. The keys that it shares become its own."""
    rows = session.all("lock_duplicate", id=message)
    if not rows:
        raise KeyError(message)
    state, route, partner, error = rows[0]
    if state != "duplicate":
        raise Refused(f"{message} is {state}; only a duplicate can be admitted", code="not_duplicate")
    require_body(session, _message(session, message).payload, message)
    keys = [line.partition("\t") for line in (load(error) or {}).get("detail", "").splitlines()]
    session.many("move_claim", sorted((short(scope), short(key), message) for scope, _, key in keys))
    session.run("readmit_message", id=message, now=session.now)
    _log(session, message, "admitted", by, "although it is a duplicate")
    lane = message_lane(route, partner)
    queue.add(session, [(lane, message, session.now, "")])
    audit.record(session, Act(by, "admit", message))
    return lane


def discard(session: Session, item: str, reason: str, by: Actor) -> None:
    """Take an item off the list for good; raises Refused, KeyError."""
    found = _repairable(session, item, "discarded")
    session.run("discard_delivery" if found.is_delivery else "discard_message", id=item, now=session.now)
    if found.is_delivery:
        session.run("close_exchanges", id=item)
    _log(session, item, "discarded", by, reason)
    if found.order:
        held = [seq for (seq,) in session.all("held_work", order_key=found.order, ref=item)]
        queue.finish(session, held, [found.order])
    audit.record(session, Act(by, "discard", item, {"reason": reason, "was": found.state}))


def _repairable(session: Session, item: str, done: str) -> _Item:
    found = _delivery(session, item) if "/" in item else _message(session, item)
    if found.state not in REPAIRABLE:
        raise Refused(f"{item} is {found.state}; only what has failed can be {done}", code="not_failed")
    return found


def _message(session: Session, item: str) -> _Item:
    rows = session.all("lock_message", id=item)
    if not rows:
        raise KeyError(item)
    name, state, route, partner, payload, _, _ = rows[0]
    return _Item(name, message_lane(route, partner), payload, state)


def _delivery(session: Session, item: str) -> _Item:
    rows = session.all("lock_delivery", id=item)
    if not rows:
        raise KeyError(item)
    name, state, message, endpoint, partner, payload, order = rows[0]
    return _Item(name, delivery_lane(endpoint, partner), payload, state, order, message)


def _repaired(session: Session, found: _Item, data: bytes) -> int:
    """Store a repaired payload under the content type of the one that it replaces."""
    kind = session.all("payload", id=found.payload)[0][0] if found.payload is not None else "application/octet-stream"
    if kind == BODY_TYPE:
        _require_body(data)
    shelf = Shelf(session)
    key = shelf.put(Document(data, kind))
    shelf.save()
    return key


def _require_body(data: bytes) -> None:
    try:
        load_body(data)
    except (ValueError, RecursionError) as error:
        raise Rejected(
            f"the repaired payload is not JSON: {error}", advice="it is a decoded document: repair it as `failed show` prints it"
        ) from error


def _to_work(session: Session, found: _Item) -> None:
    """Wake the row that held the order key, or queue a new one."""
    held = session.all("held_work", order_key=found.order, ref=found.id)
    if held:
        session.run("reopen_work", seq=held[0][0], now=session.now)
    else:
        queue.add(session, [(found.lane, found.id, session.now, found.order)])


def _log(session: Session, ref: str, kind: str, by: Actor, note: str) -> None:
    session.many("add_event", [event_row(session, ref, kind, note=note, author=str(by))])
