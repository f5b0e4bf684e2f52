"""The queue: claiming under a fenced lease, heartbeats, giving back, sweeping, and what is due.

    ready ── claim ──> leased ──┬── done: the row is deleted
      ^                  │      ├── again later: ready, with a due time
      └──── sweep ───────┘      └── failed: deleted, or held where it has an order key
    waiting ── its turn comes ──> ready

A delivery with an order key waits while an older one of its key is there, in whatever state; so a claim looks at ready rows only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from crossdock.core.journal import Claimed, GatherWork, Lane, Work
from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.rows import delivery_work, message_work
from crossdock.runtime.journal.texts import short

W = TypeVar("W", bound=Work)

MOST_BYTES = 64 * 1024 * 1024
"""A batch stops growing at this many bytes of payload; one message is always taken, whatever its size."""
ORDER_SPACE = 1
"""The space of locks that order deliveries, one for each endpoint."""


def claim(session: Session, lane: str, limit: int, lease: float, owner: str) -> Claimed:
    """Lease the oldest due rows of a lane and load what they are about."""
    until = session.now + int(lease * 1000)
    lines = session.all("claim_work", lane=lane, now=session.now, until=until, limit=limit, owner=owner)
    lines.sort(key=lambda line: (line[5], line[0]))
    if not lines:
        return []
    if lane.startswith("gather/"):
        return [GatherWork(seq, lane, attempts, fence, first, ref) for seq, ref, attempts, fence, first, _ in lines]
    names = [line[1] for line in lines]
    if lane.startswith("to/"):
        loaded = {row[0]: row for row in session.all("load_deliveries", ids=names)}
        return [delivery_work(session, lane, line, loaded[line[1]]) for line in _bounded(session, lines, loaded)]
    loaded = {row[0]: row for row in session.all("load_messages", ids=names)}
    return [message_work(session, lane, line, loaded[line[1]]) for line in _bounded(session, lines, loaded)]


def _bounded(session: Session, lines: list[Line], loaded: dict[str, Line]) -> list[Line]:
    """Keep as many as memory should hold at once; the others go back untouched."""
    total = 0
    for count, line in enumerate(lines):
        total += loaded[line[1]][-2] or 0
        if total > MOST_BYTES and count:
            session.run("return_work", seqs=[later[0] for later in lines[count:]])
            return lines[:count]
    return lines


def ours(session: Session, works: Iterable[Work]) -> dict[int, Line]:
    """Lock the rows of works whose lease we still have; return `lock_work`'s rows by seq."""
    fences = {work.seq: work.fence for work in works}
    rows = session.all("lock_work", seqs=list(fences))
    return {row[0]: row for row in rows if row[1] == fences[row[0]]}


def extend(session: Session, works: Sequence[Work], lease: float) -> set[int]:
    """Extend the leases that are still ours."""
    held = list(ours(session, works))
    session.run("extend_work", until=session.now + int(lease * 1000), seqs=held)
    return set(held)


def give_back(session: Session, works: Sequence[Work]) -> None:
    """Return works untouched."""
    session.run("return_work", seqs=list(ours(session, works)))


def due_lanes(session: Session) -> set[str]:
    """Return the lanes with work that can be claimed now."""
    return {lane for lane, due in session.all("lane_dues") if due <= session.now}


def any_expired(session: Session) -> bool:
    """Say whether a lease has run out."""
    return bool(session.all("any_expired", now=session.now))


def next_due(session: Session) -> float | None:
    """Return the seconds until something becomes due or a lease runs out."""
    times = [due for _, due in session.all("lane_dues")]
    times += [until for (until,) in session.all("first_expiry") if until is not None]
    return max(0.0, (min(times) - session.now) / 1000) if times else None


def lanes(session: Session) -> list[Lane]:
    """Return the backlog by lane."""
    return [Lane(*row) for row in session.all("lanes", now=session.now)]


def order_name(endpoint: str, order_key: str) -> str:
    """Return the order key as the queue knows it: keys of different endpoints have nothing to do with each other."""
    return f"{endpoint}\t{short(order_key)}" if order_key else ""


def lock_orders(session: Session, names: Iterable[str]) -> None:
    """Let no other transaction add to or take from these order keys until this one ends.

    One lock an endpoint is enough: it is taken last, just before the commit.
    """
    session.lock(ORDER_SPACE, [name.partition("\t")[0] for name in names])


def add(session: Session, rows: Sequence[tuple[str, str, int, str]]) -> set[str]:
    """Add work: (lane, ref, due time, order name); return the lanes that got something due now."""
    taken: set[str] = set()
    keyed = [row[3] for row in rows if row[3]]
    if keyed:
        lock_orders(session, keyed)
        taken.update(key for (key,) in session.all("busy_order_keys", keys=list(set(keyed))))
    lines = []
    for lane, ref, due_at, order in rows:
        lines.append((lane, ref, "waiting" if order in taken else "ready", due_at, order))
        if order:
            taken.add(order)
    session.many("add_work", lines)
    return {line[0] for line in lines if line[2] == "ready" and line[3] <= session.now}


def finish(session: Session, seqs: Sequence[int], orders: Iterable[str]) -> set[str]:
    """Delete finished work and let the next of its order keys go; return the lanes that got something due now."""
    keys = [order for order in orders if order]
    if keys:
        lock_orders(session, keys)
    session.run("drop_work", seqs=list(seqs))
    if not keys:
        return set()
    return {lane for (lane,) in session.all("promote_work", keys=keys, now=session.now)}
