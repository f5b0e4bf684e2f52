"""Endpoints: the names that routes use, bound to connectors by the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from crossdock.core.errors import Place
from crossdock.core.spec import ConnectorSpec, Options
from crossdock.core.words import nearest
from crossdock_config.checked import Subject
from crossdock_config.footing import ENDPOINT
from crossdock_config.project import Project
from crossdock_config.release import Endpoint
from crossdock_config.yaml_source import Document, Path


@dataclass
class Endpoints:
    """The environment's endpoints; a connector's own name is an endpoint with default settings where nothing is said.

    `broken` are endpoints that are defined, but wrongly: what is wrong has been said. `unknown` says that the environment
    itself can't be read, so that nothing can be said of names.
    """

    project: Project
    document: Document
    environment: str
    unknown: bool = False
    found: dict[str, Endpoint] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def define(self, bound: dict[str, Any], data: Any) -> None:
        """Bind all endpoints that the environment names; `bound` as written, `data` with references replaced."""
        for name in bound:
            self.broken.add(name)
            at = ("endpoints", name)
            if not isinstance(data[name], dict) or len(data[name]) != 1:
                message = f"endpoint '{name}' has one connector: `{name}: {{ http: {{ ... }} }}`"
                self.project.say(self.document.key(*at), message)
                continue
            connector, settings = next(iter(data[name].items()))
            self._bind(name, connector, settings, (*at, connector))

    def find(self, name: str, place: Place) -> Endpoint | None:
        """Return an endpoint by the name that a route uses at a place, or None; see `known`."""
        self.project.reads.note(ENDPOINT, name)
        if name not in self.found and name not in self.broken and not self.unknown:
            spec = self.project.registry.find("connectors", name)
            if isinstance(spec, ConnectorSpec):
                self._bind_default(name, spec, place)
        return self.found.get(name)

    def channel(self, name: str) -> type[Options] | None:
        """Return what partners say of an endpoint, or None where it doesn't serve partners."""
        spec = self.found[name].spec if name in self.found else self.project.registry.find("connectors", name)
        return spec.channel if isinstance(spec, ConnectorSpec) and not self.silent(name) else None

    def silent(self, name: str) -> bool:
        """Whether nothing more is to be said of a name that wasn't found."""
        return self.unknown or name in self.broken

    def names(self) -> dict[str, str]:
        """Return all names that a route may use, each with what it is."""
        connectors = {spec.name: spec.summary for spec in self.project.registry.all("connectors")}
        bound = {name: f"{one.spec.name}: {one.spec.summary}" for name, one in self.found.items() if name != one.spec.name}
        return connectors | dict.fromkeys(self.broken, "") | bound

    def _bind(self, name: str, connector: str, settings: Any, at: Path) -> None:
        spec = self.project.registry.find("connectors", connector)
        place = self.document.key(*at)
        if not isinstance(spec, ConnectorSpec):
            known = self.project.registry.names("connectors")
            self.project.say(place, f"unknown connector '{connector}'{nearest(connector, known)}", "unknown")
            return
        options = self.project.options(spec.settings, settings, Subject(self.document, at, connector))
        if options is not None:
            self.broken.discard(name)
            self.found[name] = Endpoint(name, spec, options, place)

    def _bind_default(self, name: str, spec: ConnectorSpec, place: Place) -> None:
        try:
            self.found[name] = Endpoint(name, spec, spec.settings(), place)
        except ValidationError as error:
            needed = ", ".join(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
            advice = f"name it under `endpoints` in environment '{self.environment}'"
            self.broken.add(name)
            self.project.say(place, f"endpoint '{name}' can't do without settings ({needed}): {advice}")
