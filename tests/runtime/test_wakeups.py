"""Wake-ups: the event-driven transport, the waker that gathers, and what a hostile broker may say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crossdock.core.errors import Retryable
from crossdock.runtime.celery_app import LONGEST_LANE, TASK, broker_url, create
from crossdock.runtime.waker import Waker
from crossdock.runtime.worker import EmbeddedWorker


class Lanes:
    """Remembers which lanes were drained."""

    def __init__(self) -> None:
        self.drained: list[str] = []
        self.changed = threading.Condition()

    def drain(self, lane: str) -> None:
        with self.changed:
            self.drained.append(lane)
            self.changed.notify_all()

    def wait_for(self, count: int) -> list[str]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.drained) >= count, timeout=20)
        return self.drained


@contextmanager
def working(lanes: Lanes) -> Iterator:
    app = create("memory://", lanes.drain)
    worker = EmbeddedWorker(app, threads=2).start()
    try:
        yield app
    finally:
        worker.stop()


def test_a_wake_up_reaches_the_drain_and_what_is_no_lane_does_not():
    lanes = Lanes()
    with working(lanes) as app:
        for said in ({"a": 1}, 7, "x" * (LONGEST_LANE + 1), "route/orders"):
            app.send_task(TASK, (said,), ignore_result=True)
        assert lanes.wait_for(1) == ["route/orders"]


def test_a_journal_that_is_away_is_told_in_a_line_and_the_next_wake_up_works(caplog):
    lanes, journal = Lanes(), iter([Retryable("the journal can't be used now")])

    def drain(lane: str) -> None:
        for error in journal:
            raise error
        lanes.drain(lane)

    app = create("memory://", drain)
    worker = EmbeddedWorker(app, threads=1).start()
    for lane in ("route/orders", "to/erp"):
        app.send_task(TASK, (lane,), ignore_result=True)
    assert lanes.wait_for(1) == ["to/erp"]
    worker.stop()
    assert [record.message for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == [
        "route/orders is left to the sweep: the journal can't be used now"
    ]


def test_a_broker_is_waited_for_without_end():
    assert create("memory://", lambda lane: None).conf.broker_connection_max_retries is None


def test_the_embedded_broker_is_the_event_driven_one():
    assert broker_url("memory://") == "crossdock-memory://localhost/"
    assert broker_url("redis://127.0.0.1/0") == "redis://127.0.0.1/0"


def test_only_json_is_taken_from_the_broker():
    assert create("memory://", lambda lane: None).conf.accept_content == ["json"]


def test_the_waker_gathers_lanes_while_it_sends():
    sent: list[str] = []
    busy, go_on = threading.Event(), threading.Event()

    def send(lane: str) -> None:
        sent.append(lane)
        busy.set()
        go_on.wait(10)

    waker = Waker(send).start()
    waker.wake(["a"])
    assert busy.wait(10)
    for _ in range(100):
        waker.wake(["b", "c"])
    go_on.set()
    waker.stop()
    assert sent == ["a", "b", "c"]


def test_a_broker_that_is_away_stops_nobody(caplog):
    done = threading.Event()

    def send(lane: str) -> None:
        if lane == "b":
            done.set()
            return
        raise ConnectionError("no broker")

    waker = Waker(send).start()
    waker.wake(["a"])
    waker.wake(["b"])
    assert done.wait(10)
    waker.stop()
    assert "the sweep will find it" in caplog.text


@pytest.mark.parametrize("count", [0, 1, 5])
def test_stopping_sends_what_is_waiting(count):
    sent: list[str] = []
    waker = Waker(sent.append)
    waker.wake([f"lane-{number}" for number in range(count)])
    waker.start().stop()
    assert sent == [f"lane-{number}" for number in range(count)]
