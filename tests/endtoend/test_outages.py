"""The database or the broker is gone for a while: nobody dies, nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

from tests.crash import project
from tests.crash.test_killed_at_every_commit_point import orders_of, wait_until
from tests.endtoend.test_production import process
from tests.services.ledger import Ledger, ledger
from tests.services.ports import free_port
from tests.services.postgres import cluster, postgres
from tests.services.redis import redis

AWAY = 4.0
"""Seconds."""


@dataclass
class Stage:
    """A gateway and a worker, and who sends to them. `answers` are the status codes in order, 0 where nobody answered."""

    root: Path
    port: int
    target: Ledger
    processes: tuple[Popen[bytes], ...] = ()
    taken: int = 0

    def post(self) -> int:
        """Post the next interchange, which is posted again until it is taken; return the status code."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/edi",
            data=project.interchange(self.taken + 1, orders_of(self.taken + 1)),
            headers={"Content-Type": "application/edi-x12", "Idempotency-Key": f"interchange-{self.taken + 1}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            status = error.code
        except (urllib.error.URLError, OSError):
            status = 0
        self.taken += status in (200, 202)
        return status

    def take(self, count: int) -> None:
        """Post until so many more are taken."""
        wanted = self.taken + count
        wait_until(lambda: self.taken >= wanted or (self.post(), False)[1], self.root)

    def settle(self) -> None:
        """Wait until all orders are at the target, once each; everybody still lives."""
        expected: dict[Any, int] = {order: 1 for control in range(1, self.taken + 1) for order in orders_of(control)}
        wait_until(lambda: len(self.target.effects()) >= len(expected), self.root)
        assert self.target.effects() == expected
        assert [process.poll() for process in self.processes] == [None] * len(self.processes)


@contextmanager
def staged(root: Path, journal: str, broker: str) -> Iterator[Stage]:
    with ledger() as target, ExitStack() as stack:
        stage = Stage(root, free_port(), target)
        project.write(root, journal=journal, port=stage.port, sink=target.url, keyed=True)
        settings = root / "config/environments/local.yaml"
        settings.write_text(settings.read_text().replace("memory://", broker))
        stage.processes = tuple(stack.enter_context(process(root, *command)) for command in COMMANDS)
        stage.take(3)
        yield stage


COMMANDS = (("gateway",), ("worker", "--concurrency", "1"))


def test_while_the_database_is_away_nothing_is_taken_and_then_all_goes_on(tmp_path: Path) -> None:
    with cluster() as running, redis() as broker, ExitStack() as up:
        server = up.enter_context(running())
        server.execute("CREATE DATABASE journal")
        with staged(tmp_path, server.url_of("journal"), broker.url) as stage:
            up.close()  # at once, whatever is in flight
            answers, ends = [], time.monotonic() + AWAY
            while time.monotonic() < ends:
                answers.append(stage.post())
                time.sleep(0.2)
            assert set(answers) == {503}
            with running():
                stage.take(5)
                stage.settle()


def test_while_the_broker_is_away_everything_is_taken_and_delivered_late_at_worst(tmp_path: Path) -> None:
    with postgres() as server, ExitStack() as up:
        broker = up.enter_context(redis())
        server.execute("CREATE DATABASE journal")
        with staged(tmp_path, server.url_of("journal"), broker.url) as stage:
            up.close()
            answers = [stage.post() for _ in range(5)]
            time.sleep(AWAY)
            assert answers == [202] * 5
            with redis(broker.port):
                stage.take(5)
                stage.settle()
