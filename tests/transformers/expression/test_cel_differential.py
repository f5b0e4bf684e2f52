"""Where the semantics coincide, cel-python gives the same values."""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.errors import Rejected
from tests.transformers.expression.expression_kit import value

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import celpy
    from celpy import celtypes

DOCUMENT = {"a": {"b": 1, "c": "text"}, "list": [1, 2, 3], "texts": ["x", "y"], "empty": [], "flag": True, "nothing": None}

EXPRESSIONS = """
1 + 2 * 3 - 4
7 / 2
-7 / 2
-7 % 3
7 % -3
(1 + 2) * 3
-(-5)
0x1F
9223372036854775807
-9223372036854775808
9223372036854775807 + 1
1 / 0
1 % 0
"a" + "b"
"a" < "b"
"b" >= "a"
1 < 2 && 2 < 3
1 < 2 || 1 / 0 == 1
1 / 0 == 1 || 1 < 2
1 / 0 == 1 && false
false && 1 / 0 == 1
!(1 == 2)
true ? 1 : 2
1 == 1
1 != 2
"a" == "a"
[1, 2] == [1, 2]
[1, 2] == [2, 1]
[1, [2, 3]] == [1, [2, 3]]
{"a": 1} == {"a": 1}
{"a": 1, "b": 2} == {"b": 2, "a": 1}
1 in [1, 2, 3]
5 in [1, 2, 3]
"a" in {"a": 1}
"z" in {"a": 1}
size("hello")
size([1, 2, 3])
size({"a": 1})
"hello".size()
"hello".contains("ell")
"hello".startsWith("he")
"hello".endsWith("lo")
"hello".matches("^h.*o$")
"hello".matches("^x")
[1, 2, 3].all(x, x > 0)
[1, 2, 3].all(x, x > 1)
[1, 2, 3].exists(x, x == 2)
[1, 2, 3].exists(x, x == 9)
[1, 2, 3].exists_one(x, x > 2)
[1, 2, 3].exists_one(x, x > 1)
[1, 2, 3].map(x, x * x)
[1, 2, 3].filter(x, x > 1)
[1, 2, 3].filter(x, x > 1).map(x, x + 1)
[[1, 2], [3]].map(x, size(x))
[] + [1]
[1] + [2, 3]
[1, 2, 3][1]
{"a": {"b": 2}}.a.b
{"a": 1}["a"]
int("42")
string(42)
int("x")
bool("true")
b"abc"
bytes("abc")
string(b"abc")
"\\u00e9\\n\\t"
r"\\n"
'''triple'''
null == null
doc.a.b + 1
doc.a.c + "!"
doc.list[2]
doc.list.map(x, x * 2)
doc.list.filter(x, x % 2 == 1)
doc.list.exists(x, x > 2) && doc.flag
doc.texts.all(x, x != "")
has(doc.a.b)
has(doc.a.z)
has(doc.nothing)
doc.nothing == null
doc.empty.all(x, false)
doc.a.missing
doc.list[9]
doc["a"]["b"]
"a" in doc
size(doc.list) == 3 ? "three" : "other"
doc.flag && doc.a.b == 1 || doc.missing
timestamp("2026-10-15T09:30:00Z").getFullYear()
timestamp("2026-10-15T09:30:00Z").getMonth()
timestamp("2026-10-15T09:30:00Z").getDayOfWeek()
timestamp("2026-10-15T09:30:00Z").getHours()
timestamp("2026-10-15T00:00:00Z") < timestamp("2026-10-16T00:00:00Z")
timestamp("2026-10-16T00:00:00Z") - timestamp("2026-10-15T00:00:00Z") == duration("24h")
duration("90s") > duration("1m")
""".strip().splitlines()


def plain(value: Any) -> Any:
    """Return cel-python's value as ours."""
    if isinstance(value, celtypes.BoolType | bool):
        return bool(value)
    if isinstance(value, celtypes.ListType):
        return [plain(item) for item in value]
    if isinstance(value, celtypes.MapType):
        return {str(key): plain(item) for key, item in value.items()}
    for kind, make in ((celtypes.IntType, int), (celtypes.StringType, str), (celtypes.BytesType, bytes)):
        if isinstance(value, kind):
            return make(value)
    return value


def theirs(text: str) -> Any:
    """Return cel-python's answer, or `error`."""
    environment = celpy.Environment()
    try:
        return plain(environment.program(environment.compile(text)).evaluate({"doc": celpy.json_to_cel(DOCUMENT)}))
    except (celpy.CELEvalError, ValueError, TypeError):
        return "error"


def ours(text: str) -> Any:
    """Return our answer, or `error`."""
    try:
        return value(text, doc=DOCUMENT)
    except Rejected:
        return "error"


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_cel_python_gives_the_same(text):
    assert theirs(text) == ours(text)


def test_a_decimal_stays_exact_where_a_double_does_not():
    assert (Decimal("0.3"), 0.30000000000000004) == (ours("0.1 + 0.2"), float(theirs("0.1 + 0.2")))
