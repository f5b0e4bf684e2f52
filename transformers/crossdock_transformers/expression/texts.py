"""Texts and lists at run time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cmp_to_key, lru_cache
from typing import Any, Final

from crossdock_transformers.expression.arithmetic import less
from crossdock_transformers.expression.values import MOST_CHARACTERS, Budget, Fault, equal, paid, spend

MOST_PATTERN: Final = 1000
"""Characters of a regular expression."""


def pattern(text: str) -> Callable[[str], Any]:
    """Compile a regular expression (RE2: linear in the text, whatever the pattern); raises Fault."""
    import re2

    if len(text) > MOST_PATTERN:
        raise Fault(f"a pattern may have {MOST_PATTERN} characters; this one has {len(text)}")
    options = re2.Options()
    options.log_errors = False
    try:
        search: Callable[[str], Any] = re2.compile(text, options=options).search
    except re2.error as error:
        raise Fault(f"this pattern is not valid: {_reason(error)}") from None
    return search


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "unknown"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


_kept = lru_cache(maxsize=256)(pattern)


def matches(budget: Budget, text: str, expression: str) -> bool:
    """Whether a part of the text matches."""
    return _kept(expression)(paid(budget, text)) is not None


def found(budget: Budget, search: Callable[[str], Any], text: str) -> bool:
    """The same with a pattern that was compiled before."""
    return search(paid(budget, text)) is not None


def contains(budget: Budget, text: str, part: str) -> bool:
    """Whether a text has a part."""
    return part in paid(budget, text)


def index_of(budget: Budget, text: str, part: str) -> int:
    """Where a part begins, -1 where it is not there."""
    return int(paid(budget, text).find(part))


def upper(budget: Budget, text: str) -> str:
    """In capital letters."""
    return str(paid(budget, text.upper()))


def lower(budget: Budget, text: str) -> str:
    """In small letters."""
    return str(paid(budget, text.lower()))


def trim(budget: Budget, text: str) -> str:
    """Without white space at both ends."""
    return str(paid(budget, text).strip())


def split(budget: Budget, text: str, separator: str) -> list[str]:
    """The parts between separators; an empty separator gives the characters."""
    parts = paid(budget, text).split(separator) if separator else list(text)
    return list(spend(budget, parts))


def join(budget: Budget, parts: list[Any], separator: str = "") -> str:
    """One text from many."""
    try:
        return str(paid(budget, separator.join(_measured(budget, parts, separator))))
    except TypeError:
        raise Fault("join() needs a list of texts", "write list.map(x, string(x)).join(...)") from None


def _measured(budget: Budget, parts: list[Any], separator: str) -> list[Any]:
    size = len(separator) * len(spend(budget, parts)) + sum(len(part) for part in parts)
    if size > MOST_CHARACTERS:
        raise Fault(f"this makes a text of {size} characters; {MOST_CHARACTERS} are the most")
    return parts


def replaced(budget: Budget, text: str, old: str, new: str) -> str:
    """The text with every `old` replaced by `new`."""
    count = paid(budget, text).count(old)
    size = len(text) + count * (len(new) - len(old))
    if size > MOST_CHARACTERS:
        raise Fault(f"this makes a text of {size} characters; {MOST_CHARACTERS} are the most")
    return str(paid(budget, text.replace(old, new)))


def substring(budget: Budget, text: str, start: int, end: int | None = None) -> str:
    """The characters from `start` to before `end`; both must lie in the text."""
    stop = len(text) if end is None else end
    if not 0 <= start <= stop <= len(text):
        raise Fault(f"a text of {len(text)} characters has no part from {start} to {stop}")
    return str(paid(budget, text)[start:stop])


def pad_left(budget: Budget, text: str, width: int, fill: str = " ") -> str:
    """The text, filled on the left to a width."""
    return str(paid(budget, text.rjust(*_padding(width, fill))))


def pad_right(budget: Budget, text: str, width: int, fill: str = " ") -> str:
    """The text, filled on the right to a width."""
    return str(paid(budget, text.ljust(*_padding(width, fill))))


def _padding(width: int, fill: str) -> tuple[int, str]:
    if len(fill) != 1:
        raise Fault("a text is filled with one character")
    if width > 10_000:
        raise Fault(f"a text can be filled to 10000 characters, not {width}")
    return width, fill


def hashed(budget: Budget, value: str | bytes) -> str:
    """The SHA-256 of a text (as UTF-8) or of bytes, in hexadecimal."""
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return hashlib.sha256(paid(budget, data)).hexdigest()


# Lists


def flatten(budget: Budget, items: list[Any]) -> list[Any]:
    """The elements of a list of lists, one level deep."""
    result: list[Any] = []
    for item in spend(budget, items):
        result.extend(spend(budget, item) if type(item) is list else [item])
    return result


def distinct(budget: Budget, items: list[Any]) -> list[Any]:
    """Every element once, in the order of first appearance."""
    result: list[Any] = []
    seen: set[str] = set()
    for item in spend(budget, items):
        if type(item) is str:
            if item not in seen:
                seen.add(item)
                result.append(item)
        elif not any(equal(budget, item, other) for other in spend(budget, result)):
            result.append(item)
    return result


def ordered(budget: Budget, items: list[Any]) -> list[Any]:
    """The elements from the least to the greatest."""
    return sorted(spend(budget, items), key=cmp_to_key(_order))


def _order(one: Any, other: Any) -> int:
    return -1 if less(one, other) else 1 if less(other, one) else 0
