"""What is looked at before a document leaves: each check, what it says and where, and how it is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crossdock.core.errors import Rejected
from crossdock.core.outcome import Claim
from crossdock.core.partner import Partner
from crossdock.core.preflight import CHECKS, Preflight
from crossdock_transformers.edi import preflight
from crossdock_transformers.edi.check_digits import check_digit, fault_of
from tests.transformers.edi.preflight_kit import edifact, told, x12
from tests.transformers.x12 import x12_kit

INVOICE = ("BIG*20261015*INV-1**4500000001", "IT1*1*12*EA*9.95**VN*A", "IT1*2*3*CA*10**VN*B", "TDS*14940", "CTT*2*15")
NOTICE = (
    "BSN*00*S1*20261015*0930", "HL*1**S*1", "HL*2*1*O*1", "PRF*4500000001", "HL*3*2*P*1", "MAN*GM*00106141411234567897",
    "HL*4*3*I*0", "LIN**UP*012345678905", "SN1**12*EA", "CTT*4*12",
)  # fmt: skip
INVOIC = (
    "BGM+380+INV-1+9", "LIN+1++4012345000009:EN", "QTY+47:12", "MOA+203:119.40", "PRI+AAA:9.95", "LIN+2++4012345000016:EN",
    "QTY+47:3", "MOA+203:30", "PRI+AAA:1000:::100", "UNS+S", "CNT+2:2", "MOA+79:149.40", "MOA+125:149.40", "MOA+176:28.39",
    "MOA+77:177.79",
)  # fmt: skip


def test_every_check_is_made_somewhere() -> None:
    """Those of the list, and no others; `chain` is made where documents are recorded."""
    assert {*CHECKS} == {*preflight.CHECKS, "duplicate_invoice", "chain"}


@pytest.mark.parametrize("document", [x12("810", *INVOICE), x12("856", *NOTICE), edifact("INVOIC", *INVOIC)])
def test_a_sound_document_may_leave(document: Any) -> None:
    """Nothing is said of it."""
    assert [] == told(document)


# Check digits


@pytest.mark.parametrize("key", ["106141411234567897", "012345678905", "4012345000009", "10012345678902", "96385074"])
def test_published_keys_have_the_right_check_digit(key: str) -> None:
    """Of all lengths."""
    assert "" == fault_of(key, (len(key),))


@given(st.text("0123456789", min_size=7, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(digits: str, index: int, off: int) -> None:
    """The weights 3 and 1 share no factor with 10."""
    key = digits + str(check_digit(digits))
    index %= len(digits)
    wrong = key[:index] + str((int(key[index]) + off) % 10) + key[index + 1 :]
    assert ("", True) == (fault_of(key, (len(key),)), fault_of(wrong, (len(key),)) != "")


KEYS = {
    "gtin-12": (
        x12("855", "PO1*1*12*EA*9.95**VN*A*UP*012345678906"),
        ("gtin", "segment 2 (PO1), element 9 (PO109)", "U.P.C. (GTIN-12) '012345678906' has the check digit 6, expected 5"),
    ),
    "gtin-14 too short": (
        x12("810", "IT1*1*12*EA*9.95**UK*1001234567890"),
        ("gtin", "segment 2 (IT1), element 7 (IT107)", "GTIN-14 '1001234567890' has 13 digits, expected 14"),
    ),
    "a letter": (
        x12("846", "LIN**EN*40123450000O9"),
        ("gtin", "segment 2 (LIN), element 3 (LIN03)", "GTIN-13 '40123450000O9' has something other than digits"),
    ),
    "without check digit": (
        x12("846", "LIN**UI*0123456789"),
        (
            "gtin",
            "segment 2 (LIN), element 3 (LIN03)",
            "U.P.C. without check digit '0123456789' must have 11 digits, without a check digit",
        ),
    ),
    "sscc": (
        x12("856", "MAN*GM*00106141411234567890"),
        ("sscc", "segment 2 (MAN), element 2 (MAN02)", "SSCC '00106141411234567890' has the check digit 0, expected 7"),
    ),
    "gln": (
        x12("810", "N1*ST*ACME*UL*4012345000008"),
        ("gln", "segment 2 (N1), element 4 (N104)", "GLN '4012345000008' has the check digit 8, expected 9"),
    ),
    "edifact article": (
        edifact("ORDRSP", "LIN+1++4012345000008:SRV"),
        (
            "gtin",
            "segment 2 (LIN), element 3 (LIN03), component 1",
            "GTIN '4012345000008' has the check digit 8, expected 9",
        ),
    ),
    "edifact package": (
        edifact("DESADV", "GIN+BJ+106141411234567890"),
        ("sscc", "segment 2 (GIN), element 2 (GIN02)", "SSCC '106141411234567890' has the check digit 0, expected 7"),
    ),
    "edifact party": (
        edifact("INVOIC", "NAD+BY+4012345000008::9"),
        ("gln", "segment 2 (NAD), element 2 (NAD02), component 1", "GLN '4012345000008' has the check digit 8, expected 9"),
    ),
}


@pytest.mark.parametrize("case", KEYS)
def test_a_wrong_key_is_named_with_its_place(case: str) -> None:
    """What stands there, and what was expected."""
    document, expected = KEYS[case]
    found = [
        (code, where.removesuffix(", component 1") if "package" in case else where, text) for code, where, text in told(document)
    ]
    assert [expected] == found


def test_other_qualifiers_are_left_alone() -> None:
    """A vendor's number is nobody's GTIN, a party by D-U-N-S no GLN."""
    assert [] == told(x12("855", "PO1*1*12*EA*9.95**VN*012345678906", "N1*ST*ACME*1*012345678", "MAN*CP*1Z999"))


# Hierarchy


LEVELS = {
    "twice": (["HL*1**S", "HL*1*1*O"], "level 1 occurs twice, expected a number of its own"),
    "nowhere": (["HL*1**S", "HL*2*7*O"], "level 2 stands below level 7, which does not come before it"),
    "order": (
        ["HL*1**S", "HL*2*1*I"],
        "an item (level 2) stands below a shipment, expected an order or a pallet or a pack or an item",
    ),
    "no children": (["HL*1**S*0", "HL*2*1*O"], "level 1 has levels below it, expected 1"),
    "children": (["HL*1**S*1"], "level 1 has no level below it, expected 0"),
}


@pytest.mark.parametrize("case", LEVELS)
def test_a_level_in_the_wrong_place_is_told(case: str) -> None:
    """A receiver would hang the goods on the wrong order."""
    segments, expected = LEVELS[case]
    assert [expected] == [message for _, _, message in told(x12("870", *segments))]


def test_an_order_and_an_item_of_a_ship_notice_say_what_they_are() -> None:
    """PRF, LIN and SN1 are missing."""
    expected = [
        "an order (level 2) does not say which purchase order it is: PRF is missing",
        "an item (level 3) does not say which article it is: LIN is missing",
        "an item (level 3) does not say how many were shipped: SN1 is missing",
    ]
    assert expected == [message for _, _, message in told(x12("856", "HL*1**S", "HL*2*1*O", "HL*3*2*I"))]


def test_package_levels_of_edifact_hang_together() -> None:
    """CPS names its parent."""
    expected = [
        ("hierarchy", "segment 3 (CPS), element 2 (CPS02)", "package level 2 stands below level 9, which does not come before it")
    ]
    assert expected == told(edifact("DESADV", "CPS+1", "CPS+2+9+1"))


# Sums


def test_an_invoice_that_does_not_add_up_is_told() -> None:
    """With the parts that were added."""
    document = x12("810", *INVOICE[:3], "TDS*16000", "SAC*C*D240***1050*****06", "TXI*ST*0.10")
    message = "TDS01 says 160.00, lines 149.40 with allowances and charges 10.50 and taxes 0.10 make 160.00"
    assert [] == told(document)
    document = x12("810", *INVOICE[:3], "TDS*16001", "SAC*C*D240***1050*****06", "TXI*ST*0.10")
    assert [("balance", "segment 5 (TDS), element 1 (TDS01)", message.replace("says 160.00", "says 160.01"))] == told(document)


@pytest.mark.parametrize("total", ["1", "2"])
def test_lines_may_be_rounded_each_or_together(total: str) -> None:
    """Two lines of half a cent make one cent or two."""
    assert [] == told(x12("810", "IT1*1*1*EA*0.005", "IT1*2*1*EA*0.005", f"TDS*{total}"))


def test_a_price_per_hundred_is_computed_and_one_per_pound_is_not() -> None:
    """What can't be known is not judged."""
    assert [] == told(x12("810", "IT1*1*200*EA*5*HP", "TDS*1000"))
    assert [] == told(x12("810", "IT1*1*200*EA*5*PP", "TDS*1"))
    assert [] == told(x12("810", "IT1*1*200*EA*5", "SAC*A*D240****Z*5", "TDS*1"))


EDIFACT_SUMS = {
    "line": ("MOA+203:119.40", "MOA+203:119.50", "MOA+203 says 119.5, quantity times price (QTY+47, PRI+AAA) make 119.4"),
    "lines": ("MOA+79:149.40", "MOA+79:149", "MOA+79 says 149, the sum of the lines (MOA+203) make 149.4"),
    "total": ("MOA+77:177.79", "MOA+77:177", "MOA+77 says 177, the taxable amount and the tax (MOA+125, MOA+176) make 177.79"),
}


@pytest.mark.parametrize("case", EDIFACT_SUMS)
def test_an_invoic_that_does_not_add_up_is_told(case: str) -> None:
    """Line by line and as a whole."""
    old, new, message = EDIFACT_SUMS[case]
    found = [text for _, _, text in told(edifact("INVOIC", *(new if one == old else one for one in INVOIC)))]
    assert message in found


def test_a_decimal_comma_is_read() -> None:
    """Where the agreement says so."""
    commas = [one.replace(".", ",") for one in INVOIC]
    assert [] == told(edifact("INVOIC", *commas, decimal_mark=","))


COUNTS = {
    "x12 lines": (x12("855", "PO1*1*1*EA*1", "CTT*2"), ("line_count", "CTT01 says 2 lines (PO1), there are 1")),
    "x12 levels": (x12("856", "CTT*2"), ("line_count", "CTT01 says 2 levels (HL), there are 0")),
    "x12 hash": (
        x12("850", "PO1*1*1.5*EA*1", "CTT*1*2"),
        ("hash_total", "CTT02 says 2 as the sum of quantities, the lines have 1.5"),
    ),
    "warehouse": (x12("945", "W12*CC*5*5", "W03*6"), ("hash_total", "W0301 says 6 units in all, the lines (W12) have 5")),
    "edifact lines": (edifact("ORDERS", "LIN+1", "CNT+2:2"), ("line_count", "CNT+2 says 2 lines (LIN), there are 1")),
    "edifact sum": (
        edifact("DESADV", "LIN+1", "QTY+12:5", "CNT+1:6"),
        ("hash_total", "CNT+1 says 6 as the sum of quantities, there are 5"),
    ),
}


@pytest.mark.parametrize("case", COUNTS)
def test_a_total_that_is_not_one_is_told(case: str) -> None:
    """What it says and what there is."""
    document, (check, message) = COUNTS[case]
    assert [(check, message)] == [(code, text) for code, _, text in told(document)]


def test_a_hash_total_without_decimal_points_is_right_as_well() -> None:
    """As the standard has it: 1.5 and 2 make 17."""
    assert [] == told(x12("850", "PO1*1*1.5*EA*1", "PO1*2*2*EA*1", "CTT*2*17"))


# Usage, duplicates, and leaving out


def test_a_test_environment_sends_nothing_marked_production() -> None:
    """And a test partner may be tested anywhere."""
    assert ["usage"] == [code for code, _, _ in told(x12("810", *INVOICE, testing=True))]
    assert [] == told(x12("810", *INVOICE, testing=True, usage="T"))


@pytest.mark.parametrize("document", [x12("810", *INVOICE), edifact("INVOIC", *INVOIC)])
def test_an_invoice_number_may_be_sent_to_a_partner_once(document: Any) -> None:
    """It claims its number."""
    expected = (Claim("invoice/acme", "INV-1", "invoice INV-1 to acme", verb="sent", fails=True),)
    assert expected == preflight.claims_of(document)
    assert () == preflight.claims_of(document, ["duplicate_invoice"])


def test_a_replacement_claims_nothing() -> None:
    """It says that the number was used before."""
    assert () == preflight.claims_of(x12("810", "BIG*20261015*INV-1**4500000001***DI*05"))
    assert () == preflight.claims_of(edifact("INVOIC", "BGM+380+INV-1+5"))


def test_all_faults_are_told_at_once_and_how_to_leave_a_check_out() -> None:
    """The error has every finding and an advice."""
    with pytest.raises(Rejected) as caught:
        preflight.preflight(x12("855", "PO1*1*1*EA*1**UP*012345678906", "CTT*2"))
    error = caught.value
    assert ("preflight-gtin", 2) == (error.code, len(error.findings))
    assert error.advice.endswith("if this is as agreed, leave the check out with `preflight: {skip: [gtin]}`")


@pytest.mark.parametrize("check", sorted({*preflight.CHECKS} - {"usage"}))
def test_a_check_that_is_left_out_says_nothing(check: str) -> None:
    """Each by its name."""
    bad = x12(
        "856", "HL*1**S*0", "HL*2*1*O", "MAN*GM*1", "LIN**UP*1", "N1*ST*A*UL*1", "CTT*9*9", testing=True
    ) if check != "balance" else x12("810", "IT1*1*1*EA*1", "TDS*1")  # fmt: skip
    assert check in [code for code, _, _ in told(bad)]
    assert check not in [code for code, _, _ in told(bad, check)]


def test_nobody_leaves_out_what_keeps_environments_apart() -> None:
    """Neither an agreement nor a step."""
    with pytest.raises(ValidationError, match="'usage' is never left out: a test environment sends nothing that is marked"):
        Preflight(skip=("usage",))
    assert ["usage"] == [code for code, _, _ in told(x12("810", *INVOICE, testing=True), "usage")]


def test_an_unknown_check_is_answered_with_the_nearest() -> None:
    """In an agreement and in a step."""
    with pytest.raises(ValidationError, match="unknown check 'balanse'; did you mean 'balance'"):
        Preflight(skip=("balanse",))


# The step

REPLY: dict[str, Any] = {
    "BAK": {"BAK01": "00", "BAK02": "AC", "BAK03": "4500000001", "BAK04": "2026-10-15"},
    "PO1": [
        {"PO101": "1", "PO102": Decimal(12), "PO103": "EA", "PO104": Decimal("9.95"), "PO106": "UP", "PO107": "012345678906"}
    ],
}


def test_the_encode_step_looks_before_it_lets_go() -> None:
    """An 855 with a wrong U.P.C. is refused."""
    with pytest.raises(Rejected, match=r"the 855 must not leave: U\.P\.C\. \(GTIN-12\) '012345678906' has the check digit 6"):
        x12_kit.encoder(set="855").apply(x12_kit.message(REPLY))


def test_a_check_is_left_out_by_the_step_or_by_the_agreement() -> None:
    """Either is enough."""
    skip = {"skip": ["gtin"]}
    lenient = x12_kit.Surroundings({"acme": Partner("acme", x12=x12_kit.agreement(preflight=skip))})
    by_step = x12_kit.encoder(set="855", preflight=skip).apply(x12_kit.message(REPLY)).body.render(1)
    assert by_step == x12_kit.encoder(lenient, set="855").apply(x12_kit.message(REPLY)).body.render(1)


def test_the_step_guards_test_environments() -> None:
    """The agreement says production, the environment is for tests."""
    with pytest.raises(Rejected, match="a test environment can't send what is marked production"):
        x12_kit.encoder(x12_kit.Surroundings(testing=True), set="855", preflight={"skip": ["gtin"]}).apply(x12_kit.message(REPLY))
