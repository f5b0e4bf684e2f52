"""Values at run time: what kind they are, how they compare, how they are reached, and the budget that bounds all work.

Compiled expressions call these functions. Each raises `Fault` with a sentence for people; the caller adds the place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

MOST_STEPS: Final = 1_000_000
"""Steps of one run: one for each element of a loop, one for each 64 characters of a text that is made or searched."""
MOST_CHARACTERS: Final = 4_000_000
"""Characters of one text that an expression makes."""

_ZEROS: Final = (0, "", b"", timedelta(0))

Budget = list[int]
"""One number: the steps that are left."""


class Fault(Exception):
    """An expression can't give a value: `message` says why, `advice` what to do."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class Absent:
    """The type of `ABSENT`, the empty optional value."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


class Kind:
    """A type as a value: what `type(x)` gives."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


KINDS: Final = {
    name: Kind(name)
    for name in ("int", "uint", "decimal", "string", "bytes", "bool", "list", "map", "null_type", "timestamp", "duration", "type")
}
_OF: Final[dict[type, str]] = {
    int: "int",
    Decimal: "decimal",
    str: "string",
    bytes: "bytes",
    bool: "bool",
    list: "list",
    tuple: "list",
    dict: "map",
    type(None): "null_type",
    datetime: "timestamp",
    timedelta: "duration",
    Kind: "type",
}
_WORDS: Final = {
    "int": "a whole number",
    "decimal": "a decimal",
    "string": "a text",
    "bool": "a truth value",
    "list": "a list",
    "map": "an object",
    "null_type": "null",
    "timestamp": "a timestamp",
    "duration": "a duration",
    "type": "a type",
}


def kind(value: Any) -> Kind:
    """Return a value's type."""
    name = _OF.get(type(value)) or ("map" if isinstance(value, Mapping) else "null_type")
    return KINDS[name]


def words(value: Any) -> str:
    """Return in words what kind of value this is."""
    return _WORDS.get(kind(value).name, kind(value).name)


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    text = f"'{value}'" if isinstance(value, str) else str(value) if type(value) in (int, Decimal, bool) else words(value)
    return text if len(text) <= 60 else text[:57] + "..." + ("'" if isinstance(value, str) else "")


def spend(budget: Budget, items: Any) -> Any:
    """Pay for a loop over items and return them."""
    budget[0] -= len(items) + 1
    if budget[0] < 0:
        raise _exhausted()
    return items


def paid(budget: Budget, text: Any) -> Any:
    """Pay for a text, a list or bytes that was made, and return it."""
    size = len(text)
    if size > 64:
        budget[0] -= size >> 6
        if budget[0] < 0:
            raise _exhausted()
        if size > MOST_CHARACTERS:
            raise Fault(f"this makes a text of {size} characters; {MOST_CHARACTERS} are the most", "split the document")
    return text


def _exhausted() -> Fault:
    return Fault(f"this takes more than {MOST_STEPS} steps", "split the document, or loop over less")


# What a value must be


def _must(wanted: str, *types: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) in types:
            return value
        raise Fault(f"{wanted} is needed here, but this is {words(value)}")

    return check


def _as_map(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value
    raise Fault(f"an object is needed here, but this is {words(value)}")


def _as_iterable(value: Any) -> Any:
    if isinstance(value, list | Mapping):
        return value
    raise Fault(f"a list is needed here, but this is {words(value)}")


def _as_whole(value: Any) -> Any:
    if type(value) is int or (type(value) is Decimal and value == value.to_integral_value()):
        return value
    raise Fault(f"a whole number is needed here, but this is {words(value)}")


def unless(passing: tuple[Any, ...], guard: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a guard that lets some values (null, absent) pass, too."""

    def check(value: Any) -> Any:
        return value if any(value is other for other in passing) else guard(value)

    return check


GUARDS: Final[dict[str, Callable[[Any], Any]]] = {
    "bool": _must("a truth value", bool),
    "int": _must("a whole number", int),
    "uint": _must("a whole number", int),
    "decimal": _must("a number", int, Decimal),
    "number": _must("a number", int, Decimal),
    "string": _must("a text", str),
    "bytes": _must("bytes", bytes),
    "list": _must("a list", list, tuple),
    "timestamp": _must("a timestamp", datetime),
    "duration": _must("a duration", timedelta),
    "null": _must("null", type(None)),
    "whole": _as_whole,
    "map": _as_map,
    "iterable": _as_iterable,
}


# Equality and membership


def equal(budget: Budget, one: Any, other: Any) -> bool:
    """Whether two values are the same: numbers by value, a bool never equals a number, lists and objects by their elements."""
    if isinstance(one, Mapping):
        return isinstance(other, Mapping) and _same_objects(budget, one, other)
    if type(one) in (list, tuple):
        return type(other) in (list, tuple) and _same_lists(budget, one, other)
    if type(one) is bool or type(other) is bool:
        return one is other
    return bool(one == other)


def _same_objects(budget: Budget, one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    if len(one) != len(other):
        return False
    spend(budget, one)
    return all(key in other and equal(budget, value, other[key]) for key, value in one.items())


def _same_lists(budget: Budget, one: Any, other: Any) -> bool:
    if len(one) != len(other):
        return False
    spend(budget, one)
    return all(equal(budget, left, right) for left, right in zip(one, other, strict=True))


def within(budget: Budget, value: Any, container: Any) -> bool:
    """`value in container`: an element of a list, or a key of an object."""
    if isinstance(container, Mapping):
        return type(value) in _KEYS and value in container
    if type(container) not in (list, tuple):
        raise Fault(f"'in' needs a list or an object, but this is {words(container)}")
    spend(budget, container)
    return any(equal(budget, value, item) for item in container)


_KEYS: Final = frozenset((str, int, Decimal, bool))


# Reaching into objects and lists


def item(container: Any, key: Any) -> Any:
    """`container[key]`."""
    if isinstance(container, Mapping):
        if type(key) in _KEYS and key in container:
            return container[key]
        raise Fault(f"there is no {shown(key)} in this object")
    if type(container) not in (list, tuple):
        raise Fault(f"only lists and objects have an index, but this is {words(container)}")
    position = _position(key)
    if 0 <= position < len(container):
        return container[position]
    raise Fault(f"there is no element {shown(key)} in a list of {len(container)}", "test it with size(...)")


def _position(key: Any) -> int:
    if type(key) is int:
        return key
    if type(key) is Decimal and key.adjusted() < 20 and key == key.to_integral_value():
        return int(key)
    raise Fault(f"a list's index is a whole number, not {words(key)}")


def field(container: Any, name: str) -> bool:
    """`has(container.name)`."""
    if isinstance(container, Mapping):
        return name in container
    raise Fault(f"has() asks for a field of an object, but this is {words(container)}")


def maybe_field(container: Any, name: str) -> Any:
    """`container.?name`: absent where the container is absent or null, or has no such field."""
    if type(container) is dict or isinstance(container, Mapping):
        return container.get(name, ABSENT)
    if container is ABSENT or container is None:
        return ABSENT
    raise Fault(f"only objects have fields, but this is {words(container)}")


def maybe_item(container: Any, key: Any) -> Any:
    """`container[?key]`."""
    if container is ABSENT or container is None:
        return ABSENT
    if isinstance(container, Mapping):
        return container.get(key, ABSENT) if type(key) in _KEYS else ABSENT
    if type(container) not in (list, tuple):
        raise Fault(f"only lists and objects have an index, but this is {words(container)}")
    position = _position(key)
    return container[position] if 0 <= position < len(container) else ABSENT


def given(value: Any, fallback: Any) -> Any:
    """The value, or the fallback where it is absent or null: `default(value, fallback)`."""
    return fallback if value is ABSENT or value is None else value


def given_or(value: Any, fallback: Callable[[], Any]) -> Any:
    """The same with a fallback that is worked out only when it is needed."""
    return fallback() if value is ABSENT or value is None else value


def present(value: Any, fallback: Any) -> Any:
    """`value.orValue(fallback)`."""
    return fallback if value is ABSENT else value


def present_or(value: Any, fallback: Callable[[], Any]) -> Any:
    """The same with a fallback that is worked out only when it is needed."""
    return fallback() if value is ABSENT else value


def entry(table: Mapping[str, Any], key: str) -> Any:
    """The entry of a lookup table."""
    if key in table:
        return table[key]
    raise Fault(f"the table has no entry for {shown(key)}", "add one, or a `default:`")


def of_value(value: Any) -> Any:
    """`optional.ofNonZeroValue(value)`: absent where it is null, false, zero or empty."""
    zero = value is None or value is False or (type(value) is not bool and value in _ZEROS)
    return ABSENT if zero or (isinstance(value, list | Mapping) and not value) else value


def same_maybe(budget: Budget, one: Any, other: Any) -> bool:
    """Whether two optional values are the same."""
    return one is other if one is ABSENT or other is ABSENT else equal(budget, one, other)


def listed(value: Any) -> tuple[Any, ...]:
    """An optional element of a list: `[?value]`."""
    return () if value is ABSENT else (value,)


def keyed(key: Any, value: Any) -> dict[Any, Any]:
    """An optional entry of an object: `{?key: value}`."""
    return {} if value is ABSENT else {key: value}


def pairs(items: Any) -> Any:
    """The indexes and elements of a list, or the keys and values of an object."""
    return items.items() if isinstance(items, Mapping) else enumerate(items)


def has_value(value: Any) -> bool:
    """`value.hasValue()`."""
    return value is not ABSENT


def required(value: Any) -> Any:
    """`value.value()`."""
    if value is ABSENT:
        raise Fault("this value is absent", "write .orValue(...) with what to use instead")
    return value


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """`value.optMap(name, expression)`."""
    return value if value is ABSENT else change(value)


# Logic in which an error gives way to an answer (CEL's && and ||)

ERRORS: Final = (Fault, LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
"""What an expression may raise while it runs."""


def decided(operands: Iterable[Callable[[], bool]], answer: bool) -> bool:
    """Return `answer` where one operand gives it, whatever the others do; else the first error, else the opposite."""
    error: Exception | None = None
    for operand in operands:
        try:
            if operand() is answer:
                return answer
        except ERRORS as fault:
            error = error or fault
    if error is not None:
        raise error
    return not answer


def decided_for_pairs(items: Iterable[tuple[Any, Any]], test: Callable[[Any, Any], bool], answer: bool) -> bool:
    """The same for pairs: of index and element, or of key and value."""
    return decided((partial(test, *pair) for pair in items), answer)


def decided_for(items: Collection[Any], test: Callable[[Any], bool], answer: bool) -> bool:
    """The same for every element of a list: `all` and `exists`."""
    return decided((partial(test, item) for item in items), answer)
