"""The schema registry: every version of a schema that was ever deployed, read from the releases that the journal keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crossdock_config.contracts import subject_of
from crossdock_config.meaning import Meaning, digest

if TYPE_CHECKING:
    from crossdock.runtime.journal import OpenJournal

FURTHEST = 500
"""How many deployments are looked back."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A schema as it was from one deployment (`number`, at `at` ms) on, until the next edition."""

    name: str
    number: int
    at: int
    by: str
    fingerprint: str
    schema: Any

    @property
    def subject(self) -> str:
        """What it is a version of: `order` for `order.v1`."""
        return subject_of(self.name)[0]


def editions(opened: OpenJournal, name: str = "") -> list[Edition]:
    """Return what was deployed of a schema, or of all, oldest first; one that did not change is told once."""
    found: list[Edition] = []
    last: dict[str, str] = {}
    read: dict[str, Meaning] = {}
    for deployment in reversed(opened.journal.deployments(FURTHEST)):
        if deployment.release not in read:
            read[deployment.release] = _meaning(opened, deployment.release)
        for schema, data in _schemas(read[deployment.release], name):
            fingerprint = digest({("schema", schema): data})[:12]
            if last.get(schema) != fingerprint:
                last[schema] = fingerprint
                found.append(Edition(schema, deployment.number, deployment.at, deployment.actor, fingerprint, data))
    return found


def _schemas(meaning: Meaning, name: str) -> Iterator[tuple[str, Any]]:
    for schema, data in sorted(meaning.schemas.items()):
        if name in ("", schema, subject_of(schema)[0]):
            yield schema, data


def _meaning(opened: OpenJournal, release: str) -> Meaning:
    import crossdock_config

    kept = opened.journal.load_release(release)
    files = {path: text for path, text in kept.files.items() if path.endswith(".schema.json")} if kept else {}
    return crossdock_config.load(files, "local", governance="warning").meaning
