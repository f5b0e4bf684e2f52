"""Where somebody types: the word there, and the text as it would be with another word, what is half written completed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

NAME = re.compile(r"[\w.-]+")
"""The name of a file, an endpoint, an event."""
IDENTIFIER = re.compile(r"\w+")
"""One step of a path, a key."""
_CLOSES = {"{": " }", "[": "]", "(": ")"}


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of one line of a text; `line`, `start` and `end` count from 0, and `start == end` where nothing stands yet."""

    text: str
    line: int
    start: int
    end: int

    @classmethod
    def at(cls, text: str, line: int, column: int, letters: re.Pattern[str]) -> Word:
        """Return the word that a place is in, or that it ends."""
        empty = cls(text, line, column, column)
        found = (one for one in letters.finditer(empty.before) if one.end() == column)
        start = next((one.start() for one in found), column)
        rest = letters.match(empty.whole, column)
        return replace(empty, start=start, end=rest.end() if rest else column)

    def __str__(self) -> str:
        return self.whole[self.start : self.end]

    @property
    def whole(self) -> str:
        """The line."""
        lines = self.text.split("\n")
        return lines[self.line] if self.line < len(lines) else ""

    @property
    def before(self) -> str:
        """The line up to the word."""
        return self.whole[: self.start]

    @property
    def key(self) -> str:
        """The key whose value the word is, or is one of."""
        found = re.search(r"([a-z_]+):\s*\[?[^:{}]*$", self.before)
        return found[1] if found else ""

    def versions(self, other: str) -> Iterator[str]:
        """Yield the text with another word: as a value, as a key, and with what the line has opened closed."""
        rest = self.whole[self.end :]
        closing = _closing(f"{self.before}{rest}")
        for form in (other, f"{other}: x"):
            yield self._with(f"{self.before}{form}{rest}")
            if closing:
                yield self._with(f"{self.before}{form}{rest}{closing}")

    def _with(self, line: str) -> str:
        lines = self.text.split("\n")
        return "\n".join([*lines[: self.line], line, *lines[self.line + 1 :]])


def _closing(line: str) -> str:
    """Return what closes the quotes and brackets that a line leaves open."""
    outside, inside, quote, before = list[str](), list[str](), "", " "
    for character in line:
        opened = inside if quote else outside
        if character == quote:
            quote, inside = "", []
        elif character in "\"'" and not quote and not before.isalnum():
            quote = character
        elif character in _CLOSES:
            opened.append(_CLOSES[character])
        elif opened and character == opened[-1].strip():
            opened.pop()
        before = character
    return "".join([*reversed(inside), quote, *reversed(outside)])
