"""What holds for every document: round trips, the fast way agrees with the exact way, and nothing crashes on garbage."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crossdock.core.errors import Rejected
from crossdock_transformers.edi.examine import cut, examine
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.machine import Anomaly, compiled
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.edifact import decode_interchange, encode_message
from crossdock_transformers.edifact.characters import ENCODINGS, characters_of
from crossdock_transformers.edifact.dialect import DIALECT
from crossdock_transformers.edifact.periods import FORMS, read_period, write_period
from crossdock_transformers.edifact.repeats import spread
from crossdock_transformers.edifact.write import Identifier, Letter
from tests.transformers.edi.documents import RANDOMS, Author
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
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def delimiters_from(marks: list[str], mark: str, release: bool) -> Delimiters:
    """Return service characters."""
    element, component, segment, repetition, released = marks
    return Delimiters(element, component, segment, repetition, released if release else "", mark)


@given(random=RANDOMS, marks=MARKS, mark=st.sampled_from([".", ",", ".,"]), release=st.booleans())
@example(random=Random(4711), marks=list("'+:?*"), mark=".", release=False)  # it repeats an element
@QUICK
def test_a_correct_document_survives_decoding_and_encoding(random: Random, marks: list[str], mark: str, release: bool) -> None:
    """With any service characters; the fast way gives what the exact way gives."""
    delimiters, grammar = delimiters_from(marks, mark, release), random.choice(SETS)
    document = Author(random, delimiters).document(grammar)
    machine = compiled(grammar, delimiters)
    examined = examine(machine, document.text)
    assert examined.faults == []
    body = machine.decode(cut(document.text, delimiters))
    body.pop("UNT")
    assert document.body == body == examined.body
    written = encode_message(body, grammar, delimiters)
    again = machine.decode(cut(spread(_whole(grammar, written, delimiters), delimiters), delimiters))
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
    body = Author(random, delimiters, LETTERS + SYNTAXES[syntax]).document(grammar).body
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
    document = Author(random, delimiters).document(grammar)
    segments, text = document.segments, document.text
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
