"""What is refused in strict reading and let pass in lenient reading, in both dialects: noted, counted, answered with E."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from crossdock.core.errors import Rejected
from crossdock.core.leniency import LENIENCIES
from crossdock.core.partner import Partner
from tests.transformers.edifact import edifact_kit
from tests.transformers.x12 import x12_kit as kit

X12 = {
    "surrounding_blanks": ("*6.5*CA*", "*6.5*CA *"),
    "lower_case_codes": ("~PID*F*", "~PID*f*"),
    "extra_elements": ("~CTT*2", "~CTT*2**********9"),
    "empty_segments": ("~CTT*2~SE*11", "~~CTT*2~SE*12"),
    "unknown_segments": ("~CTT*2~SE*11", "~ZZZ*1~CTT*2~SE*12"),
    "segment_count": ("~SE*", "~SE*9"),
    "too_long": ("PO1*2*6.5*", "PO1*123456789012345678901*6.5*"),
    "envelope_count": ("~GE*1*", "~GE*7*"),
    "isa_padding": ("ACMERETAIL     *", "ACMERETAIL*"),
}


def partners(*lenient: str) -> dict[str, Partner]:
    return {"acme": Partner("acme", x12=kit.agreement(lenient=lenient, ta1="on_error"))}


def damaged(old: str, new: str) -> bytes:
    data = kit.file(kit.ORDER)
    assert old.encode() in data, data
    return data.replace(old.encode(), new.encode(), 1)


def read(data: bytes, *lenient: str) -> tuple[list[Any], Any]:
    stream = kit.decoded(data, kit.Surroundings(partners(*lenient)))
    parts = list(stream.parts())
    return parts, stream.finish()


@pytest.mark.parametrize("name", sorted(set(X12) - {"isa_padding"}))
def test_strict_reading_refuses_it(name: str) -> None:
    parts, _ = read(damaged(*X12[name]))
    assert [part.error is not None for part in parts] == [True]


def test_strict_reading_refuses_an_isa_segment_without_padding() -> None:
    with pytest.raises(Rejected, match="ISA06 must have 15 characters, padded with blanks; this is 'ACMERETAIL' with 10"):
        read(damaged(*X12["isa_padding"]))


@pytest.mark.parametrize("name", X12)
def test_lenient_reading_lets_it_pass_and_says_so(name: str) -> None:
    parts, closing = read(damaged(*X12[name]), name)
    assert [part.error for part in parts] == [None]
    remarks = [*closing.remarks, *(one for part in parts for one in part.remarks)]
    assert {one.code for one in remarks} == {name}
    assert all(one.message and one.where for one in remarks)


@pytest.mark.parametrize("name", sorted(set(X12) - {"envelope_count", "isa_padding"}))
def test_what_was_let_pass_is_answered_with_e(name: str) -> None:
    _, closing = read(damaged(*X12[name]), name)
    (answer,) = closing.deliveries
    assert b"~AK5*E" in answer.body.render(1).replace(b"~\n", b"~")


def test_an_envelope_that_was_let_pass_is_answered_with_a_ta1_that_says_e() -> None:
    _, closing = read(damaged(*X12["isa_padding"]), "isa_padding")
    assert any(b"TA1*" in one.body.render(1) and b"*E*" in one.body.render(1) for one in closing.deliveries)


def test_what_is_put_right_is_right_in_the_body() -> None:
    (part,), _ = read(damaged(*X12["lower_case_codes"]), "lower_case_codes")
    assert part.body["PO1"][0]["PID"][0]["PID01"] == "F"


def test_an_unknown_leniency_is_refused_with_what_was_perhaps_meant() -> None:
    with pytest.raises(ValidationError, match="there is no leniency 'isa_paddings'; did you mean 'isa_padding'"):
        kit.agreement(lenient=("isa_paddings",))


def test_every_leniency_lets_some_kind_of_fault_pass() -> None:
    assert all(LENIENCIES.values())


def test_a_document_that_was_not_agreed_is_refused_with_those_that_were() -> None:
    agreement = kit.agreement(documents={"855": {}})
    stream = kit.decoded(kit.file(kit.ORDER), kit.Surroundings({"acme": Partner("acme", x12=agreement)}))
    (part,) = stream.parts()
    assert "'850' was not agreed with this partner; its agreement lists 855" in str(part.error)


def test_edifact_lets_counts_and_blanks_pass() -> None:
    data = edifact_kit.file(edifact_kit.replaced("QTY+21:12:PCE", "QTY+21 :12:PCE ")).replace(b"UNZ+1+", b"UNZ+7+")
    strict = edifact_kit.decoded(data)
    assert [part.error is not None for part in strict.parts()] == [True]
    lenient = edifact_kit.decoded(data, edifact_kit.agreed(lenient=("envelope_count", "surrounding_blanks")))
    assert [part.error for part in lenient.parts()] == [None]
    assert [one.code for one in lenient.finish().remarks] == ["envelope_count"]
