"""What is wrong with a map is said when it is built, all at once, each at its place in the file."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import crossdock_transformers.map as map_package
from crossdock.core.errors import Refusal, Refusals
from crossdock_transformers.map import SPEC, MapFile, MapOptions, compile_map
from tests.transformers.map.map_kit import Project, resource, seen

ORDER = (Path(__file__).parents[1] / "schemas/order.v1.schema.json").read_text()
TEXT, NUMBER = {"type": "string"}, {"type": "number"}
SOURCE = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "note": {"type": ["string", "null"]},
        "date": TEXT,
        "total": NUMBER,
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"sku": TEXT, "qty": NUMBER, "text": TEXT, "unit": TEXT}},
        },
        "address": {"type": "object", "properties": {"name": TEXT, "town": TEXT, "code": NUMBER}},
    },
}
GOOD = """\
map: shop
target: order.v1
fields:
  order_number: body.id
  customer: '"C-1001"'
  ordered_on: body.date
  currency: '"USD"'
  ship_to: { name: body.address.name }
  lines:
    for_each: body.lines
    fields:
      number: string(index + 1)
      sku: item.sku
      quantity: item.qty
      unit: item.unit
      unit_price: decimal("1.50")
  total: body.total
"""


def problems(text: str, shape: Any = SOURCE) -> list[str]:
    """Return what is wrong with a map, as people read it."""
    try:
        compile_map(resource("map", "shop", text), Project([resource("schema", "order.v1", ORDER)], shape))
    except Refusals as refusals:
        return [f"{refusal.place}: {refusal.message}" for refusal in refusals.refusals]
    return []


def test_a_good_map_has_no_problems():
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("body.id", "body.idd", ["4:22: body has no 'idd'; did you mean 'id'?"]),
        ("item.sku", "item.skuu", ["13:17: item has no 'skuu'; did you mean 'sku'?"]),
        ("item.sku", "itm.sku", ["13:12: unknown name 'itm'; did you mean 'item'?"]),
        ("for_each: body.lines", "for_each: body.line", ["10:20: body has no 'line'; did you mean 'lines'?"]),
        ("  total: body.total\n", "", ["3:1: total is required by order.v1, but the map doesn't give it"]),
        ("      sku: item.sku\n", "", ["11:5: lines[].sku is required by order.v1, but the map doesn't give it"]),
        ("{ name: body.address.name }", "{ }", ["8:3: ship_to.name is required by order.v1, but the map doesn't give it"]),
        ("  total:", "  totl: 1\n  total:", ["17:3: order.v1 has no field 'totl'; did you mean 'total'?"]),
        ("      sku:", "      skoo: 1\n      sku:", ["13:7: lines[] of order.v1 has no field 'skoo'; there is buyer_item, description, number, quantity, sku, unit, unit_price"]),
        ("total: body.total", "total: body.id", ["17:10: total of order.v1 is a decimal, but body.id is a string; write decimal(body.id)"]),
        ("sku: item.sku", "sku: item.qty", ["13:12: lines[].sku of order.v1 is a string, but item.qty is a decimal; write string(item.qty)"]),
        ("customer: '\"C-1001\"'", "customer: 5", ["5:13: customer of order.v1 is a string, but 5 is an int; write string(5)"]),
        ("customer: '\"C-1001\"'", "customer: C-1001", [
            "5:13: unknown name 'C'; there is body, error, headers, keys, parent, partner, received_at, source; if a text is meant, quote it: '\"C-1001\"'"
        ]),
        ("order_number: body.id", "order_number: body.note", [
            "4:17: body.note may be null, order_number of order.v1 may not; write default(body.note, ...)"
        ]),
        ("order_number: body.id", "order_number: body.?id", [
            "4:3: order_number is required by order.v1, but may be absent here; write .orValue(...) or `default:`"
        ]),
        ("order_number: body.id", "order_number: { value: body.id, when: body.total > 5 }", [
            "4:3: order_number is required by order.v1, but may be absent here; add `default:`"
        ]),
        ("order_number: body.id", "order_number: { value: body.id, when: body.total }", [
            "4:3: order_number is required by order.v1, but may be absent here; add `default:`",
            "4:41: a bool is needed here, but body.total is a decimal",
        ]),
        ("ship_to: { name: body.address.name }", "ship_to: body.address", [
            "8:12: body.address has 'town', which ship_to of order.v1 has not; there is city, code, country, name, postal_code, region, street",
            "8:12: ship_to.code of order.v1 is a string, but body.address.code is a decimal; write string(body.address.code)",
        ]),
        ("ship_to: { name: body.address.name }", "ship_to: body.id", ["8:12: ship_to of order.v1 is an object, but body.id is a string"]),
        ("total: body.total", "total: { sum: 1 }", ["17:3: total of order.v1 is a decimal, but this makes an object"]),
        ("total: body.total", "total: [1]", ["17:3: total of order.v1 is a decimal, but this makes a list"]),
        ("total: body.total", "total: body.total +", ["17:22: the expression ends too early"]),
        ("total: body.total", "total: { valu: body.total, default: 0 }", [
            "17:3: one of for_each, value, literal, lookup, use, fields is missing; a target's field of such a name is written under `fields:`"
        ]),
        ("total: body.total", "total: { value: body.total, defalt: 0 }", ["17:31: 'defalt' has no place beside 'value'; put the target's fields under `fields:`"]),
        ("total: body.total", "total: { value: body.total, where: 'true' }", ["17:31: 'where' has no place beside 'value'; did you mean 'when'?"]),
        ("total: body.total", "total: { lookup: body.id }", ["17:3: 'lookup' needs `in:` with a table of keys and values, or a table's name"]),
        ("total: body.total", "total: { lookup: body.total, in: { a: 1 } }", ["17:20: a string is needed here, but body.total is a decimal"]),
        ("total: body.total", "total: { lookup: body.id, in: { a: x } }", ["17:10: total of order.v1 is a decimal, but the table is a string; write decimal(the table)"]),
        ("for_each: body.lines", "for_each: body.id", ["10:15: for_each goes over a list, but body.id is a string"]),
        ("for_each: body.lines", "for_each: body.lines\n    as: two words", ["11:5: 'two words' can't be a name; use letters, digits and _"]),
        ("fields:\n  order", "let: { a b: 1, in: 2 }\nfields:\n  order", [
            "3:8: 'a b' can't be a name; use letters, digits and _", "3:16: 'in' can't be a name; use letters, digits and _"
        ]),
        ("target: order.v1", "target: order.v2", ["2:9: unknown schema 'order.v2'; did you mean 'order.v1'?"]),
        ("target: order.v1", "target: order.v1\nsource: shop.v1", ["3:9: unknown schema 'shop.v1'; there is order.v1"]),
        ("target: order.v1", "target: order.v1\nsource: x12 858", []),
    ],
)  # fmt: skip
def test_a_problem_is_at_its_place(old, new, expected):
    assert old in GOOD
    found = problems(GOOD.replace(old, new, 1))
    if "858" in new:
        assert found[0].startswith("shop.map.yaml:3:9: there is no set '858' in X12 ")
        return
    assert [f"shop.map.yaml:{line}" for line in expected] == found


def test_all_problems_are_reported_at_once_in_the_order_of_the_file():
    text = GOOD.replace("body.id", "body.idd").replace("item.qty", "item.sku").replace("total: body.total", "totl: body.total")
    assert problems(text) == [
        "shop.map.yaml:3:1: total is required by order.v1, but the map doesn't give it",
        "shop.map.yaml:4:22: body has no 'idd'; did you mean 'id'?",
        "shop.map.yaml:14:17: lines[].quantity of order.v1 is a decimal, but item.sku is a string; write decimal(item.sku)",
        "shop.map.yaml:17:3: order.v1 has no field 'totl'; did you mean 'total'?",
    ]


def test_codes_that_the_target_does_not_know_are_refused():
    schema = json.dumps({"type": "object", "properties": {"unit": {"enum": ["EACH", "CASE"]}}})
    project = Project([resource("schema", "small", schema)])
    text = "map: m\ntarget: small\nfields:\n  unit: { lookup: body.u, in: { EA: EACH, CA: CASSE } }"
    with pytest.raises(Refusals) as caught:
        compile_map(resource("map", "m", text), project)
    assert [refusal.message for refusal in caught.value.refusals] == [
        "'CASSE' (of the table) is not one of the values of unit of small; did you mean 'CASE'?"
    ]


def test_the_body_s_shape_may_come_from_the_map_s_source():
    schema = resource("schema", "shop.v1", json.dumps(SOURCE))
    text = "map: m\nsource: shop.v1\nfields:\n  a: body.idd"
    with pytest.raises(Refusals) as caught:
        compile_map(resource("map", "m", text), Project([schema]))
    assert [str(refusal.place) for refusal in caught.value.refusals] == ["m.map.yaml:4:11"]


def test_an_x12_set_is_a_source_and_a_target():
    text = "map: m\nsource: x12 850\ntarget: x12 855\nfields:\n  BAK: { BAK01: '\"00\"', BAK02: '\"AC\"', BAK03: body.BEG.BEG3, BAK04: body.BEG.BEG05, BAK99: 1 }"
    with pytest.raises(Refusals) as caught:
        compile_map(resource("map", "m", text), Project())
    messages = [refusal.message for refusal in caught.value.refusals]
    assert "body.BEG has no 'BEG3'; did you mean 'BEG03'?" in messages
    assert any(message.startswith("BAK of x12 855 has no field 'BAK99'") for message in messages)


def test_an_unknown_map_is_refused():
    with pytest.raises(Refusal, match="unknown map 'acme-85'; did you mean 'acme-850'"):
        SPEC.step(MapOptions(map="acme-85"), Project([resource("map", "acme-850", "map: acme-850\nfields: {}")]))


def test_the_example_in_the_documentation_has_no_problems():
    text = map_package.__doc__.split("    map: acme-850", 1)[1].split("\n\nA mapping", 1)[0]
    example = "\n".join(line[4:] for line in f"    map: acme-850{text}".splitlines())
    assert problems(example, None) == []


def test_the_file_s_model_takes_what_a_map_may_say():
    assert MapFile.model_validate({"map": "m", "fields": {"a": "body.b", "c": {"literal": [1]}}}).fields["a"] == "body.b"
    assert "for_each" in json.dumps(MapFile.model_json_schema())


def test_an_edifact_message_is_a_source_and_a_target():
    text = "map: m\nsource: edifact ORDERS D96A\ntarget: edifact ORDERS\nfields:\n  BGM: { BGM02: body.BGM.BGM2, BGM99: 1 }"
    with pytest.raises(Refusals) as caught:
        compile_map(resource("map", "m", text), Project())
    messages = [refusal.message for refusal in caught.value.refusals]
    assert "body.BGM has no 'BGM2'; did you mean 'BGM02'?" in messages
    assert any(message.startswith("BGM of edifact ORDERS has no field 'BGM99'") for message in messages)


def test_a_name_that_nothing_reads_is_told():
    assert ["shop.map.yaml:3:8: 'spare' is never used; remove it"] == problems(
        GOOD.replace("fields:\n  order", "let: { spare: body.id }\nfields:\n  order", 1)
    )


def nested(levels: int) -> str:
    """Return a map with so many loops inside of each other, over one list."""
    lines = ["map: m", "fields:"]
    for level in range(levels):
        lines += [f"{'  ' * (2 * level + 1)}a:", f"{'  ' * (2 * level + 2)}for_each: body.l", f"{'  ' * (2 * level + 2)}fields:"]
    return "\n".join([*lines, f"{'  ' * (2 * levels + 1)}b: index"])


def test_loops_stand_as_deep_in_each_other_as_python_can_run_them():
    """Sixteen run; one more is a problem at its place, not a crash when the first message comes."""
    made = compile_map(resource("map", "m", nested(16)), Project())
    inner = made(seen({"l": [1]}))
    for _ in range(16):
        inner = inner["a"][0]
    assert inner == {"b": 0}
    with pytest.raises(Refusals) as caught:
        compile_map(resource("map", "m", nested(17)), Project())
    assert [(str(one.place), one.message) for one in caught.value.refusals] == [
        ("m.map.yaml:52:69", "this is the 17th for_each inside of each other; 16 are the most")
    ]
