"""Retry: try again after a growing, random pause, until it succeeds or the patience is used up.

    pause before attempt n + 1 = random between 0 and min(most, first * 2^(n-1)), behind the target's own Retry-After

The pause is drawn from the whole span ("full jitter"): a thousand deliveries that failed together come back spread out, not
together. What is tried again is what may succeed later (`Retryable`) and what may have happened already (`UnknownEffect`: the
runtime looks it up at the target before it sends again, and where it can't, it ignores this policy and asks a person).
A document that is wrong, or a target that said no, is never tried again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import ldexp
from typing import Annotated

from pydantic import Field

from crossdock.core.errors import CrossdockError, Refusal, Retryable, UnknownEffect
from crossdock.core.policy import Attempt, Fail, RetryLater
from crossdock.core.spec import Context, Options, PolicySpec
from crossdock.core.units import Duration

MOST_DOUBLINGS = 60
"""Beyond this the pause is longer than any `most`; it keeps the power of two a number."""


class RetryOptions(Options):
    """How patient to be."""

    attempts: int = Field(12, ge=1, le=10_000, description="how many attempts there are in all, the first one included")
    first: Annotated[Duration, Field(gt=0)] = Field(
        "1s", validate_default=True, description="the longest pause after the first failure; it doubles after each further one"
    )
    most: Annotated[Duration, Field(gt=0)] = Field(
        "5m", validate_default=True, description="the longest pause there ever is, save where the target asks for a longer one"
    )
    total: Annotated[Duration, Field(gt=0)] = Field(
        "24h",
        alias="for",
        validate_default=True,
        description="give up rather than begin an attempt later than this after the first one",
    )


class Retry:
    """Answers a failure that may pass with the time of the next attempt. `draw` returns a number between 0 and 1."""

    name = "retry"

    def __init__(self, options: RetryOptions, draw: Callable[[], float] = random.random) -> None:
        self._options = options
        self._draw = draw

    def before(self, attempt: Attempt) -> None:
        """Let every attempt begin."""

    def after(self, attempt: Attempt, error: CrossdockError | None) -> RetryLater | Fail | None:
        """Return when to try again, or Fail where the attempts or the time are used up."""
        if not isinstance(error, Retryable | UnknownEffect):
            return None
        pause = self._pause(attempt.number, error)
        elapsed = attempt.now - attempt.first_at
        if attempt.number >= self._options.attempts or elapsed + pause > self._options.total:
            return Fail(_given_up(error, attempt.number, elapsed))
        return RetryLater(pause, error.message)

    def _pause(self, number: int, error: Retryable | UnknownEffect) -> float:
        """Return the seconds until the next attempt: the target's own wish is a floor, the jitter comes on top."""
        ceiling = min(self._options.most, ldexp(self._options.first, min(number - 1, MOST_DOUBLINGS)))
        wish = error.after if isinstance(error, Retryable) else None
        return max(wish or 0.0, 0.0) + self._draw() * ceiling


def _given_up(error: Retryable | UnknownEffect, number: int, elapsed: float) -> CrossdockError:
    """Return the last error with how long was tried added to its sentence."""
    times = "1 attempt" if number == 1 else f"{number} attempts over {_spoken(elapsed)}"
    return type(error)(
        f"{error.message} (given up after {times})",
        code=error.code,
        where=error.where,
        advice=error.advice or "when the cause is gone, `crossdock failed retry` starts over",
        findings=error.findings,
        detail=error.detail,
    )


def _spoken(seconds: float) -> str:
    """Return a duration as people say it: `41 s`, `12 min`, `3.5 h`."""
    if seconds < 120:
        return f"{max(seconds, 0.0):.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def build(options: RetryOptions, _: Context) -> Retry:
    """Build the policy; raises Refusal where the options contradict each other."""
    if options.first > options.most:
        raise Refusal(
            f"the first pause ({_spoken(options.first)}) is longer than the longest one ({_spoken(options.most)}): raise `most`",
            path=("first",),
        )
    return Retry(options)


SPEC = PolicySpec(
    name="retry",
    summary="Tries again what may succeed later, with growing random pauses, for so many attempts or so long.",
    example="retry: { attempts: 12, first: 1s, most: 5m, for: 24h }",
    options=RetryOptions,
    build=build,
)
