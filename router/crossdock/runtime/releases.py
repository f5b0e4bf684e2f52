"""Compiled releases by id: a message finishes on the release that it began with."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from crossdock.core.errors import Misconfigured
from crossdock.core.journal import Journal, StoredRelease
from crossdock_config import Release

KEPT = 4
"""How many compiled releases a process keeps; older ones are compiled again when a message still needs them."""

Compile = Callable[[StoredRelease], Release]


class Releases:
    """The active release and, from the journal, any earlier one."""

    def __init__(self, active: Release, journal: Journal, compile_again: Compile) -> None:
        self.active = active
        self._journal = journal
        self._compile = compile_again
        self._known: OrderedDict[str, Release] = OrderedDict({active.id: active})
        self._lock = threading.Lock()

    def get(self, release: str) -> Release:
        """Return a release; raises Misconfigured where the journal has none of that id."""
        if release == self.active.id:
            return self.active
        with self._lock:
            found = self._known.get(release) or self._load(release)
            self._known[release] = found
            self._known.move_to_end(release)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    def _load(self, release: str) -> Release:
        stored = self._journal.load_release(release)
        if stored is None:
            raise Misconfigured(
                f"release {release[:12]} is not in the journal",
                advice="run `crossdock up` once on the project that this message was accepted under, then retry it",
            )
        return self._compile(stored)
