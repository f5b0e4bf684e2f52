"""The audit log in the journal. `audit_head` is locked while a row is added: the log is serial and free of gaps."""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.core.audit import Act, AuditRow, Fault, Head, Sought, canonical, faults_of
from crossdock.core.errors import Misconfigured
from crossdock.runtime.journal.belonging import owner_of
from crossdock.runtime.journal.database import Database, Session
from crossdock.runtime.journal.texts import clean

PAGE = 2000
"""Rows that are read at once."""
BEFORE_ALL = -(2**62)


def record(session: Session, act: Act) -> AuditRow:
    """Add an act to the log, in the transaction in which it is done: last, for it makes other acts wait until the commit."""
    seq, previous = _head(session)
    actor = act.actor
    row = AuditRow(
        seq=seq + 1,
        at=session.now,
        actor=clean(actor.name),
        via=actor.via,
        role=actor.role,
        action=act.action,
        subject=clean(act.subject),
        environment=owner_of(session),
        details=clean(canonical(dict(act.details))),
    ).sealed(previous)
    session.many("add_audit", [_line(row)])
    session.run("move_audit_head", seq=row.seq, hash=row.hash)
    return row


def _head(session: Session) -> tuple[int, str]:
    rows = session.all("audit_head")
    if not rows:
        raise Misconfigured(
            "the audit log's newest row is not known: somebody has emptied the table `audit_head`",
            code="audit",
            advice="nothing that must be written down is done until it is back: restore it, then `crossdock audit verify`",
        )
    return rows[0][0], rows[0][1]


def _line(row: AuditRow) -> tuple[str | int, ...]:
    return (
        row.seq, row.at, row.actor, row.via, row.role, row.action, row.subject, row.environment, row.details, row.hash,
    )  # fmt: skip


class SqlAudit:
    """`core.audit.Audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, act: Act) -> AuditRow:
        """Write an act that changes nothing else."""
        return self._database.write(lambda session: record(session, act))

    def search(self, sought: Sought) -> list[AuditRow]:
        """Return rows, newest first."""
        terms = {"actor": sought.actor, "action": sought.action, "subject": sought.subject, "since": sought.since}

        def found(session: Session) -> list[AuditRow]:
            lines = session.all("search_audit", **terms, before=sought.before, limit=sought.limit)
            return [AuditRow(*line) for line in lines]

        return self._database.read(found)

    def rows(self) -> Iterator[AuditRow]:
        """Yield all rows, oldest first, a page at a time."""
        after = BEFORE_ALL
        while page := self._database.read(lambda session: _page(session, after)):  # noqa: B023 - called at once
            yield from page
            after = page[-1].seq

    def verify(self) -> tuple[Head | None, list[Fault]]:
        """Return the head, and everything that is wrong; rows that are added meanwhile are not looked at."""

        def verified(session: Session) -> tuple[Head | None, list[Fault]]:
            kept = session.all("audit_newest")
            head = Head(*kept[0]) if kept else None
            return head, faults_of(_pages(session), head)

        return self._database.read(verified)


def _pages(session: Session) -> Iterator[AuditRow]:
    after = BEFORE_ALL
    while page := _page(session, after):
        yield from page
        after = page[-1].seq


def _page(session: Session, after: int) -> list[AuditRow]:
    return [AuditRow(*line) for line in session.all("audit_rows", after=after, limit=PAGE)]
