"""Accepting receipts: message, dedupe key and work row in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.core.ids import new_id, new_traceparent
from crossdock.core.message import Accepted, Control, Message, Receipt
from crossdock.core.outcome import State
from crossdock.core.ports import Progress
from crossdock.runtime.journal import polls
from crossdock.runtime.journal.batch import Batch
from crossdock.runtime.journal.bodies import document_of
from crossdock.runtime.journal.database import Session
from crossdock.runtime.journal.rows import message_row
from crossdock.runtime.journal.texts import clean, short

Key = tuple[str, str]


def accept(session: Session, receipts: Sequence[Receipt], release: str, progress: Progress | None = None) -> list[Accepted]:
    """Keep what is new; a second copy is answered with the first one's id. What a poll has reached moves in the same commit."""
    if progress:
        polls.move(session, progress)
    names = [new_id() for _ in receipts]
    holders = _holders(session, receipts, names)
    batch = Batch(session)
    answers = []
    for name, receipt in zip(names, receipts, strict=True):
        first = holders.get(_key(receipt), name) if receipt.dedupe_key else name
        answers.append(Accepted(first, first != name))
        if first == name:
            _keep(batch, name, receipt, release)
    batch.save()
    return answers


def _key(receipt: Receipt) -> Key:
    return short(receipt.source), short(receipt.dedupe_key)


def _holders(session: Session, receipts: Sequence[Receipt], names: Sequence[str]) -> dict[Key, str]:
    """Write the dedupe keys, in an order that is the same for everybody, and return which message has which."""
    first: dict[Key, str] = {}
    for name, receipt in zip(names, receipts, strict=True):
        if receipt.dedupe_key:
            first.setdefault(_key(receipt), name)
    if not first:
        return {}
    session.many("add_inbox", [(*key, first[key], session.now) for key in sorted(first)])
    sources, keys = sorted({source for source, _ in first}), sorted({key for _, key in first})
    return {(source, key): name for source, key, name in session.all("inbox_holders", sources=sources, keys=keys)}


def _keep(batch: Batch, name: str, receipt: Receipt, release: str) -> None:
    message = Message(
        id=name,
        body=None,
        control=Control(receipt.route, release, source=receipt.source, partner=receipt.partner),
        headers=receipt.headers,
        correlation_id=name,
        traceparent=clean(receipt.traceparent) or new_traceparent(),
        received_at=batch.session.now,
    )
    payload = batch.shelf.put(document_of(receipt.data, receipt.content_type))
    batch.message(message_row(message, state=State.RECEIVED.value, at=batch.session.now, payload=payload, name=receipt.name))
    batch.run_of(message)
