"""Compiled releases by id: a message finishes on the release that it began with, whatever is deployed meanwhile.

journal: newest deployment ── follow ──> active, candidate        what new messages begin with
journal: any stored release ── get ────> compiled again           what older messages still need
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from crossdock.core.deployment import Deployment
from crossdock.core.errors import CrossdockError, Misconfigured
from crossdock.core.journal import Journal, StoredRelease
from crossdock_config import Release

log = logging.getLogger(__name__)

KEPT = 6
"""How many compiled releases a process keeps; older ones are compiled again when a message still needs them."""

Compile = Callable[[StoredRelease, Release | None], Release]
"""Compiles a release that the journal kept; routes that did not change are those of the release that runs, where one does."""


class Releases:
    """What runs, and from the journal any earlier release. Safe from many threads.

    `deployment` is the newest that was taken up; `trouble` says why a newer one could not be. A release is compiled before it is
    gone over to, and nobody who has another one waits for that.
    """

    def __init__(self, deployment: Deployment, journal: Journal, compile_again: Compile, known: Release | None = None) -> None:
        self._journal = journal
        self._compile = compile_again
        self._known: OrderedDict[str, Release] = OrderedDict({known.id: known} if known else {})
        self._lock = threading.Lock()
        self._compiling = threading.Lock()
        self._running: Release | None = known
        self._refused = 0
        self.trouble = ""
        self.deployment = deployment
        self.active = self._running = self.get(deployment.release)
        self.candidate = self.get(deployment.candidate) if deployment.candidate else None

    def get(self, release: str) -> Release:
        """Return a release; raises Misconfigured where the journal has none of that id, or this engine can't run it."""
        found = self._have(release)
        if found is None:
            with self._compiling:
                found = self._have(release) or self._keep(self._load(release))
        return found

    def follow(self) -> bool:
        """Take up what is deployed now; return whether that is new. What can't be run here is told once, and not taken up."""
        newest = self._journal.deployed()
        if newest is None or newest.number in (self.deployment.number, self._refused):
            return False
        try:
            active = self.get(newest.release)
            candidate = self.get(newest.candidate) if newest.candidate else None
        except Misconfigured as error:
            self._refused, self.trouble = newest.number, f"{newest} is not taken up: {error.message}"
            log.error("%s; %s", self.trouble, error.advice)
            return False
        self.deployment, self.active, self.candidate, self.trouble = newest, active, candidate, ""
        self._running = active
        log.info("%s is taken up", newest)
        return True

    def _have(self, release: str) -> Release | None:
        with self._lock:
            if release in self._known:
                self._known.move_to_end(release)
            return self._known.get(release)

    def _keep(self, found: Release) -> Release:
        with self._lock:
            self._known[found.id] = found
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    def _load(self, release: str) -> Release:
        stored = self._journal.load_release(release)
        if stored is None:
            raise Misconfigured(
                f"release {release[:12]} is not in the journal (any more)",
                advice="was it purged, or the journal restored from a backup? Deploy the release again, then retry the message",
            )
        return self._compile(stored, self._running)


def follow_quietly(releases: Releases) -> bool:
    """Take up what is deployed now; while the journal can't be asked, what runs goes on."""
    try:
        return releases.follow()
    except CrossdockError as error:
        log.warning("can't ask what is deployed, and go on with %s: %s", releases.deployment, error.message)
        return False
