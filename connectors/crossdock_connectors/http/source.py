"""The source of the `http` connector: asks an API again and again, and takes what is new.

    due? ─ mine? ─ ask ─ read ─ accept, and with it how far we have come ─ next page ... ─ due again after `every`
                    └── 304: nothing new        └── then: tell the API, where the route says so

What was reached lies in the journal and moves in the commit of what was collected: a kill loses nothing and takes nothing twice.
With pages the cursor moves with the last one, for nothing says in which order they come; pages *by* cursor move it with each. An
item that can't be taken (it has no key) lets the others in and holds the cursor, so that it comes again, until somebody repairs
the route or the API: the trouble is in `crossdock doctor` and `crossdock polls`.

One process of many asks: the one with the lease. When the next look is due lies in the journal as well, for all of them.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Any

from crossdock.core.errors import CrossdockError, Retryable
from crossdock.core.ports import Intake, Lease, Poll, Polls, Services
from crossdock.core.spec import Binding
from crossdock_connectors.http.look import Asking, Incomplete, Look
from crossdock_connectors.http.remote import Remote

log = logging.getLogger(__name__)

JITTER = 0.05
"""By how much of itself `every` varies, so that not all ask at the full minute."""
FIRST, LATEST = 5.0, 300.0
"""Seconds until an API in trouble is asked again: after the first failure, and after many."""
GLANCE = 5.0
"""Seconds until a process looks at the journal again, whether another one has fallen silent."""
LEASE = 10.0
"""Seconds for which a process keeps a poll to itself; it is prolonged while the process looks. A lease that runs out while its
process is held up does no harm: what is reached moves only from where the look began."""


class HttpPoll:
    """One route's poll."""

    def __init__(self, asking: Asking, polls: Polls, lease: Lease) -> None:
        self._asking = asking
        self._polls = polls
        self._lease = lease
        self._every = asking.options.every
        self._name = asking.name
        self._failures = 0
        self._begun = False

    async def run(self, intake: Intake) -> None:
        """Look for ever; trouble is noted in the journal and logged, and tried again later and later."""
        while True:
            try:
                pause = await self._turn(intake)
            except CrossdockError as error:
                pause = self._later()
                log.warning("%s: %s (next look in %.0f s)", self._name, error.message, pause)
            await asyncio.sleep(pause)

    async def _turn(self, intake: Intake) -> float:
        """Look, if it is due and no other process does; return the seconds until the next turn."""
        wait = self._wait(await asyncio.to_thread(self._polls.open, self._name, self._asking.route))
        if wait <= 0:
            if not await self._held():
                return min(self._every, GLANCE)
            poll = await asyncio.to_thread(self._polls.open, self._name, self._asking.route)
            wait = self._wait(poll)  # another one may have looked while we asked for the lease
            if wait <= 0:
                wait = await self._looked(poll, intake)
        self._begun = True
        return min(wait, GLANCE)

    def _wait(self, poll: Poll) -> float:
        """Return the seconds until a poll is due.

        A route that now wants to look more often is heard at once; a process that starts doesn't wait for the end of a pause that
        was made because of trouble, for somebody may have repaired what was wrong, unless the API itself asked for it.
        """
        if poll.looked_at is None:
            return 0.0
        wait = (poll.due_at - poll.now) / 1000
        if poll.trouble:
            return wait if self._begun or wait > max(LATEST, self._every * (1 + JITTER)) else 0.0
        return min(wait, (poll.looked_at - poll.now) / 1000 + self._every * (1 + JITTER))

    async def _looked(self, poll: Poll, intake: Intake) -> float:
        """Look, note what came of it, and return the seconds until the next look."""
        trouble = ""
        try:
            await self._look(poll, intake)
            if self._failures:
                log.info("%s: collecting goes on", self._name)
            self._failures, pause = 0, self._regular()
        except CrossdockError as error:
            pause = self._after(error)
            trouble = f"{error.message}{f'; {error.advice}' if error.advice else ''}"
            log.warning("%s: %s (next look in %.0f s)", self._name, trouble, pause)
        except Exception as error:
            pause, trouble = self._later(), f"looking broke: {type(error).__name__}; the log says more"
            log.exception("%s: looking broke (next look in %.0f s)", self._name, pause)
        await asyncio.to_thread(self._polls.note, self._name, pause, trouble)
        return pause

    async def _look(self, poll: Poll, intake: Intake) -> None:
        """Look, and keep the lease meanwhile."""
        keeping = asyncio.create_task(self._keep())
        try:
            await Look(self._asking, poll, intake, self._held).run()
        finally:
            keeping.cancel()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LEASE / 3)
            try:
                await self._held()
            except CrossdockError as error:
                log.info("%s: the lease could not be prolonged: %s", self._name, error.message)

    def _after(self, error: CrossdockError) -> float:
        if isinstance(error, Incomplete) or error.code == "overtaken":
            return self._regular()
        wish = error.after if isinstance(error, Retryable) else None
        return max(self._later(), wish) if wish is not None else self._later()

    def _regular(self) -> float:
        return self._every * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads the load, is no secret

    def _later(self) -> float:
        self._failures += 1
        most = min(max(LATEST, self._every), min(self._every, FIRST) * 2 ** min(self._failures, 16))
        return random.uniform(most / 2, most)  # noqa: S311 - spreads the load, is no secret

    async def _held(self) -> bool:
        return await asyncio.to_thread(self._lease.hold, f"poll:{self._name}", LEASE)


class HttpPolls:
    """The source of an `http` endpoint: all its routes' polls side by side."""

    def __init__(self, settings: Any, bindings: Sequence[Binding], services: Services) -> None:
        self._settings = settings
        self._bindings = bindings
        self._services = services

    async def run(self, intake: Intake) -> None:
        """Poll for ever."""
        polls, remote = self._services.polls, Remote(self._settings, self._services.clock)
        assert polls is not None
        try:
            async with asyncio.TaskGroup() as group:
                for binding in self._bindings:
                    group.create_task(HttpPoll(Asking.of(binding, remote), polls, self._services.lease).run(intake))
        finally:
            await remote.close()
