"""JSON Schemas of all kinds of files, for editors: made from the models and from what components say of themselves."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from crossdock.core.registry import Registry, installed
from crossdock.core.spec import ConnectorSpec, PolicySpec, TransformerSpec
from crossdock_config.models import KINDS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXPRESSION: Schema = {"type": ["string", "number", "boolean"], "description": "a CEL expression"}
TARGET: Schema = {
    "operation": {"type": "string", "description": "what the endpoint shall do"},
    "key": {**EXPRESSION, "description": "the idempotency key: the same document has the same key"},
    "order_by": {**EXPRESSION, "description": "documents with the same value go one after the other"},
    "name": {**EXPRESSION, "description": "the document's name, where the endpoint keeps files"},
    "reply_to": {"type": "string", "description": "the event that carries the endpoint's reply"},
    "policies": {"type": "array", "items": {"type": "string"}, "description": "policy sets around the delivery"},
}


def kinds() -> list[str]:
    """Return the kinds of files that there are."""
    return sorted({*KINDS, *_file_kinds(installed())})


def json_schema(kind: str) -> Schema:
    """Return the JSON Schema (2020-12) of a kind of file; raises KeyError."""
    registry = installed()
    model: type[BaseModel] = KINDS.get(kind) or _file_kinds(registry)[kind]
    schema = model.model_json_schema(by_alias=True)
    fill = {"route": _route, "environment": _environment, "partner": _partner, "policy": _policy}.get(kind)
    if fill:
        fill(schema, registry)
    return {**_hoisted(schema), "$schema": DIALECT, "title": f"Crossdock {kind}"}


def _file_kinds(registry: Registry) -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {}
    for spec in registry.all("transformers"):
        if isinstance(spec, TransformerSpec):
            found |= spec.files
    return found


def _route(schema: Schema, registry: Registry) -> None:
    definitions = schema.setdefault("$defs", {})
    definitions["step"] = {"oneOf": [*_own_steps(registry), *_transformers(registry)]}
    properties = schema["properties"]
    properties["from"] = {"type": "object", "minProperties": 1, "maxProperties": 1, "properties": _sources(registry)}
    properties["steps"] = {"type": "array", "items": {"$ref": "#/$defs/step"}}
    properties["to"] = {"type": "array", "items": {"anyOf": [{"type": "string"}, _targets(registry)]}}


def _own_steps(registry: Registry) -> list[Schema]:
    steps = {"type": "array", "items": {"$ref": "#/$defs/step"}}
    branch = {
        "type": "object",
        "properties": {"when": EXPRESSION, "steps": steps, "otherwise": steps},
        "additionalProperties": False,
    }
    return [
        _one("decode", _formats(registry, "decode"), "read the body in a format"),
        _one("encode", _formats(registry, "encode"), "write the body in a format"),
        _one("split", {"type": "string"}, "let each part go on by itself: `transactions`, or an expression that gives a list"),
        _one("filter", EXPRESSION, "go on only where this holds"),
        _one("choice", {"type": "array", "items": branch}, "the first branch whose condition holds"),
        _one("set_header", {"type": "object", "additionalProperties": EXPRESSION}, "set headers from expressions"),
        _one("to", {"type": "array"}, "deliver from here"),
    ]


def _one(name: str, value: Schema, description: str) -> Schema:
    return {
        "type": "object",
        "properties": {name: value},
        "required": [name],
        "additionalProperties": False,
        "description": description,
    }


def _formats(registry: Registry, direction: str) -> Schema:
    found: dict[str, Schema] = {}
    for spec in registry.all("transformers"):
        if isinstance(spec, TransformerSpec) and getattr(spec, direction):
            model = (spec.encode_options if direction == "encode" else None) or spec.options
            found[spec.name] = {"anyOf": [_of(model, spec.summary), {"type": ["null", "string"]}]}
    return {
        "anyOf": [
            {"enum": sorted(found)},
            {"type": "object", "properties": found, "maxProperties": 1, "additionalProperties": False},
        ]
    }


def _transformers(registry: Registry) -> list[Schema]:
    return [
        _one(spec.name, {"anyOf": [{"type": "string"}, _of(spec.options, spec.summary)]}, spec.summary)
        for spec in registry.all("transformers")
        if isinstance(spec, TransformerSpec) and spec.step
    ]


def _sources(registry: Registry) -> dict[str, Schema]:
    found: dict[str, Schema] = {"event": {"type": "string", "description": "the type of the event that starts this route"}}
    for spec in registry.all("connectors"):
        if isinstance(spec, ConnectorSpec) and spec.source_options:
            found[spec.name] = _of(spec.source_options, spec.summary)
    return found


def _targets(registry: Registry) -> Schema:
    found: dict[str, Schema] = {
        "event": {"type": "string", "description": "publish the body as an event of this type"},
        "partner": {"type": ["string", "object"], "description": "a partner's name, or `sender`"},
    }
    for spec in registry.all("connectors"):
        if isinstance(spec, ConnectorSpec) and spec.target:
            own: Schema = _of(spec.target_options, spec.summary) if spec.target_options else {"type": "object"}
            inner: Schema = own.get("properties", {})
            found[spec.name] = {**own, "properties": {**inner, **TARGET}}
    anything = {"type": "object", "properties": TARGET}
    return {"type": "object", "maxProperties": 1, "properties": found, "additionalProperties": anything}


def _environment(schema: Schema, registry: Registry) -> None:
    settings = {
        spec.name: _of(spec.settings, spec.summary) for spec in registry.all("connectors") if isinstance(spec, ConnectorSpec)
    }
    bound = {"type": "object", "properties": settings, "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    schema["properties"]["endpoints"] = {"type": "object", "additionalProperties": bound}


def _partner(schema: Schema, registry: Registry) -> None:
    channels = {
        spec.name: _of(spec.channel, spec.summary)
        for spec in registry.all("connectors")
        if isinstance(spec, ConnectorSpec) and spec.channel
    }
    schema["properties"]["channels"] = {"type": "object", "properties": channels}


def _policy(schema: Schema, registry: Registry) -> None:
    policies = [
        _one(spec.name, {"anyOf": [_of(spec.options, spec.summary), {"type": "string"}]}, spec.summary)
        for spec in registry.all("policies")
        if isinstance(spec, PolicySpec)
    ]
    schema["properties"]["use"] = {"type": "array", "minItems": 1, "items": {"oneOf": policies}}


def _of(model: type[BaseModel], description: str) -> Schema:
    return {**model.model_json_schema(by_alias=True), "description": description}


def _hoisted(schema: Schema) -> Schema:
    """Return the schema with all inner definitions at its top, where `$ref`s look for them."""
    definitions: Schema = {}

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            for name, definition in value.get("$defs", {}).items():
                definitions[name] = walk(definition)
            return {key: walk(inner) for key, inner in value.items() if key != "$defs"}
        return [walk(inner) for inner in value] if isinstance(value, list) else value

    hoisted: Schema = walk(schema)
    return {**hoisted, "$defs": definitions} if definitions else hoisted
