"""Repetition as syntax version 4 writes it: `COM+a:TE*b:EM`, where version 3 gives each occurrence a place of its own.

A decoded body is the same for both (`COM01`, `COM02`, ...). Which segments repeat an element, and which list it several times
(PIA, GIN, STS), is in the directory; from D.01B on these are the ones that repeat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from crossdock_transformers.edi.values import Delimiters

REPEATING: Final[Mapping[str, tuple[int, int]]] = {"COM": (1, 3), "IDE": (6, 9)}
"""The place of the element that repeats (the first after the tag is 1), and how often it may be there."""


def spread(text: str, delimiters: Delimiters) -> str:
    """Return a message of syntax version 4, as it came, with each occurrence at a place of its own.

    What is repeated more often than it may be, or where it may not be, stays as it is: the check names it.
    """
    if not delimiters.repetition or delimiters.repetition not in text:
        return text
    pattern = _repeating(delimiters)
    return pattern.sub(lambda found: found[1] + found[2] + _spread(found[2], found[3], delimiters), text)


def _spread(tag: str, elements: str, delimiters: Delimiters) -> str:
    at, most = REPEATING[tag]
    pieces = _cut(elements, delimiters.element, delimiters.release)
    occurrences = _cut(pieces[at], delimiters.repetition, delimiters.release) if len(pieces) > at else []
    if not 1 < len(occurrences) <= most:
        return elements
    rest = pieces[at + 1 :]
    blank = [""] * (most - len(occurrences)) if rest else []
    return delimiters.element.join([*pieces[:at], *occurrences, *blank, *rest])


def _cut(text: str, mark: str, release: str) -> list[str]:
    """Cut a text at a mark that is not released."""
    pieces: list[str] = []
    for piece in text.split(mark):
        held = pieces[-1] if pieces else ""
        if release and (len(held) - len(held.rstrip(release))) % 2:
            pieces[-1] += mark + piece
        else:
            pieces.append(piece)
    return pieces


@lru_cache(64)
def _repeating(delimiters: Delimiters) -> re.Pattern[str]:
    segment, element, release = map(re.escape, (delimiters.segment, delimiters.element, delimiters.release))
    own, before = (f"{release}.", f"(?<!{release})") if release else ("(?!)", "")
    return re.compile(
        f"({before}{segment}[ \\t\\r\\n]*)({'|'.join(REPEATING)})({element}(?:{own}|[^{segment}{release}])*)", re.DOTALL
    )


def gathered(segment: Sequence[str], delimiters: Delimiters) -> Sequence[str]:
    """Return a segment as syntax version 4 writes it: its occurrences at one place."""
    if not delimiters.repetition or segment[0] not in REPEATING:
        return segment
    at, most = REPEATING[segment[0]]
    occurrences = list(segment[at : at + most])
    while occurrences and not occurrences[-1]:
        occurrences.pop()
    rest = segment[at + most :]
    here = [delimiters.repetition.join(occurrences)] if occurrences or rest else []
    return [*segment[:at], *here, *rest]


__all__ = ["REPEATING", "gathered", "spread"]
