"""Applies one guide to a set: what a grammar can say becomes a narrower grammar, the rest becomes checks of the decoded body."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crossdock.core.errors import Refusal
from crossdock.core.words import nearest
from crossdock_transformers.edi.checks import Check, ElementCheck, Everywhere, SegmentCheck
from crossdock_transformers.edi.grammar import Composite, Element, Node, Segment, TransactionSet, Use
from crossdock_transformers.edi.guide import CaseRule, ElementRule, Layer, SegmentRule, Selector, Term

Path = tuple[str, ...]
At = tuple[str | int, ...]
Where = tuple[Selector, ...]
_WORDS = ("required", "forbidden", "max", "min", "codes", "value", "pattern")


class Narrowing:
    """One guide, applied to a set. `faults` takes everything that is wrong in the guide."""

    def __init__(self, layer: Layer, grammar: TransactionSet, faults: list[Refusal]) -> None:
        self.layer = layer
        self.checks: list[Check] = []
        self.terms: list[Term] = []
        self.notes: dict[tuple[Any, ...], str] = {}
        self.examples: dict[tuple[Any, ...], str] = {}
        self.faults = faults
        self._grammar = grammar
        self._rules: dict[Path, tuple[str, SegmentRule]] = {}

    def apply(self) -> TransactionSet:
        """Return the narrowed set; its checks are collected in `checks`."""
        nodes = dict(self._grammar.visit())
        for key, rule in self.layer.file.segments.items():
            found = self._find(key, list(nodes))
            if found and found in self._rules:
                self.fault(f"'{key}' is the same segment as '{self._rules[found][0]}'", "segments", key, key=True)
            elif found:
                self._rules[found] = key, rule
        root = self._loop(self._grammar.root, ())
        return replace(self._grammar, root=root)

    def fault(self, message: str, *path: str | int, key: bool = False) -> None:
        """Take note of what is wrong at a place of the guide."""
        self.faults.append(self.layer.fault(message, *path, key=key))

    def _find(self, key: str, paths: Sequence[Path]) -> Path | None:
        wanted = tuple(key.split("/"))
        found = [wanted] if wanted in paths else [path for path in paths if path[-len(wanted) :] == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            places = ", ".join("/".join(path) for path in found[:6])
            self.fault(f"'{key}' occurs in several places; write one of {places}", "segments", key, key=True)
        else:
            hint = nearest(key, {"/".join(path) for path in paths} | {path[-1] for path in paths})
            self.fault(f"there is no segment '{key}' in a {self._grammar.number}{hint}", "segments", key, key=True)
        return None

    def _loop(self, node: Node, path: Path) -> Node:
        return replace(node, children=tuple(self._node(child, (*path, child.name)) for child in node.children))

    def _node(self, node: Node, path: Path) -> Node:
        key, rule = self._rules.get(path, ("", None))
        inner = self._loop(node, path) if node.loop else node
        if rule is None:
            return inner
        at: At = ("segments", key)
        self.terms += self._terms(rule, at, path)
        self.bounds(node, rule, at)
        segment = self._segment(node.segment, rule, at, path)
        most = 0 if rule.forbidden else node.most if rule.max is None else min(rule.max, node.most)
        required = (node.required or rule.required) and not rule.forbidden
        narrow = replace(inner, segment=segment, required=required, most=most, base=node.base or node.most)
        self._checked(narrow, rule, at, path)
        return narrow

    def bounds(self, node: Node, rule: SegmentRule | CaseRule, at: At) -> None:
        """Refuse what contradicts the base grammar or itself."""
        if rule.forbidden and rule.required:
            self.fault(f"{node.name} can't be both required and forbidden", *at, "forbidden")
        elif rule.forbidden and node.required and isinstance(rule, SegmentRule):
            self.fault(f"{node.name} is mandatory in the base grammar and can't be forbidden", *at, "forbidden")
        if rule.max is not None and rule.max > node.most:
            times = "not occur at all" if node.forbidden else f"occur {node.most} times at most"
            self.fault(f"{node.name} may {times}; a guide only narrows", *at, "max")

    def _segment(self, segment: Segment, rule: SegmentRule, at: At, path: Path) -> Segment:
        self.known(segment, rule.elements, at)
        uses = tuple(self._use(use, rule.elements, at, path) for use in segment.uses)
        return replace(segment, uses=tuple(self._by(use, rule, at) for use in uses))

    def known(self, segment: Segment, elements: Mapping[str, ElementRule], at: At) -> None:
        """Refuse names that are no elements of a segment."""
        refs = [use.ref for use, _, _ in spread(segment)]
        for ref in sorted(elements.keys() - set(refs)):
            self.fault(f"'{ref}' is no element of {segment.tag}{nearest(ref, refs)}", *at, ref, key=True)

    def _use(self, use: Use, elements: Mapping[str, ElementRule], at: At, path: Path) -> Use:
        if isinstance(use.what, Composite):
            parts = tuple(self._use(part, elements, at, path) for part in use.what.uses)
            use = replace(use, what=replace(use.what, uses=parts))
        wish = elements.get(use.ref)
        if wish is None:
            return use
        self.terms += self._terms(wish, (*at, use.ref), path, use.ref)
        return self.use(use, wish, (*at, use.ref))

    def use(self, use: Use, wish: ElementRule, at: At) -> Use:
        """Return an element as a guide narrows it."""
        if wish.forbidden and wish.required:
            self.fault(f"{use.ref} can't be both required and forbidden", *at, "forbidden")
        elif wish.forbidden and use.required:
            self.fault(f"{use.ref} is mandatory and can't be forbidden", *at, "forbidden")
        what = self._element(use, use.what, wish, at) if isinstance(use.what, Element) else self._composite(use, wish, at)
        return replace(use, what=what, required=use.required or wish.required, forbidden=use.forbidden or wish.forbidden)

    def _composite(self, use: Use, wish: ElementRule, at: At) -> Composite | Element:
        for word in ("codes", "value", "min", "max", "pattern", "example"):
            if getattr(wish, word):
                hint = ", ".join(part.ref for part in use.what.uses) if isinstance(use.what, Composite) else ""
                self.fault(f"{use.ref} is made of components; say `{word}` of one of {hint}", *at, word, key=True)
        return use.what

    def _element(self, use: Use, element: Element, wish: ElementRule, at: At) -> Element:
        low, high = wish.min or element.low, wish.max or element.high
        if not element.low <= low <= high <= element.high:
            bounds = f"{element.low} to {element.high}"
            self.fault(f"{use.ref} has a length of {bounds}; a guide only narrows", *at, "max" if wish.max else "min")
            return element
        if wish.value is not None and wish.codes:
            self.fault(f"{use.ref} has both `value` and `codes`; write one of them", *at, "codes", key=True)
        if wish.pattern:
            self._pattern(use, element, wish, at)
        narrow = replace(element, low=low, high=high)
        codes = {code: self._code(use, narrow, code, label, where) for code, label, where in _listed(wish, at)}
        return replace(narrow, codes=codes or element.codes)

    def _pattern(self, use: Use, element: Element, wish: ElementRule, at: At) -> None:
        from crossdock_transformers.expression.texts import pattern
        from crossdock_transformers.expression.values import Fault

        try:
            pattern(wish.pattern)
        except Fault as error:
            self.fault(error.message, *at, "pattern")
        if element.kind not in TEXTS:
            self.fault(f"{use.ref} is no text; narrow it by a rule in `rules:`", *at, "pattern")

    def _code(self, use: Use, element: Element, code: str, label: str, at: At) -> str:
        if element.codes is not None and code not in element.codes:
            self.fault(f"'{code}' is no code of {use.ref} ({element.title}){nearest(code, element.codes)}", *at)
        elif not element.low <= len(code) <= element.high:
            self.fault(f"'{code}' does not fit {use.ref}: its length is {element.low} to {element.high}", *at)
        elif element.kind[0] in "RNn" and not re.fullmatch(r"-?[0-9.]+", code):
            self.fault(f"'{code}' is no number, {use.ref} is one", *at)
        return label or (element.codes or {}).get(code, "")

    def _by(self, use: Use, rule: SegmentRule, at: At) -> Use:
        """Narrow the element that tells occurrences apart to the cases, where there may be no others."""
        if isinstance(use.what, Composite):
            return replace(use, what=replace(use.what, uses=tuple(self._by(part, rule, at) for part in use.what.uses)))
        if use.ref != rule.by:
            return use
        for code in rule.cases:
            self._code(use, use.what, code, "", (*at, "cases", code))
        if rule.others == "allowed" or not rule.cases:
            return use
        labels = use.what.codes or {}
        codes = {code: labels.get(code, "") for code, case in rule.cases.items() if not case.forbidden}
        return replace(use, what=replace(use.what, codes=codes))

    def _checked(self, node: Node, rule: SegmentRule, at: At, path: Path) -> None:
        """Collect the checks of a rule that the grammar can't say."""
        patterns = self._patterns(node.segment, rule.elements)
        if rule.cases or rule.by:
            cases = _Cases(self).segment(node, rule, at, path, ())
            if cases:
                self.checks.append(Everywhere(path[:-1], (cases,)))
        if patterns:
            self.checks.append(Everywhere(path[:-1], (SegmentCheck(node, elements=patterns),)))

    def _patterns(self, segment: Segment, elements: Mapping[str, ElementRule]) -> tuple[ElementCheck, ...]:
        found = spread(segment)
        return tuple(
            ElementCheck(use, at, part, pattern=elements[use.ref].pattern)
            for use, at, part in found
            if use.ref in elements and elements[use.ref].pattern
        )

    def _terms(
        self, rule: SegmentRule | CaseRule | ElementRule, at: At, path: Path, ref: str = "", where: Where = ()
    ) -> Iterator[Term]:
        """Yield what a rule says, each word with its place; take up notes and examples."""
        layer, key = self.layer, (path, ref, where)
        if rule.note:
            self.notes[key] = rule.note
        if isinstance(rule, ElementRule) and rule.example:
            self.examples[key] = rule.example
        for word in _WORDS:
            value = getattr(rule, word, None)
            if value:
                place = layer.place(*at, word, key=True)
                value = dict(rule.labels) if word == "codes" and isinstance(rule, ElementRule) else value
                yield Term(word, value, layer.file.guide, place, path, ref, where, rule.note)
        if isinstance(rule, SegmentRule) and rule.others == "forbidden":
            codes = [code for code, case in rule.cases.items() if not case.forbidden]
            place = layer.place(*at, "others", key=True)
            yield Term("others", codes, layer.file.guide, place, path, rule.by, where, rule.note)

    terms_of = _terms


TEXTS = ("AN", "ID", "A")
"""Kinds of elements whose value is the text itself."""


class _Cases:
    """Makes the checks of a qualified rule."""

    def __init__(self, narrowing: Narrowing) -> None:
        self._to = narrowing

    def segment(self, node: Node, rule: SegmentRule, at: At, path: Path, where: Where) -> SegmentCheck | None:
        """Return the check of a segment or loop with cases; None where the guide is wrong there."""
        by = next(((use, place, part) for use, place, part in spread(node.segment) if use.ref == rule.by), None)
        if rule.by and by is None:
            refs = [use.ref for use, _, _ in spread(node.segment)]
            self._to.fault(f"'{rule.by}' is no element of {node.segment.tag}{nearest(rule.by, refs)}", *at, "by")
            return None
        if not rule.cases or by is None:
            missing, there = ("by", "cases") if rule.cases else ("cases", "by")
            self._to.fault(f"`{there}` needs `{missing}`: by which element, and what holds for each value", *at, there, key=True)
            return None
        cases = {
            code: self._case(node, case, (*at, "cases", code), path, (*where, Selector(path, rule.by, code)))
            for code, case in rule.cases.items()
        }
        return SegmentCheck(node, by=by, cases=cases)

    def _case(self, node: Node, rule: CaseRule, at: At, path: Path, where: Where) -> SegmentCheck:
        self._to.terms += self._to.terms_of(rule, at, path, "", where)
        self._to.bounds(node, rule, at)
        segments = tuple(
            self._inner(node, name, one, (*at, "segments", name), path, where) for name, one in rule.segments.items()
        )
        return SegmentCheck(
            node,
            required=rule.required,
            most=0 if rule.forbidden else rule.max,
            elements=self._elements(node.segment, rule.elements, at, path, where),
            segments=tuple(one for one in segments if one),
        )

    def _inner(self, node: Node, name: str, rule: SegmentRule, at: At, path: Path, where: Where) -> SegmentCheck | None:
        child = next((child for child in node.children if child.name == name), None)
        if child is None:
            names = [child.name for child in node.children]
            message = f"there is no segment '{name}' in the loop {node.name}" if node.loop else f"{node.name} is no loop"
            self._to.fault(f"{message}{nearest(name, names)}", *at, key=True)
            return None
        path = (*path, name)
        self._to.terms += self._to.terms_of(rule, at, path, "", where)
        self._to.bounds(child, rule, at)
        elements = self._elements(child.segment, rule.elements, at, path, where)
        nested = self.segment(child, rule, at, path, where) if rule.by or rule.cases else None
        return SegmentCheck(
            child,
            required=rule.required,
            most=0 if rule.forbidden else rule.max,
            elements=elements,
            by=nested.by if nested else None,
            cases=nested.cases if nested else {},
            others=rule.others == "allowed",
        )

    def _elements(
        self, segment: Segment, elements: Mapping[str, ElementRule], at: At, path: Path, where: Where
    ) -> tuple[ElementCheck, ...]:
        self._to.known(segment, elements, at)
        checks = []
        for use, position, part in spread(segment):
            wish = elements.get(use.ref)
            if wish is not None:
                self._to.terms += self._to.terms_of(wish, (*at, use.ref), path, use.ref, where)
                narrow = self._to.use(use, wish, (*at, use.ref))
                checks.append(
                    ElementCheck(narrow, position, part, wish.required, wish.forbidden, narrow.what != use.what, wish.pattern)
                )
        return tuple(checks)


def spread(segment: Segment) -> list[tuple[Use, int, int]]:
    """Return the elements of a segment and their components: each with its position, and that of the component or 0."""
    found = []
    for position, use in enumerate(segment.uses, start=1):
        found.append((use, position, 0))
        if isinstance(use.what, Composite):
            found += [(part, position, index) for index, part in enumerate(use.what.uses, start=1)]
    return found


def _listed(wish: ElementRule, at: At) -> Iterator[tuple[str, str, At]]:
    """Yield each allowed value with its label and its place."""
    if wish.value is not None:
        yield wish.value, "", (*at, "value")
    elif isinstance(wish.codes, dict):
        yield from ((code, label, (*at, "codes", code)) for code, label in wish.codes.items())
    else:
        yield from ((code, "", (*at, "codes", index)) for index, code in enumerate(wish.codes))
