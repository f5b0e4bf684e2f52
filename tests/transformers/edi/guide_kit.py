"""Guides written as they are in files, and what they find in orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from crossdock.core.errors import Refusal, Refusals
from crossdock.core.spec import Resource
from crossdock_config.yaml_source import read
from crossdock_transformers.edi.guide import Guide, opened
from crossdock_transformers.expression.language import Cel
from tests.transformers.x12 import x12_kit as x12

FULL = Path(__file__).parent / "samples" / "full.guide.yaml"


@dataclass(frozen=True)
class Files(x12.Surroundings):
    """A `core.spec.Context` with files of a project: path to text."""

    files: dict[str, str] = field(default_factory=dict)
    expressions: Any = field(default_factory=Cel)

    def resource(self, kind: str, name: str) -> Resource:
        """Return a file, read as a project's loader reads it."""
        for path, text in self.files.items():
            if (kind, name) == _called(path):
                document = read(path, text)
                assert document.problems == []
                return Resource(kind, name, path, document.data, document.places, document.key_places)
        raise Refusal(f"there is no {kind} '{name}'")

    def names(self, kind: str) -> list[str]:
        """Return the names of the files of a kind."""
        return [name for one, name in map(_called, self.files) if one == kind]


def _called(path: str) -> tuple[str, str]:
    if path.startswith("config/grammars/"):
        return "grammar", path.removeprefix("config/grammars/").removesuffix(".yaml")
    stem, kind, _ = path.rpartition("/")[2].rsplit(".", 2)
    return kind, stem


def files(**guides: str) -> Files:
    """Return surroundings with guides by name; a set is 850 where a text says nothing else."""
    return Files(files={f"{name}.guide.yaml": _headed(name, dedent(text)) for name, text in guides.items()})


def _headed(name: str, text: str) -> str:
    said = "" if "\nset:" in f"\n{text}" or "extends:" in text else " set: 850"
    return f"guide: {name}\n{said.strip()}\n{text.lstrip()}"


def guide(text: str) -> Guide:
    """Return a guide, applied."""
    return opened(files(g=text), "g")


def findings(text: str, body: list[str] = x12.ORDER) -> list[str]:
    """Return what is wrong with an order by a guide, with its place."""
    (part,) = x12.parts(x12.file(body), files(g=text), guide="g")
    return [f"{one.where}: {one.code} {one.message}" for one in part.error.findings] if part.error else []


def refusals(surroundings: Files, name: str = "g") -> list[str]:
    """Return everything that a guide is refused for, as `check` prints it."""
    try:
        opened(surroundings, name)
    except Refusals as error:
        return [f"{one.place}: {one.message}" for one in error.refusals]
    except Refusal as error:
        return [f"{error.place}: {error.message}"]
    return []
