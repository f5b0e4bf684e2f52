"""Syntax version 4: a repetition separator, dates with a century, and what repeats in D.01B."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock_transformers.edi.load import standard
from crossdock_transformers.edifact import decode_interchange, encode_message
from crossdock_transformers.edifact.write import delimiters_of
from tests.transformers.edifact import edifact_kit as kit

KIND = "ORDERS:D:01B:UN:EAN010"
CONTACT = "CTA+OC+:P. SMITH"


def file(com: str, una: str = "UNA:+.?*'", version: str = "4") -> bytes:
    """Return an ORDERS with a contact's ways to be reached."""
    body = [*kit.ORDER[:3], CONTACT, com, *kit.ORDER[3:]]
    return kit.interchange(kit.message(body, kind=KIND), una=una, version=version, day="20261015" if version == "4" else "261015")


def contact(data: bytes) -> Any:
    """Return what COM holds once decoded."""
    (one,) = decode_interchange(data)
    assert one.error is None, one.error
    return one.body["NAD"][0]["CTA"][0]["COM"]


TWO = [{"COM01": {"COM0101": "+32 2", "COM0102": "TE"}, "COM02": {"COM0201": "a*b@x", "COM0202": "EM"}}]


@pytest.mark.parametrize(
    ("com", "una", "version"),
    [
        ("COM+?+32 2:TE*a?*b@x:EM", "UNA:+.?*'", "4"),
        ("COM+?+32 2:TE*a?*b@x:EM", "", "4"),
        ("COM+?+32 2:TE^a*b@x:EM", "UNA:+.?^'", "4"),
        ("COM+?+32 2:TE+a?*b@x:EM", "UNA:+.?*'", "4"),
        ("COM+?+32 2:TE+a*b@x:EM", "UNA:+.? '", "3"),
    ],
)
def test_repeated_elements_are_read_as_in_version_3(com: str, una: str, version: str) -> None:
    """The body is the same, whichever way it was written."""
    assert contact(file(com, una, version)) == TWO


def test_three_repetitions_may_be_there_and_no_more() -> None:
    assert [*contact(file("COM+1:TE*2:TE*3:TE"))[0]] == ["COM01", "COM02", "COM03"]
    (one,) = decode_interchange(file("COM+1:TE*2:TE*3:TE*4:TE"))
    assert one.error is not None


def test_an_element_that_may_not_repeat_is_refused() -> None:
    """BGM has one number."""
    (one,) = decode_interchange(file("COM+1:TE").replace(b"BGM+220+4500000001", b"BGM+220+45*46"))
    assert one.error is not None
    assert "BGM02" in one.error.message or "BGM" in one.error.findings[0].where


def test_a_text_that_looks_like_such_a_segment_stays_text() -> None:
    data = file("COM+1:TE").replace(b"UNS+S'", b"FTX+AAI+++SEE COM?+A?*B'UNS+S'")
    (one,) = decode_interchange(data)
    assert one.error is not None or "SEE COM+A*B" in str(one.body)


def test_what_repeats_is_written_with_the_separator_and_read_back() -> None:
    """Only in syntax version 4."""
    grammar = standard("edifact").get("ORDERS", "D01B")
    body = next(decode_interchange(file("COM+?+32 2:TE*a?*b@x:EM"))).body
    for version, written in (("4", ["COM", "?+32 2:TE*a?*b@x:EM"]), ("3", ["COM", "?+32 2:TE", "a*b@x:EM"])):
        delimiters = delimiters_of(kit.agreement(syntax_version=version))
        segments = encode_message(body, grammar, delimiters, syntax_version=version)
        assert [one for one in segments if one[0] == "COM"] == [written]


def test_the_separator_is_what_was_agreed() -> None:
    agreement = kit.agreement(syntax_version="4", repetition_separator="^")
    assert delimiters_of(agreement).repetition == "^"
    with pytest.raises(ValueError, match="must differ"):
        kit.agreement(syntax_version="4", repetition_separator="+")


def test_the_envelope_has_a_century_and_the_answer_is_of_version_4() -> None:
    """UNB S004 with eight digits, read and written; CONTRL:4:1."""
    data = file("COM+1:TE*2:EM").replace(b":UN:EAN010", b":UN:EAN008")
    stream = kit.decoded(data, kit.agreed(syntax_version="4", version="D01B"))
    (part,) = stream.parts()
    assert part.body["interchange"]["date"] == "2026-10-15"
    (answer,) = stream.finish().deliveries
    text = answer.body.render(9).decode()
    assert text.startswith("UNA:+.?*'UNB+UNOC:4+4012345000009:14+5412345000013:14+20")
    assert "UNH+1+CONTRL:4:1:UN'UCI+4711+5412345000013:14+4012345000009:14+7'" in text
