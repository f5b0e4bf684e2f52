"""Layouts of CSV: what is wrong with one is told at its place, and maps know what is in a row."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

import pytest

from crossdock_config import load
from crossdock_config.schemas import json_schema
from tests.transformers.records import records_kit as kit

LAYOUT = """layout: orders
csv:
  group_by: order_number
  lines: [sku]
  columns:
    order_number: { required: true }
    ordered_on: date
    sku: { type: text, description: the article }
"""
ROUTE = """route: orders
owner: edi@example.com
domain: sales
from: { event: out }
steps:
  - decode: { csv: orders }
  - split: documents
  - map: order
  - map: back
  - encode: { csv: orders }
to:
  - event: out
"""
ORDER = """map: order
source: csv orders
target: order
fields:
  number: body.order_number
  lines: { for_each: body.lines, fields: { sku: item.?sku } }
"""
BACK = """map: back
source: order
target: csv orders
fields:
  order_number: body.number
  lines: { for_each: body.lines, fields: { sku: item.?sku } }
"""
SCHEMA = """{"x-owner": "edi@example.com", "type": "object", "additionalProperties": false, "required": ["number", "lines"], "properties": {"number": {"type": "string"},
 "lines": {"type": "array", "items": {"type": "object", "additionalProperties": false, "properties": {"sku": {"type": "string"}}}}}}"""


def problems(**changes):
    texts = {"layout": LAYOUT, "route": ROUTE, "map": ORDER, "back": BACK, "schema": SCHEMA, **changes}
    paths = {"layout": "orders.layout.yaml", "route": "orders.route.yaml", "map": "order.map.yaml", "back": "back.map.yaml", "schema": "order.schema.json"}  # fmt: skip
    files = {f"routes/{path}": texts[name] for name, path in paths.items()}
    return [str(one) for one in load({**files, "config/environments/local.yaml": "environment: local\n"}).problems]


def test_maps_in_both_directions_are_checked_against_the_layout():
    assert problems() == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"map": ORDER.replace("body.order_number", "body.order_numbr")}, "routes/order.map.yaml:5:16: body has no 'order_numbr'; did you mean 'order_number'?"),
        ({"map": ORDER.replace("item.?sku", "item.?skew")}, "routes/order.map.yaml:6:55: item has no 'skew'; there is sku"),
        ({"back": BACK.replace("  order_number:", "  order_numbr:")}, "routes/back.map.yaml:5:3: csv orders has no field 'order_numbr'; did you mean 'order_number'?"),
        ({"back": BACK.replace("body.number", "1")}, "routes/back.map.yaml:5:17: order_number of csv orders is a string, but 1 is an int; write string(1)"),
        ({"route": ROUTE.replace("split: documents", "split: rows")}, "routes/orders.route.yaml:7:12: `split` takes 'documents' here, not 'rows'"),
        ({"route": ROUTE.replace("  - split: documents\n", "")}, "routes/orders.route.yaml:7:5: `map` gets a stream of documents: write `split: documents` before it, or `whole: true` in the decoder"),
        ({"route": ROUTE.replace("  - split: documents\n  - map: order\n  - map: back\n", "")}, "routes/orders.route.yaml:7:5: `encode` gets a stream of documents: write"),
        ({"route": ROUTE.replace("csv: orders }", "csv: { layout: orders, whole: true } }", 1)}, "routes/orders.route.yaml:7:12: `split: documents` needs a stream, but the decoder gives the file as one document; split a list of its `body`"),
        ({"route": ROUTE.replace("csv: orders", "csv: order", 1)}, "routes/orders.route.yaml:6:20: there is no layout 'order'; did you mean 'orders'?"),
        ({"layout": LAYOUT.replace("sku]", "sky]")}, "routes/orders.layout.yaml:4:11: there is no column 'sky'; did you mean 'sku'?"),
        ({"layout": LAYOUT.replace("ordered_on: date", "ordered_on: dat")}, "dat"),
        ({"layout": "layout: orders\n"}, "a layout is of one format"),
        ({"map": ORDER.replace("csv orders", "csv order")}, "there is no layout 'order'; did you mean 'orders'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(changes, told):
    found = problems(**changes)
    assert any(told in problem for problem in found), found


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"header": False}, "name the `columns`: without `header` the file doesn't say what they are"),
        ({"delimiter": '"'}, "the delimiter must be a character of its own"),
        ({"decimal": ",", "thousands": ","}, "decimals and thousands need different marks"),
        ({"escape": '"'}, "leave `escape` out: quotes are doubled"),
        ({"columns": {"a": {"required": True}}, "group_by": "a"}, "say as well which columns are `lines`"),
        ({"columns": {"a": "text"}, "lines": ["a"]}, "say as well which columns are `group_by`"),
        ({"columns": {"a": {"required": True}}, "group_by": "a", "lines": ["a"]}, "'a' groups the rows, it can't differ among them"),
        ({"columns": {"a": "text", "b": "text"}, "group_by": "a", "lines": ["b"]}, "rows are grouped by 'a': make it `required: true`"),
        ({"columns": {"a": {"required": True}, "lines": "text"}, "group_by": "a", "lines": ["lines"]}, "a document holds its rows as 'lines': give this column another name"),
        ({"columns": {"a": "text", "b": {"header": "a"}}}, "'a' is the header of 'a' as well"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told(options, told):
    found = kit.refusals("decode", "csv", options)
    assert any(told in one for one in found), found


def test_a_layout_says_all_of_the_dialect():
    told = kit.refusals("decode", "csv", {"layout": "orders", "delimiter": ";"}, kit.layout(LAYOUT))
    assert told == ["`delimiter` is said by the layout 'orders'; change it there"]


def test_the_whole_of_a_file_has_a_shape_too():
    whole = kit.shape("decode", "csv", {"layout": "orders", "whole": True}, kit.layout(LAYOUT))
    one = kit.shape("decode", "csv", "orders", kit.layout(LAYOUT))
    assert (whole["properties"]["documents"]["items"], one["required"]) == (one, ["order_number", "lines"])
    assert problems(route=ROUTE.replace("csv: orders }", "csv: { layout: orders, whole: true } }", 1).replace("split: documents", "split: body.documents")) == []  # fmt: skip


def test_editors_know_layouts():
    assert "columns" in json_schema("layout")["$defs"]["CsvLayout"]["properties"]
