"""What a deployment would do, before it is made: against what runs, field by field, and nothing is changed by looking.

files       what is added, changed, removed, and the routes that each matters for
problems    why it would be refused
sources     which ways in are started, stopped, restarted or only told anew
restarts    settings that processes take up only when they are started again
in flight   what would finish on the release that runs
concerns    the domains whose people must agree to it, and why
groups      those that are open, and whether new messages would still join them
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.boot.deployments import Order, reasons, removed_routes
from crossdock.boot.house import recompiled, stored
from crossdock.boot.mandate import Domains, concerned
from crossdock.boot.replay import Pair
from crossdock.core.errors import CrossdockError, Problem
from crossdock.core.journal import StoredRelease
from crossdock.core.nodes import AggregateNode, ResequenceNode
from crossdock_config.contracts import broken
from crossdock_config.differences import FileChange, differences
from crossdock_config.meaning import Meaning

if TYPE_CHECKING:
    from crossdock.core.deployment import Deployment
    from crossdock.runtime.journal import OpenJournal
    from crossdock_config import EnvironmentFile, Loaded, Release


@dataclass(frozen=True, slots=True)
class OpenGroups:
    """Groups that a step of a route has open, and how many messages wait in them.

    Where the step `stays` as it is, new messages go on joining them; else they stay among themselves, and only `time` completes
    them, or nothing. `place` is empty where the step is of a release before the one that runs.
    """

    route: str
    step: str
    place: str
    groups: int
    messages: int
    stays: bool
    time: bool


PER_PROCESS = ("journal", "broker", "state_store", "workers", "metrics", "log")
"""What of an environment a process takes up when it starts, and never while it runs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A deployment that could be made. `release` is empty where the project can't be compiled; `in_flight` is by route."""

    environment: str
    running: Deployment | None
    release: str
    files: tuple[FileChange, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    sources: Mapping[str, str]
    restarts: tuple[str, ...]
    in_flight: Mapping[str, int]
    groups: tuple[OpenGroups, ...] = ()
    concerns: Domains = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def changes(self) -> bool:
        """Whether there is anything to deploy."""
        return self.running is None or self.release != self.running.release or bool(self.running.candidate)

    def count(self, sign: str, kind: str = "") -> int:
        """Return how many files were added (+), changed (~) or removed (-)."""
        return sum(change.sign == sign and kind in ("", change.kind) for change in self.files)

    def record(self) -> dict[str, Any]:
        """Return the plan as plain JSON."""
        return {
            **{name: value for name, value in asdict(self).items() if name != "texts"},
            "changes": self.changes,
            "problems": [str(problem) for problem in self.problems],
            "warnings": [str(problem) for problem in self.warnings],
        }


def plan(opened: OpenJournal, root: Path, environment: str, asked: Order, files: Mapping[str, str] | None = None) -> Plan:
    """Return what deploying a folder, or the files of a release, would do."""
    loaded = _loaded(files or root, root, environment)
    running = opened.journal.deployed()
    kept = opened.journal.load_release(running.release) if running else None
    before = _compiled(root, kept)
    meaning = _loaded(kept.files, root, kept.environment, "warning").meaning if kept else Meaning()
    flying: dict[str, int] = {}
    for (_, route), count in opened.journal.in_flight().items():
        flying[route] = flying.get(route, 0) + count
    return Plan(
        environment=environment,
        running=running,
        release=loaded.release.id if loaded.release else "",
        files=tuple(differences(meaning, loaded.meaning)),
        problems=(*_problems(opened, loaded, before, asked), *(one.problem for one in broken(meaning, loaded.meaning))),
        warnings=tuple(problem for problem in loaded.problems if problem.severity != "error"),
        sources=_sources(before, loaded.release),
        restarts=tuple(_restarts(before.environment, loaded.release.environment)) if before and loaded.release else (),
        in_flight=flying,
        groups=tuple(_open_groups(opened, before, loaded.release)) if loaded.release else (),
        concerns=concerned(before, loaded.release) if loaded.release else {},
        texts=loaded.release.files if loaded.release else {},
    )


def pair(opened: OpenJournal, made: Plan) -> Pair:
    """Return what runs and what was planned, for a replay; raises Misconfigured."""
    assert made.running is not None
    kept = opened.journal.load_release(made.running.release)
    assert kept is not None, "a deployment refers to its release"
    return Pair.of(kept.files, made.texts, made.environment)


def _loaded(files: Path | Mapping[str, str], root: Path, environment: str, governance: Any = "error") -> Loaded:
    import crossdock_config

    return crossdock_config.load(
        files, environment, secrets=crossdock_config.system_secrets(root, environment), governance=governance
    )


def _compiled(root: Path, kept: StoredRelease | None) -> Release | None:
    """Return what runs, compiled as its processes have it; None where that can't be done any more."""
    try:
        return recompiled(root, kept) if kept else None
    except CrossdockError:
        return None


def _problems(opened: OpenJournal, loaded: Loaded, before: Release | None, asked: Order) -> Iterator[Problem]:
    yield from (problem for problem in loaded.problems if problem.severity == "error")
    if loaded.release is not None:
        removed = removed_routes(before, loaded.release)
        yield from reasons(opened, loaded.release, stored(loaded.release).engine, () if asked.allow_delete else removed)


def _sources(before: Release | None, after: Release | None) -> Mapping[str, str]:
    from crossdock.runtime.sources import transition

    try:
        return transition(before, after) if after else {}
    except CrossdockError:  # one that can't be built is among the problems
        return {}


def _open_groups(opened: OpenJournal, before: Release | None, after: Release) -> Iterator[OpenGroups]:
    """Yield what would become of the groups that are open."""
    for (route, mark), (groups, messages) in opened.journal.open_groups().items():
        was, becomes = _gathers(before, route, mark), _gathers(after, route, mark)
        node = becomes or was
        name, place = (node.name, node.place.short) if node else ("a step of an earlier release", "")
        time = isinstance(node, ResequenceNode) or (node is not None and (node.after, node.quiet) != (None, None))
        yield OpenGroups(route, name, place, groups, messages, becomes is not None, time)


def _gathers(release: Release | None, route: str, mark: str) -> AggregateNode | ResequenceNode | None:
    """Return the step of a route that has a mark."""
    program = release.programs.get(route) if release else None
    gathering = (node for node in program.visit() if isinstance(node, AggregateNode | ResequenceNode)) if program else ()
    return next((node for node in gathering if node.mark == mark), None)


def _restarts(before: EnvironmentFile, after: EnvironmentFile) -> Iterator[str]:
    for name in PER_PROCESS:
        if getattr(before, name) != getattr(after, name):
            yield name
