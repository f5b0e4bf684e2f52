"""What a project means, file by file: the data of each, who uses it, and the digest of it all, which is a release's id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.core.errors import Place, Refusal
from crossdock_config.project import Project

Thing = tuple[str, str]
"""A file by kind and name: `("map", "acme-850")`."""

NOT_RUN = ("test", "access")
"""Kinds of files that change nothing of what runs: tests, and who may do what."""


@dataclass(frozen=True)
class Meaning:
    """`data` and `paths` of every file by kind and name; `users` are the places that use one; `schemas` are whole, by name."""

    data: Mapping[Thing, Any] = field(default_factory=dict)
    paths: Mapping[Thing, str] = field(default_factory=dict)
    users: Mapping[Thing, tuple[Place, ...]] = field(default_factory=dict)
    schemas: Mapping[str, Any] = field(default_factory=dict)

    def routes_of(self, thing: Thing) -> tuple[str, ...]:
        """Return the routes that a file matters for, directly or through others."""
        named = {path: one for one, path in self.paths.items()}
        found, open_ones = set[Thing](), [thing]
        while open_ones:
            one = open_ones.pop()
            if one not in found:
                found.add(one)
                open_ones += [named[place.path] for place in self.users.get(one, ()) if place.path in named]
        return tuple(sorted(name for kind, name in found if kind == "route"))


def meaning_of(project: Project) -> Meaning:
    """Return what a project means that was read, and compiled as far as it could be."""
    documents = {(kind, name): one for kind, found in project.documents.items() for name, one in found.items()}
    return Meaning(
        {thing: document.data for thing, document in documents.items()},
        {thing: document.path for thing, document in documents.items()},
        {thing: project.users(*thing) for thing in documents},
        {name: whole for name in project.documents.get("schema", {}) if (whole := whole_schema(project, name)) is not None},
    )


def whole_schema(project: Project, name: str) -> Any:
    """Return a schema with all that it refers to in other files; None where that can't be found, which `check` says."""
    try:
        return project.bundle(name).data
    except Refusal:
        return None


def digest(data: Mapping[Thing, Any]) -> str:
    """Return the hash of what files mean: a comment, a blank line or other quotes change nothing."""
    meant = {f"{kind} {name}": content for (kind, name), content in data.items() if kind not in NOT_RUN}
    text = json.dumps(dict(sorted(meant.items())), default=lambda number: ["decimal", str(number)])
    return hashlib.sha256(text.encode()).hexdigest()
