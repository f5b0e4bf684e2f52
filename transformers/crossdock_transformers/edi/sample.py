"""A valid sample of what a guide asks for: what is mandatory, all that the guide speaks of, and what nearly everybody fills."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from crossdock_transformers.edi import sample_trees
from crossdock_transformers.edi.examine import examine
from crossdock_transformers.edi.faults import Fault
from crossdock_transformers.edi.grammar import Composite, Element, Node, Note, TransactionSet, Use
from crossdock_transformers.edi.guide import Guide, Selector, Term
from crossdock_transformers.edi.machine import compiled
from crossdock_transformers.edi.sample_values import COUNT, HASH, USUAL, fitted, like, value_of
from crossdock_transformers.edi.values import Delimiters

Path = tuple[str, ...]
Where = tuple[Selector, ...]
LINES: Final = 2
"""How many lines a sample order has."""
MOST_OTHERS: Final = 1000
"""A loop that may occur more often is one of lines."""
_BODY: Final = re.compile(r"\bbody\.\??(\w+)")
_ITEM: Final = re.compile(r"\bitem\.\??(\w+)")
_REF: Final = re.compile(r"\b[A-Z][A-Z0-9]{1,2}[0-9]{2}(?:[0-9]{2})?\b")


@dataclass
class Planned:
    """A segment of a sample with what is inside its loop. `texts` are its elements, those of a composite in a list.

    `depth` counts the levels of a tree from 1; levels stand one after the other, as in the document.
    """

    node: Node
    path: Path
    where: Where
    texts: list[str | list[str]]
    children: list[Planned] = field(default_factory=list)
    depth: int = 0

    def copy(self) -> Planned:
        """Return a copy that may be changed."""
        texts = [list(text) if isinstance(text, list) else text for text in self.texts]
        return Planned(self.node, self.path, self.where, texts, [child.copy() for child in self.children], self.depth)

    def visit(self) -> Iterator[Planned]:
        """Yield it and all that is inside."""
        yield self
        for child in self.children:
            yield from child.visit()

    def matches(self, term: Term) -> bool:
        """Tell whether a guide's term speaks of it."""
        return self.path == term.path and all(selector in self.where for selector in term.where)

    def get(self, position: int, component: int) -> str:
        """Return the text of an element or component, counted from 1."""
        text = self.texts[position - 1]
        return (text[component - 1] if component else "".join(text)) if isinstance(text, list) else text

    def put(self, position: int, component: int, value: str) -> None:
        """Set the text of an element or component."""
        text = self.texts[position - 1]
        if isinstance(text, list) and component:
            text[component - 1] = value
        else:
            self.texts[position - 1] = value


class Sampler:
    """Plans samples of a guide's set."""

    def __init__(self, guide: Guide) -> None:
        self.guide = guide
        self.grammar = guide.grammar
        self._usual = USUAL[guide.grammar.dialect.key]
        self._terms: dict[Path, list[Term]] = {}
        for term in guide.terms:
            self._terms.setdefault(term.path, []).append(term)
        self._spoken = {
            term.path[:end] for term in guide.terms for end in range(len(term.path) + 1) if term.kind != "forbidden" or term.ref
        }
        self._spoken |= set(self._of_rules())
        self._deep = sample_trees.spoken(f"{rule.check} {rule.when}" for rule in self.guide.rules.values())
        self._ruled = {ref for rule in guide.rules.values() for ref in _REF.findall(f"{rule.check} {rule.when} {rule.at}")}
        self._spoken |= {key[0][:end] for key in guide.examples for end in range(len(key[0]) + 1)}

    def _of_rules(self) -> Iterator[Path]:
        """Yield the segments that rules speak of as `body.X` or `item.X`."""
        paths = {path for path, _ in self.grammar.visit()}
        for rule in self.guide.rules.values():
            text = f"{rule.check} {rule.when}"
            each = tuple(rule.each.split("/")) if rule.each else ()
            found = [*((name,) for name in _BODY.findall(text)), *((*each, name) for name in _ITEM.findall(text) if each), each]
            yield from (path[:end] for path in found if path in paths for end in range(1, len(path) + 1))

    def plan(self) -> Planned:
        """Return the plan of a valid sample."""
        root = self.grammar.root
        plan = Planned(root, (), (), [], list(self._children(root, (), ())))
        for number, line in enumerate(_lines(plan), start=1):
            first = line.node.segment.uses[0]
            if isinstance(first.what, Element) and first.what.number in ("350", "1082") and line.texts[0] == "1":
                line.put(1, 0, str(number))
        return plan

    def _children(self, node: Node, path: Path, where: Where, held: Collection[str] = ()) -> Iterator[Planned]:
        for child in node.children:
            below = (*path, child.name)
            if child.segment.tag == self.grammar.dialect.trailer or (child.name in held and child.forbidden):
                continue
            if child.name in held or self._wanted(child, below, where):
                yield from self._occurrences(child, below, where)

    def _wanted(self, node: Node, path: Path, where: Where) -> bool:
        if node.forbidden or any(
            t.kind == "forbidden" and not t.ref and t.where and set(t.where) <= set(where) for t in self._at(path)
        ):
            return False
        spoken = path in self._spoken and (len(path) == 1 or node.required or self._spoken_here(path, where))
        return node.required or spoken or (len(path) == 1 and node.segment.tag in ("CTT", "CNT"))

    def _spoken_here(self, path: Path, where: Where) -> bool:
        """Whether the guide speaks of a segment for these qualifiers, or for all."""
        terms = [term for term in self.guide.terms if term.path[: len(path)] == path]
        relevant = [selector for selector in where if selector.path != path]
        outer = [[one for one in term.where if len(one.path) < len(path)] for term in terms]
        keyed = any(key[0][: len(path)] == path for key in self.guide.examples)
        return keyed or any(set(one) <= set(relevant) for one in outer)

    def _at(self, path: Path) -> Sequence[Term]:
        return self._terms.get(path, ())

    def _selectors(self, path: Path, where: Where) -> list[Selector]:
        """Return the qualifiers that the guide knows here, without forbidden ones."""
        found: dict[Selector, bool] = {}
        for term in self.guide.terms:
            here = [one for one in term.where if one.path == path]
            outer = {one for one in term.where if len(one.path) < len(path)}
            if here and outer <= set(where):
                forbids = term.kind == "forbidden" and not term.ref and term.path == path
                found[here[0]] = found.get(here[0], False) or forbids
        return [selector for selector, forbidden in found.items() if not forbidden]

    def _occurrences(self, node: Node, path: Path, where: Where) -> Iterator[Planned]:
        selectors = self._selectors(path, where)
        if node.tree:
            yield from self._levels(node, path, where, selectors)
            return
        if selectors:
            for selector in selectors[: node.most]:
                yield self.build(node, path, (*where, selector))
            return
        for _ in range(min(LINES, node.most) if len(path) == 1 and _is_line(node) else 1):
            yield self.build(node, path, where)

    def _levels(self, node: Node, path: Path, where: Where, selectors: Sequence[Selector]) -> Iterator[Planned]:
        """Yield one level of each kind, each below the one before it."""
        kind = node.segment.uses[2]
        said = {term.kind: term.value for term in self._of((kind.ref,), path, where)}
        asked = [selector.code for selector in selectors if selector.ref == kind.ref] or said.get("codes") or ()
        known = kind.what.codes if isinstance(kind.what, Element) else None
        for depth, code in enumerate(sample_trees.levels_of(self.grammar.number, asked, known), start=1):
            here = (*where, Selector(path, kind.ref, code))
            made = Planned(node, path, here, self._texts(node, path, here), depth=depth)
            made.texts[0], made.texts[1], made.texts[3] = sample_trees.OWN, sample_trees.ABOVE, sample_trees.BELOW
            held = {*sample_trees.HELD.get(code, ()), *(tag for deep, tag in self._deep if deep == depth)}
            made.children = list(self._children(node, path, here, held))
            for unit in made.visit():
                unit.texts = [sample_trees.sscc(depth) if text == sample_trees.sscc(0) else text for text in unit.texts]
            yield made

    def build(self, node: Node, path: Path, where: Where) -> Planned:
        """Return one occurrence of a segment or loop, filled."""
        made = Planned(node, path, where, self._texts(node, path, where))
        made.children = list(self._children(node, path, where)) if node.loop else []
        return made

    def _texts(self, node: Node, path: Path, where: Where) -> list[str | list[str]]:
        uses = node.segment.uses
        chosen = [
            not use.forbidden and (use.required or use.ref in self._usual or self._speaks(use, path, where)) for use in uses
        ]
        _complete(chosen, uses, node.segment.notes)
        texts: list[str | list[str]] = []
        for use, one in zip(uses, chosen, strict=True):
            texts.append(self._text(use, path, where, texts) if one else "")
        while texts and not texts[-1]:
            texts.pop()
        return [*texts, *[""] * (len(uses) - len(texts))]

    def _speaks(self, use: Use, path: Path, where: Where) -> bool:
        refs = {use.ref, *(part.ref for part in use.what.uses)} if isinstance(use.what, Composite) else {use.ref}
        terms = self._of(refs, path, where)
        if any(term.kind == "forbidden" and term.ref == use.ref for term in terms):
            return False
        by = not self._ruled.isdisjoint(refs) or any(selector.path == path and selector.ref in refs for selector in where)
        return (
            by
            or bool(terms)
            or any(key[0] == path and key[1] in refs and set(key[2]) <= set(where) for key in self.guide.examples)
        )

    def _of(self, refs: Iterable[str], path: Path, where: Where) -> list[Term]:
        wanted = set(refs)
        return [term for term in self._at(path) if term.ref in wanted and set(term.where) <= set(where)]

    def _text(self, use: Use, path: Path, where: Where, before: Sequence[str | list[str]]) -> str | list[str]:
        if isinstance(use.what, Composite):
            parts = use.what.uses
            chosen = [
                not part.forbidden and (part.required or part.ref in self._usual or self._speaks(part, path, where))
                for part in parts
            ]
            if not any(chosen):
                chosen[0] = True
            _complete(chosen, parts, use.what.notes)
            texts: list[str] = []
            for part, one in zip(parts, chosen, strict=True):
                texts.append(str(self._text(part, path, where, texts)) if one else "")
            return texts
        last = next((text for text in reversed(before) if text), "")
        return self._value(use, use.what, path, where, last if isinstance(last, str) else last[0])

    def _value(self, use: Use, element: Element, path: Path, where: Where, before: str) -> str:
        for selector in where:
            if selector.path == path and selector.ref == use.ref:
                return selector.code
        examples = [text for key, text in self.guide.examples.items() if key[:2] == (path, use.ref) and set(key[2]) <= set(where)]
        if examples:
            return examples[-1]
        said = {term.kind: term.value for term in self._of((use.ref,), path, where)}
        if "value" in said:
            return str(said["value"])
        avoided = set(self._cases_of(path, use.ref))
        codes = list(said.get("codes") or [code for code in element.codes or () if code not in avoided])
        narrow = replace(element, low=said.get("min", element.low), high=said.get("max", element.high))
        text = value_of(narrow, before, codes)
        return self._formed(text, str(said["pattern"]), narrow, codes) if "pattern" in said else text

    def _cases_of(self, path: Path, ref: str) -> Iterator[str]:
        for term in self._at(path):
            if term.kind == "forbidden" and not term.ref:
                yield from (selector.code for selector in term.where if selector.path == path and selector.ref == ref)

    def _formed(self, text: str, pattern: str, element: Element, codes: Sequence[str]) -> str:
        from crossdock_transformers.edi.checks import matcher

        matches = matcher(pattern)
        choices = [text, *codes, like(pattern) or text]
        return next((one for one in choices if matches(one) and len(one) >= element.low), fitted(choices[-1], element))


def _complete(chosen: list[bool], uses: Sequence[Use], notes: Sequence[Note]) -> None:
    """Choose what the syntax notes ask for beside what is chosen."""
    for _ in range(len(notes) + 1):
        for note in notes:
            there = {position for position, one in enumerate(chosen, start=1) if one}
            if not note.broken(there):
                continue
            for position in note.positions[1 if note.kind == "E" else 0 :]:
                chosen[position - 1] = note.kind != "E" and not uses[position - 1].forbidden
                if note.kind in "RL" and chosen[position - 1] and not note.broken({*there, position}):
                    break


@dataclass(frozen=True, slots=True)
class Written:
    """A sample as segments between header and trailer, and what the codec finds wrong with it."""

    segments: tuple[tuple[str, ...], ...]
    faults: tuple[Fault, ...]


def written(plan: Planned, grammar: TransactionSet, delimiters: Delimiters) -> Written:
    """Write a plan, and examine it as what is received."""
    plan = _numbered(plan)
    segments = [[planned.node.segment.tag, *_joined(planned, delimiters)] for planned in list(plan.visit())[1:]]
    lines = _lines(plan)
    levels = [child for child in plan.children if child.depth]
    count, total = str(len(lines) or len(levels)), format(sum(map(_quantity, lines), Decimal(0)).normalize(), "f")
    whole = [[text.replace(COUNT, count).replace(HASH, total) for text in segment] for segment in segments]
    closed = [header(grammar, delimiters), *whole, [grammar.dialect.trailer, str(len(whole) + 2), _CONTROL[grammar.dialect.key]]]
    text = "".join(delimiters.element.join(segment) + delimiters.segment for segment in closed)
    faults = examine(compiled(grammar, delimiters), text).faults
    return Written(tuple(map(tuple, whole)), tuple(faults))


def _numbered(plan: Planned) -> Planned:
    """Return a plan with its levels numbered one after the other."""
    levels = [at for at, child in enumerate(plan.children) if child.depth]
    if not levels:
        return plan
    plan = plan.copy()
    for at, told in zip(levels, sample_trees.numbers([plan.children[at].depth for at in levels]), strict=True):
        marks = dict(zip((sample_trees.OWN, sample_trees.ABOVE, sample_trees.BELOW), told, strict=True))
        level = plan.children[at]
        level.texts = [marks.get(text, text) if isinstance(text, str) else text for text in level.texts]
    return plan


def _lines(plan: Planned) -> list[Planned]:
    """Return the occurrences of the loop that a document is made of: order lines, items."""
    return [child for child in plan.children if _is_line(child.node)]


def _is_line(node: Node) -> bool:
    """Parties, charges and notes have limits of some hundreds at most; lines don't."""
    return node.loop and (node.base or node.most) > MOST_OTHERS and not node.tree


_CONTROL = {"x12": "0001", "edifact": "1"}


def header(grammar: TransactionSet, delimiters: Delimiters) -> list[str]:
    """Return the header segment of a sample."""
    if grammar.dialect.key == "edifact":
        return ["UNH", "1", delimiters.component.join((grammar.number, grammar.version[:1], grammar.version[1:], "UN"))]
    return ["ST", grammar.number, "0001"]


def _joined(planned: Planned, delimiters: Delimiters) -> list[str]:
    texts = [_trimmed(text, delimiters.component) if isinstance(text, list) else text for text in planned.texts]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _trimmed(texts: Sequence[str], separator: str) -> str:
    return separator.join(texts).rstrip(separator)


def _quantity(line: Planned) -> Decimal:
    uses = zip(line.node.segment.uses, line.texts, strict=False)
    text = next((text for use, text in uses if isinstance(use.what, Element) and use.what.number in ("380", "358", "330")), "0")
    try:
        return Decimal(text if isinstance(text, str) else "0")
    except InvalidOperation:
        return Decimal(0)
