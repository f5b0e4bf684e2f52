"""NDJSON in and out."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.core.blob import Blob
from tests.transformers.map.map_kit import message, resource
from tests.transformers.records import records_kit as kit

SCHEMA = resource(
    "schema",
    "price",
    '{"type": "object", "additionalProperties": false, "required": ["sku"], "properties":'
    ' {"sku": {"type": "string"}, "price": {"$ref": "#/$defs/money"}}, "$defs": {"money": {"type": "number"}}}',
)


def test_each_line_is_a_document():
    data = b'\xef\xbb\xbf{"sku": "A", "price": 1.50}\r\n\n {"sku":\r "B"}'
    assert kit.bodies("ndjson", data, "price", SCHEMA) == [{"sku": "A", "price": Decimal("1.50")}, {"sku": "B"}]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"sku": }', "line 2, column 9: this is not JSON: a value is missing or not one that JSON knows (line 2, column 9)"),
        (b'{"sku": "A", "sku": "B"}', "line 2: an object has the key 'sku' twice"),
        (b'{"price": "1"}', "line 2 /price: /price must be a number, not a string"),
        (b'{"sku": "\xff"}', "byte 9: the document is not UTF-8: byte 9 is wrong"),
        (b"[" * 70 + b"]" * 70, "line 2: the document is nested more than 64 levels deep"),
        (b"NaN", "line 2: NaN is not a number in JSON"),
    ],
)
def test_a_bad_line_is_told_and_kept_alone(line, told):
    first, bad, last = kit.parts("ndjson", b'{"sku": "A"}\n' + line + b'\n{"sku": "C"}\n', "price", SCHEMA)
    assert (first.body, last.body) == ({"sku": "A"}, {"sku": "C"})
    assert (kit.faults(bad)[0], bad.raw, bad.keys) == (told, line, {"line": "2"})


@pytest.mark.parametrize(
    ("data", "options", "told"),
    [
        (b"", {}, "the file is empty"),
        (b'"' + b"x" * 2000 + b'"', {"max_record_size": "1KB"}, "line 1 has more than 1024 characters"),
        (b"1\nx\n", {"rejects": "file"}, "the file (1 bad records) has 1 fault: line 2, column 1: this is not JSON: a value is missing or not one that JSON knows (line 2, column 1)"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_as_a_whole(data, options, told):
    assert kit.rejected("ndjson", data, options).message == told


def test_a_file_may_be_taken_whole():
    assert kit.decoded("ndjson", b"1\n2\n", {"whole": True}) == {"records": [1, 2]}
    shape = kit.shape("decode", "ndjson", {"schema": "price", "whole": True}, SCHEMA)
    items = shape["properties"]["records"]["items"]
    assert (items["properties"]["price"], shape["$defs"]) == ({"$ref": "#/$defs/money"}, SCHEMA.data["$defs"])
    assert kit.shape("decode", "ndjson", "price", SCHEMA) == SCHEMA.data


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.decimals(-100, 100, places=2) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(JSON, min_size=1, max_size=4))
def test_what_is_written_is_read_as_it_was(documents):
    assert kit.bodies("ndjson", kit.encoded("ndjson", documents, {}), {}) == documents


def test_one_document_or_a_whole_file_is_written():
    assert kit.encoded("ndjson", {"a": 1}, {}) == b'{"a":1}\n'
    assert kit.encoded("ndjson", {"records": [1, 2]}, {}) == b"1\n2\n"
    assert kit.unwritten("ndjson", b"1", {}).message == "this message is bytes already"


def test_a_big_file_is_read_a_document_at_a_time():
    blob = Blob.of(b'{"sku": "A-%d", "price": 1.5}\n' % number for number in range(50_000))
    stream = kit.step("decode", "ndjson", {}).apply(message(blob)).body
    assert sum(1 for _ in stream.parts()) == 50_000
    assert kit.peak_memory(lambda: sum(1 for _ in stream.parts())) < 4_000_000


def test_damaged_files_are_taken_or_refused_and_nothing_else():
    data = b"".join(b'{"sku": "A-%d", "price": 1.5, "x": [1, {"y": null}]}\n' % number for number in range(20))
    told = kit.survives(lambda data: kit.decoded("ndjson", data, {}), kit.damaged(data, b'{}[]",:\n\\u0\xff', 20261123, 1000))
    assert min(told.values()) > 10
