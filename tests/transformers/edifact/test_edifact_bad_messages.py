"""What is wrong with a message, in words and in the codes of CONTRL."""

from __future__ import annotations

import pytest

from tests.transformers.edifact import edifact_kit as kit

BGM = "BGM+220+4500000001+9"
DTM = "DTM+137:20261015:102"
PRICE = "PRI+AAA:9.95"
QTY = "QTY+21:6.5:KGM"


@pytest.mark.parametrize(
    ("old", "new", "code", "message", "where"),
    [
        (BGM, "", "UCS-13", "the mandatory segment BGM (beginning of message) is missing before DTM", "segment 2 (BGM)"),
        ("UNS+S", "", "UCS-13", "the mandatory segment UNS (section control) is missing before CNT", "segment 10 (UNS)"),
        (DTM, "", "UCS-13", "the mandatory segment DTM (date or time or period) is missing before NAD", "segment 3 (DTM)"),
        (DTM, "DTM+", "UCD-13", "DTM01 (date or time or period) is mandatory and is empty", "segment 3 (DTM), element 1 (DTM01)"),
        (DTM, "DTM+:20261015:102", "UCD-13", "DTM0101 (date qualifier) is mandatory and is empty",
         "segment 3 (DTM), element 1 (DTM01), component 1"),
        (DTM, "DTM+137:20261315:102", "UCD-12",
         "DTM0102 (date, time or period) must be CCYYMMDD, as its form 102 says; this is '20261315'",
         "segment 3 (DTM), element 1 (DTM01), component 2"),
        (DTM, "DTM+137:20261015:102:X", "UCD-16",
         "element 1 has 4 components, at most 3 are defined", "segment 3 (DTM), element 1 (DTM01)"),
        (DTM, "DTM+137:20261015:102+1", "UCD-16",
         "DTM has 2 elements, at most 1 are defined", "segment 3 (DTM), element 2 (DTM02)"),
        (DTM, "DTM+1371:20261015:102", "UCD-39", "DTM0101 (date qualifier) is too long: '1371' has 4 characters, at most 3 fit",
         "segment 3 (DTM), element 1 (DTM01), component 1"),
        (QTY, "QTY+21:6,5:KGM", "UCD-19", "QTY0102 (quantity) must have a point as its decimal mark; this is '6,5'",
         "segment 9 (QTY), element 1 (QTY01), component 2"),
        (QTY, "QTY+21:.5:KGM", "UCD-38", "QTY0102 (quantity) needs a digit before and after its decimal mark; this is '.5'",
         "segment 9 (QTY), element 1 (QTY01), component 2"),
        (QTY, "QTY+21:5-:KGM", "UCD-37", "QTY0102 (quantity) must be a number; this is '5-'",
         "segment 9 (QTY), element 1 (QTY01), component 2"),
        (QTY, "QTY+21:1E3:KGM", "UCD-37", "QTY0102 (quantity) must be a number; this is '1E3'",
         "segment 9 (QTY), element 1 (QTY01), component 2"),
        (QTY, "QTY+21:-1234567890123456:KGM", "UCD-39",
         "QTY0102 (quantity) is too long: '-1234567890123456' has 16 digits, at most 15 fit",
         "segment 9 (QTY), element 1 (QTY01), component 2"),
        (BGM, "BGM+220+A\x07B+9", "UCD-21", "BGM02 (document number) holds a character that is not allowed there: 'A<07>B'",
         "segment 2 (BGM), element 2 (BGM02)"),
        (PRICE, "PRI+AAA:9.95'XYZ+1", "UCS-15", "'XYZ' is no segment of EDIFACT D96A", "segment 8 (XYZ)"),
        (PRICE, "PRI+AAA:9.95'UCI+1", "UCS-15", "segment UCI does not belong to ORDERS", "segment 8 (UCI)"),
        (PRICE, "PRI+AAA:9.95'CTA+OC", "UCS-15",
         "segment CTA is out of sequence: it may not stand here, after PRI", "segment 8 (CTA)"),
        (PRICE, "PRI+AAA:9.95''QTY+21:1", "UCS-15",
         "there is an empty segment (two segment terminators in a row)", "segment 8 ()"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(old: str, new: str, code: str, message: str, where: str) -> None:
    """One sentence, the code of 0085, and segment, element and component."""
    body = [part for segment in kit.replaced(old, new) for part in segment.split("'")]
    (found, *_) = kit.findings(kit.file(body))
    assert (found[0], found[1].removesuffix("; did you mean 'DTM'?"), found[2]) == (code, message, where)


@pytest.mark.parametrize(
    ("segments", "code", "message"),
    [
        (kit.message(count=13), "UCM-29", "UNT01 says '13' segments, the message has 12 (UNH and UNT included)"),
        ([*kit.message()[:-1], "UNT+12+2"], "UCM-28", "the control number in UNT02 is '2', in UNH01 it is '1'"),
        (kit.message()[:-1], "UCM-13", "the message has no UNT: it ends after segment 11"),
        (kit.message(kind="ORDERZ:D:96A:UN"), "UCM-14", "there is no grammar for set 'ORDERZ' in EDIFACT D96A"),
        (kit.message(kind="ORDERS:D:88A:UN"), "UCM-14", "there is no grammar for EDIFACT 'D88A'"),
    ],
)
def test_a_fault_of_the_whole_message_is_told(segments: list[str], code: str, message: str) -> None:
    """Counts, references, missing trailers and unknown types."""
    (found, *_) = kit.findings(kit.interchange(segments))
    assert (found[0], found[1].startswith(message)) == (code, True)


def test_a_reference_that_occurs_twice_rejects_the_second() -> None:
    """Code 26; the first goes on."""
    first, second = kit.parts(kit.interchange(kit.message(), kit.message()))
    assert first.error is None
    assert (getattr(second.error, "code", ""), str(second.keys["transaction"])) == ("UCM-26", "1")


def test_one_bad_message_does_not_sink_its_siblings() -> None:
    """It comes out as an interchange of its own that can be repaired."""
    good, bad, other = kit.parts(kit.file(kit.ORDER, kit.replaced(BGM, ""), kit.ORDER))
    assert (good.error, other.error, bad.error is not None) == (None, None, True)
    ((code, *_),) = kit.findings(bad.raw)
    assert code == "UCS-13"
    repaired = bad.raw.replace(b"DTM+137", BGM.encode() + b"'DTM+137").replace(b"UNT+11+", b"UNT+12+")
    assert kit.body(repaired)["BGM"]["BGM02"] == "4500000001"


@pytest.mark.parametrize("syntax", ["UNOA", "UNOB"])
def test_a_character_beyond_the_repertoire_is_a_fault(syntax: str) -> None:
    """Lower case is not in UNOA, an umlaut in neither."""
    order = kit.replaced("NAD+BY+5412345000013::9++BETA RETAIL NV", "NAD+BY+5412345000013::9++Müller")
    ((code, message, _),) = kit.findings(kit.file(order, syntax=syntax))
    assert (code, message) == ("UCD-21", "NAD0401 (party name) holds a character that is not allowed there: 'M<FC>ller'")


def test_lower_case_is_a_fault_in_level_a_only() -> None:
    """UNOB has it."""
    order = kit.replaced("NAD+BY+5412345000013::9++BETA RETAIL NV", "NAD+BY+5412345000013::9++Beta")
    assert kit.body(kit.file(order, syntax="UNOB"))["NAD"][0]["NAD04"] == {"NAD0401": "Beta"}
    ((code, *_),) = kit.findings(kit.file(order, syntax="UNOA"))
    assert code == "UCD-21"


def test_bytes_that_are_not_of_the_character_set_are_a_fault() -> None:
    """Latin-1 in a file that says UTF-8."""
    order = kit.replaced("NAD+BY+5412345000013::9++BETA RETAIL NV", "NAD+BY+5412345000013::9++MÜLLER")
    ((code, *_),) = kit.findings(kit.file(order, syntax="UNOY", encoding="latin-1"))
    assert code == "UCD-21"


def test_a_mark_of_our_own_in_the_document_is_a_fault() -> None:
    """Noncharacters stand for released characters inside; from outside they are refused."""
    order = kit.replaced(BGM, "BGM+220+A\ufdd0?+B+9")
    ((code, *_),) = kit.findings(kit.file(order, syntax="UNOY", encoding="utf-8"))
    assert code == "UCD-21"


def test_what_a_route_tolerates_goes_on() -> None:
    """A wrong count, noted."""
    (part,) = kit.parts(kit.interchange(kit.message(count=3)), tolerate=["segment_count"])
    assert part.error is None


def test_only_the_sets_of_the_route_are_taken() -> None:
    """Another one is rejected with the reason."""
    ((code, message, _),) = kit.findings(kit.file(kit.ORDER), sets=["CONTRL"])
    assert (code, message) == ("UCM-14", "this route takes CONTRL only, this is 'ORDERS'")


def test_a_group_of_another_type_is_a_fault() -> None:
    """Code 31: more than one message type in a group."""
    group = ["UNG+INVOIC+A+B+261015:0930+7+UN+D:96A", *kit.message(), "UNE+1+7"]
    ((code, message, _),) = kit.findings(kit.interchange(group))
    assert (code, message) == ("UCM-31", "this is 'ORDERS', its group (UNG01) holds 'INVOIC'")


def test_a_message_that_is_too_big_is_rejected() -> None:
    """By the route's limit."""
    ((code, *_),) = kit.findings(kit.file([*kit.ORDER[:3], *["FTX+AAI+++TEXT"] * 90, *kit.ORDER[3:]]), max_message_size="1KB")
    assert code == "UCM-18"
