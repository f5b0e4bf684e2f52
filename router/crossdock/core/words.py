"""A word that somebody wrote, and those that are known in its place: for the hint of an error, and for an editor's proposals."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

Known = Iterable[str] | Mapping[str, str]
"""Words; where they are a mapping, each with what it means."""


def counted(number: int, noun: str) -> str:
    """Return `1 route`, `2 routes`, `no routes`."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def nearest(word: str, known: Known) -> str:
    """Return ` ; did you mean 'x'?` for the nearest known word, else the known ones, else nothing."""
    choices = sorted(known)
    note(word, lambda: known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    if choices and len(choices) <= 16:
        return f"; there is {', '.join(choices)}"
    return ""


@dataclass
class Asked:
    """What was found to be known where a word stands: `known` with what each means, `before` is what precedes it in its name."""

    word: str
    known: dict[str, str] = field(default_factory=dict)
    before: str = ""


_ASKED: ContextVar[Asked | None] = ContextVar("asked", default=None)


def note(word: str, known: Callable[[], Known]) -> None:
    """Say what else could stand in a word's place; only who asks for this very word listens."""
    asked = _ASKED.get()
    if asked is None or asked.word not in word:
        return
    found = known()
    asked.known.update(found if isinstance(found, Mapping) else dict.fromkeys(found, ""))
    asked.before = word.partition(asked.word)[0]


@contextmanager
def asking(word: str) -> Iterator[Asked]:
    """Collect what is known in a word's place while a project is compiled that has it: it stands for an editor's cursor."""
    asked = Asked(word)
    token = _ASKED.set(asked)
    try:
        yield asked
    finally:
        _ASKED.reset(token)
