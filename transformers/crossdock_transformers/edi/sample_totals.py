"""Totals and counts that rules ask for: a sample's number is put right where a rule reports it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from crossdock_transformers.edi.grammar import Element, Use
from crossdock_transformers.edi.guide import CrossRule
from crossdock_transformers.edi.narrow import spread
from crossdock_transformers.edi.sample import Planned, Sampler, written
from crossdock_transformers.edi.values import Delimiters

DELIMITERS: Final = {"x12": Delimiters(), "edifact": Delimiters("+", ":", "'", "", "?")}
"""With which a sample is written to see what is wrong with it, by dialect."""
_REF: Final = re.compile(r"\b[A-Z][A-Z0-9]{1,2}[0-9]{2}(?:[0-9]{2})?\b")
_TAG: Final = re.compile(r"\bbody\.\??([A-Z][A-Z0-9]{1,2})\b")


def settled(sampler: Sampler) -> Planned:
    """Return the plan of a sample in which as many rules hold as can be made to by the sum or number of what they speak of."""
    plan, guide = sampler.plan(), sampler.guide
    delimiters = DELIMITERS[guide.grammar.dialect.key]
    for rule in guide.rules.values():
        faults = written(plan, guide.grammar, delimiters).faults
        if not any(fault.rule == rule.id for fault in faults):
            continue
        for better in _tries(plan, rule):
            left = written(better, guide.grammar, delimiters).faults
            if len(left) < len(faults):
                plan = better
                break
    return plan


def _tries(plan: Planned, rule: CrossRule) -> Iterator[Planned]:
    """Yield plans with another number where the rule is reported, or at what it compares."""
    said = f"{rule.check} {rule.when}"
    refs = list(dict.fromkeys((rule.at.rpartition("/")[2], *_REF.findall(said))))
    numbers = list(dict.fromkeys((*_sums(plan, refs), *_counts(plan, said))))
    for target in refs:
        for index, planned in enumerate(plan.visit()):
            for use, position, component in _uses(planned, target):
                for number in numbers:
                    changed = plan.copy()
                    list(changed.visit())[index].put(position, component, _text(use, number))
                    yield changed


def _uses(planned: Planned, ref: str) -> Iterator[tuple[Use, int, int]]:
    if not planned.texts:
        return
    for use, position, component in spread(planned.node.segment):
        if use.ref == ref and isinstance(use.what, Element) and use.what.kind[0] in "RN":
            yield use, position, component


def _sums(plan: Planned, refs: list[str]) -> Iterator[Decimal]:
    for ref in refs:
        found = [_number(use, planned.get(at, inner)) for planned in plan.visit() for use, at, inner in _uses(planned, ref)]
        if found:
            yield sum(found, Decimal(0))


def _counts(plan: Planned, said: str) -> Iterator[Decimal]:
    for tag in _TAG.findall(said):
        yield Decimal(sum(planned.path[-1:] == (tag,) for planned in plan.visit()))


def _number(use: Use, text: str) -> Decimal:
    assert isinstance(use.what, Element)
    try:
        return Decimal(text or "0").scaleb(-_implied(use.what))
    except InvalidOperation:
        return Decimal(0)


def _text(use: Use, number: Decimal) -> str:
    assert isinstance(use.what, Element)
    return format(number.scaleb(_implied(use.what)), "f")


def _implied(element: Element) -> int:
    """Return how many decimals a number has that are not written."""
    return int(element.kind[1]) if element.kind[0] == "N" and len(element.kind) > 1 else 0


__all__ = ["settled"]
