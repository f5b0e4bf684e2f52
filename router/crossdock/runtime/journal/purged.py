"""Documents that are gone (`purge`): how they are known, and the refusal to work on them."""

from __future__ import annotations

from crossdock.core.errors import Refused
from crossdock.runtime.journal.database import Session

PURGED = "application/x-crossdock-purged"
"""The content type of a body that is gone."""


def require_body(session: Session, payload: int | None, item: str) -> None:
    """Refuse to work on a document that is gone; raises Refused."""
    if payload is not None and session.all("payload", id=payload)[0][0] == PURGED:
        raise Refused(
            f"the document of {item} was purged: only its place in the story is left",
            code="purged",
            advice="ask the partner to send it again; how long documents are kept is said by `crossdock purge --older`",
        )
