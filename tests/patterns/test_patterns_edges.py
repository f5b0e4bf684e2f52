"""The patterns at their edges: nothing, one, many, an error inside, an error in what was written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crossdock.core.run import Surroundings
from crossdock_policies.state import MemoryState
from tests.patterns import patterns_kit as kit

BROKEN = {"set_body": "body.lines[9]"}


def out(body, *steps, **rest):
    return kit.run({"steps": list(steps), **rest}, body)


# for_each


@pytest.mark.parametrize(("lines", "expected"), [([], []), ([1], [2]), ([1, 2, 3], [2, 3, 4])])
def test_for_each_does_its_steps_with_none_one_or_many(lines, expected):
    result = out({"lines": lines}, {"for_each": {"in": "body.lines", "steps": [{"set_body": "body + 1"}]}})
    assert result.out == [{"lines": expected}]


def test_for_each_takes_the_body_itself_where_it_is_the_list():
    assert out([3, 4], {"for_each": {"steps": [{"set_body": "body * 2"}]}}).out == [[6, 8]]


def test_an_error_inside_for_each_fails_the_message_at_the_for_each_and_names_the_step_inside():
    loop = {"for_each": {"in": "body.lines", "steps": [{"filter": "true"}, {"set_body": "body.sku"}]}}
    result = out({"lines": [{"sku": "A"}, {}]}, {"set_header": {"seen": '"yes"'}}, loop)
    assert (result.state, result.last.resume) == ("failed", 2)
    assert result.last.error.where == "routes/examples/example.route.yaml:13:22"


def test_for_each_needs_a_list():
    result = out({"lines": "A"}, {"for_each": {"in": "body.lines", "steps": []}})
    assert result.last.error.message == "`for_each body.lines` needs a list at `body.lines`, not a text"


def test_loops_may_stand_inside_loops():
    inner = {"for_each": {"in": "body.serials", "steps": [{"set_body": "parent.sku + body"}]}}
    body = {"lines": [{"sku": "A", "serials": ["1", "2"]}, {"sku": "B", "serials": []}]}
    result = out(body, {"for_each": {"in": "body.lines", "steps": [inner]}})
    assert result.out == [{"lines": [{"sku": "A", "serials": ["A1", "A2"]}, {"sku": "B", "serials": []}]}]


# multicast, routing_slip, recipient_list


def test_an_error_in_one_branch_of_a_multicast_sends_nothing_from_any():
    branches = {"multicast": [{"steps": [{"to": [{"event": "seen"}]}]}, {"steps": [BROKEN]}]}
    result = out({"lines": []}, branches)
    assert (result.state, result.sent, result.out) == ("failed", {}, [])


def test_an_empty_slip_does_nothing():
    slip = {"routing_slip": {"slip": "body.slip", "among": {"a": [{"set_body": "1"}]}}}
    assert out({"slip": []}, slip).out == [{"slip": []}]


def test_a_slip_may_name_a_sequence_twice():
    slip = {"routing_slip": {"slip": '["twice", "twice"]', "among": {"twice": [{"set_body": "body * 2"}]}}}
    assert out(3, slip).out == [12]


def test_a_slip_that_names_what_is_not_known_is_told_what_is():
    slip = {"routing_slip": {"slip": "body", "among": {"gift": [], "plain": []}}}
    assert out(["gifts"], slip).last.error.message == "`routing_slip` does not know 'gifts'; did you mean 'gift'?"


def test_a_filter_within_a_slip_stops_the_message():
    slip = {"routing_slip": {"slip": '["stop"]', "among": {"stop": [{"filter": "false"}]}}}
    assert out(1, slip).state == "filtered"


def test_a_recipient_named_twice_gets_one_copy_and_nobody_is_fine():
    step = {"recipient_list": {"to": "body", "among": [{"wms-east": {}}]}}
    assert out(["wms-east", "wms-east"], step).sent == {"wms-east": [["wms-east", "wms-east"]]}
    assert out([], step).sent == {}


# claim_check, remove, sort


def test_what_is_put_aside_outlives_a_pause():
    steps = [{"claim_check": {"store": "whole"}}, {"set_body": "body.n"}, {"delay": "1s"}, {"claim_check": {"restore": "whole"}}]
    assert out({"n": 1, "price": 2}, *steps).out == [{"n": 1, "price": 2}]


def test_remove_takes_headers_too():
    result = out(1, {"set_header": {"token": '"t"'}}, {"remove": ["headers.token"]}, {"set_body": '"token" in headers'})
    assert result.out == [False]


def test_sort_puts_numbers_before_texts_and_what_is_absent_last():
    values = [{"v": "b"}, {}, {"v": 10}, {"v": "a"}, {"v": 9}]
    result = out(values, {"sort": {"by": "item.?v.orValue(null)"}})
    assert [item.get("v") for item in result.out[0]] == [9, 10, "a", "b", None]


# delay and throttle


@pytest.mark.parametrize(
    ("until", "wait"), [("2026-11-23T08:00:30Z", [30.0]), ("2026-11-23T08:00:00Z", []), ("2026-11-22", None)]
)
def test_a_delay_until_a_moment_waits_as_long_as_is_left(until, wait):
    world = Surroundings(now=1795420800.0)
    result = kit.run({"steps": [{"delay": {"until": "body.at"}}]}, {"at": until}, world)
    if wait is None:
        assert "needs a moment with its time zone" in result.last.error.message
    else:
        assert [one.after for one in result.outcomes if one.paused] == wait


def test_what_was_sent_before_a_delay_is_sent_once():
    result = out(1, {"wire_tap": [{"event": "seen"}]}, {"delay": "1m"}, {"set_body": "2"})
    assert (result.sent, result.out) == ({"seen": [1]}, [2])


def test_a_throttle_lets_its_burst_pass_and_the_next_wait():
    world = Surroundings(now=1.0, state=MemoryState())
    program = kit.compiled({"steps": [{"throttle": {"rate": "1/m", "burst": 2}}]}).programs["example"]
    from crossdock.core import engine
    from crossdock.core.message import Control, Message

    outcomes = [engine.run(program, Message(f"m{n}", 1, Control("example", "r")), world) for n in range(3)]
    assert [outcome.paused for outcome in outcomes] == [False, False, True]
    assert 0 < outcomes[2].after <= 60
    assert outcomes[2].resume == 1


# try and on_error


def test_what_a_try_wanted_to_send_before_its_error_is_not_sent():
    inside = [{"to": [{"event": "early"}]}, BROKEN]
    result = out({"lines": []}, {"to": [{"event": "before"}]}, {"try": {"steps": inside, "catch": [{"steps": []}]}})
    assert (result.sent, result.out) == ({"before": [{"lines": []}]}, [{"lines": []}])


def test_an_error_that_no_catch_takes_fails_after_the_finally():
    steps = {
        "try": {"steps": [BROKEN], "catch": [{"errors": ["refused"], "steps": []}], "finally": [{"to": [{"event": "tried"}]}]}
    }
    result = out({"lines": []}, {"to": [{"event": "before"}]}, steps)
    assert (result.state, result.sent) == ("failed", {"tried": [{"lines": []}]})


def test_the_inner_try_comes_first_and_its_catch_may_hand_the_error_on():
    inner = {"try": {"steps": [BROKEN], "catch": [{"steps": [{"set_header": {"inner": '"yes"'}}], "then": "fail"}]}}
    outer = {"try": {"steps": [inner], "catch": [{"steps": [{"set_body": "headers.inner + error.code"}]}]}}
    assert out({"lines": []}, outer).out == ["yesexpression"]


def test_a_message_taken_up_inside_a_try_is_still_guarded_by_it():
    inside = [{"delay": "1s"}, BROKEN]
    result = out({"lines": []}, {"try": {"steps": inside, "catch": [{"steps": [{"set_body": '"caught"'}]}]}})
    assert result.out == ["caught"]


def test_on_error_that_goes_on_ends_well():
    result = out({"lines": []}, BROKEN, on_error=[{"steps": [{"to": [{"event": "told"}]}], "then": "go_on"}])
    assert (result.state, result.sent, result.out) == ("done", {"told": [{"lines": []}]}, [])


def test_an_error_within_a_catch_fails_the_message():
    result = out({"lines": []}, {"try": {"steps": [BROKEN], "catch": [{"steps": [BROKEN]}]}})
    assert (result.state, result.sent) == ("failed", {})


# What is written


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            {"for_each": {"in": "lines", "steps": []}},
            "such as `body.lines`, not `lines`",
        ),
        (
            {"for_each": {"in": "body.lines", "steps": [{"delay": "1s"}]}},
            "`delay` can't stand inside `for_each`",
        ),
        (
            {"multicast": [{"steps": [{"split": "body.a"}]}]},
            "`split` can't stand inside `multicast`",
        ),
        ({"multicast": {}}, "`multicast` is a list of branches: `- steps: [...]`"),
        ({"claim_check": {"restore": "x"}}, "nothing is stored under 'x' before this step"),
        ({"claim_check": {}}, "say either `store: name` or `restore: name`"),
        ({"delay": {}}, "say either `for: 15m` or `until: <a moment>`"),
        ({"delay": "soon"}, "'soon' is not a duration; write a number with a unit, such as 250ms, 30s, 5m, 2h or 7d"),
        ({"throttle": "fast"}, "fast"),
        ({"throttle": "0/s"}, "'0/s' would let nothing pass"),
        ({"call": "nobody"}, "there is no shared route 'nobody'"),
        ({"call": "example"}, "route 'example' can't be called: it does not begin with `from: { call: {} }`"),
        ({"try": {"steps": []}}, "a `try` needs a `catch` or a `finally`"),
        (
            {"recipient_list": {"to": "body", "among": [{"event": "x"}]}},
            "events are for everybody who listens",
        ),
        ({"remove": "body"}, "`body` as a whole can't be removed: name a field of it"),
        ({"sort": {"in": "body.lines"}}, "missing option 'by' for `sort`"),
        ({"for_eech": {}}, "unknown step 'for_eech'; did you mean 'for_each'?"),
        ({"set_body": "1", "label": 5}, "a label is a name: `label: look-up-customer`"),
    ],
)
def test_what_is_written_wrong_is_told_at_its_place(step, expected):
    (problem,) = kit.problems(steps=[step])
    assert expected in problem


def test_a_shared_route_that_calls_itself_is_told_so():
    found = kit.problems(steps=[{"call": "a"}], shared={"a": [{"call": "b"}], "b": [{"call": "a"}]})
    assert any("'a' calls itself: a -> b -> a" in problem for problem in found)


def test_two_steps_can_not_have_one_label():
    steps = [{"set_body": "1", "label": "one"}, {"set_body": "2", "label": "one"}]
    assert kit.problems(steps=steps) == ["10:10: another step of this route has the label 'one'"]


def test_decimals_stay_exact_through_what_is_put_aside():
    from crossdock.core.message import dump_held, load_held

    held = {"a": Decimal("1.50"), "raw": b"\x00\xff", "error": {"code": "x"}}
    assert load_held(dump_held(held)) == held
