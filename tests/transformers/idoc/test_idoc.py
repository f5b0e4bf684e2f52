"""SAP IDocs: flat and XML make the same, in both directions."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock_config import load
from crossdock_transformers.idoc.options import IdocLayout
from crossdock_transformers.idoc.segments import CONTROL_LENGTH, FRAME, RELEASED, document, fields_of, plain_name, walked
from tests.transformers.records import records_kit as kit

CONTROL = {
    "DOCNUM": "0000000000123456",
    "SNDPRN": "SAPPRD",
    "SNDPRT": "LS",
    "CREDAT": "2026-11-05",
    "CRETIM": "161230",
    "MANDT": "100",
}
FILLED = {"TABNAM": "EDI_DC40", "DIRECT": "2", "IDOCTYP": "ORDERS05", "MESTYP": "ORDERS"}
ORDER = {
    "EDI_DC40": CONTROL,
    "E1EDK01": {"CURCY": "EUR", "BELNR": "4500012345"},
    "E1EDK03": [{"IDDAT": "012", "DATUM": "2026-11-05"}],
    "E1EDKA1": [{"PARVW": "AG", "PARTN": "C-1001"}, {"PARVW": "WE", "PARTN": "0217", "NAME1": "ACME DC 217", "ORT01": "CHICAGO"}],
    "E1EDK02": [{"QUALF": "001", "BELNR": "4500012345", "DATUM": "2026-11-05"}],
    "E1EDP01": [
        {"POSEX": "000010", "MENGE": Decimal("10.000"), "MENEE": "PCE", "VPREI": Decimal(11), "E1EDP20": [{"WMENG": Decimal("10.000"), "EDATU": "2026-11-20"}], "E1EDP19": [{"QUALF": "001", "IDTNR": "77"}, {"QUALF": "002", "IDTNR": "SKU-0001", "KTEXT": "Hex bolt"}]},
        {"POSEX": "000020", "MENGE": Decimal(-4), "MENEE": "CS", "E1EDP19": [{"QUALF": "002", "IDTNR": "SKU-0002"}]},
    ],
    "E1EDS01": [{"SUMID": "002", "SUMME": Decimal("158.00")}],
}  # fmt: skip
DECODED = {**ORDER, "EDI_DC40": {**FILLED, **CONTROL}}
FORMS = ("flat", "xml")


def options(form: str, **more: object) -> dict[str, object]:
    return {"type": "ORDERS05", "format": form, **more}


def flat(body: object = ORDER) -> bytes:
    return kit.encoded("idoc", body, "ORDERS05")


@pytest.mark.parametrize("form", FORMS)
def test_an_idoc_is_read_as_it_was_written(form):
    assert kit.bodies("idoc", kit.encoded("idoc", ORDER, options(form)), options(form)) == [DECODED]


def test_the_control_record_and_the_frame_have_the_lengths_that_sap_says():
    assert sum(one.length for one in fields_of(FRAME).values()) == 63
    control, *segments = flat().decode().splitlines()
    assert (len(control), {len(one) for one in segments}, CONTROL_LENGTH) == (524, {1063}, 524)
    assert sum(slot.field.length for slot in document(IdocLayout(type="ORDERS05")).inner["EDI_DC40"].slots) == 524


def test_a_flat_idoc_has_names_numbers_and_levels():
    _, *segments = flat().decode().splitlines()
    told = [(one[:30].rstrip(), one[30:33], one[33:49], one[49:55], one[55:61], one[61:63]) for one in segments]
    assert told[0] == ("E2EDK01005", "100", "0000000000123456", "000001", "000000", "01")
    assert told[5:9] == [
        ("E2EDP01007", "100", "0000000000123456", "000006", "000000", "01"),
        ("E2EDP20001", "100", "0000000000123456", "000007", "000006", "02"),
        ("E2EDP19001", "100", "0000000000123456", "000008", "000006", "02"),
        ("E2EDP19001", "100", "0000000000123456", "000009", "000006", "02"),
    ]
    assert segments[9][63:].startswith("000020     4-             CS ")


def test_an_idoc_in_xml_is_as_sap_writes_it():
    data = kit.encoded("idoc", {**ORDER, "E1EDP01": []}, options("xml")).decode()
    assert '<ORDERS05><IDOC BEGIN="1"><EDI_DC40 SEGMENT="1"><TABNAM>EDI_DC40</TABNAM>' in data
    assert '<E1EDK03 SEGMENT="1"><IDDAT>012</IDDAT><DATUM>20261105</DATUM></E1EDK03>' in data


@pytest.mark.parametrize("form", FORMS)
def test_several_idocs_stand_in_a_file(form):
    data = kit.encoded("idoc", [ORDER, {**ORDER, "EDI_DC40": {"DOCNUM": "2"}}], options(form))
    assert [body["EDI_DC40"]["DOCNUM"] for body in kit.bodies("idoc", data, options(form))] == ["0000000000123456", "2"]
    whole = kit.decoded("idoc", data, options(form, whole=True))
    assert len(whole["documents"]) == 2


@pytest.mark.parametrize("name", ["E1EDK01", "E2EDK01", "E2EDK01005", "E2EDK01009"])
def test_any_release_of_a_segment_is_known(name):
    assert kit.bodies("idoc", flat().replace(b"E2EDK01005".ljust(12), name.encode().ljust(12)), "ORDERS05") == [DECODED]


def test_every_released_name_leads_back_to_its_segment():
    known = {one.name: one for type_ in ("ORDERS05", "INVOIC02", "DELVRY03") for one in walked(document(IdocLayout(type=type_)))}
    assert {plain_name(name, known) for name in RELEASED.values()} == set(RELEASED)


def changed(old: bytes, new: bytes) -> bytes:
    data = flat()
    assert old in data
    return data.replace(old, new.ljust(len(old)) if len(new) < len(old) else new, 1)


@pytest.mark.parametrize(
    ("data", "more", "told"),
    [
        (lambda: changed(b"10.000", b"10,000"), {}, "line 7 (E1EDP01): MENGE must be a number such as 1234.5, this is '10,000'"),
        (lambda: changed(b"01220261105", b"01220261305"), {}, "line 3 (E1EDK03): DATUM must be a date such as 20261105, this is '20261305'"),
        (lambda: changed(b"000004000000", b"000009000000"), {}, "line 5 (E1EDKA1): SEGNUM is 9, this is segment 4: segments are missing or out of order"),
        (lambda: changed(b"E2EDK02   ", b"E2EDX02   "), {"extra": "refuse"}, "line 6 (E2EDX02): there is no segment 'E2EDX02'; did you mean 'E1EDP02'?"),
        (lambda: changed(b"E2EDK02   ", b"E2EDP02   "), {}, "line 6 (E1EDP02): E1EDP02 can't stand here, below E1EDKA1"),
        (lambda: changed(b"E2EDK02   ", b"E2EDK01   "), {}, "line 6 (E1EDK01): E1EDK01 may be there once only"),
        (lambda: changed(b"ORDERS05", b"ORDERS04"), {}, "line 1 (EDI_DC40): IDOCTYP is 'ORDERS04', this route takes ORDERS05"),
        (lambda: flat().replace(b"0000000000123456000002", b"0000000000999999000002"), {}, "line 3 (E1EDK03): DOCNUM is '0000000000999999', in the control record it is '0000000000123456'"),
        (lambda: flat().replace(b"CHICAGO", b"CHICAG\xff"), {}, "line 5 (E1EDKA1): the byte 0xff is none of utf-8"),
        (lambda: b"".join(flat().splitlines(True)[:1]), {}, "IDoc 0000000000123456 (line 1): ORDERS05 has no E1EDK01 below it"),
        (flat, {"max_segments": 3}, "line 5: the IDoc has more than 3 segments (option `max_segments`)"),
    ],
)  # fmt: skip
def test_a_bad_idoc_is_told_and_kept(data, more, told):
    (part,) = kit.parts("idoc", data(), options("flat", **more))
    assert told in kit.faults(part)
    assert part.raw.startswith(b"EDI_DC40")


def test_good_idocs_go_on_beside_a_bad_one():
    good, bad = kit.parts("idoc", flat() + changed(b"10.000", b"10,000"), "ORDERS05")
    assert (good.body, bad.body, bad.keys) == (DECODED, None, {"idoc": "0000000000123456"})


def test_a_file_begins_with_a_control_record():
    assert kit.rejected("idoc", b"", "ORDERS05").message == "the file is empty"
    told = "the file begins with 'E2EDK01005', not with a control record (EDI_DC40)"
    assert kit.rejected("idoc", b"\n".join(flat().splitlines()[1:]), "ORDERS05").message == told


def test_segments_that_are_not_known_are_passed_over():
    data = flat().replace(b"E2EDK02   ", b"E2EDK99   ")
    (body,) = kit.bodies("idoc", data, "ORDERS05")
    assert body == {name: value for name, value in DECODED.items() if name != "E1EDK02"}


def test_a_date_of_zeros_is_none():
    for form in FORMS:
        data = kit.encoded("idoc", ORDER, options(form)).replace(b"20261120", b"00000000")
        (body,) = kit.bodies("idoc", data, options(form))
        assert body["E1EDP01"][0]["E1EDP20"] == [{"WMENG": Decimal("10.000")}]


@pytest.mark.parametrize("form", FORMS)
def test_segments_of_ones_own_are_read_and_written(form):
    own = {
        "Z1EDP01": {
            "below": "E1EDP01",
            "many": True,
            "fields": {"SHELF": {"length": 5}, "COUNT": {"length": 4, "type": "integer"}},
        }
    }
    lines = [{"POSEX": "1", "Z1EDP01": [{"SHELF": "A-1", "COUNT": 7}]}]
    body = {**DECODED, "E1EDP01": lines}
    data = kit.encoded("idoc", body, options(form, segments=own))
    assert kit.bodies("idoc", data, options(form, segments=own)) == [body]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"E1EDK01": None}, "/E1EDK01: is missing"),
        ({"E1EDK01": {"CURRENCY": "EUR"}}, "/E1EDK01/CURRENCY: is not known in E1EDK01"),
        ({"E1EDK02": {}}, "/E1EDK02: must be a list of objects, this is an object"),
        ({"E1EDP01": [{"POSEX": "0000001"}]}, "/E1EDP01/0/POSEX: has 7 characters, its place has 6: '0000001'"),
        ({"E1EDP01": [{"MENGE": "1"}]}, "/E1EDP01/0/MENGE: must be a number, this is '1'"),
        ({"E1EDP01": [{"MENGE": Decimal(-123456789012345)}]}, "/E1EDP01/0/MENGE: has 16 characters, its place has 15"),
        ({"E1EDK03": [{"DATUM": "5.11."}]}, "/E1EDK03/0/DATUM: must be a date such as 2026-11-05, this is '5.11.'"),
        ({"E1EDKX1": {}}, "/E1EDKX1: is not known in ORDERS05; did you mean 'E1ED"),
        ({"EDI_DC40": {"DOCNO": "1"}}, "/EDI_DC40/DOCNO: is not known in EDI_DC40; did you mean 'DOCNUM'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_told(change, told):
    found = kit.faults(kit.unwritten("idoc", {**ORDER, **change}, "ORDERS05"))
    assert any(told in one for one in found), found


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"type": "ORDERS5"}, "there is no IDoc 'ORDERS5' here; did you mean 'ORDERS05'?"),
        ({"type": "ORDERS05", "segments": {"Z1": {"below": "E1EDP1"}}}, "there is no segment 'E1EDP1'; did you mean 'E1EDP"),
        ({"type": "ORDERS05", "names": {"E1EDX01": "E2"}}, "there is no segment 'E1EDX01'; did you mean 'E1ED"),
    ],
)
def test_what_is_wrong_with_the_options_is_told(given, told):
    assert kit.refusals("encode", "idoc", given)[0].startswith(told)


def test_maps_in_both_directions_know_the_segments():
    texts = {
        "routes/a.map.yaml": "map: a\nsource: idoc ORDERS05\nfields:\n  n: body.E1EDK01.?BELNR\n  x: body.E1EDK01.?BELNUM\n",
        "routes/b.map.yaml": "map: b\ntarget: idoc ORDERS05\nfields:\n  E1EDK01: { BELNR: '\"1\"', BELNUM: '\"1\"' }\n",
        "config/environments/local.yaml": "environment: local\n",
    }
    found = [str(one) for one in load(texts).problems if "no *.route.yaml" not in str(one)]
    assert found == [
        "routes/a.map.yaml:5:20: body.E1EDK01 has no 'BELNUM'; did you mean 'BELNR'?",
        "routes/b.map.yaml:4:28: E1EDK01 of idoc ORDERS05 has no field 'BELNUM'; did you mean 'BELNR'?",
    ]


WORD = st.text("ABCÄ-/0 9", min_size=1, max_size=6).map(str.strip).filter(bool)
NUMBER = st.decimals(-(10**6), 10**6, places=3)
LINE = st.fixed_dictionaries({"POSEX": WORD}, optional={"MENGE": NUMBER, "MENEE": st.sampled_from(["PCE", "CS"]), "E1EDP19": st.lists(st.fixed_dictionaries({"QUALF": WORD.map(lambda text: text[:3].strip() or "1"), "IDTNR": WORD}), min_size=1, max_size=2)})  # fmt: skip
IDOC = st.fixed_dictionaries(
    {"E1EDK01": st.fixed_dictionaries({"BELNR": WORD}), "E1EDP01": st.lists(LINE, min_size=1, max_size=3)},
    optional={"E1EDS01": st.lists(st.fixed_dictionaries({"SUMME": NUMBER}), min_size=1, max_size=1)},
)


@settings(max_examples=60, deadline=None)
@given(IDOC, st.sampled_from(FORMS))
def test_any_idoc_is_read_as_it_was_written(body, form):
    (found,) = kit.bodies("idoc", kit.encoded("idoc", body, options(form)), options(form))
    assert {name: value for name, value in found.items() if name != "EDI_DC40"} == body


@pytest.mark.parametrize("form", FORMS)
def test_damaged_idocs_are_taken_or_refused_and_nothing_else(form):
    data = kit.encoded("idoc", ORDER, options(form))
    told = kit.survives(
        lambda one: kit.decoded("idoc", one, options(form)), kit.damaged(data, b"E1EDK \n\r0A<>/\xff\x00-.", 5, 300)
    )
    assert told["refused"] > 30
