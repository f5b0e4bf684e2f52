"""The workers: a Celery worker in threads inside the embedded process, or a Celery worker of its own in production.

Each process builds its own parts (connections, event loop, sinks) the first time a wake-up reaches it, so that nothing is
shared over a fork.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from celery import Celery
from celery.worker import WorkController, state

from crossdock.core.journal import Journal
from crossdock.runtime import memory
from crossdock.runtime.canary import Canary
from crossdock.runtime.lanes import Lanes
from crossdock.runtime.loop import LoopThread
from crossdock.runtime.overdue import Watch
from crossdock.runtime.releases import Releases, follow_quietly
from crossdock.runtime.sinks import Sinks
from crossdock.runtime.sweeper import Sweeper
from crossdock.runtime.waker import Waker


@dataclass(frozen=True, slots=True)
class Parts:
    """What one working process consists of."""

    journal: Journal
    lanes: Lanes
    loop: LoopThread
    sinks: Sinks
    waker: Waker
    releases: Releases
    watch: Watch
    canary: Canary

    def follow(self) -> bool:
        """Take up what is deployed now, the ways out opened before they are needed; return whether there is something to tell."""
        trouble = self.releases.trouble
        if not follow_quietly(self.releases):
            return self.releases.trouble != trouble
        self.sinks.warm(self.releases.active)
        return True

    def stop(self) -> None:
        """Let go of everything, in the order in which it is used."""
        self.lanes.stopping.set()
        self.waker.stop()
        self.sinks.close()
        self.loop.stop()
        self.journal.close()


EVERY = 1.0
"""Seconds between two looks of a forked process at what is deployed."""

Beside = Callable[[Parts], Callable[[], None]]
"""Begins something, and returns what ends it."""


class PerProcess:
    """Parts, built once in each process that asks."""

    def __init__(self, build: Callable[[], Parts]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._pid = 0
        self._parts: Parts | None = None

    def forked(self) -> None:
        """Begin anew in a forked process, before it has other threads: the parent's parts and its lock are not ours."""
        self._lock = threading.Lock()
        self._pid, self._parts = os.getpid(), None

    def follow(self) -> None:
        """Take up what is deployed, about once a second, until the process stops: before the first message needs it."""
        parts = self.get()
        while not parts.lanes.stopping.wait(EVERY):
            parts.follow()
        parts.journal.close()

    def get(self) -> Parts:
        """Return this process's parts."""
        if self._pid != os.getpid() or self._parts is None:
            self._renew()
        assert self._parts is not None
        return self._parts

    def drain(self, lane: str) -> None:
        """Drain a lane with this process's parts (the task's body)."""
        self.get().lanes.drain(lane)

    def stop(self) -> None:
        """Stop this process's parts, if it has any."""
        if self._pid == os.getpid() and self._parts is not None:
            self._parts.stop()
            self._parts = None

    def _renew(self) -> None:
        if self._pid != os.getpid():
            self._lock = threading.Lock()  # the parent's may have been held at the moment of the fork
        with self._lock:
            if self._pid != os.getpid() or self._parts is None:
                self._parts = self._build()
                self._pid = os.getpid()


class EmbeddedWorker:
    """A Celery worker on threads of this process."""

    def __init__(self, app: Celery, threads: int) -> None:
        app.set_default()  # Celery's pool threads look their app up there
        self._controller = WorkController(
            app=app,
            pool_cls="threads",
            concurrency=threads,
            hostname="crossdock@embedded",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        self._thread = threading.Thread(target=self._controller.start, name="celery", daemon=True)

    def start(self) -> EmbeddedWorker:
        """Start consuming."""
        state.should_stop = None
        self._thread.start()
        return self

    def stop(self) -> None:
        """Finish the tasks that run and stop."""
        state.should_stop = 0
        memory.arrived()
        self._thread.join(timeout=30)
        state.should_stop = None


def run(app: Celery, parts: PerProcess, pool: str, concurrency: int, name: str, beside: Beside) -> int:
    """Run a production worker in the foreground until SIGTERM (which lets running tasks finish); return its exit code.

    `beside` begins what the parent process does besides, with the parent's own parts.
    """
    from celery import signals

    ends: list[Callable[[], None]] = []

    def ready(**_: object) -> None:
        own = parts.get()
        ends.extend((Sweeper(own, name, "worker").start().stop, beside(own)))

    def stopping(**_: object) -> None:
        for end in ends:
            end()
        parts.stop()

    def logging_is_set_up(**_: object) -> None:
        """Say so to Celery, which would else set the root logger to warnings only, whatever the environment asks for."""

    def child_starting(**_: object) -> None:
        parts.forked()
        threading.Thread(target=parts.follow, name="follower", daemon=True).start()

    def child_stopping(**_: object) -> None:
        parts.stop()

    signals.worker_ready.connect(ready, weak=False)
    signals.setup_logging.connect(logging_is_set_up, weak=False)
    signals.worker_process_init.connect(child_starting, weak=False)
    signals.worker_process_shutdown.connect(child_stopping, weak=False)
    worker = app.Worker(
        pool=pool,
        concurrency=concurrency,
        hostname=f"crossdock@{name}",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        optimization="fair",
        quiet=True,
    )
    worker.start()
    stopping()
    return int(worker.exitcode or 0)
