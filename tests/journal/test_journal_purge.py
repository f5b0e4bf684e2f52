"""Retention: what ended long ago goes, what is not done with stays whole, second copies stay known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crossdock.core.access import Actor
from crossdock.core.audit import Sought
from crossdock.core.errors import Refused
from crossdock.core.exchange import Verdict
from crossdock.core.ids import new_id
from crossdock.core.journal import Appended, Settled
from crossdock.core.outcome import Claim, Delivery, DeliveryState, Outcome, State, Wait
from crossdock.runtime.journal import OpenJournal
from crossdock.runtime.journal.purge import Purged
from crossdock.runtime.journal.purged import PURGED
from tests.journal import journal_kit as kit
from tests.journal import test_journal_exchanges as exchanges
from tests.journal.journal_kit import World

ANN = Actor("ann")
DAY = 24 * 3600.0


def purge(opened: OpenJournal, days: float = 30, limit: int = 200, **rest: Any) -> Purged:
    """Purge in batches until there is nothing more."""
    total, after = Purged(), ""
    while True:
        found = opened.purge(days * DAY, after, ANN, limit=limit, **rest)
        if not found.seen:
            return total
        after = found.after or after
        total = total.plus(found)


def finish(opened: OpenJournal, *deliveries: Delivery, data: bytes = b"an order", **rest: Any) -> str:
    """Accept a document and bring it to its end, its deliveries to the ERP made; return its id."""
    (name,) = kit.accepted(opened, data)
    (work,) = kit.claimed(opened)
    opened.journal.settle([kit.done(work, *deliveries, **rest)])
    opened.journal.conclude([kit.delivered(one) for one in kit.claimed_deliveries(opened)])
    return name


def kinds(opened: OpenJournal, name: str) -> list[str]:
    """Return what is told of a message."""
    return [event["kind"] for event in opened.desk.trace(name)["messages"][0]["events"]]


def is_whole(opened: OpenJournal, name: str) -> bool:
    return opened.desk.payload(name)[1] != PURGED and "purged" not in kinds(opened, name)


def test_what_ended_long_ago_loses_its_documents_and_events_and_keeps_its_place(world: World) -> None:
    opened = world.opened[0]
    name = finish(opened, Delivery("erp", b"the order for the ERP"), data=b"x" * 1000)
    world.advance(31 * DAY)
    assert purge(opened) == Purged(1, 1, 2, 1021, 2, name)
    story = opened.desk.trace(name)["messages"][0]
    assert (story["state"], story["size"], kinds(opened, name), story["events"][0]["by"]) == ("done", 0, ["purged"], "ann (cli)")
    (delivery,) = story["deliveries"]
    assert (delivery["state"], delivery["reference"]) == ("delivered", "sale 17")
    assert opened.desk.payload(name) == (b"", PURGED)


def test_what_ended_lately_stays(world: World) -> None:
    opened = world.opened[0]
    name = finish(opened, Delivery("erp", b"x"))
    world.advance(29 * DAY)
    assert purge(opened).families == 0
    assert is_whole(opened, name)


def test_purging_again_finds_nothing_more(world: World) -> None:
    opened = world.opened[0]
    name = finish(opened)
    world.advance(31 * DAY)
    assert purge(opened).families == 1
    assert purge(opened) == Purged()
    assert len(opened.desk.trace(name)["messages"][0]["events"]) == 1


def in_flight(opened: OpenJournal) -> str:
    return kit.accepted(opened, b"waits for a worker")[0]


def leased(opened: OpenJournal) -> str:
    (name,) = kit.accepted(opened, b"is being worked on")
    kit.claimed(opened, lease=400 * DAY)
    return name


def failed(opened: OpenJournal) -> str:
    (name,) = kit.accepted(opened, b"bad")
    opened.journal.settle([kit.failed(work) for work in kit.claimed(opened)])
    return name


def parked(opened: OpenJournal) -> str:
    (name,) = kit.accepted(opened, b"parked")
    (work,) = kit.claimed(opened)
    opened.journal.settle([Settled(work, Outcome(work.message, State.WAITING, wait=Wait("park", 1, "PO-1")))])
    return name


def undelivered(opened: OpenJournal) -> str:
    return kit.queue_deliveries(opened, Delivery("erp", b"not yet sent"))


def delivery_failed(opened: OpenJournal) -> str:
    name = kit.queue_deliveries(opened, Delivery("erp", b"refused"))
    (work,) = kit.claimed_deliveries(opened)
    opened.journal.conclude([kit.concluded(work, DeliveryState.FAILED, "refused")])
    return name


def unknown(opened: OpenJournal) -> str:
    name = kit.queue_deliveries(opened, Delivery("erp", b"perhaps"))
    (work,) = kit.claimed_deliveries(opened)
    opened.journal.conclude([kit.concluded(work, DeliveryState.UNKNOWN, "unknown")])
    return name


def in_window(opened: OpenJournal) -> str:
    return finish(opened, claims=(Claim("isa/acme", "4711", "interchange 4711", window=90 * DAY),))


def awaited(opened: OpenJournal) -> str:
    """Sent to a partner that has not acknowledged it."""
    return exchanges.send(opened, exchanges.letter())


def rejected(opened: OpenJournal) -> str:
    """Sent, and rejected by the partner: that waits for a person."""
    name = exchanges.send(opened, exchanges.letter())
    exchanges.acknowledge(opened, exchanges.said(Verdict.REJECTED))
    return name


def unanswered(opened: OpenJournal) -> str:
    """Received from a partner, with an answer that should have followed."""
    return exchanges.receive_order(opened)


def child_failed(opened: OpenJournal) -> str:
    """A family whose first message is done, and one that its event started has failed."""
    (name,) = kit.accepted(opened, b"parent")
    (work,) = kit.claimed(opened)
    child = kit.done(work).outcome.message
    started = replace(child, id=new_id(), causation_id=child.id, correlation_id=child.correlation_id or child.id)
    opened.journal.settle([replace(kit.done(work), spawns=(started,))])
    opened.journal.settle([kit.failed(one) for one in kit.claimed(opened)])
    return name


def part_failed(opened: OpenJournal) -> str:
    """A split document of which one part has failed."""
    (name,) = kit.accepted(opened, b"two orders")
    (work,) = kit.claimed(opened)
    for number, state in ((1, State.DONE), (2, State.FAILED)):
        child = replace(work.message, id=f"{name}.{number}", causation_id=name, correlation_id=name)
        error = kit.failed(work).outcome.error if state is State.FAILED else None
        opened.journal.append(work, [Appended(Outcome(child.with_body({"part": number}), state, error=error))], 60)
    opened.journal.settle([Settled(work, Outcome(work.message, State.SPLIT))])
    return name


UNDONE = [
    in_flight, leased, failed, parked, undelivered, delivery_failed, unknown, in_window, awaited, rejected, unanswered,
    child_failed, part_failed,
]  # fmt: skip


@pytest.mark.parametrize("begin", UNDONE)
def test_what_is_not_done_with_stays_whole(world: World, begin: Any) -> None:
    opened = world.opened[0]
    name = begin(opened)
    before = opened.desk.trace(name)
    world.advance(31 * DAY)
    purge(opened)
    assert opened.desk.trace(name) == before
    assert opened.desk.payload(name)[0] != b""


def test_a_window_that_is_over_keeps_nothing(world: World) -> None:
    opened = world.opened[0]
    in_window(opened)
    world.advance(91 * DAY)
    assert purge(opened).families == 1


def test_a_second_copy_is_known_though_the_first_was_purged(world: World) -> None:
    opened = world.opened[0]
    for_ever = Claim("isa/acme", "4711", "interchange 4711")
    first = finish(opened, claims=(for_ever,))
    keyed = opened.journal.accept([kit.receipt(b"keyed", "key-1")], "r1")[0]
    opened.journal.settle([kit.done(work) for work in kit.claimed(opened)])
    world.advance(31 * DAY)
    assert purge(opened).families == 2
    assert opened.journal.accept([kit.receipt(b"keyed", "key-1")], "r1")[0].duplicate
    kit.accepted(opened, b"again")
    (work,) = kit.claimed(opened)
    taken = opened.journal.reserve(work, [for_ever])
    assert ([claim.holder for claim in taken], keyed.duplicate) == ([first], False)


def test_a_document_that_is_gone_is_not_sent_again(world: World) -> None:
    opened = world.opened[0]
    name = finish(opened, Delivery("erp", b"x"))
    world.advance(31 * DAY)
    purge(opened)
    with pytest.raises(Refused, match=rf"the document of {name}/1 was purged"):
        opened.desk.resend(f"{name}/1", ANN)
    assert kit.claimed_deliveries(opened) == []


def test_a_run_that_is_cut_off_goes_on_where_it_was(world: World) -> None:
    opened = world.opened[0]
    names = [finish(opened, data=b"order %d" % number) for number in range(7)]
    world.advance(31 * DAY)
    first = opened.purge(30 * DAY, "", ANN, limit=3)
    assert (first.families, first.after) == (3, names[2])
    assert [is_whole(opened, name) for name in names] == [False] * 3 + [True] * 4
    assert purge(world.open(), limit=2).families == 4
    assert not any(is_whole(opened, name) for name in names)


def test_a_preview_changes_nothing(world: World) -> None:
    opened = world.opened[0]
    name = finish(opened, Delivery("erp", b"12345"), data=b"1234567890")
    world.advance(31 * DAY)
    found = purge(opened, dry=True)
    assert (found.families, found.bodies, found.size) == (1, 2, 15)
    assert is_whole(opened, name)
    assert opened.audit.search(Sought(action="purge")) == []


def test_every_batch_is_in_the_audit_log(world: World) -> None:
    opened = world.opened[0]
    names = [finish(opened, data=b"order %d" % number) for number in range(3)]
    world.advance(31 * DAY)
    purge(opened, limit=2)
    rows = opened.audit.search(Sought(action="purge"))
    assert [row.subject for row in rows] == [f"{names[2]}..{names[2]}", f"{names[0]}..{names[1]}"]
    assert {row.actor for row in rows} == {"ann"}
    assert opened.audit.verify()[1] == []


def test_a_great_document_goes_with_all_its_pieces(world: World) -> None:
    opened = world.opened[0]
    name = finish(opened, data=b"y" * 3_000_000)
    world.advance(31 * DAY)
    assert purge(opened).size == 3_000_000
    assert opened.desk.payload(name)[0] == b""
    assert opened.database.read(lambda session: session.all("chunks", payload_id=1)) == []


def test_what_a_partner_has_collected_and_removed_goes_and_what_it_hasnt_stays(world: World) -> None:
    opened = world.opened[0]
    for name in ("a.edi", "b.edi"):
        opened.pickup.put("acme", "outbound", name, b"a document", name)
    opened.pickup.remove("acme", "outbound", "a.edi")
    world.advance(31 * DAY)
    assert purge(opened).bodies == 1
    assert opened.pickup.read("acme", "outbound", "b.edi") == b"a document"
    assert purge(opened).bodies == 0
