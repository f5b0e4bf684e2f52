"""Random correct documents of either dialect, written from their grammars, each with the body that it must decode to.

    documents(grammars, delimiters) -> Document(grammar, delimiters, segments, body)
    WRITERS -> a function from a set to its Document

What is mandatory is there, nothing is there more often than it may be, every value fits its element's kind, lengths and codes,
every syntax note holds, levels (HL) name a parent before them. A failing document shrinks to its mandatory parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from crossdock_transformers.edi.grammar import Composite, Element, Segment, TransactionSet, Use
from crossdock_transformers.edi.machine import Spot, step
from crossdock_transformers.edi.values import Delimiters, complete, period_at
from crossdock_transformers.edi.write import trimmed
from crossdock_transformers.edifact.dialect import DIALECT as EDIFACT
from crossdock_transformers.edifact.write import Identifier

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcxyz0123456789 .,-/&()'+:?*=\"%;<>|~^é"
"""Characters of texts; of these a document has what its delimiters and its character set leave, or release."""
LONGEST: Final = 60
"""Characters of a text, where its element allows more."""
MOST: Final = 3
"""How often something is repeated; where few repetitions are allowed, all of them now and then."""
FEW: Final = 12
MOST_LEVELS: Final = 7
MARKS: Final = "*+|:>^!~'\x1c\x1d\x1e\x1f\n"
"""Characters that partners delimit with."""
PERIODS: Final = (("20261123", "102", "2026-11-23"), ("202611231030", "203", "2026-11-23T10:30"), ("77", "804", "77"))
"""EDIFACT dates as they are written, their form, and as they are read."""

Value = tuple[str, Any]
"""As it is written, and as it is read."""


@dataclass(frozen=True)
class Document:
    """A document's segments with header and trailer, and the body that they decode to."""

    grammar: TransactionSet
    delimiters: Delimiters
    segments: Sequence[str]
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The document as it stands in an interchange."""
        return "".join(segment + self.delimiters.segment for segment in self.segments)


class Author:
    """Writes correct documents. `rich` is the share of what is optional, from 0 (nothing) to 1."""

    def __init__(self, random: Random, delimiters: Delimiters, letters: str = LETTERS, rich: float = 0.5) -> None:
        self._random = random
        self._delimiters = delimiters
        self._rich = rich
        allowed = delimiters.characters or letters
        self._letters = [one for one in letters if one in allowed and (delimiters.release or one not in delimiters.all)]
        self._segments: list[str] = []
        self._at: Spot

    def document(self, grammar: TransactionSet) -> Document:
        """Return a document of a set."""
        self._at = Spot.of(grammar.root)
        body: dict[str, Any] = {}
        for below in self._at.below:
            if below.node.segment.tag != grammar.dialect.trailer:
                self._place(below, body)
        element = self._delimiters.element
        head = HEADERS[grammar.dialect.key](grammar, self._delimiters)
        tail = [grammar.dialect.trailer, str(len(self._segments) + 2), head[grammar.dialect.control]]
        return Document(grammar, self._delimiters, [element.join(head), *self._segments, element.join(tail)], body)

    # Where segments stand

    def _place(self, spot: Spot, holder: dict[str, Any]) -> None:
        if spot.node.tree:
            self._tree(spot, holder)
            return
        for _ in range(self._times(spot)):
            if not self._leads_to(spot):
                return
            values = self._stand(spot, self._filled(spot.node.segment))
            if spot.node.single:
                holder[spot.node.name] = values
            else:
                holder.setdefault(spot.node.name, []).append(values)
            self._below(spot, values)

    def _stand(self, spot: Spot, filled: tuple[list[str], dict[str, Any]]) -> dict[str, Any]:
        texts, values = filled
        self._segments.append(self._delimiters.element.join([spot.node.segment.tag, *trimmed(texts)]))
        self._at = spot
        return values

    def _below(self, spot: Spot, values: dict[str, Any]) -> None:
        for below in spot.below:
            self._place(below, values)

    def _tree(self, spot: Spot, holder: dict[str, Any]) -> None:
        """Write levels (HL): one after the other in the document, nested in the body."""
        refs = [use.ref for use in spot.node.segment.uses[:4]]
        levels: dict[str, dict[str, Any]] = {"": holder}
        for texts in self._levels(self._random.randint(1, MOST_LEVELS) if self._rich else 1):
            values = {ref: text for ref, text in zip(refs, texts, strict=True) if text}
            levels[texts[1]].setdefault(spot.node.name, []).append(values)
            levels[texts[0]] = self._stand(spot, (list(texts), values))
            self._below(spot, values)

    def _levels(self, times: int) -> list[tuple[str, str, str, str]]:
        """Return the elements of levels: numbered in a row below any before them, or anyhow and each beside those below it."""
        random = self._random
        in_a_row = random.random() < 0.5
        names = [str(one) for one in (range(1, times + 1) if in_a_row else random.sample(range(1, 999), times))]
        parents: list[str] = []
        trail: list[str] = []
        for index, name in enumerate(names):
            choices = names[:index] if in_a_row else trail
            parent = random.choice(choices) if choices and random.random() < 0.8 else ""
            parents.append(parent)
            trail = [*trail[: trail.index(parent) + 1 if parent in trail else 0], name]
        said = [random.choice(("", "1" if name in parents else "0")) for name in names]
        return [(name, above, random.choice("SOTPI"), code) for name, above, code in zip(names, parents, said, strict=True)]

    def _times(self, spot: Spot) -> int:
        node, random = spot.node, self._random
        if not node.required and random.random() >= self._rich * (0.3 if spot.depth == 0 else 0.15):
            return 0
        if node.most <= FEW and not node.loop and random.random() < self._rich * 0.1:
            return node.most
        return random.randint(1, min(node.most, MOST)) if self._rich else 1

    def _leads_to(self, spot: Spot) -> bool:
        """Tell whether this segment would be taken for its place; a nearer one of the same tag may have it."""
        found = step(self._at, spot.node.segment.tag)
        return found is not None and found.spot is spot and not found.missing and not found.over

    # What they hold

    def _filled(self, what: Segment | Composite) -> tuple[list[str], dict[str, Any]]:
        while True:
            chance = self._random.choice((0.1, 0.5, 0.9)) if self._rich else 0.0
            there = [use.required or self._random.random() < chance for use in what.uses]
            if not any(there):
                there[self._random.randrange(len(there))] = True
            self._repair(what, there)
            if complete(what, there):
                pairs = [self._use(use) if one else ("", None) for use, one in zip(what.uses, there, strict=True)]
                self._date(what, pairs)
                return [text for text, _ in pairs], {
                    use.ref: value for use, (text, value) in zip(what.uses, pairs, strict=True) if text
                }

    def _repair(self, what: Segment | Composite, there: list[bool]) -> None:
        """Put in, or take away, what the notes ask for; one may break another, so twice."""
        for note in what.notes * 2:
            if note.broken({at for at, one in enumerate(there, start=1) if one}):
                for position in note.positions[1 if note.kind == "E" else 0 :]:
                    there[position - 1] = note.kind != "E"

    def _date(self, what: Segment | Composite, pairs: list[Value]) -> None:
        """An EDIFACT date beside its form: one that fits it."""
        refs = [use.ref for use in what.uses]
        found = period_at(what, EDIFACT.period) if isinstance(what, Composite) and EDIFACT.period else None
        if found and all(pairs[refs.index(ref)][0] for ref in found):
            text, form, value = self._random.choice(PERIODS)
            pairs[refs.index(found[0])], pairs[refs.index(found[1])] = (text, value), (form, form)

    def _use(self, use: Use) -> Value:
        if use.most == 1 or not self._delimiters.repetition:
            return self._one(use)
        pairs = [self._one(use) for _ in range(self._random.randint(1, min(use.most, MOST)))]
        return self._delimiters.repetition.join(text for text, _ in pairs), [value for _, value in pairs]

    def _one(self, use: Use) -> Value:
        if isinstance(use.what, Composite):
            texts, values = self._filled(use.what)
            return self._delimiters.component.join(trimmed(texts)), values
        return self._simple(use.what)

    def _simple(self, element: Element) -> Value:
        if element.codes:
            return (self._random.choice(list(element.codes)),) * 2
        if element.kind in KINDS:
            return KINDS[element.kind](self._random, element)
        if element.kind[0] in "RN":
            return self._number(element)
        text = self._text(element)
        return self._delimiters.released(text), text

    def _text(self, element: Element) -> str:
        letters = [one for one in self._letters if element.kind != "A" or not one.isdigit()]
        length = self._random.choice((element.low, self._random.randint(element.low, min(element.high, LONGEST))))
        text = "".join(self._random.choices(letters, k=length))
        return text if text == text.strip() else "X" * length

    def _number(self, element: Element) -> Value:
        random = self._random
        digits = random.randint(element.low, min(element.high, 18))
        text = str(random.randint(10 ** (digits - 1), 10**digits - 1))
        if element.kind in ("R", "N") and digits > 1 and random.random() < 0.5:
            at = random.randint(1, digits - 1)
            text = f"{text[:at]}.{text[at:]}"
        text = random.choice(("", "", "-")) + text
        places = int(element.kind[1]) if element.kind[0] == "N" and len(element.kind) > 1 else 0
        value = Decimal(text).scaleb(-places) if places else Decimal(text)
        return text.replace(".", random.choice(self._delimiters.mark)), value


def _day(random: Random, element: Element) -> Value:
    year, month, day = random.randint(1990, 2050), random.randint(1, 12), random.randint(1, 28)
    return f"{year}{month:02d}{day:02d}"[8 - element.high :], f"{year}-{month:02d}-{day:02d}"


def _time(random: Random, element: Element) -> Value:
    digits = f"{random.randint(0, 23):02d}{random.randint(0, 59):02d}{random.randint(0, 59):02d}{random.randint(0, 99):02d}"
    text = digits[: random.choice([size for size in (4, 6, 7, 8) if element.low <= size <= element.high])]
    clock = ":".join(text[at : at + 2] for at in range(0, min(len(text), 6), 2))
    return text, f"{clock}.{text[6:]}" if len(text) > 6 else clock


KINDS: Final[Mapping[str, Callable[[Random, Element], Value]]] = {"DT": _day, "TM": _time}


def _st(grammar: TransactionSet, _: Delimiters) -> list[str]:
    return ["ST", grammar.number, "0001"]


def _unh(grammar: TransactionSet, delimiters: Delimiters) -> list[str]:
    return ["UNH", "1", delimiters.component.join(Identifier(grammar.number, grammar.version).parts("3"))]


HEADERS: Final = {"x12": _st, "edifact": _unh}
"""A document's header by dialect."""


Writer = Callable[[TransactionSet], Document]
"""Writes a document of a set: the same one for the same set, another one for each draw."""


def _x12(random: Random, marks: Sequence[str], rich: float) -> Writer:
    element, component, segment, repetition = marks[:4]

    def write(grammar: TransactionSet) -> Document:
        repeats = repetition if grammar.version > "004010" else ""
        return Author(random, Delimiters(element, component, segment, repeats), rich=rich).document(grammar)

    return write


RANDOMS = st.integers(0, 2**32).map(Random)
RICH = st.sampled_from((0.0, 0.2, 0.5, 1.0))
"""How much of what is optional a document has."""
WRITERS = st.builds(_x12, RANDOMS, st.permutations(MARKS), RICH)
"""Writers of X12, each with delimiters of its own; of repetitions in versions that have them."""


def documents(grammars: Sequence[TransactionSet], delimiters: st.SearchStrategy[Delimiters]) -> st.SearchStrategy[Document]:
    """Return documents of any of the sets, of either dialect; small ones first."""
    authors = st.builds(lambda random, marks, rich: Author(random, marks, rich=rich), RANDOMS, delimiters, RICH)
    return st.builds(lambda author, grammar: author.document(grammar), authors, st.sampled_from(grammars))


# What goes wrong


def damaged(document: Document, random: Random) -> str:
    """Return a document's text with one change: a segment, an element or a character lost, doubled, moved or replaced."""
    segments, marks = list(document.segments), document.delimiters
    at = random.randrange(1, len(segments))
    elements = segments[at].split(marks.element)
    inner = random.randrange(len(elements))
    kind = random.randrange(8)
    if kind == 0:
        del segments[at]
    elif kind == 1:
        segments.insert(random.randrange(1, len(segments)), segments[at])
    elif kind == 2:
        other = random.randrange(1, len(segments))
        segments[at], segments[other] = segments[other], segments[at]
    elif kind == 3:
        elements[inner] = random.choice(BAD)
    elif kind == 4:
        del elements[inner]
    elif kind == 5:
        elements.insert(inner, random.choice(elements))
    elif kind == 6:
        elements[inner] *= random.choice((2, 100))
    if 3 <= kind <= 6:
        segments[at] = marks.element.join(elements)
    text = "".join(segment + marks.segment for segment in segments)
    return _scratched(text, len(segments[0]) + 1, document.delimiters, random) if kind == 7 else text


BAD: Final = ("", " ", "\x00", "-", ".", "0", "99991399", "ZZZ", "\u00e9", "\u0661", "\ud800", "9" * 40)
"""What stands in an element's place: nothing, blanks, control characters, half numbers, no dates, other digits, too much."""


def _scratched(text: str, start: int, delimiters: Delimiters, random: Random) -> str:
    """One character lost, replaced or put in; or the rest of the document lost."""
    at = random.randrange(start, len(text))
    new = random.choice([*filter(None, delimiters.parts), "", "A", "7", "\x00", "\u00e9", "\ufdd0"])
    return text[:at] + new + random.choice((text[at:], text[at + 1 :], text[at + 9 :], ""))


# What may follow


def spots(spot: Spot) -> Iterator[Spot]:
    """Yield a place and all below it, in the order of the set."""
    yield spot
    for below in spot.below:
        yield from spots(below)


def place(spot: Spot) -> str:
    """Return the names that lead to a place."""
    return f"{place(spot.above)}/{spot.node.name}".lstrip("/") if spot.above else ""


def followers(spot: Spot) -> Iterator[Spot]:
    """Yield the places to which a correct document may go on, the nearest first."""
    for below in spot.below:
        yield below
        if below.node.required:
            return
    while spot.above is not None:
        if not spot.node.single:
            yield spot
        for after in spot.above.below[spot.index + 1 :]:
            yield after
            if after.node.required:
                return
        spot = spot.above


def ambiguous(grammar: TransactionSet) -> list[tuple[str, str]]:
    """Return pairs of places which the same segment may be meant for; the nearer one has it."""
    found: set[tuple[str, str]] = set()
    for spot in spots(Spot.of(grammar.root)):
        nearest: dict[str, Spot] = {}
        for after in followers(spot):
            near = nearest.setdefault(after.node.segment.tag, after)
            found |= {(place(near), place(after))} if near is not after else set()
    return sorted(found)
