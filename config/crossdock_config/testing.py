"""`*.test.yaml`: samples in, documents out. Steps send nothing, so a route is tested as it is, with nothing to stand in for."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from crossdock.core import engine
from crossdock.core.errors import Place
from crossdock.core.message import Control, Message, Numbered, dump_json
from crossdock.core.outcome import Delivery, Outcome
from crossdock_config.models import Case, Expectation, TestFile
from crossdock_config.release import Release


@dataclass(frozen=True)
class CaseResult:
    """How a case went; `difference` says what was expected and what came, line by line."""

    name: str
    place: Place
    ok: bool
    difference: str = ""


def run_tests(release: Release, root: Path, partner: str = "") -> Iterator[CaseResult]:
    """Run all cases of a project's tests, or those with a partner's documents."""
    for resource in release.tests:
        test = TestFile.model_validate(resource.data)
        for index, case in enumerate(test.cases):
            if partner not in ("", case.input.partner):
                continue
            name = f"{resource.name}: {case.name}"
            place = resource.at("cases", index)
            try:
                data = _input(release, (root / resource.path).parent, test, case)
            except OSError as error:
                yield CaseResult(name, place, ok=False, difference=f"{case.input.file} can't be read: {error.strerror}")
                continue
            yield _judged(name, place, case.expect, rehearse(release, test.route, data, case.input.partner, case.input.headers))


def _input(release: Release, folder: Path, test: TestFile, case: Case) -> Any:
    """Return what comes in: bytes as a partner sends them, or data where the route starts from an event."""
    body = case.input.body
    if case.input.file:
        return folder.joinpath(case.input.file).read_bytes()
    if "event" in release.routes[test.route].source:
        return body
    return body.encode() if isinstance(body, str) else dump_json(body)


def rehearse(release: Release, route: str, data: Any, partner: str, headers: Mapping[str, str] | None = None) -> list[Outcome]:
    """Run a document through a route and return what would be committed: its parts, then the whole; nothing is sent or kept."""
    control = Control(route, release.id, source="test", partner=partner)
    message = Message("test", data, control, headers=headers or {})
    outcome = engine.run(release.programs[route], message)
    if outcome.parts is None:
        return [outcome]
    parts = list(engine.flatten(outcome.parts))
    closing = outcome.finish()
    whole = replace(outcome, parts=None, deliveries=outcome.deliveries + closing.deliveries, error=closing.error)
    return [*parts, whole]


def _judged(name: str, place: Place, expect: Expectation, outcomes: list[Outcome]) -> CaseResult:
    differences = [*_counts(expect, outcomes), *_deliveries(expect, outcomes), *_errors(expect, outcomes)]
    return CaseResult(name, place, not differences, "\n".join(differences))


def _counts(expect: Expectation, outcomes: list[Outcome]) -> Iterator[str]:
    states = Counter(str(outcome.state) for outcome in outcomes)
    if expect.messages is not None and expect.messages != dict(states):
        yield f"messages: expected {expect.messages}, received {dict(states)}"
        yield from (f"  {outcome.error}" for outcome in outcomes if outcome.error and "failed" not in expect.messages)
    events = Counter(event.type for outcome in outcomes for event in outcome.events)
    if expect.events is not None and expect.events != dict(events):
        yield f"events: expected {expect.events}, received {dict(events)}"


def _deliveries(expect: Expectation, outcomes: list[Outcome]) -> Iterator[str]:
    if expect.deliveries is None:
        return
    received: dict[str, list[Delivery]] = {}
    for outcome in outcomes:
        for delivery in outcome.deliveries:
            received.setdefault(delivery.endpoint, []).append(delivery)
    for endpoint, wanted in expect.deliveries.items():
        got = received.get(endpoint, [])
        if len(got) != len(wanted):
            yield f"{endpoint}: expected {len(wanted)} deliveries, received {len(got)}"
        for index, (document, delivery) in enumerate(zip(wanted, got, strict=False)):
            yield from _difference(f"{endpoint}[{index}]", document, _body(delivery.body))


def _errors(expect: Expectation, outcomes: list[Outcome]) -> Iterator[str]:
    errors = [outcome.error.message for outcome in outcomes if outcome.error]
    if expect.errors is not None and len(expect.errors) != len(errors):
        yield f"errors: expected {len(expect.errors)}, received {errors}"
    for wanted, got in zip(expect.errors or (), errors, strict=False):
        if wanted not in got:
            yield f"error: expected '{wanted}' in '{got}'"


def _body(body: Any) -> Any:
    """Return a delivery's document as a test sees it: text, or data as JSON has it."""
    if isinstance(body, Numbered):
        body = body.render(1)
    if isinstance(body, bytes):
        return body.decode("utf-8", "backslashreplace")
    return _json(body)


def _json(data: Any) -> Any:
    """Return data as JSON has it, numbers kept to the last digit."""
    return json.loads(dump_json(data), parse_float=Decimal)


def _difference(label: str, wanted: Any, got: Any) -> Iterator[str]:
    wanted = _json(wanted)
    if isinstance(wanted, str) and isinstance(got, str):
        if wanted not in got:
            yield f"{label}: expected a text that contains '{wanted}', received '{got}'"
        return
    shown = _pruned(got, wanted)
    if shown == wanted:
        return
    before, after = (json.dumps(one, indent=2, sort_keys=True, default=str).splitlines() for one in (wanted, shown))
    yield f"{label}:"
    yield from difflib.unified_diff(before, after, "expected", "received", lineterm="")


def _pruned(got: Any, wanted: Any) -> Any:
    """Return what came without the keys that the test says nothing of: objects may be partial, lists may not."""
    if isinstance(got, dict) and isinstance(wanted, dict):
        return {key: _pruned(got[key], wanted[key]) for key in wanted if key in got}
    if isinstance(got, list) and isinstance(wanted, list) and len(got) == len(wanted):
        return [_pruned(one, other) for one, other in zip(got, wanted, strict=True)]
    return got
