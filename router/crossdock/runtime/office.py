"""The office beside its journal: every question and act is checked first, and what somebody may not see is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Protocol

from crossdock.core.access import ANY, Actor, Permission, known_as
from crossdock.core.approval import Approval
from crossdock.core.audit import Sought
from crossdock.core.exchange import Asked
from crossdock.core.ids import now_ms
from crossdock.core.journal import Query
from crossdock.core.office import Row
from crossdock.runtime.guard import Guard
from crossdock.runtime.journal import OpenJournal

PAGE = 500
"""Rows that are looked through at once where some may not be seen."""


class Switch(Protocol):
    """Makes deployments, and asks the guard about whom these concern."""

    def keep(self, artefact: bytes) -> str:
        """Keep a release; return its id. Raises Misconfigured."""

    def deploy(self, asked: Row, guard: Guard) -> Row:
        """Deploy, or begin a canary; raises Misconfigured, Refused, Denied."""

    def complete(self, note: str, guard: Guard) -> Row:
        """Make a canary's candidate what runs; raises Refused, Denied."""

    def rollback(self, to: str, note: str, guard: Guard) -> Row:
        """Go back; raises Misconfigured, Refused, Denied."""

    def promote(self, source: str, asked: Row, guard: Guard) -> Row:
        """Deploy what runs in another environment; raises Misconfigured, Refused, Denied."""

    def processes(self) -> list[Row]:
        """Return the processes that live."""


class LocalOffice:
    """`core.office.Office` on an open journal."""

    def __init__(self, opened: OpenJournal, guard: Guard, switch: Switch) -> None:
        self._opened = opened
        self._switch = switch
        self._desk = opened.desk
        self._guard = guard

    def whoami(self) -> Row:
        """Return who this is, and what they may do here."""
        guard = self._guard
        grants = guard.rules.roles_of(guard.actor, guard.environment)
        return {
            "name": guard.actor.name,
            "via": guard.actor.via,
            "environment": guard.environment,
            "marks": list(known_as(guard.actor)),
            "protected": guard.rules.written,
            "roles": [{"role": grant.role, "domains": sorted(grant.domains)} for grant in grants],
        }

    def chain(self, order: str) -> Row:
        """Return what documents say of an order, those of routes that may be seen."""
        self._guard.allow("read")
        links = [link._asdict() for link in self._desk.chain(order)]
        seen = self._of_seen(links, "ref")
        return {"links": seen, "hint": "" if links or not self._guard.sees_all() else self._desk.alike(order)}

    def messages(self, query: Query) -> list[Row]:
        """Return messages, newest first."""
        self._guard.allow("read")
        return self._seen(self._desk.messages, query)

    def find(self, text: str) -> list[str]:
        """Return the roots of what a text names, newest first."""
        self._guard.allow("read")
        roots = self._desk.find(text)
        if self._guard.sees_all():
            return roots
        return [root for root in roots if self._visible(self._desk.trace(root))["messages"]]

    def trace(self, message: str) -> Row:
        """Return the story of a message's family; raises KeyError."""
        self._guard.allow("read")
        story = self._visible(self._desk.trace(message))
        if not story["messages"]:
            raise KeyError(message)
        return story

    def failed(self, query: Query) -> list[Row]:
        """Return what waits for a person, newest first."""
        self._guard.allow("read")
        return self._seen(self._desk.failed, query)

    def view(self, item: str) -> Row:
        """Return one message or delivery with its document; raises KeyError."""
        return self._desk.view(item, self._acting("view", item))

    def retry(self, item: str, data: bytes | None) -> str:
        """Put a failed item back to work; return its lane."""
        permission: Permission = "retry" if data is None else "repair"
        return self._desk.retry(item, data, self._acting(permission, item))

    def resend(self, delivery: str) -> str:
        """Send a document once more; return the new delivery's name."""
        return self._desk.resend(delivery, self._acting("resend", delivery))

    def admit(self, message: str) -> str:
        """Let a duplicate in; return its lane."""
        return self._desk.admit(message, self._acting("admit", message))

    def discard(self, item: str, reason: str) -> None:
        """Take an item off the list."""
        self._desk.discard(item, reason, self._acting("discard", item))

    def parked(self, route: str, key: str, limit: int) -> list[Row]:
        """Return parked messages, the longest waiting first."""
        self._guard.allow("read")
        if self._guard.sees_all():
            return self._desk.parked(route, key, limit)
        return [row for row in self._desk.parked(route, key, 2**31 - 1) if self._guard.sees(row["route"])][:limit]

    def unpark(self, key: str) -> int:
        """Let all parked messages of a key go on: it takes the permission in the domains of all of them."""
        routes = {row["route"] for row in self._desk.parked("", key, 2**31 - 1)}
        actor = self._guard.allow("release_parked")
        for route in sorted(routes):
            actor = self._guard.allow_on("release_parked", route)
        return self._desk.unpark(key, actor)

    def polls(self) -> list[Row]:
        """Return what is asked again and again; polls of routes that may not be seen are left out."""
        self._guard.allow("read")
        return [asdict(poll) for poll in self._opened.polls.all() if self._guard.sees(poll.route)]

    def restart_poll(self, name: str) -> None:
        """Let a poll begin anew."""
        routes = [poll.route for poll in self._opened.polls.all() if poll.name == name]
        actor = self._guard.allow("restart_poll")
        for route in routes:
            actor = self._guard.allow_on("restart_poll", route)
        if not self._opened.polls.restart(name, actor):
            raise KeyError(name)

    def acks(self, asked: Asked) -> list[Row]:
        """Return documents exchanged with partners."""
        self._guard.allow("read")
        if self._guard.sees_all():
            return self._opened.exchanges.search(asked)
        return self._of_seen(self._opened.exchanges.search(replace(asked, limit=2**31 - 1)))[: asked.limit]

    def missing(self, partner: str, limit: int) -> list[Row]:
        """Return documents that should have followed others, and have not."""
        self._guard.allow("read")
        if self._guard.sees_all():
            return self._opened.exchanges.missing(partner, limit)
        return self._of_seen(self._opened.exchanges.missing(partner, 2**31 - 1))[:limit]

    def ack(self, item: str) -> Row:
        """Return one exchanged document with its history; raises KeyError."""
        self._guard.allow("read")
        row = self._opened.exchanges.show(item)
        self._acting("read", row["message"])
        return row

    def close_ack(self, item: str, reason: str) -> None:
        """Settle an exchanged document; raises KeyError, Refused."""
        self._guard.allow("close_ack")
        row = self._opened.exchanges.show(item)
        self._opened.exchanges.close(item, reason, self._acting("close_ack", row["message"]))

    def lanes(self) -> list[Row]:
        """Return the backlog; lanes of routes that may not be seen are left out."""
        self._guard.allow("read")
        return [asdict(lane) for lane in self._opened.journal.lanes() if self._sees_lane(lane.name)]

    def deployments(self, limit: int) -> list[Row]:
        """Return deployments, newest first."""
        self._guard.allow("read")
        found = self._opened.journal.deployments(limit)
        sizes = self._opened.journal.release_sizes({one.release for one in found})
        return [{**asdict(one), "size": sizes.get(one.release, 0)} for one in found]

    def keep_release(self, artefact: bytes) -> str:
        """Keep a release; raises Misconfigured."""
        self._guard.allow("deploy")
        return self._switch.keep(artefact)

    def deploy(self, asked: Row) -> Row:
        """Deploy; raises Misconfigured, Refused."""
        return self._switch.deploy(asked, self._guard)

    def complete(self, note: str) -> Row:
        """Make a canary's candidate what runs; raises Refused."""
        return self._switch.complete(note, self._guard)

    def rollback(self, to: str, note: str) -> Row:
        """Go back; raises Misconfigured, Refused."""
        return self._switch.rollback(to, note, self._guard)

    def promote(self, source: str, asked: Row) -> Row:
        """Deploy what runs in another environment; raises Misconfigured, Refused."""
        return self._switch.promote(source, asked, self._guard)

    def processes(self) -> list[Row]:
        """Return the processes that live."""
        self._guard.allow("read")
        return self._switch.processes()

    def audit(self, sought: Sought) -> list[Row]:
        """Return rows of the audit log, newest first."""
        self._guard.allow("read_audit", ANY)
        return [row.record() for row in self._opened.audit.search(sought)]

    def audit_rows(self) -> Iterator[Row]:
        """Yield the whole audit log, oldest first."""
        self._guard.allow("read_audit", ANY)
        return (row.record() for row in self._opened.audit.rows())

    def verify_audit(self) -> Row:
        """Verify the audit log."""
        self._guard.allow("read_audit", ANY)
        head, faults = self._opened.audit.verify()
        return {"head": str(head) if head else "", "faults": [asdict(fault) for fault in faults]}

    def tokens(self) -> list[Row]:
        """Return the API tokens."""
        self._guard.allow("manage_tokens", ANY)
        return self._opened.tokens.list()

    def new_token(self, name: str, lifetime: float | None) -> str:
        """Make a token."""
        return self._opened.tokens.new(name, self._guard.allow("manage_tokens", ANY), lifetime)

    def revoke_token(self, name: str) -> int:
        """Revoke tokens."""
        return self._opened.tokens.revoke(name, self._guard.allow("manage_tokens", ANY))

    def approvals(self, state: str, limit: int) -> list[Row]:
        """Return requests for approval, newest first."""
        self._guard.allow("read")
        return [_told(request) for request in self._opened.approvals.list(state, limit)]

    def approve(self, request: str) -> Row:
        """Agree to a request."""
        return _told(self._opened.approvals.approve(request, self._guard.allow("approve", ANY)))

    def reject(self, request: str, reason: str) -> Row:
        """Turn a request down."""
        return _told(self._opened.approvals.reject(request, self._guard.allow("reject", ANY), reason))

    def _acting(self, permission: Permission, item: str) -> Actor:
        """Return the actor who may do this to an item; raises Denied, and KeyError only to those who may do it somewhere."""
        self._guard.allow(permission)
        return self._guard.allow_on(permission, self._desk.routes_of([item])[item])

    def _visible(self, story: Row) -> Row:
        if self._guard.sees_all():
            return story
        return {**story, "messages": [one for one in story["messages"] if self._guard.sees(one["route"])]}

    def _seen(self, read: Callable[[Query], list[Row]], query: Query) -> list[Row]:
        """Return rows that may be seen, a page at a time until there are enough."""
        if self._guard.sees_all():
            return read(query)
        found: list[Row] = []
        page = replace(query, limit=max(PAGE, query.limit))
        while len(found) < query.limit:
            rows = read(page)
            found += self._of_seen(rows, "id")
            if len(rows) < page.limit:
                break
            page = replace(page, before=rows[-1]["id"])
        return found[: query.limit]

    def _of_seen(self, rows: Sequence[Row], name: str = "message") -> list[Row]:
        if self._guard.sees_all():
            return list(rows)
        routes = self._desk.routes_of({row[name] for row in rows})
        return [row for row in rows if self._guard.sees(routes.get(row[name], ""))]

    def _sees_lane(self, lane: str) -> bool:
        kind, _, rest = lane.partition("/")
        return kind == "to" or self._guard.sees(rest.partition("/")[0])


def _told(request: Approval) -> Row:
    return {**asdict(request), "standing": request.standing(now_ms())}
