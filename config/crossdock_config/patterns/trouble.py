"""Patterns about what goes wrong: try with catch and finally, on_error, idempotent consumers."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from crossdock.core.nodes import Catch, IdempotentNode, Node, TryNode
from crossdock.core.spec import Options
from crossdock.core.units import Duration
from crossdock_config.checked import Subject, checked
from crossdock_config.patterns.pattern import Cel, Pattern, Site, StepList
from crossdock_config.yaml_source import Path


class CatchItem(Options):
    """One way to deal with errors."""

    errors: tuple[str, ...] = Field(
        (), description="kinds (`rejected`, `retryable`) or codes (`validation`, `AK403`); all but retryable ones, if left out"
    )
    steps: StepList = Field(description="what is done; `error.message`, `error.code` and `error.where` say what went wrong")
    then: Literal["go_on", "fail"] | None = Field(
        None, description="`go_on` after it (what a `catch` does), or `fail` all the same (what `on_error` does)"
    )


class Try(Options):
    """Steps, and what is done about their errors."""

    steps: StepList = Field(description="the steps that may fail; what they wanted to send before an error is not sent")
    catch: list[Any] = Field(
        default_factory=list,
        description="the first that takes the error is done",
        json_schema_extra={"items": CatchItem.model_json_schema()},
    )
    last: StepList = Field(None, alias="finally", description="done in any case")


def _try(site: Site) -> Node | None:
    scope, options = site.scope, site.options
    if not options.catch and options.last is None:
        site.say("a `try` needs a `catch` or a `finally`")
    number, before = site.number(), scope.shape
    nodes = site.steps.compile(options.steps, site.path("steps"))
    changed = scope.shape is not before
    scope.shape = None
    catches = catches_of(site, options.catch, site.path("catch"), "go_on")
    last: tuple[Node, ...] = ()
    if options.last is not None:
        last, _ = site.isolated(options.last, site.path("finally"), None)
    scope.shape = None if changed or catches else before
    return TryNode(number, "try", site.place, nodes, catches, last)


def catches_of(site: Site, data: Any, at: Path, then: Literal["go_on", "fail"]) -> tuple[Catch, ...]:
    """Compile catches; what they end with where they don't say is `then`."""
    found: list[Catch] = []
    for index, item in enumerate(data):
        here = (*at, index)
        options = checked(CatchItem, item, Subject(site.scope.document, here, "`catch`"), site.scope.project.problems)
        if options is None:
            continue
        nodes, _ = site.isolated(options.steps, (*here, "steps"), None)
        found.append(Catch(options.errors, site.scope.document.at(*here), nodes, options.then or then))
    return tuple(found)


class IdempotentConsumer(Options):
    """By what a message is known."""

    SHORTHAND: ClassVar[str] = "key"

    key: Cel = Field(description="an expression; a message whose value came before is a duplicate and stops")
    window: Duration | None = Field(None, description="for how long a key is remembered; for ever, if left out")
    scope: str = Field("", description="keys are apart by scope; the route's name, if left out")


def _idempotent(site: Site) -> Node | None:
    key = site.expression("key")
    scope = site.options.scope or site.scope.route
    name = "idempotent_consumer"
    return IdempotentNode(site.number(), name, site.place, key, f"{name}/{scope}", site.options.window) if key else None


PATTERNS = (
    Pattern(
        "try",
        "do steps, and say what is done about their errors (`catch`) and in any case (`finally`)",
        "try: { steps: [{ validate: order.v1 }], catch: [{ steps: [{ to: [{ event: order.refused }] }] }] }",
        _try,
        Try,
    ),
    Pattern(
        "idempotent_consumer",
        "stop a message whose key came before (idempotent receiver)",
        "idempotent_consumer: { key: body.order_number, window: 30d }",
        _idempotent,
        IdempotentConsumer,
    ),
)
