"""Accepting: durable, once per dedupe key."""

from __future__ import annotations

import threading

import pytest

from crossdock.core.message import BODY_TYPE, Accepted, Control, Receipt
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import ORDERS, World, accepted, claimed, ids, receipt


def test_an_accepted_message_is_there_for_another_process(world: World) -> None:
    (name,) = accepted(world.opened[0], b"an order")
    (work,) = claimed(world.open())
    assert (name, b"an order") == (work.message.id, work.message.body)


def test_a_message_carries_what_its_receipt_said(opened: OpenJournal) -> None:
    headers = {"user-agent": "curl", "evil": "a\0b\ud800"}
    opened.journal.accept([receipt(b"{}", content_type="application/json", headers=headers, traceparent="00-ab-cd-01")], "r7")
    (work,) = claimed(opened)
    message = work.message
    assert Control("orders", "r7", "sftp", "acme") == message.control
    assert (
        message.content_type,
        message.headers["user-agent"],
        message.traceparent,
    ) == ("application/json", "curl", "00-ab-cd-01")
    assert (message.id, "") == (message.correlation_id, message.causation_id)


def test_a_second_copy_is_answered_with_the_first_ones_id(opened: OpenJournal) -> None:
    (first,) = opened.journal.accept([receipt(key="k1")], "r1")
    (second,) = opened.journal.accept([receipt(key="k1")], "r1")
    assert Accepted(first.message_id, duplicate=True) == second
    assert [first.message_id] == ids(claimed(opened))


def test_copies_within_one_batch_are_known(opened: OpenJournal) -> None:
    answers = opened.journal.accept([receipt(key="k1"), receipt(key="k2"), receipt(key="k1")], "r1")
    assert [answer.duplicate for answer in answers] == [False, False, True]
    assert answers[0].message_id == answers[2].message_id
    assert len(claimed(opened)) == 2


def test_one_key_of_two_sources_is_two_keys(opened: OpenJournal) -> None:
    here = Receipt("orders", b"a", "sftp", dedupe_key="k")
    there = Receipt("orders", b"a", "webhook", dedupe_key="k")
    assert [answer.duplicate for answer in opened.journal.accept([here, there], "r1")] == [False, False]


def test_each_message_of_a_batch_has_its_own_payload(opened: OpenJournal) -> None:
    datas = [b"order %d" % n for n in range(100)]
    accepted(opened, *datas)
    assert [work.message.body for work in claimed(opened)] == datas


def test_without_a_key_every_receipt_is_new(opened: OpenJournal) -> None:
    assert [answer.duplicate for answer in opened.journal.accept([receipt(), receipt()], "r1")] == [False, False]


def test_keys_of_any_length_and_any_characters_are_known_again(opened: OpenJournal) -> None:
    keys = ["x" * 5000 + "1", "x" * 5000 + "2", "a\0b", "\ud800", "ü✓"]
    first = opened.journal.accept([receipt(key=key) for key in keys], "r1")
    second = opened.journal.accept([receipt(key=key) for key in keys], "r1")
    assert [answer.duplicate for answer in first] == [False] * 5
    assert [(answer.message_id, True) for answer in first] == [(answer.message_id, answer.duplicate) for answer in second]


def test_of_copies_racing_in_many_threads_one_wins(opened: OpenJournal) -> None:
    answers: list[Accepted] = []

    def send(start: int) -> None:
        keys = [f"k{(start + step) % 20}" for step in range(20)]
        answers.extend(opened.journal.accept([receipt(key=key) for key in keys], "r1"))

    threads = [threading.Thread(target=send, args=(start,)) for start in range(0, 20, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(not answer.duplicate for answer in answers), sum(answer.duplicate for answer in answers)) == (20, 80)
    assert len({answer.message_id for answer in answers}) == 20
    assert len(opened.journal.claim(ORDERS, 100, 60)) == 20


@pytest.mark.parametrize("size", [0, 256 * 1024, 256 * 1024 + 1, 3 * 1024 * 1024 + 17])
def test_a_payload_of_any_size_comes_back_as_it_was(opened: OpenJournal, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (name,) = accepted(opened, data)
    (work,) = claimed(opened)
    assert data == work.message.body
    assert (data, "application/octet-stream") == opened.desk.payload(name)


def test_a_stranger_cannot_pass_bytes_off_as_a_decoded_body(opened: OpenJournal) -> None:
    opened.journal.accept([receipt(b'{"not": json', content_type=BODY_TYPE)], "r1")
    (work,) = claimed(opened)
    assert (work.message.body, work.message.content_type) == (b'{"not": json', "application/octet-stream")


def test_nothing_is_accepted_of_nothing(opened: OpenJournal) -> None:
    assert opened.journal.accept([], "r1") == []
