"""Patterns that decide what is done: filters, choices, splits, loops, slips, calls."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from crossdock.core.nodes import Branch, CallNode, ChoiceNode, FilterNode, LoopNode, MulticastNode, Node, SlipNode, SplitNode
from crossdock.core.spec import Options
from crossdock.core.words import note
from crossdock_config.patterns.pattern import (
    EXPRESSION,
    Cel,
    Pattern,
    Site,
    StepList,
    items,
    reshaped,
    shape_of,
    trail,
    within,
)
from crossdock_config.yaml_source import Path

STEPS = {"type": "array", "items": {"$ref": "#/$defs/step"}}


def _filter(site: Site) -> Node | None:
    condition = site.scope.expression(site.value, site.at, condition=True)
    return FilterNode(site.number(), "filter", site.place, condition) if condition else None


def _split(site: Site) -> Node | None:
    value, scope = site.value, site.scope
    if not isinstance(value, str) or not value:
        scope.shape = None
        site.say("`split` takes `transactions`, or an expression that gives a list: `body.orders`")
        return None
    number = site.number()
    if value.isidentifier() and value != "body":
        _known_unit(site, value)
        return SplitNode(number, f"split {value}", site.place)
    path = scope.expression(value, site.at)
    shape = shape_of(path)
    if isinstance(shape.get("type"), str) and shape["type"] != "array":
        site.say(f"`split` needs a list; `{value}` is of type {shape['type']}")
    inner = shape.get("items")
    scope.shape = inner if isinstance(inner, dict) else None
    return SplitNode(number, f"split {value}", site.place, path) if path else None


_EDI_UNITS = {"transactions", "messages"}
"""What X12 and EDIFACT call the same thing: either word will do for both."""


def _known_unit(site: Site, word: str) -> None:
    """Say where a body has no parts of this name, as far as its decoder tells."""
    unit, site.scope.unit = site.scope.unit, None
    if unit == "":
        site.say(f"`split: {word}` needs a stream, but the decoder gives the file as one document; split a list of its `body`")
    elif unit is not None and word != unit and not {word, unit} <= _EDI_UNITS:
        site.say(f"`split` takes '{unit}' here, not '{word}'")


BRANCH = {"when": "a condition", "steps": "what is done where it holds", "otherwise": "steps where none holds"}
"""The keys of a branch."""


def _choice(site: Site) -> Node | None:
    if not isinstance(site.value, list) or not site.value:
        site.say("`choice` is a list of `when` with `steps`, and at the end at most one `otherwise`")
        return None
    scope = site.scope
    number, before = site.number(), scope.shape
    branches: list[Branch] = []
    changed = False
    for index, item in enumerate(site.value):
        scope.shape = before
        branch = _branch(site, item, (*site.at, index), last=index == len(site.value) - 1)
        branches += [branch] if branch else []
        changed = changed or scope.shape is not before
    scope.shape = None if changed else before
    return ChoiceNode(number, "choice", site.place, tuple(branches))


def _branch(site: Site, item: Any, at: Path, *, last: bool) -> Branch | None:
    scope = site.scope
    place = scope.document.at(*at)
    if isinstance(item, dict) and set(item) == {"otherwise"}:
        if not last:
            scope.say(place, "`otherwise` is the last branch: those after it would never be taken")
        return Branch(None, place, site.steps.compile(item["otherwise"], (*at, "otherwise")))
    given = set(item) if isinstance(item, dict) else set()
    condition = scope.expression(item["when"], (*at, "when"), condition=True) if "when" in given else None
    if given == {"when", "steps"}:
        nodes = site.steps.compile(item["steps"], (*at, "steps"))
        return Branch(condition, place, nodes) if condition else None
    for key in given - set(BRANCH):
        note(str(key), lambda: BRANCH)
    scope.say(place, "a branch is `when` with `steps`, or `otherwise` with a list of steps")
    return None


class ForEach(Options):
    """The list, and what is done with each of its items."""

    list: str = Field("body", alias="in", description="the path of the list, such as `body.lines`")
    steps: StepList = Field(description="steps with the item as `body` and the whole as `parent`; a filter leaves the item out")


def _for_each(site: Site) -> Node | None:
    path = trail(site, site.options.list, "in")
    if path is None:
        return None
    shape = within(site, path[1:], "in")
    if shape is not None and shape.get("type") not in (None, "array"):
        site.say(f"`for_each` needs a list; `{site.options.list}` is of type {shape['type']}", "in")
    number = site.number()
    item = items(shape) if shape is not None and shape.get("type") == "array" else None
    nodes, ended = site.isolated(site.options.steps, site.path("steps"), item)
    new = {"type": "array", "items": ended} if ended is not None else {"type": "array"}
    site.scope.shape = reshaped(site.scope.shape, path[1:], new)
    return LoopNode(number, f"for_each {site.options.list}", site.place, path[1:], nodes)


def _multicast(site: Site) -> Node | None:
    branches_given = isinstance(site.value, list) and bool(site.value)
    if not branches_given or not all(isinstance(item, dict) and set(item) == {"steps"} for item in site.value):
        site.say("`multicast` is a list of branches: `- steps: [...]`")
        return None
    number, shape = site.number(), site.scope.shape
    branches = [site.isolated(item["steps"], (*site.at, index, "steps"), shape)[0] for index, item in enumerate(site.value)]
    return MulticastNode(number, "multicast", site.place, tuple(branches))


class RoutingSlip(Options):
    """The slip, and the sequences that it may name."""

    slip: Cel = Field(description="an expression that gives the names, in the order in which they are done")
    among: dict[str, StepList] = Field(min_length=1, description="name to steps")


def _routing_slip(site: Site) -> Node | None:
    slip = site.expression("slip")
    number, shape = site.number(), site.scope.shape
    among = {name: site.isolated(steps, site.path("among", name), shape) for name, steps in site.options.among.items()}
    if any(ended is not shape for _, ended in among.values()):
        site.scope.shape = None
    if slip is None:
        return None
    return SlipNode(number, "routing_slip", site.place, slip, {name: nodes for name, (nodes, _) in among.items()})


class Call(Options):
    """Which shared steps."""

    SHORTHAND: ClassVar[str] = "route"

    route: str = Field(description="a route that starts with `from: { call: {} }`")


def _call(site: Site) -> Node | None:
    number = site.number()
    nodes = site.steps.called(site.options.route, site.path("route"))
    return None if nodes is None else CallNode(number, f"call {site.options.route}", site.place, nodes)


_WHEN = {"type": "object", "properties": {"when": dict(EXPRESSION), "steps": STEPS}, "required": ["when", "steps"]}
_OTHERWISE = {"type": "object", "properties": {"otherwise": STEPS}, "required": ["otherwise"]}
_BRANCH = {"oneOf": [{**one, "additionalProperties": False} for one in (_WHEN, _OTHERWISE)]}
_STEPS_ONLY = {"type": "object", "properties": {"steps": STEPS}, "required": ["steps"], "additionalProperties": False}

PATTERNS = (
    Pattern(
        "filter",
        "go on only where this holds (message filter)",
        "filter: size(body.lines) > 0",
        _filter,
        schema=EXPRESSION,
    ),
    Pattern(
        "choice",
        "the first branch whose condition holds (content-based router)",
        "choice: [{ when: body.total > 1000, steps: [{ to: [{ event: order.large }] }] }, { otherwise: [] }]",
        _choice,
        schema={"type": "array", "minItems": 1, "items": _BRANCH},
    ),
    Pattern(
        "split",
        "let each part go on by itself: `transactions`, or an expression that gives a list (splitter)",
        "split: body.orders",
        _split,
        schema={"type": "string"},
        suspends=True,
    ),
    Pattern(
        "for_each",
        "do steps with every item of a list, and go on with the whole",
        "for_each: { in: body.lines, steps: [{ filter: body.quantity > 0 }] }",
        _for_each,
        ForEach,
    ),
    Pattern(
        "multicast",
        "give each branch a copy of the message, then go on with the message as it was (multicast)",
        "multicast: [{ steps: [{ to: [{ event: order.seen }] }] }, { steps: [{ to: [{ event: order.counted }] }] }]",
        _multicast,
        schema={"type": "array", "minItems": 1, "items": _STEPS_ONLY},
    ),
    Pattern(
        "routing_slip",
        "do the sequences that the message itself names, in its order (routing slip)",
        "routing_slip: { slip: body.services, among: { gift: [{ set_header: { gift: '\"yes\"' } }], plain: [] } }",
        _routing_slip,
        RoutingSlip,
    ),
    Pattern("call", "do the steps of a shared route here", "call: clean-address", _call, Call),
)
