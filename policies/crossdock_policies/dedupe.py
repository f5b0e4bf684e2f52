"""`dedupe`: lets a key pass once within a window (an idempotent receiver); decided when the run is committed."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from crossdock.core.errors import CrossdockError
from crossdock.core.outcome import Claim
from crossdock.core.policy import Attempt, ClaimKey
from crossdock.core.program import variable_shapes, variables
from crossdock.core.spec import Context, Expression, Options, PolicySpec
from crossdock.core.units import Duration


class DedupeOptions(Options):
    """What is the same."""

    key: str = Field(description="an expression on the message as received: `headers['x-order']`")
    window: Duration = Field(7 * 86400.0, description="how long a key is remembered")


@dataclass(frozen=True)
class Dedupe:
    """The policy."""

    options: DedupeOptions
    key: Expression
    name: str = "dedupe"

    def before(self, attempt: Attempt) -> ClaimKey | None:
        """Claim the message's key; deliveries have none."""
        if attempt.around != "route" or attempt.message is None:
            return None
        key = str(self.key.evaluate(variables(attempt.message)))
        return ClaimKey(Claim(f"route/{attempt.target}", key, f"key {key}", self.options.window))

    def after(self, attempt: Attempt, error: CrossdockError | None) -> None:
        """Nothing follows from the end of an attempt."""


def _build(options: DedupeOptions, context: Context) -> Dedupe:
    return Dedupe(options, context.expressions.compile(options.key, context.place, variable_shapes(None)))


SPEC = PolicySpec(
    name="dedupe",
    summary="lets a key pass once within a window",
    example="dedupe: { key: \"headers['x-order']\", window: 7d }",
    options=DedupeOptions,
    build=_build,
)
