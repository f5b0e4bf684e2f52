"""Which cases there are, and how each is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import CrossdockError, Place, Refusal, Refusals
from crossdock.core.message import dump_json
from crossdock.core.nodes import StepNode
from crossdock.core.program import Program
from crossdock.core.registry import Registry, installed
from crossdock.core.spec import Resource
from crossdock.core.words import nearest
from crossdock_config.cases import Case, CaseInput, Mock, TestFile
from crossdock_config.files import document_of
from crossdock_config.release import Release
from crossdock_config.testing import expected
from crossdock_config.testing.coverage import Coverage
from crossdock_config.testing.documents import Judge
from crossdock_config.testing.faults import Fault
from crossdock_config.testing.mocks import mocked, unknown
from crossdock_config.testing.plain import exact
from crossdock_config.testing.rehearsal import Rehearsal, Unanswered
from crossdock_config.testing.result import CaseResult
from crossdock_config.testing.rewrite import between
from crossdock_config.testing.workshop import Workshop

START = 1_760_000_000.0
"""The time of a case that does not say one: 2025-10-09T08:53:20Z, so that two runs are the same."""


@dataclass(frozen=True)
class Selection:
    """Which cases are run: of a partner's documents, of files below a path, with words in their names."""

    partner: str = ""
    path: str = ""
    words: str = ""
    name: str = ""

    def takes(self, path: str, name: str, case: Case) -> bool:
        """Tell whether a case is run."""
        partner = self.partner in ("", *(one.partner for one in case.given))
        below = self.path in ("", ".") or path == self.path or path.startswith(self.path.rstrip("/") + "/")
        return partner and below and self.words.lower() in name.lower() and self.name in name


@dataclass(frozen=True)
class _Bench:
    """What all cases are run with."""

    release: Release
    root: Path
    workshop: Workshop
    coverage: Coverage | None


def run_tests(
    release: Release,
    root: Path,
    partner: str = "",
    *,
    selection: Selection | None = None,
    coverage: Coverage | None = None,
    registry: Registry | None = None,
) -> Iterator[CaseResult]:
    """Run the selected cases of a project's tests; those with a partner's documents, where one is given."""
    chosen = selection or Selection(partner)
    bench = _Bench(release, root, Workshop(release.files, registry or installed()), coverage)
    for resource in release.tests:
        test = TestFile.model_validate(resource.data)
        for index, case in enumerate(test.cases):
            name = f"{resource.name}: {case.name}"
            if chosen.takes(resource.path, name, case):
                yield _run(bench, resource, test, case, resource.at("cases", index), name)


def _run(bench: _Bench, resource: Resource, test: TestFile, case: Case, place: Place, name: str) -> CaseResult:
    started = perf_counter()
    try:
        faults = list(_faults(bench, (bench.root / resource.path).parent, test, case, place))
    except Unanswered as error:
        faults = [Fault(str(error))]
    except (CrossdockError, Refusal, Refusals) as error:
        faults = [Fault(f"this can't be run: {error}")]
    text = "\n".join(fault.text for fault in faults)
    updates = tuple(fault.update for fault in faults if fault.update)
    return CaseResult(name, place, not faults, text, perf_counter() - started, updates)


def _faults(bench: _Bench, folder: Path, test: TestFile, case: Case, place: Place) -> Iterator[Fault]:
    mocks = {**test.mocks, **case.mocks}
    missing = unknown(bench.release, test.route, mocks)
    if missing:
        yield from map(Fault, missing)
        return
    rehearsal = _rehearsal(bench, test, case, mocks, place)
    subject = test.route or f"map {test.map}"
    for one in case.given:
        try:
            data = _data(bench.release, rehearsal.programs[subject], folder, test, case, one)
        except OSError as error:
            yield Fault(f"{one.file} can't be read: {error.strerror}")
            return
        rehearsal.accept(subject, data, one.partner, one.headers)
    rehearsal.let_go(case.release or test.release)
    rehearsal.finish()
    if bench.coverage:
        bench.coverage.add(rehearsal.outcomes)
    got = expected.received(rehearsal.outcomes, rehearsal.gathered, rehearsal.waiting)
    yield from expected.judged(Judge(bench.workshop, folder, place), case.expect, got)


def _rehearsal(bench: _Bench, test: TestFile, case: Case, mocks: Mapping[str, Mock], place: Place) -> Rehearsal:
    follow = case.follow if case.follow is not None else bool(test.follow)
    clock = bench.release.clock if isinstance(bench.release.clock, PinnedClock) else PinnedClock()
    at = case.at or test.at
    clock.seconds = datetime.fromisoformat(at).timestamp() if at else START
    programs = _programs(bench, test, case, follow=follow, place=place)
    ready = {name: mocked(program, mocks) for name, program in programs.items()}
    if bench.coverage:
        ready = {name: bench.coverage.watched(program) for name, program in ready.items()}
    return Rehearsal(bench.release, ready, mocks, follow, clock)


def _programs(bench: _Bench, test: TestFile, case: Case, *, follow: bool, place: Place) -> dict[str, Program]:
    if test.map:
        return {f"map {test.map}": bench.workshop.map_program(test.map, test.decode, place)}
    found = dict(bench.release.programs) if follow else {}
    found[test.route] = bench.release.programs[test.route]
    labels = case.steps or test.steps
    if labels:
        found[test.route] = _cut(found[test.route], labels)
    return found


def _cut(program: Program, labels: list[str]) -> Program:
    for label in labels:
        if label not in program.labels:
            hint = nearest(label, program.labels) or "; give a step one: `label: look-up-customer`"
            raise Unanswered(f"steps: route '{program.route}' has no label '{label}'{hint}")
    first, last = labels
    found = between(program, first, last)
    if found is None:
        raise Unanswered(f"steps: '{last}' does not come after '{first}' in the same list of steps")
    return found


def _data(release: Release, program: Program, folder: Path, test: TestFile, case: Case, given: CaseInput) -> Any:
    """Return what comes in: bytes as a partner sends them, or data where what is tested starts from data."""
    raw = folder.joinpath(given.file).read_bytes() if given.file else None
    if not _takes_data(release, program, test, case):
        if raw is not None:
            return raw
        return given.body.encode() if isinstance(given.body, str) else dump_json(given.body)
    if raw is None:
        return exact(given.body)
    document = document_of(given.file, raw.decode("utf-8-sig", "replace"))
    if not given.file.endswith((".json", ".yaml", ".yml")) or document.problems:
        reason = f": {document.problems[0]}" if document.problems else ""
        raise Unanswered(f"{given.file} must be .json or .yaml here, where data comes in{reason}")
    return document.data


def _takes_data(release: Release, program: Program, test: TestFile, case: Case) -> bool:
    """Tell whether decoded data comes in: from an event, before steps that decode nothing, before a map."""
    if test.map or case.steps or test.steps:
        first = program.nodes[0]
        return not (isinstance(first, StepNode) and first.name.startswith("decode "))
    return "event" in release.routes[test.route].source
