"""What the policies' tests share: attempts under a clock that moves only when told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import Place
from crossdock.core.message import Control, Message
from crossdock.core.policy import Attempt
from crossdock_policies.state import MemoryState


@dataclass
class World:
    """A clock, and a state that lives by it."""

    clock: PinnedClock = field(default_factory=PinnedClock)
    state: MemoryState = field(init=False)

    def __post_init__(self) -> None:
        self.state = MemoryState(self.clock)

    def attempt(self, number: int = 1, **rest: Any) -> Attempt:
        """Return an attempt that begins now."""
        now = self.clock.now()
        given = {"around": "delivery", "target": "erp", "partner": "acme", "first_at": now, "now": now, **rest}
        return Attempt(number=number, state=self.state, **given)


def message(name: str = "01k", **rest: Any) -> Message:
    """Return a message of the route `orders` from `acme`."""
    control = Control("orders", "r1", source="sftp", partner="acme", resume=rest.pop("resume", 0))
    return Message(name, rest.pop("body", b""), control, **rest)


@dataclass
class Context:
    """What a policy may ask for while it is built."""

    expressions: Any = None
    place: Place = field(default_factory=lambda: Place("config/policies/x.policy.yaml", 4, 7))
    shape: None = None
    partners: dict[str, Any] = field(default_factory=dict)


def built(spec: Any, context: Context | None = None, **options: Any) -> Any:
    """Build a policy as the configuration does."""
    return spec.build(spec.options.model_validate(options), context or Context())
