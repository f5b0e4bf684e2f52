"""Patterns that send: recipient lists and wire taps. Plain targets (`to`) are in `targets`."""

from __future__ import annotations

from pydantic import Field

from crossdock.core.nodes import EventNode, Node, RecipientsNode, TargetNode
from crossdock.core.spec import Options
from crossdock_config.patterns.pattern import Cel, Pattern, Site, TargetList
from crossdock_config.targets import Targets


class RecipientList(Options):
    """Who gets it, and who may."""

    to: Cel = Field(description="an expression that gives the names of endpoints; none at all is fine")
    among: TargetList = Field(description="the targets that may be named, as under `to`")


def _recipient_list(site: Site) -> Node | None:
    number = site.number()
    to = site.expression("to")
    nodes = Targets(site.scope).compile(site.options.among, site.path("among"))
    among = {node.endpoint.removeprefix("partner:"): node for node in nodes if isinstance(node, TargetNode)}
    if any(isinstance(node, EventNode) for node in nodes):
        site.say("events are for everybody who listens: put them under `to`", "among")
    return RecipientsNode(number, "recipient_list", site.place, to, among) if to else None


def _wire_tap(site: Site) -> tuple[Node, ...]:
    return Targets(site.scope, verb="wire_tap").compile(site.value, site.at)


PATTERNS = (
    Pattern(
        "recipient_list",
        "send to those endpoints that the message names (recipient list)",
        "recipient_list: { to: body.warehouses, among: [{ wms-east: {} }, { wms-west: {} }] }",
        _recipient_list,
        RecipientList,
    ),
    Pattern(
        "wire_tap",
        "send a copy from here, and go on (wire tap)",
        "wire_tap: [{ event: order.seen }]",
        _wire_tap,
        schema={"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/target"}},
    ),
)
