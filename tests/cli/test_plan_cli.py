"""`crossdock plan` and `crossdock build`, as people use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crossdock import boot
from crossdock.cli.main import cli
from crossdock.cli.output import explain
from crossdock.core.access import Actor
from crossdock.core.errors import CrossdockError


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    assert CliRunner().invoke(cli, ["new", str(tmp_path / "shop")]).exit_code == 0
    return tmp_path / "shop"


def run(root: Path, *arguments: str) -> Result:
    """Run a command; errors are explained as `main` does it."""
    ran = CliRunner().invoke(cli, ["-C", str(root), *arguments])
    if isinstance(ran.exception, CrossdockError):
        ran.exit_code = explain(ran.exception)
    return ran


def test_a_first_plan_says_that_everything_is_new(shop: Path) -> None:
    ran = run(shop, "plan")
    assert ran.exit_code == 2
    lines = ran.output.splitlines()
    assert lines[0].startswith("local: nothing runs; this would deploy ")
    assert "  + route acme-orders  routes/sales/acme-orders.route.yaml" in lines
    assert lines[-1] == "5 to add, 0 to change, 0 to remove; deploy it with `crossdock -e local deploy`"


def test_what_is_deployed_needs_no_plan_and_a_comment_changes_nothing(shop: Path) -> None:
    assert run(shop, "deploy").exit_code == 0
    route = shop / "routes/sales/acme-orders.route.yaml"
    route.write_text("# moved\n\n" + route.read_text().replace("owner: ", "owner:    "))
    ran = run(shop, "plan")
    assert (ran.exit_code, ran.output.splitlines()[-1]) == (0, "nothing to change: what the files mean is what runs")


def test_a_changed_map_is_told_field_by_field_with_its_routes(shop: Path) -> None:
    run(shop, "deploy")
    found = shop / "routes/sales/acme-850.map.yaml"
    found.write_text(found.read_text().replace("body.BEG.BEG03", "body.BEG.BEG03 + body.BEG.BEG03", 1))
    told = json.loads(run(shop, "plan", "--json").output)
    (change,) = told["files"]
    assert (change["sign"], change["kind"], change["name"], change["routes"]) == ("~", "map", "acme-850", ["acme-orders"])
    assert [one["path"] for one in change["changes"]] == ["fields.order_number"]


def test_a_route_that_would_go_is_a_reason_to_refuse_unless_it_is_allowed(shop: Path) -> None:
    run(shop, "deploy")
    for path in (shop / "routes/sales").glob("acme-orders.*"):
        path.rename(path.with_name(path.name.replace("acme-orders", "other")))
    for path in (shop / "routes/sales").glob("other.*"):
        path.write_text(path.read_text().replace("route: acme-orders", "route: other"))
    refused, allowed = run(shop, "plan"), run(shop, "plan", "--allow-delete")
    assert (refused.exit_code, allowed.exit_code) == (1, 2)
    assert "  refused routes/:1:1: route 'acme-orders' runs now and isn't in the release" in refused.output.splitlines()
    assert "  - route acme-orders  routes/sales/acme-orders.route.yaml" in allowed.output.splitlines()


def test_a_secret_that_is_missing_is_a_reason_to_refuse(shop: Path) -> None:
    (shop / "config/secrets/ACME_SFTP_PASSWORD").unlink()
    ran = run(shop, "plan")
    assert ran.exit_code == 1
    assert "ACME_SFTP_PASSWORD" in ran.output


def test_a_built_release_is_planned_and_deployed_from_anywhere(shop: Path, tmp_path: Path) -> None:
    built = json.loads(run(shop, "build", "-o", str(tmp_path / "shop.release.json"), "--json").output)
    assert run(shop, "plan", built["file"]).exit_code == 2
    deployed = json.loads(run(shop, "deploy", built["file"], "--json").output)
    assert deployed["deployment"]["release"] == built["release"]
    assert run(shop, "plan").exit_code == 0


def test_a_built_release_that_was_changed_is_refused(shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "shop.release.json"
    run(shop, "build", "-o", str(path))
    path.write_text(path.read_text().replace("owner: ", "owner: other-"))
    ran = run(shop, "deploy", str(path))
    assert ran.exit_code == 1
    assert isinstance(ran.exception, CrossdockError)
    assert ran.exception.advice == "it was changed after it was built: build it again"


def test_settings_that_need_a_restart_are_named(shop: Path) -> None:
    run(shop, "deploy")
    settings = shop / "config/environments/local.yaml"
    settings.write_text(settings.read_text() + "\nlog: { level: debug }\n")
    assert "  log: taken up when the processes are started again" in run(shop, "plan").output.splitlines()


def test_a_release_that_was_purged_is_told_and_cant_be_gone_back_to(shop: Path) -> None:
    run(shop, "deploy")
    first = json.loads(run(shop, "releases", "--json").output)[0]
    found = shop / "routes/sales/acme-850.map.yaml"
    found.write_text(found.read_text().replace("body.BEG.BEG03", "body.BEG.BEG03 + body.BEG.BEG03", 1))
    run(shop, "deploy")
    opened = boot.journal(shop, "local")
    assert opened.purge_releases(0.0, Actor("ann"), 1).ids == (first["release"],)
    opened.close()
    second, purged = json.loads(run(shop, "releases", "--json").output)
    assert (first["size"] > 1000, second["size"] > 1000, purged["size"]) == (True, True, 0)
    assert [line.split()[5:7] for line in run(shop, "releases").output.splitlines() if "deploy" in line][1][0] == "purged"
    back = run(shop, "rollback")
    assert isinstance(back.exception, CrossdockError)
    assert back.exception.message == f"release {first['release'][:12]} was purged: its files are not kept any more"
    assert json.loads(run(shop, "schemas", "history", "--json").output) != []
