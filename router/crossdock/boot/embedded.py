"""Everything on one machine with no services: `crossdock up`.

    this process       Celery worker on threads (in-memory broker), sweeper, outbound calls
      │  ▲
      │  └─ a pipe: the names of lanes that got work
      ▼
    its child          gateway: SFTP, webhooks, polling; a process of its own, so that intake and drain share no GIL

The journal's file is all they share. Each ends when the other does; whatever was cut off goes on at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import uvloop

from crossdock.boot.house import House, Wrap, log_as, process_name
from crossdock.core.errors import CrossdockError
from crossdock.runtime.celery_app import create
from crossdock.runtime.gateway import Gateway, first_error, stop_on_signals
from crossdock.runtime.metrics import Metrics
from crossdock.runtime.operations import serve
from crossdock.runtime.sweeper import Sweeper
from crossdock.runtime.waker import Waker
from crossdock.runtime.worker import EmbeddedWorker, PerProcess
from crossdock_config import Release

log = logging.getLogger(__name__)

Ready = Callable[[Mapping[str, Any]], None]
FORK = multiprocessing.get_context("fork")


def run(root: Path, release: Release, ready: Ready, wrap: Wrap | None = None) -> int:
    """Run until SIGTERM or SIGINT, or until the gateway fails; return the exit code."""
    log_as(release)
    ours, theirs = FORK.Pipe()
    child = FORK.Process(target=_gateway, args=(root, release, theirs, ours, wrap), name="crossdock-gateway")
    child.start()
    theirs.close()
    stopping = _stop_pipe()
    house = House.enter(root, release, wrap)
    metrics = Metrics()
    work = _Work(house, metrics)
    ours.send("go")
    try:
        return _listen(ours, stopping, work, ready, release)
    finally:
        ours.close()
        child.join(timeout=30)
        work.stop()
        house.opened.close()


class _Work:
    """The working half: Celery on threads, and the sweeper."""

    def __init__(self, house: House, metrics: Metrics) -> None:
        self._parts = PerProcess(lambda: house.parts(lambda: self._app, metrics, share=False))
        self._app = create("memory://", self._parts.drain)
        own = self._parts.get()
        self.waker = own.waker
        self._worker = EmbeddedWorker(self._app, house.release.environment.workers.threads).start()
        self._sweeper = Sweeper(own.journal, own.waker, process_name(), "worker").start()

    def stop(self) -> None:
        self._sweeper.stop()
        self._parts.get().lanes.stopping.set()
        self._worker.stop()
        self._parts.stop()


def _stop_pipe() -> int:
    """Return a file descriptor that becomes readable when the process is asked to stop."""
    reading, writing = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(writing, b"x"))
    return reading


def _listen(gateway: Connection, stopping: int, work: _Work, ready: Ready, release: Release) -> int:
    """Pass the gateway's wake-ups on until one of the two ends."""
    while True:
        for source in wait([gateway, stopping]):
            if source is stopping:
                return 0
            try:
                said = gateway.recv()
            except EOFError:
                log.error("the gateway stopped")
                return 4
            if isinstance(said, CrossdockError):
                raise said
            if said == "ready":
                ready({"release": release.id, "environment": release.environment.environment})
            else:
                work.waker.wake(said)


def _gateway(root: Path, release: Release, pipe: Connection, parents: Connection, wrap: Wrap | None) -> None:
    """The child: waits for the journal to be ready, then serves until the parent is gone or says so."""
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe.recv()
    house = House.enter(root, release, wrap)
    waker = Waker(_sender(pipe)).start()
    try:
        uvloop.run(_serve(house, waker, pipe))
    except* CrossdockError as group:
        error = first_error(group)
        log.error("%s", error)
        pipe.send(error)
    finally:
        waker.stop()
        house.opened.close()


def _sender(pipe: Connection) -> Callable[[str], None]:
    lock = threading.Lock()

    def send(lane: str) -> None:
        with lock, suppress(BrokenPipeError):  # the parent is gone, and so are we in a moment
            pipe.send([lane])

    return send


async def _serve(house: House, waker: Waker, pipe: Connection) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    asyncio.get_running_loop().add_reader(pipe.fileno(), stop.set)  # the parent says nothing more: readable means gone
    metrics = Metrics()
    gateway = Gateway(house.release, house.journal, house.services, waker, metrics)
    async with serve(house.release.environment.metrics, house.journal, metrics):
        await gateway.run(stop, process_name(), lambda: pipe.send("ready"))
