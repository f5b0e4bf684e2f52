"""A document about to leave, as the checks before it see it: its segments, in either dialect.

X12 segments are texts (`["PO1", "1", "12", "EA"]`), EDIFACT elements are texts or lists of components
(`["LIN", "1", "", ["4012345000009", "SRV"]]`). Both begin after the header (ST, UNH) and end before the trailer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from crossdock.core.errors import Finding

Segment = Sequence[str | Sequence[str]]
Dialect = Literal["x12", "edifact"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A document and where it goes. `usage` is P or T, as the envelope will say; `testing`: the environment is for tests."""

    dialect: Dialect
    set: str
    segments: Sequence[Segment]
    partner: str = ""
    usage: str = "P"
    testing: bool = False
    decimal_mark: str = "."

    def of(self, *tags: str) -> Iterator[tuple[int, Segment]]:
        """Yield segments by tag with their position, counted from the header = 1."""
        for position, segment in enumerate(self.segments, start=2):
            if segment[0] in tags:
                yield position, segment

    def first(self, tag: str) -> Segment:
        """Return the first segment of a tag, or an empty one."""
        return next((segment for _, segment in self.of(tag)), (tag,))

    def number(self, segment: Segment, element: int, component: int = 1, places: int = 0) -> Decimal | None:
        """Return a number, or None where there is none; `places` are implied decimals (N2)."""
        text = at(segment, element, component)
        try:
            value = Decimal(text.replace(self.decimal_mark, "."))
        except InvalidOperation:
            return None
        return value.scaleb(-places) if places else value


Check = Callable[[Outgoing], Iterator[Finding]]
"""One check: yields what is wrong."""


def at(segment: Segment, element: int, component: int = 1) -> str:
    """Return an element or component, empty where it isn't there; both count from 1."""
    value = segment[element] if element < len(segment) else ""
    if isinstance(value, str):
        return value if component == 1 else ""
    return value[component - 1] if component <= len(value) else ""


def place(position: int, segment: Segment, element: int = 0, component: int = 0) -> str:
    """Return where a fault is, in the document's own terms."""
    tag = at(segment, 0)
    named = f"segment {position} ({tag})"
    if not element:
        return named
    return f"{named}, element {element} ({tag}{element:02d})" + (f", component {component}" if component else "")


def plain(value: Decimal) -> str:
    """Return a number as people write it."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
