"""A route's steps become the nodes of its program, the shape of the body handed on from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossdock.core.errors import Place
from crossdock.core.program import Branch, ChoiceNode, FilterNode, HeadersNode, Node, SplitNode, StepNode
from crossdock.core.registry import nearest
from crossdock.core.spec import Options, TransformerSpec
from crossdock_config.checked import Subject
from crossdock_config.project import Within
from crossdock_config.scope import Scope, shape_of
from crossdock_config.targets import Targets
from crossdock_config.yaml_source import Path

Built = Node | None


class Steps:
    """Compiles one route's steps; problems go to the project."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._own: dict[str, Callable[[str, Any, Path, Place], Built]] = {
            "decode": self._codec,
            "encode": self._codec,
            "split": self._split,
            "filter": self._filter,
            "choice": self._choice,
            "set_header": self._set_header,
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
        if not isinstance(item, dict) or len(item) != 1:
            self._lost(place, "a step has one key: `- map: acme-850`")
            return ()
        name, value = next(iter(item.items()))
        at = (*at, name)
        if name == "to":
            return Targets(self._scope).compile(value, at)
        node = self._own.get(name, self._transformer)(name, value, at, place)
        return () if node is None else (node,)

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
            known = [one.name for one in specs if getattr(one, direction, None)]
            format_place = self._scope.document.at(*at) if isinstance(value, str) else self._scope.document.key(*options_at)
            self._lost(format_place, f"unknown format '{name}' for {direction}{nearest(name, known)}")
            return None
        model = (spec.encode_options if direction == "encode" else None) or spec.options
        return self._built(f"{direction} {name}", builder, model, options, options_at, place)

    def _transformer(self, name: str, value: Any, at: Path, place: Place) -> Built:
        spec = self._scope.project.registry.find("transformers", name)
        if not isinstance(spec, TransformerSpec) or spec.step is None:
            own = [one.name for one in self._scope.project.registry.all("transformers") if getattr(one, "step", None)]
            message = f"unknown step '{name}'{nearest(name, [*self._own, 'to', *own])}"
            self._lost(self._scope.document.key(*at), message)
            return None
        given = value.get(spec.options.SHORTHAND) if isinstance(value, dict) else value
        label = f"{name} {given}" if isinstance(given, str) and spec.options.SHORTHAND else name
        return self._built(label, spec.step, spec.options, value, at, place)

    def _built(self, label: str, builder: Any, model: type[Options], value: Any, at: Path, place: Place) -> Built:
        what = " ".join(step for step in at[-2:] if isinstance(step, str))
        project, shape = self._scope.project, self._scope.shape
        self._scope.shape = None
        options = project.options(model, value, Subject(self._scope.document, at, what))
        if options is None:
            return None
        step = project.built(lambda: builder(options, Within(project, place, shape)), self._scope.document, at)
        if step is None:
            return None
        self._scope.shape = step.shape
        return StepNode(self._scope.number(), label, place, step)

    def _lost(self, place: Place, message: str) -> None:
        """Say that a step can't be known, and that so nothing is known of what comes out of it."""
        self._scope.shape = None
        self._scope.say(place, message, "unknown")

    def _split(self, _: str, value: Any, at: Path, place: Place) -> Built:
        if not isinstance(value, str) or not value:
            where = self._scope.document.at(*at)
            self._lost(where, "`split` takes `transactions`, or an expression that gives a list: `body.orders`")
            return None
        number = self._scope.number()
        if value.isidentifier():
            return SplitNode(number, f"split {value}", place)
        path = self._scope.expression(value, at)
        shape = shape_of(path)
        if isinstance(shape.get("type"), str) and shape["type"] != "array":
            where = self._scope.document.at(*at)
            self._scope.say(where, f"`split` needs a list; `{value}` is of type {shape['type']}")
        items = shape.get("items")
        self._scope.shape = items if isinstance(items, dict) else None
        return SplitNode(number, f"split {value}", place, path) if path else None

    def _filter(self, _: str, value: Any, at: Path, place: Place) -> Built:
        condition = self._scope.expression(value, at, condition=True)
        return FilterNode(self._scope.number(), "filter", place, condition) if condition else None

    def _set_header(self, _: str, value: Any, at: Path, place: Place) -> Built:
        if not isinstance(value, dict) or not value:
            where = self._scope.document.at(*at)
            self._scope.say(where, "`set_header` takes names and expressions: `{ priority: '\"high\"' }`")
            return None
        compiled = {key: self._scope.expression(text, (*at, key)) for key, text in value.items()}
        values = {key: expression for key, expression in compiled.items() if expression is not None}
        return HeadersNode(self._scope.number(), "set_header", place, values)

    def _choice(self, _: str, value: Any, at: Path, place: Place) -> Built:
        if not isinstance(value, list) or not value:
            where = self._scope.document.at(*at)
            self._scope.say(where, "`choice` is a list of `when` with `steps`, and at the end at most one `otherwise`")
            return None
        number, before = self._scope.number(), self._scope.shape
        branches: list[Branch] = []
        changed = False
        for index, item in enumerate(value):
            self._scope.shape = before
            branch = self._branch(item, (*at, index), last=index == len(value) - 1)
            branches += [branch] if branch else []
            changed = changed or self._scope.shape is not before
        self._scope.shape = None if changed else before
        return ChoiceNode(number, "choice", place, tuple(branches))

    def _branch(self, item: Any, at: Path, *, last: bool) -> Branch | None:
        place = self._scope.document.at(*at)
        if isinstance(item, dict) and set(item) == {"otherwise"}:
            if not last:
                self._scope.say(place, "`otherwise` is the last branch: those after it would never be taken")
            return Branch(None, place, self.compile(item["otherwise"], (*at, "otherwise")))
        if isinstance(item, dict) and set(item) == {"when", "steps"}:
            condition = self._scope.expression(item["when"], (*at, "when"), condition=True)
            nodes = self.compile(item["steps"], (*at, "steps"))
            return Branch(condition, place, nodes) if condition else None
        self._scope.say(place, "a branch is `when` with `steps`, or `otherwise` with a list of steps")
        return None
