"""A route's steps and targets become the nodes of a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crossdock.core.errors import Place, Refusal, Refusals
from crossdock.core.program import (
    Branch,
    ChoiceNode,
    EventNode,
    FilterNode,
    HeadersNode,
    Node,
    SplitNode,
    StepNode,
    TargetNode,
    variable_shapes,
)
from crossdock.core.registry import nearest
from crossdock.core.spec import ConnectorSpec, Expression, Shape, TransformerSpec
from crossdock_config.endpoints import Endpoints
from crossdock_config.project import Project, Within
from crossdock_config.yaml_source import Document, Path

TARGET_KEYS = ("operation", "key", "order_by", "name", "reply_to", "policies")
"""What every target takes beside its connector's own options."""


@dataclass
class Steps:
    """Compiles one route's document; problems go to the project."""

    project: Project
    document: Document
    endpoints: Endpoints
    policy_sets: set[str]
    shape: Shape | None = None
    partner: str = ""
    _number: int = field(default=0)

    def compile(self, data: Any, at: Path) -> tuple[Node, ...]:
        """Compile a list of steps."""
        nodes: list[Node] = []
        for index, item in enumerate(data if isinstance(data, list) else []):
            nodes += self._step(item, (*at, index))
        if not isinstance(data, list):
            self.project.say(self.document.at(*at), "steps are a list, one key each: `- map: acme-850`")
        return tuple(nodes)

    def targets(self, data: Any, at: Path) -> tuple[Node, ...]:
        """Compile a list of targets."""
        if not isinstance(data, list):
            self.project.say(self.document.at(*at), "`to` is a list: `- erp: { operation: sales_order.create }`")
            return ()
        nodes = [self._target(item, (*at, index)) for index, item in enumerate(data)]
        return tuple(node for node in nodes if node is not None)

    def expression(self, text: Any, at: Path, *, kind: str = "") -> Expression | None:
        """Compile an expression against what is known of the message here; `kind` boolean demands a condition."""
        place = self.document.at(*at)
        if not isinstance(text, str):
            text = "null" if text is None else str(text).lower() if isinstance(text, bool) else str(text)
        try:
            expression = self.project.expressions.compile(text, place, variable_shapes(self.shape))
        except (Refusal, Refusals) as refusal:
            self.project.refused(refusal, self.document, at)
            return None
        found = (expression.shape or {}).get("type")
        if kind and isinstance(found, str) and found != kind:
            self.project.say(place, f"a condition must be true or false; `{text}` is a {found}")
        return expression

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _step(self, item: Any, at: Path) -> list[Node]:
        place = self.document.at(*at)
        if isinstance(item, str):
            item = {item: None}
        if not isinstance(item, dict) or len(item) != 1:
            self.project.say(place, "a step has one key: `- map: acme-850`")
            return []
        name, value = next(iter(item.items()))
        if name == "to":
            return list(self.targets(value, (*at, "to")))
        builder = self._builders().get(name)
        node = builder(name, value, (*at, name), place) if builder else self._transformer(name, value, (*at, name), place)
        return [node] if node is not None else []

    def _builders(self) -> dict[str, Callable[[str, Any, Path, Place], Node | None]]:
        return {
            "decode": self._codec,
            "encode": self._codec,
            "split": self._split,
            "filter": self._filter,
            "choice": self._choice,
            "set_header": self._set_header,
        }

    def _codec(self, direction: str, value: Any, at: Path, place: Place) -> Node | None:
        if isinstance(value, str):
            name, options, options_at = value, None, at
        elif isinstance(value, dict) and len(value) == 1:
            name, options = next(iter(value.items()))
            options_at = (*at, name)
        else:
            self.project.say(place, f"`{direction}` takes one format: `- {direction}: {{ x12: {{}} }}`")
            return None
        spec = self.project.registry.find("transformers", name)
        builder = getattr(spec, direction, None)
        if not isinstance(spec, TransformerSpec) or builder is None:
            known = self._formats(direction)
            self.project.say(self.document.at(*options_at), f"unknown format '{name}' for {direction}{nearest(name, known)}")
            return None
        model = spec.encode_options or spec.options if direction == "encode" else spec.options
        return self._built(f"{direction} {name}", builder, model, options, options_at, place)

    def _formats(self, direction: str) -> list[str]:
        specs = self.project.registry.all("transformers")
        return [spec.name for spec in specs if isinstance(spec, TransformerSpec) and getattr(spec, direction)]

    def _transformer(self, name: str, value: Any, at: Path, place: Place) -> Node | None:
        spec = self.project.registry.find("transformers", name)
        if not isinstance(spec, TransformerSpec) or spec.step is None:
            own = [one.name for one in self.project.registry.all("transformers") if getattr(one, "step", None)]
            known = [*self._builders(), "to", *own]
            place = self.document.key_places.get(at, place)
            self.project.say(place, f"unknown step '{name}'{nearest(name, known)}", "unknown")
            return None
        label = f"{name} {value}" if isinstance(value, str) else name
        return self._built(label, spec.step, spec.options, value, at, place)

    def _built(self, label: str, builder: Any, model: Any, value: Any, at: Path, place: Place) -> Node | None:
        options = self.project.options(model, value, self.document, at, label)
        if options is None:
            return None
        try:
            step = builder(options, Within(self.project, place, self.shape))
        except (Refusal, Refusals) as refusal:
            self.project.refused(refusal, self.document, at)
            self.shape = None
            return None
        self.shape = step.shape
        return StepNode(self._next(), label, place, step)

    def _split(self, _: str, value: Any, at: Path, place: Place) -> Node | None:
        if not isinstance(value, str) or not value:
            self.project.say(place, "`split` takes `transactions`, or an expression that gives a list: `body.orders`")
            return None
        if value.isidentifier():
            return SplitNode(self._next(), f"split {value}", place)
        path = self.expression(value, at)
        items = (path.shape or {}).get("items") if path else None
        self.shape = items if isinstance(items, dict) else None
        return SplitNode(self._next(), f"split {value}", place, path) if path else None

    def _filter(self, _: str, value: Any, at: Path, place: Place) -> Node | None:
        condition = self.expression(value, at, kind="boolean")
        return FilterNode(self._next(), "filter", place, condition) if condition else None

    def _set_header(self, _: str, value: Any, at: Path, place: Place) -> Node | None:
        if not isinstance(value, dict) or not value:
            self.project.say(place, "`set_header` takes names and expressions: `{ priority: '\"high\"' }`")
            return None
        compiled = {key: self.expression(text, (*at, key)) for key, text in value.items()}
        values = {key: expression for key, expression in compiled.items() if expression is not None}
        return HeadersNode(self._next(), "set_header", place, values)

    def _choice(self, _: str, value: Any, at: Path, place: Place) -> Node | None:
        if not isinstance(value, list) or not value:
            self.project.say(place, "`choice` is a list of `when` with `steps`, and at most one `otherwise`")
            return None
        number, before = self._next(), self.shape
        branches, shapes = [], []
        for index, item in enumerate(value):
            self.shape = before
            branch = self._branch(item, (*at, index))
            branches += [branch] if branch else []
            shapes.append(self.shape)
        self.shape = before if all(shape is before for shape in shapes) else None
        return ChoiceNode(number, "choice", place, tuple(branches))

    def _branch(self, item: Any, at: Path) -> Branch | None:
        place = self.document.at(*at)
        if isinstance(item, dict) and set(item) == {"otherwise"}:
            return Branch(None, place, self.compile(item["otherwise"], (*at, "otherwise")))
        if isinstance(item, dict) and set(item) == {"when", "steps"}:
            condition = self.expression(item["when"], (*at, "when"), kind="boolean")
            nodes = self.compile(item["steps"], (*at, "steps"))
            return Branch(condition, place, nodes) if condition else None
        self.project.say(place, "a branch is `when` with `steps`, or `otherwise` with a list of steps")
        return None

    def _target(self, item: Any, at: Path) -> Node | None:
        place = self.document.at(*at)
        if isinstance(item, str):
            item = {item: {}}
        if not isinstance(item, dict) or len(item) != 1:
            self.project.say(place, "a target has one key: `- erp: { operation: sales_order.create }`")
            return None
        name, value = next(iter(item.items()))
        at = (*at, name)
        if name == "event":
            return self._event(value, place)
        if name == "partner":
            return self._partner(value, at, place)
        return self._endpoint(name, value or {}, at, place)

    def _event(self, value: Any, place: Place) -> Node | None:
        if not isinstance(value, str) or not value:
            self.project.say(place, "`event` takes the event's type: `- event: order.received`")
            return None
        return EventNode(self._next(), f"to event {value}", place, value)

    def _partner(self, value: Any, at: Path, place: Place) -> Node | None:
        options = {"partner": value} if isinstance(value, str) else dict(value or {})
        name = str(options.pop("partner", "sender"))
        if name != "sender" and name not in self.project.partners:
            self.project.say(
                self.document.at(*at), f"unknown partner '{name}'{nearest(name, [*self.project.partners, 'sender'])}"
            )
            return None
        common = self._common(options, at)
        for unknown in options:
            self._unknown_target(unknown, at, "partner")
        endpoint = "partner:" if name == "sender" else f"partner:{name}"
        return TargetNode(self._next(), f"to partner {name}", place, endpoint, **common)

    def _endpoint(self, name: str, value: Any, at: Path, place: Place) -> Node | None:
        endpoint = self.endpoints.find(name)
        if self.endpoints.is_broken(name):
            return None
        if endpoint is None:
            known = [*self.endpoints.names(), "event", "partner"]
            where = self.document.key_places.get(at, place)
            self.project.say(where, f"unknown endpoint '{name}'{nearest(name, known)}", "unknown")
            return None
        if endpoint.spec.target is None:
            self.project.say(place, f"'{name}' ({endpoint.spec.name}) can't be delivered to; it only receives")
            return None
        if not isinstance(value, dict):
            self.project.say(place, f"'{name}' takes a mapping of options")
            return None
        own = dict(value)
        common = self._common(own, at)
        options = self._target_options(endpoint.spec, own, common["operation"], at, name)
        return TargetNode(self._next(), f"to {name}", place, name, options=options, **common)

    def _target_options(self, spec: ConnectorSpec, own: dict[str, Any], operation: str, at: Path, name: str) -> Any:
        if spec.target_options is None:
            for key in own:
                self._unknown_target(key, at, name)
            return None
        known = [field.alias or one for one, field in spec.target_options.model_fields.items()]
        for key in [key for key in own if key not in known]:
            self._unknown_target(key, at, name, known)
            own.pop(key)
        if operation and "operation" in spec.target_options.model_fields:
            own["operation"] = operation
        return self.project.options(spec.target_options, own, self.document, at, name)

    def _unknown_target(self, key: str, at: Path, name: str, known: Sequence[str] = ()) -> None:
        place = self.document.key_places.get((*at, key), self.document.at(*at))
        self.project.say(place, f"unknown option '{key}' for {name}{nearest(key, [*TARGET_KEYS, *known])}", "unknown")

    def _common(self, options: dict[str, Any], at: Path) -> dict[str, Any]:
        """Take out of the options what every target has."""
        key, order, title = (options.pop(one, None) for one in ("key", "order_by", "name"))
        names = options.pop("policies", [])
        self.known_policies(names, (*at, "policies"))
        return {
            "operation": str(options.pop("operation", "")),
            "key": self.expression(key, (*at, "key")) if key is not None else None,
            "order_key": self.expression(order, (*at, "order_by")) if order is not None else None,
            "title": self.expression(title, (*at, "name")) if title is not None else None,
            "reply_to": str(options.pop("reply_to", "")),
            "policies": tuple(str(name) for name in names) if isinstance(names, list) else (),
        }

    def known_policies(self, names: Any, at: Path) -> None:
        """Say which policy sets don't exist."""
        if not isinstance(names, list):
            self.project.say(self.document.at(*at), "`policies` is a list of policy sets: `[standard-delivery]`")
            return
        for index, name in enumerate(names):
            if name not in self.policy_sets:
                place = self.document.at(*at, index)
                self.project.say(place, f"unknown policy set '{name}'{nearest(str(name), self.policy_sets)}", "unknown")
