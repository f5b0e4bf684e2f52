"""UNA, UNB, groups and the ends of files."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crossdock.core.errors import Rejected
from tests.transformers.edifact import edifact_kit as kit

GROUP = "UNG+ORDERS+A+B+261015:0930+7+UN+D:96A"
READ = "; UNOA to UNOL, UNOW, UNOX and UNOY, versions 1 to 4 are"
SERVICE = "the service characters in UNA must differ, and none may be a letter, a digit or a blank"


@pytest.mark.parametrize(
    "data",
    [
        kit.file(kit.ORDER, una=""),
        kit.file(kit.ORDER, una="UNA:+.? '\r\n"),
        kit.file(kit.ORDER, una="UNA:+.? '\n", end="'\r\n"),
        b"\xef\xbb\xbf" + kit.file(kit.ORDER),
        b" \r\n\t" + kit.file(kit.ORDER),
        kit.file(kit.ORDER) + b"\r\n\r\n",
        kit.file(kit.ORDER, una="UNA:+.? \n", end="\n"),
        kit.file(kit.ORDER, una="UNA:+.? \r", end="\r\n"),
        kit.file(kit.ORDER).replace(b"'", b"~").replace(b"+", b"|").replace(b":", b"^"),
        kit.file(kit.ORDER, una="UNA:+.  '"),
        kit.file(kit.ORDER, una="UNA:+.?*'", version="4", day="20261015"),
        kit.file(kit.ORDER, una="", version="4", day="20261015"),
        kit.file(kit.ORDER, version="2"),
        kit.file(kit.ORDER, version="1", syntax="UNOA"),
        kit.file(kit.ORDER, una="", end="\x1c", syntax="UNOB").replace(b"+", b"\x1d").replace(b":", b"\x1f"),
    ],
    ids=[
        "no-una", "line-after-una", "lines", "bom", "leading-blanks", "blank-end", "newline-terminator", "return-terminator",
        "other-characters", "no-release", "syntax-4", "syntax-4-no-una", "syntax-2", "level-a", "level-b",
    ],
)  # fmt: skip
def test_envelopes_of_every_kind_are_read(data: bytes) -> None:
    """The same order comes out of each."""
    body = kit.body(data)
    assert (body["BGM"]["BGM02"], body["LIN"][1]["QTY"][0]["QTY01"]["QTY0102"]) == ("4500000001", Decimal("6.5"))


@pytest.mark.parametrize(
    ("una", "written"),
    [("UNA:+,? '", "6,5"), ("UNA:+.? '", "6.5"), ("", "6,5"), ("", "6.5")],
    ids=["comma", "point", "none", "both"],
)
def test_the_decimal_mark_is_what_una_says(una: str, written: str) -> None:
    """Without UNA a comma and a point are both right."""
    order = [segment for segment in kit.ORDER if not segment.startswith("PRI")]
    body = kit.body(kit.file(kit.replaced("QTY+21:6.5:KGM", f"QTY+21:{written}:KGM", order), una=una))
    assert body["LIN"][1]["QTY"][0]["QTY01"]["QTY0102"] == Decimal("6.5")


@pytest.mark.parametrize(
    ("syntax", "encoding", "name"),
    [
        ("UNOC", "iso-8859-1", "MÜLLER"),
        ("UNOD", "iso-8859-2", "ŁÓDŹ"),
        ("UNOE", "iso-8859-5", "МОСКВА"),
        ("UNOF", "iso-8859-7", "ΑΘΗΝΑ"),
        ("UNOG", "iso-8859-3", "ĦAL"),
        ("UNOH", "iso-8859-4", "RĪGA"),
        ("UNOI", "iso-8859-6", "دبي"),
        ("UNOJ", "iso-8859-8", "חיפה"),
        ("UNOK", "iso-8859-9", "İZMİR"),
        ("UNOL", "iso-8859-15", "CŒUR"),
        ("UNOW", "utf-8", "東京 ŁÓDŹ"),
        ("UNOX", "iso-2022-jp", "東京"),
        ("UNOY", "utf-8", "MÜLLER 東京"),
    ],
)
def test_the_character_set_is_what_unb_says(syntax: str, encoding: str, name: str) -> None:
    """Each syntax identifier has its encoding."""
    order = kit.replaced("NAD+BY+5412345000013::9++BETA RETAIL NV", f"NAD+BY+5412345000013::9++{name}")
    assert kit.body(kit.file(order, syntax=syntax, encoding=encoding))["NAD"][0]["NAD04"] == {"NAD0401": name}


def test_several_interchanges_have_each_their_own_delimiters() -> None:
    """In one file, one after the other."""
    other = kit.file(kit.ORDER, control="4712").replace(b"+", b"|").replace(b"'", b"~")
    third = kit.file(kit.ORDER, control="4713", una="")
    parts = kit.parts(kit.file(kit.ORDER) + b"\r\n" + other + third)
    assert [(part.error, part.keys["interchange"]) for part in parts] == [(None, "4711"), (None, "4712"), (None, "4713")]


def test_groups_are_told() -> None:
    """UNG and UNE around messages of one type."""
    group = "UNG+ORDERS+SHOP:ZZ+DESK:ZZ+261015:0930+77+UN+D:96A:EAN008"
    segments = [group, *kit.message(), "UNE+1+77"]
    (part,) = kit.parts(kit.interchange(segments))
    assert part.body["group"] == {
        "function": "ORDERS",
        "control_number": "77",
        "sender": "SHOP",
        "receiver": "DESK",
        "date": "2026-10-15",
        "time": "09:30",
        "version": "D:96A:EAN008",
    }
    assert part.keys["group"] == "77"


def test_what_follows_the_last_interchange_is_told() -> None:
    """It is not read."""
    stream = kit.decoded(kit.file(kit.ORDER) + b"\x1a\x1aEND")
    assert (
        stream.finish().note == f"5 bytes after the last UNZ, at offset {len(kit.file(kit.ORDER))}, were not read: '<1A><1A>END'"
    )


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b"", "empty", "the file is empty"),
        (b" \r\n", "empty", "the file holds nothing but blanks"),
        (b"\xff\xfeU\x00N\x00B\x00", "not_edifact", "the file is in UTF-16, which EDIFACT has not"),
        (b"ISA*00*", "not_edifact", "this is not EDIFACT: it looks like X12"),
        (b"<order/>", "not_edifact", "this is not EDIFACT: it looks like XML"),
        (b"HELLO", "not_edifact", "this is not EDIFACT: an interchange begins with UNA or UNB, this begins with 'HELLO'"),
        (b"UNA:+.? 'UNZ+1+1'", "envelope", "after UNA comes UNB, this is 'UNZ+1+1''"),
        (b"UNA:+", "truncated", "the UNA is cut off: it has six characters"),
        (b"UNA::.? 'UNB", "envelope", SERVICE + ": '::.? ''"),
        (b"UNA:+;? 'UNB", "envelope", "the decimal mark in UNA must be a point or a comma; this is ';'"),
        (b"UNB|UNOA", "envelope", "without UNA the elements of UNB are separated by '+', here by '|'"),
        (b"UNB+UNOC:3+A", "truncated", "the UNB segment is cut off: it has no segment terminator"),
        (b"UNB+UNOC:3++B+261015:0930+1'", "envelope", "UNB has no sender (UNB02)"),
        (b"UNB+UNOC:3+A+B+261015:0930'", "envelope", "UNB has no interchange control reference (UNB05)"),
        (b"UNB+UNOC:3+A+B+261315:0930+1'", "envelope", "UNB04: month must be in 1..12"),
        (kit.file(kit.ORDER)[:-10], "truncated", "interchange 4711 is cut off: it has no UNZ"),
        (kit.file(kit.ORDER)[:-10] + b"'" + kit.file(kit.ORDER), "truncated", "interchange 4711 has no UNZ before the next UNA"),
        (kit.interchange(), "no_transaction", "the file holds no message"),
    ],
)  # fmt: skip
def test_a_file_that_can_not_be_used_is_refused(data: bytes, code: str, message: str) -> None:
    """As a whole, with the reason."""
    with pytest.raises(Rejected) as refused:
        kit.decoded(data)
    assert (refused.value.code, refused.value.message) == (code, message)


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (kit.file(kit.ORDER, count=2), "UCI-29", "UNZ01 says '2' messages, there are 1"),
        (kit.file(kit.ORDER, count="X"), "UCI-29", "UNZ01 says 'X' messages, there are 1"),
        (kit.file(kit.ORDER, reference="4712"), "UCI-28", "the control reference in UNZ02 is '4712', in UNB05 it is '4711'"),
        (kit.file(kit.ORDER, version="9"), "UCI-2", "UNB01: the syntax 'UNOC' version '9' is not read here" + READ),
        (kit.file(kit.ORDER, syntax="UNOZ"), "UCI-2", "UNB01: the syntax 'UNOZ' version '3' is not read here" + READ),
        (kit.interchange(["RFF+ON:1"], kit.message(), count=1), "UCI-33",
         "there is text outside of a message, at offset 71: 'RFF+ON:1''"),
        (kit.interchange(["UNT+1+1"], kit.message(), count=1), "UCI-33", "there is a UNT without its UNH, at offset 71"),
        (kit.interchange(["UNE+1+1"], kit.message(), count=1), "UCI-33", "there is a UNE without its UNG"),
        (kit.interchange([GROUP], kit.message(), count=1), "UCF-13", "it has no UNE"),
        (kit.interchange([GROUP, *kit.message(), "UNE+2+7"]), "UCF-29", "UNE01 says '2' messages, there are 1"),
        (kit.interchange([GROUP, *kit.message(), "UNE+1+8"]), "UCF-28",
         "the control reference in UNE02 is '8', in UNG05 it is '7'"),
    ],
)  # fmt: skip
def test_a_fault_of_the_envelope_rejects_its_messages(data: bytes, code: str, message: str) -> None:
    """Each with the envelope's own fault, once for the interchange or the group."""
    first = kit.parts(data)[0]
    assert isinstance(first.error, Rejected)
    assert [(one.code, one.message) for one in first.error.findings] == [(code, message)]


def test_messages_beside_groups_are_a_fault() -> None:
    """Groups and messages are not mixed (30)."""
    group = [GROUP, *kit.message(), "UNE+1+7"]
    parts = kit.parts(kit.interchange(group, kit.message(reference="2"), count=2))
    assert {getattr(part.error, "code", "") for part in parts} == {"UCI-30"}


def test_one_empty_group_does_not_sink_the_others() -> None:
    """It is told beside them (32)."""
    empty = ["UNG+ORDERS+A+B+261015:0930+6+UN+D:96A", "UNE+0+6"]
    group = [GROUP, *kit.message(), "UNE+1+7"]
    stream = kit.decoded(kit.interchange(empty, group))
    assert [part.error for part in stream.parts()] == [None]
    assert stream.finish().note == "group 6: it holds no message"


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ((b"5412345000013:14", b"5412345000020:14"), "partner", "UNB02"),
        ((b"5412345000013:14", b"5412345000013:ZZ"), "partner", "UNB02"),
        ((b"4012345000009:14", b"4012345000016:14"), "partner", "UNB03"),
        ((b"+4711'UNH", b"+4711++++++1'UNH"), "usage", "UNB11"),
    ],
)
def test_an_envelope_that_is_not_as_agreed_is_refused(change: tuple[bytes, bytes], code: str, where: str) -> None:
    """Sender, receiver and test indicator."""
    with pytest.raises(Rejected) as refused:
        kit.decoded(kit.file(kit.ORDER).replace(*change))
    assert (refused.value.code, refused.value.where) == (code, where)
