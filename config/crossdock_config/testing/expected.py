"""All that a case expects against all that came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crossdock.core.outcome import Outcome, State
from crossdock_config.cases import Expectation
from crossdock_config.testing import acks
from crossdock_config.testing.documents import Judge
from crossdock_config.testing.faults import Fault, Update, counted
from crossdock_config.testing.plain import exact, seen


@dataclass
class Received:
    """What came of a case, as a test sees it."""

    states: dict[str, int] = field(default_factory=dict)
    deliveries: dict[str, list[Any]] = field(default_factory=dict)
    events: dict[str, list[Any]] = field(default_factory=dict)
    out: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    full_errors: list[str] = field(default_factory=list)
    acks: list[list[str]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)


def received(outcomes: list[Outcome], gathered: int = 0, waiting: int = 0) -> Received:
    """Sum up outcomes; a message that was put away for a while is counted when it ends."""
    found = Received()
    states = Counter(str(one.state) for one in outcomes if not (one.paused and one.state is State.RETRY))
    states += Counter({"gathered": gathered, "waiting": waiting})
    found.states = dict(states)
    for outcome in outcomes:
        _take(found, outcome)
    return found


def _take(found: Received, outcome: Outcome) -> None:
    for delivery in outcome.deliveries:
        document = seen(delivery.body)
        found.deliveries.setdefault(delivery.endpoint, []).append(document)
        segments = acks.segments_of(document) if isinstance(document, str) else []
        if acks.is_acknowledgement(segments):
            found.acks.append(segments)
    for event in outcome.events:
        found.events.setdefault(event.type, []).append(seen(event.body))
    if outcome.state is State.DONE and not hasattr(outcome.message.body, "parts"):
        found.out.append(seen(outcome.message.body))
    if outcome.error and not (outcome.paused and outcome.state is State.RETRY):
        found.errors.append(outcome.error.message)
        found.full_errors.append(str(outcome.error))
    found.keys |= outcome.message.keys


def judged(judge: Judge, expect: Expectation, got: Received) -> Iterator[Fault]:
    """Yield every difference."""
    at = ("expect",)
    if expect.messages is not None and expect.messages != got.states:
        yield from counted("messages", (*at, "messages"), expect.messages, got.states)
        yield from (Fault(f"  {error}") for error in got.full_errors if "failed" not in expect.messages)
    yield from _deliveries(judge, expect, got)
    yield from _events(judge, expect, got)
    if expect.out is not None:
        yield from judge.several("out", (*at, "out"), expect.out, got.out, "documents")
    if expect.acks is not None:
        yield from acks.judged((*at, "acks"), expect.acks, got.acks)
    yield from _errors(expect, got)
    for key, value in (expect.keys or {}).items():
        yield from counted(f"key {key}", (*at, "keys", key), value, got.keys.get(key, ""))
    for text in expect.that or ():
        yield from judge.holds("", text, _variables(got))


def _deliveries(judge: Judge, expect: Expectation, got: Received) -> Iterator[Fault]:
    for endpoint, wanted in (expect.deliveries or {}).items():
        at = ("expect", "deliveries", endpoint)
        yield from judge.several(endpoint, at, wanted, got.deliveries.get(endpoint, []), "deliveries")
    if expect.deliveries == {} and got.deliveries:
        counts = {endpoint: len(documents) for endpoint, documents in got.deliveries.items()}
        yield Fault(f"deliveries: expected none, received {counts}", Update(("expect", "deliveries"), got.deliveries))


def _events(judge: Judge, expect: Expectation, got: Received) -> Iterator[Fault]:
    if expect.events is None:
        return
    counts = {name: len(documents) for name, documents in got.events.items()}
    wanted = {name: one if isinstance(one, int) else len(one) for name, one in expect.events.items()}
    if {name: count for name, count in wanted.items() if count} != counts:
        yield from counted("events", ("expect", "events"), wanted, counts)
        return
    for name, documents in expect.events.items():
        if isinstance(documents, list):
            yield from judge.several(f"event {name}", ("expect", "events", name), documents, got.events.get(name, []), "events")


def _errors(expect: Expectation, got: Received) -> Iterator[Fault]:
    at = ("expect", "errors")
    if expect.errors is None:
        return
    if len(expect.errors) != len(got.errors):
        yield Fault(f"errors: expected {len(expect.errors)}, received {got.errors}", Update(at, got.errors))
        return
    for index, (wanted, error) in enumerate(zip(expect.errors, got.errors, strict=True)):
        if wanted not in error:
            yield Fault(f"error: expected '{wanted}' in '{error}'", Update((*at, index), error))


def _variables(got: Received) -> dict[str, Any]:
    names = ("deliveries", "events", "out", "errors", "states", "acks")
    return {name: exact(getattr(got, name)) for name in names}
