"""The journal's database on PostgreSQL, through psycopg: rows in bulk as JSON, time from the server.

A connection that breaks is thrown away with all idle ones and opened anew by the next transaction. What met a deadlock or a
serialisation failure is run again.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, TypeVar

import orjson
import psycopg
from psycopg import errors as pg

from crossdock.core.blob import Blob
from crossdock.core.errors import CrossdockError, Misconfigured, Retryable
from crossdock.runtime.journal.database import CHUNKED_ABOVE, Line, Session, chunks_of
from crossdock.runtime.journal.pool import Pool
from crossdock.runtime.journal.revision import no_tables, require_revision
from crossdock.runtime.journal.statements import Dialect, Statement, statements

T = TypeVar("T")

Connection = psycopg.Connection[Line]

BLOCK = 1000
"""How many payload ids one call of the sequence stands for (the migration's INCREMENT)."""
TRIES = 6
"""How often a transaction is run again after a deadlock."""
AGAIN = (pg.DeadlockDetected, pg.SerializationFailure)

SETTINGS = (
    "SET jit = off",  # costs more than it brings on statements of a millisecond
    "SET enable_seqscan = off",  # the queue's statistics are always stale: without this a full queue is read from end to end
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)


class PayloadIds:
    """Payload ids, taken from the database's sequence a block at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = self._end = 0

    def take(self, session: PostgresSession) -> int:
        """Return a fresh id; those of a transaction that fails are never used."""
        with self._lock:
            if self._next == self._end:
                self._next = session.all("payload_block")[0][0]
                self._end = self._next + BLOCK
            self._next += 1
            return self._next - 1


class PostgresSession:
    """A transaction on one connection."""

    def __init__(self, connection: Connection, ids: PayloadIds, numbers: Callable[[], int], offset: int) -> None:
        self._connection = connection
        self._statements = statements("postgresql")
        self._ids = ids
        self._numbers = numbers
        self._offset = offset

    @cached_property
    def now(self) -> int:
        """The server's time when it was first asked for."""
        return int(self.all("now")[0][0]) + self._offset

    def all(self, name: str, /, **parameters: Any) -> list[Line]:
        """Run a statement and return its rows."""
        statement = self._statements[name]
        cursor = self._connection.execute(statement.text.encode(), _values(statement, parameters), binary=True)
        return cursor.fetchall() if cursor.description else []

    def run(self, name: str, /, **parameters: Any) -> int:
        """Run a statement and return how many rows it changed."""
        statement = self._statements[name]
        return self._connection.execute(statement.text.encode(), _values(statement, parameters)).rowcount

    def many(self, name: str, rows: Iterable[Line]) -> None:
        """Run one statement over all rows."""
        if rows:
            statement = self._statements[name]
            data = orjson.dumps([dict(zip(statement.columns, row, strict=True)) for row in rows]).decode()
            self._connection.execute(statement.text.encode(), [data])

    def payload_id(self) -> int:
        """Return a fresh id."""
        return self._ids.take(self)

    def payloads(self, rows: Sequence[tuple[int, str, bytes | Blob]]) -> None:
        """Write payloads: the small ones in one piece of which the server cuts each, the big ones in chunks."""
        placed: list[dict[str, Any]] = []
        start = 1
        for key, kind, data in rows:
            small = len(data) <= CHUNKED_ABOVE
            placed.append({"id": key, "content_type": kind, "size": len(data), "start": start if small else 0})
            start += len(data) if small else 0
        small_data = b"".join(data for _, _, data in rows if isinstance(data, bytes) and len(data) <= CHUNKED_ABOVE)
        self.run("add_payloads", rows=orjson.dumps(placed).decode(), data=small_data)
        for key, _, data in rows:
            for n, chunk in enumerate(chunks_of(data) if len(data) > CHUNKED_ABOVE else ()):
                self.run("add_one_chunk", payload_id=key, n=n, data=chunk)

    def lock(self, space: int, names: Sequence[str]) -> None:
        """Wait for the names, in an order that is the same for everybody."""
        for name in sorted(set(names)):
            self.all("lock_name", space=space, name=name)

    def number(self) -> int:
        """Return a number above all that this process has returned before."""
        return self._numbers()


def _values(statement: Statement, parameters: dict[str, Any]) -> list[Any]:
    return [parameters[name] for name in statement.parameters]


class PostgresDatabase:
    """A PostgreSQL database. `time_offset_ms` is added to the server's time, so that tests can move it."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str, time_offset_ms: Callable[[], int]) -> None:
        self.url = url
        self._offset = time_offset_ms
        self._ids = PayloadIds()
        self._numbers = itertools.count(random.getrandbits(40)).__next__
        self._pool: Pool[Connection] = Pool(self._connect, psycopg.Connection.close, self._in_child)

    @property
    def place(self) -> str:
        """Host and database, without the password."""
        known = psycopg.conninfo.conninfo_to_dict(self.url)
        return f"{known.get('host', 'localhost')}:{known.get('port', 5432)}/{known.get('dbname', '')}"

    def write(self, work: Callable[[Session], T]) -> T:
        """Run in a transaction; raises Retryable."""
        return self._run("BEGIN", work)

    def read(self, work: Callable[[Session], T]) -> T:
        """Run on one snapshot."""
        return self._run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work)

    def close(self) -> None:
        """Close all idle connections."""
        self._pool.close()

    def _run(self, begin: str, work: Callable[[Session], T]) -> T:
        try:
            for turn in range(TRIES):
                try:
                    return self._once(begin, work)
                except AGAIN:
                    time.sleep(random.uniform(0, 0.01) * 2**turn)  # noqa: S311 - only spreads the retries
            return self._once(begin, work)
        except psycopg.Error as error:
            raise _told(error, self.place) from error

    def _once(self, begin: str, work: Callable[[Session], T]) -> T:
        connection, fresh = self._begun(begin)
        try:
            session = PostgresSession(connection, self._ids, self._numbers, self._offset())
            if fresh:
                require_revision(session)
            result = work(session)
            connection.execute("COMMIT")
        except BaseException:
            self._ended(connection)
            raise
        self._pool.give(connection)
        return result

    def _begun(self, begin: str) -> tuple[Connection, bool]:
        """Return a connection with an open transaction; an idle one that the server has closed meanwhile is replaced."""
        while True:
            connection, fresh = self._pool.take()
            try:
                connection.execute(begin.encode())
            except psycopg.OperationalError:
                self._pool.drop(connection)
                self._pool.close()
                if fresh:
                    raise
            else:
                return connection, fresh

    def _ended(self, connection: Connection) -> None:
        """Roll back and keep the connection, or let go of it where it is broken."""
        with suppress(psycopg.Error):
            connection.execute("ROLLBACK")
        if connection.broken or connection.closed:
            self._pool.drop(connection)
            self._pool.close()
        else:
            self._pool.give(connection)

    def _connect(self) -> Connection:
        connection: Connection = psycopg.connect(
            self.url,
            autocommit=True,
            cursor_factory=psycopg.RawCursor,
            connect_timeout=5,
            application_name="crossdock",
        )
        for setting in SETTINGS:
            connection.execute(setting.encode())
        return connection

    def _in_child(self) -> None:
        self._ids = PayloadIds()


AWAY = "nothing acknowledged is lost; work goes on when it is back"
REFUSALS = ("does not exist", "authentication failed", "no pg_hba.conf entry")
"""Pieces of what a server says that lets us in under no circumstances; libpq gives no code while it connects."""


def _told(error: psycopg.Error, place: str) -> CrossdockError | psycopg.Error:
    """Return the error in words for the person who must act; what only a defect can cause stays as it is."""
    reason = str(error).strip().partition("\n")[0]
    if isinstance(error, pg.UndefinedTable):
        return no_tables(place)
    if isinstance(error, pg.InsufficientPrivilege):
        return Misconfigured(
            f"the journal's database {place} refuses us: {reason}",
            code="journal_refused",
            advice="its user must own the tables: `REASSIGN OWNED BY` whoever made them, or take that user in the URL",
        )
    if isinstance(error, pg.InvalidPassword | pg.InvalidAuthorizationSpecification | pg.InvalidCatalogName):
        return Misconfigured(
            f"the journal's database {place} refuses us: {reason}", code="journal_refused", advice="check its URL"
        )
    if isinstance(error, pg.DiskFull):
        return Retryable(
            f"the disk of the database {place} is full", code="journal_full", advice="free some space; nothing is lost"
        )
    if isinstance(error, pg.ReadOnlySqlTransaction):
        return Retryable(
            f"the journal's database {place} takes no changes: {reason}",
            code="journal_read_only",
            advice="a standby, or set to read only: name the primary in its URL; work goes on when it takes changes",
        )
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        wrong = any(sign in reason for sign in REFUSALS)
        return Retryable(
            f"the journal's database {place} can't be used now: {reason}",
            code="journal_unavailable",
            advice="check its URL, its database and its user" if wrong else AWAY,
        )
    return error
