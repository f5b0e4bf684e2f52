"""The audit log: one row an act in the same transaction, serial and without gaps, and no change of it goes unnoticed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from crossdock.core.access import Actor
from crossdock.core.audit import GENESIS, Act, AuditRow, Fault, Head, Sought, differences, faults_of
from crossdock.core.errors import Misconfigured, Refused
from crossdock.core.outcome import Delivery
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import ANN, World, accepted, claimed, failed, queue_deliveries
from tests.journal.test_journal_migrations import execute

CHANGED = "row {} is not what was written: it was changed or put in, or the one before it taken out"
MOVED = "row {} was written as row {}: rows were reordered, put in before it, or taken out"
COPY = "INSERT INTO audit SELECT {}, at, actor, via, role, action, subject, environment, details, hash FROM audit WHERE seq = 6"
BOB = Actor("bob", "token", role="operator")
WRITER = """
import sys
from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.runtime.journal import open_journal
opened = open_journal(sys.argv[1])
print("ready", flush=True)
while True:
    opened.audit.write(Act(Actor(sys.argv[2]), "view", "01"))
    print(".", end="", flush=True)
"""


def wrong(opened: OpenJournal) -> list[str]:
    return [fault.message for fault in opened.audit.verify()[1]]


def filled(opened: OpenJournal, count: int = 6) -> list[AuditRow]:
    return [opened.audit.write(Act(ANN, "view", f"m{n}", {"n": n})) for n in range(1, count + 1)]


def failing(opened: OpenJournal) -> str:
    (name,) = accepted(opened, b"an order")
    (work,) = claimed(opened)
    opened.journal.settle([failed(work)])
    return name


def actions(opened: OpenJournal) -> list[tuple[str, str, str]]:
    return [(row.actor, row.action, row.subject) for row in opened.audit.rows()]


def test_a_row_says_who_did_what_and_how_they_were_known(world: World) -> None:
    opened = world.opened[0]
    opened.belong("production")
    row = opened.audit.write(Act(BOB, "deploy", "r2", {"before": "r1"}))
    (found,) = opened.audit.search(Sought())
    assert found == row
    assert (found.actor, found.via, found.role, found.environment) == ("bob", "token", "operator", "production")
    assert (found.seq, found.action, found.subject, json.loads(found.details)) == (1, "deploy", "r2", {"before": "r1"})
    assert abs(found.at - world.now() * 1000) < 5000
    assert found.hash == found.seal(GENESIS)


def test_each_act_of_an_operator_is_one_row(opened: OpenJournal) -> None:
    name = failing(opened)
    opened.desk.view(name, ANN)
    opened.desk.retry(name, b"ISA*better", BOB)
    (work,) = claimed(opened)
    opened.journal.settle([failed(work)])
    opened.desk.retry(name, None, ANN)
    (work,) = claimed(opened)
    opened.journal.settle([failed(work)])
    opened.desk.discard(name, "by hand", ANN)
    delivery = f"{queue_deliveries(opened, Delivery('erp', b'sale'))}/1"
    opened.desk.resend(delivery, BOB)
    assert actions(opened) == [
        ("ann", "view", name),
        ("bob", "repair", name),
        ("ann", "retry", name),
        ("ann", "discard", name),
        ("bob", "resend", delivery),
    ]
    assert wrong(opened) == []


def test_of_a_repaired_document_the_log_has_size_and_hash_and_never_its_content(opened: OpenJournal) -> None:
    name = failing(opened)
    opened.desk.retry(name, b"ISA*secret", ANN)
    (row,) = opened.audit.rows()
    assert "secret" not in str(row)
    assert (json.loads(row.details)["bytes"], len(json.loads(row.details)["sha256"])) == (10, 64)


def test_what_is_refused_is_not_in_the_log(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"an order")
    with pytest.raises(Refused):
        opened.desk.retry(name, None, ANN)
    with pytest.raises(KeyError):
        opened.desk.view("nothing", ANN)
    assert actions(opened) == []


def test_text_that_no_database_takes_is_written_and_still_verifies(opened: OpenJournal) -> None:
    opened.audit.write(Act(Actor("a\0n\ud800"), "discard", "m\0", {"reason": "é \0 \ud800 \u2028 \U0001f600"}))
    assert wrong(opened) == []


@pytest.mark.parametrize(
    ("sought", "wanted"),
    [
        (Sought(), [6, 5, 4, 3, 2, 1]),
        (Sought(limit=2), [6, 5]),
        (Sought(before=3), [2, 1]),
        (Sought(actor="bob"), [6]),
        (Sought(action="deploy"), [6]),
        (Sought(subject="m2"), [2]),
        (Sought(actor="nobody"), []),
    ],
)
def test_rows_are_found_by_what_is_sought(opened: OpenJournal, sought: Sought, wanted: list[int]) -> None:
    filled(opened, 5)
    opened.audit.write(Act(BOB, "deploy", "r2"))
    assert [row.seq for row in opened.audit.search(sought)] == wanted


def test_rows_since_a_time_are_found(world: World) -> None:
    opened = world.opened[0]
    filled(opened, 2)
    world.advance(3600)
    filled(opened, 1)
    assert [row.seq for row in opened.audit.search(Sought(since=int((world.now() - 60) * 1000)))] == [3]


@pytest.mark.parametrize(
    ("damage", "wanted"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE seq = 3", [CHANGED.format(3)]),
        ("UPDATE audit SET at = at + 1 WHERE seq = 6", [CHANGED.format(6)]),
        (
            "UPDATE audit SET details = '{\"n\":9}' WHERE seq = 1",
            [CHANGED.format(1)],
        ),
        (
            "UPDATE audit SET hash = 'ff' WHERE seq = 3",
            [
                CHANGED.format(3),
                CHANGED.format(4),
            ],
        ),
        ("DELETE FROM audit WHERE seq = 3", ["row 3 is missing"]),
        ("DELETE FROM audit WHERE seq IN (2, 3)", ["rows 2 to 3 are missing"]),
        ("DELETE FROM audit WHERE seq = 1", ["row 1 is missing"]),
        ("DELETE FROM audit WHERE seq = 6", ["row 6 is missing at the end"]),
        ("DELETE FROM audit WHERE seq > 4", ["rows 5 to 6 are missing at the end"]),
        ("DELETE FROM audit", ["rows 1 to 6 are missing at the end"]),
        ("DELETE FROM audit_head", ["the record of the newest row is gone: rows may be missing at the end"]),
        (
            COPY.format(7),
            [MOVED.format(7, 6), "everything from row 7 on was put in at the end"],
        ),
        (
            COPY.format(0),
            ["row 0 was put in before the first one"],
        ),
        (
            "UPDATE audit SET seq = CASE seq WHEN 3 THEN 104 ELSE 103 END WHERE seq IN (3, 4);"
            "UPDATE audit SET seq = seq - 100 WHERE seq > 100",
            [
                MOVED.format(3, 4),
                MOVED.format(4, 3),
                "row 5 doesn't follow the row before it: that one was changed, put in or replaced",
            ],
        ),
        (
            "DELETE FROM audit WHERE seq = 3;"
            "UPDATE audit SET seq = seq + 99 WHERE seq > 3;"
            "UPDATE audit SET seq = seq - 100 WHERE seq > 3",
            [
                CHANGED.format(3),
                MOVED.format(4, 5),
                MOVED.format(5, 6),
                "row 6 is missing at the end",
            ],
        ),
    ],
)
def test_whatever_is_done_to_the_log_is_found_and_the_row_is_named(world: World, damage: str, wanted: list[str]) -> None:
    opened = world.opened[0]
    filled(opened)
    assert wrong(opened) == []
    opened.close()
    for statement in damage.split(";"):
        execute(world, statement)
    assert wrong(opened) == wanted


def test_a_row_put_in_with_its_neighbours_renumbered_is_found(world: World) -> None:
    opened = world.opened[0]
    rows = filled(opened)
    opened.close()
    execute(world, "UPDATE audit SET seq = seq + 101 WHERE seq > 3")
    execute(world, "UPDATE audit SET seq = seq - 100 WHERE seq > 100")
    forged = replace(rows[3], actor="eve").sealed(rows[2].hash)
    values = ", ".join(repr(value) for value in [getattr(forged, name) for name in AuditRow.__dataclass_fields__])
    execute(world, f"INSERT INTO audit VALUES ({values})")
    assert wrong(opened)[0] == MOVED.format(5, 4)


def test_an_end_that_was_written_anew_does_not_fit_the_head(opened: OpenJournal) -> None:
    rows = filled(opened, 3)
    forged = [*rows[:2], replace(rows[2], actor="eve").sealed(rows[1].hash)]
    wanted = [Fault(3, "row 3 is not the newest one that was written: the end of the log was replaced")]
    assert faults_of(forged, Head(3, rows[2].hash)) == wanted


def test_a_log_written_wholly_anew_is_told_by_an_export_kept_elsewhere(opened: OpenJournal) -> None:
    rows = filled(opened, 3)
    kept = [AuditRow.of(json.loads(json.dumps(row.record()))) for row in rows]
    forged: list[AuditRow] = []
    for row in rows:
        forged.append(replace(row, actor="eve").sealed(forged[-1].hash if forged else GENESIS))
    assert kept == rows
    assert faults_of(forged, Head(3, forged[-1].hash)) == []
    assert differences(kept, rows) == []
    assert differences(kept, forged[:2]) == [
        Fault(1, "row 1 of the export is another one now"),
        Fault(2, "row 2 of the export is another one now"),
        Fault(3, "row 3 of the export is gone"),
    ]


@pytest.mark.parametrize("record", [{}, {"seq": 1}, {"details": {}, "what": 1}, {"details": {}}])
def test_what_is_no_row_of_an_export_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="this is no row of an audit log"):
        AuditRow.of(record)


def test_nothing_that_must_be_written_down_is_done_while_the_head_is_gone(world: World) -> None:
    opened = world.opened[0]
    name = failing(opened)
    opened.close()
    execute(world, "DELETE FROM audit_head")
    with pytest.raises(Misconfigured, match="the audit log's newest row is not known"):
        opened.desk.discard(name, "", ANN)
    assert opened.desk.show(name)["state"] == "failed"


def test_many_threads_write_a_log_without_gaps(opened: OpenJournal) -> None:
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda n: opened.audit.write(Act(ANN, "view", str(n))), range(200)))
    assert sorted(row.seq for row in rows) == list(range(1, 201))
    assert wrong(opened) == []


def test_a_row_and_its_act_are_there_together_or_not_at_all(opened: OpenJournal) -> None:
    """A transaction that fails after the row was added leaves neither it nor a gap."""
    name = failing(opened)

    def broken(session: object) -> None:
        from crossdock.runtime.journal import repair

        repair.discard(session, name, "", ANN)  # type: ignore[arg-type]
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        opened.database.write(broken)
    assert (opened.desk.show(name)["state"], actions(opened)) == ("failed", [])
    assert filled(opened, 1)[0].seq == 1


def test_writers_killed_at_any_moment_leave_a_log_without_gaps(world: World) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, world.url, f"w{n}"], stdout=subprocess.PIPE, text=True) for n in range(4)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    said = 0
    for writer in writers:
        time.sleep(0.4)
        writer.send_signal(signal.SIGKILL)
        said += len(writer.communicate()[0])
    opened = world.opened[0]
    rows = list(opened.audit.rows())
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert said <= len(rows) <= said + 4
    assert {row.actor for row in rows} == {"w0", "w1", "w2", "w3"}
    assert wrong(opened) == []
