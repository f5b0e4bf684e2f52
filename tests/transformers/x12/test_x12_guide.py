"""A guide narrows the base grammar; whatever it says that the grammar doesn't know is refused at its place."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from crossdock.core.errors import Refusal, Refusals, Rejected
from crossdock.core.partner import Partner
from crossdock_transformers.x12.decode import X12Decode
from crossdock_transformers.x12.options import DecodeOptions
from tests.transformers.x12 import x12_kit as kit

BEG = "BEG*00*SA*4500000001**20261015"


def guided(segments: dict[str, Any], **rest: Any) -> kit.Surroundings:
    """Return surroundings with the guide `g`."""
    return kit.Surroundings(guides={"g": {"guide": "g", "set": 850, "version": "004010", "segments": segments, **rest}})


def findings(segments: dict[str, Any], body: list[str] = kit.ORDER) -> list[str]:
    """Return what is wrong with an order by a guide."""
    (part,) = kit.parts(kit.file(body), guided(segments), guide="g")
    return [f"{finding.code} {finding.message}" for finding in part.error.findings] if part.error else []


def test_a_guide_that_says_nothing_changes_nothing() -> None:
    """The base grammar holds."""
    assert findings({}) == []


@pytest.mark.parametrize(
    ("segments", "says"),
    [
        ({"BEG": {"BEG02": {"codes": ["NE", "DS"]}}}, "AK403-7 BEG02 (purchase order type) is 'SA', which is not one of NE, DS"),
        ({"BEG": {"BEG07": {"required": True}}}, "AK403-1 BEG07 (acknowledgment type) is mandatory and is empty"),
        ({"PO1": {"PO105": {"required": True}}}, "AK403-1 PO105 (basis of unit price) is mandatory and is empty"),
        (
            {"REF": {"REF02": {"forbidden": True}}},
            "AK403-10 REF02 (reference) is not used with this partner (its guide forbids it)",
        ),
        (
            {"REF": {"forbidden": True}},
            "AK304-2 the segment REF (reference) is not used with this partner here (its guide forbids it)",
        ),
        ({"DTM": {"required": True}}, "AK304-3 the mandatory segment DTM (date or time reference) is missing before N1"),
        ({"PO1": {"max": 1}}, "AK304-4 the loop PO1 (order line) may occur once at most here"),
        ({"N1/N4": {"N401": {"max": 5}}}, "AK403-5 N401 (city) is too long: 'DALLAS' has 6 characters, at most 5 fit"),
        ({"PO1/PID": {"required": True}}, "AK304-3 the mandatory loop PID (item description) is missing before CTT"),
        (
            {"N1": {"N104": {"min": 6}}},
            "AK403-4 N104 (identification code) is too short: '0012' has 4 characters, at least 6 are needed",
        ),
    ],
)
def test_a_guide_narrows(segments: dict[str, Any], says: str) -> None:
    """Codes, presence, lengths, use."""
    assert says == findings(segments)[0]


def test_a_segment_that_occurs_nowhere_else_is_forbidden_by_name() -> None:
    """IT8 is used in order lines only."""
    at = kit.ORDER.index("PID*F****HEX BOLT ZINC")
    body = [*kit.ORDER[: at + 1], "IT8*N", *kit.ORDER[at + 1 :]]
    assert findings({}, body) == []
    assert findings({"IT8": {"forbidden": True}}, body) == [
        "AK304-2 the segment IT8 (conditions of sale) is not used with this partner here (its guide forbids it)"
    ]


@pytest.mark.parametrize(
    ("segments", "path", "says"),
    [
        ({"BEK": {}}, ("segments", "BEK"), "there is no segment 'BEK' in a 850; did you mean 'BEG'?"),
        ({"BEG": {"BEG22": {}}}, ("segments", "BEG", "BEG22"), "'BEG22' is no element of BEG; did you mean 'BEG12'?"),
        (
            {"BEG": {"BEG01": {"codes": ["00", "99"]}}},
            ("segments", "BEG", "BEG01", "codes", 1),
            "'99' is no code of BEG01 (transaction set purpose)",
        ),
        (
            {"BEG": {"BEG02": {"codes": ["SALE"]}}},
            ("segments", "BEG", "BEG02", "codes", 0),
            "'SALE' does not fit BEG02: its length is 2 to 2",
        ),
        ({"PO1": {"PO102": {"codes": ["x"]}}}, ("segments", "PO1", "PO102", "codes", 0), "'x' is no number, PO102 is one"),
        ({"N4": {}}, ("segments", "N4"), "'N4' occurs in several places; write one of N1/N4, PO1/N1/N4, PO1/SLN/N1/N4"),
        (
            {"BEG": {"forbidden": True}},
            ("segments", "BEG", "forbidden"),
            "BEG is mandatory in the base grammar and can't be forbidden",
        ),
        (
            {"BEG": {"BEG03": {"forbidden": True}}},
            ("segments", "BEG", "BEG03", "forbidden"),
            "BEG03 is mandatory and can't be forbidden",
        ),
        ({"PER": {"max": 9}}, ("segments", "PER", "max"), "PER may occur 3 times at most; a guide only narrows"),
        (
            {"BEG": {"BEG03": {"max": 40}}},
            ("segments", "BEG", "BEG03", "max"),
            "BEG03 has a length of 1 to 22; a guide only narrows",
        ),
    ],
)
def test_what_the_grammar_does_not_know_is_refused_at_its_place(
    segments: dict[str, Any], path: tuple[Any, ...], says: str
) -> None:
    """File, line, and the nearest word."""
    surroundings = guided(segments)
    with pytest.raises(Refusals) as caught:
        X12Decode(DecodeOptions(guide="g"), surroundings)
    (refusal,) = caught.value.refusals
    assert says in refusal.message
    assert surroundings.resource("guide", "g").at(*path) == refusal.place


def test_all_refusals_come_at_once() -> None:
    """The engineer corrects them in one go."""
    with pytest.raises(Refusals) as caught:
        X12Decode(DecodeOptions(guide="g"), guided({"BEK": {}, "BEG": {"BEG22": {}, "BEG01": {"codes": ["99"]}}}))
    assert len(caught.value.refusals) == 3


@pytest.mark.parametrize(
    ("rest", "says"), [({"set": 851}, "there is no set '851'"), ({"version": "009010"}, "there is no X12 version '009010'")]
)
def test_an_unknown_set_or_version_is_refused(rest: dict[str, Any], says: str) -> None:
    """With what there is."""
    surroundings = kit.Surroundings(guides={"g": {"guide": "g", "set": 850, **rest}})
    with pytest.raises(Refusal) as caught:
        X12Decode(DecodeOptions(guide="g"), surroundings)
    assert says in caught.value.message
    assert caught.value.place == surroundings.resource("guide", "g").at(*rest)


def test_an_unknown_key_is_no_rule() -> None:
    """The model itself refuses it."""
    with pytest.raises(ValidationError):
        X12Decode(DecodeOptions(guide="g"), guided({"BEG": {"requird": True}}))


def test_a_guide_takes_its_own_set_only() -> None:
    """An 855 in a route for 850s."""
    reply = ["BAK*00*AC*45*20261015"]
    data = kit.interchange(kit.group(kit.transaction(reply, number="855"), function="PR"))
    (part,) = kit.parts(data, guided({}), guide="g")
    assert "this route takes the 850 only (its guide says so), this is '855'" in part.error.message


def test_a_guide_is_for_its_partner() -> None:
    """Another partner's file is refused as a whole."""
    both = {"acme": Partner("acme", x12=kit.agreement()), "beta": Partner("beta")}
    surroundings = kit.Surroundings(both, guided({}, partner="beta").guides)
    with pytest.raises(Rejected, match="the guide g is for beta, this file is from acme"):
        kit.decoded(kit.file(kit.ORDER), surroundings, guide="g")


def test_the_shape_knows_the_guide() -> None:
    """Narrowed codes and presence; what is forbidden is not there."""
    step = X12Decode(
        DecodeOptions(guide="g"),
        guided({"BEG": {"BEG02": {"codes": ["SA"]}, "BEG07": {"required": True}}, "CSH": {"forbidden": True}}),
    )
    assert step.shape is not None
    beg = step.shape["properties"]["BEG"]
    assert (beg["properties"]["BEG02"]["enum"], "BEG07" in beg["required"]) == (["SA"], True)
    assert "CSH" not in step.shape["properties"]


def test_what_is_written_conforms_to_the_guide() -> None:
    """Encode takes a guide as well."""
    guides = {"g": {"guide": "g", "set": 855, "segments": {"BAK": {"BAK02": {"codes": ["AT"]}}}}}
    step = kit.encoder(kit.Surroundings(guides=guides), guide="g")
    with pytest.raises(Rejected, match=r"BAK02 .acknowledgment type. is 'AC', which is not AT"):
        step.apply(kit.message({"BAK": {"BAK01": "00", "BAK02": "AC", "BAK03": "1", "BAK04": "2026-10-15"}}))


def test_a_guide_does_not_change_the_shape() -> None:
    """What is a list in the base grammar stays one, where a guide allows it once only."""
    body = [segment for segment in kit.ORDER if not segment.startswith("PO1*2")]
    (part,) = kit.parts(kit.file([*body[:-1], "CTT*1"]), guided({"PO1": {"max": 1}, "N1": {"max": 1}}), guide="g")
    assert ("1", "ST") == (part.body["PO1"][0]["PO101"], part.body["N1"][0]["N101"])


def test_a_forbidden_segment_does_not_hide_one_of_the_same_name_further_on() -> None:
    """A PER in the header is forbidden, one in the party's loop is not."""
    body = [*kit.ORDER[:5], "PER*OC*JO DOE", *kit.ORDER[5:]]
    assert findings({"PER": {"forbidden": True}}, body) == []
    assert len(findings({"PER": {"forbidden": True}}, [*body[:2], "PER*OC*JO DOE", *body[2:]])) == 1
