"""The doctor: what is configured, what is reachable, what is stale."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from crossdock.boot.fitness import Check, fitness
from crossdock.boot.house import House, advice_on, is_here, journal_of, journal_url, load, state_folder
from crossdock.core.errors import CrossdockError, Problem
from crossdock.core.ports import Checkable
from crossdock.core.words import counted

STALE_MS = 15_000
"""A process that has not beaten for so long is called stale."""
MOST = 20
"""Problems of a project that are told one by one."""
OLD_MS = 60_000
"""Work that has been ready for so long means that no worker takes it."""
SKEW_MS = 5_000
"""Clocks that differ by so much are told of."""
ROOM = 100 * 1024 * 1024
"""Bytes that a disk which is written to should have left: a few of the largest documents that are taken."""


def examine(root: Path, environment: str) -> list[Check]:
    """Examine the project, its journal, processes, lanes and endpoints."""
    loaded = load(root, environment)
    if loaded.release is None:
        errors = [problem for problem in loaded.problems if problem.severity == "error"]
        return list(_broken(errors))
    release = loaded.release
    size = f"{counted(len(release.programs), 'route')}, {counted(len(release.partners), 'partner')}"
    project = Check("project", True, f"release {release.id[:12]}, {size}")
    known = [project, *fitness(root, loaded, release)]
    try:
        house = House.enter_quietly(root, release)
    except CrossdockError as error:
        return [*known, Check("journal", False, error.message, error.advice)]
    try:
        return [*known, *_access(root, environment), *_journal(house), *asyncio.run(_endpoints(house))]
    finally:
        house.opened.close()


def _access(root: Path, environment: str) -> Iterator[Check]:
    from crossdock_config import load_access

    rules = load_access(root)
    if rules.written:
        here = sum(1 for grant in rules.grants if {"*", environment} & grant.environments)
        yield Check("access", here > 0 or None, f"{here} grants for {environment}")
    elif environment == "local":
        yield Check("access", None, "no rules: whoever reaches the journal may do everything")
    else:
        detail = f"{environment} is unprotected: whoever reaches its journal may do everything"
        yield Check("access", False, detail, "write config/access.yaml: who has which role (docs/access.md)")


def _broken(errors: list[Problem]) -> Iterator[Check]:
    """Yield what keeps the project from starting; a secret that is missing is no problem of `check`, which works without any."""
    count = counted(len(errors), "problem")
    yield Check("project", False, count, advice_on(errors))
    for problem in errors[:MOST]:
        yield Check("secrets" if problem.code == "secret" else "project", False, str(problem))


def _journal(house: House) -> Iterator[Check]:
    yield Check("journal", True, house.journal.check())
    yield from _clock(house)
    yield from _disks(house)
    deployed = house.journal.deployed()
    same = deployed is not None and deployed.release == house.release.id
    yield Check(
        "release",
        same if deployed else None,
        str(deployed or "nothing is deployed yet"),
        "" if same else "run `crossdock plan` to see what this folder would change, `crossdock deploy` to deploy it",
    )
    yield from _processes(house)
    yield from _polls(house)
    yield from _lanes(house)


def _clock(house: House) -> Iterator[Check]:
    """Yield how far this machine's clock is from the journal's, where they differ."""
    ahead = round(time.time() * 1000) - house.opened.desk.now()
    if abs(ahead) > SKEW_MS:
        detail = f"this machine's is {round(abs(ahead) / 1000)} s {'ahead of' if ahead > 0 else 'behind'} the journal's"
        yield Check("clock", False, detail, "run a time service (chrony, systemd-timesyncd) on both machines")


def _disks(house: House) -> Iterator[Check]:
    """Yield the disks of this machine that are nearly full: where a file is the journal, and where uploads are kept."""
    state = state_folder(house.root, house.release.environment.environment)
    folders = {"state folder": state}
    url = journal_url(house.root, house.release.environment.journal)
    if url.startswith("sqlite:///"):
        folders["journal"] = Path(url.removeprefix("sqlite:///")).parent
    for name, folder in folders.items():
        if folder.is_dir() and (free := shutil.disk_usage(folder).free) < ROOM:
            detail = f"{free / 1024 / 1024:.1f} MB left at {folder}"
            yield Check(
                f"{name}'s disk", False, detail, "free some space: when it is full nothing more is taken, and nothing is lost"
            )


def _processes(house: House) -> Iterator[Check]:
    seen, now = house.opened.desk.processes(), house.opened.desk.now()
    if not seen:
        yield Check("processes", None, "none has run here yet", "start one with `crossdock up`")
    yield from _missing_roles(house, {process["role"] for process in seen})
    living = {process["role"] for process in seen if now - process["at"] < STALE_MS}
    for process in seen:
        alive, age = now - process["at"] < STALE_MS, (now - process["at"]) // 1000
        ok = True if alive else None if process["role"] in living else False
        advice = "start it again, or ignore this where it was stopped on purpose"
        trouble = process["detail"].get("trouble", "") if alive else ""
        if trouble:
            ok, advice = False, "its log says more; what it ran before goes on"
        detail = f"heard of {age} s ago{f': {trouble}' if trouble else ''}"
        yield Check(f"{process['role']} {process['name']}", ok, detail, "" if ok is not False else advice)


def _polls(house: House) -> Iterator[Check]:
    """Yield what the running routes ask for again and again: when they looked last, and what was wrong."""
    for poll in house.opened.polls.all():
        if poll.route not in house.release.programs:
            continue
        ago = f"looked {(poll.now - poll.looked_at) // 1000} s ago" if poll.looked_at is not None else "hasn't looked yet"
        late = poll.now - poll.due_at > OLD_MS
        advice = "repair the route or the API; nothing is lost meanwhile" if poll.trouble else ""
        advice = "no gateway asks: is one running?" if late else advice
        detail = f"{ago}{f': {poll.trouble}' if poll.trouble else ''}"
        yield Check(f"poll {poll.name}", False if poll.trouble else None if late else True, detail, advice)


def _missing_roles(house: House, seen: set[str]) -> Iterator[Check]:
    """Yield the kind of process that production needs and that has not been heard of, where the other kind has."""
    for role in ("gateway", "worker"):
        if seen and role not in seen:
            advice = f"start one with `crossdock -e {house.release.environment.environment} {role}`"
            yield Check(f"{role}s", False, "none has been heard of in the last ten minutes", advice)


def _lanes(house: House) -> Iterator[Check]:
    now = house.opened.desk.now()
    for lane in house.journal.lanes():
        age = now - (lane.oldest_at or now)
        stuck = lane.ready > 0 and age > OLD_MS
        detail = f"{lane.ready} ready, {lane.later} later, {lane.leased} being worked on"
        yield Check(f"lane {lane.name}", not stuck, detail, "is a worker running?" if stuck else "")


def living(root: Path, environment: str, role: str) -> list[str]:
    """Return the processes of this machine that have lately said that they live, of one role or of any."""
    opened = journal_of(root, environment)
    try:
        seen, now = opened.desk.processes(), opened.desk.now()
    finally:
        opened.close()
    return [one["name"] for one in seen if role in ("", one["role"]) and is_here(one["name"]) and now - one["at"] < STALE_MS]


async def _endpoints(house: House) -> list[Check]:
    services = replace(house.services, partners=house.release.partners)
    checks = []
    for name, endpoint in sorted(house.release.endpoints.items()):
        if endpoint.spec.target is None:
            continue
        sink = endpoint.spec.target(endpoint.settings, services)
        try:
            if isinstance(sink, Checkable):
                checks.append(Check(f"endpoint {name}", True, await asyncio.wait_for(sink.check(), 10)))
            else:
                checks.append(Check(f"endpoint {name}", None, f"{endpoint.spec.name} can't be asked"))
        except (CrossdockError, TimeoutError) as error:
            message = error.message if isinstance(error, CrossdockError) else "no answer within 10 s"
            checks.append(Check(f"endpoint {name}", False, message, getattr(error, "advice", "")))
        finally:
            await sink.close()
    return checks
