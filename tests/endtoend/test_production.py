"""Gateway and worker as processes of their own, on PostgreSQL with RabbitMQ or Redis; prefork and threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.crash import project
from tests.crash.test_killed_at_every_commit_point import orders_of, post, wait_until
from tests.services.ledger import ledger
from tests.services.ports import free_port

CROSSDOCK = str(Path(sys.executable).with_name("crossdock"))
CONTROLS = range(1, 9)
EXPECTED = {order: 1 for control in CONTROLS for order in orders_of(control)}


@contextmanager
def process(root: Path, *command: str):
    """Run a crossdock process in a group of its own, which is gone at the end."""
    with (root / "up.log").open("ab") as log:
        started = subprocess.Popen([CROSSDOCK, "-C", str(root), *command], stdout=log, stderr=log, start_new_session=True)
    try:
        yield started
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def settled(root: Path, target) -> None:
    wait_until(lambda: len(target.effects()) >= len(EXPECTED), root)
    assert target.effects() == EXPECTED


@pytest.fixture
def stage(tmp_path, postgres_url):
    """Write a project for a broker; gives (root, port, ledger)."""
    with ExitStack() as stack:

        def written(broker: str):
            target = stack.enter_context(ledger())
            port = free_port()
            root = project.write(tmp_path, journal=postgres_url, port=port, sink=target.url, keyed=True)
            settings = root / "config/environments/local.yaml"
            settings.write_text(settings.read_text().replace("memory://", broker))
            return root, port, target

        yield written


def deliver_all(root: Path, port: int) -> None:
    for control in CONTROLS:
        wait_until(lambda control=control: post(port, control), root)


@pytest.mark.parametrize("pool", ["prefork", "threads"])
@pytest.mark.xdist_group("rabbitmq")
def test_every_order_is_delivered_once_over_rabbitmq(pool, stage, rabbitmq_url):
    root, port, target = stage(rabbitmq_url)
    with process(root, "gateway"), process(root, "worker", "--pool", pool, "--concurrency", "2"):
        deliver_all(root, port)
        settled(root, target)


def test_every_order_is_delivered_once_over_redis(stage, redis_url):
    root, port, target = stage(redis_url)
    with process(root, "gateway"), process(root, "worker", "--concurrency", "2"):
        deliver_all(root, port)
        settled(root, target)


def test_a_killed_worker_is_replaced_by_another_and_nothing_is_lost(stage, redis_url):
    root, port, target = stage(redis_url)
    with process(root, "gateway"):
        with process(root, "worker", "--concurrency", "1"):
            deliver_all(root, port)
        with process(root, "worker", "--concurrency", "1"):
            settled(root, target)


def test_a_worker_that_is_asked_to_stop_ends_well(stage, redis_url):
    root, port, target = stage(redis_url)
    with process(root, "gateway") as gateway, process(root, "worker", "--concurrency", "1") as worker:
        deliver_all(root, port)
        settled(root, target)
        for started in (gateway, worker):
            started.send_signal(signal.SIGTERM)
        assert [gateway.wait(timeout=30), worker.wait(timeout=30)] == [0, 0], (root / "up.log").read_text()[-2000:]


def test_the_in_memory_broker_is_refused_for_separate_processes(tmp_path):
    root = project.write(tmp_path, journal=f"sqlite:///{tmp_path}/j.db", port=free_port(), sink="http://127.0.0.1:1", keyed=True)
    done = subprocess.run([CROSSDOCK, "-C", str(root), "worker"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "has the in-memory broker, which reaches no other process" in done.stderr


def test_forked_processes_take_a_release_up_before_a_message_needs_it(stage, redis_url):
    """One line a process that compiles: the gateway, the worker, and its two children."""
    root, port, target = stage(redis_url)
    with process(root, "gateway"), process(root, "worker", "--concurrency", "2"):
        deliver_all(root, port)
        settled(root, target)
        route = root / "routes/sales/orders.route.yaml"
        route.write_text(route.read_text().replace("Interchanges by webhook", "Interchanges"))
        ran = subprocess.run([CROSSDOCK, "-C", str(root), "deploy"], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        wait_until(lambda: (root / "up.log").read_text().count("is taken up") >= 4, root)
