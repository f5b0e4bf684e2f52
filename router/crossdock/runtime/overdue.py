"""Finds what is late, a document without its acknowledgement or without the document that should follow, and tells it once.

Whoever wants to know takes the event in a route: `from: { event: ack.overdue }`, or `document.missing`.
"""

from __future__ import annotations

import logging
import time

from crossdock.core.journal import Journal, Late, LateReport
from crossdock.core.outcome import Event
from crossdock.runtime.drain import spawned
from crossdock.runtime.releases import Releases

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks."""
MOST = 100
"""How many are told in one transaction."""


class Watch:
    """Looks for what is late, at the latest a second after it became so."""

    def __init__(self, journal: Journal, releases: Releases) -> None:
        self._journal = journal
        self._releases = releases
        self._next = 0.0

    def look(self) -> set[str]:
        """Report what is late; return the lanes that got work. Looks again only after a while."""
        if time.monotonic() < self._next:
            return set()
        lanes: set[str] = set()
        while found := self._journal.late(MOST):
            lanes |= self._journal.report([self._report(item) for item in found])
            if len(found) < MOST:
                break
        self._next = time.monotonic() + EVERY
        return lanes

    def _report(self, item: Late) -> LateReport:
        log.warning("%s", item.sentence, extra={"partner": item.message.control.partner, "exchange": item.id})
        return LateReport(item, tuple(spawned(self._releases.active, item.message, Event(item.event, dict(item.body)))))
