"""The patterns of a route, with the names of Enterprise Integration Patterns: one `Pattern` each, by what it is about."""

from __future__ import annotations

from crossdock_config.patterns import recipients, routing, shaping, timing, trouble, waiting
from crossdock_config.patterns.pattern import Built, Pattern, Site

ALL: tuple[Pattern, ...] = (
    *shaping.PATTERNS,
    *routing.PATTERNS,
    *recipients.PATTERNS,
    *timing.PATTERNS,
    *trouble.PATTERNS,
    *waiting.PATTERNS,
)
PATTERNS = {pattern.name: pattern for pattern in ALL}

__all__ = ["ALL", "PATTERNS", "Built", "Pattern", "Site"]
