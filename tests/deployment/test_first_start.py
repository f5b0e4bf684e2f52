"""The first start of a production process: what it deploys can be served, or nothing is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock import boot
from crossdock.boot.house import House, stored
from crossdock.core.deployment import Deployment
from crossdock.core.errors import Misconfigured
from crossdock.runtime.journal.store import SqlJournal

ROUTE = """\
route: orders
owner: edi@example.com
domain: sales
from:
  webhook: { path: /orders, auth: { standard_webhooks: { secrets: ["${secret:SHOP}"] } } }
to: [ { event: order.received } ]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "routes").mkdir()
    (tmp_path / "routes/orders.route.yaml").write_text(ROUTE)
    (tmp_path / "config/environments").mkdir(parents=True)
    (tmp_path / "config/environments/local.yaml").write_text("environment: local\njournal: sqlite:///journal.db\n")
    return tmp_path


def test_a_worker_that_is_started_first_deploys_nothing_that_no_gateway_can_serve(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP", "!!!")
    with pytest.raises(Misconfigured) as caught:
        House.follow(root, "local")
    (problem,) = caught.value.problems
    assert str(problem).startswith("routes/orders.route.yaml:5:3: route 'orders': a Standard Webhooks secret is not base64; it ")
    opened = boot.journal(root, "local")
    assert opened.journal.deployed() is None
    opened.close()


def test_what_can_be_served_is_deployed_by_the_first_start(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    house = House.follow(root, "local")
    assert (house.deployment.number, house.deployment.act) == (1, "up")
    house.opened.close()


def test_who_is_started_at_the_same_time_runs_what_the_faster_one_deployed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its look and its deployment, another process of the installation deploys."""
    monkeypatch.setenv("SHOP", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    release = boot.compiled(root, "local")
    looks = SqlJournal.deployed
    others: list[House] = []

    def look(journal: SqlJournal) -> Deployment | None:
        found = looks(journal)
        if not others:
            monkeypatch.setattr(SqlJournal, "deployed", looks)
            others.append(House.enter(root, release))
        return found

    monkeypatch.setattr(SqlJournal, "deployed", look)
    house = House.enter(root, release)
    assert (house.deployment.number, house.deployment) == (1, others[0].deployment)
    assert house.release is release
    for one in (house, *others):
        one.opened.close()


def test_a_folder_that_is_not_what_runs_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was deployed by hand runs, whatever the folder has by now."""
    monkeypatch.setenv("SHOP", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    deployed = boot.compiled(root, "local")
    opened = boot.journal(root, "local")
    opened.journal.deploy(Deployment(1, deployed.id, "deploy"), stored(deployed))
    opened.close()
    (root / "routes/orders.route.yaml").write_text(ROUTE.replace("path: /orders", "path: /sales-orders"))
    changed = boot.compiled(root, "local")
    house = House.enter(root, changed)
    assert house.release.id == deployed.id
    told = f"{house.deployment} runs, and this folder is release {changed.id[:12]}: `crossdock plan` shows what differs"
    assert caplog.messages == [told]
    house.opened.close()
