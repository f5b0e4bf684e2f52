"""Patterns at which a message waits: for its group, its turn, a person, an endpoint's answer. It waits in the journal."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from crossdock.core.nodes import AggregateNode, AnswerNode, EnrichNode, Node, ParkNode, ReleaseNode, ResequenceNode, TargetNode
from crossdock.core.spec import Options
from crossdock.core.units import Duration
from crossdock_config.patterns.pattern import Cel, OneTarget, Pattern, Site, shape_of, trail
from crossdock_config.targets import Targets


class Complete(Options):
    """When a group is complete; the first that comes true counts."""

    size: int | None = Field(None, ge=1, description="so many are together")
    count: Cel = Field(None, description="as many as the message itself says: an expression such as `headers.lines`")
    when: Cel = Field(None, description="a message for which this holds is the last of its group")
    after: Duration | None = Field(None, description="so long after the first")
    quiet: Duration | None = Field(None, description="so long after the last")

    @model_validator(mode="after")
    def _some(self) -> Complete:
        if not any(value is not None for value in (self.size, self.count, self.when, self.after, self.quiet)):
            raise ValueError("say when a group is complete: `size`, `count`, `when`, `after` or `quiet`")
        return self


class Aggregate(Options):
    """Which messages go on as one, and when."""

    by: Cel = Field(description="an expression: messages with the same value belong together")
    complete: Complete = Field(description="when the group goes on")
    body: Cel = Field(None, description="the new body, an expression over `items`; the list of all bodies, if left out")


def _aggregate(site: Site) -> Node | None:
    options, shape = site.options, site.scope.shape
    number = site.number()
    by = site.expression("by")
    total = _inner(site, "count") if options.complete.count is not None else None
    closes = _inner(site, "when", condition=True) if options.complete.when is not None else None
    items = {"type": "array", "items": shape} if shape is not None else {"type": "array"}
    site.scope.shape = items
    body = None
    if options.body is not None:
        body = site.scope.expression(options.body, site.path("body"), extra={"items": items})
        site.scope.shape = shape_of(body) or None
    if by is None:
        return None
    times = options.complete
    mark = site.scope.mark(["aggregate", options.model_dump()])
    return AggregateNode(number, "aggregate", site.place, by, mark, times.size, total, closes, times.after, times.quiet, body)


def _inner(site: Site, name: str, *, condition: bool = False) -> Any:
    return site.scope.expression(getattr(site.options.complete, name), site.path("complete", name), condition=condition)


class Resequence(Options):
    """Which messages are put in order, and how long for the missing ones."""

    by: Cel = Field(description="an expression: messages with the same value are one sequence")
    sequence: Cel = Field(description="an expression that gives the message's number, a whole one")
    first: int = Field(1, description="the number that a sequence begins with")
    wait: Duration = Field(600.0, description="how long a gap holds those after it; then they go on without it")


def _resequence(site: Site) -> Node | None:
    by, sequence = site.expression("by"), site.expression("sequence")
    if by is None or sequence is None:
        return None
    options = site.options
    mark = site.scope.mark(["resequence", options.model_dump(exclude={"wait"})])  # a sequence goes on with another `wait`
    return ResequenceNode(site.number(), "resequence", site.place, by, sequence, mark, options.first, options.wait)


class Park(Options):
    """Which messages wait, by what they are found, and how long they may."""

    SHORTHAND: ClassVar[str] = "key"

    key: Cel = Field(description='an expression: what is waited for, such as `"item " + body.sku`')
    when: Cel = Field(None, description="only messages for which this holds")
    reason: Cel = Field(None, description="an expression: what the operator reads")
    duration: Duration | None = Field(None, alias="for", description="how long; then the message fails. For ever, if left out")


def _park(site: Site) -> Node | None:
    options = site.options
    key = site.expression("key")
    when = site.expression("when", condition=True) if options.when is not None else None
    reason = site.expression("reason") if options.reason is not None else None
    return ParkNode(site.number(), "park", site.place, key, when, reason, options.duration) if key else None


class Release(Options):
    """Which parked messages go on."""

    SHORTHAND: ClassVar[str] = "key"

    key: Cel = Field(description="an expression: the key that they are parked by")


def _release(site: Site) -> Node | None:
    key = site.expression("key")
    return ReleaseNode(site.number(), "release", site.place, key) if key else None


class Question(Options):
    """What every way of asking an endpoint takes."""

    source: OneTarget = Field(alias="from", description="the endpoint, as under `to`")
    into: str = Field("body", description="the path where the answer goes, such as `body.customer`; `body` replaces the body")
    pick: Cel = Field(None, description="what is wanted of the answer, an expression over `reply`")
    cache: Duration | None = Field(None, description="how long an answer is remembered for the same question")
    within: Duration = Field(300.0, description="how long the message waits, retries included; then its policies decide")
    default: Cel = Field(None, description="an expression that stands for the answer where the endpoint refuses")


class Enrich(Question):
    """What is asked, of whom, and where the answer goes."""

    ask: Cel = Field(None, alias="with", description="what is asked, an expression; the body, if left out")


def _enrich(site: Site) -> Node | None:
    return _question(site, "enrich", "with", site.options.ask)


def _poll_enrich(site: Site) -> Node | None:
    return _question(site, "poll_enrich", "", "null")


def _question(site: Site, name: str, asked_at: str, asked: Any) -> Node | None:
    options, scope = site.options, site.scope
    number = site.number()
    path = trail(site, options.into, "into")
    target = _target(site)
    request = scope.expression(asked, site.path(asked_at)) if asked is not None else None
    pick = scope.expression(options.pick, site.path("pick"), extra={"reply": None}) if options.pick is not None else None
    default = site.expression("default") if options.default is not None else None
    scope.shape = None
    if path is None or target is None:
        return None
    return EnrichNode(
        number,
        f"{name} {target.endpoint}",
        site.place,
        target,
        path[1:],
        request,
        pick,
        options.cache or 0.0,
        options.within,
        default,
    )


def _target(site: Site) -> TargetNode | None:
    """Compile the endpoint that is asked: one, and no event."""
    node = Targets(site.scope, verb=site.pattern.name).one(site.options.source, site.path("from"))
    if isinstance(node, TargetNode):
        return node
    if node is not None:
        site.say("an event gives no answer: name an endpoint", "from")
    return None


class AnswerOptions(Options):
    """What is answered."""

    SHORTHAND: ClassVar[str] = "value"

    value: Cel = Field(None, description="the answer, an expression; the body, if left out")
    status: int = Field(200, ge=200, le=599, description="HTTP's status")


def _reply(site: Site) -> Node | None:
    value = site.expression("value") if site.options.value is not None else None
    return AnswerNode(site.number(), "reply", site.place, value, site.options.status)


PATTERNS = (
    Pattern(
        "aggregate",
        "let messages of one key wait for each other and go on as one (aggregator)",
        "aggregate: { by: body.order_number, complete: { count: body.of, after: 1h } }",
        _aggregate,
        Aggregate,
        suspends=True,
    ),
    Pattern(
        "resequence",
        "let messages of one key go on in the order of their numbers (resequencer)",
        "resequence: { by: partner, sequence: body.number, wait: 10m }",
        _resequence,
        Resequence,
        suspends=True,
    ),
    Pattern(
        "park",
        "put the message away until a person, or a `release` of its key, lets it go on",
        'park: { key: \'"item " + body.sku\', when: body.sku == "", for: 7d }',
        _park,
        Park,
        suspends=True,
    ),
    Pattern("release", "let all parked messages of a key go on", "release: '\"item \" + body.sku'", _release, Release),
    Pattern(
        "enrich",
        "ask an endpoint and put its answer into the body (content enricher)",
        "enrich: { from: { erp: { operation: find } }, with: '{\"sku\": body.sku}', into: body.item, cache: 5m }",
        _enrich,
        Enrich,
        suspends=True,
    ),
    Pattern(
        "poll_enrich",
        "fetch a document from an endpoint and put it into the body (polling content enricher)",
        "poll_enrich: { from: { erp: { operation: fetch } }, into: body.prices, cache: 1h }",
        _poll_enrich,
        Question,
        suspends=True,
    ),
    Pattern(
        "reply",
        "answer whoever sent the message and waits (request-reply)",
        "reply: '{\"accepted\": body.order_number}'",
        _reply,
        AnswerOptions,
    ),
)
