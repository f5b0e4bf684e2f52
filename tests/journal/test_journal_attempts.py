"""Deliveries: the ledger, retries, and what is serial per order key."""

from __future__ import annotations

from typing import Any

from crossdock.core.errors import Refused, Retryable, UnknownEffect
from crossdock.core.ids import new_id
from crossdock.core.journal import Concluded
from crossdock.core.message import BODY_TYPE, Control, Message
from crossdock.core.outcome import Delivery, DeliveryState
from crossdock.core.ports import Reply
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import ANN, ERP, World, claimed_deliveries, concluded, delivered, queue_deliveries


def story(opened: OpenJournal, message: str) -> dict[str, Any]:
    delivery: dict[str, Any] = opened.desk.trace(message)["messages"][0]["deliveries"][0]
    return delivery


def test_the_ledger_says_intended_then_confirmed(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, Delivery("erp", b"x", key="PO-1"))
    (work,) = claimed_deliveries(opened)
    assert opened.journal.intend([work]) == {work.seq}
    assert [effect["state"] for effect in story(opened, name)["effects"]] == ["intended"]
    assert opened.journal.conclude([delivered(work)]) == set()
    got = story(opened, name)
    assert (got["state"], got["attempts"], got["reference"], got["error"]) == ("delivered", 1, "sale 17", None)
    assert [(effect["state"], effect["reference"]) for effect in got["effects"]] == [("confirmed", "sale 17")]
    assert opened.journal.lanes() == []


def test_an_intention_that_a_crash_left_behind_is_seen_by_the_next_attempt(world: World) -> None:
    opened = world.opened[0]
    name = queue_deliveries(opened, Delivery("erp", b"x"))
    (work,) = claimed_deliveries(opened, lease=5)
    opened.journal.intend([work])
    world.advance(6)
    assert opened.journal.sweep() == {ERP}
    (again,) = claimed_deliveries(opened)
    assert (again.effect, again.attempts) == ("intended", 2)
    opened.journal.intend([again])
    opened.journal.conclude([delivered(again)])
    assert [effect["state"] for effect in story(opened, name)["effects"]] == ["intended", "confirmed"]


def test_an_attempt_surely_not_made_is_withdrawn_and_made_again_later(world: World) -> None:
    opened = world.opened[0]
    name = queue_deliveries(opened, Delivery("erp", b"x"))
    (work,) = claimed_deliveries(opened)
    opened.journal.intend([work])
    later = concluded(work, DeliveryState.QUEUED, "", error=Retryable("503"), after=30)
    assert opened.journal.conclude([later]) == set()
    assert claimed_deliveries(opened) == []
    world.advance(31)
    (again,) = claimed_deliveries(opened)
    assert (again.effect, again.attempts) == ("", 2)
    got = story(opened, name)
    assert [(effect["state"], effect["note"]) for effect in got["effects"]] == [("withdrawn", "503")]
    assert [(event["kind"], event["error"]["message"]) for event in got["events"]] == [("retry", "503")]


def test_what_was_not_tried_gives_its_attempt_back_and_leaves_no_event(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, Delivery("erp", b"x"))
    (work,) = claimed_deliveries(opened)
    assert opened.journal.conclude([concluded(work, DeliveryState.QUEUED, "", counts=False)]) == {ERP}
    (again,) = claimed_deliveries(opened)
    assert (again.attempts, story(opened, name)["events"]) == (1, [])


def test_an_unknown_effect_stays_known_as_unknown(opened: OpenJournal) -> None:
    queue_deliveries(opened, Delivery("erp", b"x"))
    (work,) = claimed_deliveries(opened)
    opened.journal.intend([work])
    opened.journal.conclude([concluded(work, DeliveryState.QUEUED, "unknown", error=UnknownEffect("timeout"))])
    assert [again.effect for again in claimed_deliveries(opened)] == ["unknown"]


def test_who_lost_the_lease_may_neither_intend_nor_conclude(world: World) -> None:
    opened = world.opened[0]
    name = queue_deliveries(opened, Delivery("erp", b"x"))
    (lost,) = claimed_deliveries(opened, lease=5)
    world.advance(6)
    opened.journal.sweep()
    assert opened.journal.intend([lost]) == set()
    opened.journal.conclude([delivered(lost)])
    assert (story(opened, name)["state"], story(opened, name)["effects"]) == ("queued", [])


def test_a_refused_delivery_waits_for_a_person_and_leaves_the_queue(opened: OpenJournal) -> None:
    queue_deliveries(opened, Delivery("erp", b"x"))
    (work,) = claimed_deliveries(opened)
    opened.journal.intend([work])
    opened.journal.conclude([concluded(work, DeliveryState.FAILED, "refused", error=Refused("credit limit"))])
    assert opened.journal.lanes() == []
    assert opened.desk.counts(0)["deliveries"] == {"failed": 1}


def test_a_reply_starts_a_message(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, Delivery("erp", b"x", reply_to="order.booked"))
    (work,) = claimed_deliveries(opened)
    child = Message(new_id(), {"ok": 1}, Control("acks", "r1"), BODY_TYPE, correlation_id=name, causation_id=name, received_at=5)
    result = Concluded(work, DeliveryState.DELIVERED, "confirmed", reply=Reply("sale 1"), spawns=(child,))
    assert opened.journal.conclude([result]) == {"route/acks"}
    (got,) = opened.journal.claim("route/acks", 1, 60)
    assert got.message == child


def keyed(body: bytes, key: str = "customer-1", endpoint: str = "erp") -> Delivery:
    return Delivery(endpoint, body, order_key=key)


def got(opened: OpenJournal) -> list[bytes]:
    return [work.message.body for work in claimed_deliveries(opened)]


def test_of_one_order_key_only_the_oldest_goes(opened: OpenJournal) -> None:
    queue_deliveries(opened, keyed(b"1"), keyed(b"2"), keyed(b"other", "customer-2"), Delivery("erp", b"free"))
    queue_deliveries(opened, keyed(b"3"))
    works = claimed_deliveries(opened)
    assert [work.message.body for work in works] == [b"1", b"other", b"free"]
    assert opened.journal.conclude([delivered(works[0])]) == {ERP}
    (second,) = claimed_deliveries(opened)
    assert second.message.body == b"2"
    opened.journal.conclude([delivered(second)])
    assert got(opened) == [b"3"]


def test_keys_of_two_endpoints_do_not_wait_for_each_other(opened: OpenJournal) -> None:
    queue_deliveries(opened, keyed(b"1"), keyed(b"2", endpoint="wms"))
    assert len(claimed_deliveries(opened)) == 1
    assert len(claimed_deliveries(opened, "to/wms/acme")) == 1


def test_a_delivery_that_waits_for_its_retry_keeps_its_place(opened: OpenJournal) -> None:
    queue_deliveries(opened, keyed(b"1"), keyed(b"2"))
    (work,) = claimed_deliveries(opened)
    opened.journal.conclude([concluded(work, DeliveryState.QUEUED, "", error=Retryable("503"), after=30)])
    assert got(opened) == []


def test_a_failed_delivery_holds_its_key_until_it_is_retried(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, keyed(b"1"), keyed(b"2"))
    (work,) = claimed_deliveries(opened)
    opened.journal.conclude([concluded(work, DeliveryState.FAILED, "refused", error=Refused("no"))])
    assert got(opened) == []
    assert opened.journal.next_due() is None
    assert opened.desk.retry(f"{name}/1", None, ANN) == ERP
    (again,) = claimed_deliveries(opened)
    assert (again.message.body, again.attempts, again.effect) == (b"1", 1, "")
    assert opened.journal.conclude([delivered(again)]) == {ERP}
    assert got(opened) == [b"2"]


def test_a_failed_delivery_holds_its_key_until_it_is_discarded(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, keyed(b"1"), keyed(b"2"))
    (work,) = claimed_deliveries(opened)
    opened.journal.conclude([concluded(work, DeliveryState.UNKNOWN, "unknown", error=UnknownEffect("timeout"))])
    opened.desk.discard(f"{name}/1", "booked by hand", ANN)
    assert got(opened) == [b"2"]


def test_a_crash_keeps_the_order(world: World) -> None:
    opened = world.opened[0]
    queue_deliveries(opened, keyed(b"1"), keyed(b"2"))
    claimed_deliveries(opened, lease=5)
    world.advance(6)
    opened.journal.sweep()
    assert got(opened) == [b"1"]
