"""Shadow replay: what was received is run through what runs and through a candidate; nothing in the journal changes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crossdock import boot
from crossdock.boot import deployments, planning
from crossdock.boot.replay import Pair, Wish, replay
from crossdock.core.access import Actor
from crossdock.core.message import Receipt
from crossdock.runtime.journal import OpenJournal
from crossdock.runtime.journal.purged import PURGED
from tests.crash import project
from tests.endtoend.deploy_kit import orders_of

ORDER = deployments.Order(Actor("ann"))
NEVER = '{"type": "object", "required": ["never"], "properties": {"never": {}, "order_number": {}}, "x-owner": "tests"}'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project.write(tmp_path, journal=f"sqlite:///{tmp_path}/journal.db", port=1, sink="http://127.0.0.1:1", keyed=True)


@pytest.fixture
def opened(root: Path) -> Any:
    """The journal, with twenty interchanges of three orders received under the first release, and one that is no EDI."""
    found = boot.journal(root, "local")
    made = deployments.deploy(found, deployments.of_folder(root, "local"), ORDER)
    datas = [project.interchange(control, orders_of(control)) for control in range(1, 21)] + [b"no EDI"]
    receipts = [Receipt("orders", data, "test", partner="acme", dedupe_key=str(at)) for at, data in enumerate(datas)]
    found.journal.accept(receipts, made.deployment.release)
    yield found
    found.close()


def compared(opened: OpenJournal, root: Path, **wish: Any) -> list[dict[str, Any]]:
    made = planning.plan(opened, root, "local", ORDER)
    assert [str(problem) for problem in made.problems] == []
    return [one.record() for one in replay(opened, planning.pair(opened, made), Wish(0, **wish))]


def change_map(root: Path, old: str, new: str) -> None:
    path = root / "routes/sales/order.map.yaml"
    path.write_text(path.read_text().replace(old, new))


def test_a_release_that_means_the_same_makes_no_difference(opened: OpenJournal, root: Path) -> None:
    (found,) = compared(opened, root)
    assert (found["documents"], found["differ"], found["fields"]) == (21, 0, [])


def test_a_changed_field_is_told_with_its_values_and_samples(opened: OpenJournal, root: Path, tmp_path: Path) -> None:
    change_map(root, "body.BEG.BEG03", "body.BEG.BEG03.replace('PO-1-', 'XX-')")
    (found,) = compared(opened, root, samples=tmp_path / "samples")
    (sample,) = found["samples"]
    assert (found["route"], found["partner"], found["documents"], found["differ"]) == ("orders", "acme", 21, 1)
    told = {one["path"]: one["values"] for one in found["fields"]}
    assert told["orders to sink order_number"] == [["PO-1-1", "XX-1", 1]]
    assert told["orders to sink.key"] == [["PO-1-1", "XX-1", 1]]
    assert '"order_number": "PO-1-1"' in (tmp_path / f"samples/{sample}.before.json").read_text()
    assert '"order_number": "XX-1"' in (tmp_path / f"samples/{sample}.after.json").read_text()


def test_documents_that_would_newly_fail_are_told_with_their_error(opened: OpenJournal, root: Path) -> None:
    route = root / "routes/sales/orders.route.yaml"
    route.write_text(route.read_text().replace("  - map: order\n", "  - map: order\n  - validate: never\n"))
    (root / "routes/sales/never.schema.json").write_text(NEVER)
    (found,) = compared(opened, root)
    assert (found["documents"], found["differ"], found["newly_failed"], found["newly_passed"]) == (21, 20, 20, 0)
    assert [count for _, count in found["errors"]] == [20]


def test_one_route_and_so_many_documents_may_be_asked_for(opened: OpenJournal, root: Path) -> None:
    assert compared(opened, root, route="other") == []
    (found,) = compared(opened, root, limit=5)
    assert found["documents"] == 5


def test_nothing_in_the_journal_changes(opened: OpenJournal, root: Path) -> None:
    change_map(root, "body.BEG.BEG03", "body.BEG.BEG03 + body.BEG.BEG03")
    before = dump(root)
    compared(opened, root)
    assert dump(root) == before


def dump(root: Path) -> list[str]:
    with closing(sqlite3.connect(root / "journal.db")) as connection:
        return list(connection.iterdump())


def test_a_release_is_compiled_without_its_secrets(root: Path) -> None:
    release = boot.compiled(root, "local")
    pair = Pair.of(release.files, release.files, "local")
    assert (pair.before.id, pair.after.id) == (release.id, release.id)


def test_documents_that_were_purged_are_left_out_and_counted(opened: OpenJournal, root: Path) -> None:
    with closing(sqlite3.connect(root / "journal.db")) as connection, connection:
        connection.execute("UPDATE payload SET content_type = ?, data = ? WHERE id = 1", (PURGED, b""))
    (found,) = compared(opened, root)
    assert (found["documents"], found["left_out"], found["differ"]) == (21, 1, 0)
