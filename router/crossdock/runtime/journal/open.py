"""Opening a journal by its URL."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crossdock.core.access import Actor
from crossdock.core.clock import Clock
from crossdock.core.errors import Misconfigured
from crossdock.runtime.journal import belonging, purge, release_purge
from crossdock.runtime.journal.approvals import SqlApprovals
from crossdock.runtime.journal.audit import SqlAudit
from crossdock.runtime.journal.book import SqlExchanges
from crossdock.runtime.journal.database import Database
from crossdock.runtime.journal.desk import SqlDesk
from crossdock.runtime.journal.pickup import SqlLease, SqlPickup
from crossdock.runtime.journal.polls import SqlPolls
from crossdock.runtime.journal.purge import Purged
from crossdock.runtime.journal.release_purge import PurgedReleases
from crossdock.runtime.journal.store import SqlJournal
from crossdock.runtime.journal.tokens import SqlTokens

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgres://")


class Owner:
    """This process's name in the queue and on leases; a forked child has its own."""

    def __init__(self) -> None:
        self._secret = secrets.token_hex(4)

    def __call__(self) -> str:
        """Return `host:pid:secret`."""
        return f"{socket.gethostname()}:{os.getpid()}:{self._secret}"


@dataclass(frozen=True, slots=True)
class OpenJournal:
    """A journal and all that works on it. Nothing is connected before the first call."""

    database: Database
    journal: SqlJournal
    desk: SqlDesk
    pickup: SqlPickup
    lease: SqlLease
    polls: SqlPolls
    exchanges: SqlExchanges
    audit: SqlAudit
    approvals: SqlApprovals
    tokens: SqlTokens

    def migrate(self, environment: str = "") -> None:
        """Make or update the tables; raises Misconfigured where they are newer than this engine, or another environment's."""
        from crossdock.runtime.journal.migrate import migrate

        migrate(self.database, environment)

    def belong(self, environment: str) -> None:
        """Bring the tables up to date, and make this the environment's journal; raises Misconfigured where it is another's."""
        self.migrate(environment)
        belonging.belong(self.database, environment)

    def adopt(self, environment: str, former: str, by: Actor) -> None:
        """Give the journal from one environment to another; raises Misconfigured where `former` hasn't got it."""
        self.migrate()
        belonging.adopt(self.database, environment, former, by)

    def purge(self, older: float, after: str, by: Actor, *, limit: int = 200, dry: bool = False) -> Purged:
        """Purge what ended more than `older` seconds ago, a batch of families after an id; `dry` only says what would go."""
        ms = int(older * 1000)
        if dry:
            return self.database.read(lambda session: purge.preview(session, ms, limit, after))
        return self.database.write(lambda session: purge.purge(session, ms, limit, after, by))

    def purge_releases(self, older: float, by: Actor, last: int = release_purge.LAST, *, dry: bool = False) -> PurgedReleases:
        """Purge releases that nothing has referred to for `older` seconds, but the `last` ones that were deployed."""
        return release_purge.purge(self.database, int(older * 1000), by, last, dry=dry)

    def reset(self) -> None:
        """Close all idle connections, such as before a fork; forks made by Python itself do that by themselves."""
        self.database.close()

    def close(self) -> None:
        """Free this process's leases and close all idle connections."""
        self.lease.let_go()
        self.database.close()


def open_journal(url: str, clock: Clock | None = None, time_offset_ms: Callable[[], int] | None = None) -> OpenJournal:
    """Open `sqlite:///path` (relative, or `sqlite:////absolute`) or `postgresql://user:password@host:port/database`.

    `clock` moves the time on SQLite, `time_offset_ms` that on PostgreSQL, for tests. Raises Misconfigured for any other URL.
    """
    database = _database(url, clock, time_offset_ms or int)
    owner = Owner()
    return OpenJournal(
        database,
        SqlJournal(database, owner),
        SqlDesk(database),
        SqlPickup(database),
        SqlLease(database, owner),
        SqlPolls(database),
        SqlExchanges(database),
        SqlAudit(database),
        SqlApprovals(database),
        SqlTokens(database),
    )


def _database(url: str, clock: Clock | None, time_offset_ms: Callable[[], int]) -> Database:
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        from crossdock.runtime.journal.sqlite import SqliteDatabase

        return SqliteDatabase(Path(url.removeprefix(SQLITE)), clock)
    if url.startswith(POSTGRESQL):
        from crossdock.runtime.journal.postgres import PostgresDatabase

        return PostgresDatabase(url, time_offset_ms)
    raise Misconfigured(
        f"'{url.partition(':')[0]}:...' is no journal",
        advice="write sqlite:///var/crossdock.db, or postgresql://user:password@host:5432/database",
    )
