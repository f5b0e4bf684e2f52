"""Releases: what a good project compiles to, and what its id depends on."""

from pathlib import Path

import pytest

from crossdock.core.nodes import ChoiceNode, EventNode, StepNode, TargetNode
from crossdock_config import load, system_secrets
from crossdock_config.schemas import json_schema, kinds
from tests.config.config_kit import ENVIRONMENT, PARTNER, PATHS, POLICY, ROUTE, project


def release(**changes):
    loaded = load(project(**changes))
    assert loaded.problems == ()
    return loaded.release


def test_a_route_becomes_numbered_nodes_with_their_places():
    nodes = release().programs["orders"].nodes
    assert [(node.number, node.name, node.place.short) for node in nodes] == [
        (1, "decode json", "routes/sales/orders.route.yaml:7"),
        (2, "map order", "routes/sales/orders.route.yaml:8"),
        (3, "validate order.v1", "routes/sales/orders.route.yaml:9"),
        (4, "to erp", "routes/sales/orders.route.yaml:12"),
        (5, "to event order.received", "routes/sales/orders.route.yaml:13"),
    ]
    assert [type(node) for node in nodes] == [StepNode, StepNode, StepNode, TargetNode, EventNode]


def test_branches_are_numbered_in_the_order_of_the_document():
    choice = (
        "- choice:\n      - when: body.amount > 5\n        steps: [ { filter: 'true' } ]\n      - otherwise: []\n  - map: order"
    )
    nodes = release(route=ROUTE.replace("- map: order", choice)).programs["orders"].nodes
    assert isinstance(nodes[1], ChoiceNode)
    assert [nodes[1].number, nodes[1].branches[0].nodes[0].number, nodes[2].number] == [2, 3, 4]


def test_moving_comments_and_blank_lines_does_not_change_the_id():
    assert release().id == release(route="# a remark\n\n" + ROUTE.replace("steps:", "steps: # what is done")).id


@pytest.mark.parametrize(
    "changes",
    [
        {"route": ROUTE.replace("order.received", "order.seen")},
        {"policy": POLICY.replace("5", "6")},
        {"environment": ENVIRONMENT.replace("9999", "9998")},
        {"partner": PARTNER.replace("user: acme", "user: acme2")},
    ],
)
def test_changing_what_a_project_means_changes_the_id(changes):
    assert release().id != release(**changes).id


def test_a_release_compiles_again_from_its_own_files():
    first = release()
    assert load(first.files).release.id == first.id


def test_a_folder_and_its_texts_are_the_same_release(tmp_path):
    for path, text in project().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert load(tmp_path).release.id == release().id


def test_secrets_are_put_in_when_they_are_there_and_are_in_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("ACME", "hush-hush")
    loaded = load(project(), secrets=system_secrets(tmp_path))
    assert loaded.release.partners["acme"].channels["sftp_server"].password == "hush-hush"
    assert not any("hush-hush" in text for text in loaded.release.files.values())


def test_a_secret_may_be_a_file(tmp_path, monkeypatch):
    monkeypatch.delenv("ACME", raising=False)
    (tmp_path / "config/secrets").mkdir(parents=True)
    (tmp_path / "config/secrets/ACME").write_text("from a file\n")
    loaded = load(project(), secrets=system_secrets(tmp_path))
    assert loaded.release.partners["acme"].channels["sftp_server"].password == "from a file"


def test_a_missing_secret_says_where_it_is_wanted_and_how_to_give_it(tmp_path, monkeypatch):
    monkeypatch.delenv("ACME", raising=False)
    said = [str(problem) for problem in load(project(), secrets=system_secrets(tmp_path)).problems]
    advice = "set ACME in the environment, or write it to config/secrets/ACME"
    assert said == [f"config/partners/acme.yaml:6:40: secret 'ACME' is not there: {advice}"]


def test_a_reference_to_the_environment_may_have_a_default(monkeypatch):
    monkeypatch.setenv("PORT", "7777")
    text = ENVIRONMENT.replace("http://127.0.0.1:9999/orders", '"http://127.0.0.1:${env:PORT:-9999}/orders"')
    monkeypatch.setenv("ACME", "x")
    told = load(project(environment=text), secrets=system_secrets(Path())).release
    assert told.endpoints["erp"].settings.url == "http://127.0.0.1:7777/orders"
    monkeypatch.delenv("PORT")
    silent = load(project(environment=text), secrets=system_secrets(Path())).release
    assert silent.endpoints["erp"].settings.url == "http://127.0.0.1:9999/orders"


def test_events_find_their_subscribers():
    listener = "route: audit\nowner: a\ndomain: b\nfrom: { event: order.received }\nto: [ { event: order.audited } ]\n"
    files = project() | {"routes/audit.route.yaml": listener}
    assert load(files).release.subscriptions == {"order.received": ("audit",)}


def test_deliveries_without_policies_have_the_default_ones():
    assert [policy.name for policy in release().policy_sets["default"]] == ["retry", "timeout"]


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_file_has_a_schema_for_editors(kind):
    from jsonschema import Draft202012Validator

    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"Crossdock {kind}"


@pytest.mark.parametrize("kind", ["route", "map", "environment", "policy"])
def test_the_editors_schema_takes_what_the_loader_takes(kind):
    from jsonschema import Draft202012Validator

    from crossdock_config.yaml_source import read

    data = read(PATHS[kind], project()[PATHS[kind]]).data
    assert list(Draft202012Validator(json_schema(kind)).iter_errors(data)) == []
