"""The intake: every source hands its receipts in here, and many receipts share one commit.

While one commit is being made durable the next receipts gather; a lone receipt waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from crossdock.core.journal import Journal, message_lane
from crossdock.core.message import Accepted, Receipt
from crossdock.core.ports import Progress
from crossdock.runtime.metrics import Metrics
from crossdock.runtime.waker import Waker

log = logging.getLogger(__name__)

MOST = 256
"""How many receipts share a commit at the most."""

Waiting = tuple[Receipt, "asyncio.Future[Accepted]"]


class GroupCommit:
    """The `Intake` of a process: lives on one event loop."""

    def __init__(self, journal: Journal, release_for: Callable[[Receipt], str], waker: Waker, metrics: Metrics) -> None:
        self._journal = journal
        self._release_for = release_for
        self._waker = waker
        self._metrics = metrics
        self._waiting: deque[Waiting] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="accept")
        self._committing: asyncio.Task[None] | None = None

    async def accept(self, receipt: Receipt) -> Accepted:
        """Return when the receipt is durable; raises what the journal raised (Retryable)."""
        future: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append((receipt, future))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        return await future

    async def collect(self, receipts: Sequence[Receipt], progress: Progress) -> list[Accepted]:
        """Keep what a poll brought, in commits of its own; how far it has come moves in the last. Raises as the journal does."""
        parts: list[tuple[str, list[int]]] = []
        for release, places in self._places(receipts).items():
            parts += [(release, places[start : start + MOST]) for start in range(0, len(places), MOST)]
        answers: dict[int, Accepted] = {}
        for n, (release, places) in enumerate(parts or [("", [])], start=1):
            some = [receipts[place] for place in places]
            found = await self._kept(some, release, progress if n >= len(parts) else None)
            answers.update(zip(places, found, strict=True))
        return [answers[place] for place in range(len(receipts))]

    def _places(self, receipts: Sequence[Receipt]) -> dict[str, list[int]]:
        """Sort receipts, by their places, by the release that takes them."""
        places: dict[str, list[int]] = {}
        for place, receipt in enumerate(receipts):
            places.setdefault(self._release_for(receipt), []).append(place)
        return places

    async def _kept(self, receipts: Sequence[Receipt], release: str, progress: Progress | None) -> list[Accepted]:
        loop = asyncio.get_running_loop()
        accepted = await loop.run_in_executor(self._thread, self._journal.accept, receipts, release, progress)
        self._tell(receipts, accepted)
        return accepted

    def _tell(self, receipts: Sequence[Receipt], accepted: Sequence[Accepted]) -> None:
        self._waker.wake({message_lane(receipt.route, receipt.partner) for receipt in receipts})
        for receipt, answer in zip(receipts, accepted, strict=True):
            self._metrics.message_accepted(receipt.route, duplicate=answer.duplicate)

    def close(self) -> None:
        """End the thread that commits."""
        self._thread.shutdown()

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                for release, part in self._by_release(group).items():
                    await self._commit(part, release)
        finally:
            self._committing = None

    def _by_release(self, group: list[Waiting]) -> dict[str, list[Waiting]]:
        parts: dict[str, list[Waiting]] = {}
        for waiting in group:
            parts.setdefault(self._release_for(waiting[0]), []).append(waiting)
        return parts

    async def _commit(self, group: list[Waiting], release: str) -> None:
        receipts = [receipt for receipt, _ in group]
        loop = asyncio.get_running_loop()
        try:
            accepted = await loop.run_in_executor(self._thread, self._journal.accept, receipts, release)
        except Exception as error:  # noqa: BLE001 - every waiting source must hear it, whatever it is
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        self._tell(receipts, accepted)
        for (_, future), answer in zip(group, accepted, strict=True):
            if not future.done():
                future.set_result(answer)
