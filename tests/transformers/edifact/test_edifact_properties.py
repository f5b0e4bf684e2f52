"""What holds for every document: round trips, the fast way agrees with the exact way, and nothing crashes on garbage."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.core.errors import Rejected
from crossdock_transformers.edi.examine import cut, examine
from crossdock_transformers.edi.grammar import Composite, Element, Node, Segment, TransactionSet, Use
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.machine import Anomaly, compiled
from crossdock_transformers.edi.values import Delimiters, complete, period_at
from crossdock_transformers.edi.write import trimmed
from crossdock_transformers.edifact import decode_interchange, encode_message
from crossdock_transformers.edifact.characters import ENCODINGS, characters_of
from crossdock_transformers.edifact.dialect import DIALECT
from crossdock_transformers.edifact.periods import FORMS, read_period, write_period
from crossdock_transformers.edifact.write import Identifier, Letter
from tests.transformers.edifact import edifact_kit as kit

GRAMMARS = standard("edifact")
NAMES = [(version, number) for version in GRAMMARS.versions for number in GRAMMARS.sets(version)]
SETS = [GRAMMARS.get(number, version) for version, number in NAMES if (version, number) not in kit.AMBIGUOUS]
LETTERS = "ABCXYZ abc 019 .,-()/'+:?*=\"%&;<>|~^"
SYNTAXES = {
    "UNOA": "",
    "UNOB": "",
    "UNOC": "éÜß",
    "UNOD": "Łńš",
    "UNOE": "Жя",
    "UNOF": "Ωλ",
    "UNOX": "東京",
    "UNOY": "東京€\U0001f4e6",
}
"""Syntax identifiers with some letters of their own."""
MARKS = st.permutations("'+:?*|~^!\x1c\x1d\x1f").map(lambda marks: marks[:5])
RANDOMS = st.integers(0, 2**32).map(Random)
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


class Author:
    """Writes random correct documents from a grammar; texts are full of delimiters where there is a release character."""

    def __init__(self, random: Random, delimiters: Delimiters, letters: str = LETTERS) -> None:
        self._random = random
        self._delimiters = delimiters
        allowed = delimiters.characters or letters
        self._letters = [one for one in letters if one in allowed and (delimiters.release or one not in delimiters.all)]

    def document(self, grammar: TransactionSet) -> list[str]:
        """Return a message's segments from UNH to UNT, as they are sent."""
        body = [text for node in grammar.body for text in self._node(node, 0)]
        identifier = self._delimiters.component.join(Identifier(grammar.number, grammar.version).parts("3"))
        element = self._delimiters.element
        return [element.join(("UNH", "1", identifier)), *body, element.join(("UNT", str(len(body) + 2), "1"))]

    def _node(self, node: Node, depth: int) -> list[str]:
        wanted = self._random.random() < (0.3 if depth == 0 else 0.15)
        times = self._random.randint(1, min(node.most, 3)) if node.required or wanted else 0
        texts: list[str] = []
        for _ in range(times):
            texts.append(self._segment(node.segment))
            texts += [text for child in node.children for text in self._node(child, depth + 1)]
        return texts

    def _segment(self, segment: Segment) -> str:
        return self._delimiters.element.join([segment.tag, *trimmed(self._filled(segment))])

    def _filled(self, what: Segment | Composite) -> list[str]:
        while True:
            chance = self._random.choice((0.1, 0.5, 0.9))
            there = [use.required or self._random.random() < chance for use in what.uses]
            texts = [self._value(use) if one else "" for use, one in zip(what.uses, there, strict=True)]
            if isinstance(what, Composite):
                self._date(what, texts)
            if complete(what, texts) and any(texts):
                return texts

    def _date(self, composite: Composite, texts: list[str]) -> None:
        refs = period_at(composite, DIALECT.period) if DIALECT.period else None
        if refs is None:
            return
        at = [[use.ref for use in composite.uses].index(ref) for ref in refs]
        if all(texts[one] for one in at):
            texts[at[0]], texts[at[1]] = self._random.choice((("20261123", "102"), ("202611231030", "203"), ("77", "804")))

    def _value(self, use: Use) -> str:
        if isinstance(use.what, Composite):
            return self._delimiters.component.join(trimmed(self._filled(use.what)))
        return self._delimiters.released(self._simple(use.what))

    def _simple(self, element: Element) -> str:
        random = self._random
        if element.codes:
            return random.choice(list(element.codes))
        if element.kind == "N":
            return self._number(element)
        letters = [one for one in self._letters if element.kind != "A" or not one.isdigit()]
        text = "".join(random.choice(letters) for _ in range(random.randint(element.low, min(element.high, 40))))
        return text if text.strip() else "X" * element.low

    def _number(self, element: Element) -> str:
        digits = self._random.randint(element.low, min(element.high, 12))
        text = str(self._random.randint(10 ** (digits - 1), 10**digits - 1))
        if digits > 1 and self._random.random() < 0.5:
            at = self._random.randint(1, digits - 1)
            text = f"{text[:at]}{self._random.choice(self._delimiters.mark)}{text[at:]}"
        return self._random.choice(("", "", "-")) + text


def delimiters_from(marks: list[str], mark: str, release: bool) -> Delimiters:
    """Return service characters."""
    element, component, segment, repetition, released = marks
    return Delimiters(element, component, segment, repetition, released if release else "", mark)


@given(random=RANDOMS, marks=MARKS, mark=st.sampled_from([".", ",", ".,"]), release=st.booleans())
@QUICK
def test_a_correct_document_survives_decoding_and_encoding(random: Random, marks: list[str], mark: str, release: bool) -> None:
    """With any service characters; the fast way gives what the exact way gives."""
    delimiters, grammar = delimiters_from(marks, mark, release), random.choice(SETS)
    text = "".join(segment + delimiters.segment for segment in Author(random, delimiters).document(grammar))
    machine = compiled(grammar, delimiters)
    examined = examine(machine, text)
    assert examined.faults == []
    body = machine.decode(cut(text, delimiters))
    body.pop("UNT")
    assert examined.body == body
    written = encode_message(body, grammar, delimiters)
    again = machine.decode(cut(_whole(grammar, written, delimiters), delimiters))
    again.pop("UNT")
    assert again == body


def _whole(grammar: TransactionSet, segments: list[list[str]], delimiters: Delimiters) -> str:
    header = ["UNH", "1", delimiters.component.join(Identifier(grammar.number, grammar.version).parts("3"))]
    lines = [header, *segments, ["UNT", str(len(segments) + 2), "1"]]
    return "".join(delimiters.element.join(line) + delimiters.segment for line in lines)


@given(random=RANDOMS, syntax=st.sampled_from(sorted(SYNTAXES)), mark=st.sampled_from(".,"), version=st.sampled_from("1234"))
@QUICK
def test_an_interchange_survives_being_written_and_read(random: Random, syntax: str, mark: str, version: str) -> None:
    """In every character set and syntax version."""
    agreement = kit.agreement(syntax=syntax, decimal_mark=mark, syntax_version=version)
    grammar = random.choice(SETS)
    delimiters = Delimiters("+", ":", "'", "*" if version == "4" else "", "?", mark, characters_of(syntax))
    segments = Author(random, delimiters, LETTERS + SYNTAXES[syntax]).document(grammar)
    machine = compiled(grammar, delimiters)
    body = machine.decode(cut("".join(segment + "'" for segment in segments), delimiters))
    body.pop("UNT")
    written = encode_message(body, grammar, delimiters, ENCODINGS[syntax], version)
    data = Letter(agreement, Identifier(grammar.number, grammar.version), [written, written]).render(7, 0.0)
    for part in decode_interchange(data):
        assert part.error is None
        assert {name: value for name, value in part.body.items() if name not in DIALECT.envelope} == body


@given(random=RANDOMS, form=st.sampled_from(sorted(FORMS)))
@QUICK
def test_a_date_survives_reading_and_writing(random: Random, form: str) -> None:
    """In every form that is known."""
    digits = {"Y": "2026", "y": "26", "z": "+0130", "-": "", "W": f"{random.randint(1, 52):02d}"}
    digits |= {"M": f"{random.randint(1, 12):02d}", "D": f"{random.randint(1, 28):02d}", "h": f"{random.randint(0, 23):02d}"}
    digits |= {name: f"{random.randint(0, 59):02d}" for name in "ms"}
    text = "".join(digits[part] for part in FORMS[form])
    assert write_period(read_period(text, form), form) == text


@given(random=RANDOMS)
@QUICK
def test_the_fast_way_refuses_just_what_the_exact_way_refuses(random: Random) -> None:
    """A document with a random change is right for both or wrong for both, and reads the same."""
    delimiters, grammar = Delimiters("+", ":", "'", "", "?", "."), random.choice(SETS)
    segments = Author(random, delimiters).document(grammar)
    text = "".join(segment + "'" for segment in segments)
    at = random.randrange(len(segments[0]) + 1, len(text))
    new = random.choice(["", "'", "+", ":", "?", "9", "Z", "\x00", "é", text[at : at + 20]])
    text = text[:at] + new + text[at + random.randint(0, 3) :]
    machine = compiled(grammar, delimiters)
    fast = _fast(machine, text, delimiters)
    faults = [one for one in examine(machine, text).faults if one.name not in ("segment_count", "control_number")]
    assert (fast is None) == bool(faults)


def _fast(machine: Any, text: str, delimiters: Delimiters) -> Any:
    try:
        return machine.decode(cut(text, delimiters))
    except (Anomaly, ValueError):
        return None


@given(data=st.binary(max_size=300), random=RANDOMS)
@QUICK
def test_garbage_is_refused_and_never_crashes(data: bytes, random: Random) -> None:
    """Alone, and anywhere in a good file."""
    good = kit.file(kit.ORDER, kit.ORDER)
    at = random.randrange(len(good))
    for file in (data, b"UNA" + data, b"UNB+UNOC:3+" + data, good[:at] + data + good[at:], good[:at] + good[at + len(data) :]):
        assert all(_outcomes(file))


def _outcomes(file: bytes) -> list[bool]:
    """Decode a file and tell of each message whether it is accepted or has its reason; a refused file is one outcome."""
    try:
        return [part.error is None or bool(part.error.message) for part in decode_interchange(file)]
    except Rejected as refused:
        return [bool(refused.message)]
