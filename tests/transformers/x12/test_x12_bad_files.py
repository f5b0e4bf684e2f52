"""Files that can't be used as a whole are refused before anything is decoded, with words that help."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from crossdock.core.errors import Rejected
from crossdock.core.partner import Partner
from crossdock_transformers.x12.decode import X12Decode
from crossdock_transformers.x12.options import DecodeOptions
from tests.transformers.x12 import x12_kit as kit

GOOD = kit.file(kit.ORDER)


@dataclass(frozen=True)
class Case:
    """A bad file, and what must be said of it."""

    name: str
    data: bytes
    code: str
    says: str


def changed(old: bytes, new: bytes) -> bytes:
    """Return the good file with one thing changed."""
    assert old in GOOD
    return GOOD.replace(old, new)


CASES = [
    Case("empty", b"", "empty", "the file is empty"),
    Case("blanks", b" \r\n\n", "empty", "nothing but blanks"),
    Case("BOM only", b"\xef\xbb\xbf", "empty", "nothing but blanks"),
    Case("truncated ISA", GOOD[:60], "truncated", "the ISA segment is cut off: it has 60 of 106 characters"),
    Case("truncated file", GOOD[:-30], "truncated", "interchange 000004711 is cut off: it has no IEA"),
    Case("cut in a transaction", GOOD[: GOOD.index(b"PID")], "truncated", "it has no IEA"),
    Case("ISA02 too short", changed(b"ISA*00*          *", b"ISA*00*    *"), "envelope", "ISA02 must have 10 characters"),
    Case(
        "wrong IEA02",
        changed(b"IEA*1*000004711", b"IEA*1*000004712"),
        "envelope",
        "IEA02 is '000004712', in ISA13 it is '000004711'",
    ),
    Case("wrong IEA01", changed(b"IEA*1*", b"IEA*2*"), "envelope", "IEA01 says '2' functional groups, the interchange has 1"),
    Case("IEA01 no number", changed(b"IEA*1*", b"IEA*\xb2*"), "envelope", "IEA01 says"),
    Case(
        "ISA13 no number",
        changed(b"000004711", b"00000471X"),
        "envelope",
        "ISA13, the interchange control number, must be nine digits",
    ),
    Case("ISA09 no date", changed(b"*261015*", b"*261315*"), "envelope", "ISA09 or ISA10"),
    Case("GS with seven elements", changed(b"*X*004010~", b"*X~"), "envelope", "the GS segment must have eight elements"),
    Case("text outside", changed(b"GE*1", b"HELLO*1~GE*1"), "envelope", "text outside of a transaction: 'HELLO*1~'"),
    Case("SE without ST", changed(b"GE*1", b"SE*1*0001~GE*1"), "envelope", "an SE without its ST"),
    Case("ST without GS", changed(b"GS*PO", b"XX*PO"), "envelope", "text outside of a transaction"),
    Case(
        "no transaction",
        kit.interchange(["GS*PO*A*B*20261015*0930*1*X*004010", "GE*0*1"]),
        "no_transaction",
        "holds no transaction",
    ),
    Case("no group", kit.interchange(), "no_transaction", "holds no transaction"),
    Case("second one cut off", GOOD + GOOD.replace(b"4711", b"4712")[:-40], "truncated", "interchange 000004712 is cut off"),
    Case("ISA before IEA", GOOD[: GOOD.index(b"IEA")] + GOOD, "truncated", "no IEA before the next ISA"),
    Case("EDIFACT", b"UNA:+.? 'UNB+UNOC:3+1:14+2:14+261015:0930+1'", "not_x12", "it looks like EDIFACT"),
    Case("EDIFACT without UNA", b"UNB+UNOC:3+1:14+2:14+261015:0930+1'", "not_x12", "it looks like EDIFACT"),
    Case("XML", b"<?xml version='1.0'?><order/>", "not_x12", "it looks like XML"),
    Case("JSON", b'{"order": 1}', "not_x12", "it looks like JSON"),
    Case("ZIP", b"PK\x03\x04\x14\x00", "not_x12", "it looks like a ZIP file"),
    Case("binary garbage", bytes(range(128, 256)), "not_x12", "an interchange begins with ISA, this begins with '<80><81>"),
    Case("UTF-16", GOOD.decode().encode("utf-16"), "not_x12", "UTF-16"),
    Case("delimiters alike", changed(b"*P*>~", b"*P*~~"), "envelope", "the delimiters must differ"),
    Case("letter as delimiter", changed(b"*P*>~", b"*P*A~"), "envelope", "none may be a letter"),
    Case("binary ISA", GOOD[:40] + b"\xff" + GOOD[41:], "envelope", "not ASCII"),
    Case(
        "other sender",
        changed(b"ACMERETAIL     *01", b"BETARETAIL     *01"),
        "partner",
        "signed ZZ/BETARETAIL, acme signs as ZZ/ACMERETAIL",
    ),
    Case(
        "other receiver",
        changed(b"080192334      ", b"999999999      "),
        "partner",
        "addressed to 01/999999999, we are 01/080192334",
    ),
    Case("test file in production", changed(b"*0*P*>", b"*0*T*>"), "usage", "is marked test, with acme we exchange production"),
    Case("ISA15 unknown", changed(b"*0*P*>", b"*0*Q*>"), "envelope", "ISA15, the usage, must be P (production) or T (test)"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_that_cannot_be_used_is_rejected_with_a_reason(case: Case) -> None:
    """No part is yielded, and the sentence says what is wrong."""
    with pytest.raises(Rejected) as caught:
        kit.decoded(case.data)
    assert case.says in caught.value.message
    assert case.code == caught.value.code


def test_a_production_file_is_rejected_where_tests_are_agreed() -> None:
    """The reverse of the usual mistake."""
    partners = {"acme": Partner("acme", x12=kit.agreement(usage="T"))}
    with pytest.raises(Rejected, match="is marked production, with acme we exchange test"):
        kit.decoded(GOOD, kit.Surroundings(partners))


def test_an_unknown_sender_is_named() -> None:
    """Where the source doesn't say who it is."""
    data = changed(b"ACMERETAIL     *01", b"BETARETAIL     *01")
    with pytest.raises(Rejected, match="unknown sender: no partner signs as ZZ/BETARETAIL"):
        X12Decode(DecodeOptions(), kit.Surroundings()).apply(kit.message(data, partner=""))


def test_a_partner_without_an_agreement_is_told_where_to_add_one() -> None:
    """Half-written configuration."""
    with pytest.raises(Rejected) as caught:
        kit.decoded(GOOD, kit.Surroundings({"acme": Partner("acme")}))
    assert caught.value.advice == "add `x12:` to config/partners/acme.yaml"


def test_what_follows_the_last_interchange_is_reported() -> None:
    """The interchange itself is fine."""
    stream = kit.decoded(GOOD + b"\nGARBAGE")
    assert [part.error for part in stream.parts()] == [None]
    assert stream.finish().note == "7 bytes after the last IEA, at offset 435, were not read: 'GARBAGE'"


def test_a_decoded_body_is_not_decoded_again() -> None:
    """Two decode steps in a route."""
    with pytest.raises(Rejected, match="decoded already"):
        kit.decoded({"BEG": {}})  # type: ignore[arg-type]


def test_blanks_between_envelope_segments_are_allowed() -> None:
    """And a TA1 too."""
    data = changed(b"~GS*", b"~\r\n\r\nTA1*000000001*261015*0930*A*000~  GS*")
    assert [part.error for part in kit.parts(data)] == [None]
