"""Approvals: in a protected environment a second person agrees to a release before it is deployed there.

open ── approve ──> approved ── deploy ──> used
  └──── reject ───> rejected           and after `expires_at` a request counts for nothing any more
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from crossdock.core.access import Actor

State = Literal["open", "approved", "rejected", "used"]


@dataclass(frozen=True, slots=True)
class Approval:
    """A request to deploy exactly one release. `people` are the names by which the requester is known; times are in ms."""

    id: str
    release: str
    note: str
    requester: str
    people: tuple[str, ...]
    requested_at: int
    expires_at: int
    state: State = "open"
    decider: str = ""
    reason: str = ""
    decided_at: int | None = None

    def standing(self, now: int) -> str:
        """Return the state, or `expired` where nothing can come of it any more."""
        return "expired" if self.state in ("open", "approved") and self.expires_at <= now else self.state


def people(actor: Actor) -> tuple[str, ...]:
    """Return all names by which an actor may be known: a person is one person, by token, by sign-on and on the machine."""
    names = {name.strip().lower() for name in (actor.name, actor.owner, actor.email, actor.subject) if name}
    return tuple(sorted(names | {name.partition("@")[0] for name in names}))


class Approvals(Protocol):
    """Requests and decisions; each is in the audit log."""

    def request(self, release: str, by: Actor, note: str, lifetime: float) -> Approval:
        """Ask for a release to be approved; a request for it that is open already is returned. `lifetime` in seconds."""

    def approve(self, request: str, by: Actor) -> Approval:
        """Agree; raises Refused where it isn't open, has expired, or is one's own; KeyError."""

    def reject(self, request: str, by: Actor, reason: str) -> Approval:
        """Disagree, which one may with one's own request too; raises Refused, KeyError."""

    def list(self, state: str = "", limit: int = 50) -> list[Approval]:
        """Return requests, newest first."""
