"""The operator's desk: find, list, show."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.core.chain import Link
from crossdock.core.journal import Query, Received, RecordedAnswer, Row
from crossdock.runtime.journal import audit, links, recorded, repair, waiting
from crossdock.runtime.journal.database import Database, Line, Session
from crossdock.runtime.journal.events import event_story
from crossdock.runtime.journal.rows import payload_of
from crossdock.runtime.journal.texts import dump, load, short
from crossdock.runtime.journal.trace import bases_of, natural, trace

ALIVE = 10 * 60 * 1000
"""Ms within which a process has beaten lately."""
SLACK = 24 * 3600 * 1000
"""Ms by which the clock that names messages may differ from the database's."""
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

MESSAGE = ("id", "parent", "route", "partner", "state", "received_at", "keys", "size", "error")
FAILED_MESSAGE = ("id", "route", "partner", "state", "at", "attempts", "keys", "error")
FAILED_DELIVERY = ("id", "endpoint", "partner", "state", "at", "attempts", "keys", "error")
SHOWN_MESSAGE = (
    "id", "parent", "root", "route", "partner", "source", "state", "release", "keys", "headers", "name", "received_at", "at",
    "attempts", "resume", "error", "payload_id",
)  # fmt: skip
SHOWN_DELIVERY = (
    "id", "message", "root", "endpoint", "partner", "route", "release", "operation", "key", "order_key", "name", "where", "state",
    "effect", "attempts", "reference", "keys", "created_at", "at", "error", "payload_id",
)  # fmt: skip
JSON = ("keys", "headers", "error")
STATE, AT, KEYS = FAILED_MESSAGE.index("state"), FAILED_MESSAGE.index("at"), FAILED_MESSAGE.index("keys")
LEAST_PREFIX = 8
"""Characters of an id that may stand for it; fewer would match days of messages."""


class SqlDesk:
    """`core.journal.Desk`. A name with a `/` is a delivery's, any other a message's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, text: str) -> list[str]:
        """Return the roots of what a text names, newest first."""
        return self._database.read(lambda session: _found(session, text.strip()))

    def trace(self, message_id: str) -> Row:
        """Return the story of a message's family, told from its root; raises KeyError."""

        def told(session: Session) -> Row:
            roots = session.all("roots_of_ids", ids=[message_id.partition("/")[0]])
            if not roots:
                raise KeyError(message_id)
            return trace(session, roots[0][0])

        return self._database.read(told)

    def chain(self, order: str) -> list[Link]:
        """Return what all documents say of an order, payments of its invoices with them."""
        return self._database.read(lambda session: links.chain(session, order.strip()))

    def alike(self, order: str) -> str:
        """Return the order that was perhaps meant, in words, or nothing."""
        return self._database.read(lambda session: links.alike(session, order.strip()))

    def messages(self, query: Query) -> list[Row]:
        """Return messages, newest first; `before` is the id of the last one seen."""
        return self._database.read(lambda session: [_named(MESSAGE, line) for line in _listed(session, query)])

    def failed(self, query: Query) -> list[Row]:
        """Return what waits for a person, newest first; `before` is the id of the last one seen."""
        return self._database.read(lambda session: _failed(session, query))

    def parked(self, route: str = "", key: str = "", limit: int = 100) -> list[Row]:
        """Return parked messages, the longest waiting first."""
        return self._database.read(lambda session: waiting.parked(session, "park", route, key, limit))

    def unpark(self, key: str, by: Actor) -> int:
        """Let all parked messages of a key go on; return how many there were."""
        return self._database.write(lambda session: waiting.unpark_by(session, key, by))

    def show(self, item: str) -> Row:
        """Return everything of one message or delivery; raises KeyError."""
        return self._database.read(lambda session: _shown(session, item))

    def view(self, item: str, by: Actor) -> Row:
        """Show one message or delivery to a person, and write down that they saw it; raises KeyError."""

        def viewed(session: Session) -> Row:
            row = _shown(session, item)
            audit.record(session, Act(by, "view", item, {"bytes": len(row["payload"])}))
            return row

        return self._database.write(viewed)

    def retry(self, item: str, data: bytes | None, by: Actor) -> str:
        """Put a failed message or delivery back to work; return its lane."""
        return self._database.write(lambda session: repair.retry(session, item, data, by))

    def resend(self, delivery: str, by: Actor) -> str:
        """Send a document once more; return the new delivery's id."""
        return self._database.write(lambda session: repair.resend(session, delivery, by))

    def admit(self, message: str, by: Actor) -> str:
        """Let a duplicate in; return its lane."""
        return self._database.write(lambda session: repair.admit(session, message, by))

    def discard(self, item: str, reason: str, by: Actor) -> None:
        """Take a failed message or delivery off the list."""
        self._database.write(lambda session: repair.discard(session, item, reason, by))

    def payload(self, item: str) -> tuple[bytes, str]:
        """Return the payload and content type of a message or delivery; raises KeyError."""
        return self._database.read(lambda session: _payload(session, item))

    def received(self, since: int, route: str, after: str, limit: int) -> list[Received]:
        """Return what came in since then, oldest first."""
        terms = {"since": since, "floor": id_floor(since), "route": route, "after": after, "limit": limit}
        rows = self._database.read(lambda session: session.all("received", **terms))
        return [
            Received(name, came_by, partner, source, load(headers), at, size)
            for name, came_by, partner, source, headers, at, size in rows
        ]

    def answers(self, message: str) -> list[RecordedAnswer]:
        """Return what endpoints answered to a message that came in, and to its family."""
        return self._database.read(lambda session: recorded.answers(session, message))

    def payload_received(self, message: str) -> tuple[bytes, str]:
        """Return a message's payload as it came in, and its content type; raises KeyError."""

        def found(session: Session) -> tuple[bytes, str]:
            rows = session.all("payload_received", id=message)
            if not rows or rows[0][0] is None:
                raise KeyError(message)
            return payload_of(session, rows[0][0])

        return self._database.read(found)

    def counts(self, since: int) -> Row:
        """Return how many messages received since, and deliveries made since, are in each state.

        Deliveries made more than a day after their message was received are not looked for.
        """

        def counted(session: Session) -> Row:
            terms = {"since": since, "floor": id_floor(since)}
            return {
                "messages": dict(session.all("count_messages", **terms)),
                "deliveries": dict(session.all("count_deliveries", **terms)),
            }

        return self._database.read(counted)

    def routes_of(self, items: Collection[str]) -> dict[str, str]:
        """Return the routes of messages and deliveries that there are, by their names."""
        messages = {item: item.partition("/")[0] for item in items}
        if not messages:
            return {}
        names = sorted(set(messages.values()))
        rows: dict[str, str] = dict(self._database.read(lambda session: session.all("routes_of", ids=names)))
        return {item: rows[message] for item, message in messages.items() if message in rows}

    def now(self) -> int:
        """Return the time by the journal's clock."""
        return self._database.read(lambda session: session.now)

    def processes(self) -> list[Row]:
        """Return the processes that have beaten in the last ten minutes."""
        rows = self._database.read(lambda session: session.all("processes", since=session.now - ALIVE))
        return [{"name": name, "role": role, "at": at, "detail": load(detail)} for name, role, at, detail in rows]


def id_floor(since: int) -> str:
    """Return an id below all those given since a time: ids begin with the time, in base 32."""
    value = max(0, since - SLACK)
    return "".join(ALPHABET[value >> shift & 31] for shift in range(45, -1, -5)) if value else ""


def _terms(query: Query) -> dict[str, Any]:
    """Return the terms of `failed_messages` and `failed_deliveries`."""
    key = short(query.key) if query.key else ""
    return {"route": query.route, "partner": query.partner, "since": query.since, "key": key}


def _listed(session: Session, query: Query) -> list[Line]:
    """Return messages from the newest on, or those that hold a key from the families that it names."""
    terms = {name: getattr(query, name) for name in ("route", "partner", "state", "since", "before", "limit")}
    if not query.key:
        return session.all("list_messages", **terms, floor=id_floor(query.since))
    roots = [root for (root,) in session.all("roots_of_key", value=short(query.key))]
    value = "".join(f"~{letter}" if letter in "%_~" else letter for letter in dump(query.key))
    return session.all("list_family", **terms, bases=bases_of(session, roots), holding=f"%{value}%")


def _named(names: tuple[str, ...], line: Line) -> Row:
    """Return a row with names, its JSON read."""
    row = dict(zip(names, line, strict=True))
    return {name: load(value) if name in JSON else value for name, value in row.items()}


def _found(session: Session, text: str) -> list[str]:
    if not text:
        return []
    name = text.lower()
    roots = {root for (root,) in session.all("roots_of_ids", ids=[text.partition("/")[0], name.partition("/")[0]])}
    roots |= {root for (root,) in session.all("roots_of_key", value=short(text))}
    if not roots and len(name) >= LEAST_PREFIX:
        begun = session.all("roots_of_prefix", text=name, beyond=name + "\x7f")
        roots = {root for (root,) in begun} if len(begun) == 1 else set()
    return sorted(roots, reverse=True)


def _failed(session: Session, query: Query) -> list[Row]:
    terms = _terms(query)
    lines = [("message", line) for line in session.all("failed_messages", **terms)]
    lines += [("delivery", line) for line in session.all("failed_deliveries", **terms)]
    wanted = [(kind, line) for kind, line in lines if _matches(line, query)]
    wanted.sort(key=lambda one: (one[1][AT], natural(one[1][0])), reverse=True)
    ids = [line[0] for _, line in wanted]
    start = ids.index(query.before) + 1 if query.before in ids else 0
    names = {"message": FAILED_MESSAGE, "delivery": FAILED_DELIVERY}
    return [_named(names[kind], line) | {"kind": kind} for kind, line in wanted[start : start + query.limit]]


def _matches(line: Line, query: Query) -> bool:
    return query.state in ("", line[STATE]) and (not query.key or query.key in load(line[KEYS]).values())


def _shown(session: Session, item: str) -> Row:
    is_delivery = "/" in item
    found = session.all("show_delivery" if is_delivery else "show_message", id=item)
    if not found:
        raise KeyError(item)
    row = _named(SHOWN_DELIVERY if is_delivery else SHOWN_MESSAGE, found[0])
    key = row.pop("payload_id")
    data, kind = payload_of(session, key) if key is not None else (b"", "")
    if is_delivery:
        row |= {"key": row["key"] or item, "order_key": row["order_key"].partition("\t")[2]}
    events = [event_story(line) for line in session.all("item_events", ref=item)]
    return {**row, "kind": "delivery" if is_delivery else "message", "events": events, "payload": data, "content_type": kind}


def _payload(session: Session, item: str) -> tuple[bytes, str]:
    found = session.all("delivery_payload" if "/" in item else "message_payload", id=item)
    if not found or found[0][0] is None:
        raise KeyError(item)
    return payload_of(session, found[0][0])
