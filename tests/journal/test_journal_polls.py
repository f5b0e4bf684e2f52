"""What is polled: how far a poll has come moves in the commit of what it brought, or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from crossdock.core.audit import Sought
from crossdock.core.errors import Retryable
from crossdock.core.journal import Query
from crossdock.core.message import Receipt
from crossdock.core.ports import Progress
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import ANN, World

NAME = "orders at market.example"


def receipt(number: int) -> Receipt:
    return Receipt("orders", b'{"id": %d}' % number, source="http:market.example", dedupe_key=f"orders:{number}")


def count(opened: OpenJournal) -> int:
    return len(opened.desk.messages(Query()))


def test_a_poll_begins_empty_due_at_once_and_is_the_same_for_all(world: World) -> None:
    one, other = world.opened[0], world.open()
    begun = one.polls.open(NAME, "orders")
    assert (begun.state, begun.version, begun.looked_at, begun.trouble) == ("", 0, None, "")
    assert begun.due_at <= begun.now
    assert (other.polls.open(NAME, "orders").version, [poll.name for poll in other.polls.all()]) == (0, [NAME])


def test_what_was_collected_and_how_far_it_came_are_one_commit(opened: OpenJournal) -> None:
    opened.polls.open(NAME, "orders")
    accepted = opened.journal.accept([receipt(1), receipt(2)], "r1", Progress(NAME, 0, "2"))
    assert [one.duplicate for one in accepted] == [False, False]
    after = opened.polls.open(NAME, "orders")
    assert (after.state, after.version, count(opened)) == ("2", 1, 2)


def test_who_was_overtaken_keeps_nothing(opened: OpenJournal) -> None:
    opened.polls.open(NAME, "orders")
    opened.journal.accept([receipt(1)], "r1", Progress(NAME, 0, "1"))
    with pytest.raises(Retryable, match="polled by another process meanwhile"):
        opened.journal.accept([receipt(2)], "r1", Progress(NAME, 0, "0"))
    after = opened.polls.open(NAME, "orders")
    assert (after.state, after.version, count(opened)) == ("1", 1, 1)


def test_of_many_that_move_it_at_once_one_does(world: World) -> None:
    world.opened[0].polls.open(NAME, "orders")

    def move(number: int) -> bool:
        try:
            world.opened[0].journal.accept([receipt(number)], "r1", Progress(NAME, 0, str(number)))
        except Retryable:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        moved = list(pool.map(move, range(8)))
    assert (moved.count(True), count(world.opened[0])) == (1, 1)
    assert world.opened[0].polls.open(NAME, "orders").state == str(moved.index(True))


def test_a_state_moves_with_nothing_collected(opened: OpenJournal) -> None:
    opened.polls.open(NAME, "orders")
    assert opened.journal.accept([], "", Progress(NAME, 0, "etag")) == []
    assert opened.polls.open(NAME, "orders").state == "etag"


def test_a_look_is_noted_with_its_trouble_and_when_the_next_is_due(world: World) -> None:
    polls = world.opened[0].polls
    polls.open(NAME, "orders")
    polls.note(NAME, 60, "503 \0 from market.example")
    noted = polls.open(NAME, "orders")
    assert (noted.due_at - (noted.looked_at or 0), noted.trouble, noted.version) == (60_000, "503 \ufffd from market.example", 0)
    assert noted.due_at > noted.now
    world.advance(61)
    assert polls.open(NAME, "orders").due_at < polls.open(NAME, "orders").now


def test_a_poll_that_begins_anew_can_t_be_moved_by_a_look_under_way(opened: OpenJournal) -> None:
    opened.polls.open(NAME, "orders")
    opened.journal.accept([receipt(1)], "r1", Progress(NAME, 0, "1"))
    assert opened.polls.restart(NAME, ANN)
    with pytest.raises(Retryable):
        opened.journal.accept([], "", Progress(NAME, 1, "1"))
    assert opened.polls.open(NAME, "orders").state == ""
    assert not opened.polls.restart("another", ANN)
    acts = [(row.actor, row.action, row.subject) for row in opened.audit.search(Sought(action="restart_poll"))]
    assert acts == [("ann", "restart_poll", NAME)]
