"""What the drains of one working process have in common."""

from __future__ import annotations

from dataclasses import dataclass

from crossdock.core.clock import Clock
from crossdock.core.journal import Journal
from crossdock.core.policy import StateStore
from crossdock.runtime.metrics import Metrics
from crossdock.runtime.releases import Releases


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where messages are run and deliveries made; `lease` in seconds, `state` is what policies count in."""

    journal: Journal
    releases: Releases
    state: StateStore
    clock: Clock
    metrics: Metrics
    lease: float
