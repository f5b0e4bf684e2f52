"""A bad transaction is rejected alone, with findings that say where, and raw bytes that decode again once repaired."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from crossdock.core.errors import Finding, Rejected
from tests.transformers.x12 import x12_kit as kit


@dataclass(frozen=True)
class Case:
    """A changed order, and the finding that must come."""

    name: str
    body: list[str]
    code: str
    where: str
    says: str


def having(segment: str, before: str = "PO1*1*12*EA*9.95**UP*012345678905*VN*SKU-0001") -> list[str]:
    """Return the order with one segment more."""
    at = kit.ORDER.index(before)
    return [*kit.ORDER[:at], segment, *kit.ORDER[at:]]


LINE = "PO1*2*6.5*CA*1.00**VN*SKU-0002"
BEG = "BEG*00*SA*4500000001**20261015"

CASES = [
    Case(
        "not a number",
        kit.replaced(LINE, "PO1*2*SIX*CA*1.00"),
        "AK403-6",
        "segment 9 (PO1), element 2 (PO102)",
        "must be a number; this is 'SIX'",
    ),
    Case(
        "two points",
        kit.replaced(LINE, "PO1*2*6.5.1*CA*1.00"),
        "AK403-6",
        "segment 9 (PO1), element 2 (PO102)",
        "must be a number",
    ),
    Case(
        "too long",
        kit.replaced(LINE, "PO1*2*1234567890123456*CA"),
        "AK403-5",
        "segment 9 (PO1), element 2 (PO102)",
        "has 16 digits, at most 15 fit",
    ),
    Case(
        "too short",
        kit.replaced(LINE, "PO1*2*6.5*C"),
        "AK403-4",
        "segment 9 (PO1), element 3 (PO103)",
        "'C' has 1 characters, at least 2 are needed",
    ),
    Case(
        "invalid code",
        kit.replaced(BEG, "BEG*99*SA*45**20261015"),
        "AK403-7",
        "segment 2 (BEG), element 1 (BEG01)",
        "is '99', which is not one of its",
    ),
    Case(
        "invalid date",
        kit.replaced(BEG, "BEG*00*SA*45**20260230"),
        "AK403-8",
        "segment 2 (BEG), element 5 (BEG05)",
        "must be a date as CCYYMMDD; this is '20260230'",
    ),
    Case(
        "letters as date",
        kit.replaced(BEG, "BEG*00*SA*45**TOMORROW"),
        "AK403-8",
        "segment 2 (BEG), element 5 (BEG05)",
        "must be a date",
    ),
    Case(
        "invalid time",
        having("DTM*002*20261101*2561", "N1*ST*ACME DC 12*92*0012"),
        "AK403-9",
        "segment 4 (DTM), element 3 (DTM03)",
        "must be a time",
    ),
    Case(
        "mandatory element",
        kit.replaced(BEG, "BEG*00*SA***20261015"),
        "AK403-1",
        "segment 2 (BEG), element 3 (BEG03)",
        "BEG03 (purchase order number) is mandatory and is empty",
    ),
    Case(
        "both or neither",
        kit.replaced(LINE, "PO1*2*6.5*CA*1.00**VN"),
        "AK403-2",
        "segment 9 (PO1), element 7 (PO107)",
        "PO106 and PO107 must be there together",
    ),
    Case(
        "first needs second",
        kit.replaced(LINE, "PO1*2**CA"),
        "AK403-2",
        "segment 9 (PO1), element 2 (PO102)",
        "PO103 is there, so PO102 must be there too",
    ),
    Case(
        "at least one",
        kit.replaced("REF*DP*471", "REF*DP"),
        "AK403-2",
        "segment 3 (REF), element 2 (REF02)",
        "of REF02, REF03 one at least must be there",
    ),
    Case(
        "at most one",
        having("TD3*TL*ABCD*1234567*******4000", "N1*ST*ACME DC 12*92*0012"),
        "AK403-10",
        "segment 4 (TD3), element 10 (TD310)",
        "of TD301, TD310 one at most may be there",
    ),
    Case(
        "too many elements",
        kit.replaced("CTT*2", "CTT*2*******X"),
        "AK403-3",
        "segment 10 (CTT), element 8 (CTT08)",
        "CTT has 8 elements, at most 7 are defined",
    ),
    Case(
        "control character",
        kit.replaced("REF*DP*471", "REF*DP*4\x0071"),
        "AK403-6",
        "segment 3 (REF), element 2 (REF02)",
        "holds a character that is not allowed there: '4<00>71'",
    ),
    Case(
        "component separator",
        kit.replaced("REF*DP*471", "REF*DP*4>71"),
        "AK403-6",
        "segment 3 (REF), element 2 (REF02)",
        "not allowed there: '4>71'",
    ),
    Case(
        "composite component",
        having("MEA*PD*WT*1.5*>2", "PID*F****HEX BOLT ZINC"),
        "AK403-1",
        "segment 8 (MEA), element 4 (MEA04), component 1",
        "MEA0401 (unit of measure) is mandatory",
    ),
    Case("unknown segment", having("XYZ*1"), "AK304-1", "segment 7 (XYZ)", "'XYZ' is no segment of X12 004010"),
    Case("foreign segment", having("AK1*PO*1"), "AK304-6", "segment 7 (AK1)", "segment AK1 does not belong to a 850"),
    Case(
        "out of sequence",
        [*kit.ORDER, "REF*DP*1"],
        "AK304-7",
        "segment 11 (REF)",
        "segment REF is out of sequence: it may not stand here, after CTT",
    ),
    Case("empty segment", having(""), "AK304-1", "segment 7 ()", "there is an empty segment"),
    Case(
        "missing segment",
        kit.replaced(BEG, ""),
        "AK304-3",
        "segment 2 (BEG)",
        "the mandatory segment BEG (start of a purchase order) is missing before REF",
    ),
    Case(
        "missing loop", [BEG, "CTT*0"], "AK304-3", "segment 3 (PO1)", "the mandatory loop PO1 (order line) is missing before CTT"
    ),
    Case(
        "twice BEG",
        [BEG, *kit.ORDER],
        "AK304-5",
        "segment 3 (BEG)",
        "the segment BEG (start of a purchase order) may occur once at most here",
    ),
    Case(
        "too many PER",
        [*kit.ORDER[:2], *["PER*BD*X"] * 4, *kit.ORDER[2:]],
        "AK304-5",
        "segment 7 (PER)",
        "the segment PER (contact) may occur 3 times at most here",
    ),
    Case(
        "CTT twice",
        [*kit.ORDER, "CTT*2"],
        "AK304-4",
        "segment 11 (CTT)",
        "the loop CTT (transaction totals) may occur once at most here",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_is_told_with_its_place_and_its_997_code(case: Case) -> None:
    """The first finding is the cause."""
    (part,) = kit.parts(kit.file(case.body))
    assert isinstance(part.error, Rejected)
    finding = part.error.findings[0]
    assert (case.code, case.where) == (finding.code, finding.where)
    assert case.says in finding.message
    assert finding.message in part.error.message


def raw_transaction(*segments: str, function: str = "PO") -> bytes:
    """Return a file with one transaction as given."""
    return kit.interchange(kit.group(segments, function=function))


TRANSACTION_CASES = [
    ("wrong SE count", raw_transaction(*kit.transaction(count=12)), "AK502-4", "SE01 says '12' segments, the transaction has 11"),
    (
        "wrong SE number",
        raw_transaction(*kit.transaction()[:-1], "SE*11*0002"),
        "AK502-3",
        "the control number in SE02 is '0002', in ST02 it is '0001'",
    ),
    ("no SE", raw_transaction(*kit.transaction()[:-1]), "AK502-2", "the transaction has no SE: it ends after segment 10"),
    (
        "unknown set",
        raw_transaction(*kit.transaction(number="851")),
        "AK502-1",
        "no grammar for set '851' in X12 004010; there is 204, 210, 214",
    ),
    (
        "wrong group",
        raw_transaction(*kit.transaction(), function="IN"),
        "AK502-6",
        "a 850 belongs into a functional group PO, GS01 says 'IN'",
    ),
    (
        "short control number",
        raw_transaction(*kit.transaction(control="1")),
        "AK403-4",
        "ST02 (transaction set control number) is too short",
    ),
]


@pytest.mark.parametrize(
    ("data", "code", "says"), [case[1:] for case in TRANSACTION_CASES], ids=[case[0] for case in TRANSACTION_CASES]
)
def test_a_fault_of_the_transaction_as_a_whole_is_told(data: bytes, code: str, says: str) -> None:
    """Counts, control numbers, sets."""
    (part,) = kit.parts(data)
    assert isinstance(part.error, Rejected)
    assert code == part.error.findings[0].code
    assert says in part.error.message


def test_a_bad_transaction_does_not_sink_its_siblings() -> None:
    """The good ones before and after come out."""
    parts = kit.parts((kit.SAMPLES / "acme-850-one-bad.edi").read_bytes())
    assert [part.error and part.error.code for part in parts] == [None, "AK403-6", None]
    assert [part.keys["purchase_order"] for part in parts] == ["4500010003", "4500010004", "4500010005"]


def test_a_missing_se_does_not_swallow_the_next_transaction() -> None:
    """The next ST ends it."""
    data = kit.interchange(kit.group(kit.transaction()[:-1], kit.transaction(control="0002")))
    assert [part.error and part.error.code for part in kit.parts(data)] == ["AK502-2", None]


def test_all_faults_of_a_transaction_are_found_at_once() -> None:
    """Not one a day."""
    body = kit.replaced(LINE, "PO1*2*SIX*C*1.00**VN", kit.replaced(BEG, "BEG*99*SA***2026"))
    (part,) = kit.parts(kit.file(body))
    expected = ["AK403-7", "AK403-1", "AK403-8", "AK403-6", "AK403-4", "AK403-2"]
    assert expected == [finding.code for finding in part.error.findings]


def test_lines_of_a_wrapped_file_are_counted() -> None:
    """The clerk opens the file in an editor."""
    body = kit.replaced(LINE, "PO1*2*SIX*CA*1.00")
    data = kit.interchange(kit.group(kit.transaction(), kit.transaction(body, control="0002")), end="~\r\n")
    finding = kit.parts(data)[1].error.findings[0]
    assert Finding("AK403-6", finding.message, "line 22, segment 9 (PO1), element 2 (PO102)", "SIX") == finding


def test_the_raw_of_a_bad_part_decodes_once_it_is_repaired() -> None:
    """It is an interchange of its own, with counts of one."""
    body = kit.replaced(LINE, "PO1*2*SIX*CA*1.00")
    bad = kit.parts(kit.interchange(kit.group(kit.transaction(), kit.transaction(body, control="0002")), end="~\n"))[1]
    expected = kit.interchange(kit.group(kit.transaction(body, control="0002")), end="~\n")
    assert expected == bad.raw
    (again,) = kit.parts(bad.raw.replace(b"SIX", b"6"))
    assert (again.error, again.body["BEG"]["BEG03"]) == (None, "4500000001")


def test_a_repaired_part_is_neither_claimed_nor_answered_again() -> None:
    """The partner has had its 997."""
    stream = kit.decoded(kit.file(kit.ORDER), answered=True)
    assert (stream.claims, stream.finish().deliveries) == ((), ())


def test_a_control_number_twice_in_a_group_is_rejected() -> None:
    """The second one."""
    data = kit.interchange(kit.group(kit.transaction(), kit.transaction()))
    assert [part.error and part.error.code for part in kit.parts(data)] == [None, "AK502-23"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"GE*1*4711", b"GE*2*4711", "AK905-5"),
        (b"GE*1*4711", b"GE*1*4712", "AK905-4"),
        (b"GE*1*4711~", b"", "AK905-3"),
        (b"*X*004010", b"*X*009010", "AK905-2"),
    ],
)
def test_a_bad_group_rejects_its_transactions(old: bytes, new: bytes, code: str) -> None:
    """Each can be retried by itself."""
    (part,) = kit.parts(kit.file(kit.ORDER).replace(old, new))
    assert code == part.error.code
    if code != "AK905-2":
        assert [again.error for again in kit.parts(part.raw)] == [None]


def test_only_the_sets_of_the_route_are_taken() -> None:
    """`sets: [855]`."""
    (part,) = kit.parts(kit.file(kit.ORDER), sets=["855"])
    assert "this route takes 855 only, this is '850'" in part.error.message


def test_invalid_utf8_is_told_with_its_element() -> None:
    """Latin-1 sent as it is."""
    data = kit.file(kit.replaced("REF*DP*471", "REF*DP*MONTR?AL")).replace(b"?", b"\xc9")
    (part,) = kit.parts(data)
    assert part.error.findings[0].message == "REF02 (reference) holds a character that is not allowed there: 'MONTR<C9>AL'"


def test_a_transaction_beyond_the_size_limit_is_rejected_without_reading_it() -> None:
    """Memory stays bounded."""
    (part,) = kit.parts(kit.file([*kit.ORDER[:-1], *["MSG*" + "X" * 200] * 6000]), max_transaction_size="1MB")
    assert "the transaction has 1 MB, at most 1 MB are read" in part.error.message


def test_the_list_of_faults_is_bounded() -> None:
    """A hundred tell enough."""
    (part,) = kit.parts(kit.file([*kit.ORDER, *["XYZ*1"] * 5000]))
    assert len(part.error.findings) == 100


def test_tolerated_faults_let_the_document_pass() -> None:
    """With its values as they came."""
    body = kit.replaced(BEG, "BEG*99*SA*4500000001**20261015")
    (part,) = kit.parts(kit.file(body), tolerate=["invalid_code"])
    assert (part.error, part.body["BEG"]["BEG01"]) == (None, "99")
    (part,) = kit.parts(kit.file(kit.replaced(LINE, "PO1*2*SIX", body)), tolerate=["invalid_code"])
    assert part.error is not None
