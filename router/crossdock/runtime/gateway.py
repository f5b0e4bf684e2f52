"""The gateway: runs the inbound side of every endpoint, and goes over to what is deployed while it runs."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from crossdock.core.errors import CrossdockError
from crossdock.core.journal import Journal
from crossdock.core.policy import StateStore
from crossdock.core.ports import Services
from crossdock.core.version import engine
from crossdock.runtime.doors import Doors
from crossdock.runtime.intake import GroupCommit
from crossdock.runtime.metrics import Metrics
from crossdock.runtime.quotas import QuotaIntake
from crossdock.runtime.releases import Releases, follow_quietly
from crossdock.runtime.sources import Sources
from crossdock.runtime.waker import Waker

log = logging.getLogger(__name__)

BEAT = 5.0
LOOK = 0.4
"""Seconds between two looks at what is deployed."""


class Gateway:
    """All sources of what is deployed, on one event loop; `shared` is the state that all gateways have in common, if any."""

    def __init__(
        self,
        releases: Releases,
        journal: Journal,
        services: Services,
        waker: Waker,
        metrics: Metrics,
        shared: StateStore | None = None,
    ) -> None:
        self._shared = shared
        self._releases = releases
        self._journal = journal
        self._services = services
        self._waker = waker
        self._metrics = metrics
        self._switched = asyncio.Event()

    async def run(self, stop: asyncio.Event, name: str, ready: Callable[[], None]) -> None:
        """Serve until `stop`; raises CrossdockError where a source can't start."""
        doors = Doors(self._releases)
        commit = GroupCommit(self._journal, doors.release_for, self._waker, self._metrics)
        quotas = QuotaIntake(commit, self._releases.active.partners, shared=self._shared)
        async with asyncio.TaskGroup() as group:
            sources = Sources(group, quotas, self._services)
            await sources.start(self._releases.active)
            tasks = [group.create_task(self._beat(name, sources)), group.create_task(self._follow(doors, quotas, sources))]
            ready()
            await stop.wait()
            for task in tasks:
                task.cancel()
            await sources.stop()
        commit.close()

    async def _follow(self, doors: Doors, quotas: QuotaIntake, sources: Sources) -> None:
        """Go over to what is deployed, whenever it is another; the doors first, as a new source needs its release."""
        while True:
            await asyncio.sleep(LOOK)
            refused = self._releases.trouble
            if await asyncio.to_thread(follow_quietly, self._releases):
                doors.switch()
                quotas.agree(self._releases.active.partners)
                await sources.switch(self._releases.active)
                self._switched.set()
            elif self._releases.trouble != refused:
                self._switched.set()

    async def _beat(self, name: str, sources: Sources) -> None:
        while True:
            detail = {
                "engine": engine(),
                "deployment": self._releases.deployment.number,
                "trouble": "; ".join(filter(None, (self._releases.trouble, *sources.troubles))),
                "sources": sorted(self._releases.active.bindings),
            }
            try:
                await asyncio.to_thread(self._journal.beat, name, "gateway", detail)
            except CrossdockError as error:
                log.warning("can't say that this gateway is alive: %s", error.message)
            await self._until_switched(BEAT)

    async def _until_switched(self, seconds: float) -> None:
        self._switched.clear()
        try:
            await asyncio.wait_for(self._switched.wait(), seconds)
        except TimeoutError:
            return


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
