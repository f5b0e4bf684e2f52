"""Deploying under load: nothing is lost, nothing is sent by the wrong release, nobody is cut off, and going back is as easy."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crossdock import boot
from crossdock.boot import deployments
from crossdock.boot.house import stored
from crossdock.core.access import Actor
from crossdock.core.deployment import Deployment
from crossdock.core.errors import Misconfigured
from tests.crash.test_killed_at_every_commit_point import crossdock
from tests.endtoend.deploy_kit import Stage, orders_of, stage_at
from tests.services.ledger import Ledger, ledger

REPO = Path(__file__).resolve().parents[2]
ORDER = deployments.Order(Actor("ann"))
ENOUGH = 170
"""Interchanges of three orders: a little more than 500 messages."""


@contextmanager
def staged(root: Path, journal: str) -> Iterator[tuple[Stage, Ledger]]:
    """A project with `crossdock up`, ready."""
    with ledger() as target:
        stage = stage_at(root, target, journal)
        with crossdock(root):
            until(lambda: stage.post(1), stage)
            yield stage, target


def until(condition: Callable[[], bool], stage: Stage, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, stage.log
        time.sleep(0.02)


def rows(journal: str, statement: str) -> list[tuple[object, ...]]:
    """Return what a journal's tables hold."""
    if journal.startswith("sqlite"):
        with closing(sqlite3.connect(journal.removeprefix("sqlite:///"))) as connection:
            return connection.execute(statement).fetchall()
    with psycopg.connect(journal) as session:
        return session.execute(statement).fetchall()


def releases_of_orders(journal: str) -> dict[str, str]:
    """Return under which release each order was taken in."""
    found = rows(journal, "SELECT keys, release FROM message WHERE part = 1")
    return {json.loads(str(keys))["order_number"]: str(release) for keys, release in found}


def test_under_load_nothing_is_lost_and_every_message_finishes_on_its_release(tmp_path: Path, journal_url: str) -> None:
    with staged(tmp_path, journal_url) as (stage, target):
        with stage.load(first=2):
            until(lambda: len(stage.sent) > ENOUGH // 3, stage)
            stage.write_map("b")
            made = stage.told("deploy", "-m", "release b")
            until(lambda: len(stage.sent) > ENOUGH * 2 // 3, stage)
            back = stage.told("rollback")
            until(lambda: len(stage.sent) > ENOUGH, stage)
        until(lambda: len(target.effects()) >= len(stage.orders), stage)
        effects = target.effects()
    assert late(made) + late(back) == []
    assert {order for order, _ in by_order(effects)} == stage.orders
    mark = {back["deployment"]["release"]: "a", made["deployment"]["release"]: "b"}
    taken_in = releases_of_orders(journal_url)
    assert {order: mark[release] for order, release in taken_in.items() if not order.startswith(mark[release])} == {}
    assert set(effects) == set(taken_in)
    assert {order[0] for order in effects} == {"a", "b"}


def late(made: dict[str, Any]) -> list[str]:
    """Return the processes that have not taken a deployment up."""
    assert made["processes"] != []
    return [process["name"] for process in made["processes"] if process["seconds"] is None]


def by_order(effects: dict[str, int]) -> list[tuple[str, str]]:
    """Return orders with the mark of the release that sent them, each sent once."""
    assert [key for key, times in effects.items() if times != 1] == []
    found = [(key[2:], key[0]) for key in effects]
    assert len({order for order, _ in found}) == len(found), "an order was sent by two releases"
    return found


def test_a_release_that_is_wrong_is_refused_with_every_reason_and_nothing_changes(tmp_path: Path, sqlite_url: str) -> None:
    with staged(tmp_path, sqlite_url) as (stage, _):
        second = tmp_path / "routes/sales/more.route.yaml"
        second.write_text((tmp_path / "routes/sales/orders.route.yaml").read_text().replace("route: orders", "route: more"))
        (tmp_path / "routes/sales/orders.route.yaml").rename(tmp_path / "routes/sales/other.route.yaml")
        other = tmp_path / "routes/sales/other.route.yaml"
        other.write_text(other.read_text().replace("route: orders", "route: other"))
        refused = stage.run("deploy")
        running = stage.told("releases")
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "crossdock: the release is refused, for 2 reasons; nothing was changed",
        "  config/environments/local.yaml:7:14: webhook: routes 'more' and 'other' both take /edi",
        "  routes/:1:1: route 'orders' runs now and isn't in the release",
        "  to drop routes on purpose: --allow-delete",
    ]
    assert [one["number"] for one in running] == [1]


def test_a_folder_with_problems_is_refused_with_all_of_them(tmp_path: Path, sqlite_url: str) -> None:
    with ledger() as target:
        stage = stage_at(tmp_path, target, sqlite_url)
        (tmp_path / "routes/sales/order.map.yaml").write_text("map: order\ntarget: any\nfields:\n  order_numbr: body.BEG.BEG3\n")
        refused = stage.run("deploy")
    assert refused.returncode == 1
    assert [line.split(": ")[0] for line in refused.stderr.splitlines() if line.startswith("  routes/")] == [
        "  routes/sales/order.map.yaml:3:1",
        "  routes/sales/order.map.yaml:4:3",
    ]


def test_of_two_engineers_the_slower_one_is_told(tmp_path: Path, sqlite_url: str) -> None:
    with ledger() as target:
        stage = stage_at(tmp_path, target, sqlite_url)
        stage.told("deploy", "-m", "first")
        stage.write_map("b")
        stage.told("deploy", "-m", "mine", "--expect", "1")
        stage.write_map("c")
        refused = stage.run("deploy", "-m", "also mine", "--expect", "1")
    assert refused.returncode == 5
    assert refused.stderr.startswith("crossdock: the plan was made against deployment 1, and deployment 2: ")


def test_a_route_that_is_new_is_served_and_one_that_goes_lets_its_messages_finish(tmp_path: Path, sqlite_url: str) -> None:
    with staged(tmp_path, sqlite_url) as (stage, target):
        route = tmp_path / "routes/sales/orders.route.yaml"
        (tmp_path / "routes/sales/more.route.yaml").write_text(
            route.read_text().replace("route: orders", "route: more").replace("path: /edi", "path: /more")
        )
        assert stage.told("deploy")["added"] == ["more"]
        assert stage.post(2)
        stage.path = "/more"
        assert stage.post(3)
        route.unlink()
        gone = stage.told("deploy", "--allow-delete")
        assert (gone["removed"], late(gone)) == (["orders"], [])
        assert stage.post(4)
        stage.path = "/edi"
        assert not stage.post(5)
        until(lambda: len(target.effects()) >= len(stage.orders), stage)
        assert {order for order, _ in by_order(target.effects())} == stage.orders


def test_a_canary_takes_its_share_and_is_taken_back_where_it_fails(tmp_path: Path, sqlite_url: str) -> None:
    with staged(tmp_path, sqlite_url) as (stage, target):
        route = tmp_path / "routes/sales/orders.route.yaml"
        route.write_text(route.read_text().replace("  - map: order\n", "  - map: order\n  - validate: never\n"))
        (tmp_path / "routes/sales/never.schema.json").write_text(
            '{"type": "object", "required": ["order_number", "never"], "x-owner": "tests"}'
        )
        made = stage.told("deploy", "--canary", "50%")
        with stage.load(first=2):
            until(lambda: stage.told("releases")[0]["act"] == "withdraw", stage)
        failed = stage.told("failed", "list", "--limit", "10000")
        until(lambda: len(target.effects()) + len(failed) >= len(stage.orders), stage)
        withdrawn = stage.told("releases")[0]
        assert stage.post(100_000)
        until(lambda: f"a-{orders_of(100_000)[0]}" in target.effects(), stage)
    assert {row["release"] for row in rows_failed(stage)} == {made["deployment"]["candidate"]}
    assert withdrawn["release"] == made["deployment"]["release"]
    assert "failed, 0 of " in withdrawn["note"]


def rows_failed(stage: Stage) -> list[dict[str, str]]:
    journal = f"sqlite:///{stage.root}/journal.db"
    return [{"release": str(release)} for (release,) in rows(journal, "SELECT release FROM message WHERE state = 'failed'")]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_deployment_that_is_killed_is_made_whole_or_not_at_all(moment: str, tmp_path: Path, journal_url: str) -> None:
    with staged(tmp_path, journal_url) as (stage, target):
        with stage.load(first=2):
            stage.write_map("b")
            killed = subprocess.run(
                [sys.executable, "-m", "tests.endtoend.deploy_child", str(tmp_path), moment], cwd=REPO, check=False, timeout=60
            )
            assert killed.returncode == -signal.SIGKILL
            runs = stage.told("releases")
            until(lambda: len(stage.sent) > 20, stage)
            until(lambda: any(order.startswith("b" if moment == "after" else "a-PO-20") for order in target.effects()), stage)
        until(lambda: len(target.effects()) >= len(stage.orders), stage)
        effects = target.effects()
    assert [one["number"] for one in runs] == ([2, 1] if moment == "after" else [1])
    assert {order for order, _ in by_order(effects)} == stage.orders
    assert {mark for _, mark in by_order(effects)} == ({"a", "b"} if moment == "after" else {"a"})


@pytest.mark.parametrize("nth", ["2", "3", "4"])
def test_processes_that_are_killed_while_they_take_it_up_come_back_with_what_is_deployed(
    nth: str, tmp_path: Path, sqlite_url: str
) -> None:
    with ledger() as target:
        stage = stage_at(tmp_path, target, sqlite_url)
        with crossdock(tmp_path, "load_release", "after", nth) as process:
            until(lambda: stage.post(1), stage)
            for mark in "bcde":
                stage.write_map(mark)
                stage.run("deploy")
                if process.poll() is not None:
                    break
            until(lambda: process.poll() is not None, stage)
        with crossdock(tmp_path):
            until(lambda: stage.post(2), stage)
            until(lambda: len(target.effects()) >= len(stage.orders), stage)
        marks = dict(by_order(target.effects()))
        newest = stage.told("releases")[0]["number"]
    assert (marks["PO-1-1"], marks["PO-2-1"]) == ("a", "abcde"[newest - 1])


def test_a_worker_that_is_too_old_for_a_release_says_so_and_leaves_it_alone(tmp_path: Path, sqlite_url: str) -> None:
    with staged(tmp_path, sqlite_url) as (stage, target):
        stage.write_map("b")
        opened = boot.open(tmp_path, boot.compiled(tmp_path, "local"))
        kept = replace(stored(boot.compiled(tmp_path, "local")), engine="99.0")
        with pytest.raises(Misconfigured) as refused:
            deployments.deploy(opened, deployments.Candidate(boot.compiled(tmp_path, "local"), kept), ORDER)
        opened.journal.deploy(Deployment(2, kept.id, "deploy", "somebody with a newer engine"), kept)
        until(lambda: "needs Crossdock 99.0" in stage.log, stage)
        assert stage.post(2)
        until(lambda: len(target.effects()) >= len(stage.orders), stage)
        assert {mark for _, mark in by_order(target.effects())} == {"a"}
        until(
            lambda: [check["ok"] for check in examined(stage) if "needs Crossdock 99.0" in check["detail"]] == [False, False],
            stage,
        )
        opened.close()
    assert str(refused.value.problems[0]).endswith("and the release needs 99.0: upgrade it first")


def examined(stage: Stage) -> list[dict[str, Any]]:
    return list(json.loads(stage.run("doctor", "--json").stdout))
