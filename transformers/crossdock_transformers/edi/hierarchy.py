"""Hierarchical levels in what we send: HL in X12, CPS in EDIFACT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from crossdock.core.errors import Finding
from crossdock_transformers.edi.outgoing import Outgoing, Segment, at, place

ABOVE: Final[Mapping[str, tuple[str, ...]]] = {
    "S": ("",),
    "O": ("S",),
    "T": ("S", "O"),
    "P": ("S", "O", "T", "I"),
    "I": ("O", "T", "P", "I"),
}
"""Under which levels a level may stand: shipment, order, tare (pallet), pack, item. Others are not judged."""

WORDS: Final[Mapping[str, str]] = {
    "": "the top",
    "S": "a shipment",
    "O": "an order",
    "T": "a pallet",
    "P": "a pack",
    "I": "an item",
}
NEEDS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "O": (("PRF", "which purchase order it is"),),
    "I": (("LIN", "which article it is"), ("SN1", "how many were shipped")),
}
"""What a level of a ship notice can't do without."""

Level = tuple[int, Segment]


def hierarchy(document: Outgoing) -> Iterator[Finding]:
    """Yield levels that hang nowhere, occur twice or stand where they make no sense."""
    if document.dialect == "edifact":
        yield from _packages(document)
        return
    levels = list(document.of("HL"))
    yield from _tree(levels)
    yield from _children(levels)
    if document.set == "856":
        yield from _contents(document)


def _tree(levels: list[Level]) -> Iterator[Finding]:
    kinds: dict[str, str] = {"": ""}
    for position, segment in levels:
        name, parent, kind = at(segment, 1), at(segment, 2), at(segment, 3)
        if name in kinds:
            yield _finding(f"level {name} occurs twice, expected a number of its own", position, segment, 1, name)
        if parent not in kinds:
            message = f"level {name} stands below level {parent}, which does not come before it"
            yield _finding(message, position, segment, 2, parent)
        elif kind in ABOVE and kinds[parent] not in ABOVE[kind] and (parent == "" or kinds[parent] in ABOVE):
            wanted = " or ".join(WORDS[one] for one in ABOVE[kind])
            message = f"{WORDS[kind]} (level {name}) stands below {WORDS[kinds[parent]]}, expected {wanted}"
            yield _finding(message, position, segment, 3, kind)
        kinds.setdefault(name, kind)


def _children(levels: list[Level]) -> Iterator[Finding]:
    """HL04, where it is said: 1 has levels below, 0 has none."""
    parents = {at(segment, 2) for _, segment in levels}
    for position, segment in levels:
        said = at(segment, 4)
        right = "1" if at(segment, 1) in parents else "0"
        if said in ("0", "1") and said != right:
            what = "has levels below it" if right == "1" else "has no level below it"
            yield _finding(f"level {at(segment, 1)} {what}, expected {right}", position, segment, 4, said)


def _contents(document: Outgoing) -> Iterator[Finding]:
    """What a level must say about itself, between its HL and the next."""
    end_of_all = (len(document.segments) + 2, ())
    for (position, segment), (end, _) in pairwise([*document.of("HL"), end_of_all]):
        inside = {at(one, 0) for one in document.segments[position - 1 : end - 2]}
        for tag, what in NEEDS.get(at(segment, 3), ()):
            if tag not in inside:
                message = f"{WORDS[at(segment, 3)]} (level {at(segment, 1)}) does not say {what}: {tag} is missing"
                yield Finding("preflight-hierarchy", message, place(position, segment))


def _packages(document: Outgoing) -> Iterator[Finding]:
    known: set[str] = set()
    for position, segment in document.of("CPS"):
        name, parent = at(segment, 1), at(segment, 2)
        if name in known:
            yield _finding(f"package level {name} occurs twice, expected a number of its own", position, segment, 1, name)
        if parent and parent not in known:
            message = f"package level {name} stands below level {parent}, which does not come before it"
            yield _finding(message, position, segment, 2, parent)
        known.add(name)


def _finding(message: str, position: int, segment: Segment, element: int, value: str) -> Finding:
    return Finding("preflight-hierarchy", message, place(position, segment, element), value)
