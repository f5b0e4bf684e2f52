"""What CEL says expressions mean, and where Crossdock differs on purpose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from crossdock_transformers.expression.values import KINDS
from tests.transformers.expression.expression_kit import failure, value

BODY = {
    "number": "4711",
    "lines": [{"sku": "A", "quantity": 5, "price": Decimal("1.50")}, {"sku": "B", "quantity": 2, "price": Decimal("2.25")}],
    "note": None,
    "odd-name": 1,
}

TABLE = [
    # literals
    ("1", 1),
    ("-9223372036854775808", -(2**63)),
    ("0x1F", 31),
    ("-0x10", -16),
    ("3u", 3),
    ("1.50", Decimal("1.50")),
    (".5", Decimal("0.5")),
    ("1e3", Decimal(1000)),
    ("true", True),
    ("null", None),
    (r'"a\n\t\\\"\x41\u00e9\U0001F600\101"', 'a\n\t\\"Aé😀A'),
    (r"r'\d+'", r"\d+"),
    ('"""a "quoted" b"""', 'a "quoted" b'),
    ("'''two\nlines'''", "two\nlines"),
    (r"b'\xff\x00'", b"\xff\x00"),
    ("b'é'", "é".encode()),
    ("rb'\\n'", rb"\n"),
    ("[1, 2, 3,]", [1, 2, 3]),
    ("{'a': 1, 'b': [2]}", {"a": 1, "b": [2]}),
    ("1 + // a comment\n 2", 3),
    # arithmetic
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 / -2", -3),
    ("-7 % 3", -1),
    ("7 % -3", 1),
    ("--5", 5),
    ("1.5 + 1", Decimal("2.5")),
    ("2 * 1.5", Decimal("3.0")),
    ("7 / 2.0", Decimal("3.5")),
    ("0.1 + 0.2 == 0.3", True),
    ('"a" + "b"', "ab"),
    ("b'a' + b'b'", b"ab"),
    ("[1] + [2]", [1, 2]),
    # comparison
    ("1 < 2", True),
    ("1 == 1.0", True),
    ("1u == 1", True),
    ('"a" < "b"', True),
    ("false < true", True),
    ("[1, [2.0]] == [1, [2]]", True),
    ("{'a': 1} == {'a': 1.0}", True),
    ("dyn(1) == dyn(true)", False),
    ("dyn('1') != dyn(1)", True),
    ("null == null", True),
    ("1 in [1, 2]", True),
    ("'x' in ['a', 'b']", False),
    ("'a' in {'a': 1}", True),
    ("dyn(true) in dyn([1])", False),
    # logic
    ("true && !false", True),
    ("false || false", False),
    ("true ? 1 : 2", 1),
    ("false ? 1 : true ? 2 : 3", 2),
    ("1 / 0 == 1 || true", True),
    ("true || 1 / 0 == 1", True),
    ("false && 1 / 0 == 1", False),
    ("1 / 0 == 1 && false", False),
    ("(1 / 0 == 1 || true) && (1 / 0 == 1 || true)", True),
    ("[1, 0].exists(x, 1 / x == 1)", True),
    ("[0, 1].exists(x, 1 / x == 1)", True),
    ("[0, 2].all(x, 1 / x == 1)", False),
    # macros
    ("[1, 2].all(x, x > 0)", True),
    ("[].all(x, x > 0)", True),
    ("[].exists(x, x > 0)", False),
    ("[1, 2, 3].exists_one(x, x > 2)", True),
    ("[1, 2].map(x, x * 2)", [2, 4]),
    ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
    ("[1, 2, 3].filter(x, x % 2 == 1)", [1, 3]),
    ("[[1], [2]].map(x, x.map(y, x[0] + y))", [[2], [4]]),
    ("{'a': 1, 'b': 2}.map(k, k)", ["a", "b"]),
    ("{'a': 1}.all(k, k == 'a')", True),
    # strings
    ("size('żółw')", 4),
    ("'abc'.size()", 3),
    ("size([1, 2]) + size({'a': 1}) + size(b'abc')", 6),
    ("'abc'.contains('b')", True),
    ("'abc'.startsWith('ab') && 'abc'.endsWith('bc')", True),
    ("'PO-4711'.matches('^PO-[0-9]+$')", True),
    ("matches('abc', 'b')", True),
    ("'a,b'.split(',')", ["a", "b"]),
    ("['a', 'b'].join('-')", "a-b"),
    ("' x '.trim() + 'y'.upper() + 'Z'.lower()", "xYz"),
    ("'a-b-c'.replace('-', '')", "abc"),
    ("'abcdef'.substring(2) + 'abcdef'.substring(0, 2)", "cdefab"),
    ("'abc'.indexOf('c')", 2),
    ("'7'.pad_left(3, '0') + '7'.pad_right(3)", "0077  "),
    ("hash('abc').substring(0, 8)", "ba7816bf"),
    # conversions
    ("int('42') + int(3.9) + int('-0x10')", 29),
    ("int(-3.9)", -3),
    ("uint('7')", 7),
    ("decimal('1.50')", Decimal("1.50")),
    ("double('1e2')", Decimal(100)),
    ("string(1) + string(1.50) + string(true) + string(b'x')", "11.50truex"),
    ("string(decimal('1e3'))", "1000"),
    ("bytes('é')", "é".encode()),
    ("bool('true') && !bool('f')", True),
    ("type(1) == int && type('a') == string && type(1.5) == decimal && type(null) == null_type", True),
    ("type([1])", KINDS["list"]),
    # numbers
    ("round(2.345, 2)", Decimal("2.35")),
    ("round(2.5)", Decimal(3)),
    ("round(-2.5)", Decimal(-3)),
    ("abs(-3)", 3),
    ("sum([1, 2, 3])", 6),
    ("sum([1.5, 2])", Decimal("3.5")),
    ("sum([])", 0),
    ("min([3, 1, 2]) + max([3, 1, 2])", 4),
    ("[3, 1, 2].sort()", [1, 2, 3]),
    ("['b', 'a', 'b'].distinct()", ["b", "a"]),
    ("[1, 1.0, 2].distinct()", [1, 2]),
    ("[[1], [2, 3]].flatten()", [1, 2, 3]),
    # time
    ("timestamp('2026-10-15T09:30:00Z')", datetime(2026, 10, 15, 9, 30, tzinfo=UTC)),
    ("timestamp(0)", datetime(1970, 1, 1, tzinfo=UTC)),
    ("int(timestamp('1970-01-01T00:01:00Z'))", 60),
    ("duration('1h30m')", timedelta(minutes=90)),
    ("duration('-1.5s')", timedelta(seconds=-1.5)),
    ("string(duration('1h'))", "3600s"),
    ("string(timestamp('2026-10-15T09:30:00.5+02:00'))", "2026-10-15T07:30:00.5Z"),
    ("timestamp('2026-10-15T00:00:00Z') + duration('24h') == timestamp('2026-10-16T00:00:00Z')", True),
    ("timestamp('2026-10-16T00:00:00Z') - timestamp('2026-10-15T00:00:00Z')", timedelta(days=1)),
    ("duration('60s') < duration('2m')", True),
    ("timestamp('2026-10-15T09:30:05Z').getFullYear()", 2026),
    ("timestamp('2026-10-15T09:30:05Z').getMonth()", 9),
    ("timestamp('2026-10-15T09:30:05Z').getDate()", 15),
    ("timestamp('2026-10-15T09:30:05Z').getDayOfMonth()", 14),
    ("timestamp('2026-10-15T09:30:05Z').getDayOfWeek()", 4),
    ("timestamp('2026-10-15T09:30:05Z').getDayOfYear()", 287),
    ("timestamp('2026-10-15T23:30:05Z').getHours('+02:00')", 1),
    ("timestamp('2026-10-15T09:30:05Z').getHours('Europe/Berlin')", 11),
    ("duration('90m').getHours() + duration('90m').getMinutes()", 91),
    # dates as documents hold them
    ("date('2026-10-15T09:30:00Z')", "2026-10-15"),
    ("date('20261015', '%Y%m%d')", "2026-10-15"),
    ("format_date('2026-10-15', '%Y%m%d')", "20261015"),
    ("format_date('2026-10-15T09:05:00', '%H%M')", "0905"),
    ("add_days('2026-10-30', 3)", "2026-11-02"),
    ("days_between('2026-10-30', '2026-11-02')", 3),
    # paths
    ("body.number", "4711"),
    ("body['number']", "4711"),
    ("body.`odd-name`", 1),
    ("body.lines[1].sku", "B"),
    ("body.lines[size(body.lines) - 1].sku", "B"),
    ("has(body.number) && !has(body.missing)", True),
    ("has(body.note)", True),
    ("'number' in body", True),
    ("sum(body.lines.map(line, line.quantity * line.price))", Decimal("12.00")),
    ("body.lines.exists(line, line.sku == 'B')", True),
    # what may be absent
    ("default(body.missing, 'x')", "x"),
    ("default(body.missing.deep[3].path, 'x')", "x"),
    ("default(body.note, 'x')", "x"),
    ("default(body.number, 'x')", "4711"),
    ("default(body.missing, body.number + '!')", "4711!"),
    ("body.?missing.orValue('x')", "x"),
    ("body.?note.orValue('x')", None),
    ("body.?number.hasValue() && !body.?missing.hasValue()", True),
    ("body.lines[?7].?sku.orValue('none')", "none"),
    ("body.lines[?0].sku.orValue('none')", "A"),
    ("body.?number.optMap(n, n + '!').orValue('')", "4711!"),
    ("body.?number.value()", "4711"),
    ("body.?missing", None),
    ("(true ? optional.of(1) : optional.none()).orValue(2)", 1),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_an_expression_means_what_cel_says(text, expected):
    result = value(text, body=BODY)
    assert (type(expected), expected) == (type(result), result)


RUNTIME_ERRORS = [
    ("1 / 0", "1 / 0: division by zero"),
    ("1.0 / 0", "1.0 / 0: division by zero"),
    ("5 % 0", "5 % 0: division by zero"),
    ("9223372036854775807 + 1", "9223372036854775807 + 1: the result does not fit into an int of 64 bits"),
    ("-9223372036854775808 * -1", "-9223372036854775808 * -1: the result does not fit into an int of 64 bits"),
    ("1u - 2u", "1u - 2u: the result does not fit into a uint of 64 bits"),
    ("body.missing", "body.missing is absent"),
    ("body.missing.deeper", "body.missing is absent"),
    ("body.number.deeper", "body.number is not an object, so it has no 'deeper'"),
    ("body.lines[9]", "body.lines[9]: there is no element 9 in a list of 2"),
    ("body.lines[-1 + 0]", "body.lines[-1 + 0]: there is no element -1 in a list of 2"),
    ("[1][5]", "[1][5]: there is no such element"),
    ("{'a': 1}[body.number]", "{'a': 1}[body.number]: there is no '4711' in this object"),
    ("body.number + 1", "body.number + 1: '+' does not take a text and a whole number"),
    ("body.number < 1", "body.number < 1: '<' does not take a text and a whole number"),
    ("body.number && true", "body.number: a truth value is needed here, but this is a text"),
    ("body.number ? 1 : 2", "body.number: a truth value is needed here, but this is a text"),
    ("!body.number", "body.number: a truth value is needed here, but this is a text"),
    ("-body.number", "-body.number: only numbers can be negative, but this is a text"),
    ("body.number.map(x, x)", "body.number: a list is needed here, but this is a text"),
    ("body.lines.upper()", "body.lines: a text is needed here, but this is a list"),
    ("int(body.lines)", "int(body.lines): a list can't be made an int"),
    ("int('4x')", "int('4x'): '4x' is not a whole number"),
    ("decimal(body.number + 'x')", "decimal(body.number + 'x'): '4711x' is not a number"),
    ("decimal(body.number + 'Infinity')", "decimal(body.number + 'Infinity'): '4711Infinity' is not a number"),
    ("bool('yes')", "bool('yes'): 'yes' is not true or false"),
    ("string(b'\\xff')", "string(b'\\xff'): these bytes are not UTF-8 at offset 0"),
    ("'abc'.substring(2, 9)", "'abc'.substring(2, 9): a text of 3 characters has no part from 2 to 9"),
    ("date(body.number)", "date(body.number): '4711' is not a date; it looks like 2026-10-15"),
    ("timestamp(body.number)", "timestamp(body.number): '4711' is not a timestamp; it looks like 2026-10-15T09:30:00Z"),
    (
        "timestamp(0).getHours('Mars/Base')",
        "timestamp(0).getHours('Mars/Base'): 'Mars/Base' is not a time zone; it looks like Europe/Berlin or +02:00",
    ),
    ("'a'.matches(body.number + '(')", "'a'.matches(body.number + '('): this pattern is not valid: missing ): 4711("),
    ("body.?missing.value()", "body.?missing.value(): this value is absent"),
    ("min([])", "min([]): an empty list has no smallest and no greatest element"),
    ("false || 1 / 0 == 1", "1 / 0: division by zero"),
    ("has(body.missing.deeper)", "body.missing is absent"),
    ("size(body.lines[0].quantity)", "size(body.lines[0].quantity) can't be worked out with these values"),
]


@pytest.mark.parametrize(("text", "message"), RUNTIME_ERRORS)
def test_a_failing_expression_says_what_is_wrong(text, message):
    assert message == failure(text, body=BODY).message


def test_a_failure_says_where_the_expression_stands_and_what_to_do():
    error = failure("size(body.lines) > 0 && body.ship_to.name == 'x'", body=BODY)
    assert error.where == "orders.route.yaml:7:40"
    assert error.advice == "test it with has(body.ship_to), or write default(body.ship_to, ...)"
    assert error.code == "expression"
    assert error.detail == "KeyError: 'ship_to'"


def test_an_expression_in_a_block_has_its_line():
    assert failure("size(body.lines) > 0\n&& body.nothing", body=BODY).where == "orders.route.yaml:9:9"
