"""What a correct interchange decodes to."""

from __future__ import annotations

import json
from decimal import Decimal

import jsonschema_rs
import pytest

from crossdock.core.message import BODY_TYPE, dump_body, dump_json, load_body
from crossdock.core.outcome import Claim
from crossdock_transformers import x12
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.shape import shape_of
from crossdock_transformers.x12.decode import X12Decode
from crossdock_transformers.x12.options import DecodeOptions
from tests.transformers.x12 import x12_kit as kit

BOM = b"\xef\xbb\xbf"


def body_of(data: bytes) -> dict:
    """Return the body of a file's only transaction."""
    (part,) = kit.parts(data)
    assert part.error is None
    return part.body


def test_a_decoded_850_has_the_names_that_edi_people_use() -> None:
    """Elements by reference, loops by tag, typed values, the envelope beside them."""
    expected = {
        "set": "850",
        "version": "004010",
        "interchange": {
            "control_number": "000004711",
            "sender_qualifier": "ZZ",
            "sender": "ACMERETAIL",
            "receiver_qualifier": "01",
            "receiver": "080192334",
            "date": "2026-10-15",
            "time": "09:30",
            "version": "00401",
            "usage": "P",
        },
        "group": {
            "function": "PO",
            "control_number": "4711",
            "sender": "ACMERETAIL",
            "receiver": "080192334",
            "date": "2026-10-15",
            "time": "09:30",
            "version": "004010",
        },
        "control_number": "0001",
        "BEG": {"BEG01": "00", "BEG02": "SA", "BEG03": "4500000001", "BEG05": "2026-10-15"},
        "REF": [{"REF01": "DP", "REF02": "471"}],
        "N1": [
            {
                "N101": "ST",
                "N102": "ACME DC 12",
                "N103": "92",
                "N104": "0012",
                "N3": [{"N301": "12 INDUSTRIAL BLVD", "N302": "DOCK 7"}],
                "N4": [{"N401": "DALLAS", "N402": "TX", "N403": "75201", "N404": "US"}],
            }
        ],
        "PO1": [
            {
                "PO101": "1",
                "PO102": Decimal(12),
                "PO103": "EA",
                "PO104": Decimal("9.95"),
                "PO106": "UP",
                "PO107": "012345678905",
                "PO108": "VN",
                "PO109": "SKU-0001",
                "PID": [{"PID01": "F", "PID05": "HEX BOLT ZINC"}],
            },
            {"PO101": "2", "PO102": Decimal("6.5"), "PO103": "CA", "PO104": Decimal("1.00"), "PO106": "VN", "PO107": "SKU-0002"},
        ],
        "CTT": {"CTT01": Decimal(2)},
    }
    assert expected == body_of(kit.file(kit.ORDER))


def test_a_part_is_found_by_its_control_numbers_and_its_order_number() -> None:
    """The business key is named by the grammar's data."""
    (part,) = kit.parts(kit.file(kit.ORDER))
    expected = {"interchange": "000004711", "group": "4711", "transaction": "0001", "purchase_order": "4500000001"}
    assert (expected, BODY_TYPE) == (part.keys, part.content_type)


def test_each_interchange_claims_its_control_number_once() -> None:
    """The claim is scoped to the partner."""
    expected = (Claim("x12/acme", "ZZ/ACMERETAIL/01/080192334/000004711", "interchange 000004711", part=1),)
    assert expected == kit.decoded(kit.file(kit.ORDER)).claims


def test_parts_are_the_same_on_every_call() -> None:
    """A run after a crash finds the same parts."""
    stream = kit.decoded(kit.file(kit.ORDER, kit.replaced("CTT*2", "CTT*x")))
    first, second = ([(part.body, part.keys, part.raw) for part in stream.parts()] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("end", ["~", "~\n", "~\r\n", "\n", "\r\n", "|\n", "'", "~ \n"])
def test_line_ends_may_follow_or_be_the_segment_terminator(end: str) -> None:
    """Partners wrap lines as they like."""
    data = kit.interchange(kit.group(kit.transaction()), end=end)
    assert body_of(kit.file(kit.ORDER)) == body_of(data)


@pytest.mark.parametrize(("before", "after"), [(BOM, b""), (b"\r\n  ", b""), (b"", b"\r\n\r\n"), (BOM + b"\n", b" \n")])
def test_a_byte_order_mark_and_blanks_around_do_no_harm(before: bytes, after: bytes) -> None:
    """They come from editors and mainframes."""
    data = kit.file(kit.ORDER)
    assert body_of(data) == body_of(before + data + after)


def test_the_last_terminator_may_be_missing() -> None:
    """The control number in IEA02 shows that nothing is cut off."""
    data = kit.file(kit.ORDER)
    assert body_of(data) == body_of(data[:-1])


def test_delimiters_are_those_of_the_isa_segment() -> None:
    """Even control characters."""
    data = kit.file(kit.ORDER)
    other = data.translate(bytes.maketrans(b"*>~", b"\x1d\x1f\x1c"))
    assert body_of(data) == body_of(other)


def test_several_interchanges_and_groups_in_a_file_all_come_out() -> None:
    """In their order, each with its own numbers."""
    one = kit.interchange(kit.group(kit.transaction()), kit.group(kit.transaction(), control="4712"))
    two = kit.interchange(kit.group(kit.transaction(), control="5"), control="000004712")
    found = [(part.keys["interchange"], part.keys["group"]) for part in kit.parts(one + b"\r\n" + two)]
    assert found == [("000004711", "4711"), ("000004711", "4712"), ("000004712", "5")]


def test_a_version_with_a_suffix_is_read_by_its_base() -> None:
    """004010VICS is 004010."""
    body = body_of(kit.interchange(kit.group(kit.transaction(), version="004010VICS")))
    assert (body["version"], body["group"]["version"]) == ("004010", "004010VICS")


def test_composites_and_implied_decimals_and_times_are_typed() -> None:
    """MEA04 is a composite, SAC05 has two implied decimals, DTM03 is a time."""
    wanted = [*kit.ORDER[:2], "SAC*C*D240***1250", "DTM*002*20261101*143059", "MEA*PD*WT*1.5*LB>2>3", *kit.ORDER[2:]]
    body = body_of(kit.file(wanted))
    assert Decimal("12.50") == body["SAC"][0]["SAC05"]
    assert body["DTM"][0] == {"DTM01": "002", "DTM02": "2026-11-01", "DTM03": "14:30:59"}
    assert {"MEA0401": "LB", "MEA0402": Decimal(2), "MEA0403": Decimal(3)} == body["MEA"][0]["MEA04"]


def test_trailing_separators_are_tolerated() -> None:
    """`PO4*6**` is `PO4*6`."""
    body = body_of(kit.file(kit.replaced("CTT*2", "CTT*2***")))
    assert {"CTT01": Decimal(2)} == body["CTT"]


def test_letters_beyond_ascii_are_text_where_they_are_utf8() -> None:
    """Names have accents."""
    data = kit.file(kit.replaced("N4*DALLAS*TX*75201*US", "N4*MONTRÉAL*QC*H2Y 1C6*CA"))
    assert body_of(data)["N1"][0]["N4"][0]["N401"] == "MONTRÉAL"


def test_a_997_decodes_like_any_set_and_is_never_acknowledged() -> None:
    """An acknowledgment of an acknowledgment would never end."""
    segments = ["AK1*PO*17", "AK2*850*0001", "AK3*PO1*8**8", "AK4*2*330*6*ABC", "AK5*R*5", "AK9*R*1*1*0"]
    data = kit.interchange(kit.group(kit.transaction(segments, number="997"), function="FA"))
    stream = kit.decoded(data)
    (part,) = stream.parts()
    response = part.body["AK2"][0]
    assert part.keys["acknowledged_group"] == "17"
    expected = [{"AK401": {"AK40101": Decimal(2)}, "AK402": Decimal(330), "AK403": "6", "AK404": "ABC"}]
    assert expected == response["AK3"][0]["AK4"]
    assert stream.finish().deliveries == ()


@pytest.mark.parametrize("sample", ["acme-850.edi", "acme-855.edi", "acme-997.edi"])
def test_a_decoded_body_conforms_to_the_shape_that_maps_are_checked_against(sample: str) -> None:
    """And survives the journal unchanged."""
    transactions = list(x12.decode_interchange((kit.SAMPLES / sample).read_bytes()))
    assert [fault for one in transactions for fault in one.faults] == []
    for one in transactions:
        validator = jsonschema_rs.validator_for(shape_of(standard().get(one.set, "004010")))
        errors = [str(error) for error in validator.iter_errors(json.loads(dump_json(one.body)))]
        assert errors == []
        assert one.body == load_body(dump_body(one.body))


def test_every_value_knows_its_place_in_the_document() -> None:
    """By its path in the body."""
    data = kit.interchange(kit.group(kit.transaction()), end="~\n")
    assert x12.locate(data, "0001")["PO1", 0, "PO104"] == "line 9, segment 7 (PO1), element 4 (PO104)"


def test_shape_is_known_where_one_set_is_taken() -> None:
    """And left open where any set may come."""
    shapes = [X12Decode(DecodeOptions(sets=sets), kit.Surroundings()).shape for sets in ([], ["850"], ["850", "855"])]
    assert [shape and shape["title"] for shape in shapes] == [None, "Purchase order (850, X12 004010)", None]


def test_the_partner_is_found_by_the_sender_where_the_source_names_none() -> None:
    """A shared mailbox."""
    step = X12Decode(DecodeOptions(), kit.Surroundings())
    assert step.apply(kit.message(kit.file(kit.ORDER), partner="")).body.claims[0].scope == "x12/acme"
