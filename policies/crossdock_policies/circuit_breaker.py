"""Circuit breaker: an endpoint that keeps failing is left in peace for a while.

    closed ── `failures` in a row within `within` ──> open ── `open_for` later ──> half-open: one probe goes through
       ^                                               ^                              │            │
       └────────────── the probe went well ────────────┼──────────────────────────────┘            │
                                                       └──────────── the probe failed ─────────────┘

Failures are what says that the endpoint is ill: `Retryable` and `UnknownEffect`. A target that understood and said no is well,
and so is one that got a bad document. What has to wait is given back to the queue uncounted, since nothing was attempted.
All policies of all processes share one circuit an endpoint, in three keys of the shared state:

    count     failures in a row; forgets itself `within` after the first
    tripped   there while the circuit is open or half-open
    slot      the right to send anything while tripped. Opening takes it for `open_for`; when that is over, whoever gets it
              first is the probe, and a probe that never comes back loses it again after `open_for`
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from crossdock.core.errors import CrossdockError, Refused, Retryable, UnknownEffect
from crossdock.core.policy import Attempt, RetryLater, StateStore
from crossdock.core.spec import Context, Options, PolicySpec
from crossdock.core.units import Duration

REMEMBERED = 86_400.0
"""Seconds after which a circuit that nobody has tried again counts as closed."""
SHORTEST = 0.05
PROBING = 1.0
"""Seconds after which the others look again while a probe is out."""


class CircuitBreakerOptions(Options):
    """When to stop trying, and for how long."""

    failures: int = Field(5, ge=1, le=100_000, description="how many failures in a row open the circuit")
    within: Annotated[Duration, Field(gt=0)] = Field(
        "30s",
        validate_default=True,
        description="the time in which they have to happen; make it longer than the calls' timeout",
    )
    open_for: Annotated[Duration, Field(gt=0)] = Field(
        "30s", validate_default=True, description="how long nothing is sent before one delivery is let through as a probe"
    )


class CircuitBreaker:
    """Holds deliveries back while their endpoint is ill."""

    name = "circuit_breaker"

    def __init__(self, options: CircuitBreakerOptions) -> None:
        self._options = options

    def before(self, attempt: Attempt) -> RetryLater | None:
        """Let the attempt begin where the circuit is closed, or where it is the probe."""
        if attempt.around != "delivery" or attempt.state.get(_key(attempt, "tripped")) is None:
            return None
        if attempt.state.put_if_absent(_key(attempt, "slot"), _probe(attempt), self._options.open_for):
            return None
        return RetryLater(self._wait(attempt), f"the circuit to '{attempt.target}' is open", counts=False)

    def after(self, attempt: Attempt, error: CrossdockError | None) -> None:
        """Count a failure, or forget them all; a probe decides."""
        if attempt.around != "delivery":
            return
        if attempt.state.get(_key(attempt, "tripped")) is None:
            self._count(attempt, error)
        elif attempt.state.get(_key(attempt, "slot")) == _probe(attempt):
            self._decide(attempt, error)

    def _count(self, attempt: Attempt, error: CrossdockError | None) -> None:
        count = _key(attempt, "count")
        if _is_well(error):
            attempt.state.drop(count)
        elif _is_ill(error) and attempt.state.add(count, 1, self._options.within) >= self._options.failures:
            self._open(attempt)

    def _decide(self, attempt: Attempt, error: CrossdockError | None) -> None:
        """Close on a good probe, open again on a bad one; a probe that proved nothing makes room for the next."""
        if _is_well(error):
            _close(attempt)
        elif _is_ill(error):
            self._open(attempt)
        else:
            attempt.state.drop(_key(attempt, "slot"))

    def _open(self, attempt: Attempt) -> None:
        state, until = attempt.state, attempt.now + self._options.open_for
        state.put(_key(attempt, "slot"), f"open until {until}", self._options.open_for)
        state.put(_key(attempt, "tripped"), "1", REMEMBERED + self._options.open_for)
        state.drop(_key(attempt, "count"))

    def _wait(self, attempt: Attempt) -> float:
        """Return the seconds after which to look again; the clocks of two machines may differ, so within bounds."""
        holder = attempt.state.get(_key(attempt, "slot")) or ""
        until = holder.removeprefix("open until ")
        wait = float(until) - attempt.now if until != holder else PROBING
        return min(max(wait, SHORTEST), self._options.open_for)


def _key(attempt: Attempt, what: str) -> str:
    return f"circuit/{attempt.target}/{what}"


def _probe(attempt: Attempt) -> str:
    """Return the mark by which an attempt knows, when it has ended, that it was the probe."""
    return f"probe {attempt.message.id if attempt.message else ''} {attempt.number}"


def _is_ill(error: CrossdockError | None) -> bool:
    return isinstance(error, Retryable | UnknownEffect)


def _is_well(error: CrossdockError | None) -> bool:
    return error is None or isinstance(error, Refused)


def _close(attempt: Attempt) -> None:
    """Forget everything, `tripped` first: whoever looks in between finds the circuit closed."""
    state: StateStore = attempt.state
    for what in ("tripped", "slot", "count"):
        state.drop(_key(attempt, what))


def build(options: CircuitBreakerOptions, _: Context) -> CircuitBreaker:
    """Build the policy."""
    return CircuitBreaker(options)


SPEC = PolicySpec(
    name="circuit_breaker",
    summary="Leaves an endpoint that keeps failing in peace for a while, then tries it with a single delivery.",
    example="circuit_breaker: { failures: 5, within: 30s, open_for: 30s }",
    options=CircuitBreakerOptions,
    build=build,
)
