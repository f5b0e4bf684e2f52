"""The patterns at which messages wait, on real journals: for their group, their turn, a person, an answer."""

from __future__ import annotations

import pytest

from crossdock.core.errors import Refused, Retryable
from crossdock.core.journal import Query
from crossdock.core.message import dump_body
from tests.journal.journal_kit import ANN
from tests.patterns.runtime_kit import Endpoint, Works, files

BY_ORDER = {"by": "body.order"}


@pytest.fixture
def works(journal_url):
    opened = []

    def start(*steps, endpoint=None, **rest):
        opened.append(Works(journal_url, files(*steps, **rest), endpoint))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def line(order, n, **rest):
    return {"order": order, "n": n, **rest}


# aggregate


def test_a_group_goes_on_when_so_many_are_together(works):
    work = works({"aggregate": {**BY_ORDER, "complete": {"size": 2}}})
    work.accept(line("A", 1), line("B", 1), line("A", 2))
    work.run()
    assert work.out == [[line("A", 1), line("A", 2)]]
    assert sorted(work.states()) == ["done", "gathered", "gathered", "waiting"]


def test_a_group_goes_on_when_as_many_are_there_as_the_messages_say(works):
    work = works({"aggregate": {**BY_ORDER, "complete": {"count": "body.of"}, "body": "items.map(item, item.n)"}})
    for n in (1, 2, 3):
        assert work.out == []
        work.accept(line("A", n, of=3))
        work.run()
    assert work.out == [[1, 2, 3]]


def test_the_message_that_says_so_is_the_last_of_its_group(works):
    work = works({"aggregate": {**BY_ORDER, "complete": {"when": "body.last"}}})
    work.accept(line("A", 1, last=False), line("A", 2, last=True), line("A", 3, last=False))
    work.run()
    assert work.out == [[line("A", 1, last=False), line("A", 2, last=True)]]


def test_a_group_goes_on_when_its_time_is_over_with_those_who_are_there(works):
    work = works({"aggregate": {**BY_ORDER, "complete": {"size": 9, "after": "300ms"}}})
    work.accept(line("A", 1), line("A", 2))
    work.run()
    assert work.out == []
    work.run(0.6)
    assert work.out == [[line("A", 1), line("A", 2)]]


def test_a_group_goes_on_when_none_came_for_a_while(works):
    work = works({"aggregate": {**BY_ORDER, "complete": {"quiet": "300ms"}}})
    work.accept(line("A", 1))
    work.run(0.2)
    work.accept(line("A", 2))
    work.run(0.2)
    assert work.out == []
    work.run(0.5)
    assert work.out == [[line("A", 1), line("A", 2)]]


def test_more_than_a_group_takes_make_several(works):
    work = works({"aggregate": {**BY_ORDER, "complete": {"size": 3}, "body": "size(items)"}})
    work.accept(*(line("A", n) for n in range(10)))
    work.run()
    assert work.out == [3, 3, 3]
    assert work.states().count("waiting") == 1


def test_a_group_of_one_and_a_message_without_a_key(works):
    work = works({"aggregate": {"by": "body.order", "complete": {"size": 1}}})
    work.accept(line("A", 1), line("", 2))
    work.run()
    assert work.out == [[line("A", 1)]]
    assert sorted(work.states()) == ["done", "failed", "gathered"]


def test_a_split_document_comes_together_again_when_its_last_line_is_released(works):
    steps = (
        {"split": "body.lines"},
        {"park": {"key": '"item " + body.sku', "when": 'body.sku.startsWith("NEW")', "reason": '"no item " + body.sku'}},
        {"aggregate": {"by": "body.order", "complete": {"count": "body.of"}, "body": "items.map(item, item.sku)"}},
    )
    work = works(*steps)
    work.accept({"lines": [line("A", n, of=3, sku=sku) for n, sku in enumerate(["S1", "NEW2", "S3"])]})
    work.run()
    assert (work.out, [row["note"] for row in work.opened.desk.parked()]) == ([], ["no item NEW2"])
    assert work.opened.desk.unpark("item NEW2", ANN) == 1
    work.run()
    assert [sorted(group) for group in work.out] == [["NEW2", "S1", "S3"]]
    assert work.opened.desk.parked() == []


# resequence


def in_turn(works, **rest):
    """A route that sends what is in order to the warehouse, and what the warehouse got."""
    endpoint = Endpoint()
    work = works({"resequence": {**BY_ORDER, "sequence": "body.n", **rest}}, {"wire_tap": [{"wms-east": {}}]}, endpoint=endpoint)
    return work, lambda: [body["n"] for _, body in endpoint.calls]


def test_messages_go_on_in_the_order_of_their_numbers(works):
    work, got = in_turn(works, wait="10s")
    for n in (3, 2, 5):
        work.accept(line("A", n))
        work.run()
    assert got() == []
    work.accept(line("A", 1))
    work.run()
    assert got() == [1, 2, 3]
    work.accept(line("A", 4))
    work.run()
    assert got() == [1, 2, 3, 4, 5]


def test_a_gap_holds_those_after_it_only_so_long(works):
    work, got = in_turn(works, wait="300ms")
    work.accept(line("A", 3), line("A", 2))
    work.run()
    assert got() == []
    work.run(0.6)
    assert got() == [2, 3]
    work.accept(line("A", 1))
    work.run()
    assert got() == [2, 3, 1]


# park and release


def test_a_parked_message_goes_on_where_another_route_releases_its_key(works):
    work = works(
        {"choice": [{"when": "has(body.created)", "steps": [{"release": "body.created"}]}]}, {"park": {"key": "body.sku"}}
    )
    work.accept({"sku": "S1"}, {"sku": "S2"})
    work.run()
    assert work.states() == ["waiting", "waiting"]
    work.accept({"created": "S1", "sku": "S9"})
    work.run()
    assert work.out == [{"sku": "S1"}]


def test_a_message_that_is_parked_too_long_fails_and_says_so(works):
    work = works({"park": {"key": "body.sku", "for": "200ms"}})
    (name,) = work.accept({"sku": "S1"})
    work.run(0.5)
    assert work.states() == ["failed"]
    assert work.opened.desk.show(name)["error"]["message"] == "'S1' was not released within 0.2 s"


def test_releasing_what_nobody_waits_for_is_no_fault(works):
    assert works({"release": '"nobody"'}).opened.desk.unpark("nothing", ANN) == 0


# enrich

ASK = {"from": {"erp": {}}, "with": '{"sku": body.sku}', "into": "body.item", "pick": "reply.name"}


def test_the_answer_of_an_endpoint_comes_into_the_body(works):
    work = works({"enrich": ASK}, endpoint=Endpoint({"erp": lambda asked: {"name": f"item {asked['sku']}"}}))
    work.accept({"sku": "S1"}, {"sku": "S2"})
    work.run()
    assert sorted(body["item"] for body in work.out) == ["item S1", "item S2"]
    assert work.states() == ["done", "done"]


def test_an_answer_is_remembered_for_the_same_question(works):
    endpoint = Endpoint({"erp": {"name": "bolt"}})
    work = works({"enrich": {**ASK, "cache": "1m"}}, endpoint=endpoint)
    for _ in range(3):
        work.accept({"sku": "S1"})
        work.run()
    assert (len(endpoint.calls), len(work.out)) == (1, 3)


def test_a_refusal_fails_the_message_with_the_reason_of_the_endpoint(works):
    work = works({"enrich": ASK}, endpoint=Endpoint({"erp": Refused("there is no item S1", code="unknown_item")}))
    (name,) = work.accept({"sku": "S1"})
    work.run()
    error = work.opened.desk.show(name)["error"]
    assert (work.states(), error["code"], error["message"]) == (["failed"], "unknown_item", "there is no item S1")
    assert [row["id"] for row in work.opened.desk.failed(Query())] == [name]


def test_a_refusal_is_asked_again_when_the_operator_retries(works):
    endpoint = Endpoint({"erp": Refused("there is no item S1")})
    work = works({"enrich": ASK}, endpoint=endpoint)
    (name,) = work.accept({"sku": "S1"})
    work.run()
    endpoint.answers["erp"] = {"name": "bolt"}
    work.opened.desk.retry(name, None, ANN)
    work.run()
    assert work.out == [{"sku": "S1", "item": "bolt"}]


def test_a_refusal_can_be_caught(works):
    caught = {"try": {"steps": [{"enrich": ASK}], "catch": [{"steps": [{"set_body": "error.message"}]}]}}
    work = works(caught, endpoint=Endpoint({"erp": Refused("no such item")}))
    work.accept({"sku": "S1"})
    work.run()
    assert work.out == ["no such item"]


def test_a_default_stands_for_the_answer_where_the_endpoint_refuses(works):
    work = works({"enrich": {**ASK, "default": '"unknown"'}}, endpoint=Endpoint({"erp": Refused("no such item")}))
    work.accept({"sku": "S1"})
    work.run()
    assert work.out == [{"sku": "S1", "item": "unknown"}]


def test_a_question_that_nobody_answers_in_time_is_the_messages_trouble(works):
    work = works({"enrich": {**ASK, "within": "300ms"}}, endpoint=Endpoint({"erp": Retryable("away", after=60.0)}))
    (name,) = work.accept({"sku": "S1"})
    work.run(0.6)
    assert "did not answer within 0.3 s" in str(work.opened.desk.show(name))


# reply


def test_a_reply_is_found_under_the_message_that_came_in(works):
    work = works({"split": "body.orders"}, {"reply": {"value": '{"took": body}', "status": 201}})
    (name,) = work.accept({"orders": ["A1"]})
    assert work.journal.answer(name) is None
    work.run()
    assert work.journal.answer(name) == (201, b'{"took":"A1"}', "application/json")


def test_the_reply_to_a_message_that_failed_is_its_error(works):
    work = works({"set_body": "body.missing"}, {"reply": "body"})
    (name,) = work.accept({})
    work.run()
    status, problem, kind = work.journal.answer(name)
    assert (status, kind) == (422, "application/problem+json")
    assert b"missing" in problem


# Duplicates, gaps, errors


def test_duplicates_within_one_document_stop_all_but_the_first(works):
    work = works({"split": "body"}, {"idempotent_consumer": "body.k"})
    work.accept([{"k": "a"}, {"k": "a"}, {"k": "b"}])
    work.run()
    assert sorted(body["k"] for body in work.out) == ["a", "b"]


def test_a_message_that_fails_leaves_its_key_to_the_corrected_one(works):
    work = works({"idempotent_consumer": "body.k"}, {"choice": [{"when": "body.bad", "steps": [{"set_body": "body.x"}]}]})
    for bad in (True, False, False):
        work.accept({"k": "a", "bad": bad})
        work.run()
    assert (work.states(), len(work.out)) == (["failed", "done", "duplicate"], 1)


def test_a_number_that_came_before_goes_on_at_once(works):
    """A sequence holds back what is too early; what is late, or came twice, is no reason to wait."""
    work = works({"resequence": {**BY_ORDER, "sequence": "body.n"}})
    work.accept(line("A", 1), line("A", 2))
    work.run()
    work.accept(line("A", 2))
    work.run()
    assert (sorted(body["n"] for body in work.out), work.states()) == ([1, 2, 2], ["done"] * 3)


def test_a_group_that_can_not_become_one_fails_and_comes_together_again_when_it_is_retried(works):
    work = works({"aggregate": {**BY_ORDER, "complete": {"size": 2}, "body": "items[0].x"}})
    names = work.accept(line("A", 1), line("A", 2))
    work.run()
    failed = work.opened.desk.failed(Query())
    assert [row["error"]["message"] for row in failed] == ["items[0].x is absent"] * 2
    assert {row["error"]["where"] for row in failed} == {"routes/examples/example.route.yaml:12:20"}
    for name in names:
        work.opened.desk.retry(name, dump_body({**line("A", 1), "x": name}), ANN)
    work.run()
    assert (len(work.out), work.opened.desk.failed(Query())) == (1, [])


def test_all_messages_that_are_parked_by_a_key_go_on_and_no_others(works):
    work = works({"park": {"key": "body.sku"}})
    work.accept(*({"sku": sku} for sku in ("S1", "S1", "S2")))
    work.run()
    assert work.opened.desk.unpark("S1", ANN) == 2
    work.run()
    assert (work.out, [row["key"] for row in work.opened.desk.parked()]) == ([{"sku": "S1"}] * 2, ["S2"])


def test_a_release_whose_message_fails_releases_nothing(works):
    steps = [
        {"when": "body.known", "steps": [{"release": "body.sku"}, {"set_body": "body.x"}]},
        {"otherwise": [{"park": {"key": "body.sku"}}]},
    ]
    work = works({"choice": steps})
    work.accept({"sku": "S1", "known": False})
    work.run()
    work.accept({"sku": "S1", "known": True})
    work.run()
    assert (len(work.opened.desk.parked()), work.out) == (1, [])


def test_a_document_that_is_not_there_is_the_messages_trouble(works):
    work = works(
        {"poll_enrich": {"from": {"erp": {}}, "into": "body.prices"}}, endpoint=Endpoint({"erp": Refused("no such file")})
    )
    work.accept({"sku": "S1"})
    work.run()
    (failed,) = work.opened.desk.failed(Query())
    assert failed["error"]["message"] == "no such file"
