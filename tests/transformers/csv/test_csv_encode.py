"""CSV out: dialects, quoting, formulas, and what can't be written; and round trips."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transformers.records import records_kit as kit
from tests.transformers.records.test_record_values import VALUES

ORDERS = kit.layout("""layout: orders
csv:
  delimiter: ";"
  decimal: ","
  encoding: cp1252
  group_by: order_number
  lines: [sku, quantity]
  columns:
    order_number: { header: Order No, required: true }
    ordered_on: { type: date, format: "%d.%m.%Y" }
    sku: { max_length: 5 }
    quantity: { type: decimal, required: true, scale: 2 }
""")


@pytest.mark.parametrize(
    ("options", "body", "text"),
    [
        ({}, {"a": "1", "b": 'x"y'}, 'a,b\r\n1,"x""y"\r\n'),
        ({}, [{"a": "1"}, {"b": "2"}], "a,b\r\n1,\r\n,2\r\n"),
        ({}, {"rows": [{"a": "1"}]}, "a\r\n1\r\n"),
        ({"line_end": "lf", "header": False, "columns": {"a": "text"}}, {"a": " 1"}, '" 1"\n'),
        ({"escape": "\\", "line_end": "lf"}, {"a": 'x\\"'}, 'a\n"x\\\\\\""\n'),
        ({"quoting": "all", "line_end": "lf"}, {"a": "1"}, '"a"\n"1"\n'),
        ({"quoting": "text", "line_end": "lf", "columns": {"a": "text", "b": "decimal"}}, {"a": "x", "b": Decimal("1.50")}, '"a","b"\n"x",1.50\n'),
        ({"formulas": "guard", "line_end": "lf"}, {"a": "=1+1", "b": "@x", "c": "-2"}, "a,b,c\n'=1+1,'@x,'-2\n"),
        ({"formulas": "guard", "line_end": "lf", "columns": {"a": "decimal"}}, {"a": Decimal(-2)}, "a\n-2\n"),
        ({"line_end": "lf"}, {"a": "=1+1"}, "a\n=1+1\n"),
        ({"comment": "#", "line_end": "lf"}, {"a": "#1"}, 'a\n"#1"\n'),
        ({"columns": {"a": {"type": "boolean", "yes": ["Y"], "no": ["N"]}}, "line_end": "lf"}, {"a": False}, "a\nN\n"),
        ({"decimal": ",", "thousands": ".", "delimiter": ";", "line_end": "lf", "columns": {"a": "decimal"}}, {"a": Decimal("-1234567.5")}, "a\n-1.234.567,5\n"),
    ],
)  # fmt: skip
def test_a_dialect_is_written(options, body, text):
    assert kit.encoded("csv", body, options).decode() == text


def test_a_document_becomes_a_row_for_each_of_its_lines():
    body = {"order_number": "ä1", "ordered_on": "2026-10-01", "lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": Decimal("2.5")}]}  # fmt: skip
    expected = "Order No;ordered_on;sku;quantity\r\nä1;01.10.2026;A;1,00\r\nä1;01.10.2026;B;2,50\r\n"
    assert kit.encoded("csv", body, "orders", ORDERS) == expected.encode("cp1252")


def test_a_spreadsheet_may_be_told_that_it_is_utf_8():
    assert kit.encoded("csv", {"a": "ü"}, {"bom": True}) == "\ufeffa\r\nü\r\n".encode()


@pytest.mark.parametrize(
    ("options", "body", "told"),
    [
        ({}, ["x"], ["/: a row must be an object, this is 'x'"]),
        ({}, {}, ["/: a row needs a value"]),
        ({}, {"a": 1}, ["/a: must be a text, this is 1"]),
        ({"columns": {"sku": {"required": True}}}, {"skew": "1"}, ["/skew: is no column; there is sku", "/sku: is missing"]),
        ({"columns": {"a": "decimal"}}, [{"a": 1}, {"a": "x"}, {"a": Decimal("NaN")}], ["/1/a: must be a number, this is 'x'", "/2/a: is a number that can't be written out: 'NaN'"]),
        ({"columns": {"a": {"type": "decimal", "scale": 1}}}, {"a": Decimal("1.25")}, ["/a: has more than 1 digits after its decimal mark: 1.25"]),
        ({"columns": {"a": "integer"}}, {"a": Decimal("1.5")}, ["/a: must be a whole number, this is 1.5"]),
        ({"columns": {"a": "date"}}, {"a": "05.11.2026"}, ["/a: must be a date such as 2026-11-05, this is '05.11.2026'"]),
        ({"columns": {"a": "boolean"}}, {"a": "true"}, ["/a: must be true or false, this is 'true'"]),
        ({"columns": {"a": {"codes": ["EA"]}}}, {"a": "PC"}, ["/a: is 'PC', which is none of its codes; there is EA"]),
        ({"encoding": "cp1252"}, {"a": "→"}, ["/: '→' can't be written in cp1252"]),
        ({"quote": ""}, {"a": "1,2"}, ["/a: holds a delimiter, and the layout has no quotes: '1,2'"]),
        ({"formulas": "refuse"}, {"a": "=1"}, ["/a: would be taken for a formula: '=1'"]),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_told(options, body, told):
    found = [row if not row.startswith(": ") else f"/{row}" for row in kit.faults(kit.unwritten("csv", body, options))]
    assert found == told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"order_number": "1"}, ["/lines: must be a list of objects with at least one"]),
        ({"order_number": "1", "sku": "A", "lines": [{"quantity": 1}]}, ["/sku: belongs into each of the lines, not beside them"]),
        ({"order_number": "1", "lines": [{"quantity": 1, "quantty": 1}]}, ["/lines/0/quantty: is no column; did you mean 'quantity'?"]),
    ],
)  # fmt: skip
def test_what_cannot_be_written_of_a_document_is_told(body, told):
    assert kit.faults(kit.unwritten("csv", body, "orders", ORDERS)) == told


def test_bytes_are_not_encoded_again():
    assert kit.unwritten("csv", b"a", {}).message == "this message is bytes already"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), min_size=1, max_size=12).map(str.strip).filter(bool)
ROW = st.fixed_dictionaries({"t": TEXT}, optional={name: values for name, (_, values) in VALUES.items()})
DIALECTS = st.fixed_dictionaries(
    {},
    optional={
        "delimiter": st.sampled_from([",", ";", "tab", "|"]),
        "quote": st.sampled_from(['"', "'"]),
        "escape": st.sampled_from(["", "\\"]),
        "line_end": st.sampled_from(["lf", "crlf"]),
        "quoting": st.sampled_from(["minimal", "text", "all"]),
        "comment": st.sampled_from(["", "#"]),
        "bom": st.booleans(),
    },
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=4), DIALECTS)
def test_what_is_written_is_read_as_it_was(rows, dialect):
    layout = {**dialect, "columns": {"t": "text", **{name: column for name, (column, _) in VALUES.items()}}}
    data = kit.encoded("csv", rows, layout)
    read = {name: value for name, value in layout.items() if name not in ("line_end", "quoting", "bom")}
    assert kit.bodies("csv", data, read) == rows


LINE = st.fixed_dictionaries(
    {"quantity": st.decimals(0, 10**6, places=2)}, optional={"sku": st.text("ABÄ;\"'", min_size=1, max_size=5)}
)
DOCUMENT = st.fixed_dictionaries(
    {"order_number": st.text("123", min_size=1), "lines": st.lists(LINE, min_size=1, max_size=3)},
    optional={
        "ordered_on": st.dates().map(lambda day: day.replace(year=2026 if (day.month, day.day) != (2, 29) else 2024).isoformat())
    },
)


@settings(max_examples=100, deadline=None)
@given(st.lists(DOCUMENT, min_size=1, max_size=4, unique_by=lambda document: document["order_number"]))
def test_documents_are_read_as_they_were_written(documents):
    assert kit.bodies("csv", kit.encoded("csv", documents, "orders", ORDERS), "orders", ORDERS) == documents
