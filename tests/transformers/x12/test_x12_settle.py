"""What a partner's 997, 999 or TA1 says of what we sent, in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.exchange import Settlement
from tests.transformers.x12 import x12_kit as kit


def told(*segments: str, kind: str = "997", **options: Any) -> list[Settlement]:
    """Return what an acknowledgment says."""
    version = "004010" if kind == "997" else "005010X231A1"
    data = kit.interchange(kit.group(kit.transaction(segments, number=kind), function="FA", version=version))
    (part,) = kit.decoded(data, **options).parts()
    assert part.error is None
    return list(part.settlements)


def short(settlements: list[Settlement]) -> list[tuple[str, str, str]]:
    return [(one.group, one.transaction, one.verdict.value) for one in settlements]


def test_each_transaction_is_told_apart() -> None:
    """Nothing is left for the group to say."""
    found = told("AK1*PR*31", "AK2*855*0001", "AK5*A", "AK2*855*0002", "AK5*E*5", "AK2*855*0003", "AK5*R*5", "AK9*P*3*3*2")
    verdicts = ["acknowledged", "acknowledged_with_errors", "rejected"]
    assert short(found) == [("31", f"000{at}", verdict) for at, verdict in enumerate(verdicts, start=1)]
    assert {one.document for one in found} == {"855"}


@pytest.mark.parametrize(
    ("code", "verdict"), [("A", "acknowledged"), ("E", "acknowledged_with_errors"), ("R", "rejected"), ("P", "rejected")]
)
def test_a_group_without_transactions_is_told_as_a_whole(code: str, verdict: str) -> None:
    """AK1 and AK9 alone; P without saying which is a matter for a person."""
    assert short(told("AK1*PR*31", f"AK9*{code}*3*3*{0 if code == 'R' else 2}")) == [("31", "", verdict)]


def test_a_partner_that_names_only_the_rejected_means_the_others_are_taken() -> None:
    """By its own count."""
    found = told("AK1*PR*31", "AK2*855*0002", "AK5*R*5", "AK9*P*3*3*2")
    assert short(found) == [("31", "0002", "rejected"), ("31", "", "acknowledged")]


def test_a_group_that_is_rejected_rejects_those_not_named() -> None:
    """With its own reason."""
    found = told("AK1*PR*31", "AK2*855*0001", "AK5*R*5", "AK9*R*2*2*0*5")
    assert short(found) == [("31", "0001", "rejected"), ("31", "", "rejected")]
    assert str(found[1].error) == "acme rejected group 31: group 31: the number of transactions is not right"


def test_the_reason_names_segment_element_and_value() -> None:
    """With the titles of our grammar."""
    found = told("AK1*PR*31", "AK2*855*0001", "AK3*PO1*3**8", "AK4*2*330*6*TEN", "AK4*3*355*7*XX", "AK5*R*5", "AK9*R*1*1*0")
    (one,) = found
    assert one.error is not None
    assert one.error.message == (
        "acme rejected 855 0001: segment 3 (PO1), element 2 (PO102, quantity ordered): "
        "the value holds an invalid character: 'TEN' (and 1 more)"
    )
    assert [finding.code for finding in one.error.findings] == ["AK403-6", "AK403-7"]


def test_components_segments_and_transactions_have_their_words() -> None:
    """Everything that a 997 can point at."""
    segments = ["AK3*XYZ*4**1", "AK3*MEA*5**8", "AK4*4>1*355*1", "AK5*R*3*4*99"]
    (one,) = told("AK1*PR*31", "AK2*855*0001", *segments, "AK9*R*1*1*0")
    assert one.error is not None
    assert [(finding.where, finding.message) for finding in one.error.findings] == [
        ("segment 4 (XYZ)", "the segment is not known"),
        ("segment 5 (MEA), element 4 (MEA0401, unit of measure)", "a mandatory element is missing"),
        ("855 0001", "the control numbers of header and trailer differ"),
        ("855 0001", "the number of segments is not right"),
        ("855 0001", "code 99"),
    ]


def test_a_999_has_codes_for_guides() -> None:
    """IK3, IK4, IK5 and CTX."""
    segments = ["IK3*PO1*3**8", "CTX*BAK03>1", "IK4*3*355*I6*XX", "CTX*SITUATIONAL TRIGGER*PO1*3**3", "IK5*R*I5"]
    (one,) = told("AK1*PR*31*005010", "AK2*855*0001", *segments, "AK9*R*1*1*0", kind="999")
    assert one.by == "999"
    assert one.error is not None
    assert one.error.findings[0].message == "the partner's guide doesn't use this code: 'XX'"


def test_a_rejection_without_a_reason_says_so() -> None:
    """The operator must ask."""
    (one,) = told("AK1*PR*31", "AK2*855*0001", "AK5*R", "AK9*R*1*1*0")
    assert str(one.error) == "acme rejected 855 0001, and its 997 doesn't say why"


def test_a_ta1_in_an_interchange_speaks_of_an_interchange() -> None:
    """Accepted: it has arrived; rejected: all in it is."""
    data = kit.interchange(kit.group(kit.transaction())).replace(
        b"~GS*", b"~TA1*000000031*261015*0930*A*000~TA1*000000032*261015*0930*R*006~GS*"
    )
    accepted, rejected = kit.decoded(data).finish().settlements
    assert (accepted.interchange, accepted.verdict.value, accepted.error) == ("000000031", "arrived", None)
    assert (
        str(rejected.error) == "acme rejected interchange 000000032: interchange 000000032: the sender's id (ISA06) is not known"
    )


@pytest.mark.parametrize(
    ("segment", "says"),
    [
        ("TA1*000000031*261015*0930*Z*006", "TA104 (verdict) is 'Z', which is not one of A, E, R"),
        ("TA1*000000031*261015*0930", "TA104 (verdict) is mandatory and is empty"),
        ("TA1*000000031*261315*0930*R*006", "TA102 (interchange date) must be a date as YYMMDD"),
        ("TA1*000000031*261015*0930*R*099", "TA105 (note) is '099', which is not one of its 32 codes"),
        ("TA1*000000031*261015*0930*R*006*X", "TA1 has 6 elements, at most 5 are defined"),
    ],
)
def test_a_ta1_that_is_not_right_itself_says_where(segment: str, says: str) -> None:
    """It accepts nothing; the operator sees both what it says and what it should have said."""
    data = kit.interchange(kit.group(kit.transaction())).replace(b"~GS*", f"~{segment}~GS*".encode())
    (one,) = kit.decoded(data).finish().settlements
    assert one.error is not None
    assert one.error.findings[1].message.startswith(f"the TA1 itself is not right: {says}")


ODD = ["000000031", "261015", "0930", "A", "R", "006", "", "X", "\u00e9", "9" * 30]
"""Elements of a TA1, right and wrong."""


@given(elements=st.lists(st.sampled_from(ODD), max_size=8))
def test_any_ta1_is_settled(elements: list[str]) -> None:
    """Whatever its elements are, there is one settlement of it, and the file is read."""
    data = kit.interchange(kit.group(kit.transaction())).replace(b"~GS*", ("~TA1*" + "*".join(elements) + "~GS*").encode())
    stream = kit.decoded(data)
    assert [part.error for part in stream.parts()] == [None]
    assert len(stream.finish().settlements) == 1


def test_an_acknowledgment_ends_where_it_is_settled_unless_the_route_asks_for_it() -> None:
    """A guide or a choice of sets doesn't keep it out."""
    segments = ["AK1*PR*31", "AK2*855*0001", "AK5*A", "AK9*A*1*1*1"]
    data = kit.interchange(kit.group(kit.transaction(segments, number="997"), function="FA"))
    (part,) = kit.parts(data, sets=["850"])
    assert (part.passes, len(part.settlements), part.error) == (False, 1, None)
    assert part.raw == data
    (part,) = kit.parts(data, sets=["997"])
    assert (part.passes, len(part.settlements)) == (True, 1)


def test_an_acknowledgment_that_is_broken_itself_fails() -> None:
    """It is reported, and settles nothing."""
    data = kit.interchange(kit.group(kit.transaction(["AK1*PR*31"], number="997"), function="FA"))
    (part,) = kit.parts(data)
    assert part.error is not None
    assert part.settlements == ()
