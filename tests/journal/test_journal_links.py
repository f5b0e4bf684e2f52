"""What documents say of orders is kept with the message, in its own transaction, and found by the order's number."""

from __future__ import annotations

from crossdock.core.chain import Link
from crossdock.core.journal import Appended, Settled
from crossdock.core.message import Message, Numbered
from crossdock.core.outcome import Claim, Delivery, Outcome, State
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import accepted, claimed, done

ROWS = [["1", "12", "EA", "9.95", None, None, {"VN": "Ä-1"}]]
ORDER = Link("acme", "in", "850", "ordered", "4500012345", "4500012345", "2026-10-15", "000000007/0001", ROWS)


def answer(reference: str = "4500012345") -> Numbered:
    """Return an 855 that gets its control number when it is committed."""
    link = Link("acme", "out", "855", "acknowledged", reference, lines=ROWS)
    return Numbered("x12/acme", lambda number: b"855", lambda number: f"855-{number}.edi", links=(link,))


def test_a_received_document_is_kept_with_its_message(opened: OpenJournal) -> None:
    """All of it comes back, with the message and the time."""
    (name,) = accepted(opened, b"a")
    (work,) = claimed(opened)
    opened.journal.settle([done(work, links=(ORDER,))])
    (found,) = opened.desk.chain("4500012345")
    assert found.at > 0
    assert found == ORDER._replace(ref=name, at=found.at)


def test_a_sent_document_is_kept_with_its_delivery_and_control_number(opened: OpenJournal) -> None:
    """The number that it got, and the delivery that `trace` finds."""
    (name,) = accepted(opened, b"a")
    (work,) = claimed(opened)
    opened.journal.settle([done(work, Delivery("erp", b"x"), Delivery("partner:acme", answer()))])
    (found,) = opened.desk.chain("4500012345")
    assert (found.ref, found.control, found.direction, found.stage) == (f"{name}/2", "1", "out", "acknowledged")


def test_parts_of_a_split_file_are_kept_once(opened: OpenJournal) -> None:
    """A run after a crash appends them again."""
    accepted(opened, b"a")
    (work,) = claimed(opened)
    part = Message(f"{work.message.id}.1", {"a": 1}, work.message.control, causation_id=work.message.id)
    appended = Appended(Outcome(part, State.DONE, links=(ORDER,)))
    for _ in range(2):
        opened.journal.append(work, [appended], 60)
    assert [one.ref for one in opened.desk.chain("4500012345")] == [part.id]


def test_nothing_is_kept_of_a_duplicate(opened: OpenJournal) -> None:
    """Its order was recorded with the first."""
    accepted(opened, b"a", b"b")
    claim = Claim("x12/acme", "7", "interchange 7")
    opened.journal.settle([done(work, links=(ORDER,), claims=(claim,)) for work in claimed(opened)])
    assert len(opened.desk.chain("4500012345")) == 1


def test_payments_are_found_through_the_orders_invoices(opened: OpenJournal) -> None:
    """Of the same partner only."""
    invoice = ORDER._replace(set="810", stage="invoiced", number="INV-1", direction="out")
    paid = Link("acme", "in", "820", "paid", "INV-1", "T1", kind="invoice", lines=[["INV-1", None, None, None, None, "1", {}]])
    accepted(opened, b"a")
    (work,) = claimed(opened)
    opened.journal.settle([done(work, links=(ORDER, invoice, paid, paid._replace(partner="beta")))])
    assert [(one.set, one.partner) for one in opened.desk.chain("4500012345")] == [
        ("850", "acme"),
        ("810", "acme"),
        ("820", "acme"),
    ]


def test_an_order_that_is_not_there_is_answered_with_the_nearest(opened: OpenJournal) -> None:
    """A slip of a finger."""
    accepted(opened, b"a")
    (work,) = claimed(opened)
    opened.journal.settle([done(work, links=(ORDER,))])
    assert opened.desk.chain("4500012346") == []
    assert opened.desk.alike("4500012346") == "; did you mean '4500012345'?"
    assert opened.desk.alike("77") == ""


def test_a_failed_run_still_says_what_was_received(opened: OpenJournal) -> None:
    """The document came, whatever became of it."""
    accepted(opened, b"a")
    (work,) = claimed(opened)
    opened.journal.settle([Settled(work, Outcome(work.message, State.FAILED, links=(ORDER,)))])
    assert len(opened.desk.chain("4500012345")) == 1


def test_the_journal_finds_many_orders_at_once(opened: OpenJournal) -> None:
    """As the comparison asks for them."""
    accepted(opened, b"a", b"b")
    first, second = claimed(opened)
    opened.journal.settle([done(first, links=(ORDER,)), done(second, links=(ORDER._replace(reference="46"),))])
    assert {one.reference for one in opened.journal.links({"4500012345", "46", "47"})} == {"4500012345", "46"}
    assert opened.journal.links([]) == []
