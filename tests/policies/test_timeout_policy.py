"""Timeout: every attempt has its limit."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from crossdock.core import policy as policies
from crossdock.core.errors import Retryable
from crossdock.core.policy import Limit
from crossdock_policies.timeout import SPEC
from tests.policies.policy_kit import World, built


@pytest.mark.parametrize("around", ["route", "delivery"])
def test_an_attempt_has_a_limit(around):
    assert built(SPEC, after="10s").before(World().attempt(around=around)) == Limit(10.0)


def test_the_limit_is_half_a_minute_where_none_is_said():
    assert built(SPEC).before(World().attempt()) == Limit(30.0)


def test_the_shortest_of_several_holds():
    around = [built(SPEC, after="10s"), built(SPEC, after="250ms"), built(SPEC, after="1m")]
    assert policies.before(around, World().attempt()).seconds == 0.25


def test_it_has_no_opinion_on_failures():
    assert built(SPEC).after(World().attempt(), Retryable("x")) is None


@pytest.mark.parametrize("after", ["0s", "30", "-1s", ""])
def test_a_limit_that_makes_no_sense_is_refused(after):
    with pytest.raises(ValidationError):
        built(SPEC, after=after)
