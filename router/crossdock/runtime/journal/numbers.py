"""Control numbers: taken in the transaction that stores the document, so that none is reused and none is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.runtime.journal.database import Session

HIGHEST = 999_999_999
"""After this number comes 1 again: an X12 control number has nine digits."""


@dataclass(slots=True)
class Counters:
    """The counters of some scopes, locked until the end of the transaction."""

    values: dict[str, int]

    @classmethod
    def locked(cls, session: Session, scopes: Iterable[str]) -> Counters:
        """Lock counters, making those that are new."""
        names = sorted(set(scopes))
        if not names:
            return cls({})
        session.many("add_counter", [(name, 0) for name in names])
        return cls(dict(session.all("lock_counters", scopes=names)))

    def next(self, scope: str) -> int:
        """Return a scope's next number."""
        value = self.values[scope] % HIGHEST + 1
        self.values[scope] = value
        return value

    def save(self, session: Session) -> None:
        """Write the new values."""
        session.many("set_counter", sorted(self.values.items()))
