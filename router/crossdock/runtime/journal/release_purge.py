"""Retention of releases: the files of those that nothing refers to any more go; what was deployed when stays told.

A release is kept while
    it runs, or ran at any time since the moment asked for, as the release or as a canary's candidate
    it is among the last few that were deployed: these can be gone back to
    a request for its approval is open, or was agreed to
    a message of it is not done with, or has a document that could be sent again

Of a release that was deployed an empty row stays, as `deployment` refers to it; deploying it again fills it. One that was only
ever kept goes altogether.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.runtime.journal import audit
from crossdock.runtime.journal.database import Database, Session
from crossdock.runtime.journal.deployments import newest
from crossdock.runtime.journal.purged import PURGED

LAST = 10
"""How many of the releases that were deployed last are kept, however long ago that was."""
ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PurgedReleases:
    """Releases whose files went, oldest first, and the bytes of these."""

    ids: tuple[str, ...] = ()
    size: int = 0


def purge(database: Database, older: int, by: Actor, last: int = LAST, *, dry: bool = False) -> PurgedReleases:
    """Purge releases that nothing has referred to for `older` ms; `dry` only says which.

    Messages are looked through before the transaction that changes anything: a release that neither ran lately nor has a message
    that is not done with gets no new ones.
    """
    found = database.read(lambda session: _unneeded(session, older, last))
    if dry or not found.ids:
        return found
    return database.write(lambda session: _purge(session, older, last, found, by))


def _purge(session: Session, older: int, last: int, found: PurgedReleases, by: Actor) -> PurgedReleases:
    sizes = _candidates(session, older, last)
    gone = {name: sizes[name] for name in found.ids if name in sizes}
    session.run("drop_releases", ids=list(gone))
    session.run("empty_releases", ids=list(gone))
    made = PurgedReleases(tuple(gone), sum(gone.values()))
    if gone:
        audit.record(session, Act(by, "purge", "releases", {"older_ms": older, "releases": list(gone), "bytes": made.size}))
    return made


def _unneeded(session: Session, older: int, last: int) -> PurgedReleases:
    sizes = _candidates(session, older, last)
    used = {name for (name,) in session.all("releases_in_use", ids=list(sizes), purged=PURGED)} if sizes else set()
    gone = {name: size for name, size in sizes.items() if name not in used}
    return PurgedReleases(tuple(gone), sum(gone.values()))


def _candidates(session: Session, older: int, last: int) -> dict[str, int]:
    """Return the sizes of the releases that neither a deployment nor a request for approval keeps, oldest first."""
    before = session.now - older
    kept = set(_deployed(session, before, last))
    rows = session.all("stale_releases", before=before, now=session.now)
    return {name: int(size) for name, size in rows if name not in kept}


def _deployed(session: Session, before: int, last: int) -> Iterator[str]:
    """Yield the releases that ran since a moment (ms), and the last ones whenever that was."""
    seen: dict[str, None] = {}
    until = session.now
    for deployment in newest(session, ALL):
        for name in filter(None, (deployment.release, deployment.candidate)):
            if until >= before or name in seen or len(seen) < last:
                seen.setdefault(name)
        until = deployment.at
    yield from seen
