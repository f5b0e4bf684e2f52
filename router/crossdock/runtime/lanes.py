"""What a wake-up starts: draining one lane until it is empty or its turn is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

from crossdock.core.journal import Journal
from crossdock.runtime.drain import BATCH
from crossdock.runtime.waker import Waker

TURN = 0.5
"""Seconds after which a lane that still has work goes to the end of the line, so that every lane gets its turn."""


class Drain(Protocol):
    """Works on what was claimed from lanes of one kind."""

    def batch(self, works: Any) -> set[str]:
        """Work on claimed rows and commit; return the lanes that got work."""


class Lanes:
    """Drains lanes by name: `route/...` runs messages, `to/...` makes deliveries, `gather/...` looks at groups."""

    def __init__(self, journal: Journal, drains: Mapping[str, Drain], waker: Waker, lease: float, *, share: bool) -> None:
        self._journal = journal
        self._drains = drains
        self._waker = waker
        self._lease = lease
        self._share = share
        self.stopping = threading.Event()

    def drain(self, lane: str) -> None:
        """Work on a lane for one turn; whatever remains is woken again. Where work is shared, a full batch calls for help."""
        batch = self._drains[lane.partition("/")[0]].batch
        ends = time.monotonic() + TURN
        called = not self._share
        while not self.stopping.is_set():
            works = self._journal.claim(lane, BATCH, self._lease)
            if not works:
                return
            if len(works) == BATCH and not called:
                self._waker.wake([lane])
                called = True
            self._waker.wake(batch(works) - {lane})
            if time.monotonic() > ends:
                self._waker.wake([lane])
                return
