"""Fixed-width files in and out."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.core.blob import Blob
from crossdock_config import load
from tests.transformers.map.map_kit import message
from tests.transformers.records import records_kit as kit

TEXT = """layout: wms
fixed_width:
  length: 40
  discriminator: { start: 1, length: 3 }
  split: shipment
  records:
    header: { is: HDR, required: true, fields: { created_on: { type: date, length: 8 }, kind: { length: 4, value: SHIP } } }
    shipment:
      is: SHP
      many: true
      fields:
        number: { length: 10, required: true }
        weight: { type: decimal, length: 9, decimals: 3 }
        status: { length: 2, codes: [OK, NO] }
      records:
        note: { is: NOT, fields: { text: { length: 30 } } }
        line:
          is: LIN
          many: true
          required: true
          fields: { sku: { start: 7, length: 10, required: true }, quantity: { type: integer, length: 7, sign: trailing } }
          records: { serial: { is: SER, many: true, fields: { serial: { length: 12 } } } }
    trailer: { is: TRL, required: true, fields: { shipments: { type: integer, length: 6, counts: shipment }, all: { type: integer, length: 6, counts: records } } }
"""
WMS = kit.layout(TEXT)
FILE = b"""HDR20261105SHIP
SHPS-1       000012500OK
NOThandle with care
LIN   SKU-1     0000010
SERA1
SERA2
LIN   SKU-2     000005-
SHPS-2       000000001
LIN   SKU-1     0000001
TRL000002000010
"""
FIRST = {
    "number": "S-1",
    "weight": Decimal("12.500"),
    "status": "OK",
    "note": {"text": "handle with care"},
    "line": [{"sku": "SKU-1", "quantity": 10, "serial": [{"serial": "A1"}, {"serial": "A2"}]}, {"sku": "SKU-2", "quantity": -5}],
}
SECOND = {"number": "S-2", "weight": Decimal("0.001"), "line": [{"sku": "SKU-1", "quantity": 1}]}
HEADER = {"header": {"created_on": "2026-11-05"}}
WHOLE = {**HEADER, "shipment": [FIRST, SECOND], "trailer": {"shipments": 2, "all": 10}}


def test_documents_are_nested_by_their_records():
    assert kit.bodies("fixed_width", FILE, "wms", WMS) == [{**HEADER, **FIRST}, {**HEADER, **SECOND}]


def test_a_file_may_be_taken_whole():
    assert kit.decoded("fixed_width", FILE, {"layout": "wms", "whole": True}, WMS) == WHOLE


def test_what_is_written_fills_its_places_and_counts():
    data = kit.encoded("fixed_width", [{**HEADER, **FIRST}, {**HEADER, **SECOND}], "wms", WMS)
    assert [line.rstrip() for line in data.splitlines()] == [line.rstrip() for line in FILE.splitlines()]
    assert {len(line) for line in data.splitlines()} == {40}
    assert kit.encoded("fixed_width", WHOLE, "wms", WMS) == data


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"000012500", b"0000125X0", "record 2, characters 14-22 (weight): weight must be digits only, this is '0000125X0'"),
        (b"S-1       ", b"          ", "record 2, characters 4-13 (number): number is missing"),
        (b"OK", b"KO", "record 2, characters 23-24 (status): status is 'KO', which is none of its codes; there is NO, OK"),
        (b"SERA1", b"SRRA1", "record 5: there is no record 'SRR'; did you mean 'SER'?"),
        (b"NOThandle with care", b"SERA1", "record 3: a serial (SER) can't stand here, below shipment"),
        (b"NOThandle", b"NOTa\nNOThandle", "record 4: note (NOT) may be there once only"),
        (b"0000010", b"00000 0", "record 4, characters 17-23 (quantity): quantity must be a whole number, this is '00000 0'"),
        (b"care", b"care" + b"!" * 30, "record 3: the record has 49 characters, 40 are the most"),
        (b"care", b"\xff", "record 3: the byte 0xff is none of utf-8"),
    ],
)  # fmt: skip
def test_a_bad_document_is_told_and_kept_alone(old, new, told):
    data = FILE.replace(old, new, 1).replace(b"2000010\n", b"2000011\n") if b"\n" in new else FILE.replace(old, new, 1)
    bad, good = kit.parts("fixed_width", data, "wms", WMS)
    assert (kit.faults(bad), good.body) == ([told], {**HEADER, **SECOND})
    (again,) = kit.parts("fixed_width", bad.raw, "wms", WMS)
    assert len(kit.faults(again)) == 1


def test_a_document_kept_alone_counts_for_itself():
    bad, _ = kit.parts("fixed_width", FILE.replace(b"OK", b"KO"), "wms", WMS)
    assert bad.raw.splitlines()[-1] == b"TRL000001000008"
    (again,) = kit.bodies("fixed_width", bad.raw.replace(b"KO", b"OK"), "wms", WMS)
    assert again == {**HEADER, **FIRST}


def test_a_document_without_what_it_must_hold_is_told():
    _, bad = kit.parts(
        "fixed_width", FILE.replace(b"LIN   SKU-1     0000001\n", b"").replace(b"2000010\n", b"2000009\n"), "wms", WMS
    )
    assert kit.faults(bad) == ["record 8: shipment has no line (LIN) below it"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"TRL000002", b"TRL000003", "record 10, characters 4-9 (shipments): shipments says 3, there are 2 of shipment"),
        (b"2000010\n", b"2000011\n", "record 10, characters 10-15 (all): all says 11, there are 10 of records"),
        (b"TRL000002000010\n", b"", ": there is no record trailer (TRL)"),
        (b"HDR20261105SHIP\n", b"", ": there is no record header (HDR)"),
        (b"SHIP", b"SHOP", "record 1, characters 12-15 (kind): kind must be 'SHIP', this is 'SHOP'"),
        (b"20261105", b"20261305", "record 1, characters 4-11 (created_on): created_on must be a date such as 20261105, this is '20261305'"),
        (b"SHPS-1", b"XXX\nSHPS-1", "record 2: there is no record 'XXX'; there is HDR, LIN, NOT, SER, SHP, TRL"),
    ],
)  # fmt: skip
def test_a_file_whose_outer_records_are_wrong_is_refused(old, new, told):
    assert told in kit.faults(kit.rejected("fixed_width", FILE.replace(old, new, 1), "wms", WMS))


def test_an_empty_file_is_refused():
    assert kit.rejected("fixed_width", b"", "wms", WMS).message == "the file is empty"


def test_a_record_before_any_document_is_told():
    layout = {"discriminator": {"length": 1}, "records": {"a": {"is": "A", "many": True, "records": {"b": {"is": "B"}}}}}
    bad, good = kit.parts("fixed_width", b"B\nA\n", layout)
    assert (kit.faults(bad), good.body) == (["record 1: a b (B) can't stand here, below nothing"], {})


def test_a_document_has_so_many_records_at_most():
    bad, _ = kit.parts("fixed_width", FILE, {"layout": "wms", "max_document": 3}, WMS)
    assert kit.faults(bad)[0] == "record 5: the document has more than 3 records"


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ({"type": "decimal", "decimals": 2}, "0001250 ", Decimal("12.50")),
        ({"type": "decimal", "decimals": 2}, "-0001250", Decimal("-12.50")),
        ({"type": "decimal", "decimals": 2, "sign": "zoned"}, "0000125}", Decimal("-12.50")),
        ({"type": "decimal", "decimals": 2, "sign": "zoned"}, "0000125{", Decimal("12.50")),
        ({"type": "decimal", "decimals": 2, "sign": "zoned"}, "0000012N", Decimal("-1.25")),
        ({"type": "decimal", "sign": "trailing"}, "   12.5-", Decimal("-12.5")),
        ({"type": "decimal"}, "    12.5", Decimal("12.5")),
        ({"type": "integer"}, "00000042", 42),
        ({"type": "date"}, "20261105", "2026-11-05"),
        ({"type": "date"}, "00000000", None),
        ({"type": "date", "format": "%d.%m.%y"}, "05.11.26", "2026-11-05"),
        ({"align": "right", "pad": "*"}, "*****abc", "abc"),
        ({"type": "boolean", "yes": ["X"], "no": ["-"]}, "X       ", True),
        ({}, "        ", None),
    ],
)  # fmt: skip
def test_a_field_is_read(field, text, value):
    layout = {"records": {"r": {"fields": {"f": {"length": 8, **field}}}}}
    (body,) = kit.bodies("fixed_width", (text + "|").encode(), layout)
    assert body == ({} if value is None else {"f": value})


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ({"type": "decimal", "decimals": 2}, Decimal("12.5"), "00001250"),
        ({"type": "decimal", "decimals": 2}, Decimal("-12.5"), "-0001250"),
        ({"type": "decimal", "decimals": 2, "sign": "trailing"}, Decimal("-12.5"), "0001250-"),
        ({"type": "decimal", "decimals": 2, "sign": "zoned"}, Decimal("-12.5"), "0000125}"),
        ({"type": "decimal", "pad": " "}, Decimal("-12.5"), "   -12.5"),
        ({"type": "integer", "align": "left", "pad": " "}, 42, "42      "),
        ({"type": "date"}, "2026-11-05", "20261105"),
        ({"value": "X"}, None, "X       "),
        ({}, None, "        "),
    ],
)
def test_a_field_is_written(field, value, text):
    layout = {"records": {"r": {"fields": {"f": {"length": 8, **field}, "g": {"length": 1}}}}}
    assert (
        kit.encoded("fixed_width", {"f": value, "g": "|"} if value is not None else {"g": "|"}, layout).decode() == text + "|\n"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"number": "12345678901"}, "/shipment/0/number: has 11 characters, its place has 10: '12345678901'"),
        ({"number": None}, "/shipment/0/number: is missing"),
        ({"number": "a\nb"}, "/shipment/0/number: has a line end in it: 'a\\nb'"),
        ({"weight": Decimal("0.0001")}, "/shipment/0/weight: has more than 3 digits after its decimal mark: 0.0001"),
        ({"nmber": "1"}, "/shipment/0/nmber: is not a field of shipment; did you mean 'number'?"),
        ({"line": []}, "/shipment/0/line: is missing"),
        ({"line": {}}, "/shipment/0/line: must be a list of objects, this is an object"),
        ({"header": "x"}, "/header: must be an object, this is 'x'"),
    ],
)
def test_what_cannot_be_written_is_told(change, told):
    assert told in kit.faults(kit.unwritten("fixed_width", {**HEADER, **FIRST, **change}, "wms", WMS))


def test_only_documents_are_written():
    assert kit.faults(kit.unwritten("fixed_width", [], "wms", WMS))[0].endswith(
        "must be a document, a list of documents, or a whole file"
    )


def test_ebcdic_without_line_ends_is_read_and_written():
    layout = {"encoding": "cp037", "line_ends": False, "length": 8, "records": {"r": {"many": True, "fields": {"a": {"length": 4}, "n": {"type": "integer", "length": 4, "sign": "zoned"}}}}}  # fmt: skip
    rows = [{"a": "ABÜ", "n": -12}, {"a": "X", "n": 7}]
    data = kit.encoded("fixed_width", rows, layout)
    assert (len(data), kit.bodies("fixed_width", data, layout)) == (16, rows)


WORD = st.text("ABCÄ-/0 9", min_size=1, max_size=10).map(str.strip).filter(bool)
LINE = st.fixed_dictionaries({"sku": WORD}, optional={"quantity": st.integers(-999_999, 999_999), "serial": st.lists(st.fixed_dictionaries({"serial": WORD}), min_size=1, max_size=2)})  # fmt: skip
SHIPMENT = st.fixed_dictionaries(
    {"number": WORD, "line": st.lists(LINE, min_size=1, max_size=3)},
    optional={
        "weight": st.decimals(-9999, 9999, places=3),
        "status": st.sampled_from(["OK", "NO"]),
        "note": st.fixed_dictionaries({"text": WORD}),
    },
)


@settings(max_examples=80, deadline=None)
@given(st.lists(SHIPMENT, min_size=1, max_size=3))
def test_what_is_written_is_read_as_it_was(shipments):
    documents = [{**HEADER, **one} for one in shipments]
    assert kit.bodies("fixed_width", kit.encoded("fixed_width", documents, "wms", WMS), "wms", WMS) == documents


def test_a_big_file_is_read_a_document_at_a_time():
    body = b"".join(b"SHPS-%-8d000012500OK\nLIN   SKU-1     0000010\n" % at for at in range(20_000))
    blob = Blob.of([b"HDR20261105SHIP\n", body, b"TRL020000040002\n"])
    stream = kit.step("decode", "fixed_width", "wms", WMS).apply(message(blob)).body
    assert sum(1 for _ in stream.parts()) == 20_000
    assert kit.peak_memory(lambda: sum(1 for _ in stream.parts())) < 5_000_000


def test_damaged_files_are_taken_or_refused_and_nothing_else():
    told = kit.survives(
        lambda data: kit.decoded("fixed_width", data, "wms", WMS), kit.damaged(FILE, b"0 9SHPLIN\n\r\x00\xff-", 1, 1500)
    )
    assert min(told.values()) > 20


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("split: shipment", "split: shipmnt", "wms.layout.yaml:5:10: there is no record 'shipmnt' among the outermost ones; did you mean 'shipment'?"),
        ("is: SER", "is: LIN", "'LIN' is what 'line' is known by as well"),
        ("is: SER", "is: SERI", "say what stands at the discriminator of 'serial': `is`, 3 characters at most"),
        ("start: 7", "start: 2", "sku stands where the discriminator is (characters 2 to 11)"),
        ("length: 30", "length: 40", "text ends at character 43, the record has 40"),
        ("counts: shipment", "counts: shipmnt", "there is no record 'shipmnt'; did you mean 'shipment'?"),
        ("value: SHIP", "value: SHIPS", "`value` has 5 characters, the field 4"),
        ("serial: { is", "sku: { is", "a record below is called 'sku' as well"),
        ("length: 2,", "length: 2, decimals: 1,", "`counts` and `decimals` are for numbers"),
        ("  discriminator: { start: 1, length: 3 }\n", "", "there are several records: say by which characters they are told apart, `discriminator`"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told_at_its_place(old, new, told):
    assert old in TEXT
    found = kit.refusals("decode", "fixed_width", "wms", kit.layout(TEXT.replace(old, new)))
    assert any(told in one for one in found), found


def test_a_layout_says_records():
    assert kit.refusals("decode", "fixed_width", {})[0].endswith(": say what `records` there are")
    told = kit.refusals("decode", "fixed_width", {"line_ends": False, "records": {"a": {}}})
    assert any("without `line_ends` say which `length` records have" in one for one in told)


def test_maps_in_both_directions_know_the_layout():
    texts = {
        "routes/wms.layout.yaml": TEXT,
        "routes/a.map.yaml": "map: a\nsource: fixed_width wms\nfields:\n  n: body.number\n  c: body.header.created_n\n",
        "routes/b.map.yaml": "map: b\ntarget: fixed_width wms\nfields:\n  header: {}\n  number: '\"1\"'\n  line: [{ sky: '\"A\"', sku: '\"A\"' }]\n",
        "config/environments/local.yaml": "environment: local\n",
    }
    found = [str(one) for one in load(texts).problems if "no *.route.yaml" not in str(one)]
    assert found == [
        "routes/a.map.yaml:5:18: body.header has no 'created_n'; did you mean 'created_on'?",
        "routes/b.map.yaml:6:12: line[] of fixed_width wms has no field 'sky'; did you mean 'sku'?",
    ]
