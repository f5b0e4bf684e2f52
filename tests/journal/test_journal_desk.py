"""The operator's desk: find, trace, list, show, retry, resend, discard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossdock.core.errors import Refused, Rejected, UnknownEffect
from crossdock.core.ids import child_id, new_id
from crossdock.core.journal import Appended, Query, Settled
from crossdock.core.message import BODY_TYPE, Control, Message, Numbered
from crossdock.core.outcome import Delivery, DeliveryState, Outcome, State
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import (
    ANN,
    ERP,
    ORDERS,
    World,
    accepted,
    claimed,
    claimed_deliveries,
    concluded,
    delivered,
    failed,
    queue_deliveries,
    receipt,
)


def family(opened: OpenJournal) -> tuple[str, str]:
    """Make a file of twelve orders, each delivered, the last of which starts a message; return root and spawn."""
    opened.journal.accept([receipt(b"file", name="po.edi")], "r1")
    (work,) = claimed(opened)
    message = work.message.with_keys({"interchange": "4711"})
    parts = []
    for n in range(1, 13):
        child = replace(message, id=child_id(message.id, n), body={"n": n}, causation_id=message.id)
        child = child.with_keys({"order_number": f"PO-{n}"})
        parts.append(Appended(Outcome(child, State.DONE, (Delivery("erp", child.body),))))
    spawn = Message(new_id(), {}, Control("acks", "r1"), correlation_id=message.id, causation_id=child_id(message.id, 12))
    parts[-1] = replace(parts[-1], spawns=(spawn,))
    opened.journal.append(work, parts, 60)
    opened.journal.settle([Settled(work, Outcome(message, State.SPLIT, (Delivery("acks", b"997"),)))])
    return message.id, spawn.id


def test_a_family_is_found_by_ids_prefixes_and_keys(opened: OpenJournal) -> None:
    root, spawn = family(opened)
    for text in (root, root.upper(), root[:24], f"{root}.3", f"{root}.3/1", spawn, "4711", "PO-7", " PO-7 "):
        assert opened.desk.find(text) == [root], text
    assert [opened.desk.find(text) for text in ("", "PO", "nothing", "%", "x" * 9000)] == [[], [], [], [], []]


def test_what_two_families_share_is_found_newest_first(world: World) -> None:
    opened = world.opened[0]
    roots = []
    for _ in range(2):
        (name,) = accepted(opened, b"a")
        (work,) = claimed(opened)
        opened.journal.settle([Settled(work, Outcome(work.message.with_keys({"po": "1"}), State.DONE))])
        roots.append(name)
    assert opened.desk.find("1") == sorted(roots, reverse=True)
    assert opened.desk.find(roots[0][:4]) == []


def test_a_trace_tells_parents_before_children_and_parts_in_their_order(opened: OpenJournal) -> None:
    root, spawn = family(opened)
    story = opened.desk.trace(f"{root}.3/1")
    assert story["root"] == root
    assert [row["id"] for row in story["messages"]] == [root, *[f"{root}.{n}" for n in range(1, 13)], spawn]
    first, second = story["messages"][:2]
    assert (first["name"], first["size"], first["source"], first["keys"]) == ("po.edi", 4, "sftp", {"interchange": "4711"})
    assert (second["parent"], second["state"], second["keys"]["order_number"]) == (root, "done", "PO-1")
    (delivery,) = second["deliveries"]
    assert (delivery["id"], delivery["key"], delivery["state"]) == (f"{root}.1/1", f"{root}.1/1", "queued")


def test_an_unknown_message_has_no_trace(opened: OpenJournal) -> None:
    for ask in (opened.desk.trace, opened.desk.show, opened.desk.payload):
        with pytest.raises(KeyError):
            ask("01nothing")
        with pytest.raises(KeyError):
            ask("01nothing/1")


def test_messages_are_listed_newest_first_a_page_at_a_time(opened: OpenJournal) -> None:
    names = sorted(accepted(opened, *[b"x"] * 5), reverse=True)
    page = opened.desk.messages(Query(limit=2))
    rest = opened.desk.messages(Query(before=page[-1]["id"]))
    assert [row["id"] for row in page + rest] == names
    assert page[0] == page[0] | {"route": "orders", "partner": "acme", "state": "received", "size": 1, "error": None}


def test_a_query_narrows_the_list(opened: OpenJournal) -> None:
    root, _ = family(opened)
    (late,) = accepted(opened, b"x")
    assert [row["id"] for row in opened.desk.messages(Query(key="PO-5", limit=1))] == [f"{root}.5"]
    assert opened.desk.messages(Query(key="PO_5")) == []
    assert [row["id"] for row in opened.desk.messages(Query(state="split"))] == [root]
    assert [row["id"] for row in opened.desk.messages(Query(route="orders", state="received"))] == [late]
    assert opened.desk.messages(Query(partner="other")) == []
    received = opened.desk.messages(Query(limit=1))[0]["received_at"]
    assert [row["id"] for row in opened.desk.messages(Query(since=received, state="received", route="orders"))] == [late]
    assert opened.desk.messages(Query(since=received + 3_600_000)) == []


def test_what_failed_is_listed_until_it_is_done(opened: OpenJournal) -> None:
    (bad,) = accepted(opened, b"x")
    (work,) = claimed(opened)
    opened.journal.settle([failed(work)])
    name = queue_deliveries(opened, Delivery("erp", b"x", key="PO-1"))
    (delivery,) = claimed_deliveries(opened)
    opened.journal.conclude([concluded(delivery, DeliveryState.UNKNOWN, "unknown", error=UnknownEffect("no answer"))])
    rows = opened.desk.failed(Query())
    assert {(row["id"], row["kind"], row["state"]) for row in rows} == {
        (bad, "message", "failed"),
        (f"{name}/1", "delivery", "unknown"),
    }
    assert {row["error"]["message"] for row in rows} == {"no such SKU", "no answer"}
    assert [row["id"] for row in opened.desk.failed(Query(state="unknown"))] == [f"{name}/1"]
    assert opened.desk.failed(Query(before=rows[0]["id"])) == rows[1:]
    assert opened.desk.failed(Query(limit=1)) == rows[:1]
    opened.desk.retry(bad, None, ANN)
    opened.desk.discard(f"{name}/1", "done by hand", ANN)
    assert opened.desk.failed(Query()) == []


def test_what_failed_is_shown_whole(opened: OpenJournal) -> None:
    (bad,) = accepted(opened, b"ISA*00")
    (work,) = claimed(opened)
    opened.journal.settle([failed(work)])
    shown = opened.desk.show(bad)
    assert (shown["kind"], shown["payload"], shown["content_type"]) == ("message", b"ISA*00", "application/octet-stream")
    assert (shown["attempts"], shown["error"]["where"], shown["events"][0]["kind"]) == (1, "r.yaml:7", "failed")
    name = queue_deliveries(opened, Delivery("erp", {"a": 1}, order_key="c-1", operation="create"))
    shown = opened.desk.show(f"{name}/1")
    assert (shown["kind"], shown["payload"], shown["content_type"]) == ("delivery", b'{"a":1}', BODY_TYPE)
    assert (shown["key"], shown["order_key"], shown["operation"]) == (f"{name}/1", "c-1", "create")


def test_a_message_is_retried_with_a_repaired_payload_and_keeps_its_original(opened: OpenJournal) -> None:
    (bad,) = accepted(opened, b"ISA*bad")
    (work,) = claimed(opened)
    opened.journal.settle([failed(work)])
    assert opened.desk.retry(bad, b"ISA*good", ANN) == ORDERS
    (again,) = claimed(opened)
    assert (again.message.body, again.attempts) == (b"ISA*good", 1)
    events = opened.desk.trace(bad)["messages"][0]["events"]
    assert [(event["kind"], event.get("by"), event["note"]) for event in events] == [
        ("failed", None, ""),
        ("retried", "ann (cli)", "with a repaired payload"),
    ]
    original = opened.database.read(lambda session: session.all("payload", id=1))
    assert opened.desk.trace(bad)["messages"][0]["size"] == len(b"ISA*bad")
    assert original


def test_a_decoded_document_is_repaired_as_json(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, Delivery("erp", {"sku": "X"}))
    (work,) = claimed_deliveries(opened)
    opened.journal.conclude([concluded(work, DeliveryState.FAILED, "refused", error=Refused("no SKU X"))])
    with pytest.raises(Rejected):
        opened.desk.retry(f"{name}/1", b"{'sku'", ANN)
    assert opened.desk.retry(f"{name}/1", b'{"sku": "Y"}', ANN) == ERP
    (again,) = claimed_deliveries(opened)
    assert (again.message.body, again.effect, again.attempts) == ({"sku": "Y"}, "", 1)


def test_only_what_failed_is_retried_or_discarded(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, Delivery("erp", b"x"))
    for item in (name, f"{name}/1"):
        with pytest.raises(Refused):
            opened.desk.retry(item, None, ANN)
        with pytest.raises(Refused):
            opened.desk.discard(item, "", ANN)


def test_a_part_whose_document_was_never_complete_asks_for_one(opened: OpenJournal) -> None:
    (name,) = accepted(opened, b"file")
    (work,) = claimed(opened)
    body = Numbered("x", lambda number: b"", str)
    child = replace(work.message, id=f"{name}.1", body=body, causation_id=name)
    opened.journal.append(work, [Appended(Outcome(child, State.FAILED, error=Rejected("no partner")))], 60)
    with pytest.raises(Refused):
        opened.desk.retry(f"{name}.1", None, ANN)
    assert opened.desk.retry(f"{name}.1", b"whole", ANN) == ORDERS


def test_a_retried_unknown_delivery_starts_with_a_clear_ledger_that_says_who_decided(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, Delivery("erp", b"x"))
    (work,) = claimed_deliveries(opened)
    opened.journal.intend([work])
    opened.journal.conclude([concluded(work, DeliveryState.UNKNOWN, "unknown", error=UnknownEffect("no answer"))])
    opened.desk.retry(f"{name}/1", None, ANN)
    (again,) = claimed_deliveries(opened)
    assert again.effect == ""
    (delivery,) = opened.desk.trace(name)["messages"][0]["deliveries"]
    assert [(effect["state"], effect["note"]) for effect in delivery["effects"]] == [
        ("unknown", "ann (cli) decided that it was not done, and retried")
    ]


def test_a_document_is_resent_as_a_new_delivery(opened: OpenJournal) -> None:
    name = queue_deliveries(opened, Delivery("erp", b"997"), Delivery("erp", b"po", key="PO-1"))
    opened.journal.conclude([delivered(work) for work in claimed_deliveries(opened)])
    assert [opened.desk.resend(f"{name}/{n}", ANN) for n in (1, 2)] == [f"{name}/3", f"{name}/4"]
    assert [(work.delivery_id, work.key, work.message.body) for work in claimed_deliveries(opened)] == [
        (f"{name}/3", f"{name}/3", b"997"),
        (f"{name}/4", "PO-1", b"po"),
    ]
    assert opened.desk.show(f"{name}/3")["events"][0]["by"] == "ann (cli)"


def test_a_discarded_message_keeps_its_reason(opened: OpenJournal) -> None:
    (bad,) = accepted(opened, b"x")
    (work,) = claimed(opened)
    opened.journal.settle([failed(work)])
    opened.desk.discard(bad, "sent by mistake", ANN)
    (message,) = opened.desk.trace(bad)["messages"]
    assert (message["state"], message["events"][-1]["note"], message["events"][-1]["by"]) == (
        "discarded",
        "sent by mistake",
        "ann (cli)",
    )
    assert opened.desk.payload(bad) == (b"x", "application/octet-stream")


def test_counts_start_at_a_time(opened: OpenJournal) -> None:
    queue_deliveries(opened, Delivery("erp", b"x"))
    received = opened.desk.messages(Query())[0]["received_at"]
    assert opened.desk.counts(received) == {"messages": {"done": 1}, "deliveries": {"queued": 1}}
    assert opened.desk.counts(received + 3_600_000) == {"messages": {}, "deliveries": {}}


def test_processes_that_beat_are_seen_for_a_while(world: World) -> None:
    opened = world.opened[0]
    opened.journal.beat("host:1", "worker", {"lanes": 3})
    opened.journal.beat("host:1", "worker", {"lanes": 4})
    (row,) = opened.desk.processes()
    assert (row["name"], row["role"], row["detail"]) == ("host:1", "worker", {"lanes": 4})
    world.advance(3600)
    assert opened.desk.processes() == []
