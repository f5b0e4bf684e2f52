"""A partner's guide (`*.guide.yaml`): narrows a set of the base grammar, never widens it.

    guide: acme-850
    partner: acme
    set: 850
    version: 004010
    segments:
      BEG: { BEG01: { codes: ["00"] }, BEG02: { codes: [SA, NE] } }
      REF: { max: 3 }
      CSH: { forbidden: true }
      PO1: { PO104: { required: true } }
      N1/N4: { required: true }

A key is the path of a segment's names from the top; a loop is named by its first segment. The last name alone will do where it
occurs once only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from crossdock.core.errors import Refusal, Refusals
from crossdock.core.registry import nearest
from crossdock.core.spec import Context, Resource
from crossdock_transformers.edi.grammar import Composite, Element, Node, Segment, TransactionSet, Use
from crossdock_transformers.edi.load import Grammars, standard

_MODEL = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class ElementRule(BaseModel):
    """What a guide says of an element."""

    model_config = _MODEL

    required: bool = Field(False, description="it must be there")
    forbidden: bool = Field(False, description="it must not be there")
    codes: list[str] = Field(default_factory=list, description="the values that it may have")
    min: int | None = Field(None, ge=1, description="the least length")
    max: int | None = Field(None, ge=1, description="the greatest length")


class SegmentRule(BaseModel):
    """What a guide says of a segment or loop; every other key is one of its elements (`BEG02`)."""

    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)
    __pydantic_extra__: dict[str, ElementRule] = Field(init=False)

    required: bool = Field(False, description="it must be there")
    forbidden: bool = Field(False, description="it must not be there")
    max: int | None = Field(None, ge=1, description="how many times it may occur")

    @property
    def elements(self) -> Mapping[str, ElementRule]:
        """The rules of its elements."""
        return self.__pydantic_extra__ or {}


class GuideFile(BaseModel):
    """A partner's narrowing of a transaction set."""

    model_config = _MODEL

    guide: str = Field(description="the name; the file's name without .guide.yaml")
    set: str = Field(description="the transaction set, such as 850")
    version: str = Field("004010", description="the version of the base grammar")
    partner: str = Field("", description="the partner that it was agreed with; files from others are refused")
    description: str = Field("", description="what a reader should know")
    segments: dict[str, SegmentRule] = Field(default_factory=dict, description="rules by segment, such as BEG or N1/N4")


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide, applied: the narrowed set and the partner it was agreed with."""

    grammar: TransactionSet
    partner: str = ""


def opened(context: Context, name: str) -> Guide:
    """Return a guide by name; raises Refusals at their places in the guide's file."""
    resource = context.resource("guide", name)
    file = GuideFile.model_validate(resource.data)
    if file.partner and file.partner not in context.partners:
        message = f"unknown partner '{file.partner}'{nearest(file.partner, context.partners)}"
        raise Refusal(message, place=resource.at("partner"))
    return Guide(narrowed(file, resource), file.partner)


def narrowed(file: GuideFile, resource: Resource | None = None, grammars: Grammars | None = None) -> TransactionSet:
    """Return the set as a guide narrows it; raises Refusal, or Refusals for all that is wrong in it."""
    try:
        grammar = (grammars or standard()).get(file.set, file.version)
    except Refusal as error:
        raise _placed(error, resource) from None
    faults: list[Refusal] = []
    rules = dict(_located(file, grammar, faults))
    root = _Narrowing(rules, faults).loop(grammar.root, ())
    if faults:
        raise Refusals([_placed(fault, resource) for fault in faults])
    return replace(grammar, root=root)


def _placed(error: Refusal, resource: Resource | None) -> Refusal:
    return Refusal(error.message, path=error.path, place=resource.at(*error.path) if resource else None)


Rules = Mapping[tuple[str, ...], tuple[str, SegmentRule]]


def _located(
    file: GuideFile, grammar: TransactionSet, faults: list[Refusal]
) -> Iterator[tuple[tuple[str, ...], tuple[str, SegmentRule]]]:
    """Yield each rule by the whole path of its segment, with the key as it was written."""
    paths = [path for path, _ in grammar.visit()]
    for key, rule in file.segments.items():
        wanted = tuple(key.split("/"))
        found = [wanted] if wanted in paths else [path for path in paths if path[-len(wanted) :] == wanted]
        if len(found) == 1:
            yield found[0], (key, rule)
        elif found:
            places = ", ".join("/".join(path) for path in found[:6])
            faults.append(Refusal(f"'{key}' occurs in several places; write one of {places}", path=("segments", key)))
        else:
            hint = nearest(key, {"/".join(path) for path in paths} | {path[-1] for path in paths})
            faults.append(Refusal(f"there is no segment '{key}' in a {grammar.number}{hint}", path=("segments", key)))


class _Narrowing:
    """Applies rules to a tree of nodes."""

    def __init__(self, rules: Rules, faults: list[Refusal]) -> None:
        self._rules = rules
        self._faults = faults

    def loop(self, node: Node, path: tuple[str, ...]) -> Node:
        return replace(node, children=tuple(self._node(child, (*path, child.name)) for child in node.children))

    def _node(self, node: Node, path: tuple[str, ...]) -> Node:
        key, rule = self._rules.get(path, ("", None))
        inner = self.loop(node, path) if node.loop else node
        if rule is None:
            return inner
        at = ("segments", key)
        if rule.forbidden and (node.required or rule.required):
            self._fault(f"{node.name} is mandatory in the base grammar and can't be forbidden", *at, "forbidden")
        if rule.max is not None and rule.max > node.most:
            self._fault(f"{node.name} may occur {node.most} times at most; a guide only narrows", *at, "max")
        most = 0 if rule.forbidden else node.most if rule.max is None else min(rule.max, node.most)
        segment = self._segment(node.segment, rule, at)
        required = (node.required or rule.required) and not rule.forbidden
        return replace(inner, segment=segment, required=required, most=most, base=node.base or node.most)

    def _segment(self, segment: Segment, rule: SegmentRule, at: tuple[str, str]) -> Segment:
        unknown = rule.elements.keys() - {ref for use in segment.uses for ref in _refs(use)}
        for ref in sorted(unknown):
            hint = nearest(ref, [use.ref for use in segment.uses])
            self._fault(f"'{ref}' is no element of {segment.tag}{hint}", *at, ref)
        return replace(segment, uses=tuple(self._use(use, rule, at) for use in segment.uses))

    def _use(self, use: Use, rule: SegmentRule, at: tuple[str, str]) -> Use:
        if isinstance(use.what, Composite):
            parts = tuple(self._use(part, rule, at) for part in use.what.uses)
            use = replace(use, what=replace(use.what, uses=parts))
        wish = rule.elements.get(use.ref)
        if wish is None:
            return use
        if wish.forbidden and (use.required or wish.required):
            self._fault(f"{use.ref} is mandatory and can't be forbidden", *at, use.ref, "forbidden")
        what = self._element(use, use.what, wish, (*at, use.ref)) if isinstance(use.what, Element) else use.what
        return replace(use, what=what, required=use.required or wish.required, forbidden=wish.forbidden)

    def _element(self, use: Use, element: Element, wish: ElementRule, at: tuple[str, ...]) -> Element:
        low, high = wish.min or element.low, wish.max or element.high
        if not element.low <= low <= high <= element.high:
            bounds = f"{element.low} to {element.high}"
            self._fault(f"{use.ref} has a length of {bounds}; a guide only narrows", *at, "max" if wish.max else "min")
            return element
        codes = {code: self._code(use, element, code, (*at, "codes", index)) for index, code in enumerate(wish.codes)}
        return replace(element, low=low, high=high, codes=codes or element.codes)

    def _code(self, use: Use, element: Element, code: str, at: tuple[str | int, ...]) -> str:
        if element.codes is not None and code not in element.codes:
            self._fault(f"'{code}' is no code of {use.ref} ({element.title}){nearest(code, element.codes)}", *at)
        elif not element.low <= len(code) <= element.high:
            self._fault(f"'{code}' does not fit {use.ref}: its length is {element.low} to {element.high}", *at)
        elif element.kind[0] in "RN" and not re.fullmatch(r"-?[0-9.]+", code):
            self._fault(f"'{code}' is no number, {use.ref} is one", *at)
        return (element.codes or {}).get(code, "")

    def _fault(self, message: str, *path: Any) -> None:
        self._faults.append(Refusal(message, path=path))


def _refs(use: Use) -> Iterator[str]:
    yield use.ref
    if isinstance(use.what, Composite):
        for part in use.what.uses:
            yield from _refs(part)


__all__ = ["ElementRule", "Guide", "GuideFile", "SegmentRule", "narrowed", "opened"]
