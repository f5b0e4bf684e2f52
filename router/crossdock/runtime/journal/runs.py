"""Committing runs: settled messages, the parts of split ones, and the keys that they reserve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crossdock.core.exchange import Exchange
from crossdock.core.journal import Appended, LeaseLost, MessageWork, Settled
from crossdock.core.message import Numbered
from crossdock.core.outcome import Claim, Outcome, State
from crossdock.runtime.journal import queue, settlements, waiting
from crossdock.runtime.journal.batch import Batch
from crossdock.runtime.journal.bodies import Document
from crossdock.runtime.journal.claims import key_of, take
from crossdock.runtime.journal.database import Database, Line, Session
from crossdock.runtime.journal.numbers import Counters
from crossdock.runtime.journal.outcomes import CLAIMING, Entry, duplicate, prepare, unkeepable, wishes
from crossdock.runtime.journal.rows import NO_TEXTS, message_row
from crossdock.runtime.journal.texts import dump

PARTNER = "partner:"
"""How the endpoint of a partner begins."""

_Letter = tuple[Document, str, str, Sequence[Exchange]]
"""A document, its file name, its control number, and what the partner knows in it."""


@dataclass(slots=True)
class _Sent:
    """An entry with its documents as they go out, one `_Letter` for each delivery."""

    entry: Entry
    documents: list[_Letter]


def settle(database: Database, results: Sequence[Settled]) -> set[str]:
    """Commit runs whose lease is still ours; return the lanes that got work due now."""
    entries = [prepare(_entry(result)) for result in results]
    return database.write(lambda session: _settled(session, results, entries)) if results else set()


def append(database: Database, work: MessageWork, parts: Sequence[Appended], lease: float) -> set[str]:
    """Commit parts that are not there yet and extend the lease; raises LeaseLost."""
    entries = [prepare(Entry(part.outcome, part.spawns, None)) for part in parts]
    return database.write(lambda session: _appended(session, work, entries, lease))


def reserve(session: Session, work: MessageWork, claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Take all keys for a message, or those of the parts that are new, or none; return what it can't have; raises LeaseLost."""
    if not queue.ours(session, [work]):
        raise LeaseLost
    message = work.message.id
    again = _copies(claims)
    wanted = [claim for claim in claims if claim not in again]
    told = tuple(replace(claim, holder=message) for claim in again)
    conflict = take(session, [(message, wanted)])[0]
    if conflict is None:
        return told
    first = replace(conflict.claim, holder=conflict.holder)
    parts = [claim for claim in wanted if claim.part]
    if not first.part or len(parts) == 1:
        return (first,)
    found = [one for one in take(session, [(message, [claim]) for claim in wanted]) if one is not None]
    lost = [replace(one.claim, holder=one.holder) for one in found]
    if len([one for one in lost if one.part]) < len(parts) and all(one.part for one in lost):
        return (*lost, *told)
    taken = [key_of(claim) for claim in wanted if claim not in [one.claim for one in found]]
    session.many("drop_claim", sorted(taken))
    return (*lost, *told)


def _copies(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims of parts that are in the document a second time."""
    seen: set[tuple[str, str]] = set()
    again = []
    for claim in claims:
        again += [claim] if claim.part and key_of(claim) in seen else []
        seen.add(key_of(claim))
    return again


def _entry(result: Settled) -> Entry:
    work = result.work
    attempts = work.attempts if result.counts else work.attempts - 1
    return Entry(result.outcome, result.spawns, work.message, result.after, result.counts, attempts)


def _settled(session: Session, results: Sequence[Settled], entries: Sequence[Entry]) -> set[str]:
    rows = {row[0]: row for row in session.all("lock_runs", seqs=[result.work.seq for result in results])}
    held = [
        (entry, result.work, rows[result.work.seq])
        for entry, result in zip(entries, results, strict=True)
        if result.work.seq in rows and rows[result.work.seq][1] == result.work.fence
    ]
    for entry, _, row in held:
        entry.stored.payload = row[2]
    batch = Batch(session)
    done, again, ended = [], [], []
    lanes: set[str] = set()
    for sent, (_, work, row) in zip(_decided(session, [entry for entry, _, _ in held]), held, strict=True):
        ended.append(_ended(batch, sent, row))
        if sent.entry.outcome.state is State.RETRY:
            again.append((work.seq, session.now + int(sent.entry.after * 1000), sent.entry.attempts))
            lanes |= {work.lane} if sent.entry.after <= 0 else set()
        else:
            done.append(work.seq)
    session.many("requeue_work", again)
    lanes |= _saved(batch, ended, done, [rows[seq][4] for seq in done])
    return lanes | _released(session, [entry for entry, _, _ in held])


def _saved(batch: Batch, ended: list[Line], done: list[int], orders: list[str]) -> set[str]:
    lanes = batch.save(done, orders)
    batch.session.many("end_run", ended)
    return lanes


def _appended(session: Session, work: MessageWork, entries: Sequence[Entry], lease: float) -> set[str]:
    if not queue.extend(session, [work], lease):
        raise LeaseLost
    known = {name for (name,) in session.all("known_messages", ids=[entry.message.id for entry in entries])}
    batch = Batch(session)
    for sent in _decided(session, [entry for entry in entries if entry.message.id not in known]):
        _added(batch, sent)
    return batch.save() | _released(session, entries)


def _released(session: Session, entries: Sequence[Entry]) -> set[str]:
    """Let parked messages go on whose keys these runs release."""
    lanes: set[str] = set()
    for entry in entries:
        for key in entry.outcome.releases if entry.outcome.state in CLAIMING or entry.outcome.paused else ():
            lanes |= waiting.unpark(session, key, entry.message.id)[1]
    return lanes


def _decided(session: Session, entries: Sequence[Entry]) -> Iterator[_Sent]:
    """Settle who may have which key, and give control numbers, in the order of the entries."""
    conflicts = take(session, wishes(entries))
    decided = [
        duplicate(entry, conflict.claim, conflict.holder) if conflict else entry
        for entry, conflict in zip(entries, conflicts, strict=True)
    ]
    counters = Counters.locked(session, (body.scope for entry in decided for body in entry.sent if isinstance(body, Numbered)))
    sent = [_numbered(entry, counters) for entry in settlements.settle(session, decided)]
    counters.save(session)
    return iter(sent)


def _numbered(entry: Entry, counters: Counters) -> _Sent:
    """Render what needs a number; where that breaks, the numbers go to the next and the message has failed."""
    before = dict(counters.values)
    try:
        documents = _rendered(entry, counters)
    except Exception as error:  # noqa: BLE001 - the document's own code may break in any way
        counters.values = before
        return _Sent(unkeepable(entry, error), [])
    return _Sent(entry, documents)


def _rendered(entry: Entry, counters: Counters) -> list[_Letter]:
    """Give numbers. One document that goes to several targets has one number, and is one exchange: with the partner."""
    letters: dict[int, _Letter] = {}
    told: dict[int, int] = {}
    for index, body in enumerate(entry.sent):
        if not isinstance(body, Numbered):
            continue
        if id(body) not in letters:
            letters[id(body)] = _letter(body, counters.next(body.scope))
        if id(body) not in told or (_to_partner(entry, index) and not _to_partner(entry, told[id(body)])):
            told[id(body)] = index
    return [_enclosed(letters, told, index, body) for index, body in enumerate(entry.sent)]


def _to_partner(entry: Entry, index: int) -> bool:
    return entry.outcome.deliveries[index].endpoint.startswith(PARTNER)


def _letter(body: Numbered, number: int) -> _Letter:
    return Document(body.render(number), body.content_type), body.name(number), str(number), body.exchanges(number)


def _enclosed(letters: Mapping[int, _Letter], told: Mapping[int, int], index: int, body: Document | Numbered) -> _Letter:
    if isinstance(body, Document):
        return body, "", "", ()
    document, name, control, exchanges = letters[id(body)]
    return document, name, control, exchanges if told[id(body)] == index else ()


def _ended(batch: Batch, sent: _Sent, row: Line) -> Line:
    """Gather what a settled message brings; return its own new state as `end_run` takes it."""
    entry = sent.entry
    _, _, payload, deliveries, _ = row
    message, outcome = entry.message, entry.outcome
    _gather(batch, sent, deliveries, entry.before.keys if entry.before else {})
    return (
        message.id,
        _shown(outcome),
        entry.resume,
        int(entry.is_answered),
        dump(message.headers) if message.headers else NO_TEXTS,
        dump(message.keys) if message.keys else NO_TEXTS,
        entry.held,
        batch.shelf.put(entry.own) if entry.own else payload,
        dump(outcome.error.record()) if outcome.error else None,
        entry.attempts,
        deliveries + len(sent.documents),
        batch.session.now,
    )


def _added(batch: Batch, sent: _Sent) -> None:
    """Gather a part that is new, with all that it brings."""
    entry = sent.entry
    state = entry.outcome.state
    payload = batch.shelf.put(entry.own) if entry.own else None
    message = entry.message
    if entry.is_answered:
        message = replace(message, control=replace(message.control, answered=True))
    row = message_row(message, state=_shown(entry.outcome), at=batch.session.now, payload=payload, resume=entry.resume, part=True)
    row[DELIVERIES] = len(sent.documents)
    batch.message(row, entry.outcome.error.record() if entry.outcome.error else None, entry.held)
    if state is State.RETRY:
        batch.run_of(entry.message, entry.outcome.after)
    _gather(batch, sent, 0, {})


def _shown(outcome: Outcome) -> str:
    """Return a message's state as people see it: one that waits for something is no retry."""
    return State.WAITING.value if outcome.wait is not None else outcome.state.value


DELIVERIES = 18
"""The place of `deliveries` in a row of `message_row`."""


def _gather(batch: Batch, sent: _Sent, number: int, known_keys: Mapping[str, str]) -> None:
    """Gather deliveries (named from `number` + 1 on), spawns, new keys and the event."""
    entry = sent.entry
    message, outcome = entry.message, entry.outcome
    batch.link(outcome.links, message.id)
    for delivery, (document, name, control, exchanges) in zip(outcome.deliveries, sent.documents, strict=True):
        number += 1
        batch.deliver(message, number, delivery, document, delivery.name or name)
        if isinstance(delivery.body, Numbered) and delivery.body.links:
            batch.link(delivery.body.links, f"{message.id}/{number}", control)
        if exchanges:
            batch.ledger.send(message, f"{message.id}/{number}", exchanges)
    if outcome.exchanges and (entry.before is None or outcome.state in CLAIMING or outcome.closing):
        batch.ledger.receive(message, outcome.exchanges)
    for spawn, document in zip(entry.spawns, entry.spawned, strict=True):
        batch.spawn(spawn, document)
    if outcome.wait is not None:
        group = waiting.group_of(message, outcome.wait) if outcome.wait.kind == "gather" else None
        batch.put_away(waiting.waiting_row(message, outcome.wait, batch.session.now), group)
    if outcome.answer is not None and entry.answer is not None:
        batch.answer(message, entry.answer, outcome.answer.status)
    batch.find_by(message, known_keys)
    if entry.counts or outcome.error or outcome.paused:
        _note(batch, entry)


def _note(batch: Batch, entry: Entry) -> None:
    outcome = entry.outcome
    note = f"again in {entry.after:g} s" if outcome.state is State.RETRY and entry.after else ""
    note = f"waits for {outcome.wait.note}" if outcome.wait is not None else note
    error = outcome.error.record() if outcome.error else None
    batch.event(entry.message.id, _shown(outcome), note=note, stages=outcome.stages, error=error)
