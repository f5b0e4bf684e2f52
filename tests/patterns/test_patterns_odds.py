"""Every pattern with nothing in it, and with an error inside: what is said, where, and what to do.

What each pattern does, one by one, is in `test_patterns_docs` (the examples of docs/patterns.md); with none, one and many, and with
what is written wrong, in `test_patterns_edges`; over time, with a journal, in `test_patterns_waiting`, `_order` and `_releases`;
when it is killed, in tests/crash.
"""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

import pytest

from crossdock.core.run import Surroundings
from crossdock_policies.state import MemoryState
from tests.patterns import patterns_kit as kit

BROKEN = {"set_body": "body.lines[9]"}


def out(body, *steps, **rest):
    return kit.run({"steps": list(steps), **rest}, body)


# Errors inside: each says what, at which line, and what to do


@pytest.mark.parametrize(
    ("body", "step", "line", "message"),
    [
        ({}, {"set_header": {"a": "body.x"}}, "8:13", "body.x is absent"),
        ({}, {"filter": "body.x"}, "7:16", "body.x is absent"),
        ({"n": 1}, {"filter": "body.n"}, "7", "a condition of `filter` must be true or false, and this is a number"),
        ({"n": "yes"}, {"choice": [{"when": "body.n", "steps": []}]}, "8", "a condition of `choice` must be true or false, and this is a text"),
        ({}, {"choice": [{"when": "body.n > 5", "steps": []}]}, "8:16", "body.n is absent"),
        ({"o": "x"}, {"split": "body.o"}, "7", "`split body.o` needs a list, not a text"),
        ({}, {"split": "body.o"}, "7:15", "body.o is absent"),
        ({"l": "x"}, {"sort": {"in": "body.l", "by": "item"}}, "7", "`sort body.l` needs a list at `body.l`, not a text"),
        ({"l": [{}]}, {"sort": {"in": "body.l", "by": "item.x"}}, "9:14", "item.x is absent"),
        ({}, {"routing_slip": {"slip": "body.x", "among": {"a": [{"set_body": "1"}]}}}, "8:16", "body.x is absent"),
        (["a"], {"routing_slip": {"slip": "body", "among": {"a": [{"set_body": "body.x"}]}}}, "11:24", "body is not an object, so it has no 'x'"),
        ({}, {"recipient_list": {"to": "body.x", "among": [{"wms-east": {}}]}}, "8:14", "body.x is absent"),
        (["wms-west"], {"recipient_list": {"to": "body", "among": [{"wms-east": {}}]}}, "7", "`recipient_list` does not know 'wms-west'; did you mean 'wms-east'?"),
        ([5], {"recipient_list": {"to": "body", "among": [{"wms-east": {}}]}}, "7", "`recipient_list` needs a list of names, not a list with a number in it"),
        ({}, {"wire_tap": [{"wms-east": {"key": "body.x"}}]}, "9:17", "body.x is absent"),
        ({}, {"reply": "body.x"}, "7:15", "body.x is absent"),
        ({}, {"throttle": {"rate": "1/s", "by": "body.k"}}, "9:14", "body.k is absent"),
        ({"at": "noon"}, {"delay": {"until": "body.at"}}, "7", "`delay` needs a moment such as 2026-11-23T08:00:00Z, not 'noon'"),
        ({"at": 5}, {"delay": {"until": "body.at"}}, "7", "`delay` needs a moment such as 2026-11-23T08:00:00Z, not 5"),
        ({}, {"idempotent_consumer": "body.k"}, "7:29", "body.k is absent"),
        ({"k": ""}, {"idempotent_consumer": "body.k"}, "7", "`idempotent_consumer` has no key in this message"),
        ({"k": None}, {"idempotent_consumer": "body.k"}, "7", "`idempotent_consumer` has no key in this message"),
        ({}, {"park": {"key": "body.x"}}, "8:15", "body.x is absent"),
        ({"x": ""}, {"park": {"key": "body.x"}}, "7", "`park` needs a key, and this message has an empty one"),
        ({"x": 1}, {"park": {"key": "body.x", "when": "body.x"}}, "7", "a condition of `park` must be true or false, and this is a number"),
        ({}, {"release": "body.x"}, "7:17", "body.x is absent"),
        ({"x": ["S1"]}, {"release": "body.x"}, "7", "`release` needs a key, and this message has a list"),
        ({}, {"aggregate": {"by": "body.x", "complete": {"size": 2}}}, "8:14", "body.x is absent"),
        ({"x": "a", "n": "two"}, {"aggregate": {"by": "body.x", "complete": {"count": "body.n"}}}, "7", "`count` of `aggregate` must be a whole number; this is 'two'"),
        ({"x": "a", "n": 1}, {"aggregate": {"by": "body.x", "complete": {"when": "body.n"}}}, "7", "a condition of `aggregate` must be true or false, and this is a number"),
        ({"x": "a", "n": "1st"}, {"resequence": {"by": "body.x", "sequence": "body.n"}}, "7", "`sequence` of `resequence` must be a whole number; this is '1st'"),
        ({}, {"enrich": {"from": {"erp": {}}, "with": "body.x", "into": "body.y"}}, "10:16", "body.x is absent"),
    ],
)  # fmt: skip
def test_an_error_inside_fails_the_message_with_its_place_and_an_advice(body, step, line, message):
    result = kit.run({"steps": [step]}, body, Surroundings(now=1.0, state=MemoryState()))
    error = result.last.error
    assert (result.state, error.where, error.message) == ("failed", f"routes/examples/example.route.yaml:{line}", message)
    assert error.advice
    assert (result.out, result.sent) == ([], {})


def test_an_error_inside_a_shared_route_names_its_file():
    result = out({}, {"call": "clean"}, shared={"clean": [{"set_body": "body.x"}]})
    assert (result.state, result.last.error.where) == ("failed", "routes/examples/clean.route.yaml:7:18")


def test_an_error_inside_a_finally_fails_the_message():
    result = out({}, {"try": {"steps": [{"set_body": "1"}], "finally": [{"set_body": "headers.x"}]}})
    assert (result.state, result.last.error.message) == ("failed", "headers.x is absent")


@pytest.mark.parametrize(
    "ending", [{"finally": [{"set_body": "headers.x"}]}, {"catch": [{"steps": [{"set_body": "headers.x"}], "then": "fail"}]}]
)
def test_an_error_on_the_way_out_does_not_hide_the_one_before_it(ending):
    """The operator sees why the message failed, and then what else went wrong."""
    error = out({"lines": []}, {"try": {"steps": [BROKEN], **ending}}).last.error
    assert error.message == "body.lines[9]: there is no element 9 in a list of 0"
    (other,) = error.findings
    assert (other.code, other.message) == ("expression", "then, in its `catch` or `finally`: headers.x is absent")


def test_a_try_inside_a_finally_keeps_its_own_error():
    inner = {"try": {"steps": [{"set_body": "headers.x"}], "catch": [{"steps": [{"set_header": {"inner": "error.code"}}]}]}}
    result = out({"lines": []}, {"try": {"steps": [BROKEN], "finally": [inner]}})
    assert (result.last.error.findings, result.last.message.headers["inner"]) == ((), "expression")


# Nothing


def test_a_list_of_nothing_is_split_into_nothing():
    result = out({"orders": []}, {"split": "body.orders"})
    assert (result.state, len(result.outcomes), result.out) == ("split", 1, [])


def test_no_branch_that_holds_is_no_fault():
    branches = [{"when": "body.n > 5", "steps": [{"set_body": "1"}]}, {"when": "body.?express.orValue(false)", "steps": [BROKEN]}]
    assert out({"n": 1}, {"choice": branches}).out == [{"n": 1}]


@pytest.mark.parametrize(("body", "state"), [({}, "filtered"), ({"express": None}, "filtered"), ({"express": True}, "done")])
def test_a_condition_that_is_absent_or_null_does_not_hold(body, state):
    assert out(body, {"filter": "body.?express"}).state == state


def test_nothing_is_sorted_and_removed_without_a_fault():
    assert out({"l": []}, {"sort": {"in": "body.l", "by": "item"}}, {"remove": ["body.x.y", "body.l.z", "headers.none"]}).out == [
        {"l": []}
    ]


def test_what_another_branch_stored_is_not_there_to_be_restored():
    store = {"choice": [{"when": "body.n > 5", "steps": [{"claim_check": {"store": "w"}}]}]}
    error = out({"n": 1}, store, {"claim_check": {"restore": "w"}}).last.error
    assert (error.message, error.where) == (
        "nothing was stored under 'w' on this message's way",
        "routes/examples/example.route.yaml:12",
    )
