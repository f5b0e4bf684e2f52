"""Hierarchical levels (HL): in the document one after the other, each naming its parent; in the body nested in it.

    HL*1**S*1 ~ HL*2*1*O*1 ~ HL*3*2*I*0      {"HL": [{"HL01": "1", ..., "HL": [{"HL01": "2", ..., "HL": [{"HL01": "3", ...}]}]}]}

HL01 is unique, HL02 names an earlier level or none, HL04 (where it is said) is 1 with levels below and 0 without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from crossdock_transformers.edi.grammar import Node
from crossdock_transformers.edi.values import shown

MOST_LEVELS: Final = 20
"""How deep levels are nested; shipments have five or six."""

Path = tuple[str | int, ...]
Level = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree's key in the body, and the elements of its first segment: own number, parent's number, has levels below."""

    name: str
    own: str
    above: str
    below: str
    required: bool

    @classmethod
    def of(cls, node: Node) -> Tree:
        """Return the tree of a node."""
        own, above, _, below = (use.ref for use in node.segment.uses[:4])
        return cls(node.name, own, above, below, node.segment.uses[3].required)


@lru_cache(1024)
def tree_of(node: Node) -> Tree:
    """Return the tree of a node, made once."""
    return Tree.of(node)


@dataclass(frozen=True, slots=True)
class Slip:
    """A level that does not fit: its index in the document, the element to blame, a key of `Dialect.codes`, and the sentence."""

    index: int
    element: int
    name: str
    message: str
    value: str


def nest(levels: Sequence[Level], tree: Tree) -> tuple[list[Level], list[Slip]]:
    """Hang levels below their parents, in place; return the topmost ones, and what does not fit (that stays on top)."""
    name, own, above, below = tree.name, tree.own, tree.above, tree.below
    top: list[Level] = []
    slips: list[Slip] = []
    known: dict[str, tuple[Level, int]] = {}
    for index, level in enumerate(levels):
        number, parent = level.get(own, ""), level.get(above)
        if number in known:
            slips.append(Slip(index, 1, "hierarchy", f"{own} is {shown(number)}, which an earlier level has already", number))
        holder, depth = (None, 0) if parent is None else known.get(parent, (None, 0))
        if holder is None or depth >= MOST_LEVELS:
            top.append(level)
            if parent is not None:
                slips.append(_lost(tree, index, parent, levels, deep=holder is not None))
        else:
            holder.setdefault(name, []).append(level)
        known.setdefault(number, (level, depth + 1))
    for index, level in enumerate(levels):
        said = level.get(below)
        if said is not None and (said != "0") != (name in level):
            what = "levels below it" if said == "0" else "no level below it"
            slips.append(Slip(index, 4, "child_code", f"{below} is {shown(said)}, but the level has {what}", said))
    return top, slips


def _lost(tree: Tree, index: int, parent: str, levels: Sequence[Level], *, deep: bool) -> Slip:
    if deep:
        return Slip(index, 2, "hierarchy", f"levels are nested more than {MOST_LEVELS} deep", parent)
    later = any(level.get(tree.own) == parent for level in levels[index:])
    why = "which comes later or is itself" if later else "and there is no such level"
    return Slip(index, 2, "hierarchy", f"{tree.above} names level {shown(parent)}, {why}", parent)


def places(top: Sequence[Level], tree: Tree, path: Path) -> Iterator[tuple[Path, Level]]:
    """Yield every level with its path, parents before children; `path` leads to the list of the topmost ones."""
    for index, level in enumerate(top):
        here = (*path, index)
        yield here, level
        yield from places(level.get(tree.name, ()), tree, (*here, tree.name))


# From a body to the document


def numbered(top: Sequence[Any], tree: Tree, path: Path) -> list[tuple[Path, Mapping[str, Any]]]:
    """Return the levels in the order in which they are written, with their paths, numbers and parents' numbers filled in.

    That is the order of their numbers where these are 1, 2, 3... as the standard wants them; else each level is followed by those
    below it. What is given is kept, right or wrong: the document is examined when it is written.
    Raises ValueError where a level is not an object, or the nesting is too deep.
    """
    found = list(_walk(top, tree, path, None, 1))
    taken = {str(level[tree.own]) for _, level, _ in found if level.get(tree.own)}
    fresh = (str(number) for number in range(1, len(found) + len(taken) + 1) if str(number) not in taken)
    numbers = [str(level.get(tree.own) or next(fresh)) for _, level, _ in found]
    filled = [
        (at, _filled(level, number, numbers[parent] if parent is not None else None, tree))
        for (at, level, parent), number in zip(found, numbers, strict=True)
    ]
    if len(taken) == len(found) and _in_a_row(found, numbers):
        filled.sort(key=lambda one: int(one[1][tree.own]))
    return filled


def _walk(
    levels: Any, tree: Tree, path: Path, parent: int | None, depth: int, count: list[int] | None = None
) -> Iterator[tuple[Path, Mapping[str, Any], int | None]]:
    """Yield each level with its path and its parent's index, parents before children."""
    count = [0] if count is None else count
    if not isinstance(levels, list | tuple) or depth > MOST_LEVELS:
        why = f"levels are nested more than {MOST_LEVELS} deep" if depth > MOST_LEVELS else "it must be a list of levels"
        raise ValueError(f"{tree.name}: {why}")
    for index, level in enumerate(levels):
        if not isinstance(level, Mapping):
            raise ValueError(f"{tree.name} must be an object with {tree.own} and so on")  # noqa: TRY004 - it is the document that is wrong
        own = count[0]
        count[0] += 1
        yield (*path, index), level, parent
        yield from _walk(level.get(tree.name) or (), tree, (*path, index, tree.name), own, depth + 1, count)


def _filled(level: Mapping[str, Any], number: str, parent: str | None, tree: Tree) -> Mapping[str, Any]:
    """Return a level with its number and its parent's; whether others follow is told where the number was ours to give."""
    whole = {**level, tree.own: number}
    if parent is not None and not level.get(tree.above):
        whole[tree.above] = parent
    if not level.get(tree.below) and (tree.required or not level.get(tree.own)):
        whole[tree.below] = "1" if level.get(tree.name) else "0"
    return whole


def _in_a_row(found: Sequence[tuple[Path, Mapping[str, Any], int | None]], numbers: Sequence[str]) -> bool:
    """Tell whether levels are numbered 1, 2, 3..., each above its parent and its elder sister."""
    if set(numbers) != {str(number) for number in range(1, len(numbers) + 1)}:
        return False
    last: dict[int | None, int] = {}
    for (_, _, parent), number in zip(found, numbers, strict=True):
        if int(number) <= last.get(parent, int(numbers[parent]) if parent is not None else 0):
            return False
        last[parent] = int(number)
    return True


__all__ = ["MOST_LEVELS", "Slip", "Tree", "nest", "numbered", "places", "tree_of"]
