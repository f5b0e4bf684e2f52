"""`retry`: tries again later, with growing pauses and full jitter, until it is used up.

Only what may pass by itself is tried again (Retryable, and an unknown effect that can be looked up). The pause before attempt n+1
is drawn evenly from 0 to `first` x 2^(n-1), at most `most`; a target's own Retry-After is the floor.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import Field

from crossdock.core.errors import CrossdockError, Retryable, UnknownEffect
from crossdock.core.policy import Attempt, Fail, RetryLater
from crossdock.core.spec import Context, Options, PolicySpec
from crossdock.core.units import Duration


class RetryOptions(Options):
    """How often, and how patiently."""

    attempts: int = Field(20, ge=1, description="how many attempts in all")
    first: Duration = Field(1.0, description="the longest first pause; it doubles each time")
    most: Duration = Field(300.0, description="the longest pause of all")


@dataclass(frozen=True)
class Retry:
    """The policy."""

    options: RetryOptions
    draw: Callable[[float, float], float] = random.uniform
    name: str = "retry"

    def before(self, attempt: Attempt) -> None:
        """Nothing stands in the way of an attempt."""

    def after(self, attempt: Attempt, error: CrossdockError | None) -> RetryLater | Fail | None:
        """Ask for another attempt, or give up with the reason of the last one."""
        if not isinstance(error, Retryable | UnknownEffect):
            return None
        if attempt.number >= self.options.attempts:
            return Fail(self._used_up(attempt, error))
        longest = min(self.options.most, self.options.first * 2 ** (attempt.number - 1))
        floor = getattr(error, "after", None) or 0.0
        return RetryLater(max(floor, self.draw(0, longest)), error.message)

    def _used_up(self, attempt: Attempt, error: CrossdockError) -> CrossdockError:
        error.message = f"{error.message} (tried {attempt.number} times over {attempt.now - attempt.first_at:.0f} s)"
        error.advice = error.advice or "retry it when the reason is gone: `crossdock failed retry ID`"
        return error


def _build(options: RetryOptions, _: Context) -> Retry:
    return Retry(options)


SPEC = PolicySpec(
    name="retry",
    summary="tries again later, with growing pauses and full jitter",
    example="retry: { attempts: 12, first: 1s, most: 5m }",
    options=RetryOptions,
    build=_build,
)
