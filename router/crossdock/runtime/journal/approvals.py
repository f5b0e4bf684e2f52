"""Approvals in the journal. `take` belongs into the transaction that deploys: an approval is for one release, and used once."""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import replace
from typing import Any

from crossdock.core.access import Actor
from crossdock.core.approval import Approval, State, people
from crossdock.core.audit import Act
from crossdock.core.errors import Refused
from crossdock.runtime.journal.audit import record
from crossdock.runtime.journal.database import Database, Line, Session
from crossdock.runtime.journal.texts import clean, dump, load

APPROVALS = 0x41505052
"""The space of the locks that keep two requests for one release apart."""
FIELDS = tuple(field.name for field in dataclasses.fields(Approval))


class SqlApprovals:
    """`core.approval.Approvals`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def request(self, release: str, by: Actor, note: str, lifetime: float) -> Approval:
        """Ask for a release to be approved."""
        return self._database.write(lambda session: request(session, release, by, note, lifetime))

    def approve(self, request: str, by: Actor) -> Approval:
        """Agree; raises Refused, KeyError."""
        return self._database.write(lambda session: _decide(session, request, by, "approved", ""))

    def reject(self, request: str, by: Actor, reason: str) -> Approval:
        """Disagree; raises Refused, KeyError."""
        return self._database.write(lambda session: _decide(session, request, by, "rejected", reason))

    def list(self, state: str = "", limit: int = 50) -> list[Approval]:
        """Return requests, newest first."""
        lines = self._database.read(lambda session: session.all("list_approvals", state=state, limit=limit))
        return [_approval(line) for line in lines]


def request(session: Session, release: str, by: Actor, note: str, lifetime: float) -> Approval:
    """Ask for a release to be approved, or return the request for it that is open."""
    session.lock(APPROVALS, [release])
    if waiting := _of(session, release, "open"):
        return waiting
    name, expires_at = secrets.token_hex(4), session.now + int(lifetime * 1000)
    terms: dict[str, Any] = {"id": name, "release": release, "note": clean(note), "requester": clean(str(by))}
    session.run("add_approval", **terms, people=dump([clean(one) for one in people(by)]), now=session.now, expires_at=expires_at)
    record(session, Act(by, "request", release, {"request": name, "note": note, "expires_at": expires_at}))
    return _locked(session, name)


def take(session: Session, release: str) -> Approval:
    """Use the approval of a release, in the transaction that deploys it; raises Refused where there is none."""
    session.lock(APPROVALS, [release])
    approved = _of(session, release, "approved")
    if approved is None:
        raise _unapproved(release, _of(session, release, "open"))
    session.run("use_approval", id=approved.id)
    return replace(approved, state="used")


def _unapproved(release: str, waiting: Approval | None) -> Refused:
    if waiting is None:
        return Refused(
            f"release {release[:12]} needs a second person's approval before it may be deployed here",
            code="unapproved",
            advice="request it with `crossdock deploy`; somebody else then says `crossdock approve`",
        )
    return Refused(
        f"release {release[:12]} is still waiting for approval: {waiting.requester} has asked for it in request {waiting.id}",
        code="unapproved",
        advice=f"somebody else with the role approver says `crossdock approve {waiting.id}`",
    )


def _decide(session: Session, name: str, by: Actor, state: State, reason: str) -> Approval:
    found = _locked(session, name)
    standing = found.standing(session.now)
    if standing != "open":
        raise Refused(f"request {name} is {standing}; only an open one can be {state}", code="not_open")
    if state == "approved" and set(people(by)) & set(found.people):
        raise Refused(f"{by.name} has asked for this, and can't approve it as well: it takes a second person", code="same_person")
    session.run("decide_approval", id=name, state=state, decider=clean(str(by)), reason=clean(reason), now=session.now)
    details = {"request": name, "requester": found.requester} | ({"reason": reason} if reason else {})
    record(session, Act(by, "approve" if state == "approved" else "reject", found.release, details))
    return _locked(session, name)


def _of(session: Session, release: str, state: State) -> Approval | None:
    lines = session.all("approvals_of", release=release, state=state, now=session.now)
    return _approval(lines[0]) if lines else None


def _locked(session: Session, name: str) -> Approval:
    lines = session.all("lock_approval", id=name)
    if not lines:
        raise KeyError(name)
    return _approval(lines[0])


def _approval(line: Line) -> Approval:
    fields = dict(zip(FIELDS, line, strict=True))
    return Approval(**{**fields, "people": tuple(load(fields["people"]))})
