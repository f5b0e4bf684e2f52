"""The same parts as processes of their own: `crossdock worker` and `crossdock gateway`, on as many machines as wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import uvloop

from crossdock.boot.door import control
from crossdock.boot.house import House, log_as, process_name, publisher, shared_state
from crossdock.core.errors import CrossdockError, Misconfigured
from crossdock.runtime.celery_app import create
from crossdock.runtime.gateway import Gateway, first_error, stop_on_signals
from crossdock.runtime.metrics import Metrics
from crossdock.runtime.operations import listening, serve
from crossdock.runtime.releases import Releases
from crossdock.runtime.waker import Waker
from crossdock.runtime.worker import Parts, PerProcess, run
from crossdock_config import Release
from crossdock_config.models import Listener


def run_worker(root: Path, environment: str, pool: str, concurrency: int, page: int | None) -> int:
    """Run a Celery worker in the foreground until SIGTERM, with an operations page on a port of its own; return its exit code."""
    house = _entered(root, environment)
    metrics = Metrics()
    house.opened.close()  # the pool's children open their own
    parts = PerProcess(lambda: house.parts(publisher(app), metrics, share=True))
    app = create(house.release.environment.broker, parts.drain)
    listener = None if page is None else (house.release.environment.metrics or Listener()).model_copy(update={"port": page})
    if listener is not None:
        listening(listener).close()  # the page begins when the worker is ready: that it can't, is to be known at once
    return run(app, parts, pool, concurrency, process_name(), partial(_page, listener, metrics))


def _page(listener: Listener | None, metrics: Metrics, parts: Parts) -> Callable[[], None]:
    """Serve a worker's operations page on its loop; return what ends it."""
    stack = AsyncExitStack()
    parts.loop.run(stack.enter_async_context(serve(listener, parts.journal, metrics)))
    return lambda: parts.loop.run(stack.aclose())


def run_gateway(root: Path, environment: str) -> int:
    """Run the gateway in the foreground until SIGTERM; return its exit code."""
    house = _entered(root, environment)
    app = create(house.release.environment.broker, lambda lane: None)
    waker = Waker(publisher(app)).start()
    try:
        releases = house.releases
        gateway = Gateway(releases, house.journal, house.services, waker, metrics := Metrics(), shared_state(house.release))
        uvloop.run(_serve(house, releases, gateway, metrics))
    except* CrossdockError as group:
        raise first_error(group) or group from None
    finally:
        waker.stop()
        house.opened.close()
    return 0


async def _serve(house: House, releases: Releases, gateway: Gateway, metrics: Metrics) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with serve(house.release.environment.metrics, house.journal, metrics), control(house, releases):
        await gateway.run(stop, process_name(), lambda: None)


def _entered(root: Path, environment: str) -> House:
    house = House.follow(root, environment)
    log_as(reaching(house.release))
    return house


def reaching(release: Release) -> Release:
    """Return the release if its broker reaches other processes; raises Misconfigured."""
    if release.environment.broker.startswith("memory:"):
        raise Misconfigured(
            f"environment '{release.environment.environment}' has the in-memory broker, which reaches no other process",
            advice="set `broker: amqp://...` or `broker: redis://...` in its file, or run `crossdock up`",
        )
    return release
