"""The text of an expression and where it stands in its file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crossdock.core.errors import Place, Refusal

_QUOTED = re.compile(r"""^[\s"'\[\]{}>|*&!%#`@,]|^[-?:](\s|$)|:\s|\s#|:$|\s$|^(true|false|null|~)$""")
"""What a plain YAML scalar can't be: such a text was written in quotes, so its first character is one further right."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text at a place. Offsets are characters from the start of the text."""

    text: str
    at: Place

    def place(self, offset: int) -> Place:
        """Return where an offset is in the file; a text of several lines is taken for a block that begins on the next line."""
        if "\n" in self.text:
            before = self.text[:offset]
            return Place(self.at.path, self.at.line + 1 + before.count("\n"), offset - (before.rfind("\n") + 1) + 1)
        quote = 1 if self.text and _QUOTED.search(self.text) else 0
        return Place(self.at.path, self.at.line, self.at.column + quote + offset)

    def refusal(self, message: str, offset: int) -> Refusal:
        """Return a refusal that points at an offset."""
        return Refusal(message, place=self.place(offset))
