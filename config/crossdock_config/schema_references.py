"""Schemas that use one another: `$ref: ../common.v1.schema.json#/$defs/address` is a file of the project, never of the network.

A schema is used whole: what it refers to in other files is copied under its own `$defs`, as `common.v1.address`, with all that
this refers to in turn. So nobody who works with a schema (validator, type checker, editor) has to look for a second file, and a
problem inside is told at its place in the file that it stands in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Any, Final

from crossdock.core.errors import Place, Refusal
from crossdock.core.words import nearest
from crossdock_config.yaml_source import Document, Path

SUFFIX: Final = ".schema.json"
_DATA: Final = frozenset(("const", "enum", "default", "examples"))
"""Keywords that hold data, not schemas."""
_ABOUT: Final = frozenset(("$schema", "$id", "$defs", "examples"))
"""Keywords of a whole file that do not go along when it is copied."""


@dataclass
class Bundle:
    """A schema with all that it refers to in other files. `used` names those files' schemas, with the place of a reference."""

    data: Any
    places: dict[Path, Place]
    key_places: dict[Path, Place]
    used: dict[str, Place] = field(default_factory=dict)


def bundled(name: str, schemas: Mapping[str, Document]) -> Bundle:
    """Return a schema whole; raises Refusal with the place of a reference that leads nowhere in the project."""
    document = schemas[name]
    bundle = Bundle(document.data, dict(document.places), dict(document.key_places))
    if isinstance(document.data, Mapping) and _leads_out(document.data):
        return _Bundler(schemas, bundle).filled(document)
    return bundle


def _leads_out(node: Any) -> bool:
    if isinstance(node, Mapping):
        target = node.get("$ref")
        if isinstance(target, str) and not target.startswith("#"):
            return True
        return any(_leads_out(inner) for key, inner in node.items() if key not in _DATA)
    return isinstance(node, list) and any(_leads_out(inner) for inner in node)


@dataclass
class _Bundler:
    """Fills one bundle. `definitions` are the copies by their names."""

    schemas: Mapping[str, Document]
    bundle: Bundle
    definitions: dict[str, Any] = field(default_factory=dict)

    def filled(self, document: Document) -> Bundle:
        """Return the bundle of a document."""
        data = self._rewritten(document.data, document, (), home=True)
        own = data.get("$defs", {})
        self.bundle.data = {**data, "$defs": {**own, **self.definitions}}
        return self.bundle

    def _rewritten(self, node: Any, document: Document, path: Path, *, home: bool) -> Any:
        if isinstance(node, list):
            return [self._rewritten(inner, document, (*path, index), home=home) for index, inner in enumerate(node)]
        if not isinstance(node, Mapping):
            return node
        found = {
            key: inner if key in _DATA else self._rewritten(inner, document, (*path, key), home=home)
            for key, inner in node.items()
        }
        target = node.get("$ref")
        if isinstance(target, str) and not (home and target.startswith("#")):
            found["$ref"] = self._followed(target, document, (*path, "$ref"))
        return found

    def _followed(self, target: str, document: Document, path: Path) -> str:
        """Return the reference, inside the bundle, to what a reference of a document leads to; copies it where it is new."""
        file, _, pointer = target.partition("#")
        name = self._name(file, document, path)
        steps = _steps(pointer)
        copy = ".".join([name, *steps[1:]] if steps[:1] == ("$defs",) else [name, *steps])
        if copy not in self.definitions:
            self._copy(copy, name, steps, document.at(*path))
        return f"#/$defs/{copy.replace('~', '~0').replace('/', '~1')}"

    def _name(self, file: str, document: Document, path: Path) -> str:
        """Return the name of the schema that a reference's file is."""
        place = document.at(*path)
        known = {other.path: name for name, other in self.schemas.items()}
        there = normpath(join(dirname(document.path), file)) if file else document.path
        if there not in known:
            if not file.endswith(SUFFIX) or ":" in file:
                raise Refusal(
                    f"'{file}' is not a schema of this project; refer to a file: \"../common.v1{SUFFIX}#/$defs/...\"", place=place
                )
            raise Refusal(f"there is no file '{there}'{nearest(there, list(known))}", place=place)
        self.bundle.used.setdefault(known[there], place)
        return known[there]

    def _copy(self, copy: str, name: str, steps: Path, place: Place) -> None:
        document = self.schemas[name]
        found = _at(document.data, steps)
        if found is None:
            definitions = document.data.get("$defs", {}) if isinstance(document.data, Mapping) else {}
            known = [f"/$defs/{one}" for one in definitions]
            pointer = "".join(f"/{step}" for step in steps)
            raise Refusal(f"there is nothing at '{pointer}' of {document.path}{nearest(pointer, known)}", place=place)
        self.definitions[copy] = None  # a definition may lead back to itself
        if not steps and isinstance(found, Mapping):
            found = {key: inner for key, inner in found.items() if key not in _ABOUT}
        self.definitions[copy] = self._rewritten(found, document, steps, home=False)
        for places, known_places in (
            (self.bundle.places, document.places),
            (self.bundle.key_places, document.key_places),
        ):
            places |= {
                ("$defs", copy, *path[len(steps) :]): where for path, where in known_places.items() if path[: len(steps)] == steps
            }


def _steps(pointer: str) -> tuple[str, ...]:
    parts = pointer.lstrip("/").split("/") if pointer else ()
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts if part)


def _at(data: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        if isinstance(data, list) and str(step).isdigit() and int(step) < len(data):
            data = data[int(step)]
        elif isinstance(data, Mapping) and step in data:
            data = data[step]
        else:
            return None
    return data
