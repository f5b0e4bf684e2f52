"""What holds for every document: round trips, the fast way agrees with the exact way, and nothing crashes on garbage."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.core.errors import Rejected
from crossdock_transformers.edi.examine import cut, examine
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.machine import Anomaly, compiled
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.x12.envelope import survey
from crossdock_transformers.x12.transactions import keys_of
from crossdock_transformers.x12.write import encode_transaction
from tests.transformers.edi.documents import RANDOMS, WRITERS, Document, Writer, ambiguous, damaged, documents
from tests.transformers.x12 import x12_kit as kit

ALL = [standard().get(number, version) for version in standard().versions for number in standard().sets(version)]
AMBIGUOUS = {
    "214": [("LX/AT7/K1", "LX/K1")],
    "850": [("PO1/SLN/SAC/CTP", "PO1/SLN/CTP")],
    "855": [("PO1/SLN/SAC/CTP", "PO1/SLN/CTP")],
    "860": [("POC/SLN/SAC/CTP", "POC/SLN/CTP")],
    "865": [("POC/SLN/SAC/CTP", "POC/SLN/CTP")],
}
"""Sets in which one segment may be meant for two places."""
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("grammar", ALL, ids=lambda grammar: f"{grammar.number}-{grammar.version}")
@given(write=WRITERS)
@settings(QUICK, max_examples=8)
def test_a_correct_document_survives_decoding_and_encoding(grammar: TransactionSet, write: Writer) -> None:
    """Both ways of decoding give the body that its author meant, and writing it gives the same segments."""
    document = write(grammar)
    delimiters, machine = document.delimiters, compiled(grammar, document.delimiters)
    examined = examine(machine, document.text)
    assert [] == [fault.message for fault in examined.faults]
    body = machine.decode(cut(document.text, delimiters))
    body.pop("SE")
    assert document.body == body == examined.body
    encoded = encode_transaction(body, grammar, delimiters)
    assert document.segments[1:-1] == [delimiters.element.join(segment) for segment in encoded]


@pytest.mark.parametrize("grammar", ALL, ids=lambda grammar: f"{grammar.number}-{grammar.version}")
@given(write=WRITERS, random=RANDOMS)
@settings(QUICK, max_examples=10)
def test_one_change_is_told_by_its_place_or_does_no_harm(grammar: TransactionSet, write: Writer, random: Random) -> None:
    """It never breaks anything: the fast way accepts what has no fault, what has one names a segment that is there."""
    document = write(grammar)
    text = damaged(document, random)
    machine, segments = compiled(grammar, document.delimiters), cut(text, document.delimiters)
    faults = examine(machine, text).faults
    for fault in faults:
        assert (1 <= fault.position <= len(segments), bool(fault.message), bool(fault.code)) == (True, True, True), fault
    inner = [fault for fault in faults if fault.name not in ("segment_count", "control_number")]
    try:
        fast = bool(machine.decode(segments))
    except (Anomaly, ValueError):
        fast = False
    assert fast == (inner == [])


@given(document=documents(ALL, st.just(Delimiters())), random=RANDOMS)
@settings(QUICK, max_examples=200)
def test_a_changed_transaction_is_answered_and_its_sibling_is_read(document: Document, random: Random) -> None:
    """The second transaction comes out as its author meant it, whatever became of the first, or the file is refused."""
    grammar = document.grammar
    first = damaged(document, random).encode("utf-8", "replace").decode().removesuffix("~")
    second = [
        document.segments[0].replace("0001", "0002"),
        *document.segments[1:-1],
        document.segments[-1].replace("0001", "0002"),
    ]
    group = kit.group([first], second, function=grammar.group, version=grammar.version)
    try:
        stream = kit.decoded(kit.interchange(group))
    except Rejected:
        return
    *_, last = stream.parts()
    assert last.error is None
    assert {name: last.body[name] for name in document.body} == document.body
    assert all(delivery.body.render(1).startswith(b"ISA*") for delivery in stream.finish().deliveries)


@pytest.mark.parametrize("grammar", ALL, ids=lambda grammar: f"{grammar.number}-{grammar.version}")
def test_a_segment_can_be_meant_for_one_place_only(grammar: TransactionSet) -> None:
    """Wherever a document stands, what may come next has one place; the nearer one has it in the few exceptions."""
    assert AMBIGUOUS.get(grammar.number, []) == ambiguous(grammar)


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
