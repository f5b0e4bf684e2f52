"""Shadow replay: what was really received is run through what runs and through a candidate, side by side, and compared.

Nothing is sent, numbered, claimed or written: both runs are in memory, on the same clock, and the journal is only read. Every
document begins from the bytes that came in, follows its events into other routes, and ends at its deliveries. Where a route
asks an endpoint (`enrich`), it goes on with what was answered then; a question that nobody asked then ends the comparison there,
which is counted and told.
"""

from __future__ import annotations

import json
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.core.clock import PinnedClock
from crossdock.core.ids import now_ms
from crossdock.core.message import BODY_TYPE, Numbered, dump_json, load_body
from crossdock.core.outcome import Delivery, Event, Outcome, State
from crossdock.runtime.journal.purged import PURGED
from crossdock_config.differences import compared
from crossdock_config.testing.rehearsal import Recorded, Rehearsal, Unanswered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock.core.journal import Received, RecordedAnswer
    from crossdock.runtime.journal import OpenJournal
    from crossdock_config import Release

MOST_SAMPLES = 5
"""How many ids of each kind are kept as samples."""
MOST_PATHS, MOST_VALUES = 200, 20
"""How many fields of a route, and values of a field, are counted one by one."""
MOST_ANSWERS = 10_000
"""How many answers are remembered for questions of other messages."""
LARGEST = 32 * 1024 * 1024
"""Documents of more bytes are left out, and counted as such."""
_INDEX = re.compile(r"\[\d+\]")
_SEGMENTS = re.compile(r"(?<=[~'\n])")


@dataclass(slots=True)
class Field:
    """One field that differs: how often each value became which other one."""

    values: Counter[tuple[str, str]] = field(default_factory=Counter)
    documents: int = 0


@dataclass(slots=True)
class Compared:
    """What came of one route's documents from one partner. Samples are ids of messages."""

    route: str
    partner: str
    documents: int = 0
    differ: int = 0
    newly_failed: int = 0
    newly_passed: int = 0
    partly: int = 0
    left_out: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    unanswered_samples: list[str] = field(default_factory=list)
    fields: dict[str, Field] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """Return it as plain JSON, the most frequent first."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in ("fields", "errors", "unanswered")}
        fields = [
            {"path": path, "documents": one.documents, "values": [[*pair, count] for pair, count in one.values.most_common()]}
            for path, one in sorted(self.fields.items(), key=lambda item: -item[1].documents)
        ]
        return {**plain, "fields": fields, "errors": self.errors.most_common(), "unanswered": self.unanswered.most_common()}


@dataclass(frozen=True, slots=True)
class Wish:
    """Which traffic is replayed: what came in `since` (ms), of one route or all, up to `limit`; samples go to a folder."""

    since: int
    route: str = ""
    limit: int = 100_000
    samples: Path | None = None

    @classmethod
    def last(cls, seconds: float, route: str = "", limit: int = 100_000, samples: Path | None = None) -> Wish:
        """Return the wish for the last so many seconds."""
        return cls(now_ms() - round(seconds * 1000), route, limit, samples)


Story = dict[str, Any]
"""What a run would do: by what is done (`acme-orders to erp`), numbered, each with its document."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two releases, compiled so that both see the time that they are told."""

    before: Release
    after: Release
    clock: PinnedClock

    @classmethod
    def of(cls, before: Mapping[str, str], after: Mapping[str, str], environment: str) -> Pair:
        """Compile the files of two releases, without their secrets; raises Misconfigured."""
        clock = PinnedClock()
        return cls(_compiled(before, environment, clock), _compiled(after, environment, clock), clock)


def replay(opened: OpenJournal, pair: Pair, wish: Wish, tell: Callable[[int], None] = lambda done: None) -> list[Compared]:
    """Run what was received through two releases and compare; `tell` hears how many are done."""
    clock, remembered = pair.clock, Remembered()
    found: dict[tuple[str, str], Compared] = {}
    for done, received in enumerate(_received(opened, wish), start=1):
        counted = found.setdefault((received.route, received.partner), Compared(received.route, received.partner))
        counted.documents += 1
        if received.size > LARGEST or (data := opened.desk.payload_received(received.id))[1] == PURGED:
            counted.left_out += 1
        else:
            clock.seconds = received.received_at / 1000
            answers = remembered.of(opened.desk.answers(received.id))
            before, after = (_told(one, received, data, answers, clock) for one in (pair.before, pair.after))
            _count(counted, received.id, before, after, wish)
        tell(done)
    return sorted(found.values(), key=lambda one: (-one.differ, one.route, one.partner))


class Remembered:
    """Recorded answers: those to a message's own questions, and the last of all, for questions whose answers are cached."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str, str], Mapping[str, Any]] = OrderedDict()

    def of(self, answers: Sequence[RecordedAnswer]) -> Recorded:
        """Return what answers a message's questions."""
        own: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        for one in answers:
            body = load_body(one.data) if one.content_type == BODY_TYPE else one.data
            own[_question(one.endpoint, one.operation, body)] = one.slot
        self._last |= own
        while len(self._last) > MOST_ANSWERS:
            self._last.popitem(last=False)

        def recorded(question: Delivery, *, cached: bool) -> Mapping[str, Any] | None:
            asked = _question(question.endpoint, question.operation, question.body)
            return own.get(asked) or (self._last.get(asked) if cached else None)

        return recorded


def _question(endpoint: str, operation: str, body: Any) -> tuple[str, str, str]:
    """Return what is the same for the same question, however it was kept."""
    return endpoint, operation, json.dumps(_plain(body), sort_keys=True)


def _compiled(files: Mapping[str, str], environment: str, clock: PinnedClock) -> Release:
    import crossdock_config
    from crossdock.boot.house import usable

    return usable(crossdock_config.load(files, environment, clock=clock, governance="warning"))


def _received(opened: OpenJournal, wish: Wish) -> Iterator[Received]:
    """Yield what came in from outside, oldest first."""
    after, left = "", wish.limit
    while left > 0 and (page := opened.desk.received(wish.since, wish.route, after, min(200, left))):
        yield from page
        after, left = page[-1].id, left - len(page)


@dataclass(frozen=True, slots=True)
class _Told:
    story: Story
    error: str
    unanswered: tuple[str, ...] = ()


def _told(release: Release, received: Received, data: tuple[bytes, str], answers: Recorded, clock: PinnedClock) -> _Told:
    """Run a document through a release, and return what it would do."""
    if received.route not in release.programs:
        return _Told({}, f"no route '{received.route}' in the release")
    began = clock.seconds
    rehearsal = Rehearsal(release, release.programs, follow=True, clock=clock, recorded=answers)
    body, kind = data
    endless: tuple[str, ...] = ()
    try:
        rehearsal.accept(received.route, load_body(body) if kind == BODY_TYPE else body, received.partner, received.headers)
        rehearsal.finish()
    except Unanswered as error:
        endless = (str(error),)
    clock.seconds = began
    story: Story = {}
    counts: Counter[str] = Counter()
    for outcome in rehearsal.outcomes:
        for what, document in _done(outcome):
            counts[what] += 1
            story[f"{what} {counts[what]}" if counts[what] > 1 else what] = document
    errors = [
        f"{one.error.code}: {one.error.message}" for one in rehearsal.outcomes if one.error and one.state is not State.RETRY
    ]
    return _Told(story, errors[0] if errors else "", (*rehearsal.unanswered, *endless))


def _done(outcome: Outcome) -> Iterator[tuple[str, Any]]:
    route = outcome.message.control.route
    for delivery in outcome.deliveries:
        yield f"{route} to {delivery.endpoint}", _delivered(delivery)
    for event in outcome.events:
        yield f"{route} event {event.type}", _published(event)


def _delivered(delivery: Delivery) -> dict[str, Any]:
    told = {"operation": delivery.operation, "key": delivery.key, "order_key": delivery.order_key, "body": _plain(delivery.body)}
    return {name: value for name, value in told.items() if value not in ("", None)}


def _published(event: Event) -> Any:
    return _plain(event.body)


def _plain(body: Any) -> Any:
    """Return a document as data that can be compared: a text as its segments or lines."""
    if isinstance(body, Numbered):
        body = body.render(1)
    if isinstance(body, bytes):
        text = body.decode("utf-8", "replace")
        try:
            return json.loads(text)
        except ValueError:
            return [segment.strip("\r\n") for segment in _SEGMENTS.split(text) if segment.strip("\r\n")]
    return json.loads(dump_json(body))


def _count(counted: Compared, name: str, before: _Told, after: _Told, wish: Wish) -> None:
    open_ones = {*before.unanswered, *after.unanswered}
    counted.partly += bool(open_ones)
    counted.unanswered.update(open_ones)
    if open_ones and len(counted.unanswered_samples) < MOST_SAMPLES:
        counted.unanswered_samples.append(name)
    counted.newly_failed += bool(after.error and not before.error)
    counted.newly_passed += bool(before.error and not after.error)
    if after.error and after.error != before.error:
        counted.errors[after.error] += 1
    changes = list(_changes(before.story, after.story))
    if not changes and before.error == after.error:
        return
    counted.differ += 1
    if len(counted.samples) < MOST_SAMPLES:
        counted.samples.append(name)
        _keep(name, before, after, wish.samples)
    for path in {path for path, _, _ in changes}:
        if path in counted.fields or len(counted.fields) < MOST_PATHS:
            counted.fields.setdefault(path, Field()).documents += 1
    for path, old, new in changes:
        values = counted.fields[path].values if path in counted.fields else Counter[tuple[str, str]]()
        if (old, new) in values or len(values) < MOST_VALUES:
            values[old, new] += 1


def _changes(before: Story, after: Story) -> Iterator[tuple[str, str, str]]:
    """Yield the fields that differ: path without positions, value before, value after (empty where there is none)."""
    for change in compared(before, after):
        path = _INDEX.sub("[]", change.path).replace(".body.", " ").removesuffix(".body")
        yield path, change.before or "", change.after or ""


def _keep(name: str, before: _Told, after: _Told, folder: Path | None) -> None:
    """Write both sides of a sample, to be opened side by side."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for side, told in (("before", before), ("after", after)):
        text = json.dumps({"error": told.error, "does": told.story}, indent=2, ensure_ascii=False, default=str)
        (folder / f"{name}.{side}.json").write_text(text + "\n", encoding="utf-8")
