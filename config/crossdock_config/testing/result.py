"""How a case went."""

from __future__ import annotations

from dataclasses import dataclass

from crossdock.core.errors import Place
from crossdock_config.testing.faults import Update


@dataclass(frozen=True)
class CaseResult:
    """How a case went; `difference` says what was expected and what came, line by line. `updates` would make it right."""

    name: str
    place: Place
    ok: bool
    difference: str = ""
    seconds: float = 0.0
    updates: tuple[Update, ...] = ()
