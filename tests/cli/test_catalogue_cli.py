"""`crossdock list routes|schemas`: who answers for what, where it is in its life, who uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_cli import data, run

ENDING = "lifecycle: deprecated\ncreated_on: 2026-01-01\ndeprecated_on: 2026-06-01\nsunset_on: 2099-12-31\nsuccessor: none\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project whose route is deprecated, and a retired one beside it."""
    root: Path = tmp_path_factory.mktemp("catalogue") / "my-company"
    assert run("new", str(root)).returncode == 0
    route = root / "routes/sales/acme-orders.route.yaml"
    old = route.read_text().replace("route: acme-orders", "route: old-orders").replace("you@example.com", "gone@example.com")
    (root / "routes/sales/old-orders.route.yaml").write_text(old + "lifecycle: retired\n")
    route.write_text(route.read_text() + ENDING)
    return root


def test_routes_are_listed_with_their_owners_and_last_days(root: Path) -> None:
    lines = run("list", "routes", root=root).stdout.splitlines()
    assert [" ".join(line.split()) for line in lines if "orders" in line] == [
        "acme-orders sales deprecated 2099-12-31 -> none you@example.com 0",
        "old-orders sales retired gone@example.com 0",
    ]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ["acme-orders", "old-orders"]),
        (("--owner", "gone@example.com"), ["old-orders"]),
        (("--lifecycle", "deprecated"), ["acme-orders"]),
        (("--domain", "sales", "--lifecycle", "retired"), ["old-orders"]),
        (("--lifecycle", "draft"), []),
    ],
)
def test_routes_are_chosen_by_owner_domain_and_lifecycle(root: Path, options: tuple[str, ...], names: list[str]) -> None:
    assert [entry["name"] for entry in data("list", "routes", *options, root=root)] == names


def test_a_schema_tells_who_uses_it(root: Path) -> None:
    (entry,) = data("list", "schemas", "order.v1", root=root)
    assert (entry["owner"], entry["lifecycle"], entry["file"]) == (
        "you@example.com",
        "active",
        "routes/sales/order.v1.schema.json",
    )
    assert {user.partition(":")[0] for user in entry["used_by"]} == {
        "routes/sales/acme-orders.route.yaml",
        "routes/sales/old-orders.route.yaml",
    }
    assert "owner         you@example.com" in run("list", "schemas", "order.v1", root=root).stdout


def test_what_there_is_not_is_answered_with_what_there_is(root: Path) -> None:
    done = run("list", "schemas", "order.v9", root=root)
    assert (done.returncode, "there is order.v1" in done.stderr) == (3, True)
    assert run("list", "connectors", "--owner", "x", root=root).returncode == 2


def test_a_retired_route_takes_no_file_by_hand_either(root: Path) -> None:
    sample = str(root / "routes/sales/samples/acme-850.edi")
    done = run("send", sample, "--partner", "acme", "--route", "old-orders", root=root)
    assert (done.returncode, "route 'old-orders' is retired and receives nothing" in done.stderr) == (1, True)
    done = run("send", sample, "--partner", "acme", "--route", "acme-oders", root=root)
    assert "there is no route 'acme-oders'; did you mean 'acme-orders'?" in done.stderr
