"""Partners' quotas at the intake."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.core.errors import Rejected, Retryable
from crossdock.core.message import Receipt
from crossdock.core.partner import Partner, Quotas
from crossdock.runtime.quotas import QuotaIntake
from crossdock.testing.ports import MemoryIntake


def receipt(size: int = 1, partner: str = "acme") -> Receipt:
    return Receipt("orders", b"x" * size, "test", partner=partner)


def guarded(now: list[float], **quotas: Any) -> tuple[QuotaIntake, MemoryIntake]:
    inner = MemoryIntake()
    return QuotaIntake(inner, {"acme": Partner("acme", quotas=Quotas(**quotas)), "beta": Partner("beta")}, lambda: now[0]), inner


async def test_a_file_that_is_too_big_is_refused_with_the_reason() -> None:
    """And one that just fits is taken; another partner has no such limit."""
    intake, inner = guarded([0.0], largest_file="10B")
    with pytest.raises(Rejected, match="the file has 11 bytes, with acme at most 10 are agreed"):
        await intake.accept(receipt(11))
    await intake.accept(receipt(10))
    await intake.accept(receipt(99, "beta"))
    assert [len(one.data) for one in inner.receipts] == [10, 99]


async def test_a_minutes_worth_passes_at_once_and_the_next_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it takes for one more to be allowed."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    now = [0.0]
    intake, _ = guarded(now, files_per_minute=30)
    for _ in range(32):
        await intake.accept(receipt())
    assert slept == [2.0, 4.0]
    now[0] = 60.0
    await intake.accept(receipt())
    assert slept == [2.0, 4.0]


async def test_what_comes_much_too_fast_is_told_when_to_come_again() -> None:
    """It is not taken, and others are not held up."""
    intake, inner = guarded([0.0], files_per_minute=1)
    await intake.accept(receipt())
    with pytest.raises(Retryable, match="acme sends more than the agreed 1 files a minute") as caught:
        await intake.accept(receipt())
    await intake.accept(receipt(partner="beta"))
    assert (caught.value.after, len(inner.receipts)) == (60.0, 2)
