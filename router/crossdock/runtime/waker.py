"""The waker: says to the workers that a lane has work. What it says may be lost, doubled or late without harm.

Lanes are gathered while a wake-up is being sent, so that a flood of commits costs a few wake-ups.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

Send = Callable[[str], None]


class Waker:
    """Sends wake-ups from a thread of its own, one a lane and round."""

    def __init__(self, send: Send, pause: float = 0.001) -> None:
        self._send = send
        self._pause = pause
        self._lanes: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)

    def start(self) -> Waker:
        """Start the thread."""
        self._thread.start()
        return self

    def wake(self, lanes: Iterable[str]) -> None:
        """Ask for wake-ups; returns at once."""
        with self._changed:
            self._lanes.update(lanes)
            if self._lanes:
                self._changed.notify()

    def stop(self) -> None:
        """Send what is waiting and stop."""
        self._stopping.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not (self._stopping.is_set() and not self._lanes):
            with self._changed:
                self._changed.wait_for(lambda: self._lanes or self._stopping.is_set())
                lanes, self._lanes = self._lanes, set()
            for lane in sorted(lanes):
                self._try(lane)
            self._stopping.wait(self._pause)

    def _try(self, lane: str) -> None:
        try:
            self._send(lane)
        except Exception:
            log.warning("the wake-up for lane %s was not sent; the sweep will find it", lane, exc_info=True)
