"""`timeout`: gives an attempt at most so long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from crossdock.core.errors import CrossdockError
from crossdock.core.policy import Attempt, Limit
from crossdock.core.spec import Context, Options, PolicySpec
from crossdock.core.units import Duration


class TimeoutOptions(Options):
    """How long."""

    SHORTHAND: ClassVar[str] = "after"
    after: Duration = Field(30.0, description="an attempt that takes longer is given up; what it may have done is looked up")


@dataclass(frozen=True)
class Timeout:
    """The policy."""

    options: TimeoutOptions
    name: str = "timeout"

    def before(self, attempt: Attempt) -> Limit:  # noqa: ARG002 - the seam's signature
        """Limit every attempt."""
        return Limit(self.options.after)

    def after(self, attempt: Attempt, error: CrossdockError | None) -> None:
        """Nothing follows from the end of an attempt."""


def _build(options: TimeoutOptions, _: Context) -> Timeout:
    return Timeout(options)


SPEC = PolicySpec(
    name="timeout",
    summary="gives an attempt at most so long",
    example="timeout: { after: 30s }",
    options=TimeoutOptions,
    build=_build,
)
