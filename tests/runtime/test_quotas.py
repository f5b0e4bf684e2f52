"""Partners' quotas at the intake."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import Rejected, Retryable
from crossdock.core.message import Receipt
from crossdock.core.partner import Partner, Quotas
from crossdock.runtime.quotas import QuotaIntake
from crossdock.testing.ports import MemoryIntake
from crossdock_policies.state import MemoryState


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


class Shared:
    """A state store whose time is told by hand; the bucket is that of `MemoryState`."""

    def __init__(self) -> None:
        self.clock = PinnedClock()
        self.kept = MemoryState(clock=self.clock)
        self.away = False

    def take(self, key: str, rate: float, burst: int) -> float:
        if self.away:
            raise Retryable("the policies' shared state can't be used", detail="refused")
        return self.kept.take(key, rate, burst)


def gateways(shared: Any, **quotas: Any) -> list[QuotaIntake]:
    """Return the doors of two gateways."""
    partners = {"acme": Partner("acme", quotas=Quotas(**quotas)), "beta": Partner("beta", quotas=Quotas(**quotas))}
    return [QuotaIntake(MemoryIntake(), partners, lambda: 0.0, shared) for _ in range(2)]


async def test_all_gateways_count_together() -> None:
    """A partner's minute is spent at whichever door; another partner's is not."""
    shared = Shared()
    first, second = gateways(shared, files_per_minute=3)
    for door in (first, second, first):
        await door.accept(receipt())
    for door in (first, second):
        with pytest.raises(Retryable, match="acme sends more than the agreed 3 files a minute") as caught:
            await door.accept(receipt())
        assert caught.value.after == 20.0
        await door.accept(receipt(partner="beta"))
    shared.clock.advance(20)
    await second.accept(receipt())


async def test_a_short_wait_at_a_shared_door_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared()

    async def sleep(seconds: float) -> None:
        shared.clock.advance(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    door, _ = gateways(shared, files_per_minute=60)
    began = shared.clock.now()
    for _ in range(61):
        await door.accept(receipt())
    assert shared.clock.now() - began == pytest.approx(1.0)


async def test_while_the_shared_state_is_away_each_gateway_counts_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    """A quota is no reason to take nothing; it is logged once, and over as soon as the state is back."""
    shared = Shared()
    shared.away = True
    first, second = gateways(shared, files_per_minute=2)
    for door in (first, second, first, second):
        await door.accept(receipt())
    with pytest.raises(Retryable, match="acme sends more"):
        await first.accept(receipt())
    assert [record.message.partition(":")[0] for record in caplog.records] == ["quotas are counted by this process alone"] * 2
    shared.away = False
    await first.accept(receipt())


async def test_what_comes_much_too_fast_is_told_when_to_come_again() -> None:
    """It is not taken, and others are not held up."""
    intake, inner = guarded([0.0], files_per_minute=1)
    await intake.accept(receipt())
    with pytest.raises(Retryable, match="acme sends more than the agreed 1 files a minute") as caught:
        await intake.accept(receipt())
    await intake.accept(receipt(partner="beta"))
    assert (caught.value.after, len(inner.receipts)) == (60.0, 2)
