"""Releases are kept once; deployments follow one another, and of two made at once one is told so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from crossdock.core.deployment import Deployment, Tally
from crossdock.core.journal import StoredRelease, Superseded
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import ANN, World, accepted

ONE = StoredRelease("a", {"routes/x.yaml": "route: x\n\0"}, "local", created_at=5, note="first", engine="0.1", signature="k v")
FIRST = Deployment(1, "a", "deploy", "ann", "first")


def test_nothing_is_deployed_at_first(opened: OpenJournal) -> None:
    assert (opened.journal.deployed(), opened.journal.deployments(5), opened.journal.load_release("a")) == (None, [], None)


def test_a_deployment_keeps_its_release_and_is_what_runs(opened: OpenJournal) -> None:
    made = opened.journal.deploy(FIRST, ONE)
    assert (made, opened.journal.load_release("a")) == (replace(FIRST, at=made.at), ONE)
    assert opened.journal.deployed() == made


def test_a_release_is_kept_as_it_was_first(opened: OpenJournal) -> None:
    opened.journal.keep_release(ONE)
    opened.journal.keep_release(replace(ONE, note="again"))
    assert opened.journal.load_release("a") == ONE


def test_deployments_are_told_newest_first(opened: OpenJournal) -> None:
    opened.journal.deploy(FIRST, ONE)
    opened.journal.deploy(Deployment(2, "b", "canary", "bob", candidate="a", share=500), replace(ONE, id="b"))
    opened.journal.deploy(Deployment(3, "a", "rollback"))
    told = [(one.number, one.release, one.act) for one in opened.journal.deployments(2)]
    assert told == [(3, "a", "rollback"), (2, "b", "canary")]


@pytest.mark.parametrize("number", [1, 3])
def test_a_number_that_is_not_the_next_one_changes_nothing(opened: OpenJournal, number: int) -> None:
    opened.journal.deploy(FIRST, ONE)
    with pytest.raises(Superseded) as raised:
        opened.journal.deploy(Deployment(number, "b", "deploy", "bob"), replace(ONE, id="b"))
    assert raised.value.message.startswith("ann was faster: deployment 1: a (deploy) was made while this one was prepared")
    assert (opened.journal.load_release("b"), len(opened.journal.deployments(9))) == (None, 1)


def test_of_many_who_deploy_at_once_one_succeeds_and_the_others_are_told(world: World) -> None:
    journals = [world.open().journal for _ in range(4)]

    def deploy(at: int) -> str:
        try:
            return journals[at].deploy(Deployment(1, str(at), "deploy", f"person {at}"), replace(ONE, id=str(at))).actor
        except Superseded as error:
            return error.by.actor

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(deploy, range(4)))
    (made,) = journals[0].deployments(9)
    assert told == [made.actor] * 4


def test_a_share_of_the_keys_goes_to_the_candidate_always_the_same_ones() -> None:
    deployment = Deployment(1, "a", "canary", candidate="b", share=500)
    chosen = [key for key in map(str, range(20_000)) if deployment.release_for(key) == "b"]
    assert 900 < len(chosen) < 1100
    assert [key for key in chosen if deployment.release_for(key) != "b"] == []
    assert {replace(deployment, share=10_000).release_for(str(at)) for at in range(100)} == {"b"}


def test_messages_are_tallied_by_release(opened: OpenJournal) -> None:
    accepted(opened, b"one", b"two")
    since = opened.journal.deploy(FIRST, ONE).at
    assert opened.journal.tallies(since + 60_000) == {}
    assert opened.journal.tallies(since - 60_000) == {"r1": Tally(2, 0)}
    assert opened.journal.in_flight() == {("r1", "orders"): 2}


def test_a_release_in_a_journal_that_was_adopted_is_of_the_new_environment(opened: OpenJournal) -> None:
    """Else what was waiting in a copy of production would be delivered to production's endpoints, from the test environment."""
    opened.belong("production")
    opened.journal.keep_release(replace(ONE, environment="production"))
    opened.adopt("test", "production", ANN)
    found = opened.journal.load_release("a")
    assert found is not None
    assert found.environment == "test"
