"""Which release a document begins with, decided once, when it is accepted.

a canary's candidate      for its share of the keys, where it takes the document's route too
what is deployed          for all others
what was deployed before  for what came in at a door that the new release has closed, in the moment of the switch
"""

from __future__ import annotations

from crossdock.core.message import Receipt
from crossdock.runtime.releases import Releases
from crossdock_config import Release


class Doors:
    """Chooses releases for receipts; `switch` after every deployment that was taken up."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases
        self._before: tuple[str, frozenset[str]] = ("", frozenset())
        self._open(releases)

    def switch(self) -> None:
        """Go over to what is deployed now."""
        self._before = (self._release, self._routes)
        self._open(self._releases)

    def release_for(self, receipt: Receipt) -> str:
        """Return the id of the release that a receipt begins with."""
        if receipt.route not in self._routes:
            return self._before[0] if receipt.route in self._before[1] else self._release
        if receipt.route not in self._candidates:
            return self._release
        return self._deployment.release_for(f"{receipt.partner}/{_key(receipt)}")

    def _open(self, releases: Releases) -> None:
        self._deployment = releases.deployment
        self._release = releases.active.id
        self._routes = received(releases.active)
        self._candidates = received(releases.candidate) if releases.candidate else frozenset()


def received(release: Release) -> frozenset[str]:
    """Return the routes that take documents from endpoints."""
    return frozenset(binding.route for bindings in release.bindings.values() for binding in bindings)


def _key(receipt: Receipt) -> str:
    """Return what tells a receipt from others, the same when it comes again."""
    data = receipt.data if isinstance(receipt.data, bytes) else b""
    return receipt.dedupe_key or receipt.name or data[:4096].decode("latin-1")
