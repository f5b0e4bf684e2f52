"""A backup that is made while the journal is in use, restored: as docs/production.md says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crossdock.core.message import Receipt
from crossdock.runtime.journal import OpenJournal, open_journal
from tests.services.postgres import Postgres, newest_programs


def filled(opened: OpenJournal) -> list[str]:
    """Accept three documents; return their ids."""
    opened.belong("production")
    receipts = [Receipt("orders", f"order {number}".encode(), "test", partner="acme") for number in range(3)]
    return [accepted.message_id for accepted in opened.journal.accept(receipts, "r1")]


def assert_same(url: str, names: list[str]) -> None:
    """The restored journal has the documents, the work that waits for them, and the environment that it belongs to."""
    restored = open_journal(url)
    try:
        restored.belong("production")
        assert [restored.desk.payload(name)[0] for name in names] == [b"order 0", b"order 1", b"order 2"]
        assert [(lane.name, lane.ready) for lane in restored.journal.lanes()] == [("route/orders/acme", 3)]
        more = restored.journal.accept([Receipt("orders", b"order 3", "test", partner="acme")], "r1")
        assert restored.desk.payload(more[0].message_id)[0] == b"order 3"
    finally:
        restored.close()


def test_a_dump_of_postgresql_is_restored_whole(postgres_server: Postgres, tmp_path: Path) -> None:
    with postgres_server.database() as url, postgres_server.database() as empty:
        opened = open_journal(url)
        names = filled(opened)
        dump, programs = tmp_path / "journal.dump", newest_programs()
        subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", url], check=True)
        opened.journal.accept([Receipt("orders", b"after the backup", "test", partner="acme")], "r1")
        opened.close()
        subprocess.run([programs / "pg_restore", f"--dbname={empty}", "--exit-on-error", dump], check=True)
        assert urlsplit(url).path != urlsplit(empty).path
        assert_same(empty, names)


def test_a_backup_of_sqlite_is_restored_whole(tmp_path: Path) -> None:
    if shutil.which("sqlite3") is None:
        pytest.skip("sqlite3 (Debian: sqlite3) is not installed: Python's own way is tested beside this")
    opened = open_journal(f"sqlite:///{tmp_path}/journal.db")
    names = filled(opened)
    subprocess.run(["sqlite3", str(tmp_path / "journal.db"), f".backup {tmp_path}/backup.db"], check=True)
    opened.close()
    assert_same(f"sqlite:///{tmp_path}/backup.db", names)


def test_a_backup_of_sqlite_by_pythons_own_means_is_restored_whole(tmp_path: Path) -> None:
    """The same call of SQLite's, while the journal is open."""
    import sqlite3
    from contextlib import closing

    opened = open_journal(f"sqlite:///{tmp_path}/journal.db")
    names = filled(opened)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as source, closing(sqlite3.connect(tmp_path / "backup.db")) as target:
        source.backup(target)
    opened.journal.accept([Receipt("orders", b"after the backup", "test", partner="acme")], "r1")
    opened.close()
    assert_same(f"sqlite:///{tmp_path}/backup.db", names)
