"""Everything on one machine with no services: `crossdock up`.

    this process       runs messages: Celery worker on threads (in-memory broker), and the sweeper
      │  ▲  │  ▲
      │  │  │  └─ pipe ── gateway      SFTP, webhooks, polling
      │  └─ pipe ──────── deliverer    makes the deliveries: a Celery worker of its own, outbound calls

Three processes, so that intake, steps and calls share no GIL. They share the journal's file, and tell each other over pipes which
lanes got work. Each ends when another does; whatever was cut off goes on at the next start.
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

from crossdock.boot.door import control
from crossdock.boot.house import House, Wrap, log_as, process_name, publisher
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
MESSAGES, DELIVERIES = ("route/", "gather/"), ("to/",)
"""How the names of lanes begin."""


def run(root: Path, release: Release, ready: Ready, wrap: Wrap | None = None) -> int:
    """Run until SIGTERM or SIGINT, or until a process of ours fails; return the exit code."""
    log_as(release)
    gateway = _Child("gateway", _gateway, [], root, release, wrap)
    deliverer = _Child("deliverer", _deliverer, [gateway], root, release, wrap)
    stopping = _stop_pipe()
    house = House.enter(root, release, wrap)
    work = _Work(house, Metrics(), DELIVERIES, deliverer.wake)
    sweeper = Sweeper(work.parts, process_name(), "worker").start()
    for child in (deliverer, gateway):
        child.pipe.send("go")
    try:
        return _listen([gateway, deliverer], stopping, work, lambda: ready(_status(house)))
    finally:
        sweeper.stop()
        for child in (gateway, deliverer):
            child.end()
        work.stop()
        house.opened.close()


def _status(house: House) -> Mapping[str, Any]:
    return {"release": house.release.id, "environment": house.release.environment.environment, "deployment": house.deployment}


class _Child:
    """A forked process at the other end of a pipe. It begins when it is told to, and ends when the pipe does."""

    def __init__(self, name: str, main: Callable[..., None], elder: list[_Child], *arguments: Any) -> None:
        self.name = name
        self.pipe, theirs = FORK.Pipe()
        inherited = [self.pipe, *(child.pipe for child in elder)]  # else they would stay open when we die
        self._process = FORK.Process(target=main, args=(theirs, inherited, *arguments), name=f"crossdock-{name}")
        self._process.start()
        theirs.close()
        self.wake = _sender(self.pipe)

    def end(self) -> None:
        """Close the pipe and wait until the process is gone."""
        self.pipe.close()
        self._process.join(timeout=30)


class _Work:
    """A working process: Celery on threads. Lanes of another kind are passed on to the process that works on them."""

    def __init__(self, house: House, metrics: Metrics, others: tuple[str, ...], pass_on: Callable[[str], None]) -> None:
        self._parts = PerProcess(lambda: house.parts(self._send, metrics, share=False))
        self._app = create("memory://", self._parts.drain)
        self._own = publisher(self._app)
        self._others = others
        self._pass_on = pass_on
        self.parts = self._parts.get()
        self.waker = self.parts.waker
        self._worker = EmbeddedWorker(self._app, house.release.environment.workers.threads).start()

    def _send(self, lane: str) -> None:
        if lane.startswith(self._others):
            self._pass_on(lane)
        else:
            self._own(lane)

    def stop(self) -> None:
        self._parts.get().lanes.stopping.set()
        self._worker.stop()
        self._parts.stop()


def _stop_pipe() -> int:
    """Return a file descriptor that becomes readable when the process is asked to stop."""
    reading, writing = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(writing, b"x"))
    return reading


def _listen(children: list[_Child], stopping: int, work: _Work, ready: Callable[[], None]) -> int:
    """Pass the children's wake-ups on until one of us ends."""
    by_pipe = {child.pipe: child for child in children}
    while True:
        for source in wait([*by_pipe, stopping]):
            if not isinstance(source, Connection):
                return 0
            try:
                said = source.recv()
            except EOFError:
                log.error("the %s stopped", by_pipe[source].name)
                return 4
            if isinstance(said, CrossdockError):
                raise said
            if said == "ready":
                ready()
            else:
                work.waker.wake(said)


def _begin(pipe: Connection, inherited: list[Connection]) -> None:
    """In a child: let go of the parent's pipes, leave Ctrl-C to the parent, and wait until the journal is ready."""
    for connection in inherited:
        connection.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe.recv()


def _gateway(pipe: Connection, inherited: list[Connection], root: Path, release: Release, wrap: Wrap | None) -> None:
    """A child: serves until the parent is gone or says so."""
    _begin(pipe, inherited)
    house = House.join(root, release, wrap)
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


def _deliverer(pipe: Connection, inherited: list[Connection], root: Path, release: Release, wrap: Wrap | None) -> None:
    """A child: makes deliveries until the parent is gone."""
    _begin(pipe, inherited)
    house = House.join(root, release, wrap)
    work = _Work(house, Metrics(), MESSAGES, _sender(pipe))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the parent was told too, and ends us
    with suppress(EOFError):
        while True:
            work.waker.wake(pipe.recv())
    work.stop()
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
    releases = house.releases
    gateway = Gateway(releases, house.journal, house.services, waker, metrics)
    async with serve(house.release.environment.metrics, house.journal, metrics), control(house, releases):
        await gateway.run(stop, process_name(), lambda: pipe.send("ready"))
