"""`crossdock schemas`, and what a broken contract does to a plan and a deployment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from crossdock.cli.main import cli
from crossdock.core.errors import CrossdockError, Misconfigured

SCHEMA = "routes/sales/order.v1.schema.json"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    assert CliRunner().invoke(cli, ["new", str(tmp_path / "shop")]).exit_code == 0
    assert run(tmp_path / "shop", "deploy").exit_code == 0
    return tmp_path / "shop"


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["-C", str(root), *arguments])


def change(root: Path, **words: Any) -> dict[str, Any]:
    schema = json.loads((root / SCHEMA).read_text())
    schema.update(words)
    (root / SCHEMA).write_text(json.dumps(schema))
    return schema


def required(root: Path) -> list[str]:
    return [*json.loads((root / SCHEMA).read_text())["required"], "channel"]


def known(root: Path) -> dict[str, Any]:
    schema = json.loads((root / SCHEMA).read_text())
    return {**schema["properties"], "channel": {"type": "string"}}


def test_consumers_are_places_and_routes(shop: Path) -> None:
    told = json.loads(run(shop, "schemas", "consumers", "order.v1", "--json").output)
    assert told["routes"] == ["acme-orders"]
    assert all(place.startswith("routes/sales/acme-") for place in told["places"])


def test_a_field_more_that_nobody_must_send_fits_backward(shop: Path) -> None:
    change(shop, properties=known(shop))
    ran = run(shop, "schemas", "diff", "order.v1", "--json")
    told = json.loads(ran.output)
    assert (ran.exit_code, told["backward"]) == (0, [])
    assert told["changes"] == ['properties.channel: {"type": "string"} (new)']


def test_a_field_that_is_required_now_breaks_the_contract_and_names_who_uses_it(shop: Path) -> None:
    change(shop, properties=known(shop), required=required(shop), **{"x-compatibility": "backward"})
    assert run(shop, "schemas", "diff", "order.v1").exit_code == 1
    planned = json.loads(run(shop, "plan", "--json").output)
    refused = [problem for problem in planned["problems"] if "no longer backward compatible" in problem]
    assert len(refused) == 1
    assert refused[0].startswith(f"{SCHEMA}:1:1: schema order.v1 is no longer backward compatible: `channel` is required: ")
    assert "1 route uses it: routes/sales/acme-" in refused[0]


def test_a_deployment_that_breaks_a_contract_is_refused_and_a_schema_may_say_that_it_breaks(shop: Path) -> None:
    change(shop, properties={**known(shop), "note": {"type": "string", "maxLength": 3}}, additionalProperties=False)
    schema = json.loads((shop / SCHEMA).read_text())
    del schema["properties"]["channel"]["type"]
    change(shop, minProperties=3)
    refused = run(shop, "deploy")
    assert isinstance(refused.exception, Misconfigured)
    assert "no longer backward compatible" in str(refused.exception.problems[0])
    change(shop, **{"x-compatibility": "none"})
    assert run(shop, "deploy").exit_code == 0


def test_the_history_tells_what_each_edition_changed(shop: Path) -> None:
    change(shop, properties=known(shop))
    assert run(shop, "deploy").exit_code == 0
    rows = json.loads(run(shop, "schemas", "history", "order.v1", "--json").output)
    assert [(row["deployment"], bool(row["told"])) for row in rows] == [(1, False), (2, True)]
    assert rows[1]["told"][0].startswith("`channel` isn't known: who reads the old version may be surprised")


def test_a_new_version_that_claims_to_fit_is_held_to_it_by_check(shop: Path) -> None:
    schema = json.loads((shop / SCHEMA).read_text())
    newer = {**schema, "$id": "order.v2", "minProperties": 3, "x-compatibility": "backward"}
    (shop / SCHEMA.replace("v1", "v2")).write_text(json.dumps(newer, indent=1))
    ran = run(shop, "check")
    assert ran.exit_code == 1
    assert "it says that it is backward compatible with order.v1, and isn't: `the document` has `minProperties: 3`" in ran.output


def test_an_unknown_mode_is_told_with_the_nearest(shop: Path) -> None:
    change(shop, **{"x-compatibility": "backwards"})
    assert (
        "`x-compatibility` is one of none, backward, forward, full, not 'backwards'; did you mean 'backward'?"
        in run(shop, "check").output
    )


def test_what_is_not_there_is_told_with_the_nearest(shop: Path) -> None:
    ran = run(shop, "schemas", "diff", "order.v3")
    assert ran.exit_code == 3
    assert not isinstance(ran.exception, CrossdockError)
