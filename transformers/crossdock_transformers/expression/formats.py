"""`text.format(values)` and `strings.quote(text)` at run time, as CEL's strings extension says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from crossdock_transformers.expression.conversions import to_string
from crossdock_transformers.expression.values import Budget, Fault, paid, spend, words

_CLAUSE: Final = re.compile(r"%(?:%|(?:\.(\d{1,4}))?(.))?", re.DOTALL)
_MOST_PLACES: Final = 100
_ESCAPES: Final = str.maketrans(
    {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"'}
)


def quoted(budget: Budget, text: str) -> str:
    """A text in double quotes, with escapes for what can't be seen."""
    return str(paid(budget, f'"{text.translate(_ESCAPES)}"'))


def formatted(budget: Budget, text: str, values: list[Any]) -> str:
    """A text with each clause (`%s`, `%d`, `%.2f`, `%e`, `%b`, `%o`, `%x`, `%X`) replaced by the next value."""
    rest = iter(spend(budget, values))
    return "".join(paid(budget, part) for part in _parts(budget, text, rest))


def _parts(budget: Budget, text: str, rest: Iterator[Any]) -> Iterator[str]:
    position = 0
    for found in _CLAUSE.finditer(text):
        yield text[position : found.start()]
        position = found.end()
        yield "%" if found[0] == "%%" else _clause(budget, found, rest)
    yield text[position:]


def _clause(budget: Budget, found: re.Match[str], rest: Iterator[Any]) -> str:
    write = _WRITERS.get(found[2] or "")
    if write is None:
        raise Fault(f"'{found[0]}' is no clause of a format; there is %s, %d, %f, %e, %b, %o, %x, %X and %%")
    places = int(found[1]) if found[1] else 6
    if places > _MOST_PLACES:
        raise Fault(f"a number is written with {_MOST_PLACES} places at most, not {places}")
    try:
        return write(budget, next(rest), places)
    except StopIteration:
        raise Fault(f"there is no value for '{found[0]}': the list is too short") from None


def _text(budget: Budget, value: Any, _places: int = 0) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        rows = sorted((_text(budget, key), _text(budget, inner)) for key, inner in spend(budget, value).items())
        return "{" + ", ".join(f"{key}: {inner}" for key, inner in rows) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(budget, inner) for inner in spend(budget, value)) + "]"
    if type(value) is Decimal:
        return format(value.normalize(), "f")
    return to_string(budget, value)


def _whole(_budget: Budget, value: Any, _places: int) -> str:
    if type(value) is Decimal and value.adjusted() > _MOST_PLACES:
        raise Fault("this number has too many digits for %d; write %e")
    if type(value) is int or (type(value) is Decimal and value == value.to_integral_value()):
        return str(int(value))
    raise Fault(f"%d needs a whole number, but this is {words(value)}")


def _number(clause: str, value: Any) -> Decimal:
    if type(value) in (int, Decimal):
        return Decimal(value)
    raise Fault(f"%{clause} needs a number, but this is {words(value)}")


def _fixed(_budget: Budget, value: Any, places: int) -> str:
    number = _number("f", value)
    if number.adjusted() > _MOST_PLACES:
        raise Fault("this number has too many digits for %f; write %e")
    return format(number, f".{places}f")


def _scientific(_budget: Budget, value: Any, places: int) -> str:
    digits, _, exponent = format(_number("e", value), f".{places}e").partition("e")
    return f"{digits}e{exponent[0]}{exponent[1:]:0>2}"


def _based(code: str) -> Callable[[Budget, Any, int], str]:
    def write(_budget: Budget, value: Any, _places: int) -> str:
        if type(value) is int or (type(value) is bool and code == "b"):
            return format(int(value), code)
        if code in "xX" and isinstance(value, str | bytes):
            data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
            return data.hex() if code == "x" else data.hex().upper()
        raise Fault(f"%{code} needs a whole number, but this is {words(value)}")

    return write


_WRITERS: Final[dict[str, Callable[[Budget, Any, int], str]]] = {
    "s": _text,
    "d": _whole,
    "f": _fixed,
    "e": _scientific,
    **{code: _based(code) for code in "boxX"},
}
