"""Documents on their way into one interchange: a body is one document, a list of bodies is a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossdock.core.chain import Link
from crossdock.core.errors import Rejected
from crossdock.core.exchange import Exchange
from crossdock.core.message import Numbered
from crossdock.core.outcome import Claim
from crossdock_transformers.edi.write import Segments

MOST_IN_BATCH: Final = 9_999
"""Documents in one interchange: what four digits of a transaction's control number can count."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document, written and checked: its segments, and what is to be kept of it."""

    segments: Segments
    keys: Mapping[str, str]
    links: tuple[Link, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """How an interchange is numbered, rendered and named, and what the partner will know of its `index`th document (from 1)."""

    scope: str
    content_type: str
    render: Callable[[Sequence[Segments], int], bytes]
    name: Callable[[int], str]
    exchange: Callable[[int, int, Mapping[str, str]], Exchange]

    def numbered(self, body: Any, write: Callable[[Any], Sheet]) -> Numbered:
        """Return a body, or a list of bodies, as an interchange that gets its number when it is committed; raises Rejected."""
        sheets = self._sheets(body, write)
        texts = [sheet.segments for sheet in sheets]
        return Numbered(
            scope=self.scope,
            render=lambda number: self.render(texts, number),
            name=self.name,
            content_type=self.content_type,
            claims=tuple(claim for sheet in sheets for claim in sheet.claims),
            links=tuple(link for sheet in sheets for link in sheet.links),
            exchanges=lambda number: tuple(self.exchange(number, at, sheet.keys) for at, sheet in enumerate(sheets, start=1)),
        )

    def _sheets(self, body: Any, write: Callable[[Any], Sheet]) -> list[Sheet]:
        if not isinstance(body, list):
            return [write(body)]
        if not 0 < len(body) <= MOST_IN_BATCH:
            raise Rejected(f"an interchange takes 1 to {MOST_IN_BATCH} documents, this batch has {len(body)}", code="batch")
        return [_one(write, one, at, len(body)) for at, one in enumerate(body, start=1)]


def _one(write: Callable[[Any], Sheet], body: Any, at: int, count: int) -> Sheet:
    try:
        return write(body)
    except Rejected as error:
        error.message = f"document {at} of {count}: {error.message}"
        raise
