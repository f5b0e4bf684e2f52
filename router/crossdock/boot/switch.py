"""Deployments for the office: from what `crossdock build` made, or from a release that the journal keeps."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.boot.deployments import (
    Candidate,
    Order,
    complete,
    deploy,
    living,
    of_artefact,
    of_release,
    promote,
    rollback,
)
from crossdock.core.access import Permission
from crossdock.core.deployment import WHOLE
from crossdock.core.errors import Refused
from crossdock.core.office import Row

if TYPE_CHECKING:
    from crossdock.runtime.guard import Guard
    from crossdock.runtime.journal import OpenJournal

PLAIN, SHARES = ("allow_delete", "expected", "lasting"), ("canary", "most_errors")


class Switch:
    """`runtime.office.Switch`: everything is compiled and proven here, with this machine's secrets, whoever sent it."""

    def __init__(self, root: Path, environment: str, opened: OpenJournal) -> None:
        self._root = root
        self._environment = environment
        self._opened = opened

    def deploy(self, asked: Row, guard: Guard) -> Row:
        """Deploy, or begin a canary; raises Misconfigured, Refused, Denied."""
        order = _order(asked, guard, "deploy")
        return asdict(deploy(self._opened, self._candidate(asked), order))

    def complete(self, note: str, guard: Guard) -> Row:
        """Make a canary's candidate what runs; raises Refused, Denied."""
        return asdict(complete(self._opened, _order({"note": note}, guard, "deploy")))

    def rollback(self, to: str, note: str, guard: Guard) -> Row:
        """Go back; raises Misconfigured, Refused, Denied."""
        order = _order({"note": note}, guard, "rollback")
        return asdict(rollback(self._opened, self._root, self._environment, order, to))

    def promote(self, source: str, asked: Row, guard: Guard) -> Row:
        """Deploy what runs in another environment, whose journal must be within this machine's reach; raises as `deploy`."""
        return asdict(promote(self._opened, self._root, source, self._environment, _order(asked, guard, "promote")))

    def processes(self) -> list[Row]:
        """Return the processes that live."""
        return [dict(row) for row in living(self._opened)]

    def keep(self, artefact: bytes) -> str:
        """Keep a release that was built, proven to compile here, and return its id; raises Misconfigured."""
        candidate = of_artefact(self._root, self._environment, artefact, "the request")
        self._opened.journal.keep_release(candidate.kept)
        return candidate.release.id

    def _candidate(self, asked: Row) -> Candidate:
        if asked.get("artefact"):
            return of_artefact(self._root, self._environment, asked["artefact"], "the request")
        kept = self._opened.journal.load_release(asked.get("release") or "")
        if kept is None:
            raise Refused(
                f"no release '{(asked.get('release') or '')[:64]}' is kept here",
                code="unknown_release",
                advice="send what `crossdock build` made as `artefact`, or name a release that was kept here before",
            )
        return of_release(self._root, self._environment, kept)


def _order(asked: Row, guard: Guard, permission: Permission) -> Order:
    """Return what is asked for: shares come in percent."""
    how: dict[str, Any] = {name: asked[name] for name in PLAIN if asked.get(name) is not None}
    how |= {name: round(asked[name] * WHOLE / 100) for name in SHARES if asked.get(name) is not None}
    return Order(guard.allow(permission), asked.get("note") or "", guard=guard, **how)
