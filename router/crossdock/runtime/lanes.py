"""What a wake-up starts: draining one lane until it is empty or its turn is over."""

from __future__ import annotations

import threading
import time
from typing import cast

from crossdock.core.journal import DeliveryWork, Journal, MessageWork
from crossdock.runtime.deliver import DeliveryDrain
from crossdock.runtime.drain import BATCH, MessageDrain
from crossdock.runtime.waker import Waker

TURN = 0.5
"""Seconds after which a lane that still has work goes to the end of the line, so that every lane gets its turn."""


class Lanes:
    """Drains lanes by name: `route/...` runs messages, `to/...` makes deliveries."""

    def __init__(
        self, journal: Journal, messages: MessageDrain, deliveries: DeliveryDrain, waker: Waker, lease: float, *, share: bool
    ) -> None:
        self._journal = journal
        self._messages = messages
        self._deliveries = deliveries
        self._waker = waker
        self._lease = lease
        self._share = share
        self.stopping = threading.Event()

    def drain(self, lane: str) -> None:
        """Work on a lane for one turn; whatever remains is woken again. Where work is shared, a full batch calls for help."""
        ends = time.monotonic() + TURN
        called = not self._share
        while not self.stopping.is_set():
            works = self._journal.claim(lane, BATCH, self._lease)
            if not works:
                return
            if len(works) == BATCH and not called:
                self._waker.wake([lane])
                called = True
            self._waker.wake(self._batch(lane, works) - {lane})
            if time.monotonic() > ends:
                self._waker.wake([lane])
                return

    def _batch(self, lane: str, works: list[MessageWork] | list[DeliveryWork]) -> set[str]:
        if lane.startswith("route/"):
            return self._messages.batch(cast("list[MessageWork]", works))
        return self._deliveries.batch(cast("list[DeliveryWork]", works))
