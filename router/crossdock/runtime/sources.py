"""The inbound sides of a release's endpoints, running, and how they go over to another release without being cut off.

    unchanged                 keeps running
    changed, Rebindable       is told its routes and partners, and keeps its listener and sessions
    changed otherwise         is stopped, and started as the new release has it
    new, gone                 is started, is stopped

At the start a source that can't run stops the process; later it is tried again until it can, and the others go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crossdock.core.clock import SystemClock
from crossdock.core.errors import CrossdockError
from crossdock.core.partner import Partner
from crossdock.core.ports import Intake, Listening, Rebindable, Services, Source, Troubled
from crossdock.core.spec import Binding
from crossdock_config import Endpoint, Release

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
"""Seconds until a source that could not start is tried again."""
PROMPT = 2.0
"""Seconds that a switch waits for a new listener."""


@dataclass(frozen=True, slots=True)
class _Inbound:
    """What one endpoint's source is made from. Where it stands in a file is no difference."""

    endpoint: Endpoint = field(compare=False)
    bindings: tuple[Binding, ...] = field(compare=False)
    partners: Mapping[str, Partner]
    settings: Any
    routes: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, release: Release, name: str) -> _Inbound:
        endpoint, bindings = release.endpoints[name], release.bindings[name]
        routes = tuple((binding.route, binding.options) for binding in bindings)
        return cls(endpoint, bindings, release.partners, endpoint.settings, routes)

    def listens_like(self, other: _Inbound) -> bool:
        return self.endpoint.spec.name == other.endpoint.spec.name and self.settings == other.settings

    @property
    def rebindable(self) -> bool:
        nothing: Any = None
        return isinstance(self.source(Services(self.partners, nothing, nothing, SystemClock(), Path(), Path())), Rebindable)

    def source(self, services: Services) -> Source:
        assert self.endpoint.spec.source is not None
        return self.endpoint.spec.source(self.settings, self.bindings, replace(services, partners=self.partners))


@dataclass(slots=True)
class _Running:
    inbound: _Inbound
    source: Source
    task: asyncio.Task[None]


def transition(before: Release | None, after: Release) -> dict[str, str]:
    """Return what a switch would do to the sources of endpoints: started, stopped, restarted, told anew; else nothing."""
    old, new = _inbounds(before) if before else {}, _inbounds(after)
    told: dict[str, str] = {name: "stopped" for name in old if name not in new}
    for name, inbound in new.items():
        if name not in old:
            told[name] = "started"
        elif inbound != old[name]:
            told[name] = "told anew" if inbound.listens_like(old[name]) and inbound.rebindable else "restarted"
    return told


class Sources:
    """All sources of a process, on one event loop. `trouble` says of endpoints why they don't run."""

    def __init__(self, group: asyncio.TaskGroup, intake: Intake, services: Services) -> None:
        self._group = group
        self._intake = intake
        self._services = services
        self._running: dict[str, _Running] = {}
        self.trouble: dict[str, str] = {}

    @property
    def troubles(self) -> list[str]:
        """What keeps sources from running, and what those say that run."""
        said = [one.source.trouble for one in self._running.values() if isinstance(one.source, Troubled)]
        return [*self.trouble.values(), *filter(None, said)]

    async def start(self, release: Release) -> None:
        """Start all of a release; returns when every listener listens. One that can't start ends the task group."""
        for name, inbound in _inbounds(release).items():
            source = inbound.source(self._services)
            task = self._group.create_task(_run(source, self._intake, name))
            self._running[name] = _Running(inbound, source, task)
        for running in self._running.values():
            if isinstance(running.source, Listening):
                await running.source.ready.wait()

    async def switch(self, release: Release) -> None:
        """Go over to another release; returns when all that can listen does."""
        wanted = _inbounds(release)
        changed = {name: inbound for name, inbound in wanted.items() if not self._goes_on(name, inbound)}
        await self._stop({name for name in self._running if name not in wanted or name in changed})
        await asyncio.gather(*(self._start_patiently(name, inbound) for name, inbound in changed.items()))

    async def stop(self) -> None:
        """Stop them all, each with the grace that it gives what is in flight."""
        await self._stop(set(self._running))

    def _goes_on(self, name: str, inbound: _Inbound) -> bool:
        """Whether an endpoint's source can go on running, told of its new routes and partners if need be."""
        running = self._running.get(name)
        if running is None or running.task.done():
            return False
        if running.inbound == inbound:
            return True
        if not isinstance(running.source, Rebindable) or not inbound.listens_like(running.inbound):
            return False
        running.source.rebind(inbound.bindings, replace(self._services, partners=inbound.partners))
        running.inbound = inbound
        return True

    async def _stop(self, names: set[str]) -> None:
        stopped = [self._running.pop(name) for name in names]
        for running in stopped:
            running.task.cancel()
        for name in names:
            self.trouble.pop(name, None)
        if stopped:
            await asyncio.wait([running.task for running in stopped])

    async def _start_patiently(self, name: str, inbound: _Inbound) -> None:
        try:
            source = inbound.source(self._services)
        except CrossdockError as error:
            self._tell(name, error)
            return
        task = self._group.create_task(self._run_patiently(source, name))
        self._running[name] = _Running(inbound, source, task)
        if isinstance(source, Listening):
            waiting = asyncio.ensure_future(source.ready.wait())
            await asyncio.wait({waiting, task}, timeout=PROMPT, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def _run_patiently(self, source: Source, name: str) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await _run(source, self._intake, name)
            except CrossdockError as error:
                self._tell(name, error)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)
            self.trouble.pop(name, None)

    def _tell(self, name: str, error: CrossdockError) -> None:
        log.error("%s", error.message, extra={"endpoint": name})
        self.trouble[name] = error.message


def _inbounds(release: Release) -> dict[str, _Inbound]:
    return {name: _Inbound.of(release, name) for name in release.bindings if release.endpoints[name].spec.source is not None}


async def _run(source: Source, intake: Intake, name: str) -> None:
    try:
        await source.run(intake)
    except CrossdockError as error:
        if not error.message.startswith(f"{name}: "):
            error.message = f"{name}: {error.message}"
        raise
