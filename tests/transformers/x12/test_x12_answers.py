"""What partners are told: 999 beside 997, TA1, second copies; and what is never answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import Rejected
from crossdock.core.outcome import Delivery
from crossdock.core.partner import Document, Partner
from crossdock.core.spec import SKIPPED
from crossdock_transformers import x12
from crossdock_transformers.edi.faults import Fault
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.x12.acknowledge import FORMS, Report, Verdict
from crossdock_transformers.x12.decode import X12Decode
from crossdock_transformers.x12.envelope import survey
from crossdock_transformers.x12.options import DecodeOptions
from crossdock_transformers.x12.ta1 import NOTES, glimpse
from tests.transformers.x12 import x12_kit as kit

LINE = "PO1*2*6.5*CA*1.00**VN*SKU-0002"
BAD = kit.replaced(LINE, "PO1*2*SIX*CA*1.00**VN")
ACK = ["AK1*PR*17", "AK2*855*0001", "AK5*A", "AK9*A*1*1*1"]


def agreed(**changes: Any) -> kit.Surroundings:
    """Return surroundings in which something else is agreed with ACME."""
    return kit.Surroundings({"acme": Partner("acme", x12=kit.agreement(**changes))})


def texts(deliveries: Any) -> list[str]:
    return [one.body.render(7).decode() for one in deliveries]


def answers(data: bytes, **changes: Any) -> list[str]:
    """Return what a file is answered with."""
    return texts(kit.decoded(data, agreed(**changes)).finish().deliveries)


def ta1s(deliveries: Any) -> list[str]:
    """Return the TA1 segments of some answers."""
    return [segment for text in texts(deliveries) for segment in text.split("~") if segment.startswith("TA1")]


def refused(data: bytes, partner: str = "acme", **changes: Any) -> tuple[Delivery, ...]:
    """Return the answer to a file that can't be used."""
    step = X12Decode(DecodeOptions(), agreed(**{"ta1": "on_error", **changes}), PinnedClock())
    with pytest.raises(Rejected) as caught:
        step.apply(kit.message(data, partner=partner))
    return caught.value.answer


# the 999


def test_a_999_says_the_same_as_a_997_in_its_own_segments() -> None:
    """With the version, and the order's number beside each faulty segment."""
    (text,) = answers(kit.file(kit.ORDER, BAD), acknowledge="999", version="005010")
    assert text.split("~")[2:-4] == [
        "ST*999*0001",
        "AK1*PO*4711*004010",
        "AK2*850*0001",
        "IK5*A",
        "AK2*850*0002",
        "IK3*PO1*9**8",
        "CTX*BEG03>4500000001",
        "IK4*2*330*6*SIX",
        "IK4*7*234*2",
        "CTX*SITUATIONAL TRIGGER*PO1*9**7",
        "IK5*R*5",
        "AK9*P*2*2*1",
    ]


def test_a_999_is_of_005010_where_an_older_version_is_agreed() -> None:
    """None has it before; our own reader takes it."""
    (text,) = answers(kit.file(BAD), acknowledge="999")
    assert text.split("~")[1].endswith("*X*005010")
    assert "*00501*" in text.split("~")[0]
    (one,) = x12.decode_interchange(text.encode())
    assert (one.set, one.error) == ("999", None)


def test_what_breaks_a_guide_has_codes_of_its_own_in_a_999() -> None:
    """IK3 I6, IK4 I6, IK5 I5."""
    faults = (
        Fault("AK304", "3", "REF is missing", "REF", 3, rule="ref"),
        Fault("AK403", "7", "not agreed", "PO1", 4, element=3, number="355", value="BX", rule="unit"),
    )
    report = Report(survey(kit.file(kit.ORDER)).interchanges[0].groups[0], verdicts=[Verdict("850", "0001", False, faults)])
    segments = ["*".join(one) for one in report.segments(Delimiters("*", ">", "~", "^"), FORMS["999"])]
    assert segments[2:-1] == ["IK3*REF*3**I6", "IK3*PO1*4**8", "IK4*3*355*I6*BX", "IK5*R*I5"]


# never


@pytest.mark.parametrize("ta1", ["never", "on_error", "always"])
def test_an_acknowledgment_is_never_acknowledged(ta1: str) -> None:
    """Neither by a functional one nor by a TA1."""
    data = kit.interchange(kit.group(kit.transaction(ACK, number="997"), function="FA"))
    assert answers(data, ta1=ta1) == []


def test_a_ta1_is_never_acknowledged() -> None:
    """A file of nothing else has no transaction, and is no error."""
    data = kit.interchange(["TA1*000000009*261015*0930*A*000"]).replace(b"IEA*1", b"IEA*0")
    stream = kit.decoded(data, agreed(ta1="always"))
    closing = stream.finish()
    assert (list(stream.parts()), closing.deliveries) == ([], ())
    assert [(one.by, one.verdict, one.interchange) for one in closing.settlements] == [("TA1", "arrived", "000000009")]


@pytest.mark.parametrize(
    "inner", [["TA1*000000009*261015*0930*A*000"], kit.group(kit.transaction(ACK, number="997"), function="FA")]
)
def test_not_even_a_broken_acknowledgment_is_answered(inner: list[str]) -> None:
    """The trailer has another number."""
    data = kit.interchange(inner).replace(b"IEA*1*000004711", b"IEA*1*000004712")
    assert refused(data) == ()


def test_documents_without_agreed_acknowledgment_get_none() -> None:
    """As the agreement says for each kind."""
    documents = {"850": Document(acknowledged=False)}
    assert answers(kit.file(kit.ORDER), documents=documents) == []


# TA1


def test_an_interchange_is_answered_by_ta1_where_always_was_agreed() -> None:
    """In an interchange of its own, with our own number, before the 997."""
    ta1, ack = answers(kit.file(kit.ORDER), ta1="always")
    segments = ta1.split("~")
    assert segments[1:] == ["TA1*000004711*261015*0930*A*000", "IEA*0*000000007", ""]
    assert segments[0].split("*")[5:9] == ["01", "080192334      ", "ZZ", "ACMERETAIL     "]
    assert segments[0].split("*")[13] == "000000007"
    assert "ST*997*0001" in ack


def test_a_good_interchange_is_not_answered_by_ta1_where_only_errors_are() -> None:
    """Only the 997."""
    assert ["TA1" in text for text in answers(kit.file(kit.ORDER), ta1="on_error")] == [False]


def test_text_after_the_interchange_is_accepted_with_errors() -> None:
    """TA1 E."""
    data = kit.file(kit.ORDER) + b"garbage"
    deliveries = kit.decoded(data, agreed(ta1="on_error")).finish().deliveries
    assert ta1s(deliveries) == ["TA1*000004711*261015*0930*E*022"]


GOOD = kit.file(kit.ORDER)


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (b"IEA*1*000004711", b"IEA*1*000004712", "001"),
        (b"*ZZ*ACMERETAIL     *", b"*ZX*ACMERETAIL     *", "005"),
        (b"*ZZ*ACMERETAIL     *", b"*ZZ*OTHER          *", "006"),
        (b"*01*080192334      *", b"*ZZ*080192334      *", "007"),
        (b"*01*080192334      *", b"*01*080192335      *", "009"),
        (b"ISA*00*", b"ISA*0*", "010"),
        (b"*261015*0930*U", b"*261315*0930*U", "014"),
        (b"*261015*0930*U", b"*261015*2530*U", "015"),
        (b"*U*00401*", b"*X*00401*", "002"),
        (b"*U*00401*", b"*U*00101*", "003"),
        (b"*U*00401*", b"*A*00501*", "016"),
        (b"*U*00401*", b"*U*0040X*", "017"),
        (b"*000004711*0*P", b"*4711     *0*P", "018"),
        (b"*0*P*>", b"*0*X*>", "020"),
        (b"*0*P*>", b"*0*T*>", "020"),
        (b"IEA*1*", b"IEA*2*", "021"),
        (b"~GS*", b"~XX*1~GS*", "022"),
        (b"IEA*1*000004711~", b"", "023"),
        (b"GS*PO*ACMERETAIL*080192334", b"GS*PO*ACMERETAIL", "024"),
        (b"*0*P*>", b"*0*P*A", "027"),
    ],
)
def test_a_bad_envelope_is_rejected_with_its_note(old: bytes, new: bytes, note: str) -> None:
    """TA1 R; the message fails with the same in words."""
    assert old in GOOD
    (told,) = ta1s(refused(GOOD.replace(old, new, 1)))
    assert told.split("*")[1] == "000004711"
    assert told.split("*")[4:] == ["R", note]
    assert note in NOTES


def test_an_interchange_that_is_in_a_file_twice_is_taken_once() -> None:
    """The second is refused with TA1 R 025; the first and a third are taken and answered."""
    other = GOOD.replace(b"000004711", b"000004712")
    stream = kit.decoded(GOOD + GOOD + other, agreed(ta1="always"))
    assert [part is SKIPPED for part in stream.parts()] == [False, True, False]
    first, second, _ = stream.claims
    assert ((first.scope, first.key), 2) == ((second.scope, second.key), second.part)
    closing = stream.refuse(second)
    assert (ta1s(closing.deliveries), closing.raw) == (["TA1*000004711*261015*0930*R*025"], GOOD)
    said = ta1s(stream.finish().deliveries)
    assert said == ["TA1*000004711*261015*0930*A*000", "TA1*000004712*261015*0930*A*000"]


def test_what_was_taken_before_is_left_out_and_the_rest_keeps_its_numbers() -> None:
    """Parts are counted as in the whole file, so that a run after a crash finds its own work."""
    other = GOOD.replace(b"000004711", b"000004712")
    stream = kit.decoded(GOOD + other, agreed(ta1="always"))
    left = stream.without({(stream.claims[0].scope, stream.claims[0].key)})
    assert [part.keys.get("interchange") for part in left.parts()] == [None, "000004712"]
    assert ta1s(left.finish().deliveries) == ["TA1*000004712*261015*0930*A*000"]
    assert [one.part for one in left.claims] == [1, 2]


def test_the_sender_is_found_by_its_signature_where_the_source_does_not_say() -> None:
    """As for a good file."""
    assert len(refused(GOOD.replace(b"IEA*1*", b"IEA*2*"), partner="")) == 1
    assert refused(GOOD.replace(b"ACMERETAIL     ", b"STRANGER       "), partner="") == ()


@pytest.mark.parametrize("data", [b"", b"ISA", b"ISA*00", GOOD[:60], b"ISA" + b"*" * 120, b"<xml/>", b"\xff" * 200])
def test_what_has_no_readable_header_is_not_answered(data: bytes) -> None:
    """Nobody could tell what the answer is about."""
    assert refused(data) == ()


def test_nothing_is_told_where_no_ta1_was_agreed() -> None:
    """The message fails all the same."""
    assert refused(GOOD.replace(b"IEA*1*", b"IEA*2*"), ta1="never") == ()


def test_a_glimpse_takes_the_last_it_can() -> None:
    """Lengths may be wrong, the number must be there."""
    found = glimpse(b"ISA*00**00**ZZ*A*01*B*261015*0930*U*00401*17*0*P*>~")
    assert found is not None
    assert (found.sender, found.receiver, found.control) == ("A", "B", "000000017")


# second copies


def test_a_second_copy_is_refused_by_ta1_with_note_025() -> None:
    """Where one was agreed; the claim lasts as long as was agreed."""
    stream = kit.decoded(GOOD, agreed(ta1="on_error", duplicate_window="30d"))
    (claim,) = stream.claims
    assert claim.window == 30 * 24 * 3600
    assert ta1s(stream.refuse(claim).deliveries) == ["TA1*000004711*261015*0930*R*025"]
    assert stream.refuse(replace(claim, key="other")).deliveries == ()
    assert kit.decoded(GOOD).refuse(claim).deliveries == ()


# what we send is known by its numbers


def exchanges(deliveries: Any) -> Iterator[Mapping[str, Any]]:
    for one in deliveries:
        for found in one.body.exchanges(7):
            yield {name: getattr(found, name) for name in ("document", "interchange", "group", "transaction", "ack_window")}


def test_answers_are_in_the_book_and_nothing_is_awaited_for_them() -> None:
    """Whatever window was agreed for documents."""
    deliveries = kit.decoded(GOOD, agreed(ta1="always", ack_window="1d")).finish().deliveries
    assert list(exchanges(deliveries)) == [
        {"document": "TA1", "interchange": "000000007", "group": "", "transaction": "", "ack_window": None},
        {"document": "997", "interchange": "000000007", "group": "7", "transaction": "0001", "ack_window": None},
    ]


def test_what_is_encoded_waits_as_long_as_was_agreed() -> None:
    """And says what must follow it, and that it may be what another waits for."""
    documents = {"855": Document(expect={"856": "2d"}), "850": Document(expect={"855": "1d"})}  # type: ignore[dict-item]
    around = agreed(ack_window="1d", documents=documents)
    (one,) = x12.decode_interchange((kit.SAMPLES / "acme-855.edi").read_bytes())
    body = kit.encoder(around, set="855").apply(kit.message(one.body)).body
    (found,) = body.exchanges(12)
    assert (found.document, found.direction, found.interchange, found.group) == ("855", "out", "000000012", "12")
    assert (found.ack_window, dict(found.expect), found.expected) == (86400.0, {"856": 172800.0}, True)
    assert next(iter(found.keys)) == "purchase_order"


def test_what_is_received_is_in_the_book_refused_or_not() -> None:
    """With its keys, and what must follow it."""
    around = agreed(documents={"850": Document(expect={"855": "1d"})})  # type: ignore[dict-item]
    good, bad = [part.exchange for part in kit.parts(kit.file(kit.ORDER, BAD), around)]
    assert good is not None
    assert bad is not None
    assert (good.refused, dict(good.keys), dict(good.expect)) == (False, {"purchase_order": "4500000001"}, {"855": 86400.0})
    assert bad.refused
