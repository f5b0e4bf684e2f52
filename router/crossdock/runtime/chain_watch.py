"""Documents that disagree with the order they belong to, found when they are recorded, before their run is committed.

A disagreement that a document brings is noted in the message's trace and published as the event `chain.disagreement`. Two
documents of one order that are committed in the same instant don't see each other; `crossdock chain` computes all of it anew and
misses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from crossdock.core.chain import EVENT, Chain, Link, chains_of
from crossdock.core.ids import now_ms
from crossdock.core.journal import Journal
from crossdock.core.message import Numbered
from crossdock.core.outcome import Event, Outcome, Stage


def watched(journal: Journal, outcomes: Sequence[Outcome]) -> list[tuple[Outcome, tuple[Event, ...]]]:
    """Return outcomes as they were, or with what they disagree on as a stage, each with the events to publish."""
    fresh = [[link for link in _links(outcome) if link.checked] for outcome in outcomes]
    orders = {link.reference for links in fresh for link in links if link.stage != "ordered" or link.purpose != "original"}
    known: dict[str, list[Link]] = defaultdict(list)
    for link in journal.links(orders) if orders else ():
        known[link.reference].append(link)
    result = []
    for outcome, links in zip(outcomes, fresh, strict=True):
        dated = [link._replace(at=now_ms()) for link in links]
        told = list(_told(known, [link for link in dated if link.reference in orders]))
        for link in dated:
            known[link.reference].append(link)
        result.append((_noted(outcome, told), tuple(_event(chain, texts) for chain, texts in told)))
    return result


def _links(outcome: Outcome) -> Iterator[Link]:
    yield from outcome.links
    for delivery in outcome.deliveries:
        if isinstance(delivery.body, Numbered):
            yield from delivery.body.links


def _told(known: Mapping[str, list[Link]], links: Sequence[Link]) -> Iterator[tuple[Chain, list[str]]]:
    """Yield the chains in which a document brings disagreements that were not there before."""
    for reference, partner in dict.fromkeys((link.reference, link.partner) for link in links if link.kind == "order"):
        before = known.get(reference, [])
        own = [link for link in links if link.reference == reference]
        old = {text for chain in chains_of(before) for text in chain.disagreements} if len(before) > 1 else set()
        for chain in chains_of([*before, *own]):
            texts = [text for text in chain.disagreements if text not in old]
            if texts and (chain.partner == partner or any(link.partner == partner for link in chain.documents)):
                yield chain, texts


def _noted(outcome: Outcome, told: Sequence[tuple[Chain, list[str]]]) -> Outcome:
    if not told:
        return outcome
    note = "; ".join(f"order {chain.reference}: {text}" for chain, texts in told for text in texts)
    where = outcome.stages[-1].where if outcome.stages else ""
    return replace(outcome, stages=(*outcome.stages, Stage("chain", where, 0, note)))


def _event(chain: Chain, texts: list[str]) -> Event:
    latest = chain.documents[-1]
    document = {"set": latest.set, "number": latest.number, "direction": latest.direction, "stage": latest.stage}
    body = {"order": chain.reference, "partner": chain.partner, "document": document, "disagreements": texts}
    return Event(EVENT, body)
