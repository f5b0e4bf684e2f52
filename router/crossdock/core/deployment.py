"""Deployments: which release runs, since when, and by whom. The newest one is the pointer that every process follows.

number   1, 2, 3 ...        each made from the one before it: whoever was slower is told, and changes nothing
release                     what runs; during a canary beside it a `candidate`, for a share of the keys
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from zlib import crc32

Act = Literal["up", "deploy", "canary", "complete", "withdraw", "rollback", "promote"]
"""What made a deployment. `withdraw`: a canary's candidate was taken back, by a person or because it failed too often."""

WHOLE = 10_000
"""All keys: shares are in hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs from one moment (`at`, ms since 1970) to the next.

    `share` (of WHOLE) of the keys goes to the `candidate` until `until` (ms; 0: until a person says so); where more than
    `most_errors` (of WHOLE) of its messages fail beyond what fails without it, it is withdrawn. `approved` says who else agreed.
    """

    number: int
    release: str
    act: Act
    actor: str = ""
    note: str = ""
    candidate: str = ""
    share: int = 0
    until: int = 0
    most_errors: int = 500
    approved: str = ""
    at: int = 0

    def release_for(self, key: str) -> str:
        """Return the release that takes a key: always the same one while this deployment lasts."""
        return self.candidate if self.candidate and crc32(key.encode("utf-8", "replace")) % WHOLE < self.share else self.release

    def __str__(self) -> str:
        beside = f", {percent(self.share)} to {self.candidate[:12]}" if self.candidate else ""
        return f"deployment {self.number}: {self.release[:12]}{beside}"


def percent(share: int) -> str:
    """Return a share in words: `5 %`, `0.25 %`."""
    return f"{share / 100:g} %"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many messages came in under a release, and how many of them failed or have a delivery that failed."""

    messages: int = 0
    failed: int = 0

    @property
    def rate(self) -> int:
        """The share that failed, of WHOLE."""
        return self.failed * WHOLE // self.messages if self.messages else 0
