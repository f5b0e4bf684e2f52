"""The sets with their samples: a distributor's documents, hand-written, one at least for each set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock_transformers import x12
from crossdock_transformers.edi.grammar import Node, TransactionSet
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.values import Delimiters
from tests.transformers.x12 import x12_kit as kit

SAMPLES = sorted(path for path in kit.SAMPLES.glob("*.edi") if "bad" not in path.name)
"""Files of correct transactions, each segment on a line of its own."""


def grammar_of(data: bytes) -> TransactionSet:
    """Return the set that a file's first transaction is of."""
    (found,) = re.findall(rb"GS\*.*\*X\*(\w+)~", data)[:1]
    (number,) = re.findall(rb"~\s*ST\*(\d+)", data)[:1]
    return standard().get(number.decode(), found.decode())


def bodies(data: bytes) -> list[list[str]]:
    """Return the segments between ST and SE of each transaction."""
    return [text.split("~\n")[1:-1] for text in re.findall(r"(?s)~\n(ST\*.*?~\n)SE\*", data.decode())]


@pytest.mark.parametrize("number", sorted({number for version in standard().versions for number in standard().sets(version)}))
def test_every_set_has_a_sample(number: str) -> None:
    """Whoever adds a set adds a document."""
    assert [path for path in SAMPLES if f"-{number}" in path.name] != []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_decodes_without_fault_and_is_written_with_the_same_segments(path: Path) -> None:
    """Byte for byte between ST and SE."""
    data = path.read_bytes()
    transactions = list(x12.decode_interchange(data))
    assert [(fault.line, fault.message) for one in transactions for fault in one.faults] == []
    for transaction, expected in zip(transactions, bodies(data), strict=True):
        written = x12.encode_transaction(transaction.body, grammar_of(data), Delimiters(repetition="^"))
        assert expected == ["*".join(segment) for segment in written]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_mandatory_segment_that_is_left_out_is_told(path: Path) -> None:
    """Each in turn; its loop loses its beginning with it."""
    data = path.read_bytes()
    lines = data.decode().splitlines()
    for node in _mandatory(grammar_of(data).root, {line.split("*")[0].rstrip("~") for line in lines}):
        tag = node.segment.tag
        text = "\n".join(line for line in lines if not line.startswith(f"{tag}*"))
        faults = [fault for one in x12.decode_interchange(text.encode()) for fault in one.faults]
        assert [fault for fault in faults if "mandatory" in fault.message and fault.tag == tag] != [], tag


def _mandatory(loop: Node, present: set[str]) -> Iterator[Node]:
    """Yield the mandatory nodes of loops that the document has."""
    for node in loop.children:
        if node.segment.tag in present - {"SE"}:
            if node.required:
                yield node
            yield from _mandatory(node, present)


BAD = [
    ("810", "BIG*20261106*INV-100471*20261015*4500012345***DI", "BIG*20261106", "BIG02 (invoice number) is mandatory"),
    ("810", "IT1*1*120*EA*9.95*PE*UP*012345678905*VN*SKU-0001*IN*ACM-77001", "IT1*1*120*EA", "IT102 and IT103 and IT104 must be"),
    ("810", "TDS*148080", "TDS*1480.80", "TDS01 (amount) must be digits only"),
    ("810", "CTT*2*126.5", "HL*1**S", "segment HL does not belong to a 810"),
    ("810", "ITD*01*3*2*20261116*10*20261206*30*****2% 10 NET 30", "ITD*01*3*2", "ITD03 is there, so ITD04 or ITD05 or ITD13"),
    ("820", "RMR*IV*INV-100488*PO*1376.72*1376.72", "RMR*IV**PO*1376.72", "RMR01 and RMR02 must be there together"),
    ("820", "TRN*1*PAY-2026-88123*1123456789", "TRN*1*PAY*112345678", "TRN03 (originating company identifier) is too short"),
    ("820", "ENT*1*PE*9*0801923340000", "ENT*1*PE*9", "ENT02 and ENT03 and ENT04 must be there together"),
    ("830", "FST*480*C*W*20261019", "FST*480*C*W", "FST04 (date) is mandatory"),
    (
        "830",
        "BFR*00**2026-W43*DL*A*20261019*20261231*20261016***4500009000",
        "BFR*00***DL*A*20261019**20261016",
        "of BFR02, BFR03",
    ),
    ("832", "BCT*PC*FALL-2026*2*1******00", "BCT*PC*FALL-2026-BUILDING-SUPPLIES", "BCT02 (catalog number) is too long"),
    ("832", "CTP*WS*UCP*9.95*1*EA", "CTP*WS*UCP*9.95*1", "CTP04 and CTP05 must be there together"),
    ("846", "QTY*29*600*EA", "QTY*29", "of QTY02, QTY04 one at least must be there"),
    ("846", "BIA*00*DD*INV-20261016*20261016*0600", "BIA*00*DD*INV-20261016*20261316", "BIA04 (date) must be a date"),
    ("852", "ZA*QA*310*EA", "ZA*QA*310", "ZA02 and ZA03 must be there together"),
    ("852", "XQ*H*20261011*20261017", "XQ*H", "XQ02 (date) is mandatory"),
    ("856", "HL*1**S*1", "HL*1**S*2", "HL04 (hierarchical child code) is '2', which is not one of 0, 1"),
    ("856", "SN1*2*6*CA", "SN1*2*6", "SN103 (unit of measure) is mandatory"),
    ("856", "BSN*00*ASN-000512*20261105*1612*0001", "BSN*00*ASN-000512*20261105*2512", "BSN04 (time) must be a time"),
    ("860", "POC*3*AI*10**EA*3.25**VN*SKU-0007", "POC*3*AI*10***3.25", "POC03 is there, so POC05 must be there too"),
    ("860", "POC*2*DI*0*6.5*CA***VN*SKU-0002", "POC*2*DI*0*6.5*CA***VN", "POC08 and POC09 must be there together"),
    ("861", "RCD*1*120*EA", "RCD*1", "of RCD02, RCD04, RCD06 one at least must be there"),
    ("861", "BRA*RA-55120*20261107*00*1*1530", "BRA*RA-55120*20261107*00", "BRA04 (receiving advice type) is mandatory"),
    ("862", "UIT*EA", "", "the mandatory segment UIT (unit and price) is missing before PKG"),
    ("862", "JIT*120*0800", "JIT", "JIT01 (quantity) is mandatory"),
    ("864", "MIT*MSG-2026-31*HOLIDAY HOURS", "MIT", "MIT01 (reference) is mandatory"),
    ("865", "ACK*IB*24*EA*068*20261112", "ACK*IB*24", "ACK02 and ACK03 must be there together"),
]
"""Set, a segment of its sample, what stands in its place, and what is said of it."""


@pytest.mark.parametrize(("number", "segment", "bad", "says"), BAD, ids=[f"{one[0]} {one[2]}" for one in BAD])
def test_what_breaks_the_rules_is_told_with_the_reason(number: str, segment: str, bad: str, says: str) -> None:
    """Mandatory elements, notes, kinds, lengths, codes, strangers."""
    text = (kit.SAMPLES / f"acme-{number}.edi").read_text()
    assert f"\n{segment}~" in text
    changed = text.replace(f"\n{segment}~", f"\n{bad}~" if bad else "", 1)
    (transaction,) = x12.decode_interchange(changed.encode())
    assert says in "; ".join(fault.message for fault in transaction.faults)


KEYS = {
    "810": {"invoice_number": "INV-100471", "purchase_order": "4500012345"},
    "820": {"payment": "PAY-2026-88123"},
    "830": {"release": "2026-W43", "purchase_order": "4500009000"},
    "832": {"catalog": "FALL-2026"},
    "846": {"advice": "INV-20261016"},
    "852": {"from_date": "2026-10-11"},
    "856": {"shipment": "ASN-000512"},
    "860": {"purchase_order": "4500012345"},
    "861": {"receiving_advice": "RA-55120"},
    "862": {"schedule": "SS-2026-1019", "release": "2026-W43", "purchase_order": "4500009000"},
    "864": {"subject": "HOLIDAY RECEIVING HOURS"},
    "865": {"purchase_order": "4500012345"},
}


@pytest.mark.parametrize("number", KEYS)
def test_operators_find_a_document_by_its_business_keys(number: str) -> None:
    """The names that `crossdock trace` and `messages` take."""
    (transaction,) = x12.decode_interchange((kit.SAMPLES / f"acme-{number}.edi").read_bytes())
    assert KEYS[number] == dict(transaction.keys)


def test_005010_allows_what_it_adds() -> None:
    """Long references, an implementation reference in ST03, a country subdivision in N407; 004010 takes none of it."""
    data = (kit.SAMPLES / "acme-856-005010.edi").read_bytes()
    (new,) = x12.decode_interchange(data)
    (old,) = x12.decode_interchange(data.replace(b"*^*00501*", b"*U*00401*").replace(b"*X*005010~", b"*X*004010~"))
    assert [] == [fault.message for fault in new.faults]
    assert [("ST", 3), ("REF", 2), ("N4", 7)] == [(fault.tag, fault.element) for fault in old.faults]


@pytest.mark.parametrize("version", ["003040", "004030VICS", "006020", "VICS"])
def test_a_group_of_a_version_that_is_not_there_is_answered_with_those_that_are(version: str) -> None:
    """AK905 is 2, and the words say what there is."""
    data = kit.interchange(kit.group(kit.transaction(), version=version))
    (part,) = kit.parts(data)
    assert part.error is not None
    expected = f"GS08: there is no grammar for X12 version '{version}'; there is 004010, 005010"
    assert ("AK905-2", expected) == (part.error.findings[0].code, part.error.findings[0].message)


def test_a_guide_of_another_version_says_which_one_it_takes() -> None:
    """The same set by number, in a later version."""
    surroundings = kit.Surroundings(guides={"g": {"guide": "g", "set": 850, "version": "004010", "segments": {}}})
    data = kit.interchange(kit.group(kit.transaction(), version="005010"))
    (part,) = kit.parts(data, surroundings, guide="g")
    assert part.error is not None
    assert "this route takes the 850 of X12 004010 only (its guide says so), this is '005010'" in part.error.message
