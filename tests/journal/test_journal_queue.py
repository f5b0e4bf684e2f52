"""The queue: leases, fences, due times, what is due."""

from __future__ import annotations

import threading

import pytest

from crossdock.core.blob import Blob
from crossdock.core.errors import Rejected
from crossdock.core.journal import Lane, LeaseLost, MessageWork, Settled
from crossdock.core.outcome import Outcome, State
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import ORDERS, World, accepted, claimed, done, ids


def test_claims_come_oldest_first_and_no_row_twice(opened: OpenJournal) -> None:
    names = accepted(opened, *[b"%d" % n for n in range(5)])
    assert names[:3] == ids(claimed(opened, limit=3))
    assert names[3:] == ids(claimed(opened, limit=3))
    assert claimed(opened) == []


def test_a_claim_counts_the_attempt_before_anything_is_run(world: World) -> None:
    opened = world.opened[0]
    accepted(opened, b"a")
    (first,) = claimed(opened, lease=5)
    world.advance(6)
    opened.journal.sweep()
    (second,) = claimed(opened)
    assert (first.attempts, second.attempts) == (1, 2)
    assert (first.first_at, first.seq) == (second.first_at, second.seq)


def test_an_expired_lease_goes_back_to_its_lane(world: World) -> None:
    opened = world.opened[0]
    accepted(opened, b"a")
    claimed(opened, lease=5)
    assert set() == opened.journal.sweep()
    world.advance(6)
    assert {ORDERS} == opened.journal.sweep()
    assert len(claimed(opened)) == 1


def test_a_heartbeat_keeps_a_lease(world: World) -> None:
    opened = world.opened[0]
    accepted(opened, b"a")
    (work,) = claimed(opened, lease=5)
    world.advance(4)
    assert {work.seq} == opened.journal.extend([work], 5)
    world.advance(4)
    assert set() == opened.journal.sweep()


def test_who_lost_the_lease_can_commit_nothing(world: World) -> None:
    opened = world.opened[0]
    accepted(opened, b"a")
    (lost,) = claimed(opened, lease=5)
    world.advance(6)
    opened.journal.sweep()
    (held,) = claimed(opened)
    assert set() == opened.journal.extend([lost], 60)
    opened.journal.settle([done(lost)])
    opened.journal.release([lost])
    assert {held.seq} == opened.journal.extend([held], 60)
    with pytest.raises(LeaseLost):
        opened.journal.reserve(lost, [])
    with pytest.raises(LeaseLost):
        opened.journal.append(lost, [], 60)


def test_results_without_a_lease_are_left_out_and_the_others_committed(world: World) -> None:
    opened = world.opened[0]
    names = accepted(opened, b"a", b"b")
    works = claimed(opened, lease=5)
    opened.journal.extend(works[1:], 600)
    world.advance(6)
    opened.journal.sweep()
    opened.journal.settle([done(work) for work in works])
    assert names[:1] == ids(claimed(opened))
    assert opened.desk.counts(0)["messages"] == {"received": 1, "done": 1}


def test_released_work_is_untouched(opened: OpenJournal) -> None:
    accepted(opened, b"a")
    opened.journal.release(claimed(opened))
    (work,) = claimed(opened)
    assert work.attempts == 1


def test_a_retry_waits_until_it_is_due(world: World) -> None:
    opened = world.opened[0]
    accepted(opened, b"a")
    (work,) = claimed(opened)
    lanes = opened.journal.settle([Settled(work, Outcome(work.message, State.RETRY), after=30)])
    assert (set(), []) == (lanes, claimed(opened))
    assert 29 <= (opened.journal.next_due() or 0) <= 30
    world.advance(31)
    assert ({ORDERS}, 0.0) == (opened.journal.sweep(), opened.journal.next_due())
    assert [again.attempts for again in claimed(opened)] == [2]


def test_a_retry_that_does_not_count_gives_the_attempt_back(opened: OpenJournal) -> None:
    accepted(opened, b"a")
    (work,) = claimed(opened)
    assert {ORDERS} == opened.journal.settle([Settled(work, Outcome(work.message, State.RETRY), counts=False)])
    assert [again.attempts for again in claimed(opened)] == [1]


def test_nothing_waits_where_nothing_is_queued(opened: OpenJournal) -> None:
    assert opened.journal.next_due() is None
    assert opened.journal.lanes() == []


def test_a_lease_that_may_run_out_is_waited_for(opened: OpenJournal) -> None:
    accepted(opened, b"a")
    claimed(opened, lease=20)
    assert 19 <= (opened.journal.next_due() or 0) <= 20


def test_lanes_show_the_backlog(opened: OpenJournal) -> None:
    accepted(opened, *[b"x"] * 5)
    later, leased = claimed(opened, limit=2)
    opened.journal.settle([Settled(later, Outcome(later.message, State.RETRY), after=30)])
    (lane,) = opened.journal.lanes()
    assert Lane(ORDERS, ready=3, later=1, leased=1, oldest_at=lane.oldest_at) == lane
    assert abs((lane.oldest_at or 0) - leased.message.received_at) < 1000


def test_a_batch_of_big_payloads_stops_where_memory_ends(opened: OpenJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossdock.runtime.journal.queue.MOST_BYTES", 1000)
    accepted(opened, b"x" * 5000, b"y", b"z" * 900, b"w" * 900)
    assert [[len(work.message.body) for work in claimed(opened)] for _ in range(3)] == [[5000], [1, 900], [900]]


def test_competing_threads_never_get_the_same_work(opened: OpenJournal) -> None:
    names = accepted(opened, *[b"x"] * 300)
    got: list[MessageWork] = []

    def take() -> None:
        while works := claimed(opened, limit=7):
            got.extend(works)
            opened.journal.settle([done(work) for work in works])

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == sorted(ids(got))
    assert opened.desk.counts(0)["messages"] == {"done": 300}


def test_a_document_too_big_for_memory_is_claimed_outside_of_it(opened: OpenJournal) -> None:
    big = b"".join(b"%07d~" % n for n in range(2_200_000))
    accepted(opened, b"small", big)
    small, large = claimed(opened)
    assert (type(small.message.body), type(large.message.body)) == (bytes, Blob)
    assert large.message.body.whole() == big


def test_what_lies_outside_of_memory_is_handed_in_as_it_is(opened: OpenJournal) -> None:
    pieces = [b"%07d~" % n * 1000 for n in range(2_200)]
    accepted(opened, Blob.of(pieces))
    (work,) = claimed(opened)
    assert b"".join(work.message.body.pieces()) == b"".join(pieces)


def test_a_failed_run_keeps_a_big_document_where_it_lies(opened: OpenJournal) -> None:
    accepted(opened, Blob.of([b"x" * 1024**2] * 17))
    (work,) = claimed(opened)
    opened.journal.settle([Settled(work, Outcome(work.message, State.FAILED, error=Rejected("no")))])
    assert (opened.desk.payload(work.message.id)[0]) == b"x" * 17 * 1024**2
