"""Dedupe: a key lets one message through; the journal decides which, at commit."""

from __future__ import annotations

import pytest

from crossdock.core.errors import Refusal
from crossdock.core.outcome import Claim
from crossdock.core.policy import ClaimKey, Fail
from crossdock.core.registry import installed
from crossdock_policies.dedupe import SPEC
from tests.policies.policy_kit import Context, World, built, message


@pytest.fixture(scope="module")
def context() -> Context:
    """A context with the real expression language."""
    return Context(expressions=installed().get("transformers", "cel").build())


def claimed(policy, **rest):
    return policy.before(World().attempt(around="route", target="orders", message=message(**rest)))


def test_the_key_is_claimed_for_the_route_and_the_window(context):
    policy = built(SPEC, context, key='partner + "/" + headers["x-order"]', window="2d")
    expected = Claim("dedupe/orders", "acme/17", "a message with the key 'acme/17'", 172_800.0)
    assert claimed(policy, headers={"x-order": "17"}) == ClaimKey(expected)


def test_a_key_is_remembered_for_a_week_where_nothing_is_said(context):
    assert claimed(built(SPEC, context, key="source")).claim.window == 7 * 86_400


def test_a_decoded_body_can_be_read(context):
    policy = built(SPEC, context, key="body.order_number")
    assert claimed(policy, body={"order_number": "4500012345"}).claim.key == "4500012345"


def test_a_number_is_a_key(context):
    assert claimed(built(SPEC, context, key="body.n"), body={"n": 17}).claim.key == "17"


@pytest.mark.parametrize("body", [{}, {"order_number": ""}, {"order_number": None}, {"order_number": ["a"]}, b"raw"])
def test_a_message_without_a_key_fails_with_an_advice(context, body):
    verdict = claimed(built(SPEC, context, key="body.order_number"), body=body)
    assert (type(verdict), bool(verdict.error.advice)) == (Fail, True)


def test_taken_up_again_in_the_middle_a_key_of_the_body_is_not_looked_at(context):
    policy = built(SPEC, context, key="body.order_number")
    assert claimed(policy, body={"order_number": "mapped"}, resume=3) is None


def test_taken_up_again_in_the_middle_a_key_of_the_headers_is_claimed_again(context):
    policy = built(SPEC, context, key='headers["x-order"]')
    assert claimed(policy, headers={"x-order": "17"}, resume=3).claim.key == "17"


def test_a_delivery_has_no_claim(context):
    policy = built(SPEC, context, key="source")
    assert policy.before(World().attempt(message=message())) is None


def test_it_has_no_opinion_on_failures(context):
    assert built(SPEC, context, key="source").after(World().attempt(), None) is None


@pytest.mark.parametrize(("key", "said"), [("bdoy.order_number", "unknown name 'bdoy'"), ("partner +", "ends too early")])
def test_an_unsound_key_is_refused(context, key, said):
    with pytest.raises(Refusal, match=said) as caught:
        built(SPEC, context, key=key)
    assert caught.value.path[0] == "key"
