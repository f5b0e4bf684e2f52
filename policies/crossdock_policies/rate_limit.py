"""`rate_limit`: at most so many attempts a second, from a bucket that all workers share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, field_validator

from crossdock.core.errors import CrossdockError
from crossdock.core.policy import Attempt, RetryLater
from crossdock.core.spec import Context, Options, PolicySpec

_RATE = re.compile(r"(\d+)\s*/\s*(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class RateLimitOptions(Options):
    """How many, and for whom."""

    rate: str = Field(description="how many attempts a time: 50/s, 1000/m, 10/h")
    burst: int = Field(0, ge=0, description="how many at once after a pause; a second's worth if left out")
    per: Literal["target", "partner"] = Field("target", description="one bucket for the target, or one for each partner there")

    @field_validator("rate")
    @classmethod
    def _readable(cls, rate: str) -> str:
        if not _RATE.fullmatch(rate) or rate.startswith("0"):
            raise ValueError(f"'{rate}' is not a rate; write how many a second, minute or hour: 50/s, 1000/m, 10/h")
        return rate

    @property
    def per_second(self) -> float:
        """The rate in attempts a second."""
        count, unit = _RATE.fullmatch(self.rate).groups()  # type: ignore[union-attr]
        return int(count) / _SECONDS[unit]


@dataclass(frozen=True)
class RateLimit:
    """The policy."""

    options: RateLimitOptions
    name: str = "rate_limit"

    def before(self, attempt: Attempt) -> RetryLater | None:
        """Take a token, or say when there will be one; waiting counts as no attempt."""
        rate = self.options.per_second
        bucket = f"rate/{attempt.target}/{attempt.partner if self.options.per == 'partner' else ''}"
        wait = attempt.state.take(bucket, rate, self.options.burst or max(1, int(rate)))
        return RetryLater(wait, f"at most {self.options.rate}", counts=False) if wait > 0 else None

    def after(self, attempt: Attempt, error: CrossdockError | None) -> None:
        """Nothing follows from the end of an attempt."""


def _build(options: RateLimitOptions, _: Context) -> RateLimit:
    return RateLimit(options)


SPEC = PolicySpec(
    name="rate_limit",
    summary="at most so many attempts a time, shared by all workers",
    example="rate_limit: { rate: 50/s, burst: 100 }",
    options=RateLimitOptions,
    build=_build,
)
