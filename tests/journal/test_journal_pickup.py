"""Pickup folders, named leases, releases."""

from __future__ import annotations

import pytest

from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import World


def test_a_file_is_put_once_per_key(opened: OpenJournal) -> None:
    names = [opened.pickup.put("acme", "outbound", "a.edi", b"997", key) for key in ("k1", "k1")]
    assert names == ["a.edi", "a.edi"]
    (file,) = opened.pickup.files("acme", "outbound")
    assert (file.name, file.size, file.collected_at) == ("a.edi", 3, None)
    assert opened.pickup.read("acme", "outbound", "a.edi") == b"997"


def test_a_name_that_the_folder_had_gets_a_number(opened: OpenJournal) -> None:
    names = [opened.pickup.put("acme", "outbound", "a.b.edi", b"%d" % n, f"k{n}") for n in range(3)]
    assert names == ["a.b.edi", "a.b-2.edi", "a.b-3.edi"]
    assert opened.pickup.put("acme", "reports", "a.b.edi", b"", "k9") == "a.b.edi"
    assert opened.pickup.put("other", "outbound", "a.b.edi", b"", "k0") == "a.b.edi"
    assert [file.name for file in opened.pickup.files("acme", "outbound")] == names


def test_a_removed_file_is_hidden_and_its_name_not_given_again(opened: OpenJournal) -> None:
    opened.pickup.put("acme", "outbound", "a.edi", b"1", "k1")
    opened.pickup.remove("acme", "outbound", "a.edi")
    assert list(opened.pickup.files("acme", "outbound")) == []
    for gone in (opened.pickup.read, opened.pickup.remove):
        with pytest.raises(KeyError):
            gone("acme", "outbound", "a.edi")
    assert opened.pickup.put("acme", "outbound", "a.edi", b"2", "k2") == "a-2.edi"
    assert opened.pickup.put("acme", "outbound", "a.edi", b"1", "k1") == "a.edi"


def test_the_first_collection_is_noted(world: World) -> None:
    opened = world.opened[0]
    opened.pickup.put("acme", "outbound", "a.edi", b"1", "k1")
    opened.pickup.collected("acme", "outbound", "a.edi")
    (first,) = opened.pickup.files("acme", "outbound")
    world.advance(60)
    opened.pickup.collected("acme", "outbound", "a.edi")
    assert list(opened.pickup.files("acme", "outbound")) == [first]
    assert (first.collected_at or 0) >= first.written_at


def test_a_big_file_comes_back_as_it_was(opened: OpenJournal) -> None:
    data = bytes(range(256)) * 8000
    opened.pickup.put("acme", "outbound", "big", data, "k")
    assert opened.pickup.read("acme", "outbound", "big") == data


def test_one_process_holds_a_lease_until_it_runs_out_or_is_closed(world: World) -> None:
    first, second = world.opened[0], world.open()
    assert (first.lease.hold("poll/a", 30), second.lease.hold("poll/a", 30)) == (True, False)
    assert (first.lease.hold("poll/a", 30), second.lease.hold("poll/b", 30)) == (True, True)
    world.advance(31)
    assert (second.lease.hold("poll/a", 30), first.lease.hold("poll/a", 30)) == (True, False)
    second.close()
    assert first.lease.hold("poll/a", 30)


def test_check_says_what_the_journal_is(opened: OpenJournal) -> None:
    line = opened.journal.check()
    assert line.startswith(("SQLite 3", "PostgreSQL 1"))
    assert "password" not in line
