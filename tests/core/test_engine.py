"""The engine: what a run gives, for each kind of node, and where a failed message can be taken up again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from crossdock.core import engine
from crossdock.core.errors import Place, Rejected, Retryable
from crossdock.core.exchange import Settlement, Verdict
from crossdock.core.message import Control, Message
from crossdock.core.nodes import (
    Branch,
    ChoiceNode,
    EventNode,
    FilterNode,
    HeadersNode,
    MulticastNode,
    SplitNode,
    StepNode,
    TargetNode,
)
from crossdock.core.outcome import Claim, Closing, Delivery, State
from crossdock.core.program import Program
from crossdock.core.spec import SKIPPED, Part

PLACE = Place("routes/a.route.yaml", 3, 5)


@dataclass
class Compute:
    """A step or an expression from a plain function."""

    function: Callable[[Any], Any]
    shape: Any = None

    def apply(self, message):
        return message.with_body(self.function(message.body))

    def evaluate(self, variables):
        return self.function(variables["body"])


def step(number, function, name="step"):
    return StepNode(number, name, PLACE, Compute(function))


def to(number, endpoint="erp", **rest):
    return TargetNode(number, f"to {endpoint}", PLACE, endpoint, **rest)


def program(*nodes, **rest):
    return Program("orders", PLACE, nodes, **rest)


def message(body, **control):
    return Message("01", body, Control("orders", "rel", partner="acme", **control), received_at=5)


def run(nodes, body, **control):
    return engine.run(program(*nodes), message(body, **control))


class Orders:
    """A stream of parts, one of them broken."""

    unit = "transactions"
    claims = (Claim("x12/acme", "4711", "interchange 4711"),)

    def parts(self):
        yield Part({"n": 1}, {"po": "A"})
        yield Part(None, {"po": "B"}, error=Rejected("segment BEG is missing"), raw=b"ST*850~", content_type="text/x12")
        yield Part({"n": 3}, {"po": "C"})

    def finish(self):
        return Closing((Delivery("partner:acme", b"997"),))


def test_steps_run_in_order_and_the_target_gets_the_result():
    outcome = run([step(1, lambda body: body + 1), step(2, lambda body: body * 10), to(3)], 4)
    assert outcome.state is State.DONE
    assert [(delivery.endpoint, delivery.body) for delivery in outcome.deliveries] == [("erp", 50)]


def test_every_node_leaves_a_stage_with_its_place():
    outcome = run([step(1, lambda body: body, "map acme-850"), to(2)], {})
    assert [(stage.name, stage.where) for stage in outcome.stages] == [
        ("map acme-850", "routes/a.route.yaml:3"),
        ("to erp", "routes/a.route.yaml:3"),
    ]


def test_a_filter_that_does_not_hold_ends_the_run():
    nodes = [FilterNode(1, "filter", PLACE, Compute(lambda body: body > 5)), to(2)]
    assert (run(nodes, 3).state, run(nodes, 3).deliveries) == (State.FILTERED, ())
    assert run(nodes, 7).state is State.DONE


def test_a_choice_takes_the_first_branch_that_holds_and_goes_on_after_it():
    big = Branch(Compute(lambda body: body > 100), PLACE, (step(2, lambda body: "big"),))
    other = Branch(None, PLACE, (step(3, lambda body: "small"),))
    nodes = [ChoiceNode(1, "choice", PLACE, (big, other)), to(4)]
    assert [run(nodes, 500).deliveries[0].body, run(nodes, 5).deliveries[0].body] == ["big", "small"]


def test_headers_are_set_from_expressions():
    nodes = [HeadersNode(1, "set_header", PLACE, {"priority": Compute(lambda body: body)})]
    assert run(nodes, "high").message.headers == {"priority": "high"}


def test_an_event_carries_the_body():
    outcome = run([EventNode(1, "to event", PLACE, "order.received")], {"a": 1})
    assert [(event.type, event.body) for event in outcome.events] == [("order.received", {"a": 1})]


def test_keys_are_evaluated_on_the_final_body():
    outcome = engine.run(program(step(1, lambda body: {"po": "45"}), keys={"po": Compute(lambda body: body["po"])}), message({}))
    assert outcome.message.keys == {"po": "45"}


def test_a_rejected_message_keeps_the_body_before_the_step_and_the_node_to_go_on_from():
    def fail(body):
        raise Rejected("no such unit", advice="use EA")

    outcome = run([step(1, lambda body: "mapped"), step(2, fail), to(3)], "raw")
    assert (outcome.state, outcome.message.body, outcome.resume, outcome.deliveries) == (State.FAILED, "mapped", 2, ())
    assert outcome.error.where == "routes/a.route.yaml:3"


def test_a_message_goes_on_from_the_node_where_it_stopped():
    nodes = [step(1, lambda body: [*body, "one"]), step(2, lambda body: [*body, "two"]), to(3)]
    assert run(nodes, ["kept"], resume=2).deliveries[0].body == ["kept", "two"]


def test_a_message_that_stopped_inside_a_branch_goes_on_out_of_it():
    inside = (step(2, lambda body: [*body, "two"]), step(3, lambda body: [*body, "three"]))
    nodes = [ChoiceNode(1, "choice", PLACE, (Branch(None, PLACE, inside),)), step(4, lambda body: [*body, "four"]), to(5)]
    assert run(nodes, [], resume=3).deliveries[0].body == ["three", "four"]


def test_a_retryable_error_asks_for_another_attempt():
    def fail(body):
        raise Retryable("the lookup is away", after=3)

    outcome = run([step(1, fail)], {})
    assert (outcome.state, outcome.resume) == (State.RETRY, 1)


def test_a_step_that_breaks_fails_its_message_and_says_that_it_is_a_defect():
    outcome = run([step(1, lambda body: 1 / 0)], {})
    assert (outcome.state, outcome.error.code, outcome.error.detail) == (
        State.FAILED,
        "defect",
        "ZeroDivisionError: division by zero",
    )


def test_a_stream_is_split_into_parts_that_fail_alone():
    outcome = run([step(1, lambda body: Orders()), SplitNode(2, "split", PLACE), to(3)], b"ISA")
    parts = list(outcome.parts)
    assert outcome.state is State.SPLIT
    assert [(part.message.id, part.state, part.message.keys) for part in parts] == [
        ("01.1", State.DONE, {"po": "A"}),
        ("01.2", State.FAILED, {"po": "B"}),
        ("01.3", State.DONE, {"po": "C"}),
    ]


def test_a_bad_part_keeps_its_bytes_and_is_not_answered_twice():
    parts = list(run([step(1, lambda body: Orders()), SplitNode(2, "split", PLACE)], b"ISA").parts)
    assert (parts[1].message.body, parts[1].message.control.answered, parts[1].resume) == (b"ST*850~", True, 0)


def test_a_split_says_what_closes_it_and_which_keys_it_uses():
    outcome = run([step(1, lambda body: Orders()), SplitNode(2, "split", PLACE)], b"ISA")
    assert [delivery.body for delivery in outcome.finish().deliveries] == [b"997"]
    assert [claim.key for claim in outcome.claims] == ["4711"]


def test_a_list_is_split_by_an_expression():
    nodes = [SplitNode(1, "split body.orders", PLACE, Compute(lambda body: body["orders"])), to(2)]
    parts = list(run(nodes, {"orders": [1, 2]}).parts)
    assert [part.deliveries[0].body for part in parts] == [1, 2]


def test_what_is_not_a_list_can_not_be_split():
    nodes = [SplitNode(1, "split body.orders", PLACE, Compute(lambda body: body))]
    assert run(nodes, 5).error.message == "`split body.orders` needs a list, not a number"


def test_splits_inside_splits_are_opened_in_order():
    inner = SplitNode(2, "split", PLACE, Compute(lambda body: body))
    outcome = run([SplitNode(1, "split", PLACE, Compute(lambda body: body)), inner], [[1, 2], [3]])
    flat = [(one.message.id, one.state) for one in engine.flatten(outcome.parts)]
    assert flat == [
        ("01.1.1", State.DONE),
        ("01.1.2", State.DONE),
        ("01.1", State.SPLIT),
        ("01.2.1", State.DONE),
        ("01.2", State.SPLIT),
    ]


class Acknowledgements(Orders):
    """A stream of an order, and of an acknowledgement that ends here."""

    def parts(self):
        yield Part({"n": 1}, {"po": "A"})
        yield Part({"ack": 1}, {}, raw=b"ST*997~", settlements=(SETTLED,), passes=False)


SETTLED = Settlement("x12", "acme", "997", Verdict.ACKNOWLEDGED, group="1", transaction="0001", document="855")


def test_an_acknowledgement_is_settled_and_goes_no_further():
    outcome = run([step(1, lambda body: Acknowledgements()), SplitNode(2, "split transactions", PLACE), to(3)], b"ISA*")
    order, ack = outcome.parts
    assert [len(one.deliveries) for one in (order, ack)] == [1, 0]
    assert (ack.state, ack.settlements, ack.message.body, ack.message.control.answered) == (
        State.DONE,
        (SETTLED,),
        b"ST*997~",
        True,
    )
    assert ack.stages[0].note == "group 1 855 0001: acknowledged"


def test_a_stream_that_nobody_split_is_closed_all_the_same():
    outcome = run([step(1, lambda body: Acknowledgements()), to(2)], b"ISA*")
    assert [delivery.body for delivery in outcome.deliveries] == [[{"n": 1}], b"997"]
    assert outcome.settlements == (SETTLED,)


def test_a_stream_that_nobody_split_is_delivered_whole_or_not_at_all():
    outcome = run([step(1, lambda body: Orders()), to(2)], b"ISA")
    assert (outcome.state, outcome.error.message) == (State.FAILED, "segment BEG is missing")


def test_the_sender_is_the_partner_that_the_message_came_from():
    assert run([to(1, "partner:")], {}).deliveries[0].endpoint == "partner:acme"


def test_a_message_without_a_partner_has_no_sender_to_answer():
    nobody = replace(message({}), control=Control("orders", "rel"))
    assert engine.run(program(to(1, "partner:")), nobody).error.message == "this message has no partner to deliver to"


# A stream that is not split


class Answered(Orders):
    """A stream without a bad part."""

    def parts(self):
        yield Part({"n": 1}, {"po": "A"})


def raising(error):
    def step(_body):
        raise error

    return step


@pytest.mark.parametrize(
    ("then", "state"),
    [
        (step(2, raising(Rejected("no such SKU"))), State.FAILED),
        (step(2, raising(Retryable("away"))), State.RETRY),
        (step(2, raising(KeyError("defect"))), State.FAILED),
        (FilterNode(2, "filter", PLACE, Compute(lambda body: False)), State.FILTERED),
        (to(2), State.DONE),
    ],
)
def test_whoever_sent_what_is_not_split_is_answered_whatever_becomes_of_it(then, state):
    outcome = run([step(1, lambda body: Answered()), then], b"ISA")
    assert outcome.state is state
    assert [one.body for one in outcome.deliveries if one.endpoint == "partner:acme"] == [b"997"]
    assert outcome.closing is not None
    assert outcome.claims == Answered.claims


def test_a_bad_part_fails_what_is_not_split_and_is_answered():
    outcome = run([step(1, lambda body: Orders()), FilterNode(2, "filter", PLACE, Compute(lambda body: True))], b"ISA")
    assert (outcome.state, outcome.error.message) == (State.FAILED, "segment BEG is missing")
    assert [one.endpoint for one in outcome.deliveries] == ["partner:acme"]


def test_an_answer_that_breaks_does_not_hide_why_the_document_failed():
    class Broken(Answered):
        def finish(self):
            raise ZeroDivisionError

    outcome = run([step(1, lambda body: Broken()), step(2, raising(Rejected("no such SKU")))], b"ISA")
    assert (outcome.state, outcome.error.message) == (State.FAILED, "no such SKU")
    assert outcome.stages[-1].note == "no answer was made: the answer to its sender broke: ZeroDivisionError"
    done = run([step(1, lambda body: Broken()), FilterNode(2, "filter", PLACE, Compute(lambda body: True))], b"ISA")
    assert (done.state, done.error.code) == (State.FAILED, "defect")


def test_what_is_decoded_in_a_branch_is_answered_too():
    branch = (step(2, lambda body: Answered()),)
    outcome = run([MulticastNode(1, "multicast", PLACE, (branch,))], b"ISA")
    assert [one.body for one in outcome.deliveries] == [b"997"]


def test_parts_that_came_before_are_left_out_and_the_rest_keeps_its_numbers():
    class Two(Orders):
        def parts(self):
            yield SKIPPED
            yield Part({"n": 2}, {"po": "B"})

    outcome = run([step(1, lambda body: Two()), SplitNode(2, "split", PLACE), to(3)], b"ISA")
    assert [part.message.id for part in outcome.parts] == ["01.2"]
