"""Whether a schema's new version can take the old one's place: told field by field, and never wrongly said to fit."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock_config.compatibility import breaches, mode_of, obstacles


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


LINE = closed(sku={"type": "string"}, uom={"enum": ["EA", "CA"]})
OLD = {**closed(number={"type": "string"}, lines={"type": "array", "items": {"$ref": "#/$defs/line"}}), "$defs": {"line": LINE}}


def with_line(line: Any) -> dict[str, Any]:
    return {**OLD, "$defs": {"line": line}}


@pytest.mark.parametrize(
    ("new", "backward", "forward"),
    [
        (OLD, [], []),
        ({**OLD, "title": "Order", "x-owner": "a"}, [], []),
        (with_line(closed(sku={"type": "string"})), ["`lines[].uom` isn't known"], []),
        ({**OLD, "required": ["number"]}, ["`number` is required"], []),
        (with_line({**LINE, "additionalProperties": True}), [],
         ["`lines[]` may have other fields in the one, and in the other not"]),
        (with_line(closed(**LINE["properties"], note={"type": "string"})), [], ["`lines[].note` isn't known"]),
        (with_line(closed(sku={"type": "integer"}, uom={"enum": ["EA", "CA"]})), ["`lines[].sku` can't be string, only integer"],
         ["`lines[].sku` can't be integer, only string"]),
        (with_line(closed(sku={"type": "string"}, uom={"enum": ["EA"]})), ["`lines[].uom` can't be 'CA'"], []),
        (with_line(closed(sku={"type": "string", "maxLength": 9}, uom={"enum": ["EA", "CA"]})),
         ["`lines[].sku` has `maxLength: 9`"], []),
        (with_line(closed(sku={"type": ["string", "null"]}, uom={"enum": ["EA", "CA"]})), [],
         ["`lines[].sku` can't be null, only string"]),
        (with_line({**LINE, "not": {"required": ["sku"]}}), ["`lines[]` can't be compared: it has `not`"], []),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_told_with_its_path(new: Any, backward: list[str], forward: list[str]) -> None:
    assert [str(one) for one in obstacles(OLD, new)] == backward
    assert [str(one) for one in obstacles(new, OLD)] == forward


def test_a_mode_asks_for_one_direction_or_both() -> None:
    new = {**OLD, "required": ["number"]}
    assert [breaches(OLD, new, mode) == [] for mode in ("none", "backward", "forward", "full")] == [True, False, True, False]
    assert str(breaches(OLD, new, "full")[0]) == "`number` is required: what was valid may be refused now"


def test_a_schema_asks_for_its_mode_and_for_backward_where_it_says_nothing() -> None:
    assert (mode_of({"x-compatibility": "full"}), mode_of({}), mode_of(True), mode_of({"x-compatibility": "?"})) == (
        "full", "backward", "backward", "backward",
    )  # fmt: skip


def test_a_word_beside_a_reference_counts_as_well() -> None:
    outer = {"$ref": "#/$defs/a", "maxLength": 3, "$defs": {"a": {"type": "string", "maxLength": 9}}}
    assert [str(one) for one in obstacles({"type": "string", "maxLength": 5}, outer)] == ["`the document` has `maxLength: 3`"]


NAMES = ("a", "b")
LEAVES = st.one_of(
    st.sampled_from(
        [True, False, {}, {"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": ["string", "null"]},
         {"enum": ["x", 1]}, {"const": "x"}, {"type": "string", "minLength": 2}, {"type": "string", "maxLength": 1},
         {"minimum": 1}, {"exclusiveMinimum": 1}, {"maximum": 2}, {"type": "number", "multipleOf": 2}, {"pattern": "^x"},
         {"$ref": "#/$defs/d"}, {"$ref": "#/$defs/d", "maxLength": 1}]
    )
)  # fmt: skip


def _deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", ["object", "null"]]),
            "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
            "required": st.lists(st.sampled_from(NAMES), unique=True, max_size=2),
            "additionalProperties": inner,
            "patternProperties": st.just({"^a": {"type": "string"}}),
            "unevaluatedProperties": st.just(False),
            "dependentRequired": st.just({"a": ["b"]}),
            "minProperties": st.just(1),
        },
    )
    arrays = st.fixed_dictionaries(
        {},
        optional={
            "type": st.just("array"), "items": inner, "minItems": st.just(1), "uniqueItems": st.just(True),
            "prefixItems": st.lists(inner, max_size=1, min_size=1), "contains": inner, "minContains": st.just(0),
        },
    )  # fmt: skip
    several = st.lists(inner, min_size=1, max_size=2)
    combined = st.one_of(
        st.builds(lambda branches: {"anyOf": branches}, several),
        st.builds(lambda branches: {"oneOf": branches}, several),
        st.builds(lambda branches: {"allOf": branches}, several),
        st.builds(lambda schema: {"not": schema}, inner),
        st.builds(lambda test, then: {"if": test, "then": then}, inner, inner),
    )
    return st.one_of(objects, arrays, combined)


SCHEMAS = st.builds(
    lambda schema, definition: {**(schema if isinstance(schema, dict) else {"allOf": [schema]}), "$defs": {"d": definition}},
    st.recursive(LEAVES, _deeper, max_leaves=5),
    st.sampled_from([{"type": "string"}, {"type": "string", "minLength": 2}, True]),
)
VALUES = st.recursive(
    st.sampled_from([None, True, "", "x", "xy", "abc", 0, 1, 2, 1.5]),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(NAMES), inner, max_size=2)),
    max_leaves=4,
)


PAIRS = st.one_of(
    st.tuples(SCHEMAS, SCHEMAS),
    st.builds(lambda one, other: (one, {"anyOf": [other, one], "$defs": one["$defs"]}), SCHEMAS, SCHEMAS),
    st.builds(lambda one, other: ({"allOf": [one, other], "$defs": one["$defs"]}, one), SCHEMAS, SCHEMAS),
    st.builds(lambda one, other: ({**one, **other}, other), SCHEMAS, SCHEMAS),
    st.builds(lambda one, other: ({**other, **one}, other), SCHEMAS, SCHEMAS),
)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(pair=PAIRS, values=st.lists(VALUES, min_size=15, max_size=25))
def test_what_is_said_to_fit_does_fit(pair: tuple[Any, Any], values: list[Any]) -> None:
    """Where no obstacle is told, every document that the one takes the other takes as well (judged by jsonschema-rs)."""
    inner, outer = pair
    if obstacles(inner, outer):
        return
    one, other = jsonschema_rs.Draft202012Validator(inner), jsonschema_rs.Draft202012Validator(outer)
    assert [value for value in values if one.is_valid(value) and not other.is_valid(value)] == []


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=SCHEMAS)
def test_a_schema_always_fits_itself(schema: Any) -> None:
    assert obstacles(schema, schema) == []
