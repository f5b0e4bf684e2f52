"""JSON Schemas of all kinds of files, for editors: made from the models and from what components say of themselves."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from crossdock.core.registry import Registry, installed
from crossdock.core.spec import ConnectorSpec, NoOptions, Options, PolicySpec, TransformerSpec
from crossdock_config.files import file_kinds
from crossdock_config.models import KINDS, TargetFields
from crossdock_config.patterns import PATTERNS, Pattern
from crossdock_config.patterns.pattern import EXPRESSION
from crossdock_config.routes import SOURCES
from crossdock_config.steps import OWN
from crossdock_config.targets import TARGETS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REFERENCE: Schema = {"type": "string", "pattern": r"\$\{(secret|file|env):[^}]+\}"}
_STEP: Schema = {"$ref": "#/$defs/step"}
_TARGETS: Schema = {"type": "array", "items": {"$ref": "#/$defs/target"}}
_LABEL: Schema = {"label": {"type": "string", "description": "a name for this step, by which tests stand in for it"}}
_NARROW = ("pattern", "format", "minLength", "maxLength", "enum", "const")
_TOLD = ("description", "title", "default", "examples")


def kinds(registry: Registry | None = None) -> list[str]:
    """Return the kinds of files that there are."""
    return sorted({*KINDS, *file_kinds(registry or installed())})


def json_schema(kind: str, registry: Registry | None = None) -> Schema:
    """Return the JSON Schema (2020-12) of a kind of file; raises KeyError."""
    registry = registry or installed()
    model: type[BaseModel] = KINDS.get(kind) or file_kinds(registry)[kind]
    schema = model.model_json_schema(by_alias=True)
    fill = {"route": _route, "environment": _environment, "partner": _partner, "policy": _policy}.get(kind)
    if fill:
        fill(schema, registry)
    hoisted = _hoisted(schema)
    if kind in ("environment", "partner"):
        hoisted = _with_references(hoisted)
    return {**hoisted, "$schema": DIALECT, "title": f"Crossdock {kind}"}


def _route(schema: Schema, registry: Registry) -> None:
    definitions = schema.setdefault("$defs", {})
    definitions["step"] = {"oneOf": [*_own_steps(registry), *_transformers(registry), {"enum": _bare(registry)}]}
    definitions["target"] = {"anyOf": [{"type": "string"}, _target(registry)]}
    properties = schema["properties"]
    properties["from"] = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": _sources(registry),
        "description": "one endpoint of the environment, or `event`",
    }
    properties["steps"] = {"type": "array", "items": _STEP, "description": properties["steps"]["description"]}
    properties["to"] = {**_TARGETS, "description": properties["to"]["description"]}


def _own_steps(registry: Registry) -> list[Schema]:
    return [
        _one("decode", _formats(registry, "decode"), OWN["decode"]),
        _one("encode", _formats(registry, "encode"), OWN["encode"]),
        *(_one(pattern.name, _of_pattern(pattern), pattern.summary) for pattern in PATTERNS.values()),
        _one("to", _TARGETS, OWN["to"]),
    ]


def _of_pattern(pattern: Pattern) -> Schema:
    found: Schema = dict(pattern.schema) if pattern.schema is not None else _options(pattern.options, pattern, "step")
    placed: Schema = _with_items(found)
    return placed


def _with_items(value: Any) -> Any:
    """Return a pattern's schema with `x-items: step` put as the reference that it stands for."""
    if isinstance(value, list):
        return [_with_items(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "x-ref" in value:
        return {"$ref": f"#/$defs/{value['x-ref']}"}
    found = {key: _with_items(inner) for key, inner in value.items() if key != "x-items"}
    return {**found, "items": {"$ref": f"#/$defs/{value['x-items']}"}} if "x-items" in value else found


def _one(name: str, value: Schema, description: str, *, labelled: bool = True) -> Schema:
    """Return the schema of an object with this key, and a label where it is a step."""
    return {
        "type": "object",
        "properties": {name: value, **(_LABEL if labelled else {})},
        "required": [name],
        "additionalProperties": False,
        "description": description,
    }


def _formats(registry: Registry, direction: str) -> Schema:
    found: dict[str, Schema] = {}
    for spec in registry.all("transformers"):
        if isinstance(spec, TransformerSpec) and getattr(spec, direction):
            model = (spec.encode_options if direction == "encode" else None) or spec.options
            found[spec.name] = _options(model, spec, direction)
    mapping = {"type": "object", "properties": found, "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    return {"anyOf": [{"enum": sorted(found)}, mapping]}


def _transformers(registry: Registry) -> list[Schema]:
    return [_one(spec.name, _options(spec.options, spec, "step"), spec.summary) for spec in _stepping(registry)]


def _bare(registry: Registry) -> list[str]:
    """Return the steps that may stand without options."""
    return [spec.name for spec in _stepping(registry) if not _needs_options(spec.options)]


def _stepping(registry: Registry) -> list[TransformerSpec]:
    return [spec for spec in registry.all("transformers") if isinstance(spec, TransformerSpec) and spec.step]


def _connectors(registry: Registry) -> list[ConnectorSpec]:
    return [spec for spec in registry.all("connectors") if isinstance(spec, ConnectorSpec)]


def _sources(registry: Registry) -> dict[str, Schema]:
    found: dict[str, Schema] = {
        "event": {"type": "string", "description": SOURCES["event"]},
        "call": {"type": "object", "maxProperties": 0, "description": SOURCES["call"]},
    }
    for spec in _connectors(registry):
        if spec.source and spec.source_options:
            found[spec.name] = _options(spec.source_options, spec, "from")
    return found


def _target(registry: Registry) -> Schema:
    common: Schema = TargetFields.model_json_schema()["properties"]
    common |= {name: {**EXPRESSION, "description": common[name]["description"]} for name in ("key", "order_by", "name")}
    partner = {"type": "object", "properties": {**common, "partner": {"type": "string"}}, "additionalProperties": False}
    found: dict[str, Schema] = {
        "event": {"type": "string", "description": TARGETS["event"]},
        "partner": {"anyOf": [{"type": ["string", "null"]}, partner], "description": TARGETS["partner"]},
    }
    for spec in _connectors(registry):
        if spec.target:
            own = _of(spec.target_options or NoOptions, spec, "to")
            known = {**own, "properties": {**common, **own.get("properties", {})}}
            found[spec.name] = {"anyOf": [known, *_scalars(spec.target_options or NoOptions)], "description": spec.summary}
    logical = {"anyOf": [{"type": "object", "properties": common}, {"type": ["string", "null"]}]}
    return {"type": "object", "minProperties": 1, "maxProperties": 1, "properties": found, "additionalProperties": logical}


def _environment(schema: Schema, registry: Registry) -> None:
    settings = {spec.name: _options(spec.settings, spec, "settings") for spec in _connectors(registry)}
    bound = {"type": "object", "properties": settings, "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    said = schema["properties"]["endpoints"]["description"]
    schema["properties"]["endpoints"] = {"type": "object", "additionalProperties": bound, "description": said}


def _partner(schema: Schema, registry: Registry) -> None:
    channels = {spec.name: _options(spec.channel, spec, "channel") for spec in _connectors(registry) if spec.channel}
    said = schema["properties"]["channels"]["description"]
    schema["properties"]["channels"] = {"type": "object", "properties": channels, "description": said}


def _policy(schema: Schema, registry: Registry) -> None:
    specs = [spec for spec in registry.all("policies") if isinstance(spec, PolicySpec)]
    policies = [_one(spec.name, _options(spec.options, spec, "policy"), spec.summary, labelled=False) for spec in specs]
    bare = {"enum": [spec.name for spec in specs if not _needs_options(spec.options)]}
    said = schema["properties"]["use"]["description"]
    schema["properties"]["use"] = {"type": "array", "minItems": 1, "items": {"oneOf": [*policies, bare]}, "description": said}


def _options(model: type[Options], spec: Any, use: str) -> Schema:
    """Return the schema of a component's options in all the forms in which they may be written."""
    return {"anyOf": [_of(model, spec, use), *_scalars(model)], "description": spec.summary}


def _scalars(model: type[Options]) -> list[Schema]:
    types = ["string", "number", "boolean"] if model.SHORTHAND else []
    types += [] if _needs_options(model) else ["null"]
    return [{"type": types}] if types else []


def _needs_options(model: type[Options]) -> bool:
    return any(field.is_required() for field in model.model_fields.values())


def _of(model: type[Options], spec: Any, use: str) -> Schema:
    """Return a model's schema, its definitions named after the component, so that two components' don't meet."""
    name = f"{spec.name}.{use}"
    schema = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}.{{model}}")
    definitions = {f"{name}.{inner}": definition for inner, definition in schema.pop("$defs", {}).items()}
    return {**schema, "$defs": definitions} if definitions else schema


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


def _with_references(value: Any) -> Any:
    """Return the schema with `${env:PORT}` allowed wherever something narrower than text is asked for."""
    if isinstance(value, list):
        return [_with_references(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") in ("integer", "number", "boolean") or (value.get("type") == "string" and {*value} & {*_NARROW}):
        told = {key: inner for key, inner in value.items() if key in _TOLD}
        return {**told, "anyOf": [{key: inner for key, inner in value.items() if key not in _TOLD}, REFERENCE]}
    return {key: _with_references(inner) for key, inner in value.items()}
