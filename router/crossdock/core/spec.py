"""What a component says of itself. From one spec come the lint, the editor's JSON Schema, the reference docs and `list`.

A component's module holds its options, its class and a `SPEC`; the entry point names the spec. Heavy libraries are imported by
the constructor, not by the module, so that reading a spec stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Final, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from crossdock.core.chain import Link
from crossdock.core.clock import Clock
from crossdock.core.errors import Finding, Place
from crossdock.core.exchange import Exchange, Settlement
from crossdock.core.message import Message
from crossdock.core.outcome import Claim, Closing
from crossdock.core.partner import Partner
from crossdock.core.policy import Policy
from crossdock.core.ports import Services, Sink, Source

Made = TypeVar("Made")
Shape = Mapping[str, Any]
"""What is known of a body: a JSON Schema 2020-12."""


class Options(BaseModel):
    """Base of every component's options: unknown keys are refused.

    `SHORTHAND` names the field that a bare scalar stands for: `map: acme-850` is `map: {map: acme-850}`.
    `ADDRESS` names the fields that together say whom a connector reaches (`("host", "port", "user")`), in an endpoint's settings
    or a partner's channel: so environments are kept apart. What only listens, or writes beside the project, reaches nobody.
    `EXPRESSIONS` names the fields of a source's options that are expressions (`("cursor", "highest")`), with the variables that
    each sees: they are compiled with the route, and given to the source in its `Binding`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    SHORTHAND: ClassVar[str] = ""
    ADDRESS: ClassVar[tuple[str, ...]] = ()
    EXPRESSIONS: ClassVar[Mapping[tuple[str, ...], tuple[str, ...]]] = {}


class NoOptions(Options):
    """A component without options."""


class Expression(Protocol):
    """A compiled expression."""

    @property
    def shape(self) -> Shape | None:
        """The shape of the result, as far as the compiler knows it."""

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """Return the value; raises Rejected that says where and why."""


class ExpressionLanguage(Protocol):
    """Compiles expressions; unknown paths and type errors raise Refusal with a position."""

    def compile(self, text: str, place: Place, variables: Mapping[str, Shape | None]) -> Expression:
        """Compile a text at a place; a variable with shape None is not checked."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A file beside the routes: a map, a guide, a schema. `data` is plain data, `places` the position of every path in it."""

    kind: str
    name: str
    path: str
    data: Any
    places: Mapping[tuple[str | int, ...], Place]
    key_places: Mapping[tuple[str | int, ...], Place] = field(default_factory=dict)

    def at(self, *path: str | int) -> Place:
        """Return the place of a value, or of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            place = self.places.get(path[:end])
            if place:
                return place
        return Place(self.path)


class Files(Protocol):
    """A project's files, as an expression language may ask for them (lookup tables)."""

    def resource(self, kind: str, name: str) -> Resource:
        """Return a file by kind and name; raises Refusal with the nearest names."""

    def names(self, kind: str) -> Sequence[str]:
        """The names of all files of a kind."""


class LanguageBuilder(Protocol):
    """Makes an expression language for a project's files, or for none."""

    def __call__(self, files: Files | None = None) -> ExpressionLanguage:
        """Return the language."""


class Context(Protocol):
    """What a component may ask for while it is built."""

    @property
    def place(self) -> Place:
        """Where the component stands in the route."""

    @property
    def shape(self) -> Shape | None:
        """What is known of the body that comes in."""

    @property
    def partners(self) -> Mapping[str, Partner]:
        """All partners by name."""

    @property
    def expressions(self) -> ExpressionLanguage:
        """The expression language."""

    @property
    def given(self) -> Resource:
        """The component's own options as they stand in their file, every value with its place."""

    @property
    def clock(self) -> Clock:
        """What tells the time, pinned in tests."""

    @property
    def testing(self) -> bool:
        """Whether the environment is for tests, so that nothing marked production may leave."""

    def resource(self, kind: str, name: str) -> Resource:
        """Return a file by kind and name; raises Refusal with the nearest names."""

    def names(self, kind: str) -> Sequence[str]:
        """The names of all files of a kind."""

    def once(self, key: tuple[Any, ...], make: Callable[[], Made]) -> Made:
        """Return what `make` makes of the project's files, made once a project for each key; what it raises is not kept."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stream: its decoded body, or the error and the raw bytes that an operator can repair and send again.

    `raw` must be decodable on its own by the same step. `links` are what the document says of orders, `remarks` the faults that
    were let pass.
    `exchange` is what the partner knows the part by. A part with
    `settlements` is an acknowledgement: the journal settles what it names, and the route's other steps see it only where it
    `passes`. `origin` tells the place in the raw document of what a later error's sentence speaks of.
    """

    body: Any
    keys: Mapping[str, str]
    error: Exception | None = None
    raw: bytes = b""
    content_type: str = ""
    links: tuple[Link, ...] = ()
    exchange: Exchange | None = None
    settlements: tuple[Settlement, ...] = ()
    passes: bool = True
    remarks: tuple[Finding, ...] = ()
    origin: Callable[[str], str] | None = None


BYTES: Final[Shape] = {"type": "bytes"}
"""The shape of a body that was encoded: it has no fields."""

SKIPPED: Final = Part(None, {}, passes=False)
"""Stands where a part was that is not taken: the others keep their numbers."""


class Stream(Protocol):
    """A body with many parts, decoded one at a time (an interchange and its transactions)."""

    @property
    def unit(self) -> str:
        """What its parts are called: `transactions`."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Keys that may be used once (the interchange control numbers)."""

    def parts(self) -> Iterator[Part]:
        """Yield the parts in order, the same ones on every call; a bad part carries its error and doesn't stop the rest."""

    def finish(self) -> Closing:
        """After the last part: what closes the whole (the acknowledgements)."""

    def refuse(self, claim: Claim) -> Closing:
        """Return what closes the whole, or the claim's part, where it is taken: an answer to the partner, if one was agreed."""

    def without(self, taken: Collection[tuple[str, str]]) -> Stream:
        """Return the stream with `SKIPPED` for all of those parts whose claims (scope and key) are taken.

        It is asked only of streams with claims of parts.
        """


class Step(Protocol):
    """A step of a pipeline: computes, sends nothing."""

    @property
    def shape(self) -> Shape | None:
        """What is known of the body that goes out (of each part, where it is a stream)."""

    def apply(self, message: Message) -> Message:
        """Return the changed message; raises Rejected for a bad document, Retryable for what may pass later."""


Builder = Callable[[Any, Context], Step]


class Catalog(Protocol):
    """The document types that a transformer knows by its grammars, as plain data for people and programs to look at."""

    def sets(self, version: str = "") -> Sequence[Mapping[str, str]]:
        """Return every set of every version, or of the one asked for: `{version, set, title, group}`."""

    def explain(self, version: str, number: str) -> Mapping[str, Any]:
        """Return a set with its tree of segments; raises Refusal that names what there is."""

    def segment(self, version: str, number: str, tag: str) -> Mapping[str, Any]:
        """Return a segment of a set with its elements; raises Refusal that names what there is."""


@dataclass(frozen=True, slots=True)
class TransformerSpec:
    """A transformer: `decode: {name: options}`, `encode: {name: options}`, or a step key of its own.

    `files` maps the kinds of files that it brings (`map` for `*.map.yaml`) to their models, `folders` the folders where all
    files are of such a kind and are called by their path in it. `checks` look closer at a kind's files: called with a name,
    they raise Refusal or Refusals, whether a route uses that file or not; `unused` do so for files that nothing has asked
    for. `catalog` opens its grammars, with those of a project where one is given.
    """

    name: str
    summary: str
    example: str
    options: type[Options] = NoOptions
    decode: Builder | None = None
    encode: Builder | None = None
    encode_options: type[Options] | None = None
    step: Builder | None = None
    files: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, Callable[[str, Context], None]] = field(default_factory=dict)
    unused: Mapping[str, Callable[[str, Context], None]] = field(default_factory=dict)
    catalog: Callable[[Context | None], Catalog] | None = None
    kind: ClassVar[str] = "transformer"


@dataclass(frozen=True, slots=True)
class ExpressionSpec:
    """An expression language."""

    name: str
    summary: str
    example: str
    build: LanguageBuilder
    kind: ClassVar[str] = "expression"


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """A policy: `name: options` in a policy file."""

    name: str
    summary: str
    example: str
    options: type[Options]
    build: Callable[[Any, Context], Policy]
    kind: ClassVar[str] = "policy"


@dataclass(frozen=True, slots=True)
class Ending:
    """A route that is going out of use: since when nothing new may use it, its last day, and the route that follows, if any."""

    deprecated_on: date
    sunset_on: date
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """One route's wish to receive from an endpoint; `options` are the connector's validated source options.

    `expressions` are those among them, compiled, by their dotted names (`cursor.highest`).
    """

    route: str
    options: Any
    place: Place
    ending: Ending | None = None
    expressions: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConnectorSpec:
    """A connector: what an endpoint of the environment is bound to.

    `settings`: the endpoint's own options (host, port, credentials), in `config/environments/*.yaml`.
    `source_options` with `source`: what a route writes under `from`, and the constructor, called once with all routes' bindings.
    `target_options` with `target`: what a route writes under `to`, and the constructor, called once an endpoint.
    `channel`: what a partner's file says under `channels: {name: ...}`; a connector with both `channel` and `target` can be
    delivered to with `to: [{partner: acme}]`.
    """

    name: str
    summary: str
    example: str
    settings: type[Options] = NoOptions
    source_options: type[Options] | None = None
    source: Callable[[Any, Sequence[Binding], Services], Source] | None = None
    target_options: type[Options] | None = None
    target: Callable[[Any, Services], Sink] | None = None
    channel: type[Options] | None = None
    kind: ClassVar[str] = "connector"


Spec = TransformerSpec | ExpressionSpec | PolicySpec | ConnectorSpec
