"""What is written conforms to the grammar, or every fault is told by its path in the body."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.errors import Refusal, Rejected
from crossdock.core.message import Numbered, dump_body, load_body
from crossdock.core.partner import Partner
from crossdock_transformers import x12
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.values import Delimiters
from tests.transformers.x12 import x12_kit as kit

REPLY: dict[str, Any] = {
    "BAK": {"BAK01": "00", "BAK02": "AC", "BAK03": "4500000001", "BAK04": "2026-10-15"},
    "PO1": [
        {
            "PO101": "1",
            "PO102": Decimal(12),
            "PO103": "EA",
            "PO104": Decimal("9.95"),
            "PO106": "VN",
            "PO107": "SKU-0001",
            "ACK": [{"ACK01": "IA", "ACK02": Decimal(12), "ACK03": "EA", "ACK04": "068", "ACK05": "2026-11-02"}],
        }
    ],
    "CTT": {"CTT01": 1},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the reply with the value at a path replaced, or a key added."""
    body = load_body(dump_body(REPLY))
    *way, last = path.strip("/").split("/")
    holder = body
    for part in way:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    holder[last] = value
    return body


def written(body: Any, **options: Any) -> Numbered:
    """Return what the step makes of a body."""
    numbered = kit.encoder(**{"set": "855", **options}).apply(kit.message(body)).body
    assert isinstance(numbered, Numbered)
    return numbered


def test_an_855_is_written_byte_for_byte() -> None:
    """With the partner's agreement and the number of the partner's sequence."""
    numbered = written(REPLY)
    expected = (
        "ISA*00*          *00*          *01*080192334      *ZZ*ACMERETAIL     *251009*0853*U*00401*000000031*0*P*>~"
        "GS*PR*080192334*ACMERETAIL*20251009*0853*31*X*004010~ST*855*0001~BAK*00*AC*4500000001*20261015~"
        "PO1*1*12*EA*9.95**VN*SKU-0001~ACK*IA*12*EA*068*20261102~CTT*1~SE*6*0001~GE*1*31~IEA*1*000000031~"
    )
    assert expected == numbered.render(31).decode()
    assert (numbered.scope, numbered.name(31)) == ("x12/acme", "855-000000031.edi")


def test_the_agreement_decides_delimiters_usage_and_version() -> None:
    """A test partner with its own habits."""
    other = kit.agreement(
        usage="T", element_separator="|", component_separator=":", segment_terminator="'\n", version="004010VICS"
    )
    surroundings = kit.Surroundings({"acme": Partner("acme", x12=other)})
    text = kit.encoder(surroundings, set="855").apply(kit.message(REPLY)).body.render(1).decode()
    lines = text.split("'\n")
    assert (lines[0][-6:], lines[1]) == ("|0|T|:", "GS|PR|080192334|ACMERETAIL|20251009|0853|1|X|004010VICS")
    assert text.endswith("IEA|1|000000001'")


@pytest.mark.parametrize("sample", ["acme-850.edi", "acme-855.edi", "acme-997.edi"])
def test_what_was_decoded_is_written_with_the_same_segments(sample: str) -> None:
    """Round trip of real documents."""
    data = (kit.SAMPLES / sample).read_bytes()
    for transaction, text in zip(x12.decode_interchange(data), data.decode().split("~\nST*")[1:], strict=True):
        segments = x12.encode_transaction(transaction.body, standard().get(transaction.set, "004010"), Delimiters())
        expected = text.split("~\nSE*", maxsplit=1)[0].split("~\n")[1:]
        assert expected == ["*".join(segment) for segment in segments]


CASES: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "delimiter": (
        changed("/BAK/BAK03", "45*1"),
        "/BAK/BAK03",
        "BAK03 (purchase order number) holds '*', which is a delimiter with this partner",
    ),
    "component separator": (changed("/PO1/0/PO107", "A>B"), "/PO1/0/PO107", "holds '>', which is a delimiter"),
    "control character": (
        changed("/PO1/0/PO107", "A\nB"),
        "/PO1/0/PO107",
        "holds a character that is not allowed there: 'A<0A>B'",
    ),
    "too long": (changed("/BAK/BAK03", "4" * 23), "/BAK/BAK03", "has 23 characters, at most 22 fit"),
    "invalid code": (changed("/BAK/BAK02", "XX"), "/BAK/BAK02", "is 'XX', which is not one of its 13 codes"),
    "not a date": (changed("/BAK/BAK04", "15.10.2026"), "/BAK/BAK04", "must be a date as 2026-10-15, not '15.10.2026'"),
    "no such day": (changed("/BAK/BAK04", "2026-02-30"), "/BAK/BAK04", "must be a date as CCYYMMDD; this is '20260230'"),
    "not a number": (changed("/PO1/0/PO102", "twelve"), "/PO1/0/PO102", "must be a number, not 'twelve'"),
    "not a value": (changed("/PO1/0/PO102", {"a": 1}), "/PO1/0/PO102", "must be a number, not an object"),
    "true": (changed("/PO1/0/PO102", True), "/PO1/0/PO102", "must be a number, not true or false"),
    "no decimals": (changed("/CTT/CTT01", Decimal("1.5")), "/CTT/CTT01", "may have no decimals; this is 1.5"),
    "unknown segment": (changed("/BAKK", {}), "/BAKK", "'BAKK' has no place in ST; did you mean 'BAK'?"),
    "unknown element": (changed("/BAK/BAK99", "x"), "/BAK/BAK99", "'BAK99' is no element of BAK"),
    "unknown in a loop": (changed("/PO1/0/PO198", "x"), "/PO1/0/PO198", "'PO198' has no place in PO1"),
    "object for list": (changed("/PO1", {"PO101": "1"}), "/PO1", "PO1 may occur many times: it must be a list"),
    "list for object": (changed("/BAK", []), "/BAK", "BAK must be an object with BAK01 and so on"),
    "missing element": (changed("/BAK/BAK03", None), "/BAK/BAK03", "BAK03 (purchase order number) is mandatory and is empty"),
    "missing segment": (changed("/BAK", None), "/BAK", "the mandatory segment BAK (start of an order acknowledgment) is missing"),
    "syntax note": (changed("/PO1/0/PO107", None), "/PO1/0/PO107", "PO106 and PO107 must be there together"),
    "other set": (changed("/set", "850"), "/set", "this is '850', the step writes a 855"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_does_not_conform_is_rejected_with_its_path(name: str) -> None:
    """The engineer sees which value of the map is wrong."""
    body, where, says = CASES[name]
    with pytest.raises(Rejected) as caught:
        written(body)
    assert says in caught.value.message
    assert where == caught.value.where


def test_all_faults_are_told_at_once() -> None:
    """Not one at a time."""
    with pytest.raises(Rejected) as caught:
        written({"BAK": {"BAK01": "QQ", "BAK02": "AC", "BAK04": "2026-02-30"}, "CTT": {}})
    assert [finding.code for finding in caught.value.findings] == ["AK403-7", "AK403-1", "AK403-8", "AK403-1"]


def test_numbers_and_dates_are_written_as_x12_wants_them() -> None:
    """Implied decimals, padded minimum, no exponent, no time separators."""
    body = {
        "BEG": {"BEG01": "00", "BEG02": "SA", "BEG03": 4500000001, "BEG05": "2026-10-15"},
        "SAC": [{"SAC01": "C", "SAC02": "D240", "SAC05": Decimal("12.5")}],
        "DTM": [{"DTM01": "002", "DTM02": "2026-11-01", "DTM03": "14:30:05.2"}],
        "PO1": [{"PO102": Decimal("1E+2"), "PO103": "EA", "PO104": Decimal("0.50"), "PO101": 1}],
    }
    segments = x12.encode_transaction(body, standard().get("850", "004010"), Delimiters())
    expected = ["BEG*00*SA*4500000001**20261015", "SAC*C*D240***1250", "DTM*002*20261101*1430052", "PO1*1*100*EA*0.50"]
    assert expected == ["*".join(segment) for segment in segments]


def test_a_body_that_is_no_object_is_rejected() -> None:
    """A list of lists, or bytes."""
    for body in ([[REPLY]], b"ISA", None):
        with pytest.raises(Rejected, match="a 855 is written from an object"):
            written(body)


def test_a_message_without_a_partner_says_how_to_name_one() -> None:
    """Events have no partner."""
    with pytest.raises(Rejected, match="no partner to write to"):
        kit.encoder(set="855").apply(kit.message(REPLY, partner=""))
    named = kit.encoder(set="855", partner="acme").apply(kit.message(REPLY, partner=""))
    assert named.body.scope == "x12/acme"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "say which set to write: `set: 855`"),
        ({"set": "851"}, "there is no set '851' in X12 004010"),
        ({"set": "855", "version": "009010"}, "there is no X12 version '009010'"),
        ({"set": "855", "partner": "acne"}, "unknown partner 'acne'; did you mean 'acme'?"),
    ],
)
def test_wrong_options_are_refused_when_the_route_is_built(options: dict[str, str], says: str) -> None:
    """Not when the first order comes."""
    with pytest.raises(Refusal) as caught:
        kit.encoder(**options)
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("came", "goes"),
    [
        ("PO1*1*1.50*EA", "PO1*1*1.50*EA"),
        ("PO1*1*007*EA", "PO1*1*7*EA"),
        ("PO1*1*.5*EA", "PO1*1*0.5*EA"),
        ("PO1*1*5.*EA", "PO1*1*5*EA"),
        ("PO1*1*-0*EA", "PO1*1*-0*EA"),
        ("PO1*1*123456789012345*EA", "PO1*1*123456789012345*EA"),
        ("PO1*1*12*EA***", "PO1*1*12*EA"),
    ],
)
def test_what_is_written_again_is_as_it_came_but_for_what_means_nothing(came: str, goes: str) -> None:
    """Leading zeros and empty ends; the second time nothing changes any more."""
    grammar = standard().get("850", "004010")
    for segment in (came, goes):
        (part,) = kit.parts(kit.file([*kit.ORDER[:5], segment]))
        assert goes == "*".join(x12.encode_transaction(part.body, grammar, Delimiters())[-1])
