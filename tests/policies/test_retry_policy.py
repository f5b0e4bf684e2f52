"""Retry: what may pass is tried again, later and later, and not for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crossdock.core.errors import CrossdockError, Misconfigured, Refusal, Refused, Rejected, Retryable, UnknownEffect
from crossdock.core.policy import Fail, RetryLater
from crossdock_policies.retry import SPEC, Retry, RetryOptions
from tests.policies.policy_kit import World, built

DOWN = Retryable("the ERP answered 503")


def retry(draw=lambda: 1.0, **options) -> Retry:
    return Retry(RetryOptions.model_validate(options), draw)


def test_the_pause_doubles_up_to_the_longest():
    policy = retry(first="1s", most="10s")
    pauses = [policy.after(World().attempt(number), DOWN).after for number in range(1, 7)]
    assert pauses == [1, 2, 4, 8, 10, 10]


@given(number=st.integers(1, 9_999), draw=st.floats(0, 1), first=st.integers(1, 1000), most=st.integers(1, 86_400))
def test_the_pause_lies_between_nothing_and_the_longest(number, draw, first, most):
    policy = retry(lambda: draw, attempts=10_000, first=f"{first}ms", most=f"{most}s")
    assert 0 <= policy.after(World().attempt(number), DOWN).after <= most


@given(number=st.integers(1, 11), draw=st.floats(0, 1), wish=st.floats(0, 3600))
def test_the_targets_own_wish_is_a_floor(number, draw, wish):
    verdict = retry(lambda: draw).after(World().attempt(number), Retryable("busy", after=wish))
    assert wish <= verdict.after <= wish + 300


def test_a_negative_wish_is_no_wish():
    assert retry(lambda: 0.0).after(World().attempt(), Retryable("busy", after=-5)).after == 0


def test_pauses_are_spread_over_the_whole_span():
    policy = built(SPEC, first="1s", most="1s")
    pauses = [policy.after(World().attempt(), DOWN).after for _ in range(1000)]
    assert (min(pauses) < 0.1, max(pauses) > 0.9) == (True, True)


def test_a_retry_counts_and_says_why():
    verdict = retry().after(World().attempt(), DOWN)
    assert verdict == RetryLater(1.0, "the ERP answered 503", counts=True)


@pytest.mark.parametrize("error", [None, Rejected("x"), Refused("x"), Misconfigured("x"), CrossdockError("x")])
def test_what_will_not_pass_is_not_tried_again(error):
    assert retry().after(World().attempt(), error) is None


def test_an_unknown_effect_is_tried_again_for_the_runtime_looks_it_up_first():
    assert isinstance(retry().after(World().attempt(), UnknownEffect("no answer")), RetryLater)


def test_after_the_last_attempt_it_fails_and_says_how_long_was_tried():
    world = World()
    attempt = world.attempt(12, first_at=world.clock.now() - 2460)
    error = retry(attempts=12).after(attempt, DOWN).error
    assert error.message == "the ERP answered 503 (given up after 12 attempts over 41 min)"


def test_a_failure_that_is_given_up_keeps_its_kind_code_place_and_detail():
    error = Retryable("busy", code="lock", where="r.yaml:7", detail="psycopg...")
    given_up = retry(attempts=1).after(World().attempt(1), error).error
    kept = (type(given_up), given_up.code, given_up.where, given_up.detail)
    assert kept == (Retryable, "lock", "r.yaml:7", "psycopg...")


def test_a_failure_that_is_given_up_says_what_to_do():
    assert "crossdock failed retry" in retry(attempts=1).after(World().attempt(1), DOWN).error.advice


def test_no_attempt_begins_later_than_the_total_time_after_the_first():
    world, policy = World(), retry(first="10s", most="10s", **{"for": "1m"})
    first = world.clock.now()
    verdicts = []
    for number in range(1, 8):
        verdicts.append(type(policy.after(world.attempt(number, first_at=first), DOWN)))
        world.clock.advance(10)
    assert verdicts == [RetryLater] * 6 + [Fail]


def test_a_wish_beyond_the_total_time_ends_it():
    assert isinstance(retry(**{"for": "1h"}).after(World().attempt(), Retryable("busy", after=7200)), Fail)


@pytest.mark.parametrize(
    ("seconds", "spoken"), [(0, "0 s"), (41.26, "41.3 s"), (119, "119 s"), (180, "3 min"), (7200, "2.0 h"), (90_000, "25.0 h")]
)
def test_times_are_said_as_people_say_them(seconds, spoken):
    world = World()
    attempt = world.attempt(12, first_at=world.clock.now() - seconds)
    assert retry().after(attempt, DOWN).error.message.endswith(f"12 attempts over {spoken})")


def test_a_first_pause_beyond_the_longest_is_refused_with_its_place():
    with pytest.raises(Refusal, match=r"the first pause \(10 s\) is longer than the longest one \(5 s\)") as caught:
        built(SPEC, first="10s", most="5s")
    assert caught.value.path == ("first",)


@pytest.mark.parametrize("options", [{"attempts": 0}, {"first": "1"}, {"most": "0s"}, {"for": "soon"}, {"frist": "1s"}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ValidationError):
        built(SPEC, **options)


def test_the_schema_shows_defaults_as_people_write_them():
    properties = SPEC.options.model_json_schema()["properties"]
    assert {name: field["default"] for name, field in properties.items()} == {
        "attempts": 12,
        "first": "1s",
        "most": "5m",
        "for": "24h",
    }
