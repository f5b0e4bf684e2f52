"""`circuit_breaker`: leaves a target in peace that keeps failing.

Closed: every delivery goes through. After `failures` within `within` the circuit opens: for `open_for` nothing is tried. Then one
delivery goes as a probe; if it goes well the circuit closes, else it opens again. A target that answers no is not failing.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from crossdock.core.errors import CrossdockError, Retryable, UnknownEffect
from crossdock.core.policy import Attempt, RetryLater
from crossdock.core.spec import Context, Options, PolicySpec
from crossdock.core.units import Duration

PROBE = 60.0
"""Seconds after which a probe that never came back is given up."""


class CircuitBreakerOptions(Options):
    """When it opens, and for how long."""

    failures: int = Field(5, ge=1, description="failures after which the circuit opens")
    within: Duration = Field(30.0, description="the time in which they are counted")
    open_for: Duration = Field(30.0, description="how long nothing is tried")


@dataclass(frozen=True)
class CircuitBreaker:
    """The policy."""

    options: CircuitBreakerOptions
    name: str = "circuit_breaker"

    def before(self, attempt: Attempt) -> RetryLater | None:
        """Hold everything back while the circuit is open, and all but one probe when it may close."""
        if attempt.around != "delivery":
            return None
        state, key = attempt.state, f"breaker/{attempt.target}"
        opened = state.get(f"{key}/tripped")
        if opened is None:
            return None
        rest = float(opened) + self.options.open_for - attempt.now
        if rest > 0:
            return RetryLater(rest, "the circuit is open", counts=False)
        if state.put_if_absent(f"{key}/probe", "1", PROBE):
            return None
        return RetryLater(min(1.0, self.options.open_for), "a probe is on its way", counts=False)

    def after(self, attempt: Attempt, error: CrossdockError | None) -> None:
        """Count failures, open, close."""
        if attempt.around != "delivery":
            return
        state, key = attempt.state, f"breaker/{attempt.target}"
        if not isinstance(error, Retryable | UnknownEffect):
            self._close(attempt, key)
            return
        probing = state.get(f"{key}/tripped") is not None
        if probing or state.add(f"{key}/failures", 1, self.options.within) >= self.options.failures:
            state.put(f"{key}/tripped", str(attempt.now), self.options.open_for + 86400.0)
            state.drop(f"{key}/probe")
            state.drop(f"{key}/failures")

    def _close(self, attempt: Attempt, key: str) -> None:
        if attempt.state.get(f"{key}/tripped") is not None:
            for name in ("tripped", "probe", "failures"):
                attempt.state.drop(f"{key}/{name}")


def _build(options: CircuitBreakerOptions, _: Context) -> CircuitBreaker:
    return CircuitBreaker(options)


SPEC = PolicySpec(
    name="circuit_breaker",
    summary="leaves a target in peace that keeps failing",
    example="circuit_breaker: { failures: 5, within: 30s, open_for: 30s }",
    options=CircuitBreakerOptions,
    build=_build,
)
