"""Approvals: a second person, this release and no other, once, and not for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from crossdock.core.access import Actor
from crossdock.core.approval import Approval, people
from crossdock.core.errors import Refused
from crossdock.runtime.journal import OpenJournal
from crossdock.runtime.journal.approvals import take
from tests.journal.journal_kit import ANN, World

BOB = Actor("bob")
DAY = 86400.0


def asked(opened: OpenJournal, release: str = "r2") -> Approval:
    return opened.approvals.request(release, ANN, "the new ACME map", DAY)


def taken(opened: OpenJournal, release: str = "r2") -> Approval:
    return opened.database.write(lambda session: take(session, release))


def test_a_release_that_a_second_person_approved_may_be_deployed_once(opened: OpenJournal) -> None:
    request = asked(opened)
    assert (request.release, request.requester, request.state) == ("r2", "ann (cli)", "open")
    approved = opened.approvals.approve(request.id, BOB)
    assert (approved.state, approved.decider) == ("approved", "bob (cli)")
    assert (taken(opened).id, opened.approvals.list()[0].state) == (request.id, "used")
    with pytest.raises(Refused, match="needs a second person's approval"):
        taken(opened)


def test_both_people_are_in_the_audit_log(opened: OpenJournal) -> None:
    request = asked(opened)
    opened.approvals.approve(request.id, BOB)
    assert [(row.actor, row.action, row.subject) for row in opened.audit.rows()] == [
        ("ann", "request", "r2"),
        ("bob", "approve", "r2"),
    ]


@pytest.mark.parametrize(
    "self_",
    [
        ANN,
        Actor("ANN"),
        Actor("deployer", "token", owner="ann"),
        Actor("ann@example.com", "oidc", subject="0815", email="ann@example.com"),
        Actor("0815", "oidc", subject="0815", email="Ann@example.com"),
    ],
)
def test_nobody_approves_what_they_asked_for_themselves(opened: OpenJournal, self_: Actor) -> None:
    request = asked(opened)
    with pytest.raises(Refused, match="it takes a second person") as error:
        opened.approvals.approve(request.id, self_)
    assert error.value.code == "same_person"
    assert opened.approvals.list()[0].state == "open"


def test_a_token_of_the_requester_is_the_requester(opened: OpenJournal) -> None:
    request = opened.approvals.request("r2", Actor("ci", "token", owner="ann"), "", DAY)
    with pytest.raises(Refused, match="it takes a second person"):
        opened.approvals.approve(request.id, ANN)


def test_an_approval_is_for_one_release(opened: OpenJournal) -> None:
    opened.approvals.approve(asked(opened).id, BOB)
    with pytest.raises(Refused, match="release r3 needs a second person's approval"):
        taken(opened, "r3")


def test_a_request_that_waits_is_named(opened: OpenJournal) -> None:
    request = asked(opened)
    with pytest.raises(Refused, match=f"ann .cli. has asked for it in request {request.id}") as error:
        taken(opened)
    assert f"crossdock approve {request.id}" in error.value.advice


def test_asking_again_returns_the_request_that_is_open(opened: OpenJournal) -> None:
    assert asked(opened).id == opened.approvals.request("r2", BOB, "", DAY).id


def test_a_request_expires(world: World) -> None:
    opened = world.opened[0]
    request = asked(opened)
    world.advance(DAY + 1)
    with pytest.raises(Refused, match="is expired; only an open one can be approved"):
        opened.approvals.approve(request.id, BOB)
    assert asked(opened).id != request.id


def test_an_approval_that_nobody_used_in_time_expires(world: World) -> None:
    opened = world.opened[0]
    opened.approvals.approve(asked(opened).id, BOB)
    world.advance(DAY + 1)
    with pytest.raises(Refused, match="needs a second person's approval"):
        taken(opened)


def test_what_was_rejected_stays_rejected_with_its_reason(opened: OpenJournal) -> None:
    request = asked(opened)
    assert opened.approvals.reject(request.id, ANN, "wrong map").reason == "wrong map"
    for act in (lambda: opened.approvals.approve(request.id, BOB), lambda: opened.approvals.reject(request.id, BOB, "")):
        with pytest.raises(Refused, match="is rejected; only an open one can be"):
            act()


def test_a_request_that_there_is_not_can_not_be_decided(opened: OpenJournal) -> None:
    with pytest.raises(KeyError):
        opened.approvals.approve("nothing", BOB)


def test_of_many_who_take_an_approval_at_once_one_gets_it(opened: OpenJournal) -> None:
    opened.approvals.approve(asked(opened).id, BOB)

    def attempt(_: int) -> bool:
        try:
            taken(opened)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_of_many_who_ask_at_once_all_get_one_request(opened: OpenJournal) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({request.id for request in pool.map(lambda _: asked(opened), range(8))}) == 1


def test_a_person_is_known_by_every_name() -> None:
    actor = Actor("Ann@example.com", "oidc", subject="0815", email="Ann@example.com")
    assert people(actor) == ("0815", "ann", "ann@example.com")
