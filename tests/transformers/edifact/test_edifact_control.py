"""The CONTRL that answers an interchange."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import Rejected
from crossdock_transformers.edifact import decode_interchange
from crossdock_transformers.edifact.decode import EdifactDecode
from crossdock_transformers.edifact.options import DecodeOptions
from tests.transformers.edifact import edifact_kit as kit

UCI = "UCI+4711+5412345000013:14+4012345000009:14"
ORDERS = "ORDERS:D:96A:UN:EAN008"
GROUP = "UNG+ORDERS+A:ZZ+B:ZZ+261015:0930+7+UN+D:96A"


def test_a_correct_interchange_is_acknowledged() -> None:
    """Action 7, and nothing of its messages."""
    assert kit.control(kit.file(kit.ORDER, kit.ORDER)) == [f"{UCI}+7"]


def test_a_receipt_says_only_that_it_came() -> None:
    """Action 8, whatever its messages are."""
    bad = kit.file(kit.replaced("UNS+S", ""))
    assert kit.control(bad, kit.agreed(acknowledge="receipt")) == [f"{UCI}+8"]


def test_a_rejected_message_is_told_with_its_faults() -> None:
    """UCS counts segments from UNH = 1, UCD elements from the tag = 1."""
    bad = kit.replaced("QTY+21:6.5:KGM", "QTY+21:6,5:KGM", kit.replaced("BGM+220+4500000001+9", "BGM+220+45+9+XXXX"))
    assert kit.control(kit.file(kit.ORDER, bad)) == [
        f"{UCI}+7",
        f"UCM+2+{ORDERS}+4",
        "UCS+2",
        "UCD+39+5",
        "UCS+9",
        "UCD+19+2:2",
    ]


def test_a_missing_segment_is_told_at_the_one_before_it() -> None:
    """As 0096 wants it."""
    assert kit.control(kit.file(kit.replaced("UNS+S", ""))) == [f"{UCI}+7", f"UCM+1+{ORDERS}+4", "UCS+9+13"]


def test_a_fault_of_the_whole_message_stands_in_ucm() -> None:
    """A wrong count: 29 in UNT, its first element."""
    assert kit.control(kit.interchange(kit.message(count=3))) == [f"{UCI}+7", f"UCM+1+{ORDERS}+4+29+UNT+2"]


def test_a_tolerated_fault_acknowledges_the_message() -> None:
    """Expressly."""
    data = kit.interchange(kit.message(count=3))
    assert kit.control(data, tolerate=["segment_count"]) == [f"{UCI}+7", f"UCM+1+{ORDERS}+7"]


@pytest.mark.parametrize(
    ("data", "segment"),
    [
        (kit.file(kit.ORDER, count=2), f"{UCI}+4+29+UNZ+2"),
        (kit.file(kit.ORDER, reference="9"), f"{UCI}+4+28+UNZ+3"),
        (kit.file(kit.ORDER, version="9"), f"{UCI}+4+2+UNB+2"),
        (kit.interchange(["RFF+ON:1"], kit.message(), count=1), f"{UCI}+4+33+RFF"),
    ],
)
def test_a_bad_interchange_is_rejected_as_a_whole(data: bytes, segment: str) -> None:
    """Action 4 with code, service segment and element; nothing of its messages."""
    assert kit.control(data) == [segment]


def test_groups_are_answered_each() -> None:
    """UCF, and its messages below it."""
    good, bad = [GROUP, *kit.message(), "UNE+1+7"], [GROUP, *kit.message(kit.replaced("UNS+S", "")), "UNE+1+7"]
    wrong = [GROUP, *kit.message(), "UNE+2+7"]
    assert kit.control(kit.interchange(good, bad, wrong)) == [
        f"{UCI}+7",
        "UCF+7+A:ZZ+B:ZZ+7",
        "UCF+7+A:ZZ+B:ZZ+7",
        f"UCM+1+{ORDERS}+4",
        "UCS+9+13",
        "UCF+7+A:ZZ+B:ZZ+4+29+UNE+2",
    ]


def test_what_the_partner_wrote_is_released() -> None:
    """A reference with a delimiter in it."""
    data = kit.file(kit.ORDER, control="47?+11")
    assert kit.control(data)[0] == "UCI+47?+11+5412345000013:14+4012345000009:14+7"


def test_a_control_message_is_never_answered() -> None:
    """No CONTRL for a CONTRL."""
    control = kit.message([f"{UCI}+7"], kind="CONTRL:D:3:UN")
    stream = kit.decoded(kit.interchange(control))
    assert [part.body["UCI"]["UCI04"] for part in stream.parts()] == ["7"]
    assert stream.finish().deliveries == ()


@pytest.mark.parametrize(("acknowledge", "answered"), [(False, False), (True, True)])
def test_nothing_is_sent_that_is_not_agreed_or_was_sent(acknowledge: bool, answered: bool) -> None:
    """The agreement decides, and a repaired part makes no second one."""
    stream = kit.decoded(kit.file(kit.ORDER), kit.agreed(acknowledge=acknowledge), answered=answered)
    assert stream.finish().deliveries == ()


def test_the_control_message_is_itself_correct() -> None:
    """An interchange with its own reference, to the partner; decoded without a fault."""
    stream = kit.decoded(kit.file(kit.replaced("UNS+S", "")))
    (delivery,) = stream.finish().deliveries
    assert (delivery.endpoint, delivery.key) == ("partner:beta", "CONTRL/14/5412345000013/14/4012345000009/4711")
    assert (delivery.body.scope, delivery.body.name(17)) == ("edifact/beta", "CONTRL-4711-17.edi")
    (answer,) = decode_interchange(delivery.body.render(17))
    assert (answer.error, answer.keys["acknowledged"], answer.body["interchange"]["control_number"]) == (None, "4711", "17")


def test_an_interchange_may_come_once() -> None:
    """Sender, receiver and reference are claimed, in the window that was agreed."""
    (claim,) = kit.decoded(kit.file(kit.ORDER), kit.agreed(duplicate_window="90d")).claims
    assert (claim.scope, claim.key, claim.what, claim.window) == (
        "edifact/beta",
        "14/5412345000013/14/4012345000009/4711",
        "interchange 4711",
        90 * 86400,
    )


@pytest.mark.parametrize(("version", "identifier"), [("1", "2:2"), ("2", "2:2"), ("3", "D:3"), ("4", "4:1")])
def test_the_control_message_is_of_the_syntax_that_we_write(version: str, identifier: str) -> None:
    """Its version belongs to the syntax, not to a directory; each is read back."""
    (delivery,) = kit.decoded(kit.file(kit.ORDER), kit.agreed(syntax_version=version)).finish().deliveries
    (answer,) = decode_interchange(delivery.body.render(1))
    assert (answer.error, answer.body["message_type"]) == (None, f"CONTRL:{identifier}:UN")


# What can't be used at all


def refused(data: bytes, partner: str = "beta", *, answered: bool = False, **changes: Any) -> list[str]:
    """Return the UCI of the answer to a file that is refused as a whole."""
    step = EdifactDecode(DecodeOptions(), kit.agreed(**changes), PinnedClock())
    with pytest.raises(Rejected) as caught:
        step.apply(kit.incoming(data, partner=partner, answered=answered))
    texts = [one.body.render(9).decode() for one in caught.value.answer]
    assert all(decode_interchange(text.encode()) for text in texts)
    return [segment for text in texts for segment in text.split("'") if segment.startswith("UCI")]


GOOD = kit.file(kit.ORDER)
CONTROL = kit.file(["UCI+4711+A:14+B:14+7"]).replace(b"ORDERS:D:96A:UN:EAN008", b"CONTRL:D:3:UN")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"+4012345000009:14+261015", b"+4099999000009:14+261015", "UCI+4711+5412345000013:14+4099999000009:14+4+7+UNB+4"),
        (b"UNB+UNOC:3+5412345000013:14", b"UNB+UNOC:3+STRANGER:ZZ", "UCI+4711+STRANGER:ZZ+4012345000009:14+4+23+UNB+3"),
        (b"0930+4711'", b"0930+4711++++++1'", f"{UCI}+4+25+UNB+12"),
        (b"261015:0930", b"261315:0930", f"{UCI}+4+12+UNB+5"),
        (b"UNZ+1+4711'", b"", f"{UCI}+4+13+UNZ"),
    ],
    ids=["recipient", "sender", "test", "date", "cut off"],
)
def test_an_interchange_that_is_refused_as_a_whole_is_answered(old: bytes, new: bytes, told: str) -> None:
    """Action 4 with the code and the element of UNB, to the partner whose channel it came by."""
    assert old in GOOD
    assert refused(GOOD.replace(old, new, 1)) == [told]


def test_production_where_a_test_is_agreed_is_refused_for_want_of_an_agreement() -> None:
    """Code 17: the standard has none for a test indicator that is missing."""
    assert refused(GOOD, usage="T") == [f"{UCI}+4+17+UNB+12"]


def test_a_file_without_a_message_is_answered() -> None:
    """Code 32."""
    assert refused(kit.file()) == [f"{UCI}+4+32+UNB"]


def test_a_partner_that_is_known_by_its_signature_alone_is_answered() -> None:
    """As for a good file, where the source does not say who sent it."""
    assert refused(GOOD.replace(b"0930+4711'", b"0930+4711++++++1'"), partner="") == [f"{UCI}+4+25+UNB+12"]


def test_a_stranger_is_never_answered() -> None:
    """Nobody knows where to."""
    assert refused(GOOD.replace(b"UNB+UNOC:3+5412345000013:14", b"UNB+UNOC:3+STRANGER:ZZ"), partner="") == []


@pytest.mark.parametrize("data", [CONTROL.replace(b"UNZ+1+4711'", b""), CONTROL.replace(b"0930+4711'", b"0930+4711++++++1'")])
def test_a_control_message_is_not_answered_however_broken(data: bytes) -> None:
    assert refused(data) == []


def test_what_was_answered_and_what_is_not_agreed_gets_no_answer() -> None:
    cut_off = GOOD.replace(b"UNZ+1+4711'", b"")
    assert (refused(cut_off, answered=True), refused(cut_off, acknowledge="none")) == ([], [])


def test_a_group_with_a_bad_date_is_rejected_alone() -> None:
    """UCF 4 with 12; the interchange is taken."""
    inner = [GROUP.replace("261015", "261315"), *kit.message(), "UNE+1+7"]
    data = kit.interchange(inner)
    assert kit.control(data) == [f"{UCI}+7", "UCF+7+A:ZZ+B:ZZ+4+12+UNG+5"]
