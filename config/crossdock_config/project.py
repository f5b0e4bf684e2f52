"""What all compilers of a project share: its documents, its components, and the list of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from crossdock.core.clock import Clock, SystemClock
from crossdock.core.errors import Place, Problem, Refusal, Refusals
from crossdock.core.partner import Partner
from crossdock.core.registry import Registry
from crossdock.core.spec import ExpressionLanguage, ExpressionSpec, Options, Resource, Shape
from crossdock.core.words import nearest
from crossdock_config.checked import Subject, checked
from crossdock_config.footing import NAMES, PARTNERS, TESTING, Read, Reads
from crossdock_config.schema_references import Bundle, bundled
from crossdock_config.yaml_source import Document, Path

Model = TypeVar("Model", bound=BaseModel)
Thing = TypeVar("Thing")


class SaidAlready(Refusal):
    """What is asked for is broken, and that has been said: without a message, however it is passed on, nothing more is said."""


@dataclass
class Project:
    """A project while it is compiled. `named` holds all names that files claim, `broken` those that can't be used."""

    registry: Registry
    problems: list[Problem]
    documents: dict[str, dict[str, Document]] = field(default_factory=dict)
    named: dict[str, dict[str, str]] = field(default_factory=dict)
    broken: set[tuple[str, str]] = field(default_factory=set)
    partners: dict[str, Partner] = field(default_factory=dict)
    testing: bool = False
    uncompared: tuple[str, ...] = ()
    clock: Clock = field(default_factory=SystemClock)
    _resources: dict[tuple[str, str], Resource] = field(default_factory=dict)
    _bundles: dict[str, Bundle] = field(default_factory=dict)
    _language: ExpressionLanguage | None = None
    _users: dict[tuple[str, str], set[Place]] = field(default_factory=dict)
    made: dict[tuple[Any, ...], tuple[Any, frozenset[Read]]] = field(default_factory=dict)
    reads: Reads = field(default_factory=Reads)
    policy_reads: dict[str, frozenset[Read]] = field(default_factory=dict)

    def add(self, kind: str, name: str, document: Document) -> None:
        """Add a file; a second one of the same kind and name is a problem."""
        self.problems += document.problems
        first = self.named.setdefault(kind, {}).setdefault(name, document.path)
        if first != document.path:
            self.say(Place(document.path), f"there is another {kind} '{name}': {first}")
        elif document.data is None:
            self.broken.add((kind, name))
        else:
            self.documents.setdefault(kind, {})[name] = document

    @property
    def things(self) -> dict[Read, Document]:
        """All documents by kind and name."""
        return {(kind, name): one for kind, found in self.documents.items() for name, one in found.items()}

    @property
    def expressions(self) -> ExpressionLanguage:
        """The expression language."""
        if self._language is None:
            spec = self.registry.get("transformers", "cel")
            if not isinstance(spec, ExpressionSpec):
                raise Refusal("'cel' isn't an expression language")
            self._language = spec.build(self)
        return self._language

    def names(self, kind: str) -> Sequence[str]:
        """Return the names of all files of a kind."""
        self.reads.note(NAMES, kind)
        return sorted(self.named.get(kind, {}))

    def told(self, kind: str) -> dict[str, str]:
        """Return the names of all files of a kind, each with what it says of itself."""
        documents = self.documents.get(kind, {})
        return {name: f"{kind}{_said(documents.get(name))}" for name in self.names(kind)}

    def has(self, kind: str, name: str) -> bool:
        """Whether there is a file of a kind and name."""
        self.reads.note(kind, name)
        return name in self.named.get(kind, {})

    def resource(self, kind: str, name: str) -> Resource:
        """Return a file by kind and name; raises Refusal with the nearest name."""
        self.reads.note(kind, name)
        if (kind, name) in self.broken:
            raise SaidAlready("")
        document = self.documents.get(kind, {}).get(name)
        if document is None:
            raise Refusal(f"there is no {kind} '{name}'{nearest(name, self.told(kind))}")
        if (kind, name) not in self._resources:
            self._resources[kind, name] = self._whole(kind, name, document)
        if name in self._bundles and kind == "schema":
            self.reads.add((kind, other) for other in self._bundles[name].used)
        return self._resources[kind, name]

    def _whole(self, kind: str, name: str, document: Document) -> Resource:
        if kind != "schema":
            return Resource(kind, name, document.path, document.data, document.places, document.key_places)
        try:
            bundle = self.bundle(name)
        except Refusal as refusal:
            self.refused(refusal, document, ())
            self.broken.add((kind, name))
            raise SaidAlready("") from None
        for other, place in bundle.used.items():
            self.use(kind, other, place)
        return Resource(kind, name, document.path, bundle.data, bundle.places, bundle.key_places)

    def bundle(self, name: str) -> Bundle:
        """Return a schema with all that it refers to in other files; raises Refusal where that can't be found."""
        if name not in self._bundles:
            self._bundles[name] = bundled(name, self.documents["schema"])
        return self._bundles[name]

    def use(self, kind: str, name: str, place: Place) -> None:
        """Note that something at a place uses a file."""
        self._users.setdefault((kind, name), set()).add(place)

    def users(self, kind: str, name: str) -> tuple[Place, ...]:
        """Return the places that use a file, in order."""
        return tuple(sorted(self._users.get((kind, name), ()), key=lambda place: (place.path, place.line, place.column)))

    def asked(self, kind: str, name: str) -> bool:
        """Whether anything has asked for a file."""
        return (kind, name) in self._resources

    def say(self, place: Place, message: str, code: str = "invalid") -> None:
        """Add a problem."""
        problem = Problem.at(place, message, code)
        if problem not in self.problems:
            self.problems.append(problem)

    def refused(self, refusal: Refusal | Refusals, document: Document, at: Path) -> None:
        """Add a component's refusals, each at its place."""
        for one in refusal.refusals if isinstance(refusal, Refusals) else (refusal,):
            problem = Problem.at(one.place or document.at(*at, *one.path), one.message)
            if one.message and problem not in self.problems:
                self.problems.append(problem)

    def built(self, build: Callable[[], Thing], document: Document, at: Path) -> Thing | None:
        """Return what a component builds, or None with its refusals said; a component that breaks is a problem as well."""
        try:
            return build()
        except (Refusal, Refusals) as refusal:
            self.refused(refusal, document, at)
        except Exception as error:  # noqa: BLE001 - whatever a component does with bad content, the other problems are told
            reason = f"{type(error).__name__}: {error}"
            self.say(document.at(*at), f"this makes a component break ({reason[:200]}): a defect, please report it", "defect")
        return None

    def file(self, model: type[Model], kind: str, name: str, document: Document, data: Any) -> Model | None:
        """Return a file as its model, or None; a file says its own name under its kind."""
        found = checked(model, data, Subject(document, (), f"this {kind}"), self.problems)
        said = getattr(found, kind, "") or name
        if said != name:
            self.say(document.at(kind), f"{kind} '{said}' is in a file called '{name}': give both the same name")
        if found is None or said != name:
            self.broken.add((kind, name))
        return found

    def options(self, model: type[Options], data: Any, subject: Subject) -> Any:
        """Return a component's validated options, or None; a bare scalar stands for the field that the model names."""
        if model.SHORTHAND and data is not None and not isinstance(data, dict):
            data = {model.SHORTHAND: data}
        return checked(model, data, subject, self.problems)


def part(document: Document, key: str, kind: type[dict[str, Any]] | type[list[Any]]) -> Any:
    """Return a part of a file that may be broken elsewhere: empty where it isn't there or of another kind."""
    data = document.data.get(key) if isinstance(document.data, dict) else None
    return data if isinstance(data, kind) else kind()


def is_shared(document: Document) -> bool:
    """Whether a route's steps are there to be called from others."""
    return "call" in part(document, "from", dict)


@dataclass(frozen=True)
class Within:
    """The `Context` that a component sees while it is built."""

    project: Project
    place: Place
    shape: Shape | None = None
    document: Document | None = None
    at: Path = ()

    @property
    def given(self) -> Resource:
        """The component's own options as they stand in their file, every value with its place."""
        document = self.document or Document(self.place.path)
        data, size = document.data, len(self.at)
        for step in self.at:
            data = data[step]
        places, keys = (
            {path[size:]: place for path, place in found.items() if path[:size] == self.at}
            for found in (document.places, document.key_places)
        )
        return Resource("options", f"{self.place.path}:{self.place.line}", self.place.path, data, places, keys)

    @property
    def partners(self) -> Mapping[str, Partner]:
        """All partners by name."""
        self.project.reads.note(PARTNERS)
        return self.project.partners

    @property
    def expressions(self) -> ExpressionLanguage:
        """The expression language."""
        return self.project.expressions

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        return self.project.clock

    @property
    def testing(self) -> bool:
        """Whether the environment is for tests."""
        self.project.reads.note(TESTING)
        return self.project.testing

    def resource(self, kind: str, name: str) -> Resource:
        """Return a file by kind and name; raises Refusal with the nearest name."""
        found = self.project.resource(kind, name)
        if found.path != self.place.path:
            self.project.use(kind, name, self.place)
        return found

    def names(self, kind: str) -> Sequence[str]:
        """Return the names of all files of a kind."""
        return self.project.names(kind)

    def once(self, key: tuple[Any, ...], make: Callable[[], Thing]) -> Thing:
        """Return what is made once a project."""
        if key not in self.project.made:
            with self.project.reads.noted() as reads:
                thing = make()
            self.project.made[key] = (thing, frozenset(reads))
        found: Thing
        found, read = self.project.made[key]
        self.project.reads.add(read)
        return found


def _said(document: Document | None) -> str:
    data = document.data if document is not None and isinstance(document.data, dict) else {}
    said = data.get("description") or data.get("title")
    return f": {said}" if isinstance(said, str) else ""
