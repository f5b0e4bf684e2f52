"""The registry of components: built-in ones register exactly as a stranger's plugin does, by entry point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from crossdock.core.errors import Misconfigured, Refusal
from crossdock.core.spec import Spec
from crossdock.core.words import nearest

KINDS = ("connectors", "transformers", "policies")


@dataclass(slots=True)
class Registry:
    """Components by kind and name; a spec is imported when it is first asked for."""

    points: dict[str, dict[str, EntryPoint | Spec]] = field(default_factory=dict)

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind (`connectors`, `transformers`, `policies`), sorted, without importing any."""
        return sorted(self.points.get(kind, {}))

    def find(self, kind: str, name: str) -> Spec | None:
        """Return a spec, or None."""
        point = self.points.get(kind, {}).get(name)
        if isinstance(point, EntryPoint):
            point = self.points[kind][name] = _loaded(point)
        return point

    def get(self, kind: str, name: str) -> Spec:
        """Return a spec; raises Refusal with the nearest name."""
        spec = self.find(kind, name)
        if spec is None:
            raise Refusal(f"unknown {kind[:-1] if kind != 'policies' else 'policy'} '{name}'{nearest(name, self.names(kind))}")
        return spec

    def all(self, kind: str) -> Iterator[Spec]:
        """Yield every spec of a kind in the order of names."""
        for name in self.names(kind):
            yield self.get(kind, name)


def _loaded(point: EntryPoint) -> Spec:
    try:
        spec: Spec = point.load()
    except Exception as error:
        raise Misconfigured(
            f"component '{point.name}' ({point.value}) can't be loaded: {type(error).__name__}: {error}",
            advice="install it again, or remove the package that brings it",
        ) from error
    return spec


@cache
def installed() -> Registry:
    """Return the registry of everything that is installed."""
    return Registry({kind: {point.name: point for point in entry_points(group=f"crossdock.{kind}")} for kind in KINDS})
