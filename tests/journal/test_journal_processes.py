"""Several processes on one journal: competing, killed, forked, cut off."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from crossdock.core.errors import Retryable
from crossdock.core.journal import Query
from crossdock.runtime.journal import OpenJournal, open_journal
from tests.journal.journal_kit import ERP, World, accepted, claimed, claimed_deliveries, done, ids, receipt
from tests.services.postgres import Postgres

ROOT = Path(__file__).parents[2]

WORKER = """
import sys
from crossdock.core.outcome import Delivery
from crossdock.runtime.journal import open_journal
from tests.journal.journal_kit import claimed, done
opened = open_journal(sys.argv[1])
while works := claimed(opened, limit=5):
    opened.journal.settle([done(work, Delivery("erp", b"x", order_key="k")) for work in works])
    print(*[work.message.id for work in works], sep="\\n", flush=True)
"""

BUSY = """
import sys
from crossdock.core.outcome import Delivery
from crossdock.runtime.journal import open_journal
from tests.journal.journal_kit import claimed, claimed_deliveries, delivered, done, receipt
opened = open_journal(sys.argv[1])
while True:
    data = bytes(range(256)) * 1100
    for answer in opened.journal.accept([receipt(data), receipt(b"small")], "r1"):
        print("accepted", answer.message_id, flush=True)
    works = claimed(opened, limit=2)
    opened.journal.settle([done(work, Delivery("erp", work.message.body), Delivery("wms", b"y")) for work in works])
    for work in works:
        print("settled", work.message.id, flush=True)
    calls = claimed_deliveries(opened, limit=2)
    opened.journal.intend(calls)
    opened.journal.conclude([delivered(call) for call in calls])
    for call in calls:
        print("delivered", call.delivery_id, flush=True)
"""


def start(code: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_competing_processes_never_get_the_same_work(world: World) -> None:
    opened = world.opened[0]
    names = accepted(opened, *[b"x"] * 200)
    workers = [start(WORKER, world.url) for _ in range(2)]
    outputs = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert sorted(outputs[0] + outputs[1]) == sorted(names)
    assert opened.desk.counts(0) == {"messages": {"done": 200}, "deliveries": {"queued": 200}}
    assert len(claimed_deliveries(opened)) == 1


@pytest.mark.parametrize("lines", [1, 8, 25, 60])
def test_a_killed_process_loses_nothing_that_it_was_told_was_done(world: World, lines: int) -> None:
    process = start(BUSY, world.url)
    assert process.stdout is not None
    told = [process.stdout.readline().split() for _ in range(lines)]
    os.kill(process.pid, signal.SIGKILL)
    told += [line.split() for line in process.communicate()[0].splitlines()]
    opened = world.opened[0]
    messages = {row["id"]: row for row in opened.desk.messages(Query(limit=100_000))}
    for kind, name in told:
        state = messages[name.partition("/")[0]]["state"]
        if kind == "settled":
            assert state == "done"
        if kind == "delivered":
            assert opened.desk.show(name)["state"] == "delivered"
        assert len(opened.desk.payload(name)[0]) in (5, 1, 256 * 1100)
    world.advance(61)
    opened.journal.sweep()
    finish(opened)
    counts = opened.desk.counts(0)
    assert counts["messages"] == {"done": len(messages)}
    assert counts["deliveries"] == {"delivered": 2 * len(messages)}
    assert opened.journal.lanes() == []


def finish(opened: OpenJournal) -> None:
    """Do all that is left, as a restarted process would."""
    from crossdock.core.outcome import Delivery
    from tests.journal.journal_kit import delivered

    while works := claimed(opened, limit=20):
        opened.journal.settle([done(work, Delivery("erp", work.message.body), Delivery("wms", b"y")) for work in works])
    for lane in (ERP, "to/wms/acme"):
        while calls := claimed_deliveries(opened, lane):
            opened.journal.conclude([delivered(call) for call in calls])


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(world: World) -> None:
    opened = world.opened[0]
    accepted(opened, b"parent")
    child = os.fork()
    if not child:
        code = 1
        try:
            accepted(opened, b"child")
            code = 0
        finally:
            os._exit(code)
    accepted(opened, b"parent again")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    accepted(opened, b"parent at last")
    bodies = Counter(work.message.body for work in claimed(opened))
    assert bodies == Counter([b"parent", b"child", b"parent again", b"parent at last"])
    assert is_whole(world)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_waits_for_other_threads_transactions(world: World) -> None:
    opened = world.opened[0]
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            accepted(opened, b"thread")

    thread = threading.Thread(target=busy)
    thread.start()
    codes = []
    for _ in range(5):
        child = os.fork()
        if not child:
            code = 1
            try:
                accepted(opened, b"child")
                code = 0
            finally:
                os._exit(code)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    stop.set()
    thread.join()
    assert codes == [0] * 5
    bodies: Counter[bytes] = Counter()
    while works := claimed(opened, limit=1000):
        bodies.update(work.message.body for work in works)
    assert bodies[b"child"] == 5
    assert is_whole(world)


def is_whole(world: World) -> bool:
    """Let SQLite check its file; PostgreSQL looks after itself."""
    if not world.url.startswith("sqlite"):
        return True
    connection = sqlite3.connect(world.url.removeprefix("sqlite:///"))
    try:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    finally:
        connection.close()


def test_a_lost_connection_is_opened_anew(postgres_url: str) -> None:
    import psycopg

    opened = open_journal(postgres_url)
    opened.migrate()
    (first,) = accepted(opened, b"x")
    with psycopg.connect(postgres_url, autocommit=True) as killer:
        killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'crossdock'")
    (second,) = accepted(opened, b"y")
    assert ids(claimed(opened)) == [first, second]
    opened.close()


def test_a_server_that_is_away_is_a_reason_to_try_later() -> None:
    opened = open_journal("postgresql://u:secret@127.0.0.1:1/d")
    with pytest.raises(Retryable) as away:
        opened.journal.accept([receipt()], "r1")
    assert "secret" not in away.value.message


def test_a_locked_file_is_a_reason_to_try_later(tmp_path: Path) -> None:
    from crossdock.runtime.journal.sqlite import SqliteDatabase

    path = tmp_path / "journal.db"
    open_journal(f"sqlite:///{path}").migrate()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    database = SqliteDatabase(path, patience=0.05)
    with pytest.raises(Retryable, match="locked by another process"):
        database.write(lambda session: session.run("drop_leases", owner="x"))
    holder.execute("ROLLBACK")
    holder.close()
    assert database.write(lambda session: session.run("drop_leases", owner="x")) == 0
    database.close()


def test_a_full_disk_is_a_reason_to_try_later_and_loses_nothing(tmp_path: Path) -> None:
    from crossdock.runtime.journal.sqlite import SqliteDatabase, SqliteSession

    opened = open_journal(f"sqlite:///{tmp_path}/journal.db")
    opened.migrate()
    (name,) = accepted(opened, b"kept")

    def fill(session: object) -> None:
        assert isinstance(session, SqliteSession)
        session._connection.execute("PRAGMA max_page_count = 1")

    assert isinstance(opened.database, SqliteDatabase)
    opened.database.read(fill)
    with pytest.raises(Retryable, match="is full"):
        accepted(opened, b"x" * 1_000_000)
    assert opened.desk.payload(name) == (b"kept", "application/octet-stream")
    opened.close()


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    from crossdock.core.errors import Misconfigured

    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(Misconfigured, match="damaged or no journal"):
        open_journal(f"sqlite:///{path}").journal.check()


def test_a_journal_that_takes_no_changes_says_so_when_asked(world: World) -> None:
    """As a standby says, or a database that was set to read only."""
    opened = world.open()
    assert "0 waiting" in opened.journal.check()
    if opened.database.dialect == "sqlite":
        opened.database.read(lambda session: session._connection.execute("PRAGMA query_only = on"))  # type: ignore[attr-defined]
    else:
        settings = f"{world.url}{'&' if '?' in world.url else '?'}options=-c%20default_transaction_read_only%3Don"
        opened = open_journal(settings)
    with pytest.raises(Retryable, match=r"takes no changes|can't be used: attempt to write a readonly database"):
        opened.journal.check()
    opened.database.close()


def test_a_database_that_gives_us_no_rights_says_what_to_do(postgres_server: Postgres, postgres_journal_url: str) -> None:
    from crossdock.core.errors import Misconfigured

    postgres_server.execute("CREATE ROLE poor LOGIN")
    try:
        opened = open_journal(f"{postgres_journal_url}{'&' if '?' in postgres_journal_url else '?'}user=poor")
        with pytest.raises(Misconfigured, match="refuses us: permission denied for table") as raised:
            opened.journal.check()
        assert "its user must own the tables" in raised.value.advice
        opened.database.close()
    finally:
        postgres_server.execute("DROP ROLE poor")


def test_a_database_that_is_not_there_has_to_be_named_otherwise(postgres_server: Postgres) -> None:
    opened = open_journal(postgres_server.url_of("nosuch"))
    with pytest.raises(Retryable, match='database "nosuch" does not exist') as raised:
        opened.journal.check()
    assert raised.value.advice == "check its URL, its database and its user"


def test_ages_are_told_by_the_journals_clock(world: World) -> None:
    """A process that just beat is young, though this machine's clock is an hour behind the journal's."""
    world.advance(3600)
    opened = world.open()
    opened.journal.beat("host:1", "worker", {})
    (row,) = opened.desk.processes()
    assert 0 <= opened.desk.now() - row["at"] < 5000
    assert opened.desk.now() / 1000 - time.time() == pytest.approx(3600, abs=5)
