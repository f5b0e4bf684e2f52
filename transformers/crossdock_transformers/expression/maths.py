"""CEL's math functions at run time, on ints and decimals."""

from __future__ import annotations

import operator
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from functools import partial
from typing import Any, Final

from crossdock_transformers.expression import arithmetic
from crossdock_transformers.expression.values import Budget, Fault, shown, words

_BITS: Final = 64
_MASK: Final = (1 << _BITS) - 1


def _numbers(items: list[Any]) -> list[Any]:
    """The numbers given: several, or the one list of them."""
    numbers = items[0] if len(items) == 1 and type(items[0]) is list else items
    for number in numbers:
        if type(number) not in (int, Decimal):
            raise Fault(f"a number is needed here, but this is {words(number)}")
    return list(numbers)


def greatest(budget: Budget, items: list[Any]) -> Any:
    """The greatest of several numbers."""
    return arithmetic.greatest(budget, _numbers(items))


def least(budget: Budget, items: list[Any]) -> Any:
    """The least of several numbers."""
    return arithmetic.smallest(budget, _numbers(items))


def _towards(rounding: str, value: Any) -> Decimal:
    return Decimal(value).to_integral_value(rounding=rounding)


ceiling = partial(_towards, ROUND_CEILING)
floor = partial(_towards, ROUND_FLOOR)
truncated = partial(_towards, ROUND_DOWN)


def root(value: Any) -> Decimal:
    """The square root."""
    if value < 0:
        raise Fault(f"{shown(value)} has no square root")
    return Decimal(value).sqrt()


def sign(value: Any) -> Any:
    """-1, 0 or 1, of the number's own type."""
    return type(value)((value > 0) - (value < 0))


def never(_value: Any) -> bool:
    """Whether a decimal is no finite number."""
    return False


def always(_value: Any) -> bool:
    """Whether a decimal is a finite number."""
    return True


BITWISE: Final = {"And": operator.and_, "Or": operator.or_, "Xor": operator.xor}


def inverted(value: int) -> int:
    """Every bit turned."""
    return ~value


def _bits(count: int) -> int:
    if count < 0:
        raise Fault(f"bits can't be moved by {count}")
    return count


def shifted_left(value: int, count: int) -> int:
    """The bits moved to the left; those that leave the 64 are lost."""
    moved = (value << count) & _MASK if _bits(count) < _BITS else 0
    return moved - (1 << _BITS) if moved >> (_BITS - 1) else moved


def shifted_right(value: int, count: int) -> int:
    """The bits moved to the right, filled with zeros."""
    return (value & _MASK) >> count if _bits(count) < _BITS else 0
