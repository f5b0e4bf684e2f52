"""Watches a canary: takes the candidate back when it fails too often, and makes it the release when its time is over.

Every worker watches; the first that decides makes the next deployment, and the others find theirs superseded.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from crossdock.core.deployment import Deployment, Tally, percent
from crossdock.core.journal import Journal, Superseded
from crossdock.runtime.releases import Releases

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks."""
ENOUGH = 20
"""How many messages must have met the candidate before a share of failures means anything ..."""
MANY = 5
"""... or how many failures, whatever the share."""


class Canary:
    """Looks how the candidate fares, once a second while there is one."""

    def __init__(self, journal: Journal, releases: Releases) -> None:
        self._journal = journal
        self._releases = releases
        self._next = 0.0

    def look(self) -> None:
        """Withdraw or complete the candidate where it is time to."""
        deployment = self._releases.deployment
        if not deployment.candidate or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        tallies = self._journal.tallies(deployment.at)
        decided = verdict(deployment, tallies, time.time() * 1000)
        if decided is None:
            return
        try:
            made = self._journal.deploy(decided)
        except Superseded:
            return
        (log.error if made.act == "withdraw" else log.info)("%s: %s", made, made.note)


def verdict(deployment: Deployment, tallies: dict[str, Tally], now: float) -> Deployment | None:
    """Return the deployment that ends a canary, or None where it goes on. `now` is in ms since 1970.

    A candidate that has met no message has proven nothing, and goes on whatever its time is.
    """
    old, new = tallies.get(deployment.release, Tally()), tallies.get(deployment.candidate, Tally())
    after = replace(deployment, number=deployment.number + 1, actor="crossdock", candidate="", share=0, until=0, approved="")
    if (new.messages >= ENOUGH or new.failed >= MANY) and new.rate > old.rate + deployment.most_errors:
        note = f"{told(new)} with {deployment.candidate[:12]} failed, {told(old)} with {deployment.release[:12]}"
        return replace(after, act="withdraw", note=note)
    if new.messages and deployment.until and now >= deployment.until:
        note = f"{told(new)} with {deployment.candidate[:12]} failed, {told(old)} with {deployment.release[:12]}"
        return replace(after, act="complete", release=deployment.candidate, note=note, approved=deployment.approved)
    return None


def told(tally: Tally) -> str:
    """Return a tally in words: `3 of 40 (7.5 %)`."""
    return f"{tally.failed} of {tally.messages} ({percent(tally.rate)})"
