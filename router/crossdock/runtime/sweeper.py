"""The sweeper, one in every worker: finds what is due, late, or left by a dead worker, so that no wake-up need ever arrive.

It also follows what is deployed, and watches canaries.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from crossdock.core.errors import CrossdockError
from crossdock.core.version import engine

if TYPE_CHECKING:
    from crossdock.runtime.worker import Parts

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 0.02, 1.0
BEAT = 5


class Sweeper:
    """Wakes due lanes from a thread of its own, at the latest once a second."""

    def __init__(self, parts: Parts, name: str, role: str) -> None:
        self._parts = parts
        self._name = name
        self._role = role
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> Sweeper:
        """Start the thread; the first sweep comes at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop the thread."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        wait, rounds = 0.0, 0
        while not self._stopping.wait(wait):
            try:
                wait = self._sweep(rounds)
            except CrossdockError as error:
                log.warning("the sweep failed and will be tried again: %s", error.message)
                wait = LONGEST
            rounds += 1
        self._parts.journal.close()

    def _sweep(self, rounds: int) -> float:
        journal, switched = self._parts.journal, self._parts.follow()
        self._parts.canary.look()
        self._parts.waker.wake(journal.sweep() | self._parts.watch.look())
        if switched or rounds % BEAT == 0:
            releases = self._parts.releases
            detail = {"engine": engine(), "deployment": releases.deployment.number, "trouble": releases.trouble}
            journal.beat(self._name, self._role, detail)
        due = journal.next_due()
        return LONGEST if due is None else min(LONGEST, max(SHORTEST, due))
