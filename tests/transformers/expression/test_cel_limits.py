"""A hostile expression or document ends in an error, never in a stall or a crash."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crossdock.core.errors import Place, Refusal, Refusals, Rejected
from crossdock_transformers.expression import SPEC
from crossdock_transformers.expression.language import Cel
from tests.transformers.expression.expression_kit import failure, refused, value

THINGS = {"a": [{"b": "x", "n": 1}], "t": "text", "n": 5, "z": None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1" + "+1" * 6000, "an expression may have 10000 characters; this one has 12001"),
        ("(" * 3000 + "1" + ")" * 3000, "this is nested more than 60 levels deep; name parts of it with `let:`"),
        ("1" + "+1" * 2000, "this is nested more than 60 levels deep; name parts of it with `let:`"),
        ("!" * 3000 + "true", "this is nested more than 60 levels deep; name parts of it with `let:`"),
        ("body" + ".a" * 3000, "this is nested more than 60 levels deep; name parts of it with `let:`"),
        ("[" * 3000, "this is nested more than 60 levels deep; name parts of it with `let:`"),
        ("true?1:" * 1200 + "1", "this is nested more than 60 levels deep; name parts of it with `let:`"),
    ],
)
def test_long_and_deep_expressions_are_refused(text, message):
    (problem,) = refused(text, body=None)
    assert message in problem


@pytest.mark.parametrize(
    "text",
    [
        "l.map(a, l.map(b, l.map(c, l.map(d, 1))))",
        "l.all(a, l.all(b, l.all(c, a + b + c > -1)))",
        "l.exists_one(a, l.filter(b, l.exists(c, c < 0)) != [])",
        "l.map(a, l == l) == []",
        "l.all(i, a, l.exists(j, b, l.exists_one(k, c, c < 0) || true))",
        "l.transformList(i, a, l.transformList(j, b, l.transformMap(k, c, 1)))",
        "l.map(a, cel.bind(x, l.map(b, l.map(c, c)), size(x)))",
        "l.map(a, math.greatest(l.map(b, math.greatest(l))))",
        "l.map(a, l + l).flatten().map(a, l)",
        "l.map(a, l.map(b, big)).map(x, x == x)",
    ],
)
def test_loops_in_loops_run_out_of_steps(text):
    error = failure(text, l=list(range(2000)), big=["x"] * 5000)
    assert "takes more than 1000000 steps" in error.message
    assert error.advice == "split the document, or loop over less"


@pytest.mark.parametrize(
    "text",
    [
        "[t]" + ".map(x, x + x)" * 40,
        "[t]" + ".map(x, [x, x].join(x))" * 40,
        "[t]" + ".map(x, x.replace('x', x))" * 40,
        "[[t]]" + ".map(x, x + x)" * 40,
        "l.map(a, l.map(b, big.contains('y')))",
        "l.map(a, l.map(b, big.matches('y+z')))",
        "l.map(a, l.map(b, big.upper()))",
        "'x'.pad_left(1000000000)",
        "'%s'.format([big])" + ".split('').map(x, big + x).map(x, '%s%s'.format([x, x]))",
        "[t]" + ".map(x, '%s%s'.format([x, x]))" * 40,
        "[t]" + ".map(x, regex.replace(x, 'x', x))" * 40,
        "[t]" + ".map(x, regex.replace(x, '(x)', r'\\1' + x))" * 40,
        "[t]" + ".map(x, base64.encode(bytes(x + x)))" * 40,
        "l.map(a, l.map(b, regex.extractAll(big, 'x?')))",
        "l.map(a, l.map(b, big.lastIndexOf('y')))",
        "'%.9999f'.format([1])",
        "'%d'.format([decimal('1e300') * decimal('1e300')])",
    ],
)
def test_texts_that_explode_end_in_an_error(text):
    assert failure(text, t="xx" * 40, l=list(range(300)), big="x" * 100_000).code == "expression"


@given(st.text(alphabet=" ab.?[](){}:,\"'\\|&!=<>+-*/%0123456789truexni\n`", max_size=60))
@example('"\\')
@example("r'")
@example("0x")
@example("a.?")
@settings(max_examples=400, deadline=None)
def test_any_text_compiles_or_is_refused(text):
    """What is let through runs: to a value, or to a rejection with its place."""
    try:
        expression = Cel().compile(text, Place("a", 1, 1), {"a": None, "b": {"type": "string"}})
    except (Refusal, Refusals):
        return
    fault = None
    try:
        expression.evaluate({"a": {"b": [1]}, "b": "x"})
    except Rejected as rejected:
        fault = rejected
    assert fault is None or fault.where


ATOMS = st.sampled_from(
    ["a", "t", "n", "z", "1", "1.5", "'x'", "null", "true", "[]", "{}", "a[0].b", "a[0].n", "m.k", "z.q", "2u", "b'x'"]
)
CALLS = (
    *("size", "int", "string", "decimal", "bool", "round", "sum", "min", "hash", "date", "timestamp", "type", "dyn", "abs"),
    *("math.floor", "math.greatest", "math.bitNot", "optional.ofNonZeroValue", "strings.quote", "base64.decode"),
)
METHODS = (
    "upper()",
    "trim()",
    "split('x')",
    "join(',')",
    "sort()",
    "distinct()",
    "flatten()",
    "orValue(1)",
    "getHours()",
    "substring(1)",
    "charAt(0)",
    "format([1])",
    "lastIndexOf('x')",
    "split('x', 1)",
    "transformList(i, v, v)",
    "exists(i, v, v == i)",
)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "&&", "||"])
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(CALLS), inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(inner, st.sampled_from(METHODS)).map(".".join),
        st.tuples(inner, st.sampled_from(["all", "exists", "map", "filter", "exists_one"]), inner).map(
            lambda parts: f"{parts[0]}.{parts[1]}(m, {parts[2]})"
        ),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"default({parts[0]}, {parts[1]})"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[?{parts[1]}]"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}]"),
        inner.map(lambda text: f"{text}.?b"),
    )


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["b", "n", "k"]), inner, max_size=3),
    max_leaves=8,
)


@given(st.recursive(ATOMS, _larger, max_leaves=6), VALUES)
@settings(max_examples=600, deadline=None)
def test_what_compiles_gives_a_value_or_is_rejected(text, body):
    variables = {**THINGS, "m": body}
    try:
        expression = Cel().compile(text, Place("a", 1, 1), dict.fromkeys(variables))
    except (Refusal, Refusals):
        return
    where = "a:1:1"
    try:
        expression.evaluate(variables)
    except Rejected as error:
        where = error.where
    assert where.startswith("a:1:")


def test_python_can_not_be_reached():
    for text in ("t.__class__", "a[0].__class__", "t.__class__.__mro__", "f.__globals__", "a.append"):
        assert failure(text, t="x", a=[1], f=len).code == "expression"
    assert refused("__import__('os')") != []
    assert refused("exec('1')") != []


def test_the_spec_builds_the_language():
    assert SPEC.build().compile("a + 1", Place("a"), {"a": None}).evaluate({"a": 2}) == 3
    assert value("a", a=2) == 2
