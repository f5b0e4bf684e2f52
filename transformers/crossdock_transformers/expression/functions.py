"""The functions that expressions may call, as data: their arguments, their result, and what they do.

A function is called `name(x)` or `x.name()`, one of the two; only `size` and `matches` have both forms, as CEL says.
Parameters: a kind, several (`string|bytes`), `any`; with `?` it may be left out. A method's first parameter is its receiver.
Results: a kind, `same` (the first argument's type), `item` (an element of it), `sum`, or `list:kind`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from crossdock_transformers.expression import arithmetic, conversions, dates, formats, maths, texts, values


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `pays` says that it is given the budget first."""

    name: str
    params: tuple[str, ...]
    result: str
    call: Callable[..., Any]
    summary: str
    form: str = "function"
    pays: bool = False

    @property
    def code(self) -> str:
        """Its name in compiled code."""
        return f"f_{self.name.replace('.', '_')}"

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return sum(not param.endswith("?") for param in self.params)

    @property
    def most(self) -> int:
        """How many arguments it takes; with `*` after its last parameter, as many as there are."""
        return 1000 if self.params and self.params[-1].endswith("*") else len(self.params)

    @property
    def usage(self) -> str:
        """How it is written: `x.substring(start, end)` without the names, by kinds."""
        params = [param.rstrip("?*").split("|")[0] for param in self.params]
        if self.form == "method":
            return f"{params[0]}.{self.name}({', '.join(params[1:])})"
        return f"{self.name}({', '.join(params)})"


def _functions() -> Iterator[Function]:
    yield Function("size", ("string|bytes|list|map",), "int", len, "the length of a text, a list or an object", "both")
    yield Function("type", ("any",), "type", values.kind, "the type of a value")
    yield Function("dyn", ("any",), "dyn", conversions.unchanged, "the value, its type forgotten until it runs")
    yield from _conversions()
    yield from _numbers()
    yield from _texts()
    yield from _lists()
    yield from _maths()
    yield from _encodings()
    yield from _dates()


def _conversions() -> Iterator[Function]:
    number = "string|int|uint|decimal"
    yield Function("int", (f"{number}|timestamp",), "int", conversions.to_int, "a whole number; a fraction is cut")
    yield Function("uint", (number,), "uint", conversions.to_uint, "a whole number that is not negative")
    yield Function("decimal", (number,), "decimal", conversions.to_decimal, "a decimal: decimal('1.50')")
    yield Function("double", (number,), "decimal", conversions.to_decimal, "CEL's name for decimal(); there are no floats")
    kinds = "string|int|uint|decimal|bool|bytes|timestamp|duration"
    yield Function("string", (kinds,), "string", conversions.to_string, "a text", pays=True)
    yield Function("bytes", ("string|bytes",), "bytes", conversions.to_bytes, "the UTF-8 of a text", pays=True)
    yield Function("bool", ("string|bool",), "bool", conversions.to_bool, "true or false from a text")
    yield Function(
        "timestamp", ("string|int|timestamp",), "timestamp", dates.timestamp, "a moment from RFC 3339 or seconds since 1970"
    )
    yield Function("duration", ("string|duration",), "duration", dates.duration, "a span from a text: duration('1h30m')")


def _numbers() -> Iterator[Function]:
    yield Function(
        "round",
        ("number", "int?", "string?"),
        "decimal",
        arithmetic.rounded,
        "a decimal with so many places, half away from 0",
    )
    yield Function("abs", ("number",), "same", arithmetic.magnitude, "a number without its sign")
    yield Function("sum", ("list",), "sum", arithmetic.total, "the sum of a list of numbers", pays=True)
    yield Function("min", ("list",), "item", arithmetic.smallest, "the least element of a list", pays=True)
    yield Function("max", ("list",), "item", arithmetic.greatest, "the greatest element of a list", pays=True)


def _method(name: str, params: str, result: str, call: Callable[..., Any], summary: str) -> Function:
    return Function(name, tuple(params.split()), result, call, summary, "method", pays=True)


def _texts() -> Iterator[Function]:
    yield _method("contains", "string string", "bool", texts.contains, "whether a text has a part")
    yield Function("startsWith", ("string", "string"), "bool", str.startswith, "whether a text begins so", "method")
    yield Function("endsWith", ("string", "string"), "bool", str.endswith, "whether a text ends so", "method")
    yield Function(
        "matches", ("string", "string"), "bool", texts.matches, "whether a part of a text matches (RE2)", "both", pays=True
    )
    yield _method("indexOf", "string string int?", "int", texts.index_of, "where a part begins, -1 where it is not there")
    yield _method("lastIndexOf", "string string int?", "int", texts.last_index_of, "where a part begins for the last time")
    yield _method("charAt", "string int", "string", texts.char_at, "the character at an index")
    yield _method("lowerAscii", "string", "string", texts.lower_ascii, "in small letters, those of ASCII only")
    yield _method("upperAscii", "string", "string", texts.upper_ascii, "in capital letters, those of ASCII only")
    yield _method("reverse", "string", "string", texts.backwards, "from the last character to the first")
    yield _method(
        "format", "string list", "string", formats.formatted, "a text with %s, %d, %.2f, %x replaced by a list's values"
    )
    yield _method("upper", "string", "string", texts.upper, "in capital letters")
    yield _method("lower", "string", "string", texts.lower, "in small letters")
    yield _method("trim", "string", "string", texts.trim, "without white space at both ends")
    yield _method("split", "string string int?", "list:string", texts.split, "the parts between separators")
    yield _method("replace", "string string string int?", "string", texts.replaced, "with every part replaced by another")
    yield _method(
        "substring", "string int int?", "string", texts.substring, "the characters from the first index to before the second"
    )
    yield _method("pad_left", "string int string?", "string", texts.pad_left, "filled on the left to a width")
    yield _method("pad_right", "string int string?", "string", texts.pad_right, "filled on the right to a width")
    yield Function(
        "uuid", ("string", "string?"), "string", texts.named_uuid, "the UUID (v5) of a name, always the same", pays=True
    )
    yield Function("hash", ("string|bytes",), "string", texts.hashed, "the SHA-256 in hexadecimal", pays=True)


def _lists() -> Iterator[Function]:
    yield _method("join", "list string?", "string", texts.join, "one text from a list of texts")
    yield _method("flatten", "list", "flat", texts.flatten, "the elements of a list of lists")
    yield _method("distinct", "list", "same", texts.distinct, "every element once")
    yield _method("sort", "list", "same", texts.ordered, "the elements from the least to the greatest")


def _maths() -> Iterator[Function]:
    yield Function(
        "math.greatest", ("any*",), "dyn", maths.greatest, "the greatest of several numbers, or of a list's", pays=True
    )
    yield Function("math.least", ("any*",), "dyn", maths.least, "the least of several numbers, or of a list's", pays=True)
    for name, call, summary in (
        ("ceil", maths.ceiling, "the least whole number that is not less"),
        ("floor", maths.floor, "the greatest whole number that is not greater"),
        ("round", arithmetic.rounded, "the nearest whole number, half away from zero"),
        ("trunc", maths.truncated, "without its fraction"),
        ("sqrt", maths.root, "the square root"),
    ):
        yield Function(f"math.{name}", ("number",), "decimal", call, summary)
    yield Function("math.abs", ("number",), "same", arithmetic.magnitude, "a number without its sign")
    yield Function("math.sign", ("number",), "same", maths.sign, "-1, 0 or 1")
    for name in ("isNaN", "isInf"):
        yield Function(f"math.{name}", ("decimal",), "bool", maths.never, "false: every decimal is a finite number")
    yield Function("math.isFinite", ("decimal",), "bool", maths.always, "true: every decimal is a finite number")
    for name in ("And", "Or", "Xor"):
        yield Function(
            f"math.bit{name}", ("int|uint", "int|uint"), "same", maths.BITWISE[name], f"the bits of two ints, by {name}"
        )
    yield Function("math.bitNot", ("int",), "int", maths.inverted, "every bit of an int turned")
    yield Function("math.bitShiftLeft", ("int|uint", "int"), "same", maths.shifted_left, "the bits moved to the left")
    yield Function("math.bitShiftRight", ("int|uint", "int"), "same", maths.shifted_right, "the bits moved to the right")


def _encodings() -> Iterator[Function]:
    yield Function("base64.encode", ("bytes",), "string", texts.to_base64, "bytes as base64", pays=True)
    yield Function("base64.decode", ("string",), "bytes", texts.from_base64, "the bytes that base64 stands for", pays=True)
    yield Function("strings.quote", ("string",), "string", formats.quoted, "a text in quotes, with escapes", pays=True)
    yield Function(
        "regex.extract",
        ("string", "string"),
        "optional:string",
        texts.extracted,
        "what a pattern (or its group) matches",
        pays=True,
    )
    yield Function("regex.extractAll", ("string", "string"), "list:string", texts.extracted_all, "every match", pays=True)
    yield Function(
        "regex.replace", ("string", "string", "string", "int?"), "string", texts.substituted, "every match replaced", pays=True
    )


def _dates() -> Iterator[Function]:
    yield Function(
        "date",
        ("string|timestamp", "string?"),
        "string",
        dates.iso_date,
        "an ISO date, from a text in a form: date('20261015', '%Y%m%d')",
    )
    yield Function(
        "format_date",
        ("string|timestamp", "string", "string?"),
        "string",
        dates.format_date,
        "a date in a form: format_date(d, '%Y%m%d')",
    )
    yield Function(
        "parse_time",
        ("string", "string", "string?"),
        "timestamp",
        dates.parse_time,
        "a moment from a text in a form and a time zone",
    )
    yield Function("add_days", ("string|timestamp", "int"), "string", dates.add_days, "the ISO date so many days later")
    yield Function(
        "days_between", ("string|timestamp", "string|timestamp"), "int", dates.days_between, "the days from one date to another"
    )
    parts = {
        "getFullYear": dates.full_year,
        "getMonth": dates.month,
        "getDate": dates.date_of_month,
        "getDayOfMonth": dates.day_of_month,
        "getDayOfWeek": dates.day_of_week,
        "getDayOfYear": dates.day_of_year,
    }
    for name, call in parts.items():
        yield Function(name, ("timestamp", "string?"), "int", call, "a part of a moment, in a time zone", "method")
    spans = {
        "getHours": dates.hours,
        "getMinutes": dates.minutes,
        "getSeconds": dates.seconds,
        "getMilliseconds": dates.milliseconds,
    }
    for name, call in spans.items():
        yield Function(name, ("timestamp|duration", "string?"), "int", call, "a part of a moment or a span", "method")


FUNCTIONS: Final = {function.name: function for function in _functions()}
NAMESPACES: Final = frozenset(("optional", "cel", *(name.partition(".")[0] for name in FUNCTIONS if "." in name)))
"""What stands before the dot of `math.ceil(x)`, unless a variable has that name."""
MACROS: Final = {
    "has": "has(a.b): whether a field is there",
    "default": "default(path, fallback): what is there, or the fallback",
    "lookup": "lookup(table, key, default): the entry of a key",
    "xref": "xref(table, key, default): the same in the table of the message's partner",
    "convert": "convert(quantity, from, to, item): a quantity in another unit",
    "now": "now(): the moment of this run",
    "cel.bind": "cel.bind(name, value, expression): an expression with a name for a value",
    "all": "list.all(x, condition): whether it holds for every element",
    "exists": "list.exists(x, condition): whether it holds for one at least",
    "exists_one": "list.exists_one(x, condition): whether it holds for exactly one",
    "map": "list.map(x, value): a list of what is made of each",
    "filter": "list.filter(x, condition): those for which it holds",
    "transformList": "list.transformList(index, x, value): a list of what is made of each and its number",
    "transformMap": "object.transformMap(key, x, value): an object with other values",
    "optMap": "x.optMap(v, value): what is made of a value that may be absent",
    "optFlatMap": "x.optFlatMap(v, value): the same, where that may be absent as well",
    "or": "x.or(y): x, or y where it is absent",
    "orValue": "x.orValue(value): what is there, or a value",
    "hasValue": "x.hasValue(): whether it is there",
    "value": "x.value(): what is there; an error where it is absent",
}
"""What the compiler itself makes into code."""
USAGES: Final = {name: f"{function.usage}: {function.summary}" for name, function in FUNCTIONS.items()} | MACROS
"""Everything that can be called, with how it is written and what it does."""
