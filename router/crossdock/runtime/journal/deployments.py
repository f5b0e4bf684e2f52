"""Releases and deployments in the journal: the newest row of `deployment` is the pointer, and making one is one insert."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.core.deployment import Deployment, Tally, percent
from crossdock.core.journal import StoredRelease, Superseded
from crossdock.runtime.journal.approvals import take
from crossdock.runtime.journal.audit import record
from crossdock.runtime.journal.database import Session
from crossdock.runtime.journal.desk import id_floor
from crossdock.runtime.journal.texts import clean, dump, load


def keep(session: Session, release: StoredRelease) -> None:
    """Keep a release; one that is there stays as it is, gets a signature if it had none, and its files where they were purged."""
    session.run(
        "add_release",
        id=release.id,
        files=dump(dict(release.files)),
        environment=release.environment,
        created_at=release.created_at or session.now,
        note=clean(release.note),
        engine=clean(release.engine),
        signature=clean(release.signature),
    )


def stored(session: Session, release: str) -> StoredRelease | None:
    """Return a release by id; None where there is none, or where its files were purged.

    Its environment is the journal's: in a copy that another one has adopted, nothing may go to the endpoints of the former.
    """
    rows = session.all("load_release", id=release)
    return StoredRelease(rows[0][0], load(rows[0][1]), *rows[0][2:]) if rows else None


def sizes(session: Session, releases: Collection[str]) -> dict[str, int]:
    """Return how large releases are, in bytes; 0 where the files were purged."""
    return {name: int(size) for name, size in session.all("release_sizes", ids=sorted(releases))}


def deploy(
    session: Session, deployment: Deployment, release: StoredRelease | None, by: Actor | None, *, approval: bool
) -> Deployment:
    """Make a deployment if its number is the next one; raises Superseded, Refused."""
    if release is not None:
        keep(session, release)
    if approval:
        deployment = replace(deployment, approved=take(session, deployment.candidate or deployment.release).decider)
    made = replace(deployment, actor=clean(str(by) if by else deployment.actor), note=clean(deployment.note), at=session.now)
    if not session.run("add_deployment", **asdict(made)):
        raise Superseded(newest(session, 1)[0])
    if by is not None:
        record(session, Act(by, made.act, made.candidate or made.release, _details(made)))
    return made


def _details(made: Deployment) -> dict[str, Any]:
    told = {"deployment": made.number, "note": made.note, "approved": made.approved}
    canary = {"beside": made.release, "share": percent(made.share)} if made.candidate else {}
    return {name: value for name, value in {**told, **canary}.items() if value}


def newest(session: Session, limit: int) -> list[Deployment]:
    """Return deployments, newest first."""
    return [Deployment(*row) for row in session.all("deployments", limit=limit)]


def tallies(session: Session, since: int) -> dict[str, Tally]:
    """Return how messages accepted since then have fared, by release."""
    return {row[0]: Tally(int(row[1]), int(row[2])) for row in session.all("tallies", floor=id_floor(since), since=since)}


def in_flight(session: Session) -> dict[tuple[str, str], int]:
    """Return how many messages have not come to their end, by release and route."""
    return {(row[0], row[1]): int(row[2]) for row in session.all("in_flight")}


def open_groups(session: Session) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many groups wait for more, and of how many messages, by route and the step's mark."""
    found = {row[0]: (int(row[1]), int(row[2])) for row in session.all("open_groups")}
    return {(scope.rpartition("/")[0], scope.rpartition("/")[2]): counts for scope, counts in found.items()}
