"""Numbers at run time: ints of 64 bits, decimals of 28 digits, no floats.

An int and a decimal make a decimal. Ints that leave their 64 bits are a fault, not a wrong number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation
from typing import Any, Final

from crossdock_transformers.expression.values import Budget, Fault, paid, shown, spend, words

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_MOST_UINT = (1 << 64) - 1
MOST_PLACES: Final = 20
ROUNDINGS: Final = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "up": ROUND_UP, "down": ROUND_DOWN}


def _overflow(least: int, most: int, what: str) -> Callable[[int], int]:
    def check(value: int) -> int:
        if least <= value <= most:
            return value
        raise Fault(f"the result does not fit into {what}", "make it a decimal: write decimal(...) around a number")

    return check


whole = _overflow(_LEAST, _MOST, "an int of 64 bits")
natural = _overflow(0, _MOST_UINT, "a uint of 64 bits")


def quotient(one: int, other: int) -> int:
    """Divide ints, towards zero."""
    if other == 0:
        raise Fault("division by zero")
    result = abs(one) // abs(other)
    return whole(result if (one < 0) is (other < 0) else -result)


def remainder(one: int, other: int) -> int:
    """Return what is left of a division towards zero; it has the sign of the first."""
    if other == 0:
        raise Fault("division by zero")
    result = abs(one) % abs(other)
    return -result if one < 0 else result


def ratio(one: Decimal | int, other: Decimal | int) -> Decimal:
    """Divide decimals."""
    if other == 0:
        raise Fault("division by zero")
    return Decimal(one) / other


_NUMBERS = (int, Decimal)
_MOMENTS = (datetime, timedelta)


def add(budget: Budget, one: Any, other: Any) -> Any:
    """`one + other` of values whose types were not known before."""
    kinds = (type(one), type(other))
    if kinds == (int, int):
        return whole(one + other)
    if kinds[0] in _NUMBERS and kinds[1] in _NUMBERS:
        return one + other
    if kinds[0] is kinds[1] and kinds[0] in (str, bytes, list):
        return joined(budget, one, other)
    if kinds[0] in _MOMENTS and kinds[1] in _MOMENTS and timedelta in kinds:
        return one + other
    raise _unfit("+", one, other)


def joined(budget: Budget, one: Any, other: Any) -> Any:
    """Put two texts, bytes or lists together."""
    return (spend if type(one) is list else paid)(budget, one + other)


def subtract(one: Any, other: Any) -> Any:
    """`one - other`."""
    kinds = (type(one), type(other))
    if kinds == (int, int):
        return whole(one - other)
    if kinds[0] in _NUMBERS and kinds[1] in _NUMBERS:
        return one - other
    if kinds[0] in _MOMENTS and kinds[1] in (kinds[0], timedelta):
        return one - other
    raise _unfit("-", one, other)


def multiply(one: Any, other: Any) -> Any:
    """`one * other`."""
    kinds = (type(one), type(other))
    if kinds == (int, int):
        return whole(one * other)
    if kinds[0] in _NUMBERS and kinds[1] in _NUMBERS:
        return one * other
    raise _unfit("*", one, other)


def divide(one: Any, other: Any) -> Any:
    """`one / other`: of two ints towards zero, else of decimals."""
    kinds = (type(one), type(other))
    if kinds == (int, int):
        return quotient(one, other)
    if kinds[0] in _NUMBERS and kinds[1] in _NUMBERS:
        return ratio(one, other)
    raise _unfit("/", one, other)


def modulo(one: Any, other: Any) -> int:
    """`one % other`."""
    if type(one) is int and type(other) is int:
        return remainder(one, other)
    raise _unfit("%", one, other)


def negate(value: Any) -> Any:
    """`-value`."""
    if type(value) is int:
        return whole(-value)
    if type(value) is Decimal:
        return -value
    raise Fault(f"only numbers can be negative, but this is {words(value)}")


def _unfit(operator: str, one: Any, other: Any) -> Fault:
    return Fault(f"'{operator}' does not take {words(one)} and {words(other)}")


# Comparison


def _comparable(operator: str, one: Any, other: Any) -> None:
    first, second = type(one), type(other)
    if first in _NUMBERS and second in _NUMBERS:
        return
    if first is second and first in (str, bytes, bool, datetime, timedelta):
        return
    raise _unfit(operator, one, other)


def less(one: Any, other: Any) -> bool:
    """`one < other`."""
    _comparable("<", one, other)
    return bool(one < other)


def less_equal(one: Any, other: Any) -> bool:
    """`one <= other`."""
    _comparable("<=", one, other)
    return bool(one <= other)


def greater(one: Any, other: Any) -> bool:
    """`one > other`."""
    _comparable(">", one, other)
    return bool(one > other)


def greater_equal(one: Any, other: Any) -> bool:
    """`one >= other`."""
    _comparable(">=", one, other)
    return bool(one >= other)


# Functions


def rounded(value: Decimal | int, places: int = 0, mode: str = "half_up") -> Decimal:
    """Return a number with that many places, half away from zero as in commerce; `half_even` is the banker's way."""
    if mode not in ROUNDINGS:
        raise Fault(f"a number is rounded by one of {', '.join(ROUNDINGS)}, not by {shown(mode)}")
    if not 0 <= places <= MOST_PLACES:
        raise Fault(f"a number can be rounded to 0 to {MOST_PLACES} places, not {places}")
    try:
        return Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUNDINGS[mode])
    except InvalidOperation:
        raise Fault(f"{shown(value)} has too many digits to be rounded to {places} places") from None


def total(budget: Budget, items: Iterable[Any]) -> Any:
    """Return the sum of a list of numbers; 0 for an empty one."""
    result: Any = 0
    for item in spend(budget, items):
        result = add(budget, result, item)
    return result


def smallest(budget: Budget, items: list[Any]) -> Any:
    """Return the least element of a list."""
    return _extreme(budget, items, less)


def greatest(budget: Budget, items: list[Any]) -> Any:
    """Return the greatest element of a list."""
    return _extreme(budget, items, greater)


def _extreme(budget: Budget, items: list[Any], better: Callable[[Any, Any], bool]) -> Any:
    if not items:
        raise Fault("an empty list has no smallest and no greatest element")
    result = items[0]
    for item in spend(budget, items):
        result = item if better(item, result) else result
    return result


def magnitude(value: Any) -> Any:
    """Return a number without its sign."""
    return value if value >= 0 else negate(value)
