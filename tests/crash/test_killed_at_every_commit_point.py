"""The process is killed at every commit point, before and after, and started again: what was acknowledged is done, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from crossdock.testing.crash import POINTS
from tests.crash import project
from tests.services.ledger import ledger
from tests.services.ports import free_port

REPO = Path(__file__).resolve().parents[2]
INTERCHANGES, ORDERS = 12, 3


def orders_of(control: int) -> list[str]:
    return [f"PO-{control}-{number}" for number in range(1, ORDERS + 1)]


@contextmanager
def crossdock(root: Path, *point: str):
    """Run `crossdock up` in a process group of its own, which is gone at the end."""
    with (root / "up.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.child", str(root), *point],
            cwd=REPO,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            log.close()
        process.wait()


def post(port: int, control: int) -> bool:
    """Post an interchange; True where it was acknowledged."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/edi",
        data=project.interchange(control, orders_of(control)),
        headers={"Content-Type": "application/edi-x12", "Idempotency-Key": f"interchange-{control}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status in (200, 202)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def post_until_dead(process: subprocess.Popen, port: int) -> set[int]:
    """Post the interchanges one by one while the process lives, so that they are not all one batch; return those acknowledged."""
    acknowledged: set[int] = set()
    ends = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < ends:
        for control in sorted(set(range(1, INTERCHANGES + 1)) - acknowledged):
            if post(port, control):
                acknowledged.add(control)
            time.sleep(0.1)
    return acknowledged


def wait_until(condition, root: Path) -> None:
    ends = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < ends, (root / "up.log").read_text()[-3000:]
        time.sleep(0.05)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", POINTS)
def test_nothing_acknowledged_is_lost_and_nothing_happens_twice(method, moment, journal_url, tmp_path):
    with ledger() as target:
        port = free_port()
        root = project.write(tmp_path, journal=journal_url, port=port, sink=target.url, keyed=True)
        with crossdock(root, method, moment, "2") as process:
            acknowledged = post_until_dead(process, port)
            assert process.poll() is not None, f"{method} was never called twice"
        with crossdock(root):
            for control in set(range(1, INTERCHANGES + 1)) - acknowledged:
                wait_until(lambda control=control: post(port, control), root)
            expected = {order: 1 for control in range(1, INTERCHANGES + 1) for order in orders_of(control)}
            wait_until(lambda: len(target.effects()) >= len(expected), root)
            assert expected == target.effects()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["intend", "conclude"])
def test_a_target_that_can_not_be_asked_gets_nothing_twice_and_a_person_decides(method, moment, journal_url, tmp_path):
    from crossdock import boot
    from crossdock.core.journal import Query

    with ledger() as target:
        port = free_port()
        root = project.write(tmp_path, journal=journal_url, port=port, sink=target.url, keyed=False)
        with crossdock(root, method, moment, "2") as process:
            acknowledged = post_until_dead(process, port)
        expected = {order for control in acknowledged for order in orders_of(control)}
        opened = boot.open(root, boot.compiled(root, "local"))

        def undecided() -> set[str]:
            rows = opened.desk.failed(Query(state="unknown", limit=1000))
            return {row["keys"]["order_number"] for row in rows}

        with crossdock(root):
            wait_until(lambda: set(target.effects()) | undecided() == expected, root)
        assert [order for order, times in target.effects().items() if times != 1] == []
        opened.close()
