"""Writes X12: a decoded body back to segments, and segments into an interchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from crossdock.core.partner import X12Agreement
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.edi.write import Paper, Segments, closed, trimmed, written
from crossdock_transformers.x12.dialect import DIALECT

ENVELOPE_KEYS: Final = ("set", "version", "interchange", "group", "control_number")
"""What a decoded body says of the envelope; not looked at when it is written, except that `set` must agree."""

LAST_NUMBER: Final = 999_999_999
"""The greatest interchange control number; then they begin again at 1."""


def delimiters_of(agreement: X12Agreement, version: str = "") -> Delimiters:
    """Return the delimiters that we write to a partner, in a version (the agreed one if empty)."""
    repetition = agreement.repetition_separator if (version or agreement.version)[:5] >= "00402" else ""
    return Delimiters(agreement.element_separator, agreement.component_separator, agreement.segment_terminator[0], repetition)


# A body to segments


def encode_transaction(body: Any, grammar: TransactionSet, delimiters: Delimiters, charset: str = "utf-8") -> list[list[str]]:
    """Return a body in the decoded shape as segments without ST and SE; raises Rejected with every fault and its path."""
    return written(body, grammar, Paper(delimiters, _header(grammar.number, 1), charset))


def _header(number: str, index: int) -> tuple[str, str, str]:
    return "ST", number, f"{index:04d}"


# Segments to an interchange


def opening(agreement: X12Agreement, version: str, number: int, now: datetime) -> Sequence[str]:
    """Return the ISA segment of what we send."""
    ours, theirs, delimiters = agreement.ours, agreement.theirs, delimiters_of(agreement, version)
    parties = (ours.qualifier, ours.id.ljust(15), theirs.qualifier, theirs.id.ljust(15))
    first = ("ISA", "00", " " * 10, "00", " " * 10, *parties, f"{now:%y%m%d}", f"{now:%H%M}")
    rest = (f"{number:09d}", "0", agreement.usage, delimiters.component)
    return (*first, delimiters.repetition or "U", version[:5], *rest)


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes into one interchange: transactions of one set, to one partner."""

    agreement: X12Agreement
    set: str
    group: str
    version: str
    transactions: Sequence[Segments]

    def render(self, number: int, seconds: float) -> bytes:
        """Return the interchange with a control number, dated in UTC; nothing follows the last segment terminator."""
        agreement = self.agreement
        delimiters = delimiters_of(agreement, self.version)
        now = datetime.fromtimestamp(seconds, UTC)
        segments = self._segments(agreement, (number - 1) % LAST_NUMBER + 1, now)
        lines = [delimiters.element.join(segment) for segment in segments]
        ends = agreement.segment_terminator
        text = ends.join(lines) + ends[0]
        return text.encode(agreement.charset, "replace")  # what an acknowledgment quotes may be in no character set

    def _segments(self, agreement: X12Agreement, number: int, now: datetime) -> Iterator[Sequence[str]]:
        ours, theirs = agreement.ours, agreement.theirs
        yield opening(agreement, self.version, number, now)
        between = (ours.application or ours.id, theirs.application or theirs.id, f"{now:%Y%m%d}", f"{now:%H%M}")
        yield ("GS", self.group, *between, str(number), "X", self.version)
        for index, segments in enumerate(self.transactions, start=1):
            yield from closed(_header(self.set, index), segments, DIALECT)
        yield ("GE", str(len(self.transactions)), str(number))
        yield ("IEA", "1", f"{number:09d}")


__all__ = ["ENVELOPE_KEYS", "LAST_NUMBER", "Letter", "delimiters_of", "encode_transaction", "trimmed"]
