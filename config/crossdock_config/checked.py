"""Data against a model: every fault becomes a problem in our own words, at its own place, and one cause makes one problem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from crossdock.core.errors import Place, Problem
from crossdock.core.words import nearest, note
from crossdock_config.faults import shown, words
from crossdock_config.secrets import PLACEHOLDER
from crossdock_config.unknowns import discreet, is_blind, tried
from crossdock_config.yaml_source import Document, Path

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Subject:
    """What is checked: where it stands, what it is called (`sftp_server`, `this route`), and words it knows besides its own."""

    document: Document
    at: Path
    what: str
    also: Sequence[str] = ()

    def place(self, path: Path) -> Place:
        """Return the place of a value."""
        return self.document.at(*self.at, *path)

    def key(self, path: Path) -> Place:
        """Return the place of a key."""
        return self.document.key(*self.at, *path)

    def written(self, path: Path, value: Any) -> Any:
        """Return a value as the file has it: with the references that secrets were put in for."""
        current = self.document.data
        for step in (*self.at, *path):
            if isinstance(current, list):
                current = dict(enumerate(current))
            if not isinstance(current, dict) or step not in current:
                return value
            current = current[step]
        return current


def checked(model: type[Model], data: Any, subject: Subject, problems: list[Problem]) -> Model | None:
    """Return the data as a model, or None with the problems added."""
    if data is None:
        data = {}
    if not isinstance(data, dict):
        problems.append(Problem.at(subject.place(()), f"{subject.what} takes a mapping of options, not {shown(data)}"))
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = _causes(error, model, subject)
    blind = [fault for fault in faults if is_blind(fault)]
    if blind and len(blind) == len(faults):
        found = tried(model, data, [fault["path"] for fault in blind])
        problems += [] if found else [_unknowable(fault, model, subject) for fault in blind]
        return found
    problems += [_problem(fault, model, subject) for fault in faults if fault not in blind]
    return None


def _unknowable(fault: dict[str, Any], model: type[BaseModel], subject: Subject) -> Problem:
    """Return a fault that stays whatever the unknown values are, or that can't be judged without them."""
    problem = _problem(fault, model, subject)
    if PLACEHOLDER not in problem.message:
        return problem
    message = f"{_subject(fault['path'], subject)} can't be checked without the values that it refers to: give them a default"
    return replace(problem, message=message)


def _causes(error: ValidationError, model: type[BaseModel], subject: Subject) -> list[dict[str, Any]]:
    """Return the faults that are causes: of a union the alternative that was meant, no missing option that is misspelt."""
    faults: list[dict[str, Any]] = []
    for fault in error.errors(include_url=False):
        label, path = _real(tuple(fault["loc"]), fault["type"] == "missing", subject)
        faults.append({**fault, "path": path, "label": label})
    meant = _meant(faults)
    misspelt = {path for fault in meant if fault["type"] == "extra_forbidden" for path in _nearest_path(fault["path"], model)}
    return [fault for fault in meant if fault["type"] != "missing" or fault["path"] not in misspelt]


def _nearest_path(path: Path, model: type[BaseModel]) -> Iterable[Path]:
    return [(*path[:-1], near) for near in get_close_matches(str(path[-1]), options_at(model, path[:-1]), n=1)]


def _real(location: Path, missing: bool, subject: Subject) -> tuple[Path, Path]:
    """Return (the union's alternative, the path in the file) of pydantic's location."""
    real: Path = ()
    label: Path = ()
    for index, step in enumerate(location):
        known = (*subject.at, *real, step) in subject.document.places
        if known or (missing and index == len(location) - 1) or not _is_label(step):
            real = (*real, step)
        else:
            label = label or (*real, step)
    return label, real


def _is_label(step: str | int) -> bool:
    """Whether pydantic made a step up: the name of a type, where a file has only small words."""
    return isinstance(step, str) and (not step.islower() or "[" in step or step in _TYPES)


_NAME = re.compile(r"[\w.-]+")
_QUOTED = re.compile(r"'([^']*)'")
_TYPES = {"str", "int", "float", "bool", "decimal", "list", "dict", "tuple", "none"}


def _meant(faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [fault for fault in faults if not fault["label"]]
    unions: dict[Path, list[dict[str, Any]]] = {}
    for fault in faults:
        if fault["label"]:
            unions.setdefault(fault["label"][:-1], []).append(fault)
    for at, group in unions.items():
        tried = {fault["label"]: [one for one in group if one["label"] == fault["label"]] for fault in group}
        inside = [faults for faults in tried.values() if any(len(one["path"]) > len(at) for one in faults)]
        meant: list[dict[str, Any]] = min(inside, key=_strangeness, default=[{**group[0], "alternatives": group}])
        kept += meant
    return kept


def _strangeness(faults: list[dict[str, Any]]) -> tuple[int, int]:
    """Return how far data is from an alternative of a union: first by what is unknown there, then by all its faults."""
    return sum(fault["type"] == "extra_forbidden" for fault in faults), len(faults)


def _problem(fault: dict[str, Any], model: type[BaseModel], subject: Subject) -> Problem:
    path, kind = fault["path"], fault["type"]
    name = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        known = options_at(model, path[:-1]) | dict.fromkeys(subject.also if len(path) == 1 else (), "")
        hint = nearest(name, known) if _NAME.fullmatch(name) else "; within { } a value that has a comma is written in quotes"
        message = f"unknown option '{name}' for {_inner(subject.what, path)}{hint}"
        return Problem.at(subject.key(path), message, "unknown")
    if kind in ("literal_error", "enum"):
        note(str(fault["input"]), lambda: _QUOTED.findall(str(fault["ctx"]["expected"])))
    if kind == "missing":
        return Problem.at(subject.key(path[:-1]), f"missing option '{name}' for {_inner(subject.what, path)}", "missing")
    place = subject.key(path) if isinstance(fault["input"], dict) else subject.place(path)
    written = subject.written(path, fault["input"])
    return Problem.at(place, discreet(words(fault, _subject(path, subject), written), fault["input"], written))


def _subject(path: Path, subject: Subject) -> str:
    return f"{_named(path)} of {subject.what}" if path else subject.what


def _named(path: Path) -> str:
    """Return what a value is called: `'port'`, `item 2 of 'codes'`."""
    if isinstance(path[-1], int):
        return f"item {path[-1] + 1}" + (f" of {_named(path[:-1])}" if path[:-1] else "")
    return f"'{path[-1]}'"


def _inner(what: str, path: Path) -> str:
    names = [str(step) for step in path[:-1] if isinstance(step, str)]
    return f"`{names[-1]}` of {what}" if names else what


def options_at(model: type[BaseModel], path: Path) -> dict[str, str]:
    """Return the names of the options at a path inside a model, each with its description."""
    current: list[type[BaseModel]] = [model]
    for step in path:
        if isinstance(step, str):
            fields = [field for one in current for name, field in one.model_fields.items() if step in (name, field.alias)]
            current = [inner for field in fields for inner in _models_in(field.annotation)] or current
    return {field.alias or name: field.description or "" for one in current for name, field in one.model_fields.items()}


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)
