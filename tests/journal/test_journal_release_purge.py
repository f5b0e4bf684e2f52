"""Retention of releases: what nothing refers to goes, what runs, ran lately or has messages stays, and history stays told."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from crossdock.core.access import Actor
from crossdock.core.audit import Sought
from crossdock.core.deployment import Deployment
from crossdock.core.journal import StoredRelease
from crossdock.core.outcome import Delivery
from crossdock.runtime.journal import OpenJournal
from crossdock.runtime.journal.release_purge import PurgedReleases
from tests.journal import journal_kit as kit
from tests.journal.journal_kit import World

ANN = Actor("ann")
DAY = 24 * 3600.0
FILES = {"routes/x.route.yaml": "route: x\n"}


def deploy(world: World, *releases: str) -> OpenJournal:
    """Deploy releases one after the other, a day between two."""
    opened = world.opened[0]
    for release in releases:
        before = opened.journal.deployed()
        number = before.number + 1 if before else 1
        opened.journal.deploy(Deployment(number, release, "deploy"), StoredRelease(release, FILES, "local"))
        world.advance(DAY)
    return opened


def purge(opened: OpenJournal, days: float = 30, last: int = 1, *, dry: bool = False) -> PurgedReleases:
    return opened.purge_releases(days * DAY, ANN, last, dry=dry)


def kept(opened: OpenJournal, *releases: str) -> list[str]:
    """Return which of some releases can still be loaded."""
    return [release for release in releases if opened.journal.load_release(release) is not None]


def message(opened: OpenJournal, release: str) -> str:
    """Accept an order under a release; return its id."""
    (answer,) = opened.journal.accept([kit.receipt()], release)
    return answer.message_id


def test_releases_that_ran_long_ago_lose_their_files_and_their_deployments_stay_told(world: World) -> None:
    opened = deploy(world, "a", "b", "c")
    world.advance(40 * DAY)
    assert purge(opened) == PurgedReleases(("a", "b"), opened.journal.release_sizes(["c"])["c"] * 2)
    assert kept(opened, "a", "b", "c") == ["c"]
    assert [one.release for one in opened.journal.deployments(9)] == ["c", "b", "a"]
    sizes = opened.journal.release_sizes(["a", "b", "c"])
    assert (sizes["a"], sizes["b"], sizes["c"] > 0) == (0, 0, True)


def test_a_release_that_ran_on_until_lately_stays(world: World) -> None:
    """`a` was deployed 42 days ago, and ran until 10 days ago."""
    opened = deploy(world, "a")
    world.advance(30 * DAY)
    deploy(world, "b")
    world.advance(10 * DAY)
    assert (purge(opened).ids, purge(opened, days=5).ids) == ((), ("a",))


def test_the_last_releases_stay_however_old_they_are(world: World) -> None:
    opened = deploy(world, "a", "b", "a", "c", "d")
    world.advance(400 * DAY)
    assert purge(opened, last=3).ids == ("b",)


def test_a_canarys_candidate_counts_as_one_that_ran(world: World) -> None:
    opened = deploy(world, "a")
    opened.journal.deploy(Deployment(2, "a", "canary", candidate="b", share=500), StoredRelease("b", FILES, "local"))
    opened.journal.deploy(Deployment(3, "a", "withdraw"))
    world.advance(40 * DAY)
    assert (purge(opened, last=2).ids, purge(opened, last=1).ids) == ((), ("b",))
    assert opened.journal.release_sizes(["b"]) == {"b": 0}


def test_what_was_only_ever_kept_goes_altogether(world: World) -> None:
    opened = deploy(world, "a")
    opened.journal.keep_release(StoredRelease("b", FILES, "local"))
    assert purge(opened).ids == ()
    world.advance(40 * DAY)
    assert purge(opened).ids == ("b",)
    assert opened.journal.release_sizes(["b"]) == {}


def test_a_release_whose_approval_is_asked_for_stays(world: World) -> None:
    opened = deploy(world, "a")
    opened.journal.keep_release(StoredRelease("b", FILES, "local"))
    opened.approvals.request("b", ANN, "please", 60 * DAY)
    world.advance(40 * DAY)
    assert purge(opened).ids == ()
    world.advance(40 * DAY)
    assert purge(opened).ids == ("b",)


def unfinished(opened: OpenJournal) -> None:
    message(opened, "a")


def failed(opened: OpenJournal) -> None:
    message(opened, "a")
    opened.journal.settle([kit.failed(work) for work in kit.claimed(opened)])


def finished(opened: OpenJournal) -> None:
    message(opened, "a")
    opened.journal.settle([kit.done(work) for work in kit.claimed(opened)])


def undelivered(opened: OpenJournal) -> None:
    message(opened, "a")
    opened.journal.settle([kit.done(work, Delivery("erp", b"x")) for work in kit.claimed(opened)])


@pytest.mark.parametrize("begin", [unfinished, failed, finished, undelivered])
def test_a_release_stays_while_a_message_of_it_could_be_worked_on(world: World, begin: Callable[[OpenJournal], None]) -> None:
    opened = deploy(world, "a")
    begin(opened)
    deploy(world, "b")
    world.advance(40 * DAY)
    assert purge(opened).ids == ()


def test_a_release_goes_when_its_messages_are_purged(world: World) -> None:
    opened = deploy(world, "a")
    message(opened, "a")
    opened.journal.settle([kit.done(work, Delivery("erp", b"x")) for work in kit.claimed(opened)])
    opened.journal.conclude([kit.delivered(one) for one in kit.claimed_deliveries(opened)])
    deploy(world, "b")
    world.advance(40 * DAY)
    assert opened.purge(30 * DAY, "", ANN).families == 1
    assert purge(opened).ids == ("a",)


def test_a_purged_release_can_be_deployed_again(world: World) -> None:
    opened = deploy(world, "a", "b")
    world.advance(40 * DAY)
    assert purge(opened).ids == ("a",)
    deploy(world, "a")
    found = opened.journal.load_release("a")
    assert found is not None
    assert found.files == FILES


def test_a_dry_run_says_what_would_go_and_changes_nothing(world: World) -> None:
    opened = deploy(world, "a", "b")
    world.advance(40 * DAY)
    assert purge(opened, dry=True).ids == ("a",)
    assert kept(opened, "a", "b") == ["a", "b"]
    assert opened.audit.search(Sought(action="purge")) == []


def test_the_audit_log_says_which_releases_went_and_stays_whole(world: World) -> None:
    opened = deploy(world, "a", "b")
    before = list(opened.audit.rows())
    world.advance(40 * DAY)
    gone = purge(opened)
    assert purge(opened) == PurgedReleases()
    (row,) = opened.audit.search(Sought(action="purge"))
    assert (row.actor, row.subject, json.loads(row.details)) == (
        "ann",
        "releases",
        {"older_ms": 30 * 24 * 3600 * 1000, "releases": ["a"], "bytes": gone.size},
    )
    assert list(opened.audit.rows())[: len(before)] == before
    assert opened.audit.verify()[1] == []
