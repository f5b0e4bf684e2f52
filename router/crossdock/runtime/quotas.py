"""Partners' quotas at the intake: a file that is too big is refused, what comes too fast waits: a flood is its sender's alone.

All gateways count together where the environment's state store is shared (Redis). Without one, and while Redis is away, each
process counts for itself: a quota is no reason to take nothing. A wait longer than `PATIENCE` becomes an answer: again later (503
with Retry-After over HTTP, a failure over SFTP), and what is fetched by us stays where it is until the next look.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crossdock.core.errors import Rejected, Retryable
from crossdock.core.message import Accepted, Receipt
from crossdock.core.partner import Partner
from crossdock.core.policy import StateStore
from crossdock.core.ports import Intake, Progress

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds that a partner's file waits at the door."""


@dataclass(slots=True)
class _Bucket:
    """Tokens of one partner: a minute's worth at the most, refilled evenly. Below zero are those promised to who waits."""

    tokens: float
    at: float

    def take(self, limit: int, now: float) -> float:
        """Take a token; return the seconds until it is there. Nothing is taken where that is too long."""
        self.tokens = min(float(limit), self.tokens + (now - self.at) * limit / 60)
        self.at = now
        wait = max(0.0, (1 - self.tokens) * 60 / limit)
        if wait <= PATIENCE:
            self.tokens -= 1
        return wait


class QuotaIntake:
    """An `Intake` that holds partners to their quotas before it passes receipts on; `shared` is where all gateways count."""

    def __init__(
        self,
        intake: Intake,
        partners: Mapping[str, Partner],
        now: Callable[[], float] = time.monotonic,
        shared: StateStore | None = None,
    ) -> None:
        self._intake = intake
        self._now = now
        self._shared = shared
        self._alone = False
        self._buckets: dict[str, _Bucket] = {}
        self.agree(partners)

    def agree(self, partners: Mapping[str, Partner]) -> None:
        """Hold partners to other quotas from now on; what was counted stays counted."""
        self._quotas = {name: partner.quotas for name, partner in partners.items()}

    async def accept(self, receipt: Receipt) -> Accepted:
        """Return when the receipt is durable; raises Rejected where it is too big, Retryable where it comes much too fast."""
        self._check_size(receipt)
        await self._pace(receipt.partner)
        return await self._intake.accept(receipt)

    async def collect(self, receipts: Sequence[Receipt], progress: Progress) -> list[Accepted]:
        """Return when all is durable; what one answer brought counts as one file of each partner's."""
        for receipt in receipts:
            self._check_size(receipt)
        for partner in {receipt.partner for receipt in receipts}:
            await self._pace(partner)
        return await self._intake.collect(receipts, progress)

    def _check_size(self, receipt: Receipt) -> None:
        quotas = self._quotas.get(receipt.partner)
        if quotas is not None and quotas.largest_file is not None and len(receipt.data) > quotas.largest_file:
            raise Rejected(
                f"the file has {len(receipt.data)} bytes, with {receipt.partner} at most {quotas.largest_file} are agreed",
                code="quota",
                advice=f"ask for smaller files, or raise `largest_file` in config/partners/{receipt.partner}.yaml",
            )

    async def _pace(self, partner: str) -> None:
        quotas = self._quotas.get(partner)
        limit = quotas.files_per_minute if quotas else None
        if limit is None:
            return
        if self._shared is None or not await self._pace_together(self._shared, partner, limit):
            await self._pace_alone(partner, limit)

    async def _pace_alone(self, partner: str, limit: int) -> None:
        now = self._now()
        bucket = self._buckets.setdefault(partner, _Bucket(float(limit), now))
        wait = bucket.take(limit, now)
        if wait > PATIENCE:
            raise _too_fast(partner, limit, wait)
        if wait:
            await asyncio.sleep(wait)

    async def _pace_together(self, shared: StateStore, partner: str, limit: int) -> bool:
        """Wait for a token that all gateways share; False where the shared state can't be asked."""
        waited = 0.0
        while True:
            try:
                wait = await asyncio.to_thread(shared.take, f"quota/{partner}", limit / 60, limit)
            except Retryable as error:
                self._tell(error)
                return False
            self._alone = False
            if not wait:
                return True
            if waited + wait > PATIENCE:
                raise _too_fast(partner, limit, wait)
            await asyncio.sleep(wait)
            waited += wait

    def _tell(self, error: Retryable) -> None:
        """Log once that this process counts for itself."""
        if not self._alone:
            log.warning("quotas are counted by this process alone: %s (%s)", error.message, error.detail)
        self._alone = True


def _too_fast(partner: str, limit: int, wait: float) -> Retryable:
    return Retryable(f"{partner} sends more than the agreed {limit} files a minute", after=wait, code="quota")
