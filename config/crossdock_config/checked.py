"""Data against a model: every fault becomes a problem in our own words, at its own place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from crossdock.core.errors import Place, Problem
from crossdock.core.registry import nearest
from crossdock_config.yaml_source import Document, Path

Model = TypeVar("Model", bound=BaseModel)

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def checked(model: type[Model], data: Any, document: Document, at: Path, what: str, problems: list[Problem]) -> Model | None:
    """Return the data as a model, or None with the problems added; `what` names the thing (`sftp_server`, `this route`)."""
    if data is None:
        data = {}
    if not isinstance(data, dict):
        problems.append(Problem.at(document.at(*at), f"{what} takes a mapping of options, not {_shown(data)}"))
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = [_problem(fault, model, document, at, what) for fault in error.errors()]
        meant = {one.message.rpartition("did you mean '")[2].removesuffix("'?") for one in found if one.code == "unknown"}
        problems += [one for one in found if one.code != "missing" or one.message.split("'")[1] not in meant]
    return None


def _problem(fault: Any, model: type[BaseModel], document: Document, at: Path, what: str) -> Problem:
    location = _real(tuple(fault["loc"]), document, at)
    kind, name = fault["type"], str(location[-1]) if location else ""
    if kind == "extra_forbidden":
        place = document.key_places.get((*at, *location), document.at(*at, *location))
        known = options_at(model, location[:-1])
        return Problem.at(place, f"unknown option '{name}' for {_inner(what, location)}{nearest(name, known)}", "unknown")
    place = document.at(*at, *location)
    if kind == "missing":
        return Problem.at(
            _key_of(document, at, location[:-1]), f"missing option '{name}' for {_inner(what, location)}", "missing"
        )
    return Problem.at(place, _words(fault, name, what))


def _real(location: Path, document: Document, at: Path) -> Path:
    """Return pydantic's location without what stands in no file (names of union members)."""
    real: Path = ()
    for index, step in enumerate(location):
        last = index == len(location) - 1
        if (*at, *real, step) in document.places or (last and isinstance(step, str) and "[" not in step):
            real = (*real, step)
    return real


def _key_of(document: Document, at: Path, location: Path) -> Place:
    full = (*at, *location)
    return document.key_places.get(full) or document.at(*full)


def _inner(what: str, location: Path) -> str:
    words = [str(step) for step in location[:-1] if isinstance(step, str)]
    return f"`{words[-1]}` of {what}" if words else what


def _words(fault: Any, name: str, what: str) -> str:
    kind, value, context = fault["type"], fault.get("input"), fault.get("ctx", {})
    if kind in _WANTED:
        return f"'{name}' of {what} takes {_WANTED[kind]}, not {_shown(value)}"
    if kind in ("literal_error", "enum"):
        return f"'{name}' of {what} is one of {context.get('expected')}, not {_shown(value)}"
    if kind == "value_error":
        return str(context.get("error", fault["msg"]))
    if kind == "string_pattern_mismatch":
        return f"'{name}' of {what} can't be {_shown(value)}; it must match {context.get('pattern')}"
    text = fault["msg"].replace("Input should", "it should").replace("Value should", "it should")
    return f"'{name}' of {what} can't be {_shown(value)}: {text[0].lower()}{text[1:]}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f"'{str(value)[:60]}'"


def options_at(model: type[BaseModel], location: Path) -> Sequence[str]:
    """Return the names of the options at a location inside a model."""
    current: Any = model
    for step in location:
        if isinstance(step, int):
            continue
        field = next((one for name, one in current.model_fields.items() if step in (name, one.alias)), None)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            return []
        current = inner
    return [one.alias or name for name, one in current.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if found := _model_in(argument):
            return found
    return None
