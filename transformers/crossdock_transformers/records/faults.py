"""What is wrong with a record, fault by fault, in sentences that name its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crossdock.core.errors import Finding, Rejected

MOST_FINDINGS: Final = 20
"""How many faults of one record, or of one file, are listed."""
ADVICE: Final = "ask the sender for a corrected file, or correct the record and retry it"
_LONGEST: Final = 60


def shown(text: str) -> str:
    """Return a value in quotes, cut where it is long, with what can't be seen made visible."""
    plain = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return f"'{plain}'" if plain.isprintable() else repr(plain)


def rejected(what: str, findings: Sequence[Finding], *, advice: str = ADVICE, code: str = "") -> Rejected:
    """Return the rejection of a record (or a file: `what` says which) for its faults; the first one is told in the sentence."""
    first, noun = findings[0], "fault" if len(findings) == 1 else "faults"
    count = str(len(findings)) if len(findings) <= MOST_FINDINGS else f"more than {MOST_FINDINGS}"
    place = f"{first.where}: " if first.where and first.where != what else ""
    return Rejected(
        f"{what} has {count} {noun}: {place}{first.message}",
        code=code or first.code,
        where=first.where or what,
        advice=advice,
        findings=findings[:MOST_FINDINGS],
    )


def unusable(message: str, code: str, where: str = "", advice: str = "ask the sender for a corrected file") -> Rejected:
    """Return the rejection of a file that can't be read at all."""
    return Rejected(message, code=code, where=where, advice=advice)


__all__ = ["ADVICE", "MOST_FINDINGS", "rejected", "shown", "unusable"]
