"""Hierarchical levels (HL) of samples: which levels there are, what each holds, and their numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from crossdock_transformers.edi.check_digits import check_digit

OWN, ABOVE, BELOW = "\0own", "\0above", "\0below"
"""Stand for a level's number, its parent's, and whether levels are below it, until a sample is written."""

ORDERED: Final = ("A", "S", "O", "T", "P", "I")
"""HL03 (element 735) of the levels that nearly all documents have, from the top down."""
USUAL: Final[Mapping[str, Sequence[str]]] = {"856": ("S", "O", "I"), "869": ("O", "I"), "870": ("O", "I")}
"""The levels of a sample where its guide says nothing, by set."""
HELD: Final[Mapping[str, Collection[str]]] = {
    "S": ("N1",),
    "O": ("PRF",),
    "T": ("MAN",),
    "P": ("MAN",),
    "I": ("LIN", "SN1", "PO1"),
}
"""What a level holds that nobody leaves out, where its set has it."""

_DEEP: Final = re.compile(r"\bbody((?:\.\??HL\[[0-9]+\])+)\.\??([A-Z][A-Z0-9]{1,2})\b")


def levels_of(number: str, asked: Iterable[str], allowed: Collection[str] | None) -> list[str]:
    """Return the levels of a sample from the top down: those that the guide asks for, else the usual ones."""
    wanted = list(dict.fromkeys(asked))
    if not wanted:
        wanted = [code for code in USUAL.get(number, ("O", "I")) if allowed is None or code in allowed]
    known: list[str] = [code for code in ORDERED if code in wanted]
    return known or wanted[:1]


def sscc(number: int) -> str:
    """Return the number of a logistic unit (SSCC-18, with GS1's own prefix for examples), with its application identifier."""
    digits = f"00614141{number:09d}"
    return f"00{digits}{check_digit(digits)}"


def spoken(texts: Iterable[str]) -> set[tuple[int, str]]:
    """Return which segments rules want in which depth of the tree, from 1: `body.HL[0].HL[0].PRF` is PRF in 2."""
    return {(names.count("HL"), tag) for text in texts for names, tag in _DEEP.findall(text)}


def numbers(depths: Sequence[int]) -> Iterator[tuple[str, str, str]]:
    """Yield own number, parent's number and the code of levels below, for levels in their order by their depths."""
    for at, depth in enumerate(depths):
        above = next((index for index in range(at - 1, -1, -1) if depths[index] < depth), None)
        below = at + 1 < len(depths) and depths[at + 1] > depth
        yield str(at + 1), "" if above is None else str(above + 1), "1" if below else "0"


__all__ = ["ABOVE", "BELOW", "HELD", "OWN", "levels_of", "numbers", "spoken", "sscc"]
