"""Deliveries' attempts: the intention before the call, and what came of it after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crossdock.core.errors import CrossdockError, Rejected
from crossdock.core.journal import Concluded, DeliveryWork
from crossdock.core.message import dump_held
from crossdock.core.outcome import DeliveryState, Stage
from crossdock.runtime.journal import exchanges, queue, waiting
from crossdock.runtime.journal.batch import Batch
from crossdock.runtime.journal.bodies import Bundle, Document
from crossdock.runtime.journal.database import Database, Line, Session
from crossdock.runtime.journal.events import event_row
from crossdock.runtime.journal.outcomes import UNKEEPABLE
from crossdock.runtime.journal.recorded import with_answer
from crossdock.runtime.journal.texts import clean, dump

OPEN = (DeliveryState.FAILED, DeliveryState.UNKNOWN)
"""States that hold an order key."""

Prepared = tuple[Concluded, list[Document]]


def intend(session: Session, works: Sequence[DeliveryWork]) -> set[int]:
    """Record the intentions of those whose lease is still ours."""
    held = queue.ours(session, works)
    begun = [work for work in works if work.seq in held]
    rows = [(work.delivery_id, work.seq, work.fence, work.attempts, "intended", session.now) for work in begun]
    session.many("add_effect", rows)
    session.run("intend_deliveries", ids=[work.delivery_id for work in begun])
    return set(held)


def conclude(database: Database, results: Sequence[Concluded]) -> set[str]:
    """Commit attempts whose lease is still ours; return the lanes that got work due now."""
    prepared = [_prepared(result) for result in results]
    return database.write(lambda session: _concluded(session, prepared)) if results else set()


def _prepared(result: Concluded) -> Prepared:
    """Encode the spawns' bodies; an answer that can't be kept starts nothing, and says so."""
    bundle = Bundle()
    try:
        dump_held(result.wake.slot if result.wake else {})
        return result, [bundle.document(spawn.body, spawn.content_type) for spawn in result.spawns]
    except UNKEEPABLE as error:
        return _speechless(result, error), []


def _speechless(result: Concluded, error: BaseException) -> Concluded:
    """Return a delivery that was made, but whose answer can't be kept."""
    told = Rejected(
        "the target's answer can't be kept, so the events that it should start were not published",
        code="defect",
        detail=f"{type(error).__name__}: {error}",
        advice="this is a defect of the connector: please report it",
    )
    wake = replace(result.wake, slot={"error": {"message": told.message, "code": told.code}}) if result.wake else None
    return Concluded(result.work, result.state, result.effect, result.reply, told, micros=result.micros, wake=wake)


def _concluded(session: Session, prepared: Sequence[Prepared]) -> set[str]:
    held = queue.ours(session, [result.work for result, _ in prepared])
    mine = [(result, documents) for result, documents in prepared if result.work.seq in held]
    batch = Batch(session)
    for result, documents in mine:
        _gather(batch, result, documents)
    session.many("end_attempt", [_attempt_row(session, result) for result, _ in mine])
    session.many("end_effect", [_effect_row(session, result) for result, _ in mine])
    exchanges.sent(session, [result.work.delivery_id for result, _ in mine if _is_letter(result)])
    woken = waiting.wake(session, [result.wake for result, _ in mine if result.wake is not None])
    return batch.save() | woken | _moved(session, [result for result, _ in mine], held)


def _is_letter(result: Concluded) -> bool:
    """Say whether a document has reached a partner that may acknowledge it."""
    kind = result.work.message.content_type
    return result.state is DeliveryState.DELIVERED and kind.lower().startswith("application/edi")


def _gather(batch: Batch, result: Concluded, documents: Sequence[Document]) -> None:
    for spawn, document in zip(result.spawns, documents, strict=True):
        batch.spawn(spawn, document)
    if result.counts or result.error:
        work = result.work
        stage = Stage(work.operation or work.endpoint, work.where, result.micros, _note(result))
        kind = "retry" if result.state is DeliveryState.QUEUED else result.state.value
        line = event_row(batch.session, work.delivery_id, kind, note=_note(result), stages=[stage], error=_record(result.error))
        batch.history(with_answer(line, result))


def _note(result: Concluded) -> str:
    if result.state is DeliveryState.QUEUED and result.after:
        return f"again in {result.after:g} s"
    return result.reply.note if result.reply else ""


def _record(error: CrossdockError | None) -> dict[str, Any] | None:
    return error.record() if error else None


def _tried(result: Concluded) -> int:
    return result.work.attempts if result.counts else result.work.attempts - 1


def _attempt_row(session: Session, result: Concluded) -> Line:
    return (
        result.work.delivery_id,
        result.state.value,
        result.effect,
        _tried(result),
        clean(result.reply.reference) if result.reply else "",
        dump(result.error.record()) if result.error else None,
        None if result.state is DeliveryState.QUEUED else session.now,
    )


def _effect_row(session: Session, result: Concluded) -> Line:
    reply, error, work = result.reply, result.error, result.work
    note = reply.note if reply and reply.note else error.message if error else ""
    reference = clean(reply.reference) if reply else ""
    return work.delivery_id, work.seq, work.fence, result.effect or "withdrawn", session.now, reference, clean(note)


def _moved(session: Session, results: Sequence[Concluded], held: dict[int, Line]) -> set[str]:
    """Move the work rows: again later, held for their order key, or gone."""
    again = [result for result in results if result.state is DeliveryState.QUEUED]
    kept = [result.work.seq for result in results if result.state in OPEN and held[result.work.seq][2]]
    staying = {result.work.seq for result in again} | set(kept)
    done = [result.work.seq for result in results if result.work.seq not in staying]
    session.many("requeue_work", [(result.work.seq, session.now + int(result.after * 1000), _tried(result)) for result in again])
    if kept:
        session.run("hold_work", seqs=kept)
    lanes = queue.finish(session, done, [held[seq][2] for seq in done])
    return lanes | {result.work.lane for result in again if result.after <= 0}
