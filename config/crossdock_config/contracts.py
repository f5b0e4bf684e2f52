"""Schemas as contracts: what a changed schema breaks, and for whom.

    x-compatibility: backward     in a schema: its next version takes everything that this one took (the default)

A changed schema is held to its mode at `plan` and `deploy`, against what runs. Where `order.v2` says how it fits, it is held
against `order.v1` at `check`; without a word it may break with it: that is what a new version is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.core.errors import Place, Problem
from crossdock.core.words import counted, nearest
from crossdock_config.compatibility import MODES, WORD, Breach, breaches, mode_of
from crossdock_config.meaning import Meaning, whole_schema
from crossdock_config.project import Project

_VERSION = re.compile(r"(?P<subject>.+)\.v(?P<number>\d+)")
MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Broken:
    """One way in which a schema breaks its contract: `consumers` are the routes that use it, `users` the places that do."""

    schema: str
    path: str
    breach: Breach
    consumers: tuple[str, ...]
    users: tuple[Place, ...]

    def __str__(self) -> str:
        told = ", ".join(place.short for place in self.users[:MOST_TOLD])
        more = f" and {len(self.users) - MOST_TOLD} more" if len(self.users) > MOST_TOLD else ""
        count = len(self.consumers)
        by = f"; {counted(count, 'route')} use{'s' if count == 1 else ''} it: {told}{more}" if count else ""
        return f"schema {self.schema} is no longer {self.breach.mode} compatible: {self.breach}{by}"

    @property
    def problem(self) -> Problem:
        """The reason why a release must not be deployed."""
        return Problem((self.path, 1, 1), f"{self}; give it a new version, or say `{WORD}: none` in it", "incompatible")


def broken(before: Meaning, after: Meaning) -> Iterator[Broken]:
    """Yield how changed schemas break their contracts with those who send and read as of what runs."""
    for name, new in sorted(after.schemas.items()):
        old, thing = before.schemas.get(name), ("schema", name)
        if old is None or old == new:
            continue
        users = before.users.get(thing) or after.users.get(thing, ())
        consumers = tuple(sorted({*before.routes_of(thing), *after.routes_of(thing)}))
        for breach in breaches(old, new, mode_of(new)):
            yield Broken(name, after.paths[thing], breach, consumers, users)


def subject_of(name: str) -> tuple[str, int]:
    """Return a schema's subject and version: `order.v2` is version 2 of `order`; a name without a version is version 0."""
    found = _VERSION.fullmatch(name)
    return (found["subject"], int(found["number"])) if found else (name, 0)


def examine_versions(project: Project) -> None:
    """Say which schema's new version doesn't fit the one before as it says that it does."""
    documents = project.documents.get("schema", {})
    for name, document in sorted(documents.items()):
        data = document.data if isinstance(document.data, Mapping) else {}
        if WORD not in data:
            continue
        place, said = document.at(WORD), data[WORD]
        if said not in MODES:
            project.say(place, f"`{WORD}` is one of {', '.join(MODES)}, not '{said}'{nearest(str(said), MODES)}")
        elif earlier := _earlier(name, documents):
            old, new = whole_schema(project, earlier), whole_schema(project, name)
            for breach in breaches(old, new, said) if old is not None and new is not None else ():
                project.say(place, f"it says that it is {breach.mode} compatible with {earlier}, and isn't: {breach}")


def _earlier(name: str, documents: Mapping[str, Any]) -> str:
    """Return the version before, by the highest number below its own."""
    subject, number = subject_of(name)
    others = [(subject_of(other)[1], other) for other in documents if subject_of(other)[0] == subject]
    return max(((version, other) for version, other in others if version < number), default=(0, ""))[1]
