"""The sets of warehouses, carriers, sales reports and order status: their samples, keys and rules."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crossdock_transformers import x12
from crossdock_transformers.edi.load import standard
from tests.transformers.x12 import x12_kit as kit

SAMPLES = {
    "867": "acme-867", "869": "acme-869", "870": "acme-870", "940": "northside-940", "943": "northside-943",
    "944": "northside-944", "945": "northside-945", "947": "northside-947", "204": "roadway-204", "210": "roadway-210",
    "214": "roadway-214", "990": "roadway-990",
}  # fmt: skip
"""Set and the name of its sample: ACME sells what we supply, NORTHSIDE keeps our stock, ROADWAY carries it."""


def sample(number: str) -> bytes:
    """Return the sample of a set."""
    return (kit.SAMPLES / f"{SAMPLES[number]}.edi").read_bytes()


def changed(number: str, old: str, new: str) -> bytes:
    """Return the sample with the first such segment replaced, or removed where `new` is empty."""
    text = sample(number).decode()
    assert f"\n{old}~" in text
    return text.replace(f"\n{old}~", f"\n{new}~" if new else "", 1).encode()


MISSING = [
    ("867", "BPT*00*RSL-2026-10*20261107*SS", "AK3*BPT*2**3"),
    ("869", "BSI*INQ-2026-881*20261107*PP", "AK3*BSI*2**3"),
    ("870", "BSR*3*PP*OSR-2026-1107*20261107***0930", "AK3*BSR*2**3"),
    ("940", "W05*N*WO-90017*4500012345***OP", "AK3*W05*2**3"),
    ("943", "W06*N*TO-5512*20261103*TRK-5512*AG-1*4500009911", "AK3*W06*2**3"),
    ("943", "W03*506*1450*LB*88*CF*3*PF", "AK3*W03*22**3"),
    ("944", "W17*F*20261104*RCV-70031*TO-5512*TRK-5512*1415", "AK3*W17*2**3"),
    ("944", "W14*504*506*2", "AK3*W14*18**3"),
    ("945", "W06*F*WO-90017*20261105*ASN-000512*AG-7*4500012345", "AK3*W06*2**3"),
    ("947", "W15*20261107*ADJ-3001*DEP-3001", "AK3*W15*2**3"),
    ("204", "B2**RDWY**LD-70455**PP", "AK3*B2*2**3"),
    ("204", "B2A*00*LT", "AK3*B2A*3**3"),
    ("210", "B3*B*FRT-118822*LD-70455*PP*L*20261108*47437**20261107*035*RDWY", "AK3*B3*2**3"),
    ("214", "B10*PRO-3312987*LD-70455*RDWY", "AK3*B10*2**3"),
    ("990", "B1*RDWY*LD-70455*20261104*A", "AK3*B1*2**3"),
]


def answered(number: str, body: Sequence[str]) -> list[str]:
    """Return the 997 for a transaction that ACME sends."""
    function = standard().get(number, "004010").group
    return kit.acknowledgment(kit.interchange(kit.group(kit.transaction(body, number=number), function=function)))


def body(number: str) -> list[str]:
    """Return the segments of a sample between ST and SE."""
    return sample(number).decode().split("~\n")[3:-4]


@pytest.mark.parametrize(("number", "segment", "expected"), MISSING, ids=[f"{one[0]} {one[2]}" for one in MISSING])
def test_a_mandatory_segment_that_is_left_out_is_answered_with_its_place(number: str, segment: str, expected: str) -> None:
    """One AK3 with code 3, at the position where it should have stood."""
    answer = answered(number, kit.replaced(segment, "", body(number)))
    assert [expected] == [one for one in answer if one.startswith("AK3")]
    assert "AK5*R*5" in answer


@pytest.mark.parametrize("number", SAMPLES)
def test_a_sample_is_accepted(number: str) -> None:
    """With nothing to say of it."""
    group = standard().get(number, "004010").group
    assert [f"AK1*{group}*4711", f"AK2*{number}*0001", "AK5*A", "AK9*A*1*1*1"] == answered(number, body(number))


@pytest.mark.parametrize(("number", "lines"), [("940", "W01"), ("943", "W04"), ("945", "W12"), ("947", "W19"), ("204", "S5")])
def test_a_document_without_any_line_is_answered_with_the_loop_that_is_missing(number: str, lines: str) -> None:
    """The lines are the point of it."""
    answer = answered(number, [one for one in body(number) if not one.startswith(f"{lines}*")])
    assert [one for one in answer if one.startswith(f"AK3*{lines}*") and one.endswith("**3")] != []


BAD = [
    ("867", "PTD*SS***IV*INV-100471", "PTD*SS***IV", "PTD04 and PTD05 must be there together"),
    ("867", "QTY*39*120*EA", "QTY*39", "of QTY02, QTY04 one at least must be there"),
    ("869", "BSI*INQ-2026-881*20261107*PP", "BSI*INQ-2026-881*20261107", "BSI03 (order and item selection) is mandatory"),
    ("869", "HL*2*1*I*0", "HL*2*1*I*2", "HL04 (hierarchical child code) is '2'"),
    ("870", "ISR*PR*20261106", "ISR*PR*20261306", "ISR02 (date) must be a date"),
    ("870", "BSR*3*PP*OSR-2026-1107*20261107***0930", "BSR*3*PP**20261107", "BSR03 (reference) is mandatory"),
    ("940", "W01*6.5*CA**VN*SKU-0002", "W01*6.5*CA", "of W0103, W0104 one at least must be there"),
    ("940", "W01*6.5*CA**VN*SKU-0002", "W01*6.5*CA**VN", "W0104 and W0105 must be there together"),
    ("940", "W01*6.5*CA**VN*SKU-0002", "W01*6.5*CA*12345*VN*SKU-0002", "W0103 (U.P.C. case code) is too short"),
    ("940", "G62*10*20261105", "G62*10", "G6201 and G6202 must be there together"),
    ("940", "W66*PP*M***ROADWAY LTL*****RDWY", "W66*PP", "W6602 (transport method) is mandatory"),
    ("943", "W04*26*CA**VN*SKU-0002", "W04*26**012345678905", "W0402 (unit of measure) is mandatory"),
    ("943", "W03*506*1450*LB*88*CF*3*PF", "W03*506*1450", "W0302 and W0303 must be there together"),
    ("944", "W13*2*EA*01", "W13*2*EA", "W1303 (receiving condition) is mandatory"),
    ("944", "W14*504*506*2", "W14*12345678", "W1401 (quantity received) is too long"),
    ("945", "W12*SH*6.5*6.5**CA**VN*SKU-0002", "W12*SH*6.5*6.5**CA**VN", "W1207 and W1208 must be there together"),
    ("945", "W27*M*RDWY*ROADWAY LTL*PP*TL*RDWY*53117", "W27**RDWY", "W2701 (transport method) is mandatory"),
    ("945", "LX*1", "LX*A", "LX01 (assigned number) must be a whole number"),
    ("947", "W19*05*2*CA**VN*SKU-0002", "W19*05*2*CA", "of W1904, W1905 one at least must be there"),
    ("204", "AT8*G*L*1200*120", "AT8*G*L", "AT801 and AT802 and AT803 must be there together"),
    ("204", "S5*2*CU*1450*L*3*PL", "S5*2*CU*1450*L*3", "S505 and S506 must be there together"),
    ("204", "L11*TO-5512*SI", "L11*TO-5512", "L1101 and L1102 must be there together"),
    ("204", "MS3*RDWY*B**M", "MS3*RDWY*B**M*TX", "MS305 is there, so MS303 must be there too"),
    ("210", "L1*1*34.375*CW*41250", "L1*1*34.375*CW", "of L104, L105, L106 one at least must be there"),
    ("210", "L3*1450*G***47437******126*L", "L3*1450*G***474.37", "L305 (charge) must be digits only"),
    ("214", "AT7***AA*NA*20261107*0800*CT", "AT7*AF*NS*AA*NA*20261107*0800*CT", "of AT701, AT703 one at most may be there"),
    ("214", "AT7*D1*A1***20261107*1012*CT", "AT7*D1*A1****1012*CT", "AT706 is there, so AT705 must be there too"),
    ("214", "B10*PRO-3312987*LD-70455*RDWY", "B10**LD-70455*RDWY", "of B1001, B1006 one at least must be there"),
    ("990", "B1*RDWY*LD-70455*20261104*A", "B1*RDWY**20261104*A", "B102 (shipment identification) is mandatory"),
]
"""Set, a segment of its sample, what stands in its place, and what is said of it."""


@pytest.mark.parametrize(("number", "segment", "bad", "says"), BAD, ids=[f"{one[0]} {one[2]}" for one in BAD])
def test_what_breaks_the_rules_is_told_with_the_reason(number: str, segment: str, bad: str, says: str) -> None:
    """Mandatory elements, notes, kinds, lengths."""
    (transaction,) = x12.decode_interchange(changed(number, segment, bad))
    assert says in "; ".join(fault.message for fault in transaction.faults)


KEYS = {
    "867": {"report": "RSL-2026-10"},
    "869": {"inquiry": "INQ-2026-881"},
    "870": {"report": "OSR-2026-1107"},
    "940": {"warehouse_order": "WO-90017", "purchase_order": "4500012345"},
    "943": {"warehouse_order": "TO-5512", "shipment": "TRK-5512", "purchase_order": "4500009911"},
    "944": {"receipt": "RCV-70031", "warehouse_order": "TO-5512", "shipment": "TRK-5512"},
    "945": {"warehouse_order": "WO-90017", "shipment": "ASN-000512", "purchase_order": "4500012345"},
    "947": {"adjustment": "ADJ-3001"},
    "204": {"load": "LD-70455"},
    "210": {"invoice_number": "FRT-118822", "load": "LD-70455"},
    "214": {"pro_number": "PRO-3312987", "load": "LD-70455"},
    "990": {"load": "LD-70455"},
}


@pytest.mark.parametrize("number", KEYS)
def test_operators_find_a_document_by_its_business_keys(number: str) -> None:
    """A warehouse's answer by the order that it answers, a carrier's by the load."""
    (transaction,) = x12.decode_interchange(sample(number))
    assert KEYS[number] == dict(transaction.keys)


@pytest.mark.parametrize("number", SAMPLES)
def test_each_is_read_in_005010_as_well(number: str) -> None:
    """The common parts are the same."""
    data = sample(number).replace(b"*U*00401*", b"*^*00501*").replace(b"*X*004010~", b"*X*005010~")
    (transaction,) = x12.decode_interchange(data)
    assert [] == [fault.message for fault in transaction.faults]
    assert standard().get(number, "005010").version == transaction.body["version"]


def test_values_have_their_kinds() -> None:
    """Freight charges have two implied decimals, quantities their own, dates and times are written plainly."""
    (bill,) = x12.decode_interchange(sample("210"))
    (status,) = x12.decode_interchange(sample("214"))
    assert ("474.37", "412.50") == (str(bill.body["B3"]["B307"]), str(bill.body["LX"][0]["L1"][0]["L104"]))
    assert ("2026-11-07", "10:12") == (status.body["LX"][1]["AT7"][1]["AT705"], status.body["LX"][1]["AT7"][1]["AT706"])


def test_header_references_of_a_warehouse_order_belong_to_the_order() -> None:
    """And not to the party before them."""
    (order,) = x12.decode_interchange(sample("940"))
    assert [one["N902"] for one in order.body["N9"]] == ["471", "SO-90017"]
    assert [one["W01"][0]["N9"][0]["N902"] for one in order.body["LX"]] == ["1", "2"]
