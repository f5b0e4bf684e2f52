"""Committing runs: states, deliveries, events, parts, keys."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from crossdock.core.errors import Rejected
from crossdock.core.ids import child_id, new_id
from crossdock.core.journal import Appended, MessageWork, Query, Settled, message_lane
from crossdock.core.message import BODY_TYPE, Control, Message
from crossdock.core.outcome import Claim, Delivery, Outcome, Stage, State
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import ANN, ERP, ORDERS, World, accepted, claimed, claimed_deliveries, done, failed


def spawn(parent: Message, body: Any) -> Message:
    return Message(
        new_id(),
        body,
        Control("shipping", "r1", source="event:order.received", partner="acme"),
        content_type=BODY_TYPE,
        keys=parent.keys,
        correlation_id=parent.correlation_id,
        causation_id=parent.id,
        received_at=parent.received_at,
    )


def part(work: MessageWork, index: int, body: Any, state: State = State.DONE, **rest: Any) -> Outcome:
    message = replace(work.message, id=child_id(work.message.id, index), body=body, causation_id=work.message.id)
    return Outcome(message, state, **rest)


def payload_count(opened: OpenJournal) -> int:
    return int(opened.database.write(lambda session: session.payload_id())) - 1


def test_a_delivery_comes_with_its_body_and_its_message(opened: OpenJournal) -> None:
    accepted(opened, b"raw")
    (work,) = claimed(opened)
    body = {"total": Decimal("10.50"), "count": Decimal(5), "lines": [{"sku": "SKU-1", "n": 3}], "note": None, "ok": True}
    delivery = Delivery(
        "erp",
        body,
        key="PO-1",
        operation="create",
        reply_to="order.booked",
        where="r.yaml:9",
        policies=("standard",),
        options={"node": 7},
        name="order.json",
    )
    message = work.message.with_body(body).with_keys({"order_number": "PO-1"})
    assert opened.journal.settle([Settled(work, Outcome(message, State.DONE, (delivery,)))]) == {ERP}
    (got,) = claimed_deliveries(opened)
    assert got.message.body == body
    assert [type(got.message.body["total"]), type(got.message.body["count"])] == [Decimal, Decimal]
    assert got.message == replace(message, content_type=BODY_TYPE)
    assert (got.endpoint, got.operation, got.key, got.reply_to) == ("erp", "create", "PO-1", "order.booked")
    assert (got.where, got.policies, got.node, got.name, got.effect) == ("r.yaml:9", ("standard",), 7, "order.json", "")


def test_a_delivery_without_a_key_has_its_id_as_key(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"raw")
    (work,) = claimed(opened)
    opened.journal.settle([done(work, Delivery("erp", b"a"), Delivery("erp", b"b"))])
    assert [got.key for got in claimed_deliveries(opened)] == [f"{name}/1", f"{name}/2"]


def test_an_event_starts_a_message_in_the_family(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"raw")
    (work,) = claimed(opened)
    child = spawn(work.message, {"a": Decimal("1.0")})
    lane = message_lane("shipping", "acme")
    assert opened.journal.settle([replace(done(work), spawns=(child,))]) == {lane}
    (got,) = opened.journal.claim(lane, 10, 60)
    assert got.message == child
    assert [row["id"] for row in opened.desk.trace(child.id)["messages"]] == [name, child.id]


def test_a_body_that_many_deliveries_share_is_stored_once(opened: OpenJournal) -> None:
    accepted(opened, b"raw")
    (work,) = claimed(opened)
    body = {"a": 1}
    before = payload_count(opened)
    deliveries = (Delivery("erp", body), Delivery("wms", body), Delivery("crm", b"same"), Delivery("web", b"sa" + b"me"))
    settled = Settled(work, Outcome(work.message.with_body(body), State.DONE, deliveries), (spawn(work.message, body),))
    opened.journal.settle([settled])
    stored = opened.database.read(lambda session: session.all("family_deliveries", bases=[work.message.id]))
    assert len(stored) == 4
    rows = opened.database.read(lambda session: [session.all("delivery_payload", id=row[0])[0][0] for row in stored])
    assert len(set(rows)) == 2
    assert before < max(rows)


def test_a_delivery_of_the_raw_document_refers_to_what_was_received(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"raw")
    (work,) = claimed(opened)
    opened.journal.settle([done(work, Delivery("archive", work.message.body, content_type=work.message.content_type))])
    both = opened.database.read(
        lambda session: [*session.all("message_payload", id=name), *session.all("delivery_payload", id=f"{name}/1")]
    )
    assert both[0] == both[1]


def test_a_failed_message_keeps_the_body_and_the_place_to_go_on_from(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"raw")
    (work,) = claimed(opened)
    decoded = work.message.with_body({"sku": "X"})
    opened.journal.settle([Settled(work, Outcome(decoded, State.FAILED, error=Rejected("no such SKU"), resume=4))])
    assert claimed(opened) == []
    assert opened.journal.lanes() == []
    opened.desk.retry(name, None, ANN)
    (again,) = claimed(opened)
    assert (again.message.body, again.message.control.resume) == ({"sku": "X"}, 4)
    assert again.attempts == 1


def test_a_failed_message_whose_body_is_a_stream_starts_again_from_what_was_received(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"raw")
    (work,) = claimed(opened)
    opened.journal.settle([Settled(work, Outcome(work.message.with_body(iter([])), State.FAILED, error=Rejected("x"), resume=4))])
    opened.desk.retry(name, None, ANN)
    (again,) = claimed(opened)
    assert (again.message.body, again.message.control.resume) == (b"raw", 0)


def test_a_result_that_cannot_be_kept_fails_its_message_and_no_other(opened: OpenJournal) -> None:
    bad, good = accepted(opened, b"bad", b"good")
    works = claimed(opened)
    opened.journal.settle([done(works[0], Delivery("erp", {"a": object()})), done(works[1], Delivery("erp", {"a": 1}))])
    states = {row["id"]: row["state"] for row in opened.desk.messages(Query())}
    assert states == {bad: "failed", good: "done"}
    assert len(claimed_deliveries(opened)) == 1


def test_a_retried_run_goes_on_at_its_step_with_its_body(opened: OpenJournal) -> None:
    accepted(opened, b"raw")
    (work,) = claimed(opened)
    outcome = Outcome(work.message.with_body([Decimal("1.5")]), State.RETRY, error=Rejected("locked"), resume=3)
    assert opened.journal.settle([Settled(work, outcome)]) == {ORDERS}
    (again,) = claimed(opened)
    assert (again.message.body, again.message.control.resume) == ([Decimal("1.5")], 3)


def test_parts_are_committed_as_they_come_and_once(opened: OpenJournal) -> None:
    accepted(opened, b"file")
    (work,) = claimed(opened)
    parts = [Appended(part(work, n, {"n": n}, deliveries=(Delivery("erp", {"n": n}),))) for n in (1, 2, 3)]
    assert opened.journal.append(work, parts[:2], 60) == {ERP}
    assert opened.journal.append(work, parts, 60) == {ERP}
    opened.journal.settle([Settled(work, Outcome(work.message, State.SPLIT))])
    assert [got.message.body["n"] for got in claimed_deliveries(opened)] == [1, 2, 3]
    assert opened.desk.counts(0) == {"messages": {"done": 3, "split": 1}, "deliveries": {"queued": 3}}


def test_appending_extends_the_lease(world: World) -> None:
    opened = world.opened[0]
    accepted(opened, b"file")
    (work,) = claimed(opened, lease=5)
    opened.journal.append(work, [Appended(part(work, 1, {}))], 60)
    world.advance(10)
    assert opened.journal.sweep() == set()


def test_a_bad_part_fails_alone_with_its_raw_body(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"file")
    (work,) = claimed(opened)
    bad = part(work, 2, b"ST*850", State.FAILED, error=Rejected("bad PO1"))
    bad = replace(bad, message=replace(bad.message, control=replace(bad.message.control, answered=True)))
    opened.journal.append(work, [Appended(part(work, 1, {})), Appended(bad)], 60)
    opened.journal.settle([Settled(work, Outcome(work.message, State.SPLIT))])
    (row,) = opened.desk.failed(Query())
    assert (row["id"], row["kind"], row["error"]["message"]) == (f"{name}.2", "message", "bad PO1")
    assert opened.desk.retry(f"{name}.2", b"ST*850*ok", ANN) == ORDERS
    (again,) = claimed(opened)
    assert (again.message.id, again.message.body, again.message.control.answered) == (f"{name}.2", b"ST*850*ok", True)
    assert again.message.causation_id == name


def test_a_part_that_must_wait_becomes_work_at_its_step(opened: OpenJournal) -> None:
    accepted(opened, b"file")
    (work,) = claimed(opened)
    waiting = part(work, 1, {"a": 1}, State.RETRY, error=Rejected("locked"), resume=5)
    assert opened.journal.append(work, [Appended(waiting)], 60) == {ORDERS}
    (got,) = claimed(opened)
    assert (got.message.body, got.message.control.resume) == ({"a": 1}, 5)


def test_a_failed_file_that_was_answered_is_not_answered_again(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"file")
    (work,) = claimed(opened)
    closing = Outcome(work.message.with_body(iter([])), State.FAILED, (Delivery("acks", b"997"),), error=Rejected("bad SE"))
    opened.journal.settle([Settled(work, closing)])
    opened.desk.retry(name, None, ANN)
    (again,) = claimed(opened)
    assert (again.message.control.answered, again.message.body) == (True, b"file")
    opened.journal.settle([done(again, Delivery("acks", b"later"))])
    assert [row["id"] for row in opened.desk.trace(name)["messages"][0]["deliveries"]] == [f"{name}/1", f"{name}/2"]


def test_a_key_is_one_messages_and_later_ones_are_duplicates(opened: OpenJournal) -> None:
    first, second = accepted(opened, b"a", b"b")
    works = claimed(opened)
    claim = Claim("isa/acme", "4711", "interchange 4711")
    opened.journal.settle([done(work, Delivery("erp", b"x"), claims=(claim,)) for work in works])
    rows = {row["id"]: row for row in opened.desk.messages(Query())}
    assert (rows[first]["state"], rows[second]["state"]) == ("done", "duplicate")
    assert rows[second]["error"]["message"] == f"interchange 4711 was received before, as message {first}"
    assert len(claimed_deliveries(opened)) == 1


def test_a_duplicate_in_one_key_takes_none_of_its_others(opened: OpenJournal) -> None:
    accepted(opened, b"a", b"b", b"c")
    one, two, three = claimed(opened)
    taken, free = Claim("s", "taken", "t"), Claim("s", "free", "f")
    opened.journal.settle([done(one, claims=(taken,))])
    opened.journal.settle([done(two, claims=(free, taken)), done(three, claims=(free,))])
    states = {row["id"]: row["state"] for row in opened.desk.messages(Query())}
    assert (states[two.message.id], states[three.message.id]) == ("duplicate", "done")


def test_a_window_that_is_over_frees_its_key(world: World) -> None:
    opened = world.opened[0]
    claim = Claim("s", "k", "order k", window=60)
    states = []
    for seconds in (0, 30, 31):
        world.advance(seconds)
        accepted(opened, b"a")
        (work,) = claimed(opened)
        opened.journal.settle([done(work, claims=(claim,))])
        states.append(opened.desk.messages(Query())[0]["state"])
    assert states == ["done", "duplicate", "done"]


def test_keys_are_reserved_all_or_none_and_again_by_the_same_message(opened: OpenJournal) -> None:
    accepted(opened, b"a", b"b")
    first, second = claimed(opened)
    taken, free = Claim("s", "taken", "t"), Claim("s", "free", "f")
    assert opened.journal.reserve(first, [taken]) == ()
    assert opened.journal.reserve(first, [taken]) == ()
    assert opened.journal.reserve(second, [free, taken]) == (replace(taken, holder=first.message.id),)
    assert opened.journal.reserve(first, [free]) == ()
    opened.journal.settle([Settled(first, Outcome(first.message, State.SPLIT, claims=(taken,)))])
    opened.journal.settle([Settled(second, Outcome(second.message, State.SPLIT, claims=(taken,)))])
    assert opened.desk.counts(0)["messages"] == {"duplicate": 1, "split": 1}


def test_of_a_documents_parts_only_those_are_refused_that_came_before(opened: OpenJournal) -> None:
    """The others are taken; a part that is in the document again is told with its own message as holder."""
    accepted(opened, b"a", b"b", b"c")
    first, second, third = claimed(opened)
    old, new, again = (Claim("s", key, key, part=at) for at, key in enumerate(("old", "new", "new"), start=1))
    assert opened.journal.reserve(first, [replace(old, part=1)]) == ()
    expected = (replace(old, holder=first.message.id), replace(again, holder=second.message.id))
    for _ in range(2):  # a run after a crash hears the same
        assert opened.journal.reserve(second, [old, new, again]) == expected
    assert opened.journal.reserve(third, [replace(new, part=1)]) == (replace(new, part=1, holder=second.message.id),)


def test_a_document_of_nothing_but_copies_takes_no_key(opened: OpenJournal) -> None:
    """Nor does one whose own key, beside those of its parts, is taken."""
    accepted(opened, b"a", b"b", b"c", b"d")
    works = claimed(opened)
    one, two = Claim("s", "1", "1", part=1), Claim("s", "2", "2", part=2)
    whole, free = Claim("s", "whole", "w"), Claim("s", "3", "3", part=2)
    assert opened.journal.reserve(works[0], [one, two, whole]) == ()
    other = Claim("s", "other", "o")
    assert [claim.key for claim in opened.journal.reserve(works[1], [one, two, other])] == ["1", "2"]
    assert [claim.key for claim in opened.journal.reserve(works[2], [one, free, whole])] == ["1", "whole"]
    assert opened.journal.reserve(works[3], [other, free]) == ()


def test_a_reserved_key_stays_with_its_message_whatever_order_a_batch_has(opened: OpenJournal) -> None:
    accepted(opened, b"a", b"b")
    first, second = claimed(opened)
    claim = Claim("s", "k", "k")
    opened.journal.reserve(second, [claim])
    opened.journal.settle([done(first, claims=(claim,)), done(second, claims=(claim,))])
    states = {row["id"]: row["state"] for row in opened.desk.messages(Query())}
    assert (states[first.message.id], states[second.message.id]) == ("duplicate", "done")


def test_a_failed_run_leaves_its_keys_to_a_corrected_copy(opened: OpenJournal) -> None:
    accepted(opened, b"a", b"b")
    first, second = claimed(opened)
    claim = Claim("s", "k", "k")
    opened.journal.settle([failed(first, claims=(claim,))])
    opened.journal.settle([done(second, claims=(claim,))])
    assert opened.desk.counts(0)["messages"] == {"done": 1, "failed": 1}


def test_a_run_leaves_one_event_with_all_its_stages(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"a")
    (work,) = claimed(opened)
    stages = (Stage("decode", "r.yaml:7", 120, "2 transactions"), Stage("map", "r.yaml:8", 30))
    opened.journal.settle([done(work, stages=stages)])
    (event,) = opened.desk.trace(name)["messages"][0]["events"]
    assert event == {
        "at": event["at"],
        "kind": "done",
        "note": "",
        "stages": [
            {"name": "decode", "where": "r.yaml:7", "micros": 120, "note": "2 transactions"},
            {"name": "map", "where": "r.yaml:8", "micros": 30, "note": ""},
        ],
        "error": None,
    }


def test_a_key_that_fails_leaves_the_second_document_to_a_person(opened: OpenJournal) -> None:
    (first, second) = accepted(opened, b"a", b"b")
    claim = Claim("invoice/acme", "INV-1", "invoice INV-1 to acme", verb="sent", fails=True)
    works = claimed(opened)
    opened.journal.settle([done(work, Delivery("erp", b"x"), claims=(claim,)) for work in works])
    (waiting,) = opened.desk.failed(Query())
    assert (waiting["id"], waiting["error"]["message"]) == (
        second,
        f"invoice INV-1 to acme was sent before, as message {first}",
    )
    assert len(claimed_deliveries(opened)) == 1
