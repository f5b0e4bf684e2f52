"""The gateway: runs the inbound side of every endpoint, and the operations page (`/metrics`, `/health`)."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator

from crossdock.core.errors import CrossdockError
from crossdock.core.journal import Journal
from crossdock.core.ports import Intake, Listening, Services, Source
from crossdock.runtime.intake import GroupCommit
from crossdock.runtime.metrics import Metrics
from crossdock.runtime.quotas import QuotaIntake
from crossdock.runtime.waker import Waker
from crossdock_config import Release

log = logging.getLogger(__name__)

BEAT = 5.0


class Gateway:
    """All sources of a release, on one event loop."""

    def __init__(self, release: Release, journal: Journal, services: Services, waker: Waker, metrics: Metrics) -> None:
        self._release = release
        self._journal = journal
        self._services = services
        self._waker = waker
        self._metrics = metrics

    async def run(self, stop: asyncio.Event, name: str, ready: Callable[[], None]) -> None:
        """Serve until `stop`; raises CrossdockError where a source can't start."""
        commit = GroupCommit(self._journal, self._release.id, self._waker, self._metrics)
        intake = QuotaIntake(commit, self._release.partners)
        sources = list(self._sources())
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_run(source, intake, label)) for label, source in sources]
            tasks.append(group.create_task(self._beat(name)))
            for _, source in sources:
                if isinstance(source, Listening):
                    await source.ready.wait()
            ready()
            await stop.wait()
            for task in tasks:
                task.cancel()
        commit.close()

    def _sources(self) -> Iterator[tuple[str, Source]]:
        for name, bindings in self._release.bindings.items():
            endpoint = self._release.endpoints[name]
            if endpoint.spec.source is not None:
                yield name, endpoint.spec.source(endpoint.settings, bindings, self._services)

    async def _beat(self, name: str) -> None:
        while True:
            await asyncio.to_thread(self._journal.beat, name, "gateway", {"sources": sorted(self._release.bindings)})
            await asyncio.sleep(BEAT)


async def _run(source: Source, intake: Intake, name: str) -> None:
    try:
        await source.run(intake)
    except CrossdockError as error:
        error.message = f"{name}: {error.message}"
        raise


def stop_on_signals(stop: asyncio.Event) -> None:
    """Let SIGTERM and SIGINT set the event."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


def first_error(group: BaseExceptionGroup[BaseException]) -> CrossdockError | None:
    """Return the first error of a group that is made for people."""
    for error in group.exceptions:
        if isinstance(error, CrossdockError):
            return error
        if isinstance(error, BaseExceptionGroup) and (inner := first_error(error)):
            return inner
    return None
