"""The story of a message's family, parents before children."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.events import event_story
from crossdock.runtime.journal.texts import load

Row = dict[str, Any]


def trace(session: Session, root: str) -> Row:
    """Return a family's messages with their events and deliveries."""
    bases = bases_of(session, [root])
    events = _events(session, bases)
    deliveries = _deliveries(session, bases, events)
    messages = [_message(line, events, deliveries) for line in session.all("family_messages", bases=bases)]
    return {"root": root, "messages": list(_in_order(messages, root))}


def bases_of(session: Session, roots: list[str]) -> list[str]:
    """Return the ids with which all names in some families begin: the roots' own, and those of messages that events started."""
    return sorted({name.partition(".")[0] for (name,) in session.all("family_bases", roots=roots)})


def _events(session: Session, bases: list[str]) -> dict[str, list[Row]]:
    events: dict[str, list[Row]] = defaultdict(list)
    for line in session.all("family_events", bases=bases):
        events[line[0]].append(event_story(line))
    return events


def _deliveries(session: Session, bases: list[str], events: dict[str, list[Row]]) -> dict[str, list[Row]]:
    effects: dict[str, list[Row]] = defaultdict(list)
    for name, state, intended, done, reference, note in session.all("family_effects", bases=bases):
        effects[name].append(
            {"state": state, "at": done or intended, "intended_at": intended, "reference": reference, "note": note}
        )
    deliveries: dict[str, list[Row]] = defaultdict(list)
    for line in sorted(session.all("family_deliveries", bases=bases), key=lambda line: natural(line[0])):
        deliveries[line[1]].append({**_delivery(line), "effects": effects[line[0]], "events": events[line[0]]})
    return deliveries


def _delivery(line: Line) -> Row:
    name, _, endpoint, operation, key, state, attempts, reference, error, place, created, done = line
    return {
        "id": name,
        "endpoint": endpoint,
        "operation": operation,
        "key": key or name,
        "state": state,
        "attempts": attempts,
        "reference": reference,
        "error": load(error),
        "where": place,
        "created_at": created,
        "done_at": done,
    }


def _message(line: Line, events: dict[str, list[Row]], deliveries: dict[str, list[Row]]) -> Row:
    name, parent, route, partner, source, state, release, keys, received, size, file_name, error = line
    return {
        "id": name,
        "parent": parent,
        "route": route,
        "partner": partner,
        "source": source,
        "state": state,
        "release": release,
        "keys": load(keys),
        "received_at": received,
        "size": size,
        "name": file_name,
        "error": load(error),
        "events": events[name],
        "deliveries": deliveries[name],
    }


def natural(name: str) -> tuple[str, list[int]]:
    """Return what sorts parts and deliveries by their numbers: `x.2` before `x.10`."""
    base, *numbers = name.replace("/", ".").split(".")
    return base, [int(number) if number.isdigit() else 0 for number in numbers]


def _in_order(messages: list[Row], root: str) -> Iterator[Row]:
    """Yield a family as one tells it: each message followed by its children; children in order of time and number."""
    children: dict[str, list[Row]] = defaultdict(list)
    for message in sorted(messages, key=lambda row: natural(row["id"])):
        if message["id"] == root:
            yield message
        else:
            children[message["parent"]].append(message)
    waiting = children.pop(root, [])[::-1]
    while waiting:
        message = waiting.pop()
        yield message
        waiting.extend(children.pop(message["id"], [])[::-1])
    for orphans in children.values():
        yield from orphans
