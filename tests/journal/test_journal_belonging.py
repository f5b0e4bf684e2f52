"""A journal belongs to one environment, and says so to any other."""

from __future__ import annotations

import threading

import pytest

from crossdock.core.access import Actor
from crossdock.core.audit import Sought
from crossdock.core.deployment import Deployment
from crossdock.core.errors import Misconfigured
from crossdock.core.journal import StoredRelease
from crossdock.runtime.journal import OpenJournal
from crossdock.runtime.journal.belonging import owner_of
from crossdock.runtime.journal.migrate import configuration
from tests.journal.journal_kit import World
from tests.journal.test_journal_migrations import connected, execute

ANN = Actor("ann")


def owner(opened: OpenJournal) -> str:
    return opened.database.read(owner_of)


def test_the_first_environment_that_opens_a_journal_gets_it(empty: World) -> None:
    opened = empty.open()
    opened.belong("production")
    opened.belong("production")
    assert owner(opened) == "production"


def test_another_environment_is_refused_and_told_whose_it_is(empty: World) -> None:
    empty.open().belong("production")
    with pytest.raises(Misconfigured) as refused:
        empty.open().belong("test")
    assert refused.value.message == "this journal belongs to 'production', and this process is of 'test'"
    assert "give 'test' a `journal` of its own in config/environments/test.yaml" in refused.value.advice


def test_of_many_environments_at_once_one_gets_it(world: World) -> None:
    names = [f"environment-{number}" for number in range(6)]
    refused: list[str] = []

    def enter(name: str, opened: OpenJournal) -> None:
        try:
            opened.belong(name)
        except Misconfigured:
            refused.append(name)

    threads = [threading.Thread(target=enter, args=(name, world.open())) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted([*refused, owner(world.opened[0])]) == names


def test_a_journal_is_adopted_by_naming_the_environment_that_has_it(world: World) -> None:
    opened = world.opened[0]
    opened.belong("production")
    with pytest.raises(Misconfigured, match="belongs to 'production', not to 'staging'"):
        opened.adopt("test", "staging", ANN)
    opened.adopt("test", "production", ANN)
    opened.belong("test")
    assert owner(opened) == "test"
    (row,) = opened.audit.search(Sought())
    assert (row.actor, row.action, row.subject, row.environment) == ("ann", "adopt", "production", "test")


def test_a_journal_that_is_nobodys_can_not_be_adopted(world: World) -> None:
    with pytest.raises(Misconfigured, match="belongs to nobody yet, not to 'production'"):
        world.opened[0].adopt("test", "production", ANN)


def test_an_older_journal_belongs_to_the_environment_of_its_active_release(world: World) -> None:
    from alembic import command

    opened = world.opened[0]
    opened.journal.deploy(Deployment(1, "r1", "up"), StoredRelease("r1", {}, "production", 1))
    with connected(world) as connection:
        command.downgrade(configuration(connection), "0005")
    world.open().migrate()
    assert owner(world.open()) == "production"


def test_another_environments_journal_is_not_even_brought_up_to_date(world: World) -> None:
    world.opened[0].belong("production")
    execute(world, "UPDATE alembic_version SET version_num = '0005'")
    with pytest.raises(Misconfigured, match="belongs to 'production'"):
        world.open().belong("test")
    with pytest.raises(Misconfigured, match="revision 0005"):
        world.open().journal.check()
