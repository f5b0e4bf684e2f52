"""JSON in and out."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.errors import Rejected
from crossdock_transformers.json import SPEC, DecodeOptions
from tests.transformers.map.map_kit import Project, message, resource

SCHEMA = resource("schema", "small", '{"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}')


def decoded(data: bytes, **options: Any) -> Any:
    step = SPEC.decode(DecodeOptions.model_validate(options), Project([SCHEMA]))
    return step.apply(message(data)).body


def encoded(body: Any) -> bytes:
    return SPEC.encode(SPEC.encode_options(), Project()).apply(message(body)).body


def rejected(data: bytes, **options: Any) -> Rejected:
    with pytest.raises(Rejected) as caught:
        decoded(data, **options)
    return caught.value


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b'{"a": 1.50, "b": [1, true, null, "x"]}', {"a": Decimal("1.50"), "b": [1, True, None, "x"]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b"1e3", Decimal("1E+3")),
        (b"9223372036854775807", 9223372036854775807),
        (b"9223372036854775808", Decimal(9223372036854775808)),
        (b"-12345678901234567890123456789", Decimal(-12345678901234567890123456789)),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"[[[[["', "[[[[["),
        (b" [] ", []),
    ],
)
def test_json_is_decoded_with_exact_numbers(data, body):
    result = decoded(data)
    assert (type(body), body) == (type(result), result)


@pytest.mark.parametrize(
    ("data", "text", "code", "where"),
    [
        (b"", "the document is empty", "empty", ""),
        (b" \n ", "the document is empty", "empty", ""),
        (b'{"a": 1,}', "this is not JSON: a key in double quotes is missing (line 1, column 9)", "syntax", "line 1, column 9"),
        (b'{\n "a" 1}', "this is not JSON: a colon is missing after the key (line 2, column 6)", "syntax", "line 2, column 6"),
        (b'{"a": 1', "this is not JSON: it ends too early (line 1, column 8)", "syntax", "line 1, column 8"),
        (b'{"a": x}', "this is not JSON: a value is missing or not one that JSON knows (line 1, column 7)", "syntax", "line 1, column 7"),
        (b"{} {}", "this is not JSON: there is more after the document's end (line 1, column 4)", "syntax", "line 1, column 4"),
        (b'"a\nb"', "this is not JSON: a string has a control character in it (line 1, column 3)", "syntax", "line 1, column 3"),
        (b'{"a": "caf\xe9"}', "the document is not UTF-8: byte 10 is wrong", "encoding", "byte 10"),
        (b"\xff\xfe{\x00}\x00", "the document is not UTF-8: byte 0 is wrong", "encoding", "byte 0"),
        (b'{"a": NaN}', "NaN is not a number in JSON", "number", ""),
        (b"[-Infinity]", "-Infinity is not a number in JSON", "number", ""),
        (b"1e401", "a number has too many digits, or is too large or too small", "number", ""),
        (b"1e-999999999", "a number has too many digits, or is too large or too small", "number", ""),
        (b"1" * 5000, "a number has too many digits, or is too large or too small", "number", ""),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "an object has the key 'c' twice", "duplicate_key", ""),
        (b"[" * 10_000 + b"]" * 10_000, "the document is nested more than 64 levels deep", "depth", ""),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "the document is nested more than 64 levels deep", "depth", ""),
        (b"[" * 10_000, "the document is nested more than 64 levels deep", "depth", ""),
        (b'["\\"[", ' + b"[" * 70 + b"]" * 70 + b"]", "the document is nested more than 64 levels deep", "depth", ""),
        (b"]" * 10_000, "this is not JSON: a value is missing or not one that JSON knows (line 1, column 1)", "syntax", "line 1, column 1"),
    ],
)  # fmt: skip
def test_bad_json_is_rejected_with_its_place(data, text, code, where):
    error = rejected(data)
    found = (error.message, error.code, error.where)
    assert found == (text, code, where)


def test_lone_surrogates_are_rejected():
    assert "surrogates" in rejected(b'["\\ud800"]').message


def test_limits_and_duplicate_keys_are_options():
    assert decoded(b'{"a": 1, "a": 2}', duplicate_keys="last") == {"a": 2}
    assert decoded(b"[[[]]]", max_depth=3) == [[[]]]
    assert rejected(b"[[[]]]", max_depth=2).code == "depth"
    assert rejected(b"[1, 2, 3]", max_size="8B").message == "the document has 9 bytes; 8 are the most"


def test_many_brackets_in_a_row_or_in_strings_are_not_deep():
    data = json.dumps([{"a": ['[{"\\', []]}] * 500).encode()
    assert json.loads(data) == decoded(data)


def test_a_schema_makes_the_paths_known_and_true():
    step = SPEC.decode(DecodeOptions.model_validate({"schema": "small"}), Project([SCHEMA]))
    assert SCHEMA.data == step.shape
    assert step.apply(message(b'{"n": 5}')).body == {"n": 5}
    assert rejected(b'{"n": "5"}', schema="small").findings[0].where == "/n"
    assert SPEC.decode(DecodeOptions(), Project()).shape is None


def test_only_bytes_are_decoded_and_only_bodies_encoded():
    with pytest.raises(Rejected, match="this message is decoded already"):
        SPEC.decode(DecodeOptions(), Project()).apply(message({}))
    with pytest.raises(Rejected, match="this message is bytes already"):
        encoded(b"{}")


def test_encoding_keeps_every_digit():
    step = SPEC.encode(SPEC.encode_options(), Project())
    result = step.apply(message({"a": Decimal("1.50"), "b": [1, None]}))
    assert (result.body, result.content_type, step.shape) == (b'{"a":1.50,"b":[1,null]}', "application/json", None)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
BODIES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.decimals(-100, 100, places=3),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=15,
)


@given(BODIES)
def test_what_is_encoded_decodes_to_the_same_values(body):
    assert body == decoded(encoded(body))


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\\u0d8 truefalsn1.-eE+', max_size=60).map(str.encode))
def test_any_bytes_are_decoded_or_rejected(data):
    try:
        decoded(data)
    except Rejected as error:
        assert error.advice == "ask the sender to correct the document" or "surrogates" in error.message  # noqa: PT017
