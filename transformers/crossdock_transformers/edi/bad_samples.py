"""One bad sample for each thing that a guide says: a valid sample with one change, which the codec refuses for exactly that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import Final

from crossdock_transformers.edi.faults import Fault
from crossdock_transformers.edi.grammar import Composite, Element, Node, Use
from crossdock_transformers.edi.guide import Guide, Selector, Term
from crossdock_transformers.edi.narrow import spread
from crossdock_transformers.edi.sample import Planned, Sampler, Written, written
from crossdock_transformers.edi.sample_totals import settled
from crossdock_transformers.edi.sample_values import COUNT, HASH, fitted
from crossdock_transformers.edi.values import Delimiters

MOST_TRIES: Final = 400
"""How many changes are tried before a rule is given up."""
MOST_COPIES: Final = 2000
_MOST_OTHER: Final = 6
"""How many other values of an element are tried together with those of another."""
_QUOTED: Final = re.compile(r"[\"']([A-Za-z0-9]+)[\"']")
_STRANGERS: Final = ("ZZ", "XX", "Q", "QQ", "99", "ZZZ", "QQQ", "X", "98", "97", "0", "7")
_NUMBERS: Final = ("0", "-1", "3", "1", "7", "99999", "0.01")
_DATES: Final = ("19990101", "20391231", "20260101", "20261231")
_NAMES: Final = {"required": "missing", "forbidden": "unused", "codes": "invalid_code", "value": "invalid_code"}
_ELEMENT: Final = {**_NAMES, "pattern": "invalid_code", "others": "invalid_code", "min": "too_short", "max": "too_long"}


@dataclass(frozen=True, slots=True)
class Bad:
    """A bad sample: the term that it breaks, and the one fault that the codec finds."""

    name: str
    term: Term
    written: Written
    fault: Fault


def bad_samples(guide: Guide, delimiters: Delimiters) -> tuple[list[Bad], list[Term]]:
    """Return a bad sample for each term, and the terms that none could be made for."""
    sampler = Sampler(guide)
    valid = settled(sampler)
    found: list[Bad] = []
    without: list[Term] = []
    names: dict[str, int] = {}
    for term in guide.terms:
        made = _Spoiler(sampler, valid, term).spoil(delimiters)
        if made is None:
            without.append(term)
            continue
        names[term.name] = names.get(term.name, 0) + 1
        name = term.name if names[term.name] == 1 else f"{term.name}-{names[term.name]}"
        found.append(Bad(name, term, made, made.faults[0]))
    return found, without


class _Spoiler:
    """Breaks one term."""

    def __init__(self, sampler: Sampler, valid: Planned, term: Term) -> None:
        self._sampler = sampler
        self._guide = sampler.guide
        self._valid = valid
        self._term = term
        self._node = self._find()

    def spoil(self, delimiters: Delimiters) -> Written | None:
        """Return the first change that is refused for exactly this term."""
        for tries, plan in enumerate(self._plans()):
            made = written(plan, self._guide.grammar, delimiters)
            if len(made.faults) == 1 and self._meant(made.faults[0]):
                return made
            if tries >= MOST_TRIES:
                break
        return None

    def _find(self) -> Node | None:
        return next((node for path, node in self._guide.grammar.visit() if path == self._term.path), None)

    def _meant(self, fault: Fault) -> bool:
        term, node = self._term, self._node
        if term.kind == "rule":
            return fault.rule == str(term.value)
        if node is None:
            return False
        codes = self._guide.grammar.dialect.codes
        if not term.ref:
            names = {"required": "missing_segment", "forbidden": "unused_segment"}
            name = names.get(term.kind, "loop_repeated" if node.loop else "segment_repeated")
            other = codes["invalid_code"] if term.where and term.kind == "forbidden" else codes[name]
            return (fault.kind, fault.code) in (codes[name], other) and fault.tag == node.segment.tag
        at = next(((place, part) for use, place, part in spread(node.segment) if use.ref == term.ref), (0, 0))
        return (fault.kind, fault.code, fault.element, fault.component) == (*codes[_ELEMENT[term.kind]], *at)

    def _plans(self) -> Iterator[Planned]:
        """Yield changed samples, the likeliest first."""
        if self._term.kind == "rule":
            yield from self._against_rule()
        elif self._term.ref:
            yield from self._elements()
        elif self._term.kind == "required":
            yield from self._without()
        else:
            yield from self._more(1 if self._term.kind == "forbidden" else int(self._term.value) + 1)

    def _without(self) -> Iterator[Planned]:
        plan = self._valid.copy()
        for holder in plan.visit():
            kept = [child for child in holder.children if not child.matches(self._term)]
            if len(kept) < len(holder.children):
                holder.children = kept
                yield plan
                break
        yield from self._renamed()

    def _renamed(self) -> Iterator[Planned]:
        """Give what must be there a qualifier that the guide doesn't know."""
        selector = self._term.where[-1] if self._term.where and self._term.where[-1].path == self._term.path else None
        for index, planned in enumerate(self._valid.visit()):
            if selector and planned.matches(self._term):
                use, position, component = next(one for one in spread(planned.node.segment) if one[0].ref == selector.ref)
                if isinstance(use.what, Element):
                    for text in (*self._codes(use.ref), *_STRANGERS, "037"):
                        yield self._changed(index, position, component, fitted(text, use.what))

    def _more(self, wanted: int) -> Iterator[Planned]:
        """Add occurrences until there are as many as wanted."""
        if self._node is None or wanted > MOST_COPIES:
            return
        plan = self._valid.copy()
        for holder in plan.visit():
            if holder.path == self._term.path[:-1] and self._inside(holder):
                there = [child for child in holder.children if child.matches(self._term)]
                pattern = there[0] if there else self._sampler.build(self._node, self._term.path, self._where(holder))
                for _ in range(wanted - len(there)):
                    _insert(holder, pattern.copy())
                yield plan
                return

    def _inside(self, holder: Planned) -> bool:
        outer = {selector for selector in self._term.where if selector.path != self._term.path}
        return outer <= set(holder.where)

    def _where(self, holder: Planned) -> tuple[Selector, ...]:
        own = tuple(selector for selector in self._term.where if selector.path == self._term.path)
        return (*holder.where, *own)

    def _elements(self) -> Iterator[Planned]:
        if self._node is None:
            return
        use, position, component = next(one for one in spread(self._node.segment) if one[0].ref == self._term.ref)
        for index, planned in enumerate(self._valid.visit()):
            if planned.matches(self._term):
                if self._term.kind == "required":
                    yield self._emptied(index, position, component)
                for text in self._texts(use, planned.get(position, component)):
                    yield self._changed(index, position, component, text)
                    if self._term.kind in ("codes", "others"):
                        yield self._added(index, position, component, text)

    def _changed(self, index: int, position: int, component: int, text: str) -> Planned:
        plan = self._valid.copy()
        list(plan.visit())[index].put(position, component, text)
        return plan

    def _emptied(self, index: int, position: int, component: int) -> Planned:
        """Return the sample without an element and those that need it."""
        plan = self._changed(index, position, component, "")
        planned = list(plan.visit())[index]
        notes = planned.node.segment.notes if not component else ()
        for other in {other for note in notes if note.kind in "PC" and position in note.positions for other in note.positions}:
            if not planned.node.segment.uses[other - 1].required:
                planned.put(other, 0, "")
        return plan

    def _added(self, index: int, position: int, component: int, text: str, copies: int = 1) -> Planned:
        """Return the sample with changed copies beside the segment, so that nothing is missing."""
        plan = self._valid.copy()
        chosen = list(plan.visit())[index]
        changed = chosen.copy()
        changed.put(position, component, text)
        holder = next(one for one in plan.visit() if any(child is chosen for child in one.children))
        for _ in range(copies):
            _insert(holder, changed.copy())
        return plan

    def _texts(self, use: Use, text: str) -> Iterator[str]:
        kind = self._term.kind
        if isinstance(use.what, Composite):
            yield "" if kind == "required" else "A"
            return
        element: Element = use.what
        if kind == "required":
            yield ""
        elif kind == "forbidden":
            yield from (fitted(one, element) for one in ("1", "A", "20261015", *(element.codes or ())))
        elif kind == "min":
            yield from (text[: int(self._term.value) - 1], "1" * (int(self._term.value) - 1))
        elif kind == "max":
            yield from ((text * (int(self._term.value) + 1))[: int(self._term.value) + 1], "1" * (int(self._term.value) + 1))
        else:
            yield from self._others(element, text)

    def _others(self, element: Element, text: str) -> Iterator[str]:
        """Yield values of the same length that are not what the guide asks for."""
        yield from (code for code in self._codes(self._term.ref) if code != text)
        yield from (fitted(one, element) for one in _STRANGERS)
        yield from (text[:at] + one + text[at + 1 :] for one in "XZ09- a" for at in range(len(text)))
        yield from (
            _DATES if element.kind == "DT" else _NUMBERS if element.kind[0] in "RN" else (f"{text}X", f"{text}0", text[:-1])
        )

    def _codes(self, ref: str) -> list[str]:
        """Return the codes that the base grammar knows."""
        base = self._guide.base or self._guide.grammar
        node = next((node for path, node in base.visit() if path == self._term.path), None)
        uses = [use for use, _, _ in spread(node.segment) if use.ref == ref] if node else []
        return [code for use in uses if isinstance(use.what, Element) for code in use.what.codes or ()]

    def _against_rule(self) -> Iterator[Planned]:
        """Change, one at a time, what the rule speaks of: values, then numbers of segments."""
        rule = self._guide.rules[str(self._term.value)]
        said = f"{rule.check} {rule.when} {rule.at}"
        planned = list(self._valid.visit())
        for index, one in enumerate(planned[1:], start=1):
            for use, position, component in spread(one.node.segment):
                if use.ref in said and isinstance(use.what, Element):
                    for text in _values(use.what, one.get(position, component)):
                        yield self._changed(index, position, component, text)
        yield from self._pairs(planned, said)
        for index, one in enumerate(planned[1:], start=1):
            if one.node.name in said or one.node.segment.tag in said:
                yield self._removed(index)
                yield from (self._added(index, 1, 0, one.get(1, 0), copies) for copies in (1, 10, 100))

    def _pairs(self, planned: Sequence[Planned], said: str) -> Iterator[Planned]:
        """Change two elements of one segment at once: one that the rule depends on, and one that it asks something of."""
        for index, one in enumerate(planned[1:], start=1):
            uses = [use for use in spread(one.node.segment) if use[0].ref in said and isinstance(use[0].what, Element)]
            for first, second in combinations(uses, 2):
                for left, right in product(self._others_of(first, one, said), self._others_of(second, one, said)):
                    plan = self._changed(index, first[1], first[2], left)
                    list(plan.visit())[index].put(second[1], second[2], right)
                    yield plan

    def _others_of(self, spot: tuple[Use, int, int], one: Planned, said: str) -> list[str]:
        """Return some other values, those first that the rule itself names."""
        use, position, component = spot
        assert isinstance(use.what, Element)
        values = [*_QUOTED.findall(said), *islice(_values(use.what, one.get(position, component)), _MOST_OTHER)]
        fitting = [text for text in values if use.what.codes is None or text in use.what.codes]
        return list(dict.fromkeys(fitting))

    def _removed(self, index: int) -> Planned:
        plan = self._valid.copy()
        chosen = list(plan.visit())[index]
        for holder in plan.visit():
            holder.children = [child for child in holder.children if child is not chosen]
        return plan


def _insert(holder: Planned, planned: Planned) -> None:
    """Put a segment behind those that come before it in the set."""
    names = [child.name for child in holder.node.children]
    order = names.index(planned.node.name)
    at = sum(names.index(child.node.name) <= order for child in holder.children)
    holder.children.insert(at, planned)


def _values(element: Element, text: str) -> Iterator[str]:
    """Yield other values of an element."""
    yield from (code for code in element.codes or () if code != text)
    if element.kind == "DT":
        yield from (one[8 - min(element.high, 8) :] for one in _DATES)
    elif element.kind[0] in "RN":
        if text and text not in (COUNT, HASH) and text.isdigit():
            yield str(int(text) + 1)
        yield from _NUMBERS
    elif element.codes is None:
        yield from (fitted(one, element) for one in (f"X{text}", "ZZ", "9", *_DATES))
    yield ""
