"""What happened to a message or a delivery: one row for each run, attempt and act of a person, with all its stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.core.outcome import Stage
from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.texts import clean, dump, load

Row = dict[str, Any]


def event_row(
    session: Session,
    ref: str,
    kind: str,
    *,
    note: str = "",
    author: str = "",
    stages: Sequence[Stage] = (),
    error: Mapping[str, Any] | None = None,
) -> Line:
    """Return an event as `add_event` takes it."""
    data: Row = {}
    if stages:
        data["stages"] = [(stage.name, stage.where, stage.micros, stage.note) for stage in stages]
    if error:
        data["error"] = error
    return ref, session.now, session.number(), kind, clean(note), clean(author), dump(data)


def event_story(line: Line) -> Row:
    """Return a row of `family_events` or `item_events`, without its ref, as traces show it."""
    _, at, kind, note, author, text = line
    data = load(text)
    stages = [dict(zip(("name", "where", "micros", "note"), stage, strict=True)) for stage in data.get("stages", ())]
    story: Row = {"at": at, "kind": kind, "note": note, "stages": stages, "error": data.get("error")}
    return {**story, "by": author} if author else story
