"""The policies' shared state: memory and Redis keep the same promises."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import Misconfigured, Retryable
from crossdock.core.policy import StateStore
from crossdock_policies.state import ROOMY, MemoryState, RedisState
from tests.services.ports import free_port

LONG, SHORT = 600.0, 0.05
Wait = Callable[[float], None]


class StateTruths:
    """What any shared state must do. A subclass has the fixtures `store` and `wait`, which lets time pass for it."""

    def test_a_counter_adds_up(self, store: StateStore):
        assert [store.add("n", 2, LONG), store.add("n", 3, LONG)] == [2, 5]

    def test_counters_do_not_know_each_other(self, store: StateStore):
        store.add("a", 7, LONG)
        assert store.add("b", 1, LONG) == 1

    def test_a_counter_forgets_itself(self, store: StateStore, wait: Wait):
        store.add("n", 5, SHORT)
        wait(SHORT)
        assert store.add("n", 1, LONG) == 1

    def test_a_later_add_does_not_make_a_counter_live_longer(self, store: StateStore, wait: Wait):
        store.add("n", 1, SHORT)
        store.add("n", 1, LONG)
        wait(SHORT)
        assert store.add("n", 1, LONG) == 1

    def test_a_value_that_was_put_is_there(self, store: StateStore):
        store.put("k", "open until 1760000000.5 ü", LONG)
        assert store.get("k") == "open until 1760000000.5 ü"

    def test_nothing_is_there_before(self, store: StateStore):
        assert store.get("k") is None

    def test_a_value_runs_out(self, store: StateStore, wait: Wait):
        store.put("k", "v", SHORT)
        wait(SHORT)
        assert store.get("k") is None

    def test_the_last_put_counts(self, store: StateStore, wait: Wait):
        store.put("k", "old", SHORT)
        store.put("k", "new", LONG)
        wait(SHORT)
        assert store.get("k") == "new"

    def test_put_if_absent_sets_only_once(self, store: StateStore):
        done = [store.put_if_absent("k", "first", LONG), store.put_if_absent("k", "second", LONG)]
        assert (done, store.get("k")) == ([True, False], "first")

    def test_put_if_absent_sets_again_what_has_run_out(self, store: StateStore, wait: Wait):
        store.put_if_absent("k", "first", SHORT)
        wait(SHORT)
        assert store.put_if_absent("k", "second", LONG) is True

    def test_of_many_at_once_one_sets_it(self, store: StateStore):
        done: list[bool] = []
        threads = [threading.Thread(target=lambda: done.append(store.put_if_absent("k", "mine", LONG))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done) == [False] * 7 + [True]

    def test_many_at_once_lose_no_count(self, store: StateStore):
        def add():
            for _ in range(50):
                store.add("n", 1, LONG)

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.add("n", 0, LONG) == 200

    def test_a_dropped_value_is_gone(self, store: StateStore):
        store.put("k", "v", LONG)
        store.drop("k")
        assert store.get("k") is None

    def test_what_is_not_there_can_be_dropped(self, store: StateStore):
        store.drop("k")
        assert store.get("k") is None

    def test_a_full_bucket_gives_its_burst_and_then_says_how_long_to_wait(self, store: StateStore):
        waits = [store.take("b", 0.01, 3) for _ in range(4)]
        assert (waits[:3], 95 < waits[3] <= 100) == ([0, 0, 0], True)

    def test_a_token_that_was_not_given_is_not_taken(self, store: StateStore):
        store.take("b", 0.01, 1)
        assert store.take("b", 0.01, 1) >= store.take("b", 0.01, 1)

    def test_whoever_waits_as_long_as_told_gets_a_token(self, store: StateStore, wait: Wait):
        store.take("b", 20, 1)
        wait(store.take("b", 20, 1))
        assert store.take("b", 20, 1) == 0

    def test_a_bucket_holds_no_more_than_its_burst(self, store: StateStore, wait: Wait):
        store.take("b", 20, 2)
        wait(0.3)
        # Slow from here on, so that no token falls due between two calls.
        assert [store.take("b", 0.01, 2) == 0 for _ in range(4)] == [True, True, False, False]

    def test_buckets_do_not_know_each_other(self, store: StateStore):
        store.take("a", 0.01, 1)
        assert store.take("b", 0.01, 1) == 0


class TestMemoryState(StateTruths):
    """Memory, by a clock that moves only when told to."""

    @pytest.fixture
    def clock(self) -> PinnedClock:
        return PinnedClock()

    @pytest.fixture
    def store(self, clock: PinnedClock) -> StateStore:
        return MemoryState(clock)

    @pytest.fixture
    def wait(self, clock: PinnedClock) -> Wait:
        return clock.advance

    def test_a_value_is_there_to_the_last_moment(self, store, clock):
        store.put("k", "v", 10)
        clock.advance(9.999)
        assert store.get("k") == "v"

    def test_a_wait_is_exact(self, store):
        store.take("b", 4, 1)
        assert store.take("b", 4, 1) == 0.25

    def test_what_has_run_out_takes_no_room_for_ever(self, store, clock):
        for number in range(10 * ROOMY):
            store.put(f"k{number}", "v", 1)
            clock.advance(0.01)
        assert len(store._kept) <= 2 * ROOMY


class TestRedisState(StateTruths):
    """A real Redis, by its own clock."""

    @pytest.fixture
    def store(self, redis_url: str) -> Iterator[StateStore]:
        store = RedisState(redis_url)
        yield store
        store.close()

    @pytest.fixture
    def wait(self) -> Wait:
        return lambda seconds: time.sleep(seconds + 0.01)

    def test_two_processes_share_it(self, store, redis_url):
        other = RedisState(redis_url)
        store.put("k", "v", LONG)
        shared = other.get("k")
        other.close()
        assert shared == "v"

    def test_a_restarted_redis_that_forgot_the_scripts_is_no_trouble(self, store):
        store.add("n", 1, LONG)
        store._redis.script_flush()
        assert store.add("n", 1, LONG) == 2

    def test_a_connection_that_went_stale_is_no_trouble(self, store):
        store.put("k", "v", LONG)
        store._redis.client_kill_filter(_type="normal", skipme=False)
        assert store.get("k") == "v"

    def test_every_value_is_forgotten_some_day(self, store):
        store.add("n", 1, LONG)
        store.put("k", "v", LONG)
        store.put_if_absent("l", "v", LONG)
        store.take("b", 1, 5)
        lifetimes = [store._redis.pttl(key) for key in store._redis.scan_iter()]
        assert (len(lifetimes), all(0 < lifetime <= LONG * 1000 for lifetime in lifetimes)) == (4, True)


def test_a_redis_that_is_down_is_said_clearly_and_can_be_tried_again():
    port = free_port()
    store = RedisState(f"redis://crossdock:hunter2@127.0.0.1:{port}/0")
    with pytest.raises(Retryable, match=f"Redis at 127.0.0.1:{port} does not answer") as caught:
        store.get("k")
    assert ("hunter2" in str(caught.value.record()), bool(caught.value.advice)) == (False, True)


@pytest.mark.parametrize("url", ["postgresql://user:hunter2@host/db", "redis:/host", ""])
def test_an_address_that_is_no_redis_is_refused_without_its_password(url):
    with pytest.raises(Misconfigured) as caught:
        RedisState(url)
    assert ("hunter2" in str(caught.value), "redis://" in caught.value.advice) == (False, True)
