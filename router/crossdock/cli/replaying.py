"""What commands say of a shadow replay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

if TYPE_CHECKING:
    from crossdock.boot.replay import Compared, Field

MOST_FIELDS, MOST_VALUES = 10, 3


def replay_lines(found: Sequence[Compared]) -> Iterator[str]:
    """Yield the comparison, route by route, as people read it."""
    yield ""
    if not found:
        yield "replay: nothing was received in this time"
        return
    documents, differ = sum(one.documents for one in found), sum(one.differ for one in found)
    yield f"replay: {differ:,} of {documents:,} documents would come out differently"
    for one in found:
        yield from _route(one)


def _route(one: Compared) -> Iterator[str]:
    name = f"{one.route}{f' from {one.partner}' if one.partner else ''}"
    yield f"  {escape(name)}: {one.differ:,} of {one.documents:,} would differ{_beside(one)}"
    fields = sorted(one.fields.items(), key=lambda item: -item[1].documents)
    for path, field in fields[:MOST_FIELDS]:
        yield f"      {escape(path)}: {escape(_values(field))}"
    if len(fields) > MOST_FIELDS:
        yield f"      and {len(fields) - MOST_FIELDS} more fields: --json lists them"
    for message, count in one.errors.most_common(MOST_VALUES):
        yield f"      [red]{count:,} would fail[/red]: {escape(message)}"
    for question, count in one.unanswered.most_common(MOST_VALUES):
        such = f"no answer to it is recorded, such as {', '.join(one.unanswered_samples)}"
        yield f"      [dim]{count:,} compared up to a question to {escape(question)}: {such}[/dim]"
    if one.samples:
        yield f"      [dim]such as {', '.join(one.samples)}[/dim]"


def _beside(one: Compared) -> str:
    told = {"newly fail": one.newly_failed, "newly pass": one.newly_passed}
    told |= {"compared only in part": one.partly, "too large to be replayed": one.left_out}
    listed = [f"{count:,} {words}" for words, count in told.items() if count]
    return f" ({', '.join(listed)})" if listed else ""


def _values(field: Field) -> str:
    """Return how values became others, the most frequent first: `EA -> CA (412)`."""
    listed = [f"{_shown(old)} -> {_shown(new)} ({count:,})" for (old, new), count in field.values.most_common(MOST_VALUES)]
    more = len(field.values) - MOST_VALUES
    return "; ".join(listed) + (f"; and {more} more" if more > 0 else "")


def _shown(value: str) -> str:
    return value or "nothing"
