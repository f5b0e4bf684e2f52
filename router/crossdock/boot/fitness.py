"""What of an environment is not in order, as the doctor tells it.

environment   what it is for, and what can't be compared with production's
secrets       where they come from, and who else can read them
stores        what one machine alone can have; what goes over the network in the clear
endpoints     production's that are spoken to in the clear, or without looking at the certificate
partners      who is in test in production, and the other way round
lifecycle     what is deprecated, what is past its last day, what has no owner
"""

from __future__ import annotations

import ipaddress
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from crossdock_config.apart import STORES

if TYPE_CHECKING:
    from crossdock_config import Loaded, Release

SECRET = re.compile(r"\$\{secret:([A-Za-z0-9_][A-Za-z0-9_.-]*)\}")
SOON = 30
"""Days before its last day that something deprecated is told of."""
ENCRYPTED = ("require", "verify-ca", "verify-full")
"""PostgreSQL's sslmodes that never go without TLS."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: `ok` is None where there is nothing to say yes or no to."""

    name: str
    ok: bool | None
    detail: str
    advice: str = ""


def fitness(root: Path, loaded: Loaded, release: Release) -> Iterator[Check]:
    """Yield what is to be said of the environment that a release was compiled for."""
    yield _kind(loaded, release)
    yield from _secrets(root, release)
    yield from _stores(release)
    yield from _endpoints(release)
    yield from _partners(release)
    yield from _lifecycle(loaded)


def _kind(loaded: Loaded, release: Release) -> Check:
    environment = release.environment
    kind = "for tests" if environment.test else "production" if environment.is_production else "for development"
    detail = f"{environment.environment}, {kind}"
    if environment.shared:
        detail += f"; shares with production: {', '.join(sorted(environment.shared))}"
    if not loaded.uncompared:
        return Check("environment", True, detail)
    unknown = f"{detail}; not compared with production's: {', '.join(loaded.uncompared)}"
    return Check(
        "environment", None, unknown, "give their addresses defaults, `${env:NAME:-...}`, so that `check` can compare them"
    )


def _secrets(root: Path, release: Release) -> Iterator[Check]:
    from crossdock_config import system_secrets

    name = release.environment.environment
    paths = [f"config/environments/{name}.yaml", *(f"config/partners/{partner}.yaml" for partner in release.partners)]
    wanted = sorted({secret for path in paths for secret in SECRET.findall(release.files.get(path, ""))})
    if not wanted:
        return
    source = system_secrets(root, name)
    files = {secret: found for secret in wanted if (found := source.where(secret)) is not None}
    open_to_others = sorted({str(path) for path in files.values() if _readable_by_others(root, path)})
    detail = f"{len(wanted) - len(files)} from variables, {len(files)} from files"
    if not open_to_others:
        yield Check("secrets", True, detail)
        return
    verdict = None if name == "local" else False
    yield Check("secrets", verdict, f"{detail}; others on this machine can read {', '.join(open_to_others)}", "chmod 600 them")


def _readable_by_others(root: Path, path: Path) -> bool:
    """Say whether anybody else can read a file of the project; credentials that are handed to a process have their own rules."""
    try:
        return path.resolve().is_relative_to(root.resolve()) and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def _stores(release: Release) -> Iterator[Check]:
    environment = release.environment
    if environment.journal.startswith("sqlite:") and environment.is_production:
        yield Check("journal's place", None, "SQLite: everything runs on this one machine", "PostgreSQL lets more machines join")
    for store in STORES:
        url = getattr(environment, store)
        if _in_the_clear(url):
            advice = "add `?sslmode=verify-full`" if url.startswith("postgres") else "use amqps:// or rediss://"
            verdict = False if environment.is_production else None
            yield Check(f"{store.replace('_', ' ')}'s way", verdict, f"{_host(url)} is reached without TLS", advice)
    if environment.state_store.startswith("memory:") and not environment.broker.startswith("memory:"):
        detail = "each worker counts for itself: rate limits and circuit breakers hold for each, not for all together"
        yield Check("state store", None, detail, "set `state_store: redis://...` where that matters")


def _endpoints(release: Release) -> Iterator[Check]:
    verdict = False if release.environment.is_production else None
    for name, endpoint in sorted(release.endpoints.items()):
        url = str(getattr(endpoint.settings, "url", ""))
        if _in_the_clear(url):
            yield Check(f"endpoint {name}'s way", verdict, f"{_host(url)} is reached without TLS", "use https://")
        if getattr(endpoint.settings, "verify", True) is False:
            yield Check(
                f"endpoint {name}'s way", verdict, f"the certificate of {_host(url)} is not checked", "say `verify: true`"
            )


def _partners(release: Release) -> Iterator[Check]:
    environment = release.environment
    found = [
        (name, one.usage) for name, partner in sorted(release.partners.items()) for one in (partner.x12, partner.edifact) if one
    ]
    real, trying = (
        sorted({name for name, usage in found if usage == "P"}),
        sorted({name for name, usage in found if usage == "T"}),
    )
    if environment.test and real:
        advice = f"say `environments: {{ {environment.environment}: {{ x12: {{ usage: T }} }} }}` in their files"
        detail = f"{', '.join(real)}: agreed as production, so that nothing can be exchanged here"
        yield Check("partners", False, detail, advice)
    if environment.is_production and trying:
        detail = f"{', '.join(trying)}: still in test, test documents only"
        yield Check("partners", None, detail, "say `usage: P` when both sides are ready")


def _lifecycle(loaded: Loaded) -> Iterator[Check]:
    today = datetime.now(UTC).date()
    for problem in loaded.problems:
        if problem.code in ("lifecycle", "owner"):
            yield Check("lifecycle", None if "is a draft" in problem.message else False, str(problem), "run `crossdock check`")
    ending = [entry for entry in loaded.catalogue if entry.standing.lifecycle == "deprecated"]
    for entry in ending:
        left = _days(entry.standing.sunset_on, today)
        if 0 <= left <= SOON:
            used = f", used by {len(entry.users)}" if entry.users else ""
            detail = f"{entry.kind} '{entry.name}' ends in {left} days, on {entry.standing.sunset_on}{used}"
            yield Check("lifecycle", None, detail, f"`crossdock list {entry.kind}s {entry.name}` tells who uses it")


def _days(sunset: date | None, today: date) -> int:
    return (sunset - today).days if sunset else -1


def _host(url: str) -> str:
    return urlsplit(url).hostname or url.partition(":")[0]


def _in_the_clear(url: Any) -> bool:
    """Say whether a URL leaves this machine without TLS."""
    if "://" not in url:
        return False
    parts = urlsplit(url)
    if _is_here(parts.hostname or ""):
        return False
    if parts.scheme in ("postgresql", "postgres"):
        return parse_qs(parts.query).get("sslmode", ["prefer"])[-1] not in ENCRYPTED
    return parts.scheme in ("http", "amqp", "redis")


def _is_here(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
