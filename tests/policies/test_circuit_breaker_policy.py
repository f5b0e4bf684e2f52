"""Circuit breaker: an endpoint that keeps failing is left in peace, then tried with a single probe."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from crossdock.core.errors import CrossdockError, Misconfigured, Refused, Rejected, Retryable, UnknownEffect
from crossdock_policies.circuit_breaker import SPEC
from tests.policies.policy_kit import World, built, message

ILL = [Retryable("503"), UnknownEffect("no answer")]
DOWN = ILL[0]
NUMBERS = count(1)


def breaker(**options):
    return built(SPEC, **{"failures": 3, "within": "30s", "open_for": "10s", **options})


def delivery(world: World, **rest):
    return world.attempt(message=message(f"m{next(NUMBERS)}"), **rest)


def failing(world: World, policy, times: int, error: CrossdockError | None = DOWN) -> None:
    for _ in range(times):
        policy.after(delivery(world), error)


def opened() -> tuple[World, object]:
    world, policy = World(), breaker()
    failing(world, policy, 3)
    return world, policy


def test_a_closed_circuit_lets_everything_through():
    world, policy = World(), breaker()
    failing(world, policy, 2)
    assert policy.before(delivery(world)) is None


@pytest.mark.parametrize("error", ILL)
def test_enough_failures_open_it(error):
    world, policy = World(), breaker()
    failing(world, policy, 3, error)
    assert policy.before(delivery(world)) is not None


@pytest.mark.parametrize("error", [Refused("no stock"), Rejected("bad document"), Misconfigured("x"), None])
def test_what_does_not_say_that_the_endpoint_is_ill_never_opens_it(error):
    world, policy = World(), breaker()
    failing(world, policy, 10, error)
    assert policy.before(delivery(world)) is None


@pytest.mark.parametrize("well", [None, Refused("no stock")])
def test_an_answer_in_between_starts_the_count_again(well):
    world, policy = World(), breaker()
    failing(world, policy, 2)
    failing(world, policy, 1, well)
    failing(world, policy, 2)
    assert policy.before(delivery(world)) is None


def test_failures_that_lie_further_apart_than_the_window_do_not_open_it():
    world, policy = World(), breaker()
    for _ in range(10):
        failing(world, policy, 1)
        world.clock.advance(16)
    assert policy.before(delivery(world)) is None


def test_while_open_attempts_wait_uncounted_until_it_may_be_tried():
    world, policy = opened()
    world.clock.advance(4)
    verdict = policy.before(delivery(world))
    assert (verdict.after, verdict.counts, verdict.reason) == (6.0, False, "the circuit to 'erp' is open")


def test_then_one_probe_goes_through_and_the_others_wait_a_little():
    world, policy = opened()
    world.clock.advance(10)
    verdicts = [policy.before(delivery(world)) for _ in range(4)]
    assert [verdict and verdict.after for verdict in verdicts] == [None, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("well", [None, Refused("no stock")])
def test_a_probe_that_was_answered_closes_it(well):
    world, policy = opened()
    world.clock.advance(10)
    probe = delivery(world)
    policy.before(probe)
    policy.after(probe, well)
    assert [policy.before(delivery(world)) for _ in range(5)] == [None] * 5


def test_after_closing_the_count_starts_from_nothing():
    world, policy = opened()
    world.clock.advance(10)
    probe = delivery(world)
    policy.before(probe)
    policy.after(probe, None)
    failing(world, policy, 2)
    assert policy.before(delivery(world)) is None


def test_a_probe_that_failed_opens_it_again_for_the_whole_time():
    world, policy = opened()
    world.clock.advance(10)
    probe = delivery(world)
    policy.before(probe)
    world.clock.advance(3)
    policy.after(delivery(world), None)
    policy.after(world.attempt(message=probe.message), DOWN)
    assert policy.before(delivery(world)).after == 10.0


def test_a_probe_whose_document_was_bad_makes_room_for_the_next():
    world, policy = opened()
    world.clock.advance(10)
    probe = delivery(world)
    policy.before(probe)
    policy.after(probe, Rejected("bad document"))
    assert [policy.before(delivery(world)) is None for _ in range(2)] == [True, False]


def test_a_probe_that_never_comes_back_is_replaced():
    world, policy = opened()
    world.clock.advance(10)
    policy.before(delivery(world))
    world.clock.advance(10)
    assert policy.before(delivery(world)) is None


@pytest.mark.parametrize("late", [None, DOWN])
def test_a_call_from_before_the_opening_decides_nothing(late):
    world, policy = opened()
    policy.after(delivery(world), late)
    assert policy.before(delivery(world)).after == 10.0


def test_endpoints_have_a_circuit_each():
    world, policy = opened()
    assert policy.before(delivery(world, target="wms")) is None


def test_all_policies_around_an_endpoint_share_its_circuit():
    world, _ = opened()
    assert breaker(failures=100).before(delivery(world)) is not None


def test_a_route_has_no_circuit():
    world, policy = World(), breaker(failures=1)
    attempt = delivery(world, around="route")
    policy.after(attempt, DOWN)
    assert policy.before(attempt) is None


class Circuit(RuleBasedStateMachine):
    """Any order of calls, answers and pauses, beside a model of three variables."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.policy = World(), breaker(failures=2)
        self.running: list = []
        self.probe = None
        self.failures: list[float] = []
        self.slot_until: float | None = None

    def now(self) -> float:
        return self.world.clock.now()

    @rule()
    def begin(self):
        attempt = delivery(self.world)
        verdict = self.policy.before(attempt)
        expected = self.slot_until is None or self.slot_until <= self.now()
        assert (verdict is None) == expected
        if self.slot_until is not None and expected:
            self.probe, self.slot_until = attempt, self.now() + 10
        if verdict is None:
            self.running.append(attempt)
        else:
            assert (verdict.counts, 0 < verdict.after <= 10) == (False, True)

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 5), error=st.sampled_from([DOWN, *ILL, None, Refused("x"), Rejected("x")]))
    def end(self, which, error):
        attempt = self.running.pop(which % len(self.running))
        assert self.policy.after(attempt, error) is None
        if self.slot_until is None:
            self._count(error)
        elif attempt is self.probe and self.slot_until > self.now():
            self._decide(error)

    def _count(self, error):
        if error is None or isinstance(error, Refused):
            self.failures = []
        elif isinstance(error, Retryable | UnknownEffect):
            in_time = self.failures and self.failures[0] + 30 > self.now()
            self.failures = [*(self.failures if in_time else []), self.now()]
            if len(self.failures) >= 2:
                self.failures, self.slot_until, self.probe = [], self.now() + 10, None

    def _decide(self, error):
        if error is None or isinstance(error, Refused):
            self.slot_until = None
        elif isinstance(error, Rejected):
            self.slot_until = self.now()
        else:
            self.slot_until = self.now() + 10
        self.probe = None

    @rule()
    def outage(self):
        for _ in range(3):
            self.begin()
            if self.running:
                self.end(which=len(self.running) - 1, error=DOWN)

    @rule(seconds=st.sampled_from([0.5, 3, 10, 10, 31]))
    def wait(self, seconds):
        self.world.clock.advance(seconds)

    @invariant()
    def no_more_than_one_probe_has_the_slot(self):
        assert self.probe is None or self.slot_until is not None


TestCircuit = Circuit.TestCase
TestCircuit.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
