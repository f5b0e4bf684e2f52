"""The journal's database on SQLite: one writer at a time, readers beside it (WAL), every commit synced to disk (FULL).

Within a process writers queue at a lock; between processes the write lock of the file decides, asked for in short steps, because
SQLite's own waiting is coarse (up to 100 ms a step).
"""

from __future__ import annotations

import itertools
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import orjson

from crossdock.core.blob import Blob
from crossdock.core.clock import Clock, SystemClock
from crossdock.core.errors import CrossdockError, Misconfigured, Retryable
from crossdock.runtime.journal.database import CHUNKED_ABOVE, Line, Session, chunks_of
from crossdock.runtime.journal.pool import Pool
from crossdock.runtime.journal.revision import no_tables, require_revision
from crossdock.runtime.journal.statements import Dialect, Statement, statements

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that a writer waits for the database's write lock."""
FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.01

SETTINGS = (
    "PRAGMA page_size = 8192",  # orders of 2.4 KB waste less of a page of 8 KiB than of one of 4
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = OFF",
    "PRAGMA wal_autocheckpoint = 1000",  # 8 MiB: no commit waits longer than about 10 ms for a checkpoint
    "PRAGMA cache_size = -32000",
    "PRAGMA temp_store = MEMORY",
)

BUSY = ("SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_BUSY_TIMEOUT", "SQLITE_LOCKED")


class SqliteSession:
    """A transaction on one connection."""

    def __init__(self, connection: sqlite3.Connection, now: int, numbers: Callable[[], int]) -> None:
        self._connection = connection
        self._statements = statements("sqlite")
        self._last_payload = -1
        self._numbers = numbers
        self.now = now

    def all(self, name: str, /, **parameters: Any) -> list[Line]:
        """Run a statement and return its rows."""
        statement = self._statements[name]
        return self._connection.execute(statement.text, _values(statement, parameters)).fetchall()

    def run(self, name: str, /, **parameters: Any) -> int:
        """Run a statement and return how many rows it changed."""
        statement = self._statements[name]
        return self._connection.execute(statement.text, _values(statement, parameters)).rowcount

    def many(self, name: str, rows: Iterable[Line]) -> None:
        """Run a statement for each row."""
        if rows:
            self._connection.executemany(self._statements[name].text, rows)

    def payload_id(self) -> int:
        """Return the next id: this transaction is the only one that writes."""
        if self._last_payload < 0:
            self._last_payload = self.all("last_payload")[0][0]
        self._last_payload += 1
        return self._last_payload

    def payloads(self, rows: Sequence[tuple[int, str, bytes | Blob]]) -> None:
        """Write payloads, big ones in chunks."""
        self.many(
            "add_payload", [(key, kind, len(data), data if len(data) <= CHUNKED_ABOVE else None) for key, kind, data in rows]
        )
        for key, _, data in rows:
            if len(data) > CHUNKED_ABOVE:
                self.many("add_chunk", ((key, n, chunk) for n, chunk in enumerate(chunks_of(data))))

    def lock(self, space: int, names: Sequence[str]) -> None:
        """Nothing to do: a transaction that writes has the whole database."""

    def number(self) -> int:
        """Return a number above all that this process has returned before."""
        return self._numbers()


def _values(statement: Statement, parameters: dict[str, Any]) -> list[Any]:
    """Return the values in the order of the statement's numbers; lists travel as JSON."""
    values = [parameters[name] for name in statement.parameters]
    return [orjson.dumps(value).decode() if isinstance(value, list) else value for value in values]


class SqliteDatabase:
    """A SQLite file. `clock` lets tests move the time."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, clock: Clock | None = None, patience: float = PATIENCE) -> None:
        self.path = path
        self._clock = clock or SystemClock()
        self._patience = patience
        self._turn = threading.Lock()
        self._numbers = itertools.count(random.getrandbits(40)).__next__
        self._pool: Pool[sqlite3.Connection] = Pool(self._connect, sqlite3.Connection.close, self._in_child)

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    def write(self, work: Callable[[Session], T]) -> T:
        """Run in a transaction of the one writer; raises Retryable."""
        if not self._turn.acquire(timeout=self._patience):
            raise _locked(self.place, self._patience)
        try:
            return self._run("BEGIN IMMEDIATE", work)
        finally:
            self._turn.release()

    def read(self, work: Callable[[Session], T]) -> T:
        """Run on one snapshot, beside any writer."""
        return self._run("BEGIN", work)

    def close(self) -> None:
        """Close all idle connections."""
        self._pool.close()

    def _run(self, begin: str, work: Callable[[Session], T]) -> T:
        try:
            connection, fresh = self._pool.take()
            try:
                result = self._transaction(connection, begin, work, fresh)
            except BaseException:
                self._ended(connection)
                raise
            self._pool.give(connection)
        except sqlite3.Error as error:
            raise _told(error, self.place, self._patience) from error
        return result

    def _transaction(self, connection: sqlite3.Connection, begin: str, work: Callable[[Session], T], fresh: bool) -> T:
        self._patiently(lambda: connection.execute(begin))
        session = SqliteSession(connection, int(self._clock.now() * 1000), self._numbers)
        if fresh:
            require_revision(session)
        result = work(session)
        connection.execute("COMMIT")
        return result

    def _ended(self, connection: sqlite3.Connection) -> None:
        """Roll back and keep the connection, or let go of it where even that fails."""
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._pool.drop(connection)
        else:
            self._pool.give(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self.path)
        try:
            for setting in SETTINGS:
                self._patiently(lambda: connection.execute(setting))  # noqa: B023 - called at once
        except BaseException:
            connection.close()
            raise
        return connection

    def _patiently(self, step: Callable[[], object]) -> None:
        """Do a step as soon as nobody else has the file locked."""
        deadline = time.monotonic() + self._patience
        pause = FIRST_PAUSE
        while True:
            try:
                step()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname not in BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - only spreads the waiting
                pause = min(pause * 1.5, LONGEST_PAUSE)
            else:
                return

    def _in_child(self) -> None:
        self._turn = threading.Lock()


def connect(path: Path) -> sqlite3.Connection:
    """Open a file, its folder made, with nothing done behind our back: no implicit transactions, no waiting."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False, cached_statements=256)


def _locked(place: str, patience: float) -> Retryable:
    return Retryable(
        f"the journal {place} was locked by another process for {patience:g} s",
        code="journal_locked",
        advice="look for a process that holds it: a backup, a shell with an open transaction",
    )


def _told(error: sqlite3.Error, place: str, patience: float) -> CrossdockError | sqlite3.Error:
    """Return the error in words for the person who must act; what only a defect can cause stays as it is."""
    name = getattr(error, "sqlite_errorname", "")
    if name in BUSY:
        return _locked(place, patience)
    if name == "SQLITE_FULL":
        return Retryable(
            f"the disk of the journal {place} is full", code="journal_full", advice="free some space; nothing is lost"
        )
    if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")):
        return Retryable(
            f"the journal {place} can't be used: {error}", code="journal_unavailable", advice="look at the disk and its rights"
        )
    if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return Misconfigured(f"{place} is damaged or no journal: {error}", code="journal_damaged", advice="restore a backup")
    if "no such table" in str(error):
        return no_tables(place)
    return error
