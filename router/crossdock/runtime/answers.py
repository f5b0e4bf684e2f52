"""The replies of routes, for the sources whose senders wait for them: the journal is asked, more and more seldom."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from crossdock.core.journal import Journal

SOONEST: Final = 0.005
SELDOMMEST: Final = 0.1


class JournalAnswers:
    """Waits for replies that routes commit."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def wait(self, message: str, seconds: float) -> tuple[int, bytes, str] | None:
        """Return the reply to a message, or None where none came in time."""
        ends, pause = time.monotonic() + seconds, SOONEST
        while True:
            found = await asyncio.to_thread(self._journal.answer, message)
            left = ends - time.monotonic()
            if found is not None or left <= 0:
                return found
            await asyncio.sleep(min(pause, left))
            pause = min(SELDOMMEST, pause * 1.5)
