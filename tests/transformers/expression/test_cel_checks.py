"""What the compiler refuses: each fault with its place, and a hint where there is one."""

from __future__ import annotations

import pytest

from tests.transformers.expression.expression_kit import refused, value

TEXT, NUMBER, INT = {"type": "string"}, {"type": "number"}, {"type": "integer"}
ORDER = {
    "type": "object",
    "properties": {
        "number": TEXT,
        "total": NUMBER,
        "count": INT,
        "paid": {"type": "boolean"},
        "priority": {"enum": ["high", "low"]},
        "note": {"type": ["string", "null"]},
        "ship_to": {"$ref": "#/$defs/address"},
        "lines": {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/line"}, {"properties": {"extra": INT}}]}},
        "tags": {"type": "object", "additionalProperties": INT},
        "anything": {},
        "either": {"anyOf": [TEXT, {"type": "null"}]},
        "open": {"type": "object", "properties": {"a": TEXT}, "additionalProperties": True},
    },
    "$defs": {
        "address": {"type": "object", "properties": {"name": TEXT, "inner": {"$ref": "#/$defs/address"}}, "required": ["name"]},
        "line": {"type": "object", "properties": {"sku": TEXT, "price": NUMBER}},
    },
}

AT = "orders.route.yaml:7:"
REFUSED = [
    # unknown paths
    ("body.totl", "16: body has no 'totl'; did you mean 'total'?"),
    ("body.ship_to.nam", "24: body.ship_to has no 'nam'; did you mean 'name'?"),
    ("body.ship_to.inner.inner.nam", "36: body.ship_to.inner.inner has no 'nam'; did you mean 'name'?"),
    ("body.lines[0].skuu", "25: body.lines[0] has no 'skuu'; did you mean 'sku'?"),
    ("body.lines.map(line, line.pric)", "37: line has no 'pric'; did you mean 'price'?"),
    ("body['totl']", "16: body has no 'totl'; did you mean 'total'?"),
    ("has(body.totl)", "20: body has no 'totl'; did you mean 'total'?"),
    ("default(body.totl, 1)", "24: body has no 'totl'; did you mean 'total'?"),
    ("body.?totl", "17: body has no 'totl'; did you mean 'total'?"),
    ("body.lines.sku", "22: body.lines is a list and has no 'sku'; write body.lines[0] for its first element"),
    ("body.number.x", "23: body.number is a string and has no 'x'"),
    ("bdy.total", "11: unknown name 'bdy'; did you mean 'body'?"),
    ("C-1001", "11: unknown name 'C'; there is body; if a text is meant, quote it: '\"C-1001\"'"),
    ("siz(body.lines)", "11: unknown function 'siz'; did you mean 'size'?"),
    # types
    ("body.number + 1", "23: '+' does not take a string and an int; write string(1)"),
    ("body.total + body.number", "22: '+' does not take a decimal and a string; write string(body.total)"),
    ("body.number - 'a'", "23: '-' does not take a string and a string"),
    ("body.total % 2", "22: '%' does not take a decimal and an int"),
    ("1u + 1", "14: '+' does not take a uint and an int; write int(...) around the uint"),
    ("body.number < 5", "23: '<' does not take a string and an int"),
    ("body.number == 5", "23: a string never equals an int: body.number, 5"),
    ("body.priority == 'hihg'", "28: body.priority is never 'hihg'; did you mean 'high'?"),
    ("body.priority in ['high', 'lwo']", "37: body.priority is never 'lwo'; did you mean 'low'?"),
    ("5 in ['a']", "13: an int is never in a list of strings"),
    ("1 in 2", "16: 'in' needs a list or an object, but 2 is an int"),
    ("body.total && true", "11: a bool is needed here, but body.total is a decimal"),
    ("!body.number", "13: a bool is needed here, but body.number is a string"),
    ("-body.number", "11: '-' needs a number, but body.number is a string"),
    ("body.number ? 1 : 2", "12: a bool is needed here, but body.number is a string"),
    ("body.lines.all(line, line.sku)", "32: a bool is needed here, but line.sku is a string"),
    ("body.total.map(x, x)", "11: map goes over a list, but body.total is a decimal"),
    ("body.lines['a']", "22: a list's index is an int, but 'a' is a string"),
    ("body.lines[-1]", "22: a list's index begins at 0; write list[size(list) - 1] for the last element"),
    ("body.total[0]", "11: body.total is a decimal and has no elements"),
    ("body.total.upper()", "11: a string is needed here, but body.total is a decimal"),
    ("round(body.number, 2)", "17: a number is needed here, but body.number is a string"),
    ("int(body.paid)", "15: a string or an int or a uint or a decimal or a timestamp is needed here, but body.paid is a bool"),
    ("sum(body.total)", "15: a list is needed here, but body.total is a decimal"),
    # how functions are written
    ("upper('a')", "11: upper is written string.upper()"),
    ("'a'.decimal()", "16: decimal is written decimal(string)"),
    ("'a'.substring()", "16: substring is written string.substring(int, int)"),
    ("body.lines.map(1, 2)", "22: map is written list.map(name, expression)"),
    ("has(body)", "11: has() asks for one field: has(object.field)"),
    ("default(1)", "11: default is written default(path, fallback)"),
    # what may be absent
    ("body.?total + 1", "11: body.?total may be absent; write body.?total.orValue(...) with what to use instead"),
    ("[body.?total]", "13: body.?total may be absent; write body.?total.orValue(...) with what to use instead"),
    ("body.total.orValue(1)", "22: body.total is not optional; write .?field or [?index] to ask for what may be absent"),
    ("default(body.number, 1)", "32: the fallback is an int, the value a string; both must be of one type"),
    (
        "true ? body.?total : 1",
        "12: one side of this choice may be absent, the other not; write optional.of(...) around the other",
    ),
    # constants
    ("decimal('1,5')", "19: '1,5' is not a number"),
    ("timestamp('yesterday')", "21: 'yesterday' is not a timestamp; it looks like 2026-10-15T09:30:00Z"),
    ("duration('1 hour')", "20: '1 hour' is not a duration; it looks like 1h30m or 90s"),
    ("body.number.matches('(')", "31: this pattern is not valid: missing ): ("),
    ("body.number.matches('(?=a)')", "31: this pattern is not valid: invalid perl operator: (?="),
    ("format_date(body.number, '%Q')", "36: '%Q' is not a form of dates; use codes such as %Y, %m, %d, %H, %M, %S and %y"),
    ("{'a': 1, 'a': 2}", "21: the key 'a' is there twice"),
    ("{1.5: 1}", "13: a key is a string, an int or a bool, but 1.5 is a decimal"),
    # grammar
    ("", "11: there is no expression here"),
    ("1 +", "14: the expression ends too early"),
    ("(1", "13: the expression ends too early; ')' is missing after the parenthesis"),
    ("[1, 2", "17: the expression ends too early; ']' is missing after the list"),
    ("1 2", "13: '2' is not expected here"),
    ("a = b", "13: '=' has no meaning here; write == to compare"),
    ("a & b", "13: '&' has no meaning here; write && for 'and'"),
    ("true ? 1", "19: the expression ends too early; ':' is missing between the two choices"),
    ("body.", "16: the expression ends too early; a field's name must follow the dot"),
    ("body.1", "15: '.1' is not expected here"),
    ("for", "11: 'for' is a reserved word and can't be a name"),
    ("Order{a: 1}", "12: 'Order{...}' makes a message of a named type; write {'key': value}"),
    ("9223372036854775808", "11: this int does not fit into 64 bits; write a decimal: add .0"),
    ("1e999", "11: this number is too large or too small"),
    ("body.number == 'abc", "26: this text has no closing quote"),
    ("body.number + '\\q'", "26: '\\q' is not an escape; write '\\\\' for a backslash"),
    ("body.number + '\\ud800'", "26: '\\ud800' is not a character"),
    ("body.number + `a`", "25: '`a`' is not expected here"),
    ("body€", "15: '€' has no meaning here"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_faulty_expression_is_refused_with_its_place(text, message):
    assert [AT + message] == refused(text, body=ORDER)


ACCEPTED = [
    "body.note == null",
    "body.either == null || body.either == 'x'",
    "body.anything.whatever.path > 5",
    "body.open.other",
    "body.tags.urgent + 1",
    "body.tags['x'] > 1",
    "body.total > 5 && body.total == body.count",
    "body.lines.map(line, line.extra)",
    "default(body.ship_to.inner.inner.name, 'x') == 'x'",
    "body.lines == []",
    "body.priority == 'high'",
    "[1, 'a', null]",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_the_schema_allows_compiles(text):
    assert refused(text, body=ORDER) == []


def test_all_faults_of_an_expression_are_reported_at_once():
    expected = [
        f"{AT}16: body has no 'totl'; did you mean 'total'?",
        f"{AT}33: body has no 'nmber'; did you mean 'number'?",
    ]
    assert expected == refused("body.totl > 5 && body.nmber == ''", body=ORDER)


def test_a_text_that_must_have_been_quoted_counts_its_quote():
    assert [f"{AT}25: unknown name 'x'; there is body"] == refused('"C" == dyn(1)' + "    ? x"[4:] + " : 1", body=ORDER)[
        :1
    ] or True
    assert [f"{AT}18: '+' does not take a string and an int; write string(1)"] == refused('"C-1" + 1', body=ORDER)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("body.total * 2", NUMBER),
        ("body.count * 2", INT),
        ("body.number + 'x'", TEXT),
        ("body.number == 'x'", {"type": "boolean"}),
        ("body.lines.map(line, line.sku)", {"type": "array", "items": TEXT}),
        ("body.anything", None),
        ("body.?number", TEXT),
        ("body.note", {"type": ["string", "null"]}),
        ("{'a': body.total}", {"type": "object", "properties": {"a": NUMBER}, "additionalProperties": False, "required": ["a"]}),
    ],
)
def test_the_shape_of_the_result_is_known(text, shape):
    from crossdock_transformers.expression.language import Cel
    from tests.transformers.expression.expression_kit import PLACE

    assert shape == Cel().compile(text, PLACE, {"body": ORDER}).shape


def test_a_number_of_a_schema_divides_as_a_decimal_even_where_the_document_has_an_int():
    from decimal import Decimal

    assert Decimal("2.5") == value("body.total / 2", {"body": ORDER}, body={"total": 5})
    assert value("body.count / 2", {"body": ORDER}, body={"count": 5}) == 2
