"""Editors' schemas: valid, complete for every component, and of one mind with the loader."""

import pytest
from jsonschema import Draft202012Validator

from crossdock_config.files import document_of
from crossdock_config.schemas import json_schema, kinds
from tests.config.fake_components import FILES, SHORT, changed, registry


def errors(kind, text):
    validator = Draft202012Validator(json_schema(kind, registry()))
    return [error.json_path for error in validator.iter_errors(document_of("a.yaml", text).data)]


def test_there_is_a_schema_for_every_kind_transformers_ones_included():
    assert kinds(registry()) == ["access", "environment", "partner", "policy", "route", "table", "test"]


@pytest.mark.parametrize("kind", kinds(registry()))
def test_every_schema_is_valid_and_takes_the_project(kind):
    schema = json_schema(kind, registry())
    Draft202012Validator.check_schema(schema)
    if kind not in ("table", "access"):  # an editor wants quotes where the loader is lenient: `version: 1.10`
        assert errors(kind, FILES[SHORT[kind]]) == []


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("route", "pick: prices", "pik: prices"),
        ("route", "decode: { flat: { shape: shop } }", "decode: { flat: { shap: shop } }"),
        ("route", "inbox: { partner: acme }", "inbox: { prtner: acme }"),
        ("route", "when: body", "whn: body"),
        ("environment", "port: 2022", "prt: 2022"),
        ("environment", "port: 2022", "port: many"),
        ("environment", "store: {", "stroe: {"),
        ("partner", "user: acme", "usr: acme"),
        ("policy", "attempts: 3", "attempt: 3"),
        ("policy", "retry: {", "rety: {"),
        ("test", "cases:", "case:"),
    ],
)
def test_what_the_loader_refuses_the_editor_marks(kind, old, new):
    assert errors(kind, changed(kind, old, new)[SHORT[kind]]) != []


ACCESS = "grants: [ { role: operator, who: [ { user: ann } ], domains: [ sales ], environments: [ test ] } ]\n"


def test_rules_of_access_are_taken_and_their_mistakes_marked():
    assert errors("access", ACCESS) == []
    assert errors("access", ACCESS.replace("operator", "operater")) == ["$.grants[0].role"]
    assert errors("access", ACCESS.replace("domains", "domain")) != []


def test_references_may_stand_for_values_of_any_form():
    text = 'environment: local\nmetrics: { port: "${env:PORT:-9464}" }\nendpoints: { a: { inbox: { wait: "${env:W}" } } }\n'
    assert errors("environment", text) == []


@pytest.mark.parametrize("text", ["- pick", "- plain: [1]", "- to: [ { erp: { key: [1] } } ]"])
def test_a_step_has_what_it_needs(text):
    assert errors("route", f"route: a\nowner: a\ndomain: a\nfrom: {{ event: a }}\nsteps:\n  {text}\n") != []


@pytest.mark.parametrize(
    "text",
    ["- plain", "- plain: { body: x }", "- plain: {}", "- pick: x", "- decode: flat", "- decode: { flat: x }", "- to: [ erp ]"],
)
def test_a_step_may_be_written_in_every_form(text):
    assert errors("route", f"route: a\nowner: a\ndomain: a\nfrom: {{ event: a }}\nsteps:\n  {text}\n") == []
