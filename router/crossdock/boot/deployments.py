"""Deploying: everything is proven first, then one row in the journal is the switch, and the processes follow it by themselves.

    deploy     a folder's release, or one that was built before        rollback   back to what ran before
    promote    what runs in one environment, into another              complete   a canary becomes what runs

Nothing is deployed that `check` would refuse, whose ways in can't be built, that would silently drop a route, or that a living
process is too old for. Whoever is slower of two is told so. In-flight messages finish on the release that they began with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.boot.house import deployable, journal_of, recompiled, stored
from crossdock.boot.mandate import concerned
from crossdock.core.access import NONE, Actor, Permission
from crossdock.core.deployment import WHOLE, Act, Deployment
from crossdock.core.errors import CrossdockError, Misconfigured, Problem, Refused
from crossdock.core.ids import now_ms
from crossdock.core.journal import StoredRelease
from crossdock.core.version import order
from crossdock.core.words import counted
from crossdock_config.artefact import Artefact, read
from crossdock_config.contracts import broken
from crossdock_config.meaning import Meaning

if TYPE_CHECKING:
    from crossdock.runtime.guard import Guard
    from crossdock.runtime.journal import OpenJournal
    from crossdock_config import Loaded, Release
    from crossdock_config.lifecycle import Governance

LIVING_MS = 15_000
"""A process that was heard of within so many ms is alive."""
LOOK = 0.05
"""Seconds between two looks at them."""
PATIENCE = 5.0
"""Seconds in which the processes are expected to have taken a deployment up."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `canary` is the share (of WHOLE) for the new release, `lasting` its time in seconds (0: no end).

    `expected` is the deployment that the plan was made against; None: whatever runs. A `guard` says whether `by` may do
    this in the domains that it concerns (`mandate`).
    """

    by: Actor
    note: str = ""
    canary: int = 0
    lasting: float = 0.0
    most_errors: int = 500
    allow_delete: bool = False
    expected: int | None = None
    guard: Guard | None = None

    def mandated(self, permission: Permission, before: Release | None, after: Release) -> Order:
        """Return the order of somebody who may go over from one release to another; raises Denied."""
        if self.guard is None:
            return self
        return replace(self, by=self.guard.allow_in(permission, concerned(before, after)))


@dataclass(frozen=True, slots=True)
class Made:
    """A deployment that was made, the one before it, and what of routes came and went."""

    deployment: Deployment
    before: Deployment | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release as it would run in an environment: compiled with its secrets, and in the form that the journal keeps."""

    release: Release
    kept: StoredRelease


def of_folder(root: Path, environment: str) -> Candidate:
    """Return a folder's release; raises Misconfigured with every problem."""
    release = deployable(root, environment)
    return Candidate(release, stored(release))


def of_release(root: Path, environment: str, kept: StoredRelease, governance: Governance = "error") -> Candidate:
    """Return a release that was kept or built before, as it would run in an environment; raises Misconfigured."""
    here = replace(kept, environment=environment)
    return Candidate(recompiled(root, here, governance), here)


def deploy(opened: OpenJournal, candidate: Candidate, asked: Order, act: Act = "deploy") -> Made:
    """Prove a release and switch to it; raises Misconfigured with all reasons against it, Refused, Superseded."""
    before = opened.journal.deployed()
    if before is not None and asked.expected is not None and before.number != asked.expected:
        raise Refused(f"the plan was made against deployment {asked.expected}, and {before} runs", code="superseded")
    if before is not None and (before.release, before.candidate) == (candidate.release.id, ""):
        raise Refused(f"release {before.release[:12]} runs already: there is nothing to change", code="unchanged")
    runs = _loaded(opened, before)
    running = _receiving(runs.release) if runs and runs.release else ()
    removed = tuple(sorted(set(running) - set(_receiving(candidate.release))))
    asked = asked.mandated("promote" if act == "promote" else "deploy", runs.release if runs else None, candidate.release)
    _prove(opened, candidate, runs.meaning if runs else Meaning(), () if asked.allow_delete else removed)
    deployment = _deployment(before, candidate.release.id, asked, act)
    in_flight = sum(opened.journal.in_flight().values())
    made = _approved(opened, deployment, candidate, asked)
    added = tuple(sorted(set(_receiving(candidate.release)) - set(running)))
    return Made(made, before, added, removed, in_flight)


def _approved(opened: OpenJournal, deployment: Deployment, candidate: Candidate, asked: Order) -> Deployment:
    """Make a deployment; where a second person must agree and hasn't, ask for it instead and raise Refused."""
    if not candidate.release.environment.protected:
        return opened.journal.deploy(deployment, candidate.kept, asked.by)
    try:
        return opened.journal.deploy(deployment, candidate.kept, asked.by, approval=True)
    except Refused as refused:
        if refused.code != "unapproved":
            raise
        opened.journal.keep_release(candidate.kept)
        request = opened.approvals.request(
            candidate.release.id, asked.by, asked.note, candidate.release.environment.approval_lifetime
        )
        refused.advice = f"request {request.id} is open: somebody else says `crossdock approve {request.id}`; then deploy again"
        raise


def rollback(opened: OpenJournal, root: Path, environment: str, asked: Order, to: str = "") -> Made:
    """Go back to the release that ran before, or to one by its id or deployment's number; raises Refused, Misconfigured.

    A canary is withdrawn instead: what ran beside it goes on.
    """
    before = opened.journal.deployed()
    if before is None:
        raise Refused("nothing is deployed yet: there is nothing to go back to", code="nothing_deployed")
    if before.candidate and not to:
        asked = _mandated(opened, "rollback", before, asked)
        return Made(opened.journal.deploy(_next(before, before.release, asked, "withdraw"), by=asked.by), before)
    target = _earlier(opened, before, to)
    kept = opened.journal.load_release(target)
    if kept is None:
        raise Refused(
            f"release {target[:12]} was purged: its files are not kept any more",
            code="purged",
            advice="deploy it again from the file that `crossdock build` made, or from its sources",
        )
    candidate = of_release(root, environment, kept, "warning")  # what ran before may run again
    runs = _loaded(opened, before)
    running = runs.release if runs else None
    asked = asked.mandated("rollback", running, candidate.release)
    made = opened.journal.deploy(_next(before, target, asked, "rollback"), by=asked.by)
    was, now = set(_receiving(running) if running else ()), set(_receiving(candidate.release))
    return Made(made, before, tuple(sorted(now - was)), tuple(sorted(was - now)), sum(opened.journal.in_flight().values()))


def complete(opened: OpenJournal, asked: Order) -> Made:
    """Make a canary's candidate what runs; raises Refused where there is none."""
    before = opened.journal.deployed()
    if before is None or not before.candidate:
        raise Refused("there is no canary to complete", code="no_canary", advice="begin one with `crossdock deploy --canary 5%`")
    asked = _mandated(opened, "deploy", before, asked)
    return Made(opened.journal.deploy(_next(before, before.candidate, asked, "complete"), by=asked.by), before)


def promote(opened: OpenJournal, root: Path, source: str, target: str, asked: Order) -> Made:
    """Deploy what runs in one environment into another, whose journal is open; raises Refused, Misconfigured."""
    if source == target:
        raise Refused(f"'{source}' can't be promoted to itself: name two environments, from where and to where", code="same")
    if asked.guard is not None:
        asked.guard.rules.authorize(asked.guard.actor, "read", NONE, source)
    from_journal = journal_of(root, source)
    try:
        running = from_journal.journal.deployed()
        if running is None:
            raise Refused(f"nothing is deployed in '{source}'", code="nothing_deployed", advice="deploy there first")
        if running.candidate:
            raise Refused(f"a canary runs in '{source}': complete it, or roll it back, before it is promoted", code="canary")
        kept = from_journal.journal.load_release(running.release)
    finally:
        from_journal.close()
    assert kept is not None, "a deployment refers to its release"
    note = asked.note or f"from {source}, deployment {running.number}"
    return deploy(opened, of_release(root, target, kept), replace(asked, note=note), "promote")


def taken_up(
    look: Callable[[], Iterable[Mapping[str, Any]]], deployment: Deployment, patience: float = PATIENCE
) -> Iterator[Mapping[str, Any]]:
    """Yield the processes as they take a deployment up, then those that have not in time: name, role, seconds, trouble.

    `look` returns those that live; `seconds` is None for those that have not.
    """
    began, told = time.monotonic(), set[str]()
    while True:
        processes = list(look())
        for process in processes:
            late = process["detail"].get("deployment", 0) < deployment.number
            if process["name"] not in told and (not late or process["detail"].get("trouble")):
                told.add(process["name"])
                yield _told(process, None if late else time.monotonic() - began)
        if all(process["name"] in told for process in processes) or time.monotonic() - began > patience:
            break
        time.sleep(LOOK)
    for process in look():
        if process["name"] not in told:
            yield _told(process, None)


def _told(process: Mapping[str, Any], seconds: float | None) -> Mapping[str, Any]:
    return {
        "name": process["name"],
        "role": process["role"],
        "seconds": None if seconds is None else round(seconds, 2),
        "trouble": process["detail"].get("trouble", ""),
    }


def _deployment(before: Deployment | None, release: str, asked: Order, act: Act) -> Deployment:
    if not asked.canary or asked.canary >= WHOLE:
        return _next(before, release, asked, act)
    if before is None:
        raise Refused(
            "nothing runs yet: the first release can't be a canary", code="nothing_deployed", advice="leave --canary out"
        )
    until = now_ms() + round(asked.lasting * 1000) if asked.lasting else 0
    beside = _next(before, before.release, asked, "canary")
    return replace(beside, candidate=release, share=asked.canary, until=until, most_errors=asked.most_errors)


def _next(before: Deployment | None, release: str, asked: Order, act: Act) -> Deployment:
    return Deployment(before.number + 1 if before else 1, release, act, str(asked.by), asked.note)


def _prove(opened: OpenJournal, candidate: Candidate, runs: Meaning, removed: tuple[str, ...]) -> None:
    """Raise Misconfigured with every reason why a release must not be deployed here."""
    release = candidate.release
    _artefact(candidate.kept).require_signature(release.environment.trusted_keys)
    problems = list(reasons(opened, release, candidate.kept.engine, removed))
    problems += [one.problem for one in broken(runs, release.meaning)]
    if problems:
        raise Misconfigured(
            f"the release is refused, for {counted(len(problems), 'reason')}; nothing was changed",
            code="release_refused",
            problems=problems,
            advice="to drop routes on purpose: --allow-delete" if removed else "",
        )


def reasons(opened: OpenJournal, release: Release, engine: str, removed: tuple[str, ...]) -> Iterator[Problem]:
    """Yield why a release that compiles must not be deployed: `removed` are routes that nobody has allowed to go."""
    yield from unbuildable(release)
    yield from _too_old(opened, engine)
    for route in removed:
        yield Problem(("routes/", 1, 1), f"route '{route}' runs now and isn't in the release")


def removed_routes(before: Release | None, after: Release) -> tuple[str, ...]:
    """Return the routes that receive now and would not any more."""
    return tuple(sorted(set(_receiving(before) if before else ()) - set(_receiving(after))))


def of_file(root: Path, environment: str, path: Path) -> Candidate:
    """Return a release that was built before, as it would run in an environment; raises Misconfigured."""
    return of_artefact(root, environment, path.read_bytes(), path.name)


def of_artefact(root: Path, environment: str, data: bytes, name: str) -> Candidate:
    """Return the same of the file's bytes; raises Misconfigured."""
    artefact = read(data)
    signature = f"{artefact.key} {artefact.signature}" if artefact.signature else ""
    kept = StoredRelease(artefact.id, artefact.files, environment, now_ms(), engine=artefact.engine, signature=signature)
    candidate = of_release(root, environment, kept)
    if candidate.release.id != artefact.id:
        raise Misconfigured(
            f"the release in {name} says that it is {artefact.id[:12]}, and its files mean {candidate.release.id[:12]}",
            code="damaged",
            advice="it was changed after it was built: build it again",
        )
    return candidate


def _artefact(kept: StoredRelease) -> Artefact:
    key, _, signature = kept.signature.partition(" ")
    return Artefact(kept.id, kept.engine, kept.files, key, signature)


def unbuildable(release: Release) -> Iterator[Problem]:
    """Yield what endpoints say against their routes and partners together, before any of them runs."""
    from crossdock.boot.house import STATE
    from crossdock.core.clock import SystemClock
    from crossdock.core.ports import Services

    nothing: Any = None
    services = Services(release.partners, nothing, nothing, SystemClock(), Path(STATE), Path())
    for name, bindings in release.bindings.items():
        endpoint = release.endpoints[name]
        try:
            if endpoint.spec.source is not None:
                endpoint.spec.source(endpoint.settings, bindings, services)
        except Misconfigured as error:
            yield from error.problems or [Problem.at(endpoint.place, f"{name}: {error.message}")]
        except CrossdockError as error:
            yield Problem.at(endpoint.place, f"{name}: {error.message}")


def _too_old(opened: OpenJournal, needed: str) -> Iterator[Problem]:
    for process in living(opened):
        has = process["detail"].get("engine", "")
        if has and order(has) < order(needed):
            message = (
                f"{process['role']} {process['name']} runs Crossdock {has}, and the release needs {needed}: upgrade it first"
            )
            yield Problem(("pyproject.toml", 1, 1), message)


def living(opened: OpenJournal) -> Iterator[Mapping[str, Any]]:
    """Yield the processes of all machines that were heard of lately."""
    now = opened.desk.now()
    return (process for process in opened.desk.processes() if now - int(process["at"]) < LIVING_MS)


def _mandated(opened: OpenJournal, permission: Permission, canary: Deployment, asked: Order) -> Order:
    """Return the order of somebody who may end a canary: it concerns what the candidate would have changed."""
    beside = _loaded(opened, replace(canary, release=canary.candidate))
    runs = _loaded(opened, canary)
    if beside is None or beside.release is None:
        return asked if asked.guard is None else replace(asked, by=asked.guard.allow_everywhere(permission))
    return asked.mandated(permission, runs.release if runs else None, beside.release)


def _loaded(opened: OpenJournal, before: Deployment | None) -> Loaded | None:
    """Return what comes of reading what runs, without its secrets."""
    import crossdock_config

    kept = opened.journal.load_release(before.release) if before else None
    return crossdock_config.load(kept.files, kept.environment, governance="warning") if kept else None


def _receiving(release: Release) -> tuple[str, ...]:
    return tuple(name for name, route in release.routes.items() if route.lifecycle in ("active", "deprecated"))


def _earlier(opened: OpenJournal, before: Deployment, to: str) -> str:
    """Return the release meant: the one that ran before this one, or the one of that number or id."""
    history = opened.journal.deployments(1000)
    if not to:
        earlier = next((one.release for one in history if one.release != before.release), "")
        if not earlier:
            raise Refused("no other release has run here before", code="nothing_before", advice="`crossdock releases` lists them")
        return earlier
    found = {
        one.release for one in history if to in (str(one.number), one.release) or (len(to) >= 6 and one.release.startswith(to))
    }
    if len(found) != 1:
        raise Refused(
            f"{'several releases begin' if found else 'no release that ran here begins'} with '{to}'",
            code="unknown_release",
            advice="`crossdock releases` lists them",
        )
    (release,) = found
    if release == before.release and not before.candidate:
        raise Refused(f"release {release[:12]} runs already", code="unchanged")
    return release
