"""Whose business a deployment is: the domains of the routes that would be others, and why, so that only these must agree to it.

    route           its own domain, where it is new, goes, is changed, or is made of something that changed
    partner         the domains of the routes that name it, receive from anybody, or look partners' agreements up
    endpoint        the domains of the routes that use it
    schema          its own domain (`x-domain`) as well
    environment     any other setting of the environment that is deployed into: the domains of all routes

What only another environment's file says, and files that no route uses, are nobody's business in particular.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossdock_config.footing import ENDPOINT, NAMES, PARTNERS, TESTING, Footing, Read, by_meaning

if TYPE_CHECKING:
    from crossdock_config import Release, RouteInfo

Domains = Mapping[str, Sequence[str]]
"""Domains, each with what concerns it in words: `{"sales": ["route orders changes: map order"]}`."""


def concerned(before: Release | None, after: Release) -> Domains:
    """Return the domains that going over from one release to another concerns; from none, those of all its routes."""
    found: dict[str, list[str]] = {}
    for domain, why in _concerned(before, after):
        reasons = found.setdefault(domain, [])
        if why not in reasons:
            reasons.append(why)
    return dict(sorted(found.items()))


def _concerned(before: Release | None, after: Release) -> Iterator[tuple[str, str]]:
    if before is None:
        yield from ((route.domain, f"route {name} is new") for name, route in sorted(after.routes.items()))
        return
    everywhere = sorted({route.domain for release in (before, after) for route in release.routes.values()})
    settings = _settings(before.footing, after.footing)
    for domain in everywhere if settings else ():
        yield domain, f"environment {after.environment.environment} changes: {', '.join(settings)}"
    yield from _schemas(before.footing, after.footing)
    for name in sorted({*before.routes, *after.routes}):
        yield from _route(name, before, after)


def _route(name: str, before: Release, after: Release) -> Iterator[tuple[str, str]]:
    was, becomes = before.routes.get(name), after.routes.get(name)
    if was is None and becomes is not None:
        yield becomes.domain, f"route {name} is new"
    elif becomes is None and was is not None:
        yield was.domain, f"route {name} goes"
    elif was is not None and becomes is not None and (changed := sorted(set(_changed(becomes, before.footing, after.footing)))):
        of = [one for one in changed if one != f"route {name}"]
        why = f"route {name} changes" + (f": {', '.join(of)}" if of else "")
        yield from ((domain, why) for domain in {was.domain, becomes.domain})


def _changed(route: RouteInfo, before: Footing, after: Footing) -> Iterator[str]:
    """Yield what a route is made of and that is not as it was, in words."""
    reads = before.reads.get(route.name, frozenset()), after.reads.get(route.name, frozenset())
    same = by_meaning(before, after)
    for read in reads[0] | reads[1]:
        if read[0] not in (NAMES, PARTNERS) and not (read in reads[0] and read in reads[1] and same.is_same(read)):
            yield _told(read)
    anybody = "endpoint" in route.source or any((PARTNERS, "") in found for found in reads)
    named = getattr(route.source.get("options"), "partner", "")
    for partner in _partners(before, after) if anybody else ():
        if named in ("", partner):
            yield f"partner {partner}"


def _told(read: Read) -> str:
    return "the environment's `test`" if read[0] == TESTING else " ".join(read)


def _partners(before: Footing, after: Footing) -> list[str]:
    """Return the partners that are new, gone or changed."""
    names = {name for footing in (before, after) for kind, name in footing.documents if kind == "partner"}
    return sorted(name for name in names if before.meaning(("partner", name)) != after.meaning(("partner", name)))


def _settings(before: Footing, after: Footing) -> list[str]:
    """Return the environment's settings that changed: all but endpoints, which concern those who use them, unless nobody does."""
    ones, others = (_environment(footing) for footing in (before, after))
    changed = [key for key in {*ones, *others} if key != "endpoints" and ones.get(key) != others.get(key)]
    endpoints = ones.get("endpoints") or {}, others.get("endpoints") or {}
    used = {name for footing in (before, after) for reads in footing.reads.values() for kind, name in reads if kind == ENDPOINT}
    unused = {name for name in endpoints[0] if name not in used and endpoints[0][name] != endpoints[1].get(name)}
    return sorted([*changed, *(f"endpoint {name}" for name in unused)])


def _environment(footing: Footing) -> dict[str, Any]:
    data = footing.meaning(("environment", footing.environment))
    return data if isinstance(data, dict) else {}


def _schemas(before: Footing, after: Footing) -> Iterator[tuple[str, str]]:
    """Yield the domains that schemas name themselves, where these changed."""
    for read in sorted({read for footing in (before, after) for read in footing.documents if read[0] == "schema"}):
        one, other = before.meaning(read), after.meaning(read)
        for data in (one, other) if one != other else ():
            if isinstance(data, dict) and data.get("x-domain"):
                yield str(data["x-domain"]), f"schema {read[1]} changes"
