"""Rate limit: so many in a time, whoever asks; the others wait in line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crossdock.core.errors import Retryable
from crossdock_policies.rate_limit import SPEC, parse_rate
from tests.policies.policy_kit import World, built


def passed(policy, attempts) -> int:
    return sum(policy.before(attempt) is None for attempt in attempts)


def test_a_burst_passes_at_once_and_no_more():
    world, policy = World(), built(SPEC, rate="1/s", burst=3)
    assert passed(policy, [world.attempt() for _ in range(10)]) == 3


def test_without_a_burst_one_passes_at_a_time():
    world, policy = World(), built(SPEC, rate="10/s")
    assert passed(policy, [world.attempt() for _ in range(10)]) == 1


def test_what_waits_is_not_counted_as_an_attempt_and_says_why():
    world, policy = World(), built(SPEC, rate="10/s")
    policy.before(world.attempt())
    verdict = policy.before(world.attempt())
    assert (verdict.counts, verdict.after) == (False, 0.1)
    assert verdict.reason == "the limit of 10/s for 'erp' is used up for now"


def test_those_that_wait_are_lined_up():
    world, policy = World(), built(SPEC, rate="10/s")
    policy.before(world.attempt())
    waits = [policy.before(world.attempt()).after for _ in range(4)]
    assert waits == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_the_line_passes_with_few_tries():
    """Two hundred deliveries at 50/s, each coming back when it was told to, need few tries each."""
    world, policy = World(), built(SPEC, rate="50/s")
    start, tries = world.clock.now(), 0
    due = [start] * 200
    while due:
        due.sort()
        world.clock.seconds = max(world.clock.now(), due.pop(0))
        tries += 1
        verdict = policy.before(world.attempt())
        if verdict is not None:
            due.append(world.clock.now() + verdict.after)
    assert tries < 3 * 200


def test_nobody_waits_longer_than_five_minutes_where_tokens_come_sooner():
    world, policy = World(), built(SPEC, rate="1/s")
    waits = [policy.before(world.attempt()) for _ in range(1000)]
    assert max(verdict.after for verdict in waits if verdict) == 300


@given(
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=80),
    rate=st.sampled_from([1, 5, 50]),
    burst=st.integers(1, 10),
)
def test_in_no_span_pass_more_than_the_burst_and_the_rate(gaps, rate, burst):
    world, policy = World(), built(SPEC, rate=f"{rate}/s", burst=burst)
    start, times = world.clock.now(), []
    for gap in gaps:
        world.clock.advance(gap)
        if policy.before(world.attempt()) is None:
            times.append(world.clock.now() - start)
    for first, begin in enumerate(times):
        for count, end in enumerate(times[first:], start=1):
            assert count <= burst + rate * (end - begin) + 0.001


def test_partners_have_an_allowance_each():
    world, policy = World(), built(SPEC, rate="1/s", per="partner")
    assert passed(policy, [world.attempt(partner=name) for name in ("acme", "globex", "acme")]) == 2


def test_partners_share_the_endpoints_allowance():
    world, policy = World(), built(SPEC, rate="1/s")
    assert passed(policy, [world.attempt(partner=name) for name in ("acme", "globex", "acme")]) == 1


def test_endpoints_do_not_share():
    world, policy = World(), built(SPEC, rate="1/s")
    assert passed(policy, [world.attempt(target=name) for name in ("erp", "wms")]) == 2


def test_a_route_and_an_endpoint_of_one_name_do_not_share():
    world, policy = World(), built(SPEC, rate="1/s")
    assert passed(policy, [world.attempt(around=around) for around in ("route", "delivery")]) == 2


def test_two_rates_hold_side_by_side():
    world = World()
    policies = built(SPEC, rate="10/s", burst=10), built(SPEC, rate="5/h", burst=5)
    both = [all(policy.before(attempt) is None for policy in policies) for attempt in [world.attempt() for _ in range(10)]]
    assert both.count(True) == 5


def test_it_has_no_opinion_on_failures():
    assert built(SPEC, rate="1/s").after(World().attempt(), Retryable("x")) is None


@pytest.mark.parametrize(
    ("text", "per_second"), [("50/s", 50), ("1000/m", 1000 / 60), ("36/h", 0.01), ("0.5 / s", 0.5), ("86400/d", 1)]
)
def test_a_rate_is_so_many_in_a_time(text, per_second):
    assert parse_rate(text).per_second == pytest.approx(per_second)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("50", "'50' is not a rate; write how many in which time, such as 50/s"),
        ("0/s", "'0/s' is not a rate"),
        ("50/sec", "unknown time 'sec'; did you mean '50/s'?"),
        ("50/week", "unknown time 'week'; there is s, m, h and d"),
    ],
)
def test_a_wrong_rate_is_refused_with_the_right_way_to_write_it(text, said):
    with pytest.raises(ValidationError) as caught:
        built(SPEC, rate=text)
    assert said in str(caught.value)
