"""Retention: the bodies and events of families that have come to an end go.

What stays are the messages themselves, their keys, their place in the document chain, the ledger of effects and the audit log.

    candidates ─ bases ─ busy? ─┬─ yes: left as it is, for another time
                                └─ no: bodies emptied, events deleted, one event `purged` in their place

Kept whole is every family with anything in flight, parked, waiting or failed, with a document within its duplicate window, whose
acknowledgement or answer is still expected or was a rejection, or that changed after the moment asked for. Control numbers and
dedupe keys stay anyway, so that second copies are known for as long as agreed.

A batch is one transaction and one row in the audit log; cut off, the next run goes on where this one was. Bodies are shared by
the messages of one family at most (a `bodies.Bundle` belongs to one outcome), so that none goes that another family needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.runtime.journal import audit
from crossdock.runtime.journal.database import Session
from crossdock.runtime.journal.desk import SLACK, id_floor
from crossdock.runtime.journal.events import event_row
from crossdock.runtime.journal.purged import PURGED

BUSY = ("busy_messages", "busy_deliveries", "busy_exchanges", "busy_expectations", "busy_claims")
DAY = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Purged:
    """What a batch did: families looked at and purged, bodies with their bytes, events; `after` is where the next one begins."""

    seen: int = 0
    families: int = 0
    bodies: int = 0
    size: int = 0
    events: int = 0
    after: str = ""

    def plus(self, more: Purged) -> Purged:
        """Return both together."""
        return Purged(
            self.seen + more.seen,
            self.families + more.families,
            self.bodies + more.bodies,
            self.size + more.size,
            self.events + more.events,
            more.after,
        )


def purge(session: Session, older: int, limit: int, after: str, by: Actor) -> Purged:
    """Purge what ended more than `older` ms ago, of the next `limit` families after an id."""
    before = session.now - older
    roots = _candidates(session, before, limit, after)
    if not roots:
        return _pickups(session, older, limit, by)
    ended = _ended(session, roots, before)
    refs = [ref for (ref,) in session.all("family_refs", bases=[base for bases in ended.values() for base in bases])]
    bodies, size = _empty(session, [key for (key,) in session.all("family_payloads", refs=refs, roots=list(ended))])
    events = session.run("purge_events", refs=refs)
    session.run("purge_headers", refs=refs)
    note = f"its documents and events, which ended more than {older // DAY} days ago"
    session.many("add_event", [event_row(session, root, "purged", note=note, author=str(by)) for root in ended])
    found = Purged(len(roots), len(ended), bodies, size, events, roots[-1])
    if ended:
        _record(session, by, older, found, f"{next(iter(ended))}..{list(ended)[-1]}")
    return found


def preview(session: Session, older: int, limit: int, after: str) -> Purged:
    """Return what `purge` would do, and change nothing; events are not counted."""
    before = session.now - older
    roots = _candidates(session, before, limit, after)
    ended = _ended(session, roots, before) if roots else {}
    refs = [ref for (ref,) in session.all("family_refs", bases=[base for bases in ended.values() for base in bases])]
    keys = [key for (key,) in session.all("family_payloads", refs=refs, roots=list(ended))]
    bodies, size = session.all("payload_sizes", ids=keys, purged=PURGED)[0]
    return Purged(len(roots), len(ended), bodies, size, 0, roots[-1] if roots else "")


def _candidates(session: Session, before: int, limit: int, after: str) -> list[str]:
    """Return the next roots that are old enough and have not been purged; ids are in the order of time."""
    rows = session.all("purge_candidates", after=after, ceiling=id_floor(before + 2 * SLACK), before=before, limit=limit)
    return [root for (root,) in rows]


def _ended(session: Session, roots: Sequence[str], before: int) -> dict[str, list[str]]:
    """Return those families that have come to an end, with the ids that their members' names begin with."""
    families: dict[str, set[str]] = {root: set() for root in roots}
    for root, name in session.all("purge_bases", roots=list(roots)):
        families[root].add(name.partition(".")[0])
    bases = sorted({base for found in families.values() for base in found})
    busy: set[str] = set()
    for statement in BUSY:
        terms = {"now": session.now} if statement == "busy_claims" else {"before": before} if statement in BUSY[:2] else {}
        busy.update(base for (base,) in session.all(statement, bases=bases, **terms))
    return {root: sorted(found) for root, found in families.items() if not found & busy}


def _empty(session: Session, keys: Iterable[int]) -> tuple[int, int]:
    """Take bodies away; return how many, and their bytes."""
    ids = sorted(set(keys))
    bodies, size = session.all("payload_sizes", ids=ids, purged=PURGED)[0]
    session.run("purge_chunks", ids=ids)
    session.run("purge_payloads", ids=ids, purged=PURGED, nothing=b"")
    return bodies, size


def _pickups(session: Session, older: int, limit: int, by: Actor) -> Purged:
    """Take away what partners have collected and removed: copies of what was delivered to them."""
    keys = [key for (key,) in session.all("stale_pickups", before=session.now - older, purged=PURGED, limit=limit)]
    if not keys:
        return Purged()
    found = Purged(len(keys), 0, *_empty(session, keys))
    _record(session, by, older, found, "pickups")
    return found


def _record(session: Session, by: Actor, older: int, found: Purged, subject: str) -> None:
    details = {"older_ms": older, "families": found.families, "bodies": found.bodies, "bytes": found.size, "events": found.events}
    audit.record(session, Act(by, "purge", subject, details))
