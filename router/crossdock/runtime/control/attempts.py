"""Failed attempts to get in, by address: after too many in a minute, an address must wait."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST = 10
WINDOW = 60.0
"""Seconds in which so many may fail."""
ADDRESSES = 10_000
"""Addresses that are remembered, the latest ones."""


class Attempts:
    """Counts failures; lives on one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Return for how many seconds an address must wait; 0 where it need not."""
        failed = self._failed.get(address)
        if failed is None or len(failed) < MOST:
            return 0.0
        return max(0.0, failed[0] + WINDOW - self._clock())

    def fail(self, address: str) -> None:
        """Note a failure."""
        self._failed.setdefault(address, deque(maxlen=MOST)).append(self._clock())
        self._failed.move_to_end(address)
        if len(self._failed) > ADDRESSES:
            self._failed.popitem(last=False)
