"""A transaction set, compiled: the fast way through a correct document.

Two memos make it fast. Where the document stands and the next tag give the next place (`Moves`); a segment's tag and which of
its elements are filled give one regular expression for all its values, the names of these values, and how they are read
(`Plans`). Both are learned from the grammar as documents need them. Anything unexpected raises `Anomaly`: then `examine` goes
through the same transaction slowly and says exactly what is wrong. What this accepts, `examine` accepts with the same result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from crossdock_transformers.edi.dialect import Period
from crossdock_transformers.edi.grammar import Node, Segment, TransactionSet
from crossdock_transformers.edi.tree import Tree, nest, tree_of
from crossdock_transformers.edi.values import MOST_PLANS, Delimiters, Reader, complete, pattern, reader

Presence = int | tuple[bool, ...]
Plan = tuple[Callable[[str], Any], tuple[str, ...], tuple[tuple[str, Reader], ...]]
Move = tuple["Moves", "Plans", str, int, bool, int, int]


class Anomaly(Exception):
    """A transaction is not as the grammar wants it."""


@dataclass(eq=False, slots=True)
class Spot:
    """A node of the set as a place where a document can stand. `depth` is the loop depth of the object that holds it."""

    node: Node
    above: Spot | None
    index: int
    depth: int
    below: tuple[Spot, ...] = ()
    moves: Moves = field(init=False)

    @classmethod
    def of(cls, node: Node, above: Spot | None = None, index: int = 0, depth: int = -1) -> Spot:
        """Return the place of a node with all places below it."""
        spot = cls(node, above, index, depth)
        spot.below = tuple(cls.of(child, spot, at, depth + 1) for at, child in enumerate(node.children))
        return spot


@dataclass(frozen=True, slots=True)
class Step:
    """From one place to another. `missing` are the mandatory nodes passed over; `over` says that no more of it may follow."""

    spot: Spot
    missing: tuple[Spot, ...] = ()
    over: bool = False


def step(spot: Spot, tag: str) -> Step | None:
    """Return where a tag leads, the nearest place first, or None; a forbidden place comes after those that are allowed."""
    return (
        _search(spot, tag, again=False)
        or _search(spot, tag, again=False, forbidden=True)
        or _search(spot, tag, again=True, forbidden=True)
    )


def _search(spot: Spot, tag: str, *, again: bool, forbidden: bool = False) -> Step | None:
    """`again` also takes a node that may occur once only, so that its second occurrence is told as such."""
    missing: list[Spot] = []
    found = _first(spot.below, tag, missing, forbidden=forbidden)
    while found is None and spot.above is not None:
        node = spot.node
        if node.segment.tag == tag and (again or not node.single) and (forbidden or not node.forbidden):
            return Step(spot, tuple(missing), over=spot.node.single)
        found = _first(spot.above.below[spot.index + 1 :], tag, missing, forbidden=forbidden)
        spot = spot.above
    return Step(found, tuple(missing)) if found else None


def _first(spots: Sequence[Spot], tag: str, missing: list[Spot], *, forbidden: bool) -> Spot | None:
    for spot in spots:
        if spot.node.segment.tag == tag and (forbidden or not spot.node.forbidden):
            return spot
        if spot.node.required:
            missing.append(spot)
    return None


class Moves(dict[str, Move]):
    """From one place: tag -> (moves from there, plans, name, most uses, is a loop, depth, depth of what follows in it).

    Most uses are 0 for what decodes to an object.
    """

    __slots__ = ("_machine", "_spot")

    def __init__(self, machine: Machine, spot: Spot) -> None:
        super().__init__()
        self._machine = machine
        self._spot = spot

    def __missing__(self, tag: str) -> Move:
        found = step(self._spot, tag)
        if found is None or found.missing or found.over or found.spot.node.forbidden:
            raise Anomaly
        self[tag] = self._machine.move(found.spot)
        return self[tag]


class Plans(dict[Presence, Plan]):
    """A segment's plans by which elements are there: their number where all are, else a tuple of bools."""

    __slots__ = ("_delimiters", "_marked", "_period", "_segment", "released")

    def __init__(self, segment: Segment, delimiters: Delimiters, period: Period | None = None, marked: bool = False) -> None:
        super().__init__()
        self._segment = segment
        self._delimiters = delimiters
        self._period = period
        self._marked = marked
        self.released: Plans = self if marked or not delimiters.release else Plans(segment, delimiters, period, marked=True)
        """The plans of a segment that holds released characters."""

    def __missing__(self, presence: Presence) -> Plan:
        there = (True,) * presence if isinstance(presence, int) else presence
        if len(self) >= MOST_PLANS or not complete(self._segment, ["x" if one else "" for one in there]):
            raise Anomaly
        self[presence] = self._plan(there)
        return self[presence]

    def _plan(self, there: Sequence[bool]) -> Plan:
        segment, delimiters = self._segment, self._delimiters
        uses = [use for use, one in zip(segment.uses, there, strict=False) if one]
        values = [pattern(use, delimiters) if one else "" for use, one in zip(segment.uses, there, strict=False)]
        text = re.escape(delimiters.element).join([re.escape(segment.tag), *values])
        readers = [(use.ref, reader(use, delimiters, self._marked, self._period)) for use in uses]
        typed = tuple((ref, to) for ref, to in readers if to is not None)
        return re.compile(text).fullmatch, tuple(use.ref for use in uses), typed


class Machine:
    """A transaction set compiled for one choice of delimiters; safe to share between threads."""

    def __init__(self, grammar: TransactionSet, delimiters: Delimiters) -> None:
        self.grammar = grammar
        self.delimiters = delimiters
        self._checks = grammar.checks
        self.start = Spot.of(grammar.root)
        self._plans: dict[int, Plans] = {}
        spots = list(_all(self.start))
        self._trailer = grammar.dialect.trailer
        self._depths = max(spot.depth for spot in spots) + 2
        self._trees = tuple((path[:-1], tree_of(node)) for path, node in grammar.visit() if node.tree)
        for spot in spots:
            spot.moves = Moves(self, spot)

    def move(self, spot: Spot) -> Move:
        """Return what the fast way needs to know of a place."""
        node = spot.node
        most = 0 if node.single else node.most
        return spot.moves, self._plan(node.segment), node.name, most, node.loop, spot.depth, spot.depth + 1

    def _plan(self, segment: Segment) -> Plans:
        if id(segment) not in self._plans:
            self._plans[id(segment)] = Plans(segment, self.delimiters, self.grammar.dialect.period)
        return self._plans[id(segment)]

    def header(self, text: str) -> None:
        """Raise Anomaly where the first segment is not right."""
        elements = text.split(self.delimiters.element)[1:]
        match, _, _ = self._plan(self.start.node.segment)[tuple(map(bool, elements)) if "" in elements else len(elements)]
        if match(text) is None:
            raise Anomaly

    def accepts(self, text: str) -> bool:
        """Tell whether a transaction without blanks around its segments is correct; its count and numbers are not looked at."""
        try:
            self.decode(self.delimiters.marked(text).split(self.delimiters.segment)[:-1])
        except (Anomaly, ValueError):
            return False
        return True

    def decode(self, segments: Sequence[str]) -> dict[str, Any]:
        """Decode the segments from header to trailer; raises Anomaly or ValueError. The trailer comes out under its own name.

        Released characters are marked already (`Delimiters.marked`).
        """
        self.header(segments[0])
        body: dict[str, Any] = {}
        holders = [body] * self._depths
        moves = self.start.moves
        separator = self.delimiters.element
        releases = bool(self.delimiters.release)
        for text in segments[1:]:
            elements = text.split(separator)
            moves, plans, name, most, loop, depth, below = moves[elements.pop(0)]
            if releases and not text.isascii():
                plans = plans.released
            if "" in elements:
                match, names, typed = plans[tuple(map(bool, elements))]
                values = dict(zip(names, filter(None, elements)))  # noqa: B905 - the plan knows that they are as many
            else:
                match, names, typed = plans[len(elements)]
                values = dict(zip(names, elements))  # noqa: B905 - as above
            if match(text) is None:
                raise Anomaly
            for ref, to in typed:
                values[ref] = to(values[ref])
            holder = holders[depth]
            if not most:
                holder[name] = values
            elif (held := holder.get(name)) is None:
                holder[name] = [values]
            else:
                held.append(values)
                if len(held) > most:
                    raise Anomaly
            if loop:
                holders[below] = values
        self._finish(body)
        return body

    def _finish(self, body: dict[str, Any]) -> None:
        """Nest levels, and look at what only the whole shows."""
        if self._trailer not in body:
            raise Anomaly
        for path, tree in self._trees:
            _nest(body, path, tree)
        if self._checks is not None and self._checks.broken(body):
            raise Anomaly


def _nest(holder: dict[str, Any], path: Sequence[str], tree: Tree) -> None:
    """Nest the levels of every list at a path of names; raises Anomaly where they do not fit."""
    if path:
        held = holder.get(path[0], ())
        for one in [held] if isinstance(held, dict) else held:
            _nest(one, path[1:], tree)
    elif tree.name in holder:
        holder[tree.name], slips = nest(holder[tree.name], tree)
        if slips:
            raise Anomaly


def _all(spot: Spot) -> Iterator[Spot]:
    yield spot
    for below in spot.below:
        yield from _all(below)


@lru_cache(64)
def compiled(grammar: TransactionSet, delimiters: Delimiters) -> Machine:
    """Return the machine of a set, made once for each choice of delimiters."""
    return Machine(grammar, delimiters)
