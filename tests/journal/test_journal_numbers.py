"""Control numbers: no gap, no reuse."""

from __future__ import annotations

import threading

from crossdock.core.message import Numbered
from crossdock.core.outcome import Delivery
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import accepted, claimed, claimed_deliveries, done


def numbered(scope: str = "x12/acme") -> Delivery:
    """Return a document that holds its own number."""
    return Delivery("erp", Numbered(scope, lambda number: b"ISA*%09d" % number, lambda number: f"{number:09}.edi"))


def broken() -> Delivery:
    """Return a document that can't be made."""

    def fail(number: int) -> bytes:
        raise ValueError(f"no {number}")

    return Delivery("erp", Numbered("x12/acme", fail, str))


def bodies(opened: OpenJournal) -> list[bytes]:
    return sorted(work.message.body for work in claimed_deliveries(opened, limit=1000))


def test_numbers_come_in_the_order_of_the_results_and_name_the_file(opened: OpenJournal) -> None:
    accepted(opened, b"a", b"b")
    opened.journal.settle([done(work, numbered(), numbered("x12/other")) for work in claimed(opened)])
    works = claimed_deliveries(opened)
    assert [(work.message.body, work.name) for work in works] == [
        (b"ISA*000000001", "000000001.edi"),
        (b"ISA*000000001", "000000001.edi"),
        (b"ISA*000000002", "000000002.edi"),
        (b"ISA*000000002", "000000002.edi"),
    ]


def test_a_document_that_breaks_leaves_no_gap(opened: OpenJournal) -> None:
    accepted(opened, b"a", b"b", b"c")
    one, two, three = claimed(opened)
    opened.journal.settle([done(one, numbered()), done(two, numbered(), broken()), done(three, numbered())])
    assert bodies(opened) == [b"ISA*000000001", b"ISA*000000002"]
    assert opened.desk.counts(0)["messages"] == {"done": 2, "failed": 1}


def test_a_transaction_that_fails_leaves_no_gap(opened: OpenJournal) -> None:
    accepted(opened, b"a", b"b")
    one, two = claimed(opened)

    def stop(number: int) -> bytes:
        raise KeyboardInterrupt

    try:
        opened.journal.settle([done(one, Delivery("erp", Numbered("x12/acme", stop, str)))])
    except KeyboardInterrupt:
        opened.journal.settle([done(two, numbered())])
    assert bodies(opened) == [b"ISA*000000001"]


def test_after_the_highest_number_comes_one(opened: OpenJournal) -> None:
    opened.database.write(lambda session: session.many("add_counter", [("x12/acme", 999_999_998)]))
    accepted(opened, b"a", b"b")
    opened.journal.settle([done(work, numbered()) for work in claimed(opened)])
    assert bodies(opened) == [b"ISA*000000001", b"ISA*999999999"]


def test_threads_that_settle_at_once_leave_no_gap(opened: OpenJournal) -> None:
    accepted(opened, *[b"x"] * 120)

    def run() -> None:
        while works := claimed(opened, limit=5):
            opened.journal.settle([done(work, numbered()) for work in works])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies(opened) == [b"ISA*%09d" % number for number in range(1, 121)]
