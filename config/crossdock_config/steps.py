"""A route's steps become the nodes of its program, the shape of the body handed on from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossdock.core.errors import Place
from crossdock.core.nodes import Node, StepNode
from crossdock.core.spec import BYTES, Options, TransformerSpec
from crossdock.core.words import nearest
from crossdock_config.checked import Subject
from crossdock_config.patterns import PATTERNS, Built, Pattern, Site
from crossdock_config.project import Within, is_shared, part
from crossdock_config.scope import Scope
from crossdock_config.targets import Targets
from crossdock_config.yaml_source import Path

OWN = {
    "decode": "read the body in a format",
    "encode": "write the body in a format",
    "to": "deliver from here",
}
"""Steps that are neither patterns nor transformers."""


class Steps:
    """Compiles one route's steps; problems go to the project."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._own: dict[str, Callable[[str, Any, Path, Place], Built]] = {
            "decode": self._codec,
            "encode": self._codec,
        }

    def compile(self, data: Any, at: Path) -> tuple[Node, ...]:
        """Compile a list of steps."""
        if not isinstance(data, list):
            self._scope.say(self._scope.document.at(*at), "steps are a list, one key each: `- map: acme-850`")
            return ()
        nodes: list[Node] = []
        for index, item in enumerate(data):
            nodes += self._step(item, (*at, index))
        return tuple(nodes)

    def _step(self, item: Any, at: Path) -> tuple[Node, ...]:
        place = self._scope.document.at(*at)
        if isinstance(item, str):
            item = {item: None}
        label = item.get("label") if isinstance(item, dict) else None
        keys = [key for key in item if key != "label"] if isinstance(item, dict) else []
        if len(keys) != 1:
            self._lost(place, "a step has one key: `- map: acme-850`")
            return ()
        name = keys[0]
        nodes = self._nodes(name, item[name], (*at, name), place)
        if label is not None and nodes:
            self._name(label, nodes[0], (*at, "label"))
        return nodes

    def _nodes(self, name: str, value: Any, at: Path, place: Place) -> tuple[Node, ...]:
        if name == "to":
            return Targets(self._scope).compile(value, at)
        if name in PATTERNS:
            built = self._pattern(PATTERNS[name], value, at, place)
        else:
            built = self._own.get(name, self._transformer)(name, value, at, place)
        return built if isinstance(built, tuple) else () if built is None else (built,)

    def _name(self, label: Any, node: Node, at: Path) -> None:
        """Give a step its label, by which tests stand in for it."""
        place = self._scope.document.at(*at)
        if not isinstance(label, str) or not label:
            self._scope.say(place, "a label is a name: `label: look-up-customer`")
        elif label in self._scope.labels and not self._scope.calls:
            self._scope.say(place, f"another step of this route has the label '{label}'")
        else:
            self._scope.labels[label] = node.number

    def _pattern(self, pattern: Pattern, value: Any, at: Path, place: Place) -> Built:
        site = Site(pattern, value, at, place, self._scope, self)
        if pattern.suspends and self._scope.isolated:
            key = self._scope.document.key(*at)
            self._scope.say(
                key, f"`{pattern.name}` can't stand inside `{self._scope.isolated}`: a message can't be put away there"
            )
        if not site.understand():
            self._scope.shape = None
            return None
        return pattern.compile(site)

    def called(self, name: str, at: Path) -> tuple[Node, ...] | None:
        """Compile the steps of a shared route in place; None where there is none, which has been said."""
        scope = self._scope
        scope.project.reads.note("route", name)
        document = scope.project.documents.get("route", {}).get(name)
        place = scope.document.at(*at)
        shared = sorted(one for one, file in scope.project.documents.get("route", {}).items() if is_shared(file))
        if document is None or name not in shared:
            what = f"route '{name}' can't be called: it does not begin with `from: {{ call: {{}} }}`"
            self._lost(place, what if document else f"there is no shared route '{name}'{nearest(name, shared)}")
            return None
        if name in scope.calls:
            scope.say(place, f"'{name}' calls itself: {' -> '.join((*scope.calls, name))}")
            return None
        scope.project.use("route", name, place)
        outer, calls = scope.document, scope.calls
        scope.document, scope.calls = document, (*calls, name)
        nodes = self.compile(part(document, "steps", list), ("steps",))
        scope.document, scope.calls = outer, calls
        return nodes

    def _codec(self, direction: str, value: Any, at: Path, place: Place) -> Built:
        if isinstance(value, str):
            name, options, options_at = value, None, at
        elif isinstance(value, dict) and len(value) == 1:
            name, options = next(iter(value.items()))
            options_at = (*at, name)
        else:
            self._lost(self._scope.document.at(*at), f"`{direction}` takes one format: `- {direction}: {{ x12: {{}} }}`")
            return None
        spec = self._scope.project.registry.find("transformers", name)
        builder = getattr(spec, direction, None)
        if not isinstance(spec, TransformerSpec) or builder is None:
            specs = self._scope.project.registry.all("transformers")
            known = {one.name: one.summary for one in specs if getattr(one, direction, None)}
            format_place = self._scope.document.at(*at) if isinstance(value, str) else self._scope.document.key(*options_at)
            self._lost(format_place, f"unknown format '{name}' for {direction}{nearest(name, known)}")
            return None
        if direction == "encode":
            self._split_first(direction, place)
        model = (spec.encode_options if direction == "encode" else None) or spec.options
        built = self._built(f"{direction} {name}", builder, model, options, options_at, place)
        if direction == "encode" and built is not None and self._scope.shape is None:
            self._scope.shape = BYTES
        return built

    def _transformer(self, name: str, value: Any, at: Path, place: Place) -> Built:
        spec = self._scope.project.registry.find("transformers", name)
        if not isinstance(spec, TransformerSpec) or spec.step is None:
            own = [one for one in self._scope.project.registry.all("transformers") if getattr(one, "step", None)]
            known = {one.name: one.summary for one in (*PATTERNS.values(), *own)}
            message = f"unknown step '{name}'{nearest(name, OWN | known)}"
            self._lost(self._scope.document.key(*at), message)
            return None
        self._split_first(name, place)
        given = value.get(spec.options.SHORTHAND) if isinstance(value, dict) else value
        label = f"{name} {given}" if isinstance(given, str) and spec.options.SHORTHAND else name
        return self._built(label, spec.step, spec.options, value, at, place)

    def _split_first(self, name: str, place: Place) -> None:
        """Say where a step gets a stream that nobody has split."""
        if self._scope.unit:
            unit = self._scope.unit
            other = ", or `whole: true` in the decoder" if self._scope.whole else ""
            self._scope.say(place, f"`{name}` gets a stream of {unit}: write `split: {unit}` before it{other}")
            self._scope.unit = None

    def _built(self, label: str, builder: Any, model: type[Options], value: Any, at: Path, place: Place) -> Built:
        what = " ".join(step for step in at[-2:] if isinstance(step, str))
        project, shape = self._scope.project, self._scope.shape
        self._scope.shape = None
        options = project.options(model, value, Subject(self._scope.document, at, what))
        if options is None:
            return None
        document = self._scope.document
        step = project.built(lambda: builder(options, Within(project, place, shape, document, at)), document, at)
        if step is None:
            return None
        self._scope.shape = step.shape
        self._scope.unit = getattr(step, "unit", None)
        self._scope.whole = "whole" in model.model_fields
        return StepNode(self._scope.number(), label, place, step)

    def _lost(self, place: Place, message: str) -> None:
        """Say that a step can't be known, and that so nothing is known of what comes out of it."""
        self._scope.shape = None
        self._scope.say(place, message, "unknown")
