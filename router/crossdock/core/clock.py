"""Time as a port, so that tests can pin it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Seconds since 1970."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()


@dataclass(slots=True)
class PinnedClock:
    """A clock that moves only when told to."""

    seconds: float = 1_760_000_000.0

    def now(self) -> float:
        """Seconds since 1970."""
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.seconds += seconds
