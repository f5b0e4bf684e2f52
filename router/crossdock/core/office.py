"""The operators' office: what people and programs may ask and do, wherever the journal is. The command line's one seam.

There are two: one works on the journal beside it, the other asks a server's control API. Each knows who its actor is, checks what
they may do, and hides what they may not see. Everything raises Denied, and KeyError for what there isn't.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from crossdock.core.audit import Sought
from crossdock.core.exchange import Asked
from crossdock.core.journal import Query

Row = dict[str, Any]
"""A row of plain JSON-able data."""


class Office(Protocol):
    """Everything an operator does. Rows are those of `core.journal.Desk` and `core.exchange.Exchanges`."""

    def whoami(self) -> Row:
        """Return who this is: name, via, environment, marks, and the roles with their domains."""

    def chain(self, order: str) -> Row:
        """Return what documents say of an order: `{"links": [...], "hint": ...}`, the hint naming the order perhaps meant."""

    def messages(self, query: Query) -> list[Row]:
        """Return messages, newest first."""

    def find(self, text: str) -> list[str]:
        """Return the roots of what a text names, newest first."""

    def trace(self, message: str) -> Row:
        """Return the story of a message's family."""

    def failed(self, query: Query) -> list[Row]:
        """Return what waits for a person, newest first."""

    def view(self, item: str) -> Row:
        """Return one message or delivery with its document (`payload`, bytes); the look is in the audit log."""

    def retry(self, item: str, data: bytes | None) -> str:
        """Put a failed item back to work, repaired if data is given; return its lane. Raises Refused."""

    def resend(self, delivery: str) -> str:
        """Send a document once more; return the new delivery's name."""

    def admit(self, message: str) -> str:
        """Let a duplicate in; return its lane. Raises Refused."""

    def discard(self, item: str, reason: str) -> None:
        """Take an item off the list. Raises Refused."""

    def parked(self, route: str, key: str, limit: int) -> list[Row]:
        """Return parked messages, the longest waiting first."""

    def unpark(self, key: str) -> int:
        """Let all parked messages of a key go on; return how many."""

    def polls(self) -> list[Row]:
        """Return what is asked again and again (`core.ports.Poll`), by name."""

    def restart_poll(self, name: str) -> None:
        """Let a poll begin anew; raises KeyError where there is none."""

    def acks(self, asked: Asked) -> list[Row]:
        """Return documents exchanged with partners, newest first."""

    def missing(self, partner: str, limit: int) -> list[Row]:
        """Return documents that should have followed others, and have not."""

    def ack(self, item: str) -> Row:
        """Return one exchanged document with its history."""

    def close_ack(self, item: str, reason: str) -> None:
        """Settle an exchanged document by a person's word. Raises Refused."""

    def lanes(self) -> list[Row]:
        """Return the backlog, lane by lane."""

    def deployments(self, limit: int) -> list[Row]:
        """Return deployments, newest first, with the `size` of their releases in bytes: 0 where that was purged."""

    def keep_release(self, artefact: bytes) -> str:
        """Keep a release that `crossdock build` made, without deploying it; return its id. Raises Misconfigured."""

    def deploy(self, asked: Row) -> Row:
        """Deploy an `artefact` (bytes, of `crossdock build`) or a kept `release`, with `note`, `allow_delete`, `expected`.

        As a canary with its share `canary` and `most_errors` (percent) and its time `lasting` (seconds). Raises Misconfigured,
        Refused. Returns `{"deployment": ..., "before": ..., "added": [...], "removed": [...], "in_flight": n}`.
        """

    def complete(self, note: str) -> Row:
        """Make the canary that runs the release for everybody; returns as `deploy`. Raises Refused."""

    def rollback(self, to: str, note: str) -> Row:
        """Go back to what ran before, or to a release or a deployment's number; raises Misconfigured, Refused."""

    def promote(self, source: str, asked: Row) -> Row:
        """Deploy what runs in another environment, with `note`, `allow_delete`; returns and raises as `deploy`."""

    def processes(self) -> list[Row]:
        """Return the processes that were heard of lately: name, role, at; `detail` has the deployment that one has taken up."""

    def audit(self, sought: Sought) -> list[Row]:
        """Return rows of the audit log, newest first."""

    def audit_rows(self) -> Iterator[Row]:
        """Yield the whole audit log, oldest first."""

    def verify_audit(self) -> Row:
        """Return `{"head": "seq:hash", "rows": n, "faults": [{seq, message}]}`."""

    def tokens(self) -> list[Row]:
        """Return the API tokens without their secrets."""

    def new_token(self, name: str, lifetime: float | None) -> str:
        """Make a token (`lifetime` in seconds, None for ever) and return it, for the only time. Raises Refused."""

    def revoke_token(self, name: str) -> int:
        """Revoke the living tokens of a name, or the one with a prefix; return how many."""

    def approvals(self, state: str, limit: int) -> list[Row]:
        """Return requests for approval, newest first; `standing` says whether they count."""

    def approve(self, request: str) -> Row:
        """Agree to a request. Raises Refused."""

    def reject(self, request: str, reason: str) -> Row:
        """Turn a request down. Raises Refused."""
