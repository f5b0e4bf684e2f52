"""Which steps and branches of the routes the tests went through, and which they never did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crossdock.core.nodes import Branch, ChoiceNode, EndTry, EnrichNode, FilterNode, Rethrow, TryNode
from crossdock.core.outcome import Outcome
from crossdock.core.program import Program
from crossdock.core.spec import Expression, Shape
from crossdock_config.release import Release
from crossdock_config.testing.rewrite import rewritten

Spot = tuple[str, str]
"""A `file:line`, and what stands there."""


@dataclass(frozen=True)
class Watched:
    """A condition that remembers how it came out."""

    inner: Expression | None
    spot: Spot
    seen: set[tuple[Spot, bool]]

    @property
    def shape(self) -> Shape | None:
        """The condition's own."""
        return self.inner.shape if self.inner else None

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """Return the condition's value; one that is not there holds."""
        value = True if self.inner is None else self.inner.evaluate(variables)
        self.seen.add((self.spot, value is True))
        return value


@dataclass(frozen=True)
class FileCoverage:
    """One file: how many of its steps and branches were gone through, and the lines that never were."""

    path: str
    steps: int
    steps_run: int
    branches: int
    branches_taken: int
    never: tuple[tuple[int, str], ...]


@dataclass
class Coverage:
    """What has been gone through so far."""

    steps: set[Spot] = field(default_factory=set)
    seen: set[tuple[Spot, bool]] = field(default_factory=set)

    def watched(self, program: Program) -> Program:
        """Return a program that tells which branches it takes."""
        return rewritten(program, self._watch)

    def _watch(self, node: Any) -> Any:
        if isinstance(node, FilterNode):
            return replace(node, condition=Watched(node.condition, (node.place.short, "filter"), self.seen))
        if isinstance(node, Branch):
            return replace(node, condition=Watched(node.condition, (node.place.short, "branch"), self.seen))
        return node

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Take in what was run."""
        for outcome in outcomes:
            self.steps |= {(stage.where, stage.name) for stage in outcome.stages}

    def files(self, release: Release) -> list[FileCoverage]:
        """Return the coverage of every file that has steps, in order."""
        steps: dict[Spot, bool] = {}
        ways: dict[tuple[Spot, str], bool] = {}
        for program in release.programs.values():
            asked = {id(node.target) for node in program.visit() if isinstance(node, EnrichNode)}  # the enrich itself counts
            for node in program.visit():
                if not isinstance(node, EndTry | Rethrow) and node.name != "on_error" and id(node) not in asked:
                    steps[node.place.short, node.name] = (node.place.short, node.name) in self.steps
                ways |= {way: self._taken(way) for way in _ways(node)}
        paths = sorted({spot[0].rpartition(":")[0] for spot in steps})
        return [_of_file(path, steps, ways) for path in paths]

    def _taken(self, way: tuple[Spot, str]) -> bool:
        spot, how = way
        if how == "catch":
            return spot in self.steps
        return (spot, how != "stops") in self.seen


def _ways(node: Any) -> list[tuple[Spot, str]]:
    """Return the ways that lead on from a node."""
    if isinstance(node, FilterNode):
        return [((node.place.short, "filter"), "passes"), ((node.place.short, "filter"), "stops")]
    if isinstance(node, ChoiceNode):
        return [((branch.place.short, "branch"), "taken") for branch in node.branches]
    return [((one.place.short, "catch"), "catch") for one in node.catches] if isinstance(node, TryNode) else []


def _of_file(path: str, steps: Mapping[Spot, bool], ways: Mapping[tuple[Spot, str], bool]) -> FileCoverage:
    own = {spot: run for spot, run in steps.items() if spot[0].rpartition(":")[0] == path}
    taken = {way: run for way, run in ways.items() if way[0][0].rpartition(":")[0] == path}
    never = [(_line(spot), name) for spot, run in own.items() if not run for name in spot[1:]]
    words = {"passes": "filter lets nothing pass", "stops": "filter stops nothing", "taken": "branch", "catch": "catch"}
    never += [(_line(spot), words[how]) for (spot, how), run in taken.items() if not run]
    return FileCoverage(path, len(own), sum(own.values()), len(taken), sum(taken.values()), tuple(sorted(never)))


def _line(spot: Spot) -> int:
    return int(spot[0].rpartition(":")[2])
