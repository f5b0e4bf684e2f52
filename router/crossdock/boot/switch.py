"""Deployments for the office: from a project's files, or from a release that the journal keeps."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.boot.deployments import Candidate, Made, Order, deploy, of_folder, of_release, rollback
from crossdock.boot.house import stored, usable
from crossdock.core.access import Actor
from crossdock.core.errors import Misconfigured, Refused
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

    def _candidate(self, asked: Row) -> Candidate:
        import crossdock_config

        if asked.get("release"):
            kept = self._opened.journal.load_release(asked["release"])
            if kept is None:
                raise Refused(f"no release {asked['release'][:64]} is kept here", code="unknown_release")
            return of_release(self._root, self._environment, kept)
        if asked.get("files") is None:
            return of_folder(self._root, self._environment)
        if not asked["files"]:
            raise Misconfigured("a release without files is none", advice="send the project's files, path to text")
        secrets = crossdock_config.system_secrets(self._root)
        release = usable(crossdock_config.load(asked["files"], self._environment, secrets=secrets))
        return Candidate(release, stored(release))


def _told(made: Made) -> Row:
    return asdict(made)
