"""What is let pass when a partner's agreement or the route says so; nothing is otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.leniency import LENIENCIES
from crossdock.core.partner import Partner
from crossdock.core.spec import Part
from crossdock_transformers.edi.examine import examine
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.machine import compiled
from crossdock_transformers.edi.values import Delimiters
from tests.transformers.x12 import x12_kit as kit

BEG, PID, LINE, CTT = kit.ORDER[0], *kit.ORDER[6:]


@dataclass(frozen=True)
class Case:
    """A leniency, a changed order, and what a path in its body must be."""

    name: str
    body: list[str]
    path: tuple[Any, ...]
    value: Any


def having(segment: str, before: str = LINE) -> list[str]:
    """Return the order with one segment more."""
    at = kit.ORDER.index(before)
    return [*kit.ORDER[:at], segment, *kit.ORDER[at:]]


CASES = [
    Case("too_short", kit.replaced(LINE, "PO1*2*6.5*C*1.00"), ("PO1", 1, "PO103"), "C"),
    Case("too_long", kit.replaced(LINE, "PO1*2*1234567890123456*CA"), ("PO1", 1, "PO102"), Decimal(1234567890123456)),
    Case("invalid_code", kit.replaced(BEG, "BEG*99*SA*45**20261015"), ("BEG", "BEG01"), "99"),
    Case("invalid_character", kit.replaced("REF*DP*471", "REF*DP*4>71"), ("REF", 0, "REF02"), "4>71"),
    Case("lower_case_codes", kit.replaced(PID, "PID*f****HEX BOLT"), ("PO1", 0, "PID", 0, "PID01"), "F"),
    Case("surrounding_blanks", kit.replaced(BEG, "BEG*00*SA *45**20261015"), ("BEG", "BEG02"), "SA"),
    Case("surrounding_blanks", kit.replaced("REF*DP*471", "REF*DP*471   "), ("REF", 0, "REF02"), "471"),
    Case("surrounding_blanks", kit.replaced(LINE, "PO1*2*   6.5*CA"), ("PO1", 1, "PO102"), Decimal("6.5")),
    Case("number_format", kit.replaced(LINE, "PO1*2*1,200.50*CA"), ("PO1", 1, "PO102"), Decimal("1200.50")),
    Case("number_format", kit.replaced(LINE, "PO1*2*+6.5*CA"), ("PO1", 1, "PO102"), Decimal("6.5")),
    Case("number_format", kit.replaced(LINE, "PO1*2*6.5-*CA"), ("PO1", 1, "PO102"), Decimal("-6.5")),
    Case("explicit_point", having("SAC*C*D240***12.5", CTT), ("PO1", 1, "SAC", 0, "SAC05"), Decimal("12.50")),
    Case("explicit_point", having("SAC*C*D240***0.05", CTT), ("PO1", 1, "SAC", 0, "SAC05"), Decimal("0.05")),
    Case("date_format", kit.replaced(BEG, "BEG*00*SA*45**261015"), ("BEG", "BEG05"), "2026-10-15"),
    Case("date_format", kit.replaced(BEG, "BEG*00*SA*45**2026-10-15"), ("BEG", "BEG05"), "2026-10-15"),
    Case("date_format", having("DTM*002*20261101*09:30", kit.ORDER[2]), ("DTM", 0, "DTM03"), "09:30"),
    Case("missing_elements", kit.replaced(BEG, "BEG*00**4500000001**20261015"), ("BEG", "BEG03"), "4500000001"),
    Case("extra_elements", kit.replaced(CTT, "CTT*2*******X"), ("CTT",), {"CTT01": Decimal(2)}),
    Case("syntax_notes", kit.replaced(LINE, "PO1*2*6.5*CA*1.00**VN"), ("PO1", 1, "PO106"), "VN"),
    Case("repeats", [*kit.ORDER[:2], *["PER*BD*X"] * 4, *kit.ORDER[2:]], ("PER", 3, "PER02"), "X"),
    Case("empty_segments", having(""), ("PO1", 1, "PO101"), "2"),
    Case("unknown_segments", having("ZZZ*1"), ("PO1", 1, "PO101"), "2"),
    Case("unknown_segments", having("AK1*PO*1"), ("PO1", 1, "PO101"), "2"),
]


def names(part: Part) -> list[str]:
    """Return what was let pass."""
    return [remark.code for remark in part.remarks]


def at(body: Any, path: tuple[Any, ...]) -> Any:
    """Return what stands at a path."""
    for part in path:
        body = body[part]
    return body


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.path[-1]}")
def test_a_leniency_lets_its_fault_pass_and_is_counted(case: Case) -> None:
    """The value comes out as it was meant, and the acknowledgment notes a fault that the standard knows."""
    data = kit.file(case.body)
    (part,) = kit.parts(data, tolerate=[case.name])
    assert (part.error, at(part.body, case.path)) == (None, case.value)
    assert {case.name} == {remark.code for remark in part.remarks}
    verdict = [segment for segment in kit.acknowledgment(data, tolerate=[case.name]) if segment.startswith("AK5")]
    assert verdict == ["AK5*E*5"]


@pytest.mark.parametrize(
    "case", [one for one in CASES if one.path[-1] != "REF02"], ids=lambda case: f"{case.name}-{case.path[-1]}"
)
def test_without_it_the_document_is_rejected(case: Case) -> None:
    """Strict is the default; and no other leniency does instead."""
    assert [part.error is not None for part in kit.parts(kit.file(case.body))] == [True]
    others = [name for name in LENIENCIES if name != case.name and (case.name, name) not in OVERLAPPING]
    assert [part.error is not None for part in kit.parts(kit.file(case.body), tolerate=others)] == [True]


OVERLAPPING = {
    ("lower_case_codes", "invalid_code"),
    ("surrounding_blanks", "too_long"),
    ("surrounding_blanks", "invalid_code"),
    ("surrounding_blanks", "number_format"),
}
"""Leniencies beside which another one would do."""


def test_a_wrong_count_of_segments_is_let_pass() -> None:
    """SE01."""
    data = kit.interchange(kit.group(kit.transaction(count=12)))
    (part,) = kit.parts(data, tolerate=["segment_count"])
    assert (part.error, names(part)) == (None, ["segment_count"])
    assert "AK5*E*4" in kit.acknowledgment(data, tolerate=["segment_count"])


def test_control_numbers_may_differ_in_leading_zeros() -> None:
    """ST02 and SE02; other numbers remain a fault."""
    body = kit.transaction()
    data = kit.interchange(kit.group([*body[:-1], "SE*11*00001"]))
    (part,) = kit.parts(data, tolerate=["leading_zeros"])
    assert (part.error, names(part)) == (None, ["leading_zeros"])
    (part,) = kit.parts(kit.interchange(kit.group([*body[:-1], "SE*11*0002"])), tolerate=["leading_zeros"])
    assert part.error is not None


def test_a_child_code_may_disagree() -> None:
    """HL04 of many ship notices."""
    body = ["BSN*00*ASN-1*20261105*1612", "HL*1**S*0", "HL*2*1*O*1"]
    data = kit.interchange(kit.group(kit.transaction(body, number="856"), function="SH"))
    (part,) = kit.parts(data, tolerate=["child_codes"])
    assert (part.error, part.body["HL"][0]["HL"][0]["HL03"], names(part)) == (None, "O", ["child_codes", "child_codes"])


def test_bytes_that_are_not_utf8_are_read_as_latin() -> None:
    """MONTRÉAL as a mainframe writes it."""
    data = kit.file(kit.replaced("REF*DP*471", "REF*DP*MONTR?AL")).replace(b"?", b"\xc9")
    (part,) = kit.parts(data, tolerate=["invalid_character"])
    assert (part.error, part.body["REF"][0]["REF02"]) == (None, "MONTRÉAL")


def test_what_the_partner_may_do_is_said_in_its_agreement() -> None:
    """And holds beside what the route tolerates."""
    partners = {"acme": Partner("acme", x12=kit.agreement(lenient=("lower_case_codes",)))}
    body = kit.replaced(LINE, "PO1*2*6.5*C*1.00", kit.replaced(PID, "PID*f****HEX BOLT"))
    (part,) = kit.parts(kit.file(body), kit.Surroundings(partners), tolerate=["too_short"])
    assert (part.error, names(part)) == (None, ["lower_case_codes", "too_short"])


def test_several_leniencies_may_be_needed_for_one_value() -> None:
    """Blanks, then the case."""
    body = kit.replaced(PID, "PID* f ****HEX BOLT")
    (part,) = kit.parts(kit.file(body), tolerate=["surrounding_blanks", "lower_case_codes"])
    assert part.body["PO1"][0]["PID"][0]["PID01"] == "F"
    assert ["surrounding_blanks", "lower_case_codes"] == names(part)


def test_more_faults_than_are_listed_are_let_pass_all_the_same() -> None:
    """A file of a thousand lines, each with the same fault."""
    body = [*kit.ORDER[:5], *["PO1*1*12*E*9.95"] * 1000]
    (part,) = kit.parts(kit.file(body), tolerate=["too_short"])
    assert (part.error, len(part.body["PO1"]), set(names(part))) == (None, 1000, {"too_short"})


def test_the_clerk_reads_what_a_value_was_taken_for() -> None:
    """In the fault that is noted."""
    grammar = standard().get("850", "004010")
    text = "~".join(kit.transaction(kit.replaced(LINE, "PO1*2*1,200.50*CA"))) + "~"
    (fault,) = examine(compiled(grammar, Delimiters()), text, lenient={"number_format"}).faults
    assert fault.message == "PO102 (quantity ordered) must be a number; this is '1,200.50'; taken as '1200.50'"


def test_what_is_wrong_in_one_component_costs_no_other() -> None:
    """A composite is kept with what can be read of it."""
    body = having("MEA*PD*WT*1.5*>2", PID)
    (part,) = kit.parts(kit.file(body), tolerate=["missing_elements"])
    assert part.body["PO1"][0]["MEA"][0]["MEA04"] == {"MEA0402": Decimal(2)}
