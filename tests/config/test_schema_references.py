"""Schemas refer to one another by file; what they lead to is brought into one schema, and nothing is fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crossdock_config import load
from tests.config.config_kit import PATHS, project

ROOT = Path(__file__).resolve().parents[2]
COMMON_AT = "routes/common/common.v1.schema.json"
COMMON = """\
{ "x-owner": "edi@example.com", "$defs": {
  "number": { "type": "string", "maxLength": 3 },
  "total": { "$ref": "#/$defs/amount" },
  "amount": { "type": "number", "minimum": 0 },
  "tree": { "type": "object", "properties": { "inner": { "$ref": "#/$defs/tree" } } }
} }
"""
ORDER = """\
{ "type": "object", "additionalProperties": false, "required": ["order_number", "total"], "x-owner": "edi@example.com",
  "properties": {
    "order_number": { "$ref": "../common/common.v1.schema.json#/$defs/number" },
    "total": { "$ref": "../common/common.v1.schema.json#/$defs/total" } } }
"""


def files(order: str = ORDER, common: str = COMMON, **more: str) -> dict[str, str]:
    """Return a project whose order refers to a file of definitions."""
    return {**project(order=order, **more), COMMON_AT: common}


def said(order: str = ORDER, common: str = COMMON, **more: str) -> list[str]:
    """Return what is wrong with it."""
    return [str(problem) for problem in load(files(order, common, **more)).problems]


def test_a_schema_refers_to_another_file_by_its_relative_path():
    """And types reach through: the map's text is compared with the other file's number."""
    assert said() == []
    assert said(map="map: order\ntarget: order.v1\nfields:\n  order_number: body.amount\n  total: body.amount\n") == [
        "routes/sales/order.map.yaml:4:17: order_number of order.v1 is a string, "
        "but body.amount is a decimal; write string(body.amount)"
    ]


def test_a_definition_may_lead_to_others_and_back_to_itself():
    """References inside of the other file hold there."""
    assert said(ORDER.replace("$defs/total", "$defs/tree").replace('"total"]', '"total"]'), map=TREE) == []


TREE = "map: order\ntarget: order.v1\nfields:\n  order_number: body.id\n  total: '{\"inner\": {}}'\n"


def test_a_whole_file_may_be_referred_to():
    """Its title and examples stay where they are."""
    common = '{ "x-owner": "a@b.c", "type": "number", "examples": [1] }'
    assert said(ORDER.replace("#/$defs/total", "").replace("#/$defs/number", ""), common) == [
        "routes/sales/order.map.yaml:4:17: order_number of order.v1 is a decimal, but body.id is a string; write decimal(body.id)"
    ]


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        (
            "$defs/total",
            "$defs/totl",
            "4:24: there is nothing at '/$defs/totl' of routes/common/common.v1.schema.json; did you mean '/$defs/total'?",
        ),
        (
            "../common/common.v1.schema.json#/$defs/total",
            "../common/comon.v1.schema.json#/$defs/total",
            "4:24: there is no file 'routes/common/comon.v1.schema.json'; did you mean 'routes/common/common.v1.schema.json'?",
        ),
        (
            "../common/common.v1.schema.json#/$defs/total",
            "https://example.com/common.schema.json",
            "4:24: 'https://example.com/common.schema.json' is not a schema of this project; "
            'refer to a file: "../common.v1.schema.json#/$defs/..."',
        ),
        (
            "../common/common.v1.schema.json#/$defs/total",
            "../../../../etc/passwd",
            "4:24: '../../../../etc/passwd' is not a schema of this project; "
            'refer to a file: "../common.v1.schema.json#/$defs/..."',
        ),
    ],
    ids=["definition", "file", "network", "elsewhere"],
)
def test_a_reference_that_leads_nowhere_is_told_at_its_place(was: str, now: str, message: str):
    """With the nearest name; said once, however many use the schema."""
    assert said(ORDER.replace(was, now)) == [f"{PATHS['order']}:{message}"]


def test_a_mistake_in_the_other_file_is_told_there():
    """At its own line and column, whether the definition is used or not."""
    assert said(common=COMMON.replace('"minimum": 0', '"minimum": "0"')) == [
        f"{COMMON_AT}:4:44: '0' is not of type 'number'",
    ]


def test_an_example_that_does_not_fit_its_schema_is_a_problem():
    """Each fault at its place."""
    order = ORDER.replace(
        '"required"', '"examples": [{ "order_number": "1", "total": 1 }, { "order_number": "12345", "totl": 1 }],\n"required"', 1
    )
    assert said(order) == [
        f"{PATHS['order']}:1:102: example 2 does not fit its schema: /total is missing",
        f"{PATHS['order']}:1:120: example 2 does not fit its schema: /order_number must have at most 3 characters",
        f"{PATHS['order']}:1:137: example 2 does not fit its schema: /totl is not a known field",
    ]


def test_the_catalogue_names_who_refers_to_a_schema():
    """A file of definitions has its users as well."""
    (common,) = [one for one in load(files()).catalogue if one.name == "common.v1"]
    assert [place.short for place in common.users] == ["routes/sales/order.v1.schema.json:3"]


def schemas() -> list[Path]:
    """Return the reference integration's schemas."""
    return sorted((ROOT / "routes").rglob("*.schema.json"))


@pytest.mark.parametrize("path", schemas(), ids=lambda path: path.name)
def test_every_canonical_document_says_what_it_is_and_shows_examples(path: Path):
    """Its title, description, owner, domain, lifecycle, version, and examples, which `crossdock check` has validated."""
    schema: dict[str, Any] = json.loads(path.read_text())
    words = ("$schema", "$id", "title", "description", "x-owner", "x-domain", "x-lifecycle", "x-version")
    assert [word for word in words if not schema.get(word)] == []
    assert schema["$id"] == path.name.removesuffix(".schema.json")
    if "type" in schema:
        assert schema["additionalProperties"] is False
        assert len(schema["examples"]) > 0
