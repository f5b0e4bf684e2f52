"""A journal that kills its process at a named commit point: reliability is shown by killing it.

Every method of the journal that commits is a point, with a moment `before` and one `after` the commit. The process gets SIGKILL:
no handler runs, nothing is flushed, exactly as when the machine loses its power (short of the disk).
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from crossdock.core.journal import Journal

POINTS = ("accept", "claim", "reserve", "append", "settle", "intend", "conclude")
"""The journal's methods that commit something of a message's way, in the order in which a message meets them."""


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """Kill at the `nth` call of `method` (from 1) that has anything to commit, before or after it."""

    method: str
    moment: Literal["before", "after"]
    nth: int = 1


class CrashingJournal:
    """Passes everything on to a journal, and dies at one point."""

    def __init__(self, journal: Journal, point: CrashPoint, kill: Callable[[], None] | None = None) -> None:
        self._journal = journal
        self._point = point
        self._kill = kill or _kill
        self._calls = itertools.count(1)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._journal, name)
        return self._dying(method) if name == self._point.method else method

    def _dying(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if self._point.moment == "before" and self._now(arguments[0]):
                self._kill()
            result = method(*arguments, **options)
            if self._point.moment == "after" and self._now(result if self._point.method == "claim" else arguments[0]):
                self._kill()
            return result

        return call

    def _now(self, matter: object) -> bool:
        return bool(matter) and next(self._calls) == self._point.nth


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
