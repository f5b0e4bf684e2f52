"""The 997 says exactly what was wrong, segment by segment."""

from __future__ import annotations

from crossdock.core.partner import Partner, X12Identity
from crossdock_transformers import x12
from tests.transformers.x12 import x12_kit as kit

BEG = "BEG*00*SA*4500000001**20261015"
LINE = "PO1*2*6.5*CA*1.00**VN*SKU-0002"
BAD = kit.replaced(LINE, "PO1*2*SIX*CA*1.00")


def test_a_good_group_is_accepted() -> None:
    """AK9*A with its counts."""
    expected = ["AK1*PO*4711", "AK2*850*0001", "AK5*A", "AK2*850*0002", "AK5*A", "AK9*A*2*2*2"]
    assert expected == kit.acknowledgment(kit.file(kit.ORDER, kit.ORDER))


def test_a_bad_transaction_between_good_ones_is_told_by_segment_and_element() -> None:
    """AK9*P: accepted in part."""
    expected = [
        "AK1*PO*4711",
        "AK2*850*0001",
        "AK5*A",
        "AK2*850*0002",
        "AK3*PO1*9**8",
        "AK4*2*330*6*SIX",
        "AK5*R*5",
        "AK2*850*0003",
        "AK5*A",
        "AK9*P*3*3*2",
    ]
    assert expected == kit.acknowledgment(kit.file(kit.ORDER, BAD, kit.ORDER))


def test_a_group_without_a_good_transaction_is_rejected() -> None:
    """AK9*R."""
    assert kit.acknowledgment(kit.file(BAD))[-1] == "AK9*R*1*1*0"


def test_tolerated_faults_are_accepted_with_errors_noted() -> None:
    """AK5*E and AK9*E."""
    body = kit.replaced(BEG, "BEG*99*SA*4500000001**20261015")
    expected = ["AK1*PO*4711", "AK2*850*0001", "AK3*BEG*2**8", "AK4*1*353*7*99", "AK5*E*5", "AK9*E*1*1*1"]
    assert expected == kit.acknowledgment(kit.file(body), tolerate=["invalid_code"])


def test_a_tolerated_segment_count_is_noted_in_ak5() -> None:
    """A partner that has always counted wrong."""
    data = kit.interchange(kit.group(kit.transaction(count=12)))
    expected = ["AK1*PO*4711", "AK2*850*0001", "AK5*E*4", "AK9*E*1*1*1"]
    assert expected == kit.acknowledgment(data, tolerate=["segment_count"])


def test_segment_faults_have_their_own_codes() -> None:
    """Missing, unknown, foreign, out of sequence."""
    body = ["REF*DP*1", "XYZ*1", "AK1*PO*1", "PO1*1", "CTT*1", "REF*DP*1", "CTT*1"]
    expected = ["AK3*BEG*2**3", "AK3*XYZ*3**1", "AK3*AK1*4**6", "AK3*REF*7**7", "AK3*CTT*8**4", "AK5*R*5"]
    assert expected == kit.acknowledgment(kit.file(body))[2:-1]


def test_component_faults_name_the_component_and_a_mandatory_one_has_no_value() -> None:
    """AK401 is a composite."""
    at = kit.ORDER.index(LINE)
    body = [*kit.ORDER[:at], "MEA*PD*WT*1.5*>2", *kit.ORDER[at:]]
    body.remove("PID*F****HEX BOLT ZINC")
    assert kit.acknowledgment(kit.file(body))[2:4] == ["AK3*MEA*8**8", "AK4*4>1*355*1"]


def test_transaction_faults_are_listed_in_ak5() -> None:
    """Wrong count and wrong number, no segment fault."""
    segments = [*kit.transaction()[:-1], "SE*12*0002"]
    assert kit.acknowledgment(kit.interchange(kit.group(segments)))[2] == "AK5*R*4*3"


def test_an_unknown_set_is_rejected_with_code_1() -> None:
    """And the group in part."""
    data = kit.interchange(kit.group(kit.transaction(), kit.transaction(number="851", control="0002")))
    assert kit.acknowledgment(data)[3:] == ["AK2*851*0002", "AK5*R*1", "AK9*P*2*2*1"]


def test_a_wrong_group_count_rejects_the_group() -> None:
    """AK905 is 5; AK902 is what the partner said."""
    data = kit.file(kit.ORDER).replace(b"GE*1*", b"GE*7*")
    assert kit.acknowledgment(data) == ["AK1*PO*4711", "AK9*R*7*1*0*5"]


def test_the_bad_value_is_quoted_without_our_delimiters() -> None:
    """A partner with other delimiters may send a tilde in a name."""
    body = kit.replaced(LINE, "PO1*2*A?B*CA*1.00")
    data = kit.file(body).translate(bytes.maketrans(b"*~?", b"|^*"))
    assert kit.acknowledgment(data)[3] == "AK4*2*330*6*A B"


def test_each_functional_group_has_its_own_997() -> None:
    """With keys that never clash."""
    data = kit.interchange(kit.group(kit.transaction()), kit.group(kit.transaction(), control="4712"))
    deliveries = kit.decoded(data).finish().deliveries
    expected = [f"997/ZZ/ACMERETAIL/01/080192334/000004711/{group}" for group in ("4711", "4712")]
    assert expected == [delivery.key for delivery in deliveries]


def test_the_997_is_an_interchange_from_us_with_its_number_from_the_partners_sequence() -> None:
    """Byte for byte."""
    (delivery,) = kit.decoded(kit.file(kit.ORDER)).finish().deliveries
    expected = (
        "ISA*00*          *00*          *01*080192334      *ZZ*ACMERETAIL     *251009*0853*U*00401*000000042*0*P*>~"
        "GS*FA*080192334*ACMERETAIL*20251009*0853*42*X*004010~ST*997*0001~AK1*PO*4711~AK2*850*0001~AK5*A~AK9*A*1*1*1~"
        "SE*6*0001~GE*1*42~IEA*1*000000042~"
    )
    assert expected == delivery.body.render(42).decode()
    assert (delivery.body.scope, delivery.body.name(42)) == ("x12/acme", "997-000004711-000000042.edi")
    assert (delivery.endpoint, delivery.where) == ("partner:acme", "routes/sales/acme-orders.route.yaml:9")


def test_control_numbers_begin_again_after_nine_nines() -> None:
    """ISA13 has nine digits."""
    (delivery,) = kit.decoded(kit.file(kit.ORDER)).finish().deliveries
    assert [delivery.body.render(number)[-11:] for number in (999_999_999, 1_000_000_000)] == [b"*999999999~", b"*000000001~"]


def test_the_agreement_decides_whether_and_how_we_answer() -> None:
    """No acknowledgment agreed; or other delimiters and an application id."""
    silent = kit.Surroundings({"acme": Partner("acme", x12=kit.agreement(acknowledge="none"))})
    assert kit.decoded(kit.file(kit.ORDER), silent).finish().deliveries == ()
    theirs = X12Identity(qualifier="ZZ", id="ACMERETAIL", application="ACMEAPP")
    other = kit.agreement(theirs=theirs, element_separator="|", segment_terminator="~\n")
    (delivery,) = kit.decoded(kit.file(kit.ORDER), kit.Surroundings({"acme": Partner("acme", x12=other)})).finish().deliveries
    text = delivery.body.render(1).decode()
    assert text.split("~\n")[1] == "GS|FA|080192334|ACMEAPP|20251009|0853|1|X|004010"
    assert text.endswith("IEA|1|000000001~")


def test_our_997s_decode_without_a_fault() -> None:
    """By our own grammar, whatever the partner sent."""
    bodies = [kit.ORDER, BAD, ["XYZ"], ["BEG*00"], [], ["PO1*" + "9" * 200], ["REF*\x01*é*" + "é" * 300]]
    (delivery,) = kit.decoded(kit.file(*bodies)).finish().deliveries
    (found,) = x12.decode_interchange(delivery.body.render(1))
    assert found.faults == ()
    assert ["A", *"RRRRRR"] == [response["AK5"]["AK501"] for response in found.body["AK2"]]
