"""Keys that may be used once (the idempotent receiver): whoever commits first has them, all of one message's or none.

1. forget those whose window is over        2. insert what is wanted, first come first served
3. read who has what                        4. decide message by message, and put right what step 2 took too much
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crossdock.core.outcome import Claim
from crossdock.runtime.journal.database import Session
from crossdock.runtime.journal.texts import short

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that another message has."""

    claim: Claim
    holder: str


@dataclass(slots=True)
class _Books:
    """Who has what: `first` wanted a key first in this batch, `stored` has it in the journal, `given` got it here."""

    first: dict[Key, str]
    stored: dict[Key, str]
    given: dict[Key, str] = field(default_factory=dict)

    def holder(self, key: Key) -> str:
        """Return who has a key for good; nobody where it was only inserted for the first who wanted it."""
        stored = self.stored[key]
        return self.given.get(key, "" if stored == self.first[key] else stored)

    def ours(self) -> list[Key]:
        """Return the keys that were inserted for a message of this batch."""
        return [key for key, message in self.first.items() if self.stored[key] == message]


def take(session: Session, wishes: Sequence[tuple[str, Sequence[Claim]]]) -> list[Conflict | None]:
    """Take the claims of each message; return for each the first that another one has."""
    if not any(claims for _, claims in wishes):
        return [None] * len(wishes)
    expiries = _expiries(session, wishes)
    books = _inserted(session, wishes, expiries)
    conflicts = [_decided(books, message, claims) for message, claims in wishes]
    _corrected(session, books, expiries)
    return conflicts


def key_of(claim: Claim) -> Key:
    """Return a claim's key as the journal keeps it."""
    return short(claim.scope), short(claim.key)


def _expiries(session: Session, wishes: Sequence[tuple[str, Sequence[Claim]]]) -> dict[Key, int | None]:
    return {
        key_of(claim): None if claim.window is None else session.now + int(claim.window * 1000)
        for _, claims in wishes
        for claim in claims
    }


def _inserted(session: Session, wishes: Sequence[tuple[str, Sequence[Claim]]], expiries: dict[Key, int | None]) -> _Books:
    """Insert every key for the first message that wants it, in an order that is the same for everybody."""
    first: dict[Key, str] = {}
    for message, claims in wishes:
        for claim in claims:
            first.setdefault(key_of(claim), message)
    keys = sorted(first)
    session.many("expire_claim", [(*key, session.now) for key in keys])
    session.many("take_claim", [(*key, first[key], expiries[key]) for key in keys])
    rows = session.all("claim_holders", scopes=sorted({scope for scope, _ in keys}), keys=sorted({key for _, key in keys}))
    return _Books(first, {(scope, key): message for scope, key, message in rows})


def _decided(books: _Books, message: str, claims: Sequence[Claim]) -> Conflict | None:
    for claim in claims:
        holder = books.holder(key_of(claim))
        if holder not in ("", message):
            return Conflict(claim, holder)
    books.given.update((key_of(claim), message) for claim in claims)
    return None


def _corrected(session: Session, books: _Books, expiries: dict[Key, int | None]) -> None:
    """Move keys from messages that turned out to be duplicates to those that come after them, or free them."""
    ours = books.ours()
    moved = [key for key in ours if books.given.get(key, books.first[key]) != books.first[key]]
    session.many("set_claim", [(*key, books.given[key], expiries[key]) for key in moved])
    session.many("drop_claim", [key for key in ours if key not in books.given])
