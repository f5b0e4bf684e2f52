"""The outbound sides of a release's endpoints, opened when they are first used."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from crossdock.core.errors import Misconfigured
from crossdock.core.partner import Partner
from crossdock.core.ports import Services, Sink
from crossdock.core.spec import ConnectorSpec
from crossdock.core.words import nearest
from crossdock.runtime.loop import LoopThread
from crossdock_config import Endpoint, Release

PARTNER = "partner:"


class Sinks:
    """Sinks by release and endpoint."""

    def __init__(self, services: Services, loop: LoopThread) -> None:
        self._services = services
        self._loop = loop
        self._sinks: dict[tuple[str, str], _Open] = {}
        self._lock = threading.Lock()

    def get(self, release: Release, endpoint: str) -> Sink:
        """Return an endpoint's sink; `partner:acme` is the partner's own channel. Raises Misconfigured."""
        key = (release.id, channel_of(release, endpoint) if endpoint.startswith(PARTNER) else endpoint)
        with self._lock:
            if key not in self._sinks:
                self._sinks[key] = self._open(release, key[1])
            return self._sinks[key].sink

    def warm(self, release: Release) -> None:
        """Open every endpoint that can be delivered to, so that the first delivery waits for no imports."""
        for name, endpoint in release.endpoints.items():
            if endpoint.spec.target is not None:
                self.get(release, name)

    def close(self) -> None:
        """Close them all."""
        for sink in {id(opened.sink): opened.sink for opened in self._sinks.values()}.values():
            self._loop.run(sink.close())
        self._sinks.clear()

    def _open(self, release: Release, endpoint: str) -> _Open:
        found = release.endpoints.get(endpoint)
        if found is None or found.spec.target is None:
            raise Misconfigured(
                f"endpoint '{endpoint}' can't be delivered to in environment '{release.environment.environment}'"
                f"{nearest(endpoint, release.endpoints)}",
                advice="name it under `endpoints` in the environment's file",
            )
        for (_, name), opened in self._sinks.items():
            if name == endpoint and opened.serves(found, release):
                return opened
        services = replace(self._services, partners=release.partners)
        return _Open(found, release.partners, self._loop.run(_built(found.spec, found.settings, services)))


@dataclass(frozen=True, slots=True)
class _Open:
    """A sink, and what it was made from: a release that says the same uses the same connections."""

    endpoint: Endpoint
    partners: Mapping[str, Partner]
    sink: Sink

    def serves(self, endpoint: Endpoint, release: Release) -> bool:
        mine = (self.endpoint.spec.name, self.endpoint.settings, self.partners)
        return mine == (endpoint.spec.name, endpoint.settings, release.partners)


async def _built(spec: ConnectorSpec, settings: object, services: Services) -> Sink:
    """Build a sink on the loop that it will live on."""
    assert spec.target is not None
    return spec.target(settings, services)


def channel_of(release: Release, endpoint: str) -> str:
    """Return the endpoint through which a partner is reached: the first of its channels that can be delivered to."""
    name = endpoint.removeprefix(PARTNER)
    partner = release.partners.get(name)
    if partner is None:
        raise Misconfigured(f"unknown partner '{name}'{nearest(name, release.partners)}", advice="write config/partners/")
    for channel in partner.channels:
        known = release.endpoints.get(channel)
        if known is not None and known.spec.target is not None:
            return channel
    raise Misconfigured(
        f"partner '{name}' has no channel that documents can be delivered to",
        advice=f"name one under `channels` in config/partners/{name}.yaml",
    )
