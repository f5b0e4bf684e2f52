"""What maps make."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.errors import Rejected
from crossdock_transformers.map import SPEC, MapOptions, compile_map
from tests.transformers.map.map_kit import Project, message, resource, seen

LINES = [
    {"no": 1, "sku": "A", "qty": Decimal(5), "unit": "CA"},
    {"no": 2, "sku": "B", "qty": Decimal(0), "unit": "EA", "note": "soft"},
]
BODY: dict[str, Any] = {"id": "4711", "to": {"name": "DC 12", "zip": None}, "lines": LINES, "paid": False}


def made(fields: str, body: Any = BODY, **more: Any) -> Any:
    """Return what a map with these fields makes of a body of unknown shape."""
    return compile_map(resource("map", "m", f"map: m\nfields:\n{fields}"), Project())(seen(body, **more))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("  a: body.id", {"a": "4711"}),
        ("  a: '\"text\"'", {"a": "text"}),
        ("  a: 5", {"a": 5}),
        ("  a: 1.50", {"a": Decimal("1.5")}),
        ("  a: true\n  b: null", {"a": True, "b": None}),
        ("  a: { b: { c: body.id } }", {"a": {"b": {"c": "4711"}}}),
        ("  a: [ body.id, 2, { b: partner } ]", {"a": ["4711", 2, {"b": "acme"}]}),
        ("  a: [ 'body.?no', 'body.?id' ]", {"a": ["4711"]}),
        ("  a: body.?no\n  b: body.?id", {"b": "4711"}),
        ("  a: body.to.?zip", {"a": None}),
        ("  a: { value: body.no, default: '\"x\"' }", {"a": "x"}),
        ("  a: { value: 'body.no.deep[4].path', default: body.id }", {"a": "4711"}),
        ("  a: { value: body.to.zip, default: '\"none\"' }", {"a": "none"}),
        ("  a: { value: body.id, default: '\"x\"' }", {"a": "4711"}),
        ("  a: { value: body.no, default: 'body.?other' }", {}),
        ("  a: { value: body.id, when: body.paid }\n  b: 1", {"b": 1}),
        ("  a: { value: body.id, when: '!body.paid' }", {"a": "4711"}),
        ("  a: { value: body.id, when: body.paid, default: '\"unpaid\"' }", {"a": "unpaid"}),
        ("  a: { when: size(body.lines) > 1, fields: { n: size(body.lines) } }", {"a": {"n": 2}}),
        ("  a: { literal: [1, { b: body.id }] }", {"a": [1, {"b": "body.id"}]}),
        ("  a: { lookup: 'body.lines[0].unit', in: { CA: CASE, EA: EACH } }", {"a": "CASE"}),
        ("  a: { lookup: body.id, in: { CA: CASE }, default: '\"?\"' }", {"a": "?"}),
        ("  a: { lookup: body.nothing, in: { CA: CASE }, default: null }", {"a": None}),
        ("  a: { lookup: body.id, in: { 4711: { name: x } } }", {"a": {"name": "x"}}),
        ("  a: { fields: { when: 1, value: 2 } }", {"a": {"when": 1, "value": 2}}),
        ("  a: { let: { x: body.id + '!' }, fields: { y: x + x } }", {"a": {"y": "4711!4711!"}}),
        ("  a: { for_each: body.lines, value: item.sku }", {"a": ["A", "B"]}),
        (
            "  a: { for_each: body.lines, as: line, fields: { n: line.no, at: index } }",
            {"a": [{"n": 1, "at": 0}, {"n": 2, "at": 1}]},
        ),
        ("  a: { for_each: body.lines, where: item.qty > 0, value: index }", {"a": [0]}),
        ("  a: { for_each: body.lines, value: 'item.?note' }", {"a": ["soft"]}),
        ("  a: { for_each: body.lines, fields: { note: 'item.?note' } }", {"a": [{}, {"note": "soft"}]}),
        ("  a: { for_each: 'body.?none', value: item }", {"a": []}),
        ("  a: body.lines.filter(line, line.sku == 'B')[0].no", {"a": 2}),
        ("  a: 1 / 0 == 1 || true\n  b: 2", {"a": True, "b": 2}),
        ("  a: headers.x\n  b: keys.k\n  c: source\n  d: received_at", {"a": "h", "b": "k", "c": "sftp", "d": 0}),
    ],
)
def test_a_map_makes_what_it_says(fields, expected):
    assert expected == made(fields, headers={"x": "h"}, keys={"k": "k"})


def test_fields_come_in_the_order_of_the_file():
    assert list(made("  b: body.id\n  z: body.?paid\n  a: body.?none\n  c: 1\n  d: body.?id")) == ["b", "z", "c", "d"]


def test_names_of_the_whole_map_are_seen_everywhere():
    text = (
        "map: m\nlet:\n  first: body.lines[0]\n  sku: first.sku\nfields:\n  a: { for_each: body.lines, value: item.sku == sku }"
    )
    assert compile_map(resource("map", "m", text), Project())(seen(BODY)) == {"a": [True, False]}


def test_a_loop_may_have_names_and_loops_of_its_own():
    lines = ("a:", "  for_each: body.lines", "  let: { twice: item.qty * 2, outer: index }", "  fields:", "    q: twice")
    inner = "    b: { for_each: '[1, 2]', as: n, where: n > outer, value: n + outer }"
    expected = {"a": [{"q": Decimal(10), "b": [1, 2]}, {"q": Decimal(0), "b": [3]}]}
    assert expected == made("\n".join(f"  {line}" for line in (*lines, inner)))


def test_documents_never_share_a_literal():
    program = compile_map(resource("map", "m", "map: m\nfields:\n  a: { literal: [] }"), Project())
    first, second = program(seen(BODY)), program(seen(BODY))
    first["a"].append(1)
    assert second == {"a": []}


@pytest.mark.parametrize(
    ("fields", "where", "text"),
    [
        ("  a: 1\n  b: body.nothing", "m.map.yaml:4:11", "body.nothing is absent"),
        (
            "  a:\n    for_each: body.lines\n    fields:\n      b: item.note",
            "m.map.yaml:6:15",
            "item.note is absent (element 1 of body.lines)",
        ),
        (
            "  a:\n    for_each: body.lines\n    where: item.no > 1\n    value: '[1, 0].map(x, 1 / x)'",
            "m.map.yaml:6:29",
            "1 / x: division by zero (element 2 of body.lines)",
        ),
        (
            "  a: { for_each: body.lines, fields: { b: { for_each: '[1, 0]', as: n, value: 1 / n } } }",
            "m.map.yaml:3:81",
            "1 / n: division by zero (element 2 of [1, 0], element 1 of body.lines)",
        ),
        ("  a: { lookup: body.id, in: { CA: CASE } }", "m.map.yaml:3:16", "the table has no entry for '4711'"),
        ("  a: { for_each: body.id, value: item }", "m.map.yaml:3:23", "body.id: a list is needed here, but this is a text"),
        ("  a: { value: 1, when: body.id }", "m.map.yaml:3:29", "body.id: a truth value is needed here, but this is a text"),
        ("  a: false || body.id == body.x", "m.map.yaml:3:31", "body.x is absent"),
    ],
)
def test_a_failing_map_names_the_line_of_the_map_and_the_element(fields, where, text):
    with pytest.raises(Rejected) as caught:
        made(fields)
    assert (where, text) == (caught.value.where, caught.value.message)


def test_the_step_makes_the_message_the_target_document():
    schema = resource(
        "schema", "small", json.dumps({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]})
    )
    project = Project([schema, resource("map", "m", "map: m\ntarget: small\nfields:\n  id: body.id")])
    step = SPEC.step(MapOptions(map="m"), project)
    result = step.apply(message(BODY))
    assert result.body == {"id": "4711"}
    assert schema.data == step.shape
    assert result.keys == message(BODY).keys


def test_what_is_not_known_before_is_checked_when_it_runs():
    schema = resource(
        "schema", "small", json.dumps({"type": "object", "properties": {"n": {"type": "number"}, "t": {"type": "string"}}})
    )
    program = compile_map(resource("map", "m", "map: m\ntarget: small\nfields:\n  n: body.n\n  t: body.?t"), Project([schema]))
    assert program(seen({"n": 5})) == {"n": 5}
    with pytest.raises(Rejected) as caught:
        program(seen({"n": "5"}))
    assert (caught.value.where, caught.value.message) == ("m.map.yaml:4:6", "n: a number is needed here, but this is a text")
    with pytest.raises(Rejected) as caught:
        program(seen({"n": 5, "t": 5}))
    assert caught.value.message == "t: a text is needed here, but this is a whole number"


def test_a_map_without_a_target_says_itself_what_it_makes():
    program = compile_map(resource("map", "m", "map: m\nfields:\n  a: size(body.lines)\n  b: body.?x"), Project())
    assert program.shape == {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {}},
        "additionalProperties": False,
        "required": ["a"],
    }


def test_a_large_document_ends_in_an_error_not_in_a_stall():
    with pytest.raises(Rejected) as caught:
        made("  a: { for_each: body, value: 'body.map(x, x).size()' }", body=list(range(5000)))
    assert "takes more than 1000000 steps (element" in caught.value.message


@pytest.mark.parametrize(
    "fields",
    [
        "{ a: { for_each: body.l, fields: { b: { for_each: body.l, fields: { c: { for_each: body.l, value: 1 } } } } } }",
        "{ a: { for_each: body.l, value: 'body.l.map(x, body.l.map(y, body.l.exists(z, z < 0)))' } }",
        "{ a: { for_each: body.l, fields: { b: 'body.l.all(x, x in body.l)' } } }",
    ],
)
def test_loops_in_loops_of_a_hostile_document_end_in_an_error_that_names_the_expression(fields):
    with pytest.raises(Rejected) as caught:
        made(f"  x: {{ fields: {fields} }}", {"l": list(range(2000))})
    assert ("m.map.yaml:3", True) == (caught.value.where[:12], "takes more than 1000000 steps" in caught.value.message)
