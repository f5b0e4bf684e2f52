"""Rate limit: no more than so many attempts in a time, evenly, with a little room for bursts.

A token bucket that all processes share: `burst` attempts may go at once, then one whenever `rate` allows. What has to wait is
given back to the queue uncounted, since nothing was attempted. Those that wait are lined up: the third in line comes back when
the third token falls due, not with all the others at the first.

Around a delivery the limit is the endpoint's, or each partner's own there; around a route it is the route's. Policies with the
same rate around the same thing share one bucket; two different rates (`10/s` and `1000/h`) hold side by side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from crossdock.core.errors import CrossdockError
from crossdock.core.policy import Attempt, RetryLater
from crossdock.core.spec import Context, Options, PolicySpec

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*([a-z]+)")
LONGEST = 300.0
"""Seconds after which something that waits looks again at the latest: the rate may have been raised meanwhile."""
QUEUE_SPAN = 1.0
"""Seconds over which those that have to wait are counted into one line."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a time. `text` is how it was written, `per_second` what it means."""

    text: str
    per_second: float


def parse_rate(value: Any) -> Rate:
    """Return a rate from `50/s`; raises ValueError that says what is expected."""
    text = str(value).strip()
    found = _RATE.fullmatch(text)
    if not found or float(found[1]) <= 0:
        raise ValueError(f"'{value}' is not a rate; write how many in which time, such as 50/s, 1000/m or 20000/h")
    seconds = _SECONDS.get(found[2])
    if seconds is None:
        raise ValueError(f"'{value}' is not a rate: unknown time '{found[2]}'{_nearest(found[1], found[2])}")
    return Rate(f"{found[1]}/{found[2]}", float(found[1]) / seconds)


def _nearest(number: str, unit: str) -> str:
    return f"; did you mean '{number}/{unit[0]}'?" if unit[0] in _SECONDS else "; there is s, m, h and d"


RateOption = Annotated[
    Rate,
    PlainValidator(parse_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*/\s*(s|m|h|d)$", "examples": ["50/s"]}),
]


class RateLimitOptions(Options):
    """How much may pass."""

    SHORTHAND = "rate"

    rate: RateOption = Field(description="how many attempts in which time: per s(econd), m(inute), h(our) or d(ay)")
    burst: int = Field(1, ge=1, le=1_000_000, description="how many may go at once after a quiet time")
    per: Literal["endpoint", "partner"] = Field(
        "endpoint",
        description="who shares the allowance: everything for the endpoint (or the route), or each partner has its own",
    )


class RateLimit:
    """Lets attempts begin at a rate."""

    name = "rate_limit"

    def __init__(self, options: RateLimitOptions) -> None:
        self._rate = options.rate
        self._burst = options.burst
        self._by_partner = options.per == "partner"

    def before(self, attempt: Attempt) -> RetryLater | None:
        """Take a token, or say when there will be one for this attempt."""
        key = self._key(attempt)
        wait = attempt.state.take(key, self._rate.per_second, self._burst)
        if wait <= 0:
            return None
        ahead = attempt.state.add(f"{key}/line", 1, max(wait, QUEUE_SPAN)) - 1
        return RetryLater(min(wait + ahead / self._rate.per_second, max(wait, LONGEST)), self._reason(attempt), counts=False)

    def after(self, attempt: Attempt, error: CrossdockError | None) -> None:
        """Leave the end of an attempt to other policies."""

    def _key(self, attempt: Attempt) -> str:
        who = f"/{attempt.partner}" if self._by_partner else ""
        return f"rate/{attempt.around}/{attempt.target}/{self._rate.text}{who}"

    def _reason(self, attempt: Attempt) -> str:
        whose = f"{attempt.partner or 'nobody'} at " if self._by_partner else ""
        return f"the limit of {self._rate.text} for {whose}'{attempt.target}' is used up for now"


def build(options: RateLimitOptions, _: Context) -> RateLimit:
    """Build the policy."""
    return RateLimit(options)


SPEC = PolicySpec(
    name="rate_limit",
    summary="Lets no more than so many attempts through in a time; the others wait in the queue.",
    example="rate_limit: { rate: 50/s, burst: 10, per: endpoint }",
    options=RateLimitOptions,
    build=build,
)
