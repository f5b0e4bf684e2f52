"""Bringing a journal's tables up to date. SQLAlchemy and Alembic are imported only where there is something to do.

Several processes may start at once: one migrates, the others wait for it and find nothing left to do. It holds an advisory lock
on PostgreSQL, and the file's exclusive lock on SQLite.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crossdock.core.errors import Misconfigured, Retryable
from crossdock.runtime.journal.belonging import another, owner_before
from crossdock.runtime.journal.database import Database
from crossdock.runtime.journal.revision import REVISION

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

LOCK = 0x43524F53
"""The advisory lock's number."""
PATIENCE = 60.0
"""Seconds that a process waits for another one's migration."""


def migrate(database: Database, environment: str = "") -> None:
    """Make or update the tables; raises Misconfigured where they are newer than this engine, or another environment's."""
    try:
        database.read(lambda _session: None)
    except Misconfigured as error:
        if error.code != "revision":
            raise
    else:
        return
    database.close()
    with _locked(database) as connection:
        owner = owner_before(connection)
        if environment and owner not in ("", environment):
            raise another(owner, environment)
        upgrade(connection)


def upgrade(connection: Connection) -> None:
    """Run what is missing on a connection with an open transaction."""
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = configuration(connection)
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise Misconfigured(
            f"the journal belongs to a newer Crossdock: its tables are at revision {current}, this one knows up to {REVISION}",
            code="revision",
            advice="install the newer Crossdock again, or restore a backup made before it",
        )
    command.upgrade(config, "head")


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, made here rather than read from an alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _locked(database: Database) -> Iterator[Connection]:
    """Yield a connection in a transaction that no other process can be in at the same time; commit it at the end."""
    if database.dialect == "sqlite":
        with sqlite_connection(Path(database.place)) as connection:
            yield connection
    else:
        from crossdock.runtime.journal.postgres import PostgresDatabase

        assert isinstance(database, PostgresDatabase)
        with postgres_connection(database.url) as connection:
            yield connection


@contextmanager
def sqlite_connection(path: Path) -> Iterator[Connection]:
    """Yield a SQLAlchemy connection that has the file for itself; SQLite would commit before DDL, so we begin by hand."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from crossdock.runtime.journal.sqlite import SETTINGS, connect

    engine = create_engine("sqlite://", creator=lambda: connect(path), poolclass=NullPool)
    with engine.connect() as connection:
        for setting in SETTINGS[:2]:
            _patiently(connection, setting)
        _patiently(connection, "BEGIN EXCLUSIVE")
        yield connection
        connection.exec_driver_sql("COMMIT")


def _patiently(connection: Connection, statement: str) -> None:
    from sqlalchemy.exc import OperationalError

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.exec_driver_sql(statement)
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            if time.monotonic() > deadline:
                raise Retryable(
                    "another process has the journal locked and doesn't let go", advice="look for one that still runs"
                ) from error
            time.sleep(0.02)
        else:
            return


@contextmanager
def postgres_connection(url: str) -> Iterator[Connection]:
    """Yield a SQLAlchemy connection in a transaction that holds the advisory lock."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.pool import NullPool

    engine = create_engine(driver_url(url), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection
    except OperationalError as error:
        raise Retryable(f"the journal's database can't be migrated now: {error.orig}", code="journal_unavailable") from error


def driver_url(url: str) -> str:
    """Return the URL that makes SQLAlchemy use psycopg 3."""
    return "postgresql+psycopg://" + url.partition("://")[2]
