"""Messages that wait: put away with a reason, woken by a key, an answer or their group.

park, ask    the message keeps its work row, due when it has waited too long; waking makes it due now
gather       the message has no work row; each commit that adds members adds one row that says: look at this group
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.core.journal import Gathered, Gathering, GatherWork, LeaseLost, Member, Wake, gather_lane, message_lane
from crossdock.core.message import BODY_TYPE, Message, dump_held, dump_json, load_body, load_held
from crossdock.core.outcome import State, Wait
from crossdock.runtime.journal import audit, queue
from crossdock.runtime.journal.batch import Batch
from crossdock.runtime.journal.bodies import document_of
from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.events import event_row
from crossdock.runtime.journal.rows import body_of, message_of, payload_of
from crossdock.runtime.journal.texts import clean, dump, short
from crossdock.runtime.journal.texts import load as read

UNPROCESSABLE = 422
"""HTTP's status for a document that was understood and is wrong."""


def slot_of(node: int) -> str:
    """Return the name under which a message holds what a node waited for."""
    return f"#{node}"


def waiting_row(message: Message, wait: Wait, at: int) -> Line:
    """Return a wait as `add_waiting` takes it."""
    said = (wait.kind, clean(wait.scope), short(wait.key), wait.where, clean(wait.note))
    return (message.id, *said, wait.node, at, wait.n, wait.total, int(wait.closes))


def group_of(message: Message, wait: Wait) -> tuple[str, str]:
    """Return the lane and the name of the group that a message joins."""
    return gather_lane(message.control.route), f"{clean(wait.scope)}\t{short(wait.key)}"


def wake(session: Session, wakes: Sequence[Wake], note: str = "", by: str = "") -> set[str]:
    """Let waiting messages go on with what they waited for; one that waits no more is left alone. Returns their lanes."""
    due = [one for one in wakes if session.all("waiting_one", id=one.message_id, kind="park") or _asks(session, one)]
    if not due:
        return set()
    names = [one.message_id for one in due]
    rows = {row[0]: row for row in session.all("held_of", ids=names)}
    session.many("hold", [(one.message_id, _holding(rows[one.message_id][1], one)) for one in due])
    session.run("stop_waiting", ids=names)
    lanes = {message_lane(rows[name][2], rows[name][3]) for name in names}
    session.run("run_now", now=session.now, ids=names, lanes=sorted(lanes))
    if note:
        session.many("add_event", [event_row(session, name, "released", note=note, author=by) for name in names])
    return lanes


def _asks(session: Session, one: Wake) -> bool:
    return bool(session.all("waiting_one", id=one.message_id, kind="ask"))


def _holding(held: str, one: Wake) -> str:
    return dump_held({**(load_held(held) if held else {}), slot_of(one.node): dict(one.slot)})


def unpark(session: Session, key: str, by: str) -> tuple[int, set[str]]:
    """Let all parked messages of a key go on; return how many there were, and their lanes."""
    parked = session.all("waiting_for", kind="park", scope="", key=short(key))
    wakes = [Wake(name, node, {"released": by}) for name, node in parked]
    return len(wakes), wake(session, wakes, f"'{key}' was released", by)


def unpark_by(session: Session, key: str, by: Actor) -> int:
    """Let all parked messages of a key go on because somebody says so; return how many there were."""
    count, _ = unpark(session, key, str(by))
    if count:
        audit.record(session, Act(by, "release_parked", key, {"messages": count}))
    return count


def gathering(session: Session, work: GatherWork) -> Gathering:
    """Return a group as it stands."""
    scope, _, key = work.ref.partition("\t")
    lines = session.all("members", scope=scope, key=key)
    members = [Member(name, at, n, total, bool(closes), node) for name, at, n, total, closes, node in lines]
    known = session.all("gathering", ref=work.ref)
    return Gathering(tuple(members), known[0][1] if known else None, session.now)


def load(session: Session, names: Sequence[str]) -> list[Message]:
    """Return messages with their bodies, in this order."""
    rows = {row[0]: row for row in session.all("load_messages", ids=list(names))}
    return [message_of(rows[name], *body_of(session, rows[name])) for name in names if name in rows]


def gathered(session: Session, result: Gathered) -> set[str]:
    """Commit what a look at a group gave."""
    work = result.work
    if work.seq not in queue.ours(session, [work]):
        raise LeaseLost
    gone = [*result.taken, *(member.message_id for member in result.released)]
    if gone and session.run("stop_waiting", ids=gone) != len(gone):
        raise LeaseLost  # another look at the group was faster: nothing of this one holds
    batch = Batch(session)
    if result.combined is not None:
        _combine(batch, result)
    lanes = _release(session, result)
    lanes |= batch.save()
    _look_again(session, result)
    return lanes


def _combine(batch: Batch, result: Gathered) -> None:
    combined, session = result.combined, batch.session
    assert combined is not None
    batch.spawn(combined, document_of(combined.body, combined.content_type))
    batch.find_by(combined, {})
    batch.event(combined.id, "gathered", note=f"of {len(result.taken)}: {result.note}")
    for name in result.taken:
        batch.event(name, "gathered", note=f"went on as {combined.id}")
    session.many("gathered", [(name, State.GATHERED.value, session.now) for name in result.taken])


def _release(session: Session, result: Gathered) -> set[str]:
    """Let messages go on by themselves, in order: their work rows are made one after the other."""
    if not result.released:
        return set()
    slot = {"released": result.note} if result.error is None else {"error": result.error}
    wakes = [Wake(member.message_id, member.node, slot) for member in result.released]
    names = [one.message_id for one in wakes]
    rows = {row[0]: row for row in session.all("held_of", ids=names)}
    session.many("hold", [(one.message_id, _holding(rows[one.message_id][1], one)) for one in wakes])
    session.many("gathered", [(name, State.RECEIVED.value, session.now) for name in names])
    lines = [(message_lane(rows[name][2], rows[name][3]), name, session.now, "") for name in names]
    return queue.add(session, lines)


def _look_again(session: Session, result: Gathered) -> None:
    """Finish the look, or keep its row as the group's timer where it has none that fires as early."""
    work = result.work
    known = session.all("gathering", ref=work.ref)
    timer, last = known[0] if known else (None, None)
    last = last if result.last is None else result.last
    if result.after is None:
        session.run("drop_work", seqs=[work.seq])
        if last is None:
            session.run("drop_gathering", ref=work.ref)
        else:
            session.many("set_gathering", [(work.ref, None, last)])
        return
    due = session.now + int(result.after * 1000)
    if timer is not None and session.now < timer <= due:
        session.run("drop_work", seqs=[work.seq])
        session.many("set_gathering", [(work.ref, timer, last)])
        return
    session.many("requeue_work", [(work.seq, due, 0)])
    session.many("set_gathering", [(work.ref, due, last)])


def drop(session: Session, works: Iterable[GatherWork]) -> None:
    """Finish looks at groups that another look covers."""
    session.run("drop_work", seqs=list(queue.ours(session, list(works))))


def parked(session: Session, kind: str, route: str, key: str, limit: int) -> list[dict[str, Any]]:
    """Return waiting messages, the longest first."""
    names = ("id", "route", "partner", "key", "note", "where", "at", "keys", "root")
    rows = session.all("parked", kind=kind, route=route, key=short(key) if key else "", limit=limit)
    return [dict(zip(names, row, strict=True)) for row in rows]


def answered(session: Session, root: str) -> tuple[int, bytes, str] | None:
    """Return the reply to a message that came in, its error where it failed, or None where there is nothing yet."""
    for status, payload in session.all("answer", root=root):
        data, kind = payload_of(session, payload)
        return (status, dump_json(load_body(data)), "application/json") if kind == BODY_TYPE else (status, data, kind)
    for (error,) in session.all("family_failed", root=root, first=f"{root}.", beyond=f"{root}/"):
        return UNPROCESSABLE, _problem(read(error) or {}), "application/problem+json"
    return None


def _problem(record: Mapping[str, Any]) -> bytes:
    """Return an error as a problem (RFC 9457)."""
    findings = [{"detail": one["message"], "where": one.get("where", "")} for one in record.get("findings", ())]
    said = {"title": "the message was rejected", "status": UNPROCESSABLE, "detail": record.get("message", ""), "errors": findings}
    return dump(said).encode()
