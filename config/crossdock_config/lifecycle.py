"""The catalogue of routes and schemas, and what their lifecycles allow.

draft        is checked; a route receives nothing, a schema shouldn't be used yet (a warning)
deprecated   what is new can't use it: a route without `created_on`, or with one after `deprecated_on`
past sunset  an error that names the users
retired      receives nothing and is used by nothing

Who starts, or goes on with a release, only warns of all this: a date that passes must stop nothing that runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from crossdock.core.errors import Place, Problem
from crossdock.core.words import nearest
from crossdock_config.checked import Subject, checked
from crossdock_config.project import Project, part
from crossdock_config.standing import NONE, WORDS, Entry, SchemaStanding, Standing
from crossdock_config.yaml_source import Document

Governance = Literal["error", "warning"]
"""What a breach of the rules of ownership and lifecycle is: `check` and `deploy` refuse it, a process that starts only warns."""
RECEIVING = ("active", "deprecated")
"""The stages of a route's life in which it receives; in the others it is only checked."""


def catalogue(project: Project) -> list[Entry]:
    """Return every route and schema whose standing can be read, routes first, by name; what is wrong in a schema is said."""
    found = [_route(project, name, one) for name, one in sorted(project.documents.get("route", {}).items())]
    found += [_schema(project, name, one) for name, one in sorted(project.documents.get("schema", {}).items())]
    return [entry for entry in found if entry is not None]


def examine(project: Project, entries: Iterable[Entry], governance: Governance) -> None:
    """Say what has no owner, and what is used against its lifecycle."""
    _Examination(project, {(entry.kind, entry.name): entry for entry in entries}, governance, _today(project)).run()


def _today(project: Project) -> date:
    return datetime.fromtimestamp(project.clock.now(), UTC).date()


def _route(project: Project, name: str, document: Document) -> Entry | None:
    if not isinstance(document.data, dict):
        return None
    said = {key: value for key, value in document.data.items() if key in Standing.model_fields}
    standing = checked(Standing, said, Subject(document, (), "this route"), [])  # the route's own model says what is wrong
    if standing is None:
        return None
    source = part(document, "from", dict)
    return Entry(
        "route",
        name,
        document.at("route"),
        standing,
        str(document.data.get("description") or ""),
        project.users("route", name),
        ", ".join(f"{endpoint} {_brief(options)}".strip() for endpoint, options in source.items()),
    )


def _brief(options: Any) -> str:
    """Return what tells one source of an endpoint from another: the partner, the path, the event."""
    if isinstance(options, str):
        return options
    given = options if isinstance(options, dict) else {}
    return " ".join(str(given[key]) for key in ("partner", "path", "directory") if isinstance(given.get(key), str))


def _schema(project: Project, name: str, document: Document) -> Entry | None:
    if not isinstance(document.data, dict):
        return None
    said = {key: value for key, value in document.data.items() if key in WORDS}
    standing = checked(SchemaStanding, said, Subject(document, (), "this schema"), project.problems)
    if standing is None:
        return None
    title = document.data.get("description") or document.data.get("title") or ""
    return Entry("schema", name, document.at(), standing, str(title), project.users("schema", name))


@dataclass(frozen=True)
class _Examination:
    project: Project
    entries: Mapping[tuple[str, str], Entry]
    governance: Governance
    today: date

    def run(self) -> None:
        for entry in self.entries.values():
            self._owner(entry)
            self._successor(entry)
            if entry.standing.lifecycle == "draft":
                self._draft(entry)
            elif entry.standing.lifecycle == "retired":
                self._retired(entry)
            elif entry.standing.lifecycle == "deprecated":
                self._deprecated(entry)

    def _owner(self, entry: Entry) -> None:
        if entry.kind == "schema" and not entry.standing.owner.strip():
            message = f'schema \'{entry.name}\' has no owner: say who answers for it, `"x-owner": "edi@distributor.example"`'
            self._say(self.project.documents["schema"][entry.name].at("x-owner"), message, "owner")

    def _successor(self, entry: Entry) -> None:
        name = entry.standing.successor
        if name in ("", NONE):
            return
        document = self.project.documents[entry.kind][entry.name]
        place = document.at("successor" if entry.kind == "route" else "x-successor")
        known = [one for kind, one in self.entries if kind == entry.kind and one != entry.name]
        if name not in known:
            words = "itself can't follow it" if name == entry.name else f"there is no {entry.kind} '{name}'{nearest(name, known)}"
            self._say(place, f"{entry.kind} '{entry.name}': {words}", "unknown")
        elif self.entries[entry.kind, name].standing.lifecycle == "retired":
            self._say(place, f"{entry.kind} '{name}' is retired and can't follow '{entry.name}'")

    def _draft(self, entry: Entry) -> None:
        for place in self._using(entry):
            self._warn(place, f"{entry.kind} '{entry.name}' is a draft: it may still change")

    def _retired(self, entry: Entry) -> None:
        for place in self._using(entry):
            self._say(place, f"{entry.kind} '{entry.name}' is retired{_instead(entry)}")

    def _deprecated(self, entry: Entry) -> None:
        standing = entry.standing
        assert standing.deprecated_on
        assert standing.sunset_on
        if self.today > standing.sunset_on:
            self._lapsed(entry, standing.sunset_on)
            return
        for place in self._using(entry):
            created = self._created(place)
            if created is None or created > standing.deprecated_on:
                since = f"{entry.kind} '{entry.name}' is deprecated since {standing.deprecated_on}"
                message = f"{since} and takes no new users{_instead(entry)}"
                older = "" if created else "; a route that is older says so: `created_on: 2026-01-31`"
                self._say(place, message + older)

    def _lapsed(self, entry: Entry, sunset: date) -> None:
        users = [place.short for place in self._using(entry)] + ([entry.receives] if entry.receives else [])
        still = f"and is still used: {', '.join(users)}; move them" if users else "and nothing uses it"
        word = "`lifecycle: retired`" if entry.kind == "route" else '`"x-lifecycle": "retired"`'
        message = f"{entry.kind} '{entry.name}' was to end on {sunset} {still}{_instead(entry)}, then say {word}"
        if users:
            self._say(entry.place, message)
        else:
            self._warn(entry.place, message)

    def _using(self, entry: Entry) -> Iterator[Place]:
        """Yield the places where something that lives uses a thing."""
        for place in entry.users:
            user = self._route_at(place)
            if user is None or user.standing.lifecycle in RECEIVING:
                yield place

    def _route_at(self, place: Place) -> Entry | None:
        return next((one for one in self.entries.values() if one.kind == "route" and one.place.path == place.path), None)

    def _created(self, place: Place) -> date | None:
        user = self._route_at(place)
        return user.standing.created_on if user else None

    def _say(self, place: Place, message: str, code: str = "lifecycle") -> None:
        problem = Problem((place.path, place.line, place.column), message, code, self.governance)
        if problem not in self.project.problems:
            self.project.problems.append(problem)

    def _warn(self, place: Place, message: str) -> None:
        self.project.problems.append(Problem((place.path, place.line, place.column), message, "lifecycle", "warning"))


def _instead(entry: Entry) -> str:
    successor = entry.standing.successor
    return f": use '{successor}'" if successor not in ("", NONE) else ""
