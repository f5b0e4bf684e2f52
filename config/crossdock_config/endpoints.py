"""Endpoints: the names that routes use, bound to connectors by the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crossdock.core.registry import nearest
from crossdock.core.spec import ConnectorSpec
from crossdock_config.project import Project
from crossdock_config.release import Endpoint
from crossdock_config.yaml_source import Document


@dataclass
class Endpoints:
    """The environment's endpoints; a connector's own name is an endpoint with default settings where nothing is said."""

    project: Project
    document: Document
    found: dict[str, Endpoint] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Endpoints that are defined, but wrongly: what is wrong has been said."""
    unreadable: bool = False
    """The environment's file can't be used at all, so nothing can be said of the names in it."""
    _asked: set[str] = field(default_factory=set)

    def define(self, data: dict[str, dict[str, Any]]) -> None:
        """Bind all endpoints that the environment names."""
        for name, bound in data.items():
            at = ("endpoints", name)
            if len(bound) != 1:
                self.project.say(self.document.at(*at), f"endpoint '{name}' has one connector: `{name}: {{ http: {{ ... }} }}`")
                continue
            connector, settings = next(iter(bound.items()))
            self._bind(name, connector, settings, self.document, (*at, connector))

    def find(self, name: str) -> Endpoint | None:
        """Return an endpoint by the name that a route uses."""
        if name not in self.found and name not in self._asked:
            self._asked.add(name)
            spec = self.project.registry.find("connectors", name)
            if isinstance(spec, ConnectorSpec):
                self._bind(name, name, {}, self.document, ("endpoints",))
        return self.found.get(name)

    def is_broken(self, name: str) -> bool:
        """Say whether what is wrong with an endpoint has been said already."""
        return name in self.broken or (self.unreadable and name not in self.found)

    def names(self) -> list[str]:
        """Return all names that a route may use."""
        return sorted({*self.found, *self.project.registry.names("connectors")})

    def _bind(self, name: str, connector: str, settings: Any, document: Document, at: tuple[str | int, ...]) -> None:
        self._asked.add(name)
        self.broken.add(name)
        spec = self.project.registry.find("connectors", connector)
        place = document.key_places.get(at, document.at(*at))
        if not isinstance(spec, ConnectorSpec):
            known = self.project.registry.names("connectors")
            self.project.say(place, f"unknown connector '{connector}'{nearest(connector, known)}", "unknown")
            return
        options = self.project.options(spec.settings, settings, document, at, connector)
        if options is not None:
            self.broken.discard(name)
            self.found[name] = Endpoint(name, spec, options, place)
