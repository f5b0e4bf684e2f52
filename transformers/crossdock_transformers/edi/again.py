"""Interchanges of a file that are left out: those that came before, and second copies within the file."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crossdock.core.outcome import Claim


def repeated(identities: Sequence[str]) -> frozenset[int]:
    """Return which interchanges, counted from 1, are in the file already further up; one without an identity is not."""
    first: dict[str, int] = {}
    return frozenset(at for at, one in enumerate(identities, start=1) if one and first.setdefault(one, at) != at)


def named(claims: Sequence[Claim], taken: Collection[tuple[str, str]]) -> frozenset[int]:
    """Return which interchanges have claims that are taken."""
    return frozenset(claim.part for claim in claims if (claim.scope, claim.key) in taken)


__all__ = ["named", "repeated"]
