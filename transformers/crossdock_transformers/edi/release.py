"""Release characters: a delimiter that is meant as text has one before it (`?'`, `??`).

Before a document is cut, each released character becomes a mark: one of Unicode's noncharacters, which no document may hold. So
all that follows cuts plainly and counts lengths rightly; marks become characters again when values are read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

MARKS: Final = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4"
"""They stand for the delimiters in the order of `Delimiters.all`: element, component, segment, repetition, release."""

_FOREIGN = re.compile("[\ufdd0-\ufdef]")
_NEVER = "\udfff"
"""Stands for a mark that was in the document already; no element allows it."""


@lru_cache(256)
def _released(release: str) -> re.Pattern[str]:
    return re.compile(re.escape(release) + "(.)", re.DOTALL)


@lru_cache(256)
def marks_of(delimiters: tuple[str, str, str, str, str]) -> dict[str, str]:
    """Return each delimiter's mark."""
    return {one: mark for one, mark in zip(delimiters, MARKS, strict=True) if one}


@lru_cache(256)
def _characters(delimiters: tuple[str, str, str, str, str]) -> dict[int, str]:
    return {ord(mark): one for one, mark in zip(delimiters, MARKS, strict=True)}


def mark(text: str, delimiters: tuple[str, str, str, str, str]) -> str:
    """Return a text with every released character marked; other characters lose a release character before them."""
    if not text.isascii():
        text = _FOREIGN.sub(_NEVER, text)
    if delimiters[4] not in text:
        return text
    get = marks_of(delimiters).get
    return _released(delimiters[4]).sub(lambda found: get(found[1], found[1]), text)


def unmark(text: str, delimiters: tuple[str, str, str, str, str]) -> str:
    """Return a text with its marks made characters again."""
    return text if text.isascii() else text.translate(_characters(delimiters))


def release(text: str, delimiters: tuple[str, str, str, str, str]) -> str:
    """Return a text with a release character before every delimiter in it."""
    release = delimiters[4]
    return "".join(release + one if one in delimiters else one for one in text)
