"""Migrations: one definition of the tables, made once, refused where it is not ours."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crossdock.core.errors import Misconfigured
from crossdock.runtime.journal import open_journal
from crossdock.runtime.journal.migrate import configuration, postgres_connection, sqlite_connection
from crossdock.runtime.journal.revision import REVISION
from crossdock.runtime.journal.statements import statements
from tests.journal.journal_kit import World, accepted

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATE = "import sys; from crossdock.runtime.journal import open_journal; open_journal(sys.argv[1]).migrate()"


@contextmanager
def connected(world: World) -> Iterator[Connection]:
    """Connect as the migrations do."""
    if world.url.startswith("sqlite"):
        with sqlite_connection(Path(world.url.removeprefix("sqlite:///"))) as connection:
            yield connection
    else:
        with postgres_connection(world.url) as connection:
            yield connection


def execute(world: World, statement: str) -> None:
    with connected(world) as connection:
        connection.exec_driver_sql(statement)


def definitions(connection: Connection) -> list[str]:
    """Return the database's own words for its tables and indexes."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT IN ('alembic_version', 'sqlite_sequence')"
        )
        return sorted(" ".join(sql.replace('"', "").split()) for (sql,) in rows)
    rows = connection.exec_driver_sql(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        " UNION SELECT concat_ws(' ', table_name, column_name, data_type, collation_name, is_nullable, column_default)"
        " FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
    )
    return sorted(text for (text,) in rows)


def test_the_migrations_make_what_the_schema_defines(world: World) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from crossdock.runtime.journal.schema import metadata

    options = {"compare_type": True, "compare_server_default": True}
    with connected(world) as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        migrated = definitions(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert migrated == definitions(connection)


def test_the_engine_knows_the_newest_revision() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(configuration()).get_current_head() == REVISION


def test_every_statement_fits_the_tables(world: World) -> None:
    opened = world.opened[0]
    if opened.database.dialect == "sqlite":
        with connected(world) as connection:
            for statement in statements("sqlite").values():
                connection.exec_driver_sql(f"EXPLAIN {statement.text}", tuple([None] * len(statement.parameters)))
    else:
        import psycopg

        with psycopg.connect(world.url) as raw:
            results = [
                raw.pgconn.prepare(name.encode(), statement.text.encode()) for name, statement in statements("postgresql").items()
            ]
            assert [result.error_message for result in results if result.status != psycopg.pq.ExecStatus.COMMAND_OK] == []


def test_migrating_again_changes_nothing(world: World) -> None:
    (name,) = accepted(world.opened[0], b"x")
    again = world.open()
    again.migrate()
    assert again.desk.find(name) == [name]


def test_several_processes_may_migrate_at_once(empty: World) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, empty.url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [(process.returncode, error) for process, error in zip(processes, errors, strict=True)] == [(0, "")] * 3
    assert len(accepted(empty.open(), b"x")) == 1


def test_a_journal_without_tables_says_so(empty: World) -> None:
    with pytest.raises(Misconfigured, match="has no tables yet"):
        accepted(empty.open(), b"x")


def test_a_newer_journal_is_refused(world: World) -> None:
    execute(world, "UPDATE alembic_version SET version_num = '9999'")
    older = world.open()
    with pytest.raises(Misconfigured, match="revision 9999"):
        older.migrate()
    with pytest.raises(Misconfigured, match="revision 9999"):
        accepted(older, b"x")


def test_the_tables_can_be_taken_back(world: World) -> None:
    from alembic import command

    with connected(world) as connection:
        command.downgrade(configuration(connection), "base")
        assert definitions(connection) == []


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "sqlite:///", "sqlite:/x", ""])
def test_any_other_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        open_journal(url)
    assert "secret" not in str(refused.value)


def test_opening_a_journal_imports_nothing_heavy() -> None:
    code = (
        "import sys; from crossdock.runtime.journal import open_journal; open_journal('sqlite:///x.db');"
        "print(sorted({'sqlalchemy', 'alembic', 'psycopg'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
