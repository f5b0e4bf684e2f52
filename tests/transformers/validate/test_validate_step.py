"""Documents against schemas, and schemas themselves."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from crossdock.core.errors import Finding, Refusal, Refusals, Rejected
from crossdock_transformers.validate import SPEC, ValidateOptions, Validator
from tests.transformers.map.map_kit import Project, message, resource

ORDER_TEXT = (Path(__file__).parents[1] / "schemas/order.v1.schema.json").read_text()
ORDER = resource("schema", "order.v1", ORDER_TEXT)
LINE = {"number": "1", "sku": "A", "quantity": Decimal(5), "unit": "EA", "unit_price": Decimal("1.50")}
GOOD: dict[str, Any] = {
    "order_number": "4711",
    "customer": "C-1001",
    "ordered_on": "2026-10-15",
    "currency": "USD",
    "ship_to": {"name": "DC 12"},
    "lines": [LINE],
    "total": Decimal("7.50"),
}


def step(file: Any = ORDER) -> Any:
    return SPEC.step(ValidateOptions.model_validate({"schema": file.name}), Project([file]))


def rejected(body: Any, schema: dict[str, Any] | None = None) -> Rejected:
    file = ORDER if schema is None else resource("schema", "s", json.dumps(schema))
    with pytest.raises(Rejected) as caught:
        step(file).apply(message(body))
    return caught.value


def test_a_document_that_fits_passes_unchanged():
    given_message = message(GOOD)
    assert given_message is step().apply(given_message)
    assert ORDER.data == step().shape


def test_every_fault_is_a_finding_with_its_place():
    body = {**GOOD, "currency": "usd", "lines": [LINE, {**LINE, "quantity": Decimal(0), "skuu": "x"}], "total": "7.50"}
    del body["customer"]
    error = rejected(body)
    assert sorted(error.findings, key=lambda finding: finding.where) == [
        Finding("pattern", "must match '^[A-Z]{3}$', which 'usd' does not", "/currency", "'usd'"),
        Finding("required", "is missing", "/customer", ""),
        Finding("exclusiveMinimum", "must be more than 0, not 0", "/lines/1/quantity", "0"),
        Finding("additionalProperties", "is not a known field", "/lines/1/skuu", ""),
        Finding("type", "must be a number, not a string", "/total", "'7.50'"),
    ]
    assert error.message.startswith("the document has 5 faults against order.v1: /")
    assert error.where == error.findings[0].where


@pytest.mark.parametrize(
    ("schema", "body", "sentence"),
    [
        ({"type": ["null", "string"]}, 5, "must be a string or null, not a number"),
        ({"type": "integer"}, Decimal("5.5"), "must be a whole number, not a number"),
        ({"enum": ["A", "B"]}, "C", "must be one of 'A', 'B', not 'C'"),
        ({"const": True}, False, "must be true, not false"),
        ({"format": "date"}, "2026-13-01", "must be a date such as 2026-10-15, not '2026-13-01'"),
        ({"minLength": 3}, "ab", "must have at least 3 characters"),
        ({"maxLength": 1}, "ab", "must have at most 1 characters"),
        ({"minimum": 1}, Decimal("0.5"), "must be at least 1, not 0.5"),
        ({"multipleOf": 0.01}, Decimal("0.005"), "must be a multiple of 0.01, not 0.005"),
        ({"minItems": 2}, [1], "must have at least 2 elements"),
        ({"uniqueItems": True}, [1, 1], "has an element twice"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "fits none of the forms that are allowed"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, 1, "must fit exactly one of the forms that are allowed"),
        ({"not": {}}, 1, "has a form that is not allowed"),
        ({"properties": {"a": False}}, {"a": 1}, "is not allowed"),
    ],
)
def test_a_fault_is_said_in_words(schema, body, sentence):
    assert [sentence] == [finding.message for finding in rejected(body, schema).findings]


def test_only_the_first_twenty_faults_are_listed():
    error = rejected(["x"] * 100, {"items": {"type": "number"}})
    assert (len(error.findings), error.message.startswith("the document has more than 20 faults against s: /0 must be")) == (
        20,
        True,
    )


@pytest.mark.parametrize(
    ("value", "fits"),
    [("0.01", True), ("0.015", False), ("1E+2", True), ("99999999999999999999.99", True), ("99999999999999999999.999", False)],
)
def test_decimals_are_compared_exactly(value, fits):
    validator = Validator(resource("schema", "s", '{"type": "number", "multipleOf": 0.01}'))
    if fits:
        assert validator.check(Decimal(value)) is None
        return
    with pytest.raises(Rejected):
        validator.check(Decimal(value))


def test_bytes_and_what_is_nested_too_deeply_are_rejected():
    assert rejected(b"{}").message == "only decoded documents can be validated"
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert rejected(deep, {"items": {"$ref": "#"}}).code == "depth"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type": "strin"}', ["s.schema.json:1:10: 'strin' is not valid under any of the given schemas"]),
        ('{"properties": {\n "a": {"minLength": "3"}}}', ["s.schema.json:2:21: '3' is not of type 'integer'"]),
        ('{"minimum": "1", "required": "a"}', [
            "s.schema.json:1:13: '1' is not of type 'number'",
            "s.schema.json:1:30: 'a' is not of type 'array'",
        ]),
        ('{"$ref": "https://example.com/other.json"}', [
            "s.schema.json:1:10: 'https://example.com/other.json' leads out of this file; copy it under \"$defs\" and refer to '#/$defs/...'"
        ]),
        ('{"$ref": "#/$defs/lin", "$defs": {"line": {}}}', ["s.schema.json:1:10: there is nothing at '#/$defs/lin'; did you mean '#/$defs/line'?"]),
        ('{"$schema": "http://json-schema.org/draft-07/schema#"}', [
            's.schema.json:1:13: schemas are written in JSON Schema 2020-12: "$schema": "https://json-schema.org/draft/2020-12/schema"'
        ]),
        ('{"pattern": "(?=a)"}', [
            's.schema.json:1:13: "(?=a)" is not a "regex"; look-around and back-references are not taken, since they can stall'
        ]),
        ('{"properties": {"a": {"format": "dat"}}}', ["s.schema.json:1:33: Unknown format: 'dat'. Adjust configuration to ignore unrecognized formats"]),
    ],
)  # fmt: skip
def test_a_faulty_schema_is_refused_at_its_place(text, expected):
    with pytest.raises((Refusal, Refusals)) as caught:
        Validator(resource("schema", "s", text))
    found = caught.value.refusals if isinstance(caught.value, Refusals) else [caught.value]
    assert sorted(expected) == sorted(f"{refusal.place}: {refusal.message}" for refusal in found)


def test_an_unknown_schema_is_refused():
    with pytest.raises(Refusal, match=r"unknown schema 'order.v2'; did you mean 'order.v1'"):
        SPEC.step(ValidateOptions.model_validate({"schema": "order.v2"}), Project([ORDER]))


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.decimals(-5, 5, places=2)
    | st.sampled_from(["", "A", "USD", "usd", "EA", "x" * 40])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "code", "x"]), inner, max_size=2),
)


@given(
    st.lists(st.tuples(st.sampled_from([*GOOD, "extra", "warehouse", "requested_on"]), VALUES | st.just(None)), max_size=3),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_both_libraries_agree(changes, in_a_line):
    body = {**GOOD, "lines": [{**LINE}]}
    for name, value in changes:
        target = body["lines"][0] if in_a_line and isinstance(body.get("lines"), list) and body["lines"] else body
        target[name if target is body else sorted(LINE)[len(name) % len(LINE)]] = value
    oracle = Draft202012Validator(json.loads(ORDER_TEXT), format_checker=FormatChecker(["date"]))
    try:
        VALIDATOR.check(body)
        fits = True
    except Rejected:
        fits = False
    assert oracle.is_valid(body) is fits


VALIDATOR = Validator(ORDER)
