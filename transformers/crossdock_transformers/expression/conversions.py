"""Conversions at run time: int(), decimal(), string() and the like."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from crossdock_transformers.expression import dates
from crossdock_transformers.expression.arithmetic import natural, whole
from crossdock_transformers.expression.values import Budget, Fault, Kind, paid, shown, words

_INT = re.compile(r"[+-]?[0-9]{1,20}")
_HEXADECIMAL = re.compile(r"([+-]?)0[xX]([0-9a-fA-F]{1,16})")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_TRUE: Final = frozenset(("1", "t", "true", "TRUE", "True"))
_FALSE: Final = frozenset(("0", "f", "false", "FALSE", "False"))
_MOST_DIGITS: Final = 400


def to_int(value: Any) -> int:
    """Return an int: of a text, of a decimal (its fraction is cut), of a timestamp (seconds since 1970)."""
    if type(value) is int:
        return whole(value)
    if type(value) is Decimal:
        return _cut(value)
    if isinstance(value, str):
        return whole(_parsed(value))
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    raise Fault(f"{words(value)} can't be made an int")


def _cut(value: Decimal) -> int:
    if not value.is_finite() or value.adjusted() > 20:
        raise Fault("the result does not fit into an int of 64 bits")
    return whole(int(value))


def _parsed(text: str) -> int:
    if _INT.fullmatch(text):
        return int(text)
    found = _HEXADECIMAL.fullmatch(text)
    if found:
        return int(found[1] + found[2], 16)
    raise Fault(f"{shown(text)} is not a whole number")


def to_uint(value: Any) -> int:
    """Return a uint."""
    if type(value) is int:
        return natural(value)
    if type(value) is Decimal:
        return natural(_cut(value))
    if isinstance(value, str):
        return natural(_parsed(value))
    raise Fault(f"{words(value)} can't be made a uint")


def to_decimal(value: Any) -> Decimal:
    """Return a decimal: of a text or an int."""
    if type(value) is Decimal:
        return value
    if type(value) is int:
        return Decimal(value)
    if not isinstance(value, str):
        raise Fault(f"{words(value)} can't be made a decimal")
    if len(value) <= _MOST_DIGITS and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise Fault(f"{shown(value)} is not a number")


def to_string(budget: Budget, value: Any) -> str:
    """Return a text: of a number, a bool, bytes in UTF-8, a timestamp, a duration."""
    if isinstance(value, str):
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is Decimal:
        return format(value, "f") if abs(value.adjusted()) <= _MOST_DIGITS else str(value)
    if type(value) is bytes:
        return _decoded(paid(budget, value))
    return _moment_text(value)


def _moment_text(value: Any) -> str:
    if isinstance(value, datetime):
        return dates.stamp_text(value)
    if isinstance(value, timedelta):
        return dates.span_text(value)
    if type(value) is int or isinstance(value, Kind):
        return str(value)
    raise Fault(f"{words(value)} can't be made a text")


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Fault(f"these bytes are not UTF-8 at offset {error.start}") from None


def to_bytes(budget: Budget, value: Any) -> bytes:
    """Return the UTF-8 of a text."""
    data: bytes = paid(budget, value) if type(value) is bytes else paid(budget, value).encode("utf-8", "surrogatepass")
    return data


def to_bool(value: Any) -> bool:
    """Return a bool: of `true`, `false`, `1`, `0`, `t`, `f`."""
    if type(value) is bool:
        return value
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise Fault(f"{shown(value)} is not true or false")


def unchanged(value: Any) -> Any:
    """Return the value: `dyn()` only makes the compiler forget its type."""
    return value
