"""Texts and lists at run time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import string
import uuid
from collections.abc import Callable, Iterator
from functools import cmp_to_key, lru_cache
from itertools import islice
from typing import Any, Final

from crossdock_transformers.expression.arithmetic import less
from crossdock_transformers.expression.values import ABSENT, MOST_CHARACTERS, Budget, Fault, equal, paid, shown, spend

MOST_PATTERN: Final = 1000
"""Characters of a regular expression."""


def pattern(text: str) -> Callable[[str], Any]:
    """Compile a regular expression (RE2: linear in the text, whatever the pattern) for a search; raises Fault."""
    search: Callable[[str], Any] = _compiled(text).search
    return search


def _compiled(text: str) -> Any:
    import re2

    if len(text) > MOST_PATTERN:
        raise Fault(f"a pattern may have {MOST_PATTERN} characters; this one has {len(text)}")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options=options)
    except re2.error as error:
        raise Fault(f"this pattern is not valid: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "unknown"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


_MATCH: Final = (None,) * 19
"""What one match pays for: 20 steps."""
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER: Final = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_kept = lru_cache(maxsize=256)(pattern)
_pattern = lru_cache(maxsize=256)(_compiled)


def matches(budget: Budget, text: str, expression: str) -> bool:
    """Whether a part of the text matches."""
    return _kept(expression)(paid(budget, text)) is not None


def found(budget: Budget, search: Callable[[str], Any], text: str) -> bool:
    """The same with a pattern that was compiled before."""
    return search(paid(budget, text)) is not None


def contains(budget: Budget, text: str, part: str) -> bool:
    """Whether a text has a part."""
    return part in paid(budget, text)


def index_of(budget: Budget, text: str, part: str, start: int = 0) -> int:
    """Where a part begins, from an index on; -1 where it is not there."""
    return int(paid(budget, text).find(part, _inside(text, start)))


def last_index_of(budget: Budget, text: str, part: str, start: int | None = None) -> int:
    """Where a part begins for the last time, up to an index; -1 where it is not there."""
    most = len(text) if start is None else _inside(text, start)
    return int(paid(budget, text).rfind(part, 0, most + len(part)))


def _inside(text: str, index: int) -> int:
    if 0 <= index <= len(text):
        return index
    raise Fault(f"a text of {len(text)} characters has no index {index}")


def char_at(budget: Budget, text: str, index: int) -> str:
    """The character at an index; an empty text right behind the end."""
    return str(paid(budget, text)[_inside(text, index) : index + 1])


def lower_ascii(budget: Budget, text: str) -> str:
    """In small letters, those of ASCII only."""
    return paid(budget, text).translate(_LOWER)  # type: ignore[no-any-return]


def upper_ascii(budget: Budget, text: str) -> str:
    """In capital letters, those of ASCII only."""
    return paid(budget, text).translate(_UPPER)  # type: ignore[no-any-return]


def backwards(budget: Budget, text: str) -> str:
    """From the last character to the first."""
    return str(paid(budget, text)[::-1])


def upper(budget: Budget, text: str) -> str:
    """In capital letters."""
    return str(paid(budget, text.upper()))


def lower(budget: Budget, text: str) -> str:
    """In small letters."""
    return str(paid(budget, text.lower()))


def trim(budget: Budget, text: str) -> str:
    """Without white space at both ends."""
    return str(paid(budget, text).strip())


def split(budget: Budget, text: str, separator: str, most: int = -1) -> list[str]:
    """The parts between separators, so many at most; an empty separator gives the characters."""
    if most == 0:
        return []
    if separator:
        return list(spend(budget, paid(budget, text).split(separator, most - 1 if most > 0 else -1)))
    single = len(text) if most < 0 else min(most - 1, len(text))
    return list(spend(budget, [*text[:single], *([text[single:]] if text[single:] else [])]))


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


def replaced(budget: Budget, text: str, old: str, new: str, most: int = -1) -> str:
    """The text with every `old` replaced by `new`, or with the first ones."""
    count = paid(budget, text).count(old)
    return str(paid(budget, _grown(text, count if most < 0 else min(most, count), len(new) - len(old)).replace(old, new, most)))


def _grown(text: str, count: int, growth: int) -> str:
    """Return a text that may grow by so much so often; raises Fault where that is too much."""
    size = len(text) + count * growth
    if size > MOST_CHARACTERS:
        raise Fault(f"this makes a text of {size} characters; {MOST_CHARACTERS} are the most")
    return text


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


def to_base64(budget: Budget, value: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(paid(budget, value)).decode()


def from_base64(budget: Budget, text: str) -> bytes:
    """The bytes that base64 stands for; the padding may be left out."""
    bare = paid(budget, text).rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Fault("this is not base64") from None


# Regular expressions


def _singular(expression: str) -> Any:
    """A compiled pattern with one group at most."""
    compiled = _pattern(expression)
    if compiled.groups > 1:
        raise Fault("a pattern to extract has one group at most", "write (?:...) for groups that are only there to bind")
    return compiled


def _group(found: Any, compiled: Any) -> str | None:
    """What a match stands for: its group, or all of it where the pattern has none."""
    return found.group(1 if compiled.groups else 0)  # type: ignore[no-any-return]


def extracted(budget: Budget, text: str, expression: str) -> Any:
    """What the first match of a pattern stands for; absent where there is none."""
    compiled = _singular(expression)
    found = compiled.search(paid(budget, text))
    value = _group(found, compiled) if found else None
    return ABSENT if value is None else value


def extracted_all(budget: Budget, text: str, expression: str) -> list[str]:
    """What every match of a pattern stands for."""
    compiled = _singular(expression)
    found = (_group(match, compiled) for match in _matches(budget, text, compiled, -1))
    return [value for value in found if value is not None]


def _matches(budget: Budget, text: str, compiled: Any, most: int) -> Iterator[Any]:
    """Yield the first matches, or all; each pays, as it comes, for several steps of a loop, which is what it costs."""
    for match in islice(compiled.finditer(paid(budget, text)), most if most > 0 else None):
        spend(budget, _MATCH)
        yield match


def substituted(budget: Budget, text: str, expression: str, new: str, most: int = -1) -> str:
    """The text with every match of a pattern replaced; `\\1` in the replacement is the match's first group."""
    if most == 0:
        return text
    compiled = _pattern(expression)
    parts: list[str] = []
    position = 0
    for match in _matches(budget, text, compiled, most):
        filled = str(paid(budget, _filled(new, match, compiled.groups)))
        parts += [text[position : match.start()], filled]
        position = match.end()
    return join(budget, [*parts, text[position:]])


def _filled(new: str, match: Any, groups: int) -> str:
    def group(found: re.Match[str]) -> str:
        if found[1] == "\\":
            return "\\"
        if not found[1].isdigit() or int(found[1]) > groups:
            raise Fault(f"the replacement says \\{found[1]}, but the pattern has {groups} groups")
        return match.group(int(found[1])) or ""

    return re.sub(r"\\(.)", group, new, flags=re.DOTALL) if "\\" in new else new


_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:crossdock")


def named_uuid(budget: Budget, name: str, space: str = "") -> str:
    """The UUID (v5) of a name in a space of names (a UUID, Crossdock's own where none is given)."""
    try:
        within = uuid.UUID(space) if space else _NAMES
    except ValueError:
        raise Fault(f"{shown(space)} is not a UUID") from None
    return str(uuid.uuid5(within, paid(budget, name)))


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
