"""What all compilers of a project share: its documents, its components, and the list of what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crossdock.core.errors import Place, Problem, Refusal, Refusals
from crossdock.core.partner import Partner
from crossdock.core.registry import Registry, nearest
from crossdock.core.spec import ExpressionLanguage, ExpressionSpec, Options, Resource, Shape, TransformerSpec
from crossdock_config.checked import checked
from crossdock_config.yaml_source import Document, Path


@dataclass
class Project:
    """A project while it is compiled."""

    registry: Registry
    documents: dict[str, dict[str, Document]]
    problems: list[Problem]
    partners: dict[str, Partner] = field(default_factory=dict)
    _resources: dict[tuple[str, str], Resource] = field(default_factory=dict)
    _language: ExpressionLanguage | None = None

    @property
    def expressions(self) -> ExpressionLanguage:
        """The expression language."""
        if self._language is None:
            spec = self.registry.get("transformers", "cel")
            if not isinstance(spec, ExpressionSpec):
                raise Refusal("'cel' isn't an expression language")
            self._language = spec.build()
        return self._language

    def names(self, kind: str) -> Sequence[str]:
        """Return the names of all files of a kind."""
        return sorted(self.documents.get(kind, {}))

    def resource(self, kind: str, name: str) -> Resource:
        """Return a file by kind and name; raises Refusal with the nearest name."""
        document = self.documents.get(kind, {}).get(name)
        if document is None:
            raise Refusal(f"there is no {kind} '{name}'{nearest(name, self.names(kind))}")
        if document.data is None:
            raise Refusal("")  # what is wrong with the file has been said
        if (kind, name) not in self._resources:
            self._resources[kind, name] = Resource(kind, name, document.path, document.data, document.places, document.key_places)
        return self._resources[kind, name]

    def file_kinds(self) -> dict[str, Any]:
        """Return the kinds of files that transformers bring, with their models."""
        kinds: dict[str, Any] = {}
        for spec in self.registry.all("transformers"):
            if isinstance(spec, TransformerSpec):
                kinds |= spec.files
        return kinds

    def say(self, place: Place, message: str, code: str = "invalid") -> None:
        """Add a problem."""
        self.problems.append(Problem.at(place, message, code))

    def refused(self, refusal: Refusal | Refusals, document: Document, at: Path) -> None:
        """Add a component's refusals, each at its place."""
        for one in refusal.refusals if isinstance(refusal, Refusals) else (refusal,):
            problem = Problem.at(one.place or document.at(*at, *one.path), one.message)
            if one.message and problem not in self.problems:
                self.problems.append(problem)

    def options(self, model: type[Options], data: Any, document: Document, at: Path, what: str) -> Any:
        """Return a component's validated options, or None; a bare scalar stands for the field that the model names."""
        shorthand = model.SHORTHAND
        if shorthand and data is not None and not isinstance(data, dict):
            data = {shorthand: data}
        return checked(model, data, document, at, what, self.problems)


@dataclass(frozen=True)
class Within:
    """The `Context` that a component sees while it is built."""

    project: Project
    place: Place
    shape: Shape | None = None

    @property
    def partners(self) -> Mapping[str, Partner]:
        """All partners by name."""
        return self.project.partners

    @property
    def expressions(self) -> ExpressionLanguage:
        """The expression language."""
        return self.project.expressions

    def resource(self, kind: str, name: str) -> Resource:
        """Return a file by kind and name; raises Refusal with the nearest name."""
        return self.project.resource(kind, name)

    def names(self, kind: str) -> Sequence[str]:
        """Return the names of all files of a kind."""
        return self.project.names(kind)
