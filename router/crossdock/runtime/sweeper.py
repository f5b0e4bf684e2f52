"""The sweeper, one in every worker: finds what is due, late, or left by a dead worker, so that no wake-up need ever arrive."""

from __future__ import annotations

import logging
import threading

from crossdock.core.errors import CrossdockError
from crossdock.core.journal import Journal
from crossdock.runtime.overdue import Watch
from crossdock.runtime.waker import Waker

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 0.02, 1.0


class Sweeper:
    """Wakes due lanes from a thread of its own, at the latest once a second."""

    def __init__(self, journal: Journal, waker: Waker, watch: Watch, name: str, role: str) -> None:
        self._journal = journal
        self._watch = watch
        self._waker = waker
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
        self._journal.close()

    def _sweep(self, rounds: int) -> float:
        self._waker.wake(self._journal.sweep() | self._watch.look())
        if rounds % 5 == 0:
            self._journal.beat(self._name, self._role, {})
        due = self._journal.next_due()
        return LONGEST if due is None else min(LONGEST, max(SHORTEST, due))
