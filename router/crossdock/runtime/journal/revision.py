"""Which revision of the tables this engine speaks, and the refusal of any other."""

from __future__ import annotations

from crossdock.core.errors import Misconfigured
from crossdock.runtime.journal.database import Session

REVISION = "0010"
"""The newest migration; a test holds it against the migrations' own order."""


def require_revision(session: Session) -> None:
    """Raise Misconfigured unless the tables are exactly those that this engine knows."""
    rows = session.all("revision")
    found = rows[0][0] if rows else "none"
    if found != REVISION:
        raise Misconfigured(
            f"the journal's tables are at revision {found}, this Crossdock works with {REVISION}",
            code="revision",
            advice="start the newest Crossdock that you have: it brings an older journal up to date when it starts",
        )


def no_tables(place: str) -> Misconfigured:
    """Return the error for a database that was never migrated."""
    return Misconfigured(
        f"the journal at {place} has no tables yet",
        code="revision",
        advice="start Crossdock once: it makes them when it starts",
    )
