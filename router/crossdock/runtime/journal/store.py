"""The journal on a database: each call one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from crossdock.core.access import Actor
from crossdock.core.chain import Link
from crossdock.core.deployment import Deployment, Tally
from crossdock.core.journal import (
    Appended,
    Claimed,
    Concluded,
    DeliveryWork,
    Gathered,
    Gathering,
    GatherWork,
    Lane,
    Late,
    LateReport,
    MessageWork,
    Settled,
    StoredRelease,
    Work,
)
from crossdock.core.message import Accepted, Message, Receipt
from crossdock.core.outcome import Claim
from crossdock.core.ports import Progress
from crossdock.runtime.journal import attempts, deployments, intake, late, links, queue, runs, waiting
from crossdock.runtime.journal.database import Database, Session
from crossdock.runtime.journal.revision import REVISION
from crossdock.runtime.journal.texts import clean, dump

FORGOTTEN_AFTER = 7 * 24 * 3600 * 1000
"""Ms after which a process that no longer beats is forgotten."""


class SqlJournal:
    """`core.journal.Journal` on SQLite and PostgreSQL. `owner` says in the queue who has leased a row."""

    def __init__(self, database: Database, owner: Callable[[], str]) -> None:
        self._database = database
        self._owner = owner

    def accept(self, receipts: Sequence[Receipt], release: str, progress: Progress | None = None) -> list[Accepted]:
        """Keep receipts, and how far a poll has come; durable on return."""
        if not receipts and progress is None:
            return []
        return self._database.write(lambda session: intake.accept(session, receipts, release, progress))

    def claim(self, lane: str, limit: int, lease: float) -> Claimed:
        """Lease up to `limit` due rows of a lane, fewer where their payloads are big."""
        return self._database.write(lambda session: queue.claim(session, lane, limit, lease, self._owner()))

    def extend(self, works: Sequence[Work], lease: float) -> set[int]:
        """Extend leases; return those still ours."""
        return self._database.write(lambda session: queue.extend(session, works, lease)) if works else set()

    def release(self, works: Sequence[Work]) -> None:
        """Give work back untouched."""
        if works:
            self._database.write(lambda session: queue.give_back(session, works))

    def reserve(self, work: MessageWork, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """Take all keys, those of the parts that are new, or none."""
        return self._database.write(lambda session: runs.reserve(session, work, claims))

    def append(self, work: MessageWork, parts: Sequence[Appended], lease: float) -> set[str]:
        """Commit parts of a split message."""
        return runs.append(self._database, work, parts, lease)

    def settle(self, results: Sequence[Settled]) -> set[str]:
        """Commit runs."""
        return runs.settle(self._database, results)

    def gathering(self, work: GatherWork) -> Gathering:
        """Return a group as it stands."""
        return self._database.read(lambda session: waiting.gathering(session, work))

    def load(self, messages: Sequence[str]) -> list[Message]:
        """Return messages with the bodies that they would go on from."""
        return self._database.read(lambda session: waiting.load(session, messages)) if messages else []

    def gathered(self, result: Gathered) -> set[str]:
        """Commit what a look at a group gave."""
        return self._database.write(lambda session: waiting.gathered(session, result))

    def covered(self, works: Sequence[GatherWork]) -> None:
        """Finish looks at groups that another look has covered."""
        if works:
            self._database.write(lambda session: waiting.drop(session, works))

    def answer(self, root: str) -> tuple[int, bytes, str] | None:
        """Return the reply to a message that came in, its error where it failed, or None."""
        return self._database.read(lambda session: waiting.answered(session, root))

    def intend(self, works: Sequence[DeliveryWork]) -> set[int]:
        """Record intentions in the ledger."""
        return self._database.write(lambda session: attempts.intend(session, works)) if works else set()

    def conclude(self, results: Sequence[Concluded]) -> set[str]:
        """Commit attempts."""
        return attempts.conclude(self._database, results)

    def sweep(self) -> set[str]:
        """Return expired leases to their lanes; nothing is written where none has expired."""
        if self._database.read(queue.any_expired):
            self._database.write(lambda session: session.run("sweep_work", now=session.now))
        return self._database.read(queue.due_lanes)

    def next_due(self) -> float | None:
        """Seconds until something is due."""
        return self._database.read(queue.next_due)

    def late(self, limit: int) -> list[Late]:
        """Return what is late and has not been reported."""
        return self._database.read(lambda session: late.late(session, limit))

    def report(self, reports: Sequence[LateReport]) -> set[str]:
        """Mark what is late, and start what its event starts."""
        return self._database.write(lambda session: late.report(session, reports)) if reports else set()

    def lanes(self) -> list[Lane]:
        """The backlog by lane."""
        return self._database.read(queue.lanes)

    def links(self, references: Collection[str]) -> list[Link]:
        """Return what is known of some orders."""
        return self._database.read(lambda session: links.links(session, references)) if references else []

    def keep_release(self, release: StoredRelease) -> None:
        """Keep a release."""
        self._database.write(lambda session: deployments.keep(session, release))

    def load_release(self, release: str) -> StoredRelease | None:
        """Return a release by id; None where there is none, or where its files were purged."""
        return self._database.read(lambda session: deployments.stored(session, release))

    def release_sizes(self, releases: Collection[str]) -> dict[str, int]:
        """Return how large releases are, in bytes; 0 where the files were purged."""
        return self._database.read(lambda session: deployments.sizes(session, releases))

    def deploy(
        self, deployment: Deployment, release: StoredRelease | None = None, by: Actor | None = None, *, approval: bool = False
    ) -> Deployment:
        """Make a deployment; raises Superseded, Refused."""
        return self._database.write(lambda session: deployments.deploy(session, deployment, release, by, approval=approval))

    def deployed(self) -> Deployment | None:
        """Return the newest deployment."""
        return next(iter(self.deployments(1)), None)

    def deployments(self, limit: int) -> list[Deployment]:
        """Return deployments, newest first."""
        return self._database.read(lambda session: deployments.newest(session, limit))

    def tallies(self, since: int) -> dict[str, Tally]:
        """Return how messages accepted since then have fared, by release."""
        return self._database.read(lambda session: deployments.tallies(session, since))

    def in_flight(self) -> dict[tuple[str, str], int]:
        """Return how many messages have not come to their end, by release and route."""
        return self._database.read(deployments.in_flight)

    def open_groups(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return how many groups wait for more, and of how many messages, by route and the step's mark."""
        return self._database.read(deployments.open_groups)

    def beat(self, name: str, role: str, detail: Mapping[str, Any]) -> None:
        """Note that a process is alive, and forget those long gone."""

        def beat(session: Session) -> None:
            session.run("beat", name=clean(name), role=role, now=session.now, detail=dump(dict(detail)))
            session.run("forget_processes", before=session.now - FORGOTTEN_AFTER)

        self._database.write(beat)

    def check(self) -> str:
        """Return what this journal is, in one line; a change, of nothing, is part of the question: a standby takes none."""
        version, fsync, commit = self._database.read(lambda session: session.all("version"))[0]
        self._database.write(lambda session: session.run("forget_processes", before=0))
        waiting = self._database.read(lambda session: session.all("backlog"))[0][0]
        kind = "SQLite" if self._database.dialect == "sqlite" else "PostgreSQL"
        line = f"{kind} {version} at {self._database.place}, tables at {REVISION}, {waiting} waiting"
        unsafe = [name for name, value in (("fsync", fsync), ("synchronous_commit", commit)) if value == "off"]
        return f"{line}; {' and '.join(unsafe)} off: a power cut loses what was acknowledged" if unsafe else line

    def close(self) -> None:
        """Close all idle connections."""
        self._database.close()
