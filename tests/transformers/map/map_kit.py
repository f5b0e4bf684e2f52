"""Files as the loader gives them: data with the place of every value and key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from crossdock.core.errors import Place, Refusal
from crossdock.core.message import Control, Message
from crossdock.core.partner import Partner
from crossdock.core.program import variables
from crossdock.core.spec import ExpressionLanguage, Resource, Shape
from crossdock.core.words import nearest
from crossdock_transformers.expression.language import Cel


def resource(kind: str, name: str, text: str) -> Resource:
    """Return a YAML (or JSON) text as a resource."""
    path = f"{name}.{kind}.yaml" if kind != "schema" else f"{name}.schema.json"
    places: dict[tuple[str | int, ...], Place] = {}
    keys: dict[tuple[str | int, ...], Place] = {}
    _walk(yaml.compose(text), (), path, places, keys)
    data = json.loads(text) if kind == "schema" else yaml.safe_load(text)
    return Resource(kind, name, path, data, places, keys)


def _walk(node: Any, at: tuple[str | int, ...], path: str, places: dict, keys: dict) -> None:
    places[at] = Place(path, node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            keys[*at, key.value] = Place(path, key.start_mark.line + 1, key.start_mark.column + 1)
            _walk(value, (*at, key.value), path, places, keys)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*at, index), path, places, keys)


@dataclass
class Project:
    """A component's context: some files, and what is known of the body."""

    files: Sequence[Resource] = ()
    shape: Shape | None = None
    place: Place = field(default_factory=lambda: Place("routes/a.route.yaml", 7, 5))
    partners: Mapping[str, Partner] = field(default_factory=dict)
    expressions: ExpressionLanguage = field(default_factory=Cel)
    given: Resource = field(default_factory=lambda: Resource("options", "route", "routes/a.route.yaml", {}, {}))

    def resource(self, kind: str, name: str) -> Resource:
        """Return a file; raises Refusal with the nearest name."""
        for file in self.files:
            if (file.kind, file.name) == (kind, name):
                return file
        raise Refusal(f"unknown {kind} '{name}'{nearest(name, self.names(kind))}")

    def once(self, _key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        return make()

    def names(self, kind: str) -> Sequence[str]:
        """The names of a kind."""
        return [file.name for file in self.files if file.kind == kind]


def message(body: Any) -> Message:
    """Return a message with a body."""
    return Message(
        id="01J", body=body, control=Control("orders", "r1", source="sftp", partner="acme"), received_at=1_760_000_000_000
    )


def seen(body: Any, **more: Any) -> dict[str, Any]:
    """Return the variables of a message."""
    return {**variables(message(body)), "received_at": 0, **more}
