"""Releases in a process: compiled before they are gone over to, while what runs goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.boot.house import stored, taken_up
from crossdock.core.deployment import Deployment
from crossdock.core.journal import StoredRelease
from crossdock.runtime.journal import OpenJournal, open_journal
from crossdock.runtime.releases import KEPT, Releases
from crossdock_config import Release, load
from tests.config.config_kit import MAP, ROUTE, project

OTHER = {"routes/sales/other.route.yaml": ROUTE.replace("route: orders", "route: other").replace("/orders", "/other")}


def released(mark: str) -> Release:
    """Return a release whose route `orders` differs from others' by a mark."""
    found = load({**project(map=MAP.replace("body.id", f"body.id + '{mark}'")), **OTHER}).release
    assert found is not None
    return found


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenJournal]:
    monkeypatch.setenv("ACME", "a password")
    made = open_journal(f"sqlite:///{tmp_path}/journal.db")
    made.migrate()
    yield made
    made.close()


def deploy(opened: OpenJournal, release: Release) -> Deployment:
    before = opened.journal.deployed()
    return opened.journal.deploy(Deployment(before.number + 1 if before else 1, release.id, "deploy"), stored(release))


class Compiler:
    """Compiles as a process does, and can be held up."""

    def __init__(self) -> None:
        self.began, self.go_on, self.compiled = threading.Event(), threading.Event(), list[str]()
        self.go_on.set()

    def __call__(self, kept: StoredRelease, running: Release | None) -> Release:
        self.began.set()
        assert self.go_on.wait(20)
        self.compiled.append(kept.id)
        return taken_up(Path(), kept, running)


def test_while_one_release_is_compiled_nobody_who_has_another_one_waits(opened: OpenJournal) -> None:
    first, second = released("a"), released("b")
    compiler = Compiler()
    releases = Releases(deploy(opened, first), opened.journal, compiler, first)
    deploy(opened, second)
    compiler.go_on.clear()
    thread = threading.Thread(target=releases.follow)
    thread.start()
    assert compiler.began.wait(20)
    assert (releases.get(first.id), releases.active.id, releases.deployment.number) == (first, first.id, 1)
    compiler.go_on.set()
    thread.join(20)
    assert (releases.active.id, releases.deployment.number) == (second.id, 2)


def test_two_that_need_a_release_at_once_compile_it_once(opened: OpenJournal) -> None:
    first, second = released("a"), released("b")
    compiler = Compiler()
    releases = Releases(deploy(opened, first), opened.journal, compiler, first)
    deploy(opened, second)
    compiler.go_on.clear()
    threads = [threading.Thread(target=releases.get, args=(second.id,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    compiler.go_on.set()
    for thread in threads:
        thread.join(20)
    assert compiler.compiled == [second.id]


def test_going_back_to_a_release_that_is_still_there_compiles_nothing(opened: OpenJournal) -> None:
    first, second = released("a"), released("b")
    compiler = Compiler()
    releases = Releases(deploy(opened, first), opened.journal, compiler, first)
    deploy(opened, second)
    assert releases.follow()
    deploy(opened, first)
    assert releases.follow()
    assert (releases.active, compiler.compiled) == (first, [second.id])


def test_a_route_beside_the_changed_one_runs_on_with_the_very_same_steps(opened: OpenJournal) -> None:
    first = released("a")
    files = {**first.files, "routes/sales/other.route.yaml": OTHER["routes/sales/other.route.yaml"].replace("received", "seen")}
    second = load(files).release
    assert second is not None
    releases = Releases(deploy(opened, first), opened.journal, Compiler(), first)
    deploy(opened, second)
    assert releases.follow()
    same = {name: program.nodes is first.programs[name].nodes for name, program in releases.active.programs.items()}
    assert same == {"orders": True, "other": False}


def test_only_the_last_releases_stay_compiled(opened: OpenJournal) -> None:
    first = released("a")
    compiler = Compiler()
    releases = Releases(deploy(opened, first), opened.journal, compiler, first)
    others = [released(str(number)) for number in range(KEPT)]
    for one in others:
        deploy(opened, one)
        assert releases.follow()
    assert releases.get(others[-1].id) is releases.active
    assert len(compiler.compiled) == KEPT
    assert releases.get(first.id).id == first.id
    assert len(compiler.compiled) == KEPT + 1
