"""uvicorn's HTTP protocol with the limits that it lacks: how long a request's head may be, and how long it may take to come.

Without them a stranger needs no credential to fill the memory with one endless header, or to hold connections open for nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 64 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `head_seconds` is the time for a head, and for the first byte of a new connection."""

    head_seconds: ClassVar[float] = 30.0
    _head = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the clock."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and cut the connection where a head goes on and on."""
        super().data_received(data)
        if self._timer is not None:
            self._head += len(data)
            if self._head > MOST_HEAD and not self.transport.is_closing():
                self.send_400_response("The request's head is too long.")

    def on_message_begin(self) -> None:
        """Start the clock of the next request on a kept connection."""
        super().on_message_begin()
        if self._timer is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """Stop the clock: what follows is the body, which the handler bounds."""
        self._head_is_here()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head = 0
        self._timer = self.loop.call_later(self.head_seconds, self._too_slow)

    def _head_is_here(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()


def bounded(seconds: float) -> type[BoundedProtocol]:
    """Return the protocol with a time for heads."""
    return type("BoundedProtocol", (BoundedProtocol,), {"head_seconds": seconds})
