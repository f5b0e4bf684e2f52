"""`require`: what must be true of a document, beyond what a schema can say; it is rejected with the sentence where it is not.

    - require: { that: sum(body.lines.map(line, line.amount)) == body.total, message: '"the lines do not add up to the total"' }

Several are all looked at, so that the sender hears of everything at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, model_validator

from crossdock.core.errors import Finding, Rejected
from crossdock.core.message import Message
from crossdock.core.program import variable_shapes, variables
from crossdock.core.spec import Context, Expression, Options, Shape, Step, TransformerSpec


class Rule(Options):
    """One rule."""

    that: str = Field(min_length=1, description="an expression that must be true")
    message: str = Field(min_length=1, description="an expression: the sentence for whoever sent the document")
    at: str = Field("", description="where in the document it is wrong, as a JSON pointer")


class RequireOptions(Options):
    """One rule, or several under `all`."""

    SHORTHAND: ClassVar[str] = "that"

    that: str = Field("", description="an expression that must be true")
    message: str = Field("", description="an expression: the sentence for whoever sent the document")
    at: str = Field("", description="where in the document it is wrong, as a JSON pointer")
    all: tuple[Rule, ...] = Field((), description="several rules")

    @model_validator(mode="after")
    def _one_or_several(self) -> RequireOptions:
        if bool(self.that) == bool(self.all):
            raise ValueError("say `that` with its `message`, or several under `all`")
        if self.that and not self.message:
            raise ValueError("say in a `message` what is wrong where it isn't true: it is what the sender reads")
        return self


@dataclass(frozen=True, slots=True)
class _Compiled:
    that: Expression
    message: Expression
    at: str


@dataclass(frozen=True, slots=True)
class RequireStep:
    """Lets a document pass for which all rules hold."""

    rules: Sequence[_Compiled]
    shape: Shape | None

    def apply(self, message: Message) -> Message:
        """Return the message; raises Rejected with one finding for each rule that does not hold."""
        seen = variables(message)
        findings = [
            Finding("require", str(rule.message.evaluate(seen)), rule.at)
            for rule in self.rules
            if rule.that.evaluate(seen) is not True
        ]
        if findings:
            raise Rejected(
                "; ".join(finding.message for finding in findings),
                code="require",
                where=findings[0].where,
                advice="correct the document, or the map that made it",
                findings=findings,
            )
        return message


def _build(options: Any, context: Context) -> Step:
    rules = options.all or (Rule(that=options.that, message=options.message, at=options.at),)
    seen = variable_shapes(context.shape)
    compiled = [
        _Compiled(
            context.expressions.compile(rule.that, context.place, seen),
            context.expressions.compile(rule.message, context.place, seen),
            rule.at,
        )
        for rule in rules
    ]
    return RequireStep(compiled, context.shape)


SPEC = TransformerSpec(
    name="require",
    summary="lets only documents pass of which something is true, and tells the sender what is wrong with the others",
    example="require: { that: body.total > 0, message: '\"an order costs something\"' }",
    options=RequireOptions,
    step=_build,
)
