"""The intake: group commit on a real journal."""

from __future__ import annotations

import asyncio

import pytest

from crossdock.core.errors import Retryable
from crossdock.core.message import Receipt
from crossdock.core.ports import Progress
from crossdock.runtime.intake import GroupCommit
from crossdock.runtime.journal import open_journal
from crossdock.runtime.metrics import Metrics
from crossdock.runtime.waker import Waker


@pytest.fixture
def opened(tmp_path):
    opened = open_journal(f"sqlite:///{tmp_path}/journal.db")
    opened.migrate()
    yield opened
    opened.close()


class Counting:
    """A journal that counts its commits, and breaks when told to."""

    def __init__(self, journal, error=None):
        self.journal, self.error, self.commits, self.sizes = journal, error, 0, []

    def accept(self, receipts, release, progress=None):
        self.commits += 1
        self.sizes.append((len(receipts), release, progress is not None))
        if self.error:
            raise self.error
        return self.journal.accept(receipts, release, progress)


def receipt(number: int, key: str = "") -> Receipt:
    return Receipt("orders", b"x", "test", name=str(number), dedupe_key=key)


async def test_receipts_that_come_together_share_a_few_commits(opened):
    journal, woken = Counting(opened.journal), []
    intake = GroupCommit(journal, lambda receipt: "rel", Waker(woken.append), Metrics())
    accepted = await asyncio.gather(*(intake.accept(receipt(number)) for number in range(300)))
    intake.close()
    assert len({one.message_id for one in accepted}) == 300
    assert journal.commits < 10
    assert [lane.ready for lane in opened.journal.lanes()] == [300]


async def test_a_second_copy_is_told_the_first_ones_id(opened):
    intake = GroupCommit(opened.journal, lambda receipt: "rel", Waker([].append), Metrics())
    first, second = await intake.accept(receipt(1, "k")), await intake.accept(receipt(2, "k"))
    intake.close()
    assert (second.message_id, second.duplicate) == (first.message_id, True)


async def test_when_the_commit_fails_every_waiting_source_hears_it_and_the_next_one_works(opened):
    journal = Counting(opened.journal, Retryable("the disk is full"))
    intake = GroupCommit(journal, lambda receipt: "rel", Waker([].append), Metrics())
    answers = await asyncio.gather(*(intake.accept(receipt(number)) for number in range(3)), return_exceptions=True)
    assert {str(answer) for answer in answers} == {"the disk is full"}
    journal.error = None
    assert (await intake.accept(receipt(4))).duplicate is False
    intake.close()


async def test_how_far_a_poll_has_come_moves_with_the_last_of_what_it_brought(opened):
    journal = Counting(opened.journal)
    opened.polls.open("orders at market.example", "orders")
    intake = GroupCommit(journal, lambda receipt: "canary" if receipt.name == "7" else "rel", Waker([].append), Metrics())
    receipts = [receipt(number, str(number % 300)) for number in range(310)]
    accepted = await intake.collect(receipts, Progress("orders at market.example", 0, "310"))
    intake.close()
    assert journal.sizes == [(256, "rel", False), (53, "rel", False), (1, "canary", True)]
    assert sorted(number for number, one in enumerate(accepted) if one.duplicate) == [
        7,
        300,
        301,
        302,
        303,
        304,
        305,
        306,
        308,
        309,
    ]
    assert opened.polls.open("orders at market.example", "orders").state == "310"


async def test_a_poll_that_brought_nothing_moves_all_the_same(opened):
    opened.polls.open("p", "orders")
    intake = GroupCommit(opened.journal, lambda receipt: "rel", Waker([].append), Metrics())
    assert await intake.collect([], Progress("p", 0, "etag")) == []
    with pytest.raises(Retryable):
        await intake.collect([receipt(1)], Progress("p", 0, "late"))
    intake.close()
    assert (opened.polls.open("p", "orders").state, opened.journal.lanes()) == ("etag", [])
