"""Timeout: an attempt may take only so long.

Around a delivery the call is cut off; since the target may have done it all the same, that counts as an unknown effect and is
looked up before anything is sent again. Around a route's steps, which can't be interrupted, the result is thrown away.
Of several timeouts around one attempt the shortest holds.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from crossdock.core.errors import CrossdockError
from crossdock.core.policy import Attempt, Limit
from crossdock.core.spec import Context, Options, PolicySpec
from crossdock.core.units import Duration


class TimeoutOptions(Options):
    """How long an attempt may take."""

    SHORTHAND = "after"

    after: Annotated[Duration, Field(gt=0)] = Field(
        "30s", validate_default=True, description="how long one attempt may take before it is cut off"
    )


class Timeout:
    """Limits every attempt."""

    name = "timeout"

    def __init__(self, options: TimeoutOptions) -> None:
        self._limit = Limit(options.after)

    def before(self, attempt: Attempt) -> Limit:  # noqa: ARG002 - the seam's signature
        """Return the limit."""
        return self._limit

    def after(self, attempt: Attempt, error: CrossdockError | None) -> None:
        """Leave the end of an attempt to other policies."""


def build(options: TimeoutOptions, _: Context) -> Timeout:
    """Build the policy."""
    return Timeout(options)


SPEC = PolicySpec(
    name="timeout",
    summary="Gives each attempt at most so long.",
    example="timeout: { after: 30s }",
    options=TimeoutOptions,
    build=build,
)
