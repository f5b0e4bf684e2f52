"""Maps that use maps, maps that name a guide, and maps that stand in a route."""

from __future__ import annotations

import pytest

from crossdock.core.errors import Refusal, Refusals
from crossdock_config import load
from crossdock_transformers.map import compile_map
from tests.config.config_kit import ROUTE
from tests.config.config_kit import problems as told
from tests.config.config_kit import project as project_files
from tests.transformers.map.map_kit import Project, resource, seen

ADDRESS = 'map: address\nfields:\n  city: body.town\n  note: { value: body.note, when: "has(body.note)" }\n'
COMMON = "map: common\nlet: { number: body.id }\nfields:\n  id: number\n  kind: '\"order\"'\n"
SCHEMA = """{"type": "object", "additionalProperties": false, "required": ["to"], "properties": {
 "to": {"type": "object", "additionalProperties": false, "required": ["city", "zip"],
        "properties": {"city": {"type": "string"}, "zip": {"type": "string"}}}}}"""
BODY = {"id": "7", "to": {"town": "Ulm", "note": "n"}, "stops": [{"town": "Bonn"}, {"town": "Trier", "note": "x"}]}


def project(text: str, **maps: str) -> tuple[Project, object]:
    """Return a project with a map `m` and others beside it."""
    known = {"address": ADDRESS, "common": COMMON, **maps}
    others = [resource("map", name, body) for name, body in known.items()]
    found = resource("map", "m", f"map: m\n{text}")
    return Project([*others, found, resource("schema", "order.v1", SCHEMA)]), found


def made(text: str, **maps: str) -> object:
    """Return what a map makes of the body."""
    context, found = project(text, **maps)
    return compile_map(found, context)(seen(BODY))


def problems(text: str, **maps: str) -> list[str]:
    """Return what is wrong with a map."""
    context, found = project(text, **maps)
    try:
        compile_map(found, context)
    except (Refusal, Refusals) as error:
        return [f"{one.place}: {one.message}" for one in getattr(error, "refusals", (error,))]
    return []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fields:\n  to: { use: address, of: body.to }", {"to": {"city": "Ulm", "note": "n"}}),
        (
            "fields:\n  to: { use: address, of: body.to, fields: { city: '\"X\"', zip: '\"89073\"' } }",
            {"to": {"note": "n", "city": "X", "zip": "89073"}},
        ),
        (
            "fields:\n  stops: { for_each: body.stops, use: address, of: item }",
            {"stops": [{"city": "Bonn"}, {"city": "Trier", "note": "x"}]},
        ),
        ("fields:\n  to: { use: address, of: body.to, when: body.id == '8' }\n  a: 1", {"a": 1}),
        ("use: common", {"id": "7", "kind": "order"}),
        ("use: common\nfields: { kind: '\"return\"', more: body.to.town }", {"id": "7", "kind": "return", "more": "Ulm"}),
    ],
)  # fmt: skip
def test_a_map_uses_another(text, expected):
    assert made(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fields:\n  to: { use: adress, of: body.to }", ["m.map.yaml:3:14: unknown map 'adress'; did you mean 'address'?"]),
        ("use: m", ["m.map.yaml:2:1: 'm' uses itself: m -> m"]),
        ("fields:\n  to: { use: 5 }", ["m.map.yaml:3:9: 'use' is the name of a map: `use: address` is address.map.yaml"]),
        (
            "target: order.v1\nfields:\n  to: { use: address, of: body.to }",
            [
                "address.map.yaml:4:3: to of order.v1 has no field 'note'; there is city, zip",
                "m.map.yaml:4:7: to.zip is required by order.v1, but the map doesn't give it",
            ],
        ),
        (
            "target: order.v1\nfields:\n  to: { use: plain, of: body.to, fields: { zip: 5 } }",
            ["m.map.yaml:4:49: to.zip of order.v1 is a string, but 5 is an int; write string(5)"],
        ),
        ("source: x12 850 acme-850\nfields: { a: body }", ["m.map.yaml:2:9: there is no guide 'acme-850'"]),
    ],
)
def test_what_is_wrong_with_a_used_map_is_told_at_its_place(text, expected):
    assert [line.split(" (")[0] for line in problems(text, plain="map: plain\nfields: { city: '\"x\"' }\n")] == expected


def test_maps_that_use_each_other_are_refused():
    found = problems("fields: { x: { use: b } }", b="map: b\nfields: { y: { use: m } }\n")
    assert ["b.map.yaml:2:16: 'm' uses itself: m -> b -> m"] == found


def test_a_map_may_stand_in_the_route():
    inline = "transform: { target: order.v1, fields: { order_number: body.id, total: body.amount } }"
    assert [] == told(route=ROUTE.replace("map: order", inline))


def test_what_is_wrong_with_a_map_in_the_route_is_told_in_the_route():
    inline = "transform: { target: order.v1, fields: { order_number: body.idd, totl: 1 } }"
    assert [
        "routes/sales/orders.route.yaml:8:36: total is required by order.v1, but the map doesn't give it",
        "routes/sales/orders.route.yaml:8:65: body has no 'idd'; did you mean 'id'?",
        "routes/sales/orders.route.yaml:8:70: order.v1 has no field 'totl'; did you mean 'total'?",
    ] == told(route=ROUTE.replace("map: order", inline))


def test_a_map_that_no_route_uses_is_checked_by_its_own_source():
    spare = "map: spare\nsource: shop\ntarget: order.v1\nfields: { order_number: body.idd, total: body.amount }\n"
    found = load({**project_files(), "routes/sales/spare.map.yaml": spare}).problems
    assert ["routes/sales/spare.map.yaml:4:30: body has no 'idd'; did you mean 'id'?"] == [str(problem) for problem in found]
