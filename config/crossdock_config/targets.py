"""A route's targets become the last nodes of its program: endpoints, partners, events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crossdock.core.errors import Place
from crossdock.core.nodes import EventNode, Node, TargetNode
from crossdock.core.spec import Expression, NoOptions
from crossdock.core.words import nearest
from crossdock_config.checked import Subject, checked
from crossdock_config.footing import ENDPOINT
from crossdock_config.models import TargetFields
from crossdock_config.release import Endpoint
from crossdock_config.scope import Scope
from crossdock_config.yaml_source import Path

SENDER = "sender"
COMMON = tuple(TargetFields.model_fields)
"""What every target takes beside its connector's own options."""
TARGETS = {"event": "publish the body as an event of this type", "partner": "a partner's name, or `sender`"}
"""What can be delivered to beside endpoints."""


@dataclass
class Targets:
    """Compiles the items of `to`, or of another step that sends; `verb` is how the trace calls it."""

    scope: Scope
    verb: str = "to"

    def compile(self, data: Any, at: Path) -> tuple[Node, ...]:
        """Compile a list of targets."""
        if not isinstance(data, list):
            self.scope.say(self.scope.document.at(*at), f"`{self.verb}` is a list: `- erp: {{ operation: sales_order.create }}`")
            return ()
        nodes = [self.one(item, (*at, index)) for index, item in enumerate(data)]
        return tuple(node for node in nodes if node is not None)

    def one(self, item: Any, at: Path) -> Node | None:
        """Compile a target."""
        place = self.scope.document.at(*at)
        if isinstance(item, str):
            item = {item: None}
        if not isinstance(item, dict) or len(item) != 1:
            self.scope.say(place, "a target has one key: `- erp: { operation: sales_order.create }`")
            return None
        name, value = next(iter(item.items()))
        at = (*at, name)
        if name == "event":
            return self._event(value, at, place)
        return self._partner(value, at, place) if name == "partner" else self._endpoint(name, value, at, place)

    def _event(self, value: Any, at: Path, place: Place) -> Node | None:
        if not isinstance(value, str) or not value:
            self.scope.say(self.scope.document.at(*at), "`event` takes the event's type: `- event: order.received`")
            return None
        self.scope.published.add(value)
        return EventNode(self.scope.number(), f"{self.verb} event {value}", place, value)

    def _partner(self, value: Any, at: Path, place: Place) -> Node | None:
        options = {"partner": value} if isinstance(value, str) else {} if value is None else value
        fields = self._fields(options, at, "partner")
        if fields is None:
            return None
        name = str(options.get("partner", SENDER))
        path = at if isinstance(value, str) else (*at, "partner")
        rest = {key: inner for key, inner in options.items() if key not in COMMON and key != "partner"}
        checked(NoOptions, rest, self._subject(at, "partner", (*COMMON, "partner")), self.scope.project.problems)
        if not self.scope.known_partner(name, self.scope.document.at(*path), SENDER):
            return None
        if name != SENDER and not self._reachable(name):
            message = f"partner '{name}' has no channel that documents can be delivered to"
            self.scope.say(self.scope.document.at(*path), message)
        endpoint = "partner:" if name == SENDER else f"partner:{name}"
        return self._node(f"{self.verb} partner {name}", place, endpoint, fields, at)

    def _reachable(self, name: str) -> bool:
        channels = self.scope.project.partners[name].channels
        self.scope.project.reads.add((ENDPOINT, channel) for channel in channels)
        found = [self.scope.endpoints.found.get(channel) for channel in channels]
        broken = ("partner", name) in self.scope.project.broken or self.scope.endpoints.unknown
        return broken or any(endpoint is not None and endpoint.spec.target is not None for endpoint in found)

    def _endpoint(self, name: str, value: Any, at: Path, place: Place) -> Node | None:
        key = self.scope.document.key(*at)
        endpoint = self.scope.endpoints.find(name, key)
        if endpoint is None:
            if not self.scope.endpoints.silent(name):
                known = self.scope.endpoints.names() | TARGETS
                self.scope.say(key, f"unknown endpoint '{name}'{nearest(name, known)}", "unknown")
            return None
        if endpoint.spec.target is None:
            self.scope.say(key, f"'{name}' ({endpoint.spec.name}) can't be delivered to; it only receives")
            return None
        model = endpoint.spec.target_options or NoOptions
        if model.SHORTHAND and value is not None and not isinstance(value, dict):
            value = {model.SHORTHAND: value}
        fields = self._fields(value, at, name)
        if fields is None:
            return None
        return self._node(f"{self.verb} {name}", place, name, fields, at, self._options(endpoint, value or {}, at))

    def _options(self, endpoint: Endpoint, value: dict[str, Any], at: Path) -> Any:
        model = endpoint.spec.target_options or NoOptions
        own = {key: inner for key, inner in value.items() if key not in COMMON or key in model.model_fields}
        options = checked(model, own, self._subject(at, endpoint.name, COMMON), self.scope.project.problems)
        return options if endpoint.spec.target_options else None

    def _fields(self, value: Any, at: Path, name: str) -> TargetFields | None:
        """Return what every target takes, validated."""
        if isinstance(value, dict):
            value = {key: inner for key, inner in value.items() if key in COMMON}
        return checked(TargetFields, value, self._subject(at, name), self.scope.project.problems)

    def _subject(self, at: Path, name: str, also: tuple[str, ...] = ()) -> Subject:
        return Subject(self.scope.document, at, name, also)

    def _node(self, label: str, place: Place, endpoint: str, fields: TargetFields, at: Path, options: Any = None) -> TargetNode:
        if fields.reply_to:
            self.scope.published.add(fields.reply_to)
        return TargetNode(
            number=self.scope.number(),
            name=label,
            place=place,
            endpoint=endpoint,
            operation=fields.operation,
            options=options,
            key=self._expression("key", fields, at),
            order_key=self._expression("order_by", fields, at),
            title=self._expression("name", fields, at),
            reply_to=fields.reply_to,
            policies=self.scope.known_policies(fields.policies, (*at, "policies")),
        )

    def _expression(self, name: str, fields: TargetFields, at: Path) -> Expression | None:
        if name not in fields.model_fields_set:
            return None
        return self.scope.expression(getattr(fields, name), (*at, name))
