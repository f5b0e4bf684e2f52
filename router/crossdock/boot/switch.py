"""Deployments for the office: from what `crossdock build` made, or from a release that the journal keeps."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.boot.deployments import Candidate, Made, Order, deploy, of_artefact, of_release, rollback
from crossdock.core.access import Actor
from crossdock.core.errors import Refused
from crossdock.core.office import Row

if TYPE_CHECKING:
    from crossdock.runtime.journal import OpenJournal


class Switch:
    """`runtime.office.Switch`: everything is compiled and proven here, with this machine's secrets, whoever sent it."""

    def __init__(self, root: Path, environment: str, opened: OpenJournal) -> None:
        self._root = root
        self._environment = environment
        self._opened = opened

    def deploy(self, asked: Row, by: Actor) -> Row:
        """Deploy; raises Misconfigured, Refused."""
        how: dict[str, Any] = {name: asked[name] for name in ("allow_delete", "expected") if asked.get(name) is not None}
        return _told(deploy(self._opened, self._candidate(asked), Order(by, asked.get("note") or "", **how)))

    def rollback(self, to: str, note: str, by: Actor) -> Row:
        """Go back; raises Misconfigured, Refused."""
        return _told(rollback(self._opened, self._root, self._environment, Order(by, note), to))

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


def _told(made: Made) -> Row:
    return asdict(made)
