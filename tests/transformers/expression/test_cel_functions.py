"""What the functions beside CEL's own give, and how they fail."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.transformers.expression.expression_kit import failure, refused, value

BODY = {"lines": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 3}], "text": "PO 4711/12", "note": None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("body.lines.transformList(i, line, string(i + 1) + ':' + line.sku)", ["1:A", "2:B"]),
        ("body.lines.transformList(i, line, i > 0, line.sku)", ["B"]),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, k + '!')", {"b": "b!"}),
        ("body.lines.exists_one(i, line, line.quantity == i + 2 && i == 1)", True),
        ("cel.bind(first, body.lines[0], first.sku + string(first.quantity))", "A2"),
        ("cel.bind(x, 2, [1, 2].map(y, cel.bind(z, x * y, z + x)))", [4, 6]),
        ("[1, ?body.?missing, ?body.?text]", [1, "PO 4711/12"]),
        ("{'a': 1, ?'b': body.?missing, ?'c': body.?text}", {"a": 1, "c": "PO 4711/12"}),
        ("body.?missing.or(body.?text).orValue('none')", "PO 4711/12"),
        ("body.?missing == optional.none()", True),
        ("optional.ofNonZeroValue('').orValue('empty')", "empty"),
        ("regex.extract(body.text, '[0-9]+').orValue('')", "4711"),
        ("regex.extract(body.text, '/([0-9]+)').value()", "12"),
        ("regex.extract(body.text, 'X').hasValue()", False),
        ("regex.extractAll(body.text, '[0-9]+')", ["4711", "12"]),
        (r"regex.replace(body.text, '([0-9]+)/([0-9]+)', r'\2-\1')", "PO 12-4711"),
        ("regex.replace('aaa', 'a', 'b', 2)", "bba"),
        ("'%s has %d, %.2f each'.format(['A', 2, 1.5])", "A has 2, 1.50 each"),
        ("math.greatest(1, 2.5, 2)", Decimal("2.5")),
        ("math.ceil(1.2)", Decimal(2)),
        ("round(2.345, 2)", Decimal("2.35")),
        ("round(-2.345, 2, 'half_up')", Decimal("-2.35")),
        ("round(2.345, 2, 'half_even')", Decimal("2.34")),
        ("round(2.341, 2, 'up')", Decimal("2.35")),
        ("round(2.349, 2, 'down')", Decimal("2.34")),
        ("base64.encode(b'abc')", "YWJj"),
    ],
)
def test_a_function_gives_its_value(text, expected):
    assert value(text, body=BODY) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("regex.extract(body.text, '(a)(b)')", "a pattern to extract has one group at most"),
        (r"regex.replace(body.text, 'P', r'\1')", "the replacement says \\1, but the pattern has 0 groups"),
        ("'%d %d'.format([1])", "there is no value for '%d': the list is too short"),
        ("'%q'.format([1])", "'%q' is no clause of a format; there is %s, %d, %f, %e, %b, %o, %x, %X and %%"),
        ("'%d'.format(['x'])", "%d needs a whole number, but this is a text"),
        ("'abc'.charAt(4)", "a text of 3 characters has no index 4"),
        ("base64.decode('a!b')", "this is not base64"),
        ("round(1, 2, 'odd')", "a number is rounded by one of half_up, half_even, up, down, not by 'odd'"),
        ("math.sqrt(-1)", "-1 has no square root"),
        (
            "duration('200000000000s') + duration('200000000000s')",
            "the result is longer than 10,000 years, the most that a duration has",
        ),
    ],
)
def test_a_function_says_why_it_fails(text, message):
    assert message in failure(text, body=BODY).message


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("math.ciel(1.5)", 16, "unknown function 'math.ciel'; did you mean 'math.ceil'?"),
        ("cel.bind(1, 2, 3)", 15, "bind is written cel.bind(name, value, expression)"),
        ("[?1]", 14, "after '?' an optional value is needed, but 1 is an int; leave the '?' out"),
        ("body.?a.or(1)", 22, "or() takes an optional value; write orValue(1), or optional.of(1)"),
        ("body.?a.optFlatMap(x, 1)", 33, "optFlatMap needs an optional value, but 1 is an int"),
        ("[1].transformList(x, x)", 16, "transformList is written list.transformList(index, name, expression)"),
        ("math.greatest('a', 1)", 25, "a number is needed here, but 'a' is a string"),
        ("[1].exists(i, v, v == 'x')", 31, "an int never equals a string: v, 'x'"),
        ("regex.extract('a', '(')", 30, "this pattern is not valid: missing ): ("),
    ],
)
def test_a_mistake_is_told_when_it_is_compiled(text, column, message):
    assert [f"orders.route.yaml:7:{column}: {message}"] == refused(text, body=None)
