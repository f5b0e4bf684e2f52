"""Cases of `*.test.yaml`: what is run, with which stand-ins, and what is said where it differs."""

import json

import pytest

from crossdock_config import load
from tests.testing.testing_kit import HEAD, case, differences, project, results

CRM = "    mocks: { crm: { reply: { name: Jane } } }\n"
DONE = "{ messages: { done: 1 } }"


@pytest.mark.parametrize(
    ("more", "difference"),
    [
        (CRM, ""),
        ("    mocks: { look-up-customer: { reply: { name: Jane } } }\n", ""),
        (
            "    mocks: { crn: { reply: {} } }\n",
            "mocks: there is no label and no endpoint 'crn'; did you mean 'crm'?",
        ),
        (
            "",
            "routes/sales/orders.route.yaml:6 asks 'crm', and nothing answers: give the test `mocks: { crm: { reply: ... } }`, "
            "or one by the step's label",
        ),
    ],
)
def test_a_question_is_answered_by_a_mock_or_the_case_says_so(tmp_path, more, difference):
    assert differences(tmp_path, case(DONE, more=more)) == [difference]


def test_a_refusal_that_a_mock_stands_for_fails_the_message_as_the_endpoint_would(tmp_path):
    more = "    mocks: { crm: { error: refused, message: no such customer } }\n"
    assert differences(tmp_path, case("{ messages: { failed: 1 }, errors: [no such customer] }", more=more)) == [""]


def test_any_labelled_step_can_be_stood_in_for(tmp_path):
    more = "    mocks: { crm: { reply: {} }, shape: { reply: { number: B2, total: 1.50 } } }\n"
    assert differences(tmp_path, case("{ out: [{ equal: { number: B2, total: 1.50 } }] }", more=more)) == [""]


def test_pauses_are_gone_through_at_once_and_the_clock_goes_on(tmp_path):
    steps = "from: { event: a }\nsteps:\n  - delay: 2d\n  - delay: { until: '\"2026-11-25T09:00:00Z\"' }\nto: [{ event: b }]\n"
    late = case("{ messages: { done: 1 }, events: { b: 1 } }", head="at: 2026-11-23T08:00:00Z\n")
    assert differences(tmp_path, late, steps) == [""]


def test_what_was_sent_before_a_pause_is_sent_once(tmp_path):
    steps = "from: { event: a }\nsteps: [{ to: [erp] }, { delay: 1h }]\nto: [{ event: b }]\n"
    assert differences(tmp_path, case("{ messages: { done: 1 }, deliveries: { erp: [{ number: A1 }] } }"), steps) == [""]


def test_some_labelled_steps_are_run_alone(tmp_path):
    more = "    steps: [shape, sized]\n"
    given = "{ number: A1, total: 5, customer: { name: Jane } }"
    expect = "{ out: [{ equal: { number: A1, total: 5, customer: Jane } }], events: {}, deliveries: {} }"
    assert differences(tmp_path, case(expect, given, more)) == [""]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("[shap, sized]", "steps: route 'orders' has no label 'shap'; did you mean 'shape'?"),
        ("[sized, shape]", "steps: 'shape' does not come after 'sized' in the same list of steps"),
    ],
)
def test_steps_that_are_not_there_are_told(tmp_path, labels, said):
    assert differences(tmp_path, case(DONE, more=f"    steps: {labels}\n")) == [said]


def test_a_map_is_run_alone(tmp_path):
    test = (
        "map: order\ncases:\n  - name: one\n    input: { body: { id: A1 } }\n    expect: { out: [{ equal: { number: A1 } }] }\n"
    )
    files = {"routes__sales__order.map.yaml": "map: order\nfields: { number: body.id }\n"}
    assert differences(tmp_path, test, **files) == [""]


def test_the_routes_that_events_start_are_run_where_the_test_follows(tmp_path):
    follower = f"route: after\n{HEAD}from: {{ event: order.done }}\nto: [crm]\n"
    more = {"routes__sales__after.route.yaml": follower}
    for follow, count in (("true", 2), ("false", 1)):
        test = case(f"{{ messages: {{ done: {count} }} }}", more=CRM, head=f"follow: {follow}\n")
        assert differences(tmp_path, test, **more) == [""]


def test_a_target_s_reply_comes_as_the_event_that_was_asked_for(tmp_path):
    more = "    mocks: { crm: { reply: { name: J } }, erp: { reply: { id: 17 } } }\n"
    assert differences(tmp_path, case("{ events: { order.done: 1, order.booked: [{ reply: { id: 17 } }] } }", more=more)) == [""]


def test_a_group_is_gathered_from_several_inputs(tmp_path):
    steps = "from: { event: a }\nsteps: [{ aggregate: { by: body.key, complete: { size: 2 } } }]\nto: [{ event: b }]\n"
    test = (
        "route: orders\ncases:\n  - name: one\n    inputs: [{ body: { key: K, n: 1 } }, { body: { key: K, n: 2 } }]\n"
        "    expect: { messages: { done: 1, gathered: 2 }, out: [[{ n: 1 }, { n: 2 }]] }\n"
    )
    assert differences(tmp_path, test, steps) == [""]


def test_a_group_that_can_not_become_one_fails_all_its_members(tmp_path):
    gather = "{ aggregate: { by: body.key, complete: { size: 2 }, body: 'items[0].x' } }"
    steps = f"from: {{ event: a }}\nsteps: [{gather}]\nto: [{{ event: b }}]\n"
    test = (
        "route: orders\ncases:\n  - name: one\n    inputs: [{ body: { key: K, n: 1 } }, { body: { key: K, n: 2 } }]\n"
        "    expect: { messages: { failed: 2 }, errors: ['items[0].x is absent', 'items[0].x is absent'] }\n"
    )
    assert differences(tmp_path, test, steps) == [""]


@pytest.mark.parametrize(
    ("more", "expect"),
    [("", "{ messages: { waiting: 1 }, events: {} }"), ("    release: [A1]\n", "{ messages: { done: 1 }, events: { b: 1 } }")],
)
def test_a_parked_message_waits_until_the_case_releases_it(tmp_path, more, expect):
    steps = "from: { event: a }\nsteps: [{ park: { key: body.number } }]\nto: [{ event: b }]\n"
    assert differences(tmp_path, case(expect, more=more), steps) == [""]


def test_a_second_use_of_a_key_is_a_duplicate(tmp_path):
    steps = "from: { event: a }\nsteps: [{ idempotent_consumer: { key: body.n } }]\nto: [{ event: b }]\n"
    test = (
        "route: orders\ncases:\n  - name: one\n    inputs: [{ body: { n: K } }, { body: { n: K } }]\n"
        "    expect: { messages: { done: 1, duplicate: 1 }, events: { b: 1 } }\n"
    )
    assert differences(tmp_path, test, steps) == [""]


def test_what_waits_for_its_group_holds_its_key(tmp_path):
    """A copy that comes while the first waits is a duplicate, and no member of the group."""
    gather = "{ aggregate: { by: body.order, complete: { size: 2 } } }"
    steps = f"from: {{ event: a }}\nsteps: [{{ idempotent_consumer: {{ key: body.n }} }}, {gather}]\nto: [{{ event: b }}]\n"
    inputs = ", ".join(f"{{ body: {{ n: {n}, order: A }} }}" for n in "KKL")
    expect = "{ messages: { done: 1, gathered: 2, duplicate: 1 }, events: { b: 1 } }"
    test = f"route: orders\ncases:\n  - name: one\n    inputs: [{inputs}]\n    expect: {expect}\n"
    assert differences(tmp_path, test, steps) == [""]


def test_an_order_key_is_of_the_event_that_starts_the_route(tmp_path):
    """Not of what the body has become when it is delivered."""
    steps = "from: { event: a }\norder_by: body.n\nsteps: [{ set_body: '{\"m\": body.n}' }]\nto: [{ erp: {} }]\n"
    test = (
        "route: orders\ncases:\n  - name: one\n    input: { body: { n: K } }\n    expect: { deliveries: { erp: [{ m: K }] } }\n"
    )
    assert differences(tmp_path, test, steps) == [""]


SCHEMA = json.dumps({"type": "object", "properties": {"total": {"type": "string"}}, "x-owner": "a@b"})


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("{ out: [{ that: body.total > 5 }] }", ""),
        ("{ out: [{ that: body.total > 500 }] }", "out[0]: `body.total > 500` does not hold; it is false"),
        ("{ that: ['size(deliveries.erp) == 1', 'states.done == 1', 'size(errors) == 0'] }", ""),
        ("{ that: ['size(out) == 3'] }", "`size(out) == 3` does not hold; it is false"),
        ("{ out: [{ schema: doc }] }", "out[0]: does not fit the schema 'doc'"),
        ("{ out: [{ contains: { number: A1 } }] }", ""),
        ("{ out: [{ equal: { number: A1 } }] }", "out[0]:\n--- expected\n+++ received\n@@ -1,3 +1,5 @@\n"),
        ("{ out: [{ file: expected/gone.json }] }", "out[0]: expected/gone.json can't be read: No such file or directory"),
        ("{ keys: { order: A1 } }", "key order: expected A1, received "),
        ("{ deliveries: {} }", "deliveries: expected none, received {'crm': 1, 'erp': 1}"),
    ],
)
def test_what_came_is_held_against_what_the_case_says(tmp_path, expect, said):
    files = {"routes__sales__doc.schema.json": SCHEMA}
    (difference,) = differences(tmp_path, case(expect, more=CRM), **files)
    assert difference.startswith(said)
    assert bool(difference) == bool(said)


def test_an_expected_file_stands_beside_the_test(tmp_path):
    files = {"routes__sales__expected__a.json": '{"number": "A1", "total": 250, "customer": "Jane"}'}
    assert differences(tmp_path, case("{ out: [{ file: expected/a.json }] }", more=CRM), **files) == [""]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (case(DONE, head="at: yesterday\n"), "'yesterday' is no moment with its time zone, such as 2026-11-23T08:00:00Z"),
        (case(DONE).replace("route: orders", "route: orders\nmap: x"), "a test is of a `route` or of a `map`: one of the two"),
        (case(DONE).replace("route: orders", "map: nope"), "there is no map 'nope'"),
        (case(DONE, more="    mocks: { crm: {} }\n"), "a mock has a `reply` or an `error`"),
        (case(DONE, more="    mocks: { crm: { error: gone } }\n"), "refused"),
        (case(DONE).replace("    input: ", "    inputs: [] #"), "a case has an `input`, or a list of `inputs`: one of the two"),
    ],
)
def test_a_test_that_says_nothing_sensible_is_told(tmp_path, changed, said):
    (problem,) = load(project(tmp_path, changed)).problems
    assert (said in problem.message, problem.place[0]) == (True, "routes/sales/orders.test.yaml")


def test_two_runs_are_the_same(tmp_path):
    root = project(tmp_path, case(DONE, more=CRM))
    assert [one.difference for one in results(root)] == [one.difference for one in results(root)] == [""]
