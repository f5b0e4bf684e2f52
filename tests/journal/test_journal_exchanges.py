"""Documents exchanged with partners: awaited, settled by acknowledgements in any order, reported when late."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from crossdock.core.errors import Refused, Rejected
from crossdock.core.exchange import MISSING, OVERDUE, Asked, Exchange, Settlement, Verdict
from crossdock.core.journal import LateReport
from crossdock.core.message import BODY_TYPE, Control, Message, Numbered
from crossdock.core.outcome import Delivery, DeliveryState, State
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import (
    ANN,
    ORDERS,
    World,
    accepted,
    claimed,
    claimed_deliveries,
    concluded,
    delivered,
    done,
    queue_deliveries,
)

ACME = "to/partner:acme/acme"
DAY = 24 * 3600
WRONG = Rejected("segment 3 (PO1), element 2 (PO102): invalid code", code="AK403-7")


def exchange(number: int, transaction: str = "0001", **rest: Any) -> Exchange:
    """Return a document sent to acme, which acknowledges within a day."""
    fields: dict[str, Any] = {"ack_window": float(DAY), "keys": {"purchase_order": "PO-1"}, **rest}
    document = fields.pop("document", "855")
    return Exchange("x12", "out", "acme", document, f"{number:09d}", str(number), transaction, "004010", **fields)


def letter(count: int = 1, endpoint: str = "partner:acme", **rest: Any) -> Delivery:
    """Return an interchange with some transactions."""
    return Delivery(endpoint, numbered(count, **rest), content_type="application/edi-x12")


def numbered(count: int = 1, **rest: Any) -> Numbered:
    def held(number: int) -> Sequence[Exchange]:
        return [exchange(number, f"{index:04d}", **rest) for index in range(1, count + 1)]

    return Numbered("x12/acme", lambda number: b"ISA*%09d" % number, str, "application/edi-x12", exchanges=held)


def said(verdict: Verdict, transaction: str = "0001", number: int = 1, **rest: Any) -> Settlement:
    """Return what a 997 says of a transaction of group 1."""
    error = WRONG if verdict is Verdict.REJECTED else None
    fields: dict[str, Any] = {"group": str(number), "transaction": transaction, "error": error, **rest}
    return Settlement("x12", "acme", fields.pop("by", "997"), verdict, **fields)


def send(opened: OpenJournal, *deliveries: Delivery) -> str:
    """Have documents made and delivered; return the message's id."""
    name = queue_deliveries(opened, *deliveries)
    opened.journal.conclude([delivered(work) for work in claimed_deliveries(opened, ACME)])
    return name


def acknowledge(opened: OpenJournal, *settlements: Settlement) -> str:
    """Receive an acknowledgement; return its message's id."""
    (name,) = accepted(opened, b"a 997")
    (work,) = claimed(opened)
    opened.journal.settle([done(work, settlements=settlements)])
    return name


def states(opened: OpenJournal) -> list[tuple[str, str]]:
    """Return the state of each transaction sent."""
    return sorted((row["transaction"], row["state"]) for row in opened.exchanges.search(Asked(state="")))


def state_of(opened: OpenJournal, delivery: str) -> str:
    return str(opened.desk.show(delivery)["state"])


def test_a_sent_document_waits_from_the_moment_it_has_left(opened: OpenJournal) -> None:
    queue_deliveries(opened, letter())
    (queued,) = opened.exchanges.search(Asked())
    assert (queued["state"], queued["sent_at"], queued["due_at"]) == ("waiting", None, None)
    opened.journal.conclude([delivered(work) for work in claimed_deliveries(opened, ACME)])
    (row,) = opened.exchanges.search(Asked())
    assert row["due_at"] - row["sent_at"] == DAY * 1000
    assert (row["document"], row["interchange"], row["group"], row["transaction"]) == ("855", "000000001", "1", "0001")
    assert row["keys"] == {"purchase_order": "PO-1"}


def test_where_nothing_was_agreed_nothing_is_awaited(opened: OpenJournal) -> None:
    send(opened, letter(ack_window=None))
    assert opened.exchanges.search(Asked()) == []
    assert states(opened) == [("0001", "sent")]


@pytest.mark.parametrize("verdict", [Verdict.ACKNOWLEDGED, Verdict.ACKNOWLEDGED_WITH_ERRORS, Verdict.REJECTED])
def test_an_acknowledgement_settles_the_transaction_that_it_names(opened: OpenJournal, verdict: Verdict) -> None:
    send(opened, letter(2))
    ack = acknowledge(opened, said(verdict, "0002"))
    assert states(opened) == [("0001", "waiting"), ("0002", verdict.value)]
    row = next(row for row in opened.exchanges.search(Asked(state=verdict.value)))
    assert (row["ack"], row["ack_message"]) == ("997", ack)


def test_control_numbers_agree_without_their_leading_zeros(opened: OpenJournal) -> None:
    send(opened, letter())
    acknowledge(opened, said(Verdict.ACKNOWLEDGED, "1", group="000000001"))
    assert states(opened) == [("0001", "acknowledged")]


def test_an_acknowledgement_of_the_group_settles_what_it_does_not_name_apart(opened: OpenJournal) -> None:
    send(opened, letter(3))
    acknowledge(opened, said(Verdict.ACKNOWLEDGED, ""), said(Verdict.REJECTED, "0002"))
    assert states(opened) == [("0001", "acknowledged"), ("0002", "rejected"), ("0003", "acknowledged")]


def test_a_rejected_interchange_rejects_all_that_is_in_it(opened: OpenJournal) -> None:
    send(opened, letter(2))
    acknowledge(opened, said(Verdict.REJECTED, "", group="", interchange="000000001", by="TA1"))
    assert states(opened) == [("0001", "rejected"), ("0002", "rejected")]


def test_an_interchange_that_has_arrived_is_still_waited_for(opened: OpenJournal) -> None:
    send(opened, letter())
    acknowledge(opened, said(Verdict.ARRIVED, "", group="", interchange="000000001", by="TA1"))
    (row,) = opened.exchanges.search(Asked())
    assert row["state"] == "waiting"
    assert row["arrived_at"] >= row["sent_at"]


def test_a_rejected_document_fails_its_delivery_with_the_partners_reason(opened: OpenJournal) -> None:
    name = send(opened, letter())
    acknowledge(opened, said(Verdict.REJECTED))
    (row,) = opened.desk.failed(query())
    assert (row["id"], row["kind"], row["error"]["message"]) == (f"{name}/1", "delivery", WRONG.message)
    kinds = [event["kind"] for event in opened.desk.show(f"{name}/1")["events"]]
    assert kinds == ["delivered", "rejected"]


def test_a_rejected_document_that_is_sent_again_is_waited_for_again(opened: OpenJournal) -> None:
    name = send(opened, letter())
    acknowledge(opened, said(Verdict.REJECTED))
    opened.desk.retry(f"{name}/1", b"ISA*repaired", ANN)
    assert states(opened) == [("0001", "waiting")]
    opened.journal.conclude([delivered(work) for work in claimed_deliveries(opened, ACME)])
    acknowledge(opened, said(Verdict.ACKNOWLEDGED))
    assert states(opened) == [("0001", "acknowledged")]
    assert opened.desk.failed(query()) == []


def test_a_document_that_is_resent_waits_under_its_new_delivery(opened: OpenJournal) -> None:
    name = send(opened, letter())
    acknowledge(opened, said(Verdict.REJECTED))
    again = opened.desk.resend(f"{name}/1", ANN)
    (row,) = opened.exchanges.search(Asked())
    assert (row["state"], row["delivery"], row["sent_at"]) == ("waiting", again, None)


def test_a_discarded_rejection_is_closed(opened: OpenJournal) -> None:
    name = send(opened, letter())
    acknowledge(opened, said(Verdict.REJECTED))
    opened.desk.discard(f"{name}/1", "told by phone", ANN)
    assert states(opened) == [("0001", "closed")]
    assert opened.exchanges.search(Asked()) == []


def test_a_partner_that_changes_its_mind_settles_the_delivery(opened: OpenJournal) -> None:
    name = send(opened, letter())
    acknowledge(opened, said(Verdict.REJECTED))
    acknowledge(opened, said(Verdict.ACKNOWLEDGED))
    assert states(opened) == [("0001", "acknowledged")]
    assert (state_of(opened, f"{name}/1"), opened.desk.failed(query())) == ("delivered", [])


def test_a_second_copy_of_an_acknowledgement_changes_nothing(opened: OpenJournal) -> None:
    send(opened, letter())
    first = acknowledge(opened, said(Verdict.ACKNOWLEDGED))
    second = acknowledge(opened, said(Verdict.ACKNOWLEDGED))
    (row,) = opened.exchanges.search(Asked(state="acknowledged"))
    assert (row["ack_message"], opened.desk.trace(second)["messages"][0]["state"]) == (first, "done")


def test_an_acknowledgement_may_come_before_the_sending_is_recorded(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, letter())
    (work,) = claimed_deliveries(opened, ACME)
    opened.journal.intend([work])
    acknowledge(opened, said(Verdict.ACKNOWLEDGED))
    opened.journal.conclude([delivered(work)])
    assert (states(opened), state_of(opened, f"{name}/1")) == ([("0001", "acknowledged")], "delivered")


def test_a_rejection_may_come_before_the_sending_is_recorded(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, letter())
    (work,) = claimed_deliveries(opened, ACME)
    opened.journal.intend([work])
    acknowledge(opened, said(Verdict.REJECTED))
    assert state_of(opened, f"{name}/1") == "queued"
    opened.journal.conclude([delivered(work)])
    assert state_of(opened, f"{name}/1") == "failed"
    assert opened.desk.show(f"{name}/1")["error"]["message"] == WRONG.message


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"number": 7}, "AK202"),
        ({"transaction": "0009"}, "AK202"),
        ({"document": "810"}, "AK202"),
        ({"transaction": "", "number": 7}, "AK102"),
        ({"transaction": "", "group": "", "interchange": "000000009"}, "TA101"),
    ],
)
def test_an_acknowledgement_of_what_was_never_sent_is_reported(opened: OpenJournal, wrong: dict[str, Any], where: str) -> None:
    send(opened, letter())
    ack = acknowledge(opened, said(Verdict.ACKNOWLEDGED, **wrong))
    (row,) = opened.desk.failed(query())
    assert (row["id"], row["error"]["code"], row["error"]["where"]) == (ack, "unknown_acknowledgement", where)
    assert states(opened) == [("0001", "waiting")]


def test_what_is_known_is_settled_beside_what_is_not(opened: OpenJournal) -> None:
    send(opened, letter())
    acknowledge(opened, said(Verdict.ACKNOWLEDGED), said(Verdict.ACKNOWLEDGED, "0005"))
    assert states(opened) == [("0001", "acknowledged")]
    assert "0005" in opened.desk.failed(query())[0]["error"]["message"]


def test_another_partners_numbers_are_not_ours(opened: OpenJournal) -> None:
    send(opened, letter())
    one = said(Verdict.ACKNOWLEDGED)
    acknowledge(opened, Settlement("x12", "other", "997", one.verdict, group="1", transaction="0001"))
    assert states(opened) == [("0001", "waiting")]


def test_numbers_that_begin_again_mean_the_newest_document(world: World, opened: OpenJournal) -> None:
    send(opened, letter())
    world.advance(5)
    opened.database.write(lambda session: session.many("set_counter", [("x12/acme", 0)]))
    send(opened, letter())
    acknowledge(opened, said(Verdict.ACKNOWLEDGED))
    newest, oldest = opened.exchanges.search(Asked(state=""))
    assert (newest["state"], oldest["state"]) == ("acknowledged", "waiting")


def test_a_copy_for_the_archive_has_the_same_number_and_waits_for_nothing(opened: OpenJournal) -> None:
    body = numbered()
    copies = [Delivery(one, body, content_type="application/edi-x12") for one in ("archive", "partner:acme")]
    name = queue_deliveries(opened, *copies)
    (row,) = opened.exchanges.search(Asked())
    assert (row["delivery"], row["interchange"]) == (f"{name}/2", "000000001")
    assert [work.message.body for work in claimed_deliveries(opened, "to/archive/acme")] == [b"ISA*000000001"]


# what is late


def reports(opened: OpenJournal) -> list[LateReport]:
    """Return reports of what is late, each with a message for a route that listens."""
    control = Control("alerts", "r1", source="event", partner="acme")
    return [
        LateReport(one, (Message(f"alert-{index}", dict(one.body), control, BODY_TYPE),))
        for index, one in enumerate(opened.journal.late(10))
    ]


def test_an_overdue_acknowledgement_is_reported_once(world: World, opened: OpenJournal) -> None:
    name = send(opened, letter())
    assert opened.journal.late(10) == []
    world.advance(DAY + 1)
    both = reports(opened)
    assert [(one.late.event, one.late.body["transaction"]) for one in both] == [(OVERDUE, "0001")]
    assert opened.journal.report(both) == {"route/alerts/acme"}
    assert opened.journal.report(both) == set()
    assert opened.journal.late(10) == []
    assert states(opened) == [("0001", "overdue")]
    (alert,) = opened.journal.claim("route/alerts/acme", 10, 60)
    assert alert.message.body["keys"] == {"purchase_order": "PO-1"}  # type: ignore[union-attr]
    assert opened.desk.show(f"{name}/1")["events"][-1]["kind"] == OVERDUE


def test_an_acknowledgement_after_its_time_still_settles(world: World, opened: OpenJournal) -> None:
    send(opened, letter())
    world.advance(DAY + 1)
    opened.journal.report(reports(opened))
    acknowledge(opened, said(Verdict.ACKNOWLEDGED))
    assert states(opened) == [("0001", "acknowledged")]


def test_what_is_answered_between_the_look_and_the_report_is_not_reported(world: World, opened: OpenJournal) -> None:
    send(opened, letter())
    world.advance(DAY + 1)
    both = reports(opened)
    acknowledge(opened, said(Verdict.ACKNOWLEDGED))
    assert opened.journal.report(both) == set()
    assert states(opened) == [("0001", "acknowledged")]


def order(work: Any, **rest: Any) -> Any:
    """Return a run of a message that was an 850, which 855 and 810 must follow."""
    received = Exchange(
        "x12",
        "in",
        "acme",
        "850",
        "000000007",
        "7",
        "0001",
        keys={"purchase_order": "PO-1"},
        expect={"855": float(DAY), "810": 10.0 * DAY},
        **rest,
    )
    return done(work, exchanges=(received,))


def receive_order(opened: OpenJournal, **rest: Any) -> str:
    (name,) = accepted(opened, b"an 850")
    opened.journal.settle([order(claimed(opened)[0], **rest)])
    return name


def test_a_document_that_does_not_follow_is_reported_once(world: World, opened: OpenJournal) -> None:
    name = receive_order(opened)
    world.advance(DAY + 1)
    found = reports(opened)
    assert [(one.late.event, one.late.body["document"], one.late.body["value"]) for one in found] == [(MISSING, "855", "PO-1")]
    opened.journal.report(found)
    assert opened.journal.late(10) == []
    rows = opened.exchanges.missing("acme", 10)
    assert [(row["exchange"], row["document"], row["after"], row["value"]) for row in rows] == [(name, "855", "850", "PO-1")]


def test_a_document_that_follows_is_not_missing(world: World, opened: OpenJournal) -> None:
    name = receive_order(opened)
    send(opened, letter(expected=True, ack_window=None))
    world.advance(DAY + 1)
    assert opened.journal.late(10) == []
    assert [(one["document"], one["state"]) for one in opened.exchanges.show(name)["expects"]] == [
        ("855", "met"),
        ("810", "open"),
    ]


def test_a_document_that_follows_late_is_no_longer_missing(world: World, opened: OpenJournal) -> None:
    receive_order(opened)
    world.advance(DAY + 1)
    opened.journal.report(reports(opened))
    send(opened, letter(expected=True, ack_window=None))
    assert opened.exchanges.missing("", 10) == []


def test_an_order_that_we_refused_expects_nothing(world: World, opened: OpenJournal) -> None:
    receive_order(opened, refused=True)
    world.advance(11 * DAY)
    assert (opened.journal.late(10), states(opened)) == ([], [("0001", "refused")])


def test_a_person_closes_what_is_open(world: World, opened: OpenJournal) -> None:
    name = receive_order(opened)
    world.advance(DAY + 1)
    opened.journal.report(reports(opened))
    opened.exchanges.close(name, "cancelled by phone", ANN)
    assert opened.exchanges.missing("", 10) == []
    last = opened.exchanges.show(name)["events"][-1]
    assert (last["kind"], last["note"], last["by"]) == ("closed", "cancelled by phone", "ann (cli)")
    with pytest.raises(Refused, match="nothing is open"):
        opened.exchanges.close(name, "again", ANN)
    with pytest.raises(KeyError):
        opened.exchanges.close("no-such-thing", "x", ANN)


def test_an_attempt_that_failed_starts_no_clock(world: World, opened: OpenJournal) -> None:
    queue_deliveries(opened, letter())
    (work,) = claimed_deliveries(opened, ACME)
    opened.journal.conclude([concluded(work, DeliveryState.FAILED, "refused", error=WRONG)])
    world.advance(DAY + 1)
    assert opened.journal.late(10) == []


# duplicates


def test_a_duplicate_that_is_let_in_is_run_and_says_by_whom(opened: OpenJournal) -> None:
    from crossdock.core.outcome import Claim

    claims = (Claim("x12/acme", "4711", "interchange 4711"),)
    accepted(opened, b"a", b"b")
    first, second = claimed(opened)
    opened.journal.settle([done(first, claims=claims)])
    opened.journal.settle([done(second, claims=claims)])
    name = second.message.id
    shown = opened.desk.show(name)
    assert shown["state"] == "duplicate"
    assert re.search(f"interchange 4711 was received before, as message {first.message.id}", shown["error"]["message"])
    assert opened.desk.admit(name, ANN) == ORDERS
    (again,) = claimed(opened)
    opened.journal.settle([done(again, claims=claims)])
    told = opened.desk.show(name)
    assert (told["state"], [(one["kind"], one.get("by")) for one in told["events"]][1]) == ("done", ("admitted", "ann (cli)"))
    with pytest.raises(Refused, match="only a duplicate"):
        opened.desk.admit(name, ANN)
    with pytest.raises(KeyError):
        opened.desk.admit("nothing", ANN)


def query() -> Any:
    from crossdock.core.journal import Query

    return Query()


def test_a_part_of_a_file_is_kept_with_what_it_said(opened: OpenJournal) -> None:
    from crossdock.core.journal import Appended
    from crossdock.core.outcome import Outcome

    (name,) = accepted(opened, b"a file")
    (work,) = claimed(opened)
    part = Message(f"{name}.1", b"ISA*the 997 alone", work.message.control, "application/edi-x12")
    opened.journal.append(work, [Appended(Outcome(part, State.DONE, settlements=(said(Verdict.ACKNOWLEDGED),)))], 60.0)
    (row,) = opened.desk.failed(query())
    assert (row["id"], opened.desk.payload(row["id"])) == (f"{name}.1", (b"ISA*the 997 alone", "application/edi-x12"))
