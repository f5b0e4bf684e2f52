"""YAML with positions: plain data, and the place of every value and key.

Scalars follow YAML 1.2's core schema, with one rule of our own: what has a leading zero stays text, because in this field it is
an identifier (`00401`, `01`). So `NO`, `on`, `1:30` and dates stay what they look like. Refused, each with its place: duplicate
keys, anchors and aliases, tags, merge keys, several documents, what is too deep or too large.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from crossdock.core.errors import Place, Problem

Path = tuple[str | int, ...]
LARGEST = 5 * 1024 * 1024
DEEPEST = 50
_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass
class Document:
    """One file: its data, where everything stands, and what is wrong with it."""

    path: str
    data: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    key_places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def at(self, *path: str | int) -> Place:
        """Return the place of a value, or of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if place := self.places.get(path[:end]):
                return place
        return Place(self.path)


def read(path: str, text: str) -> Document:
    """Read a file's text; what is wrong is in `problems`, and `data` is None where nothing can be used."""
    document = Document(path)
    if len(text) > LARGEST:
        document.problems.append(Problem.at(Place(path), "this file is larger than 5 MB; configuration isn't data"))
        return document
    try:
        nodes = list(yaml.compose_all(text, Loader=_loader()))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
        document.problems.append(Problem.at(place, f"this isn't {_kind(path)}: {_friendly(str(error.problem or error.context))}"))
        return document
    except (yaml.YAMLError, RecursionError) as error:
        document.problems.append(Problem.at(Place(path), f"this isn't {_kind(path)}: {_friendly(str(error).splitlines()[0])}"))
        return document
    if len(nodes) != 1 or nodes[0] is None:
        said = "this file is empty" if not nodes or nodes[0] is None else "one document a file; this one has several"
        document.problems.append(Problem.at(Place(path), said))
        return document
    document.problems += _anchors(path, text)
    document.data = _Builder(document).value(nodes[0], ())
    return document


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _kind(path: str) -> str:
    return "JSON" if path.endswith(".json") else "YAML"


def _friendly(problem: str) -> str:
    if "cannot start any token" in problem:
        return "a tab or a reserved character stands where a value should begin; indent with spaces, or quote the value"
    return problem


def _anchors(path: str, text: str) -> Iterator[Problem]:
    if "&" not in text and "*" not in text:
        return
    for event in yaml.parse(text, Loader=_loader()):
        if getattr(event, "anchor", None) is not None:
            kind = "aliases" if isinstance(event, yaml.AliasEvent) else "anchors"
            mark: Any = event.start_mark
            place = Place(path, mark.line + 1, mark.column + 1)
            yield Problem.at(place, f"{kind} aren't allowed: write the value out, so that every line says what it means")


class _Builder:
    def __init__(self, document: Document) -> None:
        self._document = document

    def value(self, node: Any, path: Path) -> Any:
        place = self._place(node)
        self._document.places[path] = place
        if len(path) > DEEPEST:
            self._say(place, f"this is nested deeper than {DEEPEST} levels")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self._plain_tag(node, "tag:yaml.org,2002:seq")
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        self._plain_tag(node, "tag:yaml.org,2002:map")
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._say(place, "a key must be a word, not a list or a mapping")
                continue
            key = key_node.value
            if key == "<<":
                self._say(place, "merge keys aren't allowed: write the values out")
                continue
            if key in data:
                self._say(place, f"'{key}' is here twice; the first is on line {self._document.key_places[(*path, key)].line}")
                continue
            self._document.key_places[(*path, key)] = place
            data[key] = self.value(value_node, (*path, key))
        return data

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        if node.tag not in _SCALARS:
            self._say(self._place(node), f"tags aren't allowed here ({node.tag})")
            return text
        if node.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            return int(text)
        return Decimal(text) if _DECIMAL.fullmatch(text) else text

    def _plain_tag(self, node: Any, tag: str) -> None:
        if node.tag != tag:
            self._say(self._place(node), f"tags aren't allowed here ({node.tag})")

    def _place(self, node: Any) -> Place:
        return Place(self._document.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def _say(self, place: Place, message: str) -> None:
        self._document.problems.append(Problem.at(place, message))
