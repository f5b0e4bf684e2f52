"""Kombu's in-memory transport made event-driven: a consumer sleeps until something is put, and then wakes at once.

As shipped it looks once a second. Here a put sets an event, and `drain_events` waits for it: the event is cleared before the
queues are looked at, so that a put in between is either seen or remembered.
"""

from __future__ import annotations

import time
from queue import Empty
from threading import Event
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, memory

NAME = "crossdock-memory"
_ARRIVED = Event()


class Channel(memory.Channel):  # type: ignore[misc]
    """A channel that says when something arrives."""

    def _put(self, queue: str, message: Any, **rest: Any) -> None:
        super()._put(queue, message, **rest)
        _ARRIVED.set()


class Transport(memory.Transport):  # type: ignore[misc]
    """The transport behind `memory://` in the embedded process."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # noqa: ARG002 - kombu's signature
        """Deliver one message, waiting up to `timeout` seconds; raises TimeoutError."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            _ARRIVED.clear()
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                if not _ARRIVED.wait(None if deadline is None else max(0.0, deadline - time.monotonic())):
                    raise TimeoutError("nothing arrived") from None
                if self._empty():
                    raise TimeoutError("woken to look around") from None
            else:
                return

    def _empty(self) -> bool:
        return not any(queue.qsize() for queue in Channel.queues.values())


TRANSPORT_ALIASES[NAME] = f"{__name__}:Transport"


def arrived() -> None:
    """Wake every consumer, so that it looks around (at its queues, or at whether it should stop)."""
    _ARRIVED.set()
