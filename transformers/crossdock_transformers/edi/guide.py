"""A partner's guide (`*.guide.yaml`): narrows a set of the base grammar, never widens it. see docs/guides.md.

    guide: acme-850
    extends: acme-orders                    # another guide, which is narrowed further
    partner: acme
    set: 850
    version: 004010
    segments:
      BEG: { BEG01: { codes: ["00"] }, BEG03: { pattern: "45[0-9]{8}" } }
      CSH: { forbidden: true }
      PO1/PID: { required: true, max: 2 }
      N1:
        by: N101                            # occurrences are told apart by this element
        others: forbidden
        cases:
          ST: { required: true, max: 1, N104: { required: true }, segments: { N4: { required: true } } }
          BT: { max: 1 }
    rules:
      - { id: line-count, check: body.CTT.CTT01 == size(body.PO1), at: CTT01, message: CTT01 must be the number of PO1 lines }

A key is the path of a segment's names from the top; a loop is named by its first segment. The last name alone will do where it
occurs once only, or once at the top.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from crossdock.core.errors import Place, Refusal, Refusals
from crossdock.core.partner import Partner
from crossdock.core.spec import Context, Resource
from crossdock.core.words import nearest
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.load import Grammars, standard

_MODEL = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
_ELEMENT = re.compile(r"[A-Z][A-Z0-9]{1,2}[0-9]{2}(?:[0-9]{2})?")
_OPEN = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)


class Words(BaseModel):
    """Base of rules: a word that is neither one of the rule's own nor an element is answered with the nearest."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        """Refuse words that can't be meant."""
        if isinstance(data, Mapping):
            elements = cls.model_config.get("extra") == "allow"
            strange = [one for one in data if one not in cls.model_fields and not (elements and _ELEMENT.fullmatch(str(one)))]
            if strange:
                raise ValidationError.from_exception_data(cls.__name__, [_strange(one, data[one], cls) for one in strange])
        return data


def _strange(word: Any, value: Any, model: type[BaseModel]) -> InitErrorDetails:
    message = f"'{word}' is no word of a guide here{nearest(str(word), model.model_fields)}"
    return InitErrorDetails(type="value_error", loc=(word,), input=value, ctx={"error": ValueError(message)})


class ElementRule(Words):
    """What a guide says of an element or a component."""

    model_config = _MODEL

    required: bool = Field(False, description="it must be there")
    forbidden: bool = Field(False, description="it must not be there")
    codes: list[str] | dict[str, str] = Field(
        default_factory=list, description="the values that it may have, as a list or with labels"
    )
    value: str | None = Field(None, description="the only value that it may have")
    min: int | None = Field(None, ge=1, description="the least length")
    max: int | None = Field(None, ge=1, description="the greatest length")
    pattern: str = Field("", description="a regular expression (RE2) that the whole value must match")
    example: str = Field("", description="a value for samples")
    note: str = Field("", description="what the partner should know")

    @property
    def labels(self) -> Mapping[str, str]:
        """The allowed values with their labels, as far as there are any."""
        if self.value is not None:
            return {self.value: ""}
        return self.codes if isinstance(self.codes, dict) else dict.fromkeys(self.codes, "")


class CaseRule(Words):
    """What a guide says of a segment or loop with one qualifier; every other key is one of its elements (`N104`)."""

    model_config = _OPEN
    __pydantic_extra__: dict[str, ElementRule] = Field(init=False)

    required: bool = Field(False, description="it must be there")
    forbidden: bool = Field(False, description="it must not be there")
    max: int | None = Field(None, ge=1, description="how many times it may occur")
    note: str = Field("", description="what the partner should know")
    segments: dict[str, SegmentRule] = Field(default_factory=dict, description="what is inside the loop, by segment")

    @property
    def elements(self) -> Mapping[str, ElementRule]:
        """The rules of its elements."""
        return self.__pydantic_extra__ or {}


class SegmentRule(Words):
    """What a guide says of a segment or loop; every other key is one of its elements (`BEG02`)."""

    model_config = _OPEN
    __pydantic_extra__: dict[str, ElementRule] = Field(init=False)

    required: bool = Field(False, description="it must be there")
    forbidden: bool = Field(False, description="it must not be there")
    max: int | None = Field(None, ge=1, description="how many times it may occur")
    by: str = Field("", description="the element that tells occurrences apart, such as N101; then `cases`")
    cases: dict[str, CaseRule] = Field(default_factory=dict, description="rules by the value of `by`")
    others: Literal["allowed", "forbidden"] = Field("allowed", description="whether there may be values of `by` without a case")
    note: str = Field("", description="what the partner should know")

    @property
    def elements(self) -> Mapping[str, ElementRule]:
        """The rules of its elements."""
        return self.__pydantic_extra__ or {}


class CrossRule(BaseModel):
    """A rule across segments, in CEL."""

    model_config = _MODEL

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="its name; a guide that extends this one may replace it")
    check: str = Field(description="a CEL expression that must be true; it sees `body`, and `item` where there is `each`")
    when: str = Field("", description="a CEL expression: the rule holds only where it is true")
    each: str = Field("", description="the segment or loop for each of which the rule is asked, such as PO1")
    message: str = Field(min_length=1, description="what is wrong, in the words of the partner's clerk")
    at: str = Field("", description="the element or segment that is reported, such as CTT01 or PO1/PO102")
    code: str = Field("", description="the code in the acknowledgment, such as AK4 7; made from `at` if left out")
    note: str = Field("", description="what the partner should know")


class GuideFile(BaseModel):
    """A partner's narrowing of a transaction set."""

    model_config = _MODEL

    guide: str = Field(description="the name; the file's name without .guide.yaml")
    partner: str = Field("", description="the partner that it was agreed with; files from others are refused")
    extends: str = Field("", description="the guide that this one narrows further")
    set: str = Field("", description="the transaction set, such as 850; that of the guide it extends, if left out")
    version: str = Field("", description="the version of the base grammar; 004010 if nothing says otherwise")
    description: str = Field("", description="what a reader should know")
    segments: dict[str, SegmentRule] = Field(default_factory=dict, description="rules by segment, such as BEG or N1/N4")
    rules: list[CrossRule] = Field(default_factory=list, description="rules across segments, in CEL")


@dataclass(frozen=True, slots=True)
class Selector:
    """Chooses the occurrences of a segment (by its path of names) whose element `ref` has a value."""

    path: tuple[str, ...]
    ref: str
    code: str

    def __str__(self) -> str:
        return f"{self.ref} = {self.code}"


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a guide says, with the place where it says it.

    `path` are the names of the segment, `ref` the element or '', `where` the qualifiers that it holds for. `kind` is the word in
    the file (`required`, `forbidden`, `max`, `min`, `codes`, `value`, `pattern`, `others`, `rule`), `value` what stands there.
    """

    kind: str
    value: Any
    guide: str
    place: Place
    path: tuple[str, ...] = ()
    ref: str = ""
    where: tuple[Selector, ...] = ()
    note: str = ""

    @property
    def about(self) -> str:
        """What it is about: `N1[N101 = ST]/N4`, `BEG/BEG02`."""
        return about(self.path, self.ref, self.where)

    @property
    def name(self) -> str:
        """A name for files: `n1-st-n4-required`, or the id of a rule."""
        if self.kind == "rule":
            return f"rule-{self.value}"
        names = list(self.path)
        for selector in self.where:
            names[len(selector.path) - 1] += f"-{selector.code}"
        names = [*names[:-1], self.ref] if self.ref and not self.where else [*names, self.ref] if self.ref else names
        return "-".join([*names, self.kind]).lower()


def about(path: Sequence[str], ref: str, where: Sequence[Selector]) -> str:
    """Return a path with the qualifiers that it holds for: `N1[N101 = ST]/N4`, `BEG/BEG02`."""
    names = list(path)
    for selector in where:
        names[len(selector.path) - 1] += f"[{selector}]"
    return "/".join([*names, ref] if ref else names)


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide, applied: the narrowed set, the partner it was agreed with, and everything that it says."""

    grammar: TransactionSet
    partner: str = ""
    name: str = ""
    description: str = ""
    base: TransactionSet | None = None
    files: Sequence[str] = ()
    terms: Sequence[Term] = ()
    notes: Mapping[tuple[Any, ...], str] = field(default_factory=dict)
    examples: Mapping[tuple[Any, ...], str] = field(default_factory=dict)
    rules: Mapping[str, CrossRule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layer:
    """One guide of a chain of guides: what it says, and its file."""

    file: GuideFile
    resource: Resource | None = None

    def fault(self, message: str, *path: str | int, key: bool = False) -> Refusal:
        """Return a refusal at a value of the file, or at a key."""
        return Refusal(message, path=path, place=self.place(*path, key=key) if self.resource else None)

    def place(self, *path: str | int, key: bool = False) -> Place:
        """Return the place of a value or of a key."""
        if self.resource is None:
            return Place(f"{self.file.guide}.guide.yaml")
        return (self.resource.key_places.get(path) if key else None) or self.resource.at(*path)


def opened(context: Context, name: str) -> Guide:
    """Return a guide by name; raises Refusals at their places in the guide's file."""
    return context.once(("guide", name), lambda: _opened(context, name))


def _opened(context: Context, name: str) -> Guide:
    from crossdock_transformers.edi.own import grammars_of

    layers = _chain(context, name)
    for layer in layers:
        partner = layer.file.partner
        if partner and partner not in context.partners:
            raise layer.fault(f"unknown partner '{partner}'{nearest(partner, context.partners)}", "partner")
    return applied(layers, grammars_of(context, _dialect_of(layers)), context)


class AgreedGuides:
    """The guides that partners' agreements name for their documents, each opened when a document first needs it."""

    def __init__(self, context: Context, dialect: str) -> None:
        self._context = context
        self._dialect = dialect
        self._known: dict[str, Mapping[str, TransactionSet]] = {}

    def of(self, partner: Partner) -> Mapping[str, TransactionSet]:
        """Return a partner's documents that have a guide, narrowed by it."""
        if partner.name not in self._known:
            agreement = getattr(partner, self._dialect)
            named = {number: one.guide for number, one in agreement.documents.items() if one.guide} if agreement else {}
            self._known[partner.name] = {number: opened(self._context, guide).grammar for number, guide in named.items()}
        return self._known[partner.name]


def check_guide(name: str, context: Context) -> None:
    """Check a guide, whether a route uses it or not; one that names no set is checked with the guides that extend it."""
    layers = _chain(context, name)
    if any(layer.file.set for layer in layers):
        opened(context, name)


def applied(layers: Sequence[Layer], grammars: Grammars | None = None, context: Context | None = None) -> Guide:
    """Return the last of a chain of guides, applied; raises Refusal, or Refusals for all that is wrong in them."""
    from crossdock_transformers.edi.checks import BodyChecks
    from crossdock_transformers.edi.crossrule import compile_rules
    from crossdock_transformers.edi.narrow import Narrowing

    base = grammar = _base(layers, grammars or standard())
    faults: list[Refusal] = []
    steps = []
    for layer in layers:
        step = Narrowing(layer, grammar, faults)
        grammar = step.apply()
        steps.append(step)
    rules = {} if faults else compile_rules(layers, grammar, context, faults)
    if faults:
        raise Refusals(faults)
    checks = (*(check for step in steps for check in step.checks), *(check for check, _ in rules.values()))
    return Guide(
        replace(grammar, checks=BodyChecks(tuple(checks), base.dialect.codes) if checks else None),
        next((layer.file.partner for layer in reversed(layers) if layer.file.partner), ""),
        layers[-1].file.guide,
        next((layer.file.description for layer in reversed(layers) if layer.file.description), ""),
        base,
        [layer.resource.path for layer in layers if layer.resource],
        [*(term for step in steps for term in step.terms), *(term for _, term in rules.values())],
        {key: note for step in steps for key, note in step.notes.items()},
        {key: example for step in steps for key, example in step.examples.items()},
        {rule.id: rule for layer in layers for rule in layer.file.rules},
    )


def narrowed(file: GuideFile, resource: Resource | None = None, grammars: Grammars | None = None) -> TransactionSet:
    """Return the set as a guide without `extends` and rules narrows it; raises Refusal or Refusals."""
    return applied([Layer(file, resource)], grammars).grammar


def _chain(context: Context, name: str) -> list[Layer]:
    """Return a guide and what it extends, the base first; raises Refusal where they go in a circle."""
    layers: list[Layer] = []
    wanted = name
    refuse: Callable[[str], Refusal] = Refusal
    while wanted:
        if wanted in [layer.file.guide for layer in layers]:
            circle = " extends ".join([*(layer.file.guide for layer in reversed(layers)), wanted])
            raise refuse(f"guides go in a circle: {circle}")
        try:
            resource = context.resource("guide", wanted)
        except Refusal as error:
            raise (refuse(error.message) if layers and error.message else error) from None
        layer = Layer(GuideFile.model_validate(resource.data), resource)
        layers.insert(0, layer)
        wanted, refuse = layer.file.extends, partial(_refusal, layer, "extends")
    return layers


def _dialect_of(layers: Sequence[Layer]) -> str:
    """EDIFACT's messages are called by words, X12's sets by numbers."""
    number = next((layer.file.set for layer in layers if layer.file.set), "")
    return "edifact" if number[:1].isalpha() else "x12"


def _refusal(layer: Layer, key: str, message: str) -> Refusal:
    return layer.fault(message, key)


def _base(layers: Sequence[Layer], grammars: Grammars) -> TransactionSet:
    """Return the set of a chain of guides; all that name one must name the same."""
    number, version = _said(layers, "set"), _said(layers, "version")
    if number is None:
        raise layers[-1].fault("say which set this guide narrows: `set: 850`", "guide")
    set_ = getattr(number.file, "set")  # noqa: B009 - `set` is a builtin's name
    if version is None and grammars.dialect.key != "x12":
        raise number.fault("say which version: `version: D96A`", "set")
    try:
        return grammars.get(set_, version.file.version if version else "004010")
    except Refusal as error:
        at = version if version and error.path == ("version",) else number
        raise at.fault(error.message, *error.path) from None


def _said(layers: Sequence[Layer], key: str) -> Layer | None:
    """Return the guide that says a thing first; raises Refusal where another one contradicts it."""
    saying = [layer for layer in layers if getattr(layer.file, key)]
    for layer in saying[1:]:
        mine, first = getattr(layer.file, key), getattr(saying[0].file, key)
        if mine != first:
            raise layer.fault(f"this guide is for {key} {mine}, {saying[0].file.guide} that it extends for {first}", key)
    return saying[0] if saying else None


__all__ = ["CaseRule", "CrossRule", "ElementRule", "Guide", "GuideFile", "SegmentRule", "narrowed", "opened"]
