"""A file handed in by an operator, as if its partner had just dropped it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from crossdock.boot.house import House, compiled
from crossdock.boot.offices import guard
from crossdock.core.audit import Act
from crossdock.core.blob import IN_MEMORY, STEP, Blob
from crossdock.core.errors import Misconfigured
from crossdock.core.message import Accepted, Receipt
from crossdock.core.spec import Binding
from crossdock.core.words import nearest
from crossdock_config.lifecycle import RECEIVING

if TYPE_CHECKING:
    from crossdock_config import Release


def submit(root: Path, environment: str, path: Path, partner: str, route: str = "") -> Accepted:
    """Accept a file as if the partner had just dropped it; it is durable when this returns."""
    house = House.enter(root, compiled(root, environment))
    try:
        chosen = receiving(house.release, route) if route else route_for(house.release, partner, path.name)
        receipt = Receipt(route=chosen, data=_content(path), source="cli", partner=partner, name=path.name)
        actor = guard(root, environment, house.opened).allow("send", house.release.routes[chosen].domain)
        accepted = house.opened.journal.accept([receipt], house.release.id)[0]
        house.opened.audit.write(
            Act(actor, "send", accepted.message_id, {"file": path.name, "partner": partner, "route": chosen})
        )
    finally:
        house.opened.close()
    return accepted


def receiving(release: Release, route: str) -> str:
    """Return a route's name if it receives; raises Misconfigured."""
    info = release.routes.get(route)
    if info is None:
        raise Misconfigured(f"there is no route '{route}'{nearest(route, release.routes)}")
    if info.lifecycle not in RECEIVING:
        raise Misconfigured(
            f"route '{route}' is {'a draft' if info.lifecycle == 'draft' else info.lifecycle} and receives nothing",
            advice=f"say `lifecycle: active` in {info.place.path}, or choose another route",
        )
    return route


def _content(path: Path) -> bytes | Blob:
    """Return a file's bytes; of a great one a copy outside of memory, so that it may change meanwhile."""
    if path.stat().st_size <= IN_MEMORY:
        return path.read_bytes()
    with path.open("rb") as file:
        return Blob.of(iter(lambda: file.read(STEP), b""))


def route_for(release: Release, partner: str, name: str) -> str:
    """Return the one route that takes this partner's files of this name; raises Misconfigured."""
    if partner and partner not in release.partners:
        raise Misconfigured(f"unknown partner '{partner}'{nearest(partner, release.partners)}")
    bound = [binding for bindings in release.bindings.values() for binding in bindings]
    of_partner = [binding for binding in bound if getattr(binding.options, "partner", "") == partner]
    matching = {binding.route for binding in of_partner if _takes(binding, name)}
    if len(matching) == 1:
        return matching.pop()
    known = ", ".join(sorted({binding.route for binding in of_partner} or release.routes))
    found = "several routes take" if matching else "no route takes"
    raise Misconfigured(f"{found} a file '{name}' from partner '{partner}'", advice=f"say which with --route: {known}")


def _takes(binding: Binding, name: str) -> bool:
    """Say whether a binding takes a file of this name, as the connectors do: without regard to case."""
    return fnmatchcase(name.lower(), str(getattr(binding.options, "match", "*")).lower())
