"""What holds for every document: round trips, the fast way agrees with the exact way, and nothing crashes on garbage."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.core.errors import Rejected
from crossdock_transformers.edi.examine import cut, examine
from crossdock_transformers.edi.grammar import Composite, Element, Node, Segment, TransactionSet, Use
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.machine import Anomaly, compiled
from crossdock_transformers.edi.values import Delimiters, complete
from crossdock_transformers.x12.envelope import survey
from crossdock_transformers.x12.transactions import keys_of
from crossdock_transformers.x12.write import encode_transaction, trimmed
from tests.transformers.x12 import x12_kit as kit

SETS = [standard().get(number, version) for version in standard().versions for number in standard().sets(version)]
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcxyz0123456789 .,-/&()'é"
DELIMITERS = [
    Delimiters("*", ">", "~"),
    Delimiters("|", ":", "!"),
    Delimiters("\x1d", "\x1f", "\x1c"),
    Delimiters("+", "<", "\n"),
]
RANDOMS = st.integers(0, 2**32).map(Random)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class Author:
    """Writes random correct documents from a grammar."""

    def __init__(self, random: Random, delimiters: Delimiters) -> None:
        self._random = random
        self._delimiters = delimiters

    def document(self, grammar: TransactionSet) -> list[str]:
        """Return a transaction's segments."""
        body = [text for node in grammar.root.children[:-1] for text in self._node(node, 0)]
        element = self._delimiters.element
        return [element.join(("ST", grammar.number, "0001")), *body, element.join(("SE", str(len(body) + 2), "0001"))]

    def _node(self, node: Node, depth: int) -> list[str]:
        wanted = self._random.random() < (0.15 if depth == 0 else 0.08)
        times = self._random.randint(1, min(node.most, 7 if node.tree else 3)) if node.required or wanted else 0
        levels = self._levels(times) if node.tree else []
        texts: list[str] = []
        for index in range(times):
            first = self._segment(node.segment)
            texts.append(self._level(first, levels[index]) if levels else first)
            texts += [text for child in node.children for text in self._node(child, depth + 1)]
        return texts

    def _levels(self, times: int) -> list[tuple[str, str, bool]]:
        """Return number, parent and whether it is one, of levels: numbered in a row, or in any way and parents first."""
        random = self._random
        in_a_row = random.random() < 0.5
        names = [str(one) for one in (range(1, times + 1) if in_a_row else random.sample(range(1, 999), times))]
        parents: list[int | None] = []
        trail: list[int] = []
        for index in range(times):
            choices = range(index) if in_a_row else trail
            parents.append(random.choice(choices) if choices and random.random() < 0.8 else None)
            trail = [*trail[: trail.index(parents[-1]) + 1], index] if parents[-1] in trail else [index]
        return [
            (name, names[above] if above is not None else "", at in parents)
            for at, (name, above) in enumerate(zip(names, parents, strict=True))
        ]

    def _level(self, segment: str, level: tuple[str, str, bool]) -> str:
        name, parent, has_levels = level
        _, _, _, code, *_ = [*segment.split(self._delimiters.element), "", ""]
        said = self._random.choice(("", "1" if has_levels else "0"))
        return self._delimiters.element.join(trimmed(["HL", name, parent, code, said]))

    def _segment(self, segment: Segment) -> str:
        return self._delimiters.element.join([segment.tag, *trimmed(self._filled(segment))])

    def _filled(self, what: Segment | Composite) -> list[str]:
        while True:
            chance = self._random.choice((0.1, 0.5, 0.9))
            there = [use.required or self._random.random() < chance for use in what.uses]
            self._repair(what, there)
            texts = [self._value(use) if one else "" for use, one in zip(what.uses, there, strict=True)]
            if complete(what, texts) and any(texts):
                return texts

    def _repair(self, what: Segment | Composite, there: list[bool]) -> None:
        for note in what.notes * 2:
            if note.broken({at for at, one in enumerate(there, start=1) if one}):
                for position in note.positions[1 if note.kind == "E" else 0 :]:
                    there[position - 1] = note.kind != "E"

    def _value(self, use: Use) -> str:
        if isinstance(use.what, Composite):
            return self._delimiters.component.join(trimmed(self._filled(use.what)))
        return self._simple(use.what)

    def _simple(self, element: Element) -> str:
        random = self._random
        if element.codes:
            return random.choice(list(element.codes))
        if element.kind == "DT":
            return f"{random.randint(1990, 2050)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}"
        if element.kind == "TM":
            whole = (
                f"{random.randint(0, 23):02d}{random.randint(0, 59):02d}{random.randint(0, 59):02d}{random.randint(0, 99):02d}"
            )
            return whole[: random.choice((4, 6, 7, 8))]
        if element.kind[0] in "RN":
            return self._number(element)
        allowed = [one for one in CHARACTERS if one not in self._delimiters.all]
        text = "".join(random.choice(allowed) for _ in range(random.randint(element.low, min(element.high, 60))))
        return text.strip().ljust(element.low, "X")

    def _number(self, element: Element) -> str:
        random = self._random
        digits = random.randint(element.low, element.high)
        text = str(random.randint(10 ** (digits - 1), 10**digits - 1))
        if element.kind == "R" and digits > 1 and random.random() < 0.5:
            at = random.randint(1, digits - 1)
            text = f"{text[:at]}.{text[at:]}"
        return random.choice(("", "", "-")) + text


@pytest.mark.parametrize("grammar", SETS, ids=lambda grammar: f"{grammar.number}-{grammar.version}")
@given(random=RANDOMS, delimiters=st.sampled_from(DELIMITERS))
@settings(QUICK, max_examples=25)
def test_a_correct_document_survives_decoding_and_encoding(
    grammar: TransactionSet, random: Random, delimiters: Delimiters
) -> None:
    """Segment for segment; and the fast way gives what the exact way gives."""
    segments = Author(random, delimiters).document(grammar)
    text = "".join(segment + delimiters.segment for segment in segments)
    machine = compiled(grammar, delimiters)
    examined = examine(machine, text)
    assert examined.faults == []
    body = machine.decode(cut(text, delimiters))
    body.pop("SE")
    assert examined.body == body
    encoded = encode_transaction(body, grammar, delimiters)
    assert segments[1:-1] == [delimiters.element.join(segment) for segment in encoded]


def mutated(data: bytes, random: Random) -> bytes:
    """Return a file with a few bytes changed, lost, doubled or cut."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(changed) + 1)
        kind = random.randrange(6)
        if kind == 0:
            changed[at : at + 1] = bytes([random.randrange(256)])
        elif kind == 1:
            del changed[at : at + random.randint(1, 30)]
        elif kind == 2:
            changed[at:at] = changed[at : at + random.randint(1, 60)]
        elif kind == 3:
            changed[at:at] = random.choice([b"~", b"*", b">", b"~ST*", b"~SE*", b"~GE*", b"~IEA*", b"~ISA*", b"**", b"~~"])
        elif kind == 4:
            del changed[at:]
        else:
            changed[at : at + 1] = random.choice(b"~*>0A ").to_bytes()
    return bytes(changed)


FILES = [
    (kit.SAMPLES / name).read_bytes()
    for name in ("acme-850.edi", "acme-850-one-bad.edi", "acme-855.edi", "acme-997.edi", "acme-820.edi", "acme-830.edi")
]


@given(random=RANDOMS, data=st.sampled_from(FILES))
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_file_is_rejected_or_answered_but_never_breaks_anything(random: Random, data: bytes) -> None:
    """Rejected is the only error; the 997 can be read; what is bad can be taken up again."""
    try:
        stream = kit.decoded(mutated(data, random))
    except Rejected:
        return
    for part in stream.parts():
        if part.error is not None:
            assert isinstance(part.error, Rejected)
            assert sum(group.size for one in survey(part.raw).interchanges for group in one.groups) == 1
    for delivery in stream.finish().deliveries:
        assert delivery.body.render(1).startswith(b"ISA*")


@given(random=RANDOMS, data=st.sampled_from(FILES))
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_fast_way_accepts_exactly_what_has_no_fault(random: Random, data: bytes) -> None:
    """On damaged transactions."""
    start = data.index(b"ST*")
    whole = data[start : data.index(b"GE*")]
    text = mutated(whole[: whole.index(b"\nST*") + 1] if b"\nST*" in whole else whole, random).decode("utf-8", "surrogateescape")
    delimiters = Delimiters()
    grammar = standard().find(text[3:6], "004010")
    segments = cut(text, delimiters)
    if grammar is None or not segments or not segments[0].startswith("ST*"):
        return
    machine = compiled(grammar, delimiters)
    examined = examine(machine, text)
    try:
        body = machine.decode(segments)
        trailer = body.pop("SE")
        fast = trailer["SE01"] == len(segments) and trailer["SE02"] == segments[0].split("*")[2]
    except (Anomaly, ValueError):
        fast = False
    assert fast == (examined.faults == [])
    if fast:
        assert (body, keys_of(grammar, body)) == (examined.body, keys_of(grammar, examined.body))


@given(st.binary(max_size=400))
@QUICK
def test_any_bytes_are_rejected(data: bytes) -> None:
    """Garbage has no transactions."""
    with pytest.raises(Rejected):
        kit.decoded(data)


@given(st.binary(max_size=200))
@QUICK
def test_any_bytes_after_an_isa_are_rejected_or_read(data: bytes) -> None:
    """The envelope walk ends whatever follows."""
    head = kit.ISA.format(control="000000001", usage="P").encode() + b"~"
    with pytest.raises(Rejected):
        kit.decoded(head + data)
