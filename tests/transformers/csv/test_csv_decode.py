"""CSV in: what comes out of each dialect, and what is said of each bad row."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

from decimal import Decimal

import pytest

from crossdock.core.blob import Blob
from crossdock.core.errors import Rejected
from tests.transformers.map.map_kit import message
from tests.transformers.records import records_kit as kit

ORDERS = kit.layout("""layout: orders
csv:
  delimiter: ";"
  decimal: ","
  thousands: "."
  group_by: order_number
  lines: [sku, quantity]
  columns:
    order_number: { header: [Order No, Bestellnummer], required: true }
    ordered_on: { type: date, format: "%d.%m.%Y" }
    sku: { max_length: 5 }
    quantity: { type: decimal, required: true }
""")
TYPED = {"columns": {"sku": "text", "count": "integer", "price": "decimal", "from": "date", "at": "time", "seen": "datetime", "active": {"type": "boolean", "yes": ["Y", "1"], "no": ["N"]}}}  # fmt: skip
HEAD = b"Order No;ordered_on;sku;quantity\n"


def test_rows_without_a_layout_are_texts_named_by_the_first_row():
    data = b'sku,name\r\nA-1,"Bolt, 8 ""long"""\r\n\r\nA-2,\r\n'
    assert kit.bodies("csv", data, {}) == [{"sku": "A-1", "name": 'Bolt, 8 "long"'}, {"sku": "A-2"}]


def test_columns_have_types():
    data = b"sku,count,price,from,at,seen,active\nA,-7,12.50,2026-11-05,16:12:00,2026-11-05T16:12:30,Y\n"
    expected = {"sku": "A", "count": -7, "price": Decimal("12.50"), "from": "2026-11-05", "at": "16:12:00", "seen": "2026-11-05T16:12:30", "active": True}  # fmt: skip
    (found,) = kit.bodies("csv", data, TYPED)
    assert (found, repr(found["price"])) == (expected, "Decimal('12.50')")


@pytest.mark.parametrize(
    ("options", "data", "bodies"),
    [
        ({"delimiter": "tab"}, b"a\tb\n1\t2\n", [{"a": "1", "b": "2"}]),
        ({"quote": "'"}, b"a,b\n'1,0',\"2\"\n", [{"a": "1,0", "b": '"2"'}]),
        ({"quote": ""}, b'a,b\n"1,"2"\n', [{"a": '"1', "b": '"2"'}]),
        ({"escape": "\\"}, b'a\n"1 \\" 2"\n', [{"a": '1 " 2'}]),
        ({"encoding": "cp1252"}, b"a\n\x80 M\xfcller\n", [{"a": "€ Müller"}]),
        ({"encoding": "utf-8"}, b"\xef\xbb\xbfa\n1\n", [{"a": "1"}]),
        ({"encoding": "cp1252"}, b"\xef\xbb\xbfa\nM\xc3\xbcller\n", [{"a": "Müller"}]),
        ({"encoding": "utf-8"}, "\ufeffa\tb\n1\tü\n".encode("utf-16-le"), [{"a\tb": "1\tü"}]),
        ({"skip_lines": 2, "comment": "#"}, b"Report\nof today\na\n# none\n1\n", [{"a": "1"}]),
        ({"comment": "#"}, b'a\n"x\n# kept"\n', [{"a": "x\n# kept"}]),
        ({"trim": False}, b"a\n 1 \n", [{"a": " 1 "}]),
        ({}, b"a,b\r1,2\r", [{"a": "1", "b": "2"}]),
        ({}, b"a,b\n1,2,,\n,\n", [{"a": "1", "b": "2"}]),
        ({"header": False, "columns": {"b": "integer", "a": "text"}}, b"1,2\n", [{"b": 1, "a": "2"}]),
        ({"columns": {"a": "integer", "b": "text"}}, b"b,a\nx,1\n", [{"a": 1, "b": "x"}]),
        ({"columns": {"a": "text"}, "extra_columns": "ignore"}, b"b,a,\nx,1,2\n", [{"a": "1"}]),
        ({"columns": {"a": "text", "b": "text"}, "missing_columns": "allow"}, b"a\n1\n", [{"a": "1"}]),
        ({"ragged": "pad"}, b"a,b,c\n1\n", [{"a": "1"}]),
        ({"decimal": ",", "thousands": ".", "columns": {"a": "decimal"}}, b'a\n"1.234,50"\n', [{"a": Decimal("1234.50")}]),
        ({"thousands": "'", "columns": {"a": "integer"}}, b"a\n1'234\n", [{"a": 1234}]),
        ({}, b"a,b\n", []),
    ],
)  # fmt: skip
def test_a_dialect_is_read(options, data, bodies):
    assert kit.bodies("csv", data, options) == bodies


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("integer", "1.5", "a must be a whole number, this is '1.5'"),
        ("integer", "1234567890123456789", "a must be a whole number, this is '1234567890123456789'"),
        ("decimal", "1e5", "a must be a number such as 1234.5, this is '1e5'"),
        ("decimal", "NaN", "a must be a number such as 1234.5, this is 'NaN'"),
        ("decimal", "٣", "a must be a number such as 1234.5, this is '٣'"),
        ("decimal", "1" * 61, f"a must be a number such as 1234.5, this is '{'1' * 57}...'"),
        ("date", "05.11.2026", "a must be a date such as 2026-11-05, this is '05.11.2026'"),
        ("date", "2026-02-30", "a must be a date such as 2026-11-05, this is '2026-02-30'"),
        ({"type": "date", "format": "%Y%m%d"}, "2026111", "a must be a date such as 20261105, this is '2026111'"),
        ("time", "25:00:00", "a must be a time such as 16:12:30, this is '25:00:00'"),
        ("datetime", "x", "a must be a date and time such as 2026-11-05T16:12:30, this is 'x'"),
        ("boolean", "Y", "a must be one of 'false', 'true', this is 'Y'"),
        ({"codes": ["EA", "CASE"]}, "CAS", "a is 'CAS', which is none of its codes; did you mean 'CASE'?"),
        ({"max_length": 3}, "abcd", "a has 4 characters, at most 3 are allowed: 'abcd'"),
    ],
)  # fmt: skip
def test_a_bad_value_is_told_with_row_and_column(column, value, told):
    (part,) = kit.parts("csv", f"b,a\nx,{value}\n".encode(), {"columns": {"a": column, "b": "text"}})
    assert kit.faults(part) == [f"row 2, column 2 (a): {told}"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"1\n", "row 2: the row has 1 cell, there are 2 columns"),
        (b"1,2,3\n", "row 2: the row has 3 cells, there are 2 columns"),
        (b",2\n", "row 2, column 1 (a): a is missing"),
        (b'1,"x\n', "row 2: this is not CSV: a quote that is opened here is never closed"),
        (b'1,"x"y\n', "row 2: this is not CSV: a quoted cell must end at its closing quote; quotes within it are doubled"),
        (b'1,"' + b"x" * 140_000 + b'"\n', "row 2: this is not CSV: a quote that is opened here is not closed within 131072 characters"),
        (b"1,\xff\n", "row 2: the byte 0xff is none of utf-8"),
    ],
)  # fmt: skip
def test_a_bad_row_is_told(data, told):
    (part,) = kit.parts("csv", b"a,b\n" + data, {"columns": {"a": {"required": True}, "b": "text"}})
    assert kit.faults(part) == [told]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file has no first row with the names of its columns"),
        (b"a,c\n", "the first row has 2 faults: row 1, column 2: the column 'c' is not known; there is a, b"),
        (b"a,b,a\n", "the first row has 1 fault: row 1, column 3: the column 'a' is there twice"),
        (b"a\n", "the first row has 1 fault: row 1: the column 'b' is missing"),
        (b"a,b,\n", "the first row has 1 fault: row 1, column 3: a column has no name"),
        (b'"a\n', "the first row has 1 fault: row 1: this is not CSV: a quote that is opened here is never closed"),
        (b"a,b\n" + b"x" * 1024**2, "line 2 has more than 1048576 characters"),
    ],
)
def test_a_bad_file_is_refused_as_a_whole(data, told):
    assert kit.rejected("csv", data, {"columns": {"a": "text", "b": "text"}}).message == told


def test_a_byte_that_utf_16_has_not_ends_the_file():
    data = "\ufeffa\n1\n".encode("utf-16-le") + b"\x00\xd8\x00"
    assert kit.rejected("csv", data, {"rejects": "file"}).message.startswith("the file is not utf-16-le after line ")


def test_good_rows_go_on_beside_a_bad_one_which_is_kept_with_the_header():
    good, bad, last = kit.parts("csv", b"a,b\n1,2\n3\n5,6\n", {})
    assert (good.body, good.keys, last.body) == ({"a": "1", "b": "2"}, {"row": "2"}, {"a": "5", "b": "6"})
    assert (bad.raw, bad.keys, bad.content_type) == (b"a,b\n3\n", {"row": "3"}, "text/csv")
    (again,) = kit.parts("csv", bad.raw, {"ragged": "pad"})
    assert again.body == {"a": "3"}


def test_a_route_may_want_all_rows_or_none():
    error = kit.rejected("csv", b"a,b\n1\n3,4\n5\n", {"rejects": "file"})
    assert error.message == "the file (2 bad rows) has 2 faults: row 2: the row has 1 cell, there are 2 columns"
    assert kit.faults(error) == [f"row {row}: the row has 1 cell, there are 2 columns" for row in (2, 4)]


def test_a_file_may_be_taken_whole():
    assert kit.decoded("csv", b"a\n1\n2\n", {"whole": True}) == {"rows": [{"a": "1"}, {"a": "2"}]}
    assert kit.rejected("csv", b"a\n1,2\n", {"whole": True}).where == "row 2"
    assert kit.rejected("csv", b"a\n12\n", {"whole": True, "max_size": "4B"}).message == "the file has 5 bytes; 4 are the most (option `max_size`)"  # fmt: skip


def test_rows_are_counted():
    *_, last = kit.parts("csv", b"a\n1\n2\n3\n", {"max_records": 2})
    assert last.error.message == "the file has more than 2 rows (option `max_records`)"


def test_a_row_of_several_lines_says_its_line():
    _, part = kit.parts("csv", b'a,b\n"1\n\n",2\n3\n', {})
    assert kit.faults(part) == ["row 3 (line 5): the row has 1 cell, there are 2 columns"]


# Documents


def test_rows_that_belong_together_are_a_document():
    data = HEAD + b"1;01.10.2026;A;1.000,5\n1;01.10.2026;B;2\n2;;C;3\n"
    assert kit.bodies("csv", data, "orders", ORDERS) == [
        {"order_number": "1", "ordered_on": "2026-10-01", "lines": [{"sku": "A", "quantity": Decimal("1000.5")}, {"sku": "B", "quantity": Decimal(2)}]},
        {"order_number": "2", "lines": [{"sku": "C", "quantity": Decimal(3)}]},
    ]  # fmt: skip


def test_a_header_has_other_names():
    assert kit.bodies("csv", b"Bestellnummer;ordered_on;sku;quantity\n1;;;3\n", "orders", ORDERS)[0]["order_number"] == "1"


@pytest.mark.parametrize(
    ("rows", "bad", "told"),
    [
        (b"1;;A;1\n1;;TOO-LONG;2\n2;;A;1\n", "1", ["row 3, column 3 (sku): sku has 8 characters, at most 5 are allowed: 'TOO-LONG'"]),
        (b"1;;A;1\n1;01.10.2026;A;2\n2;;A;1\n", "1", ["row 3: ordered_on is '2026-10-01', but empty in the first row of the document"]),
        (b"2;;A;1\n1;;A;1\n2;;A;2\n", "2", ["row 4: order_number 2 was there before, at row 2: the rows of a document stand together"]),
        (b"2;;A;1\n1;;A;1\n1\n", "1", ["row 4: the row has 1 cell, there are 4 columns"]),
    ],
)  # fmt: skip
def test_one_bad_row_sinks_its_document_alone(rows, bad, told):
    found = kit.parts("csv", HEAD + rows, "orders", ORDERS)
    (part,) = [one for one in found if one.error]
    assert (part.keys, kit.faults(part)) == ({"order_number": bad}, told)
    assert part.raw.startswith(HEAD)
    assert [one.body["order_number"] for one in found if not one.error]


def test_a_row_that_cannot_be_read_sinks_the_documents_beside_it():
    data = HEAD + b'1;;A;1\n2;;"A;1\n2;;B;1\n3;;A;1\n'
    first, *rest = kit.parts("csv", data, "orders", ORDERS)
    assert kit.faults(first) == [
        "row 3: this is not CSV: a quote that is opened here is never closed; it may belong to this document"
    ]
    assert rest == []


def test_a_document_has_so_many_rows_at_most():
    (part,) = kit.parts("csv", HEAD + b"1;;A;1\n" * 5, {"layout": "orders", "max_lines": 3}, ORDERS)
    assert kit.faults(part) == ["row 5: the document has more than 3 rows (option `max_lines`)"]


# Big and damaged files


def big(rows: int) -> bytes:
    return HEAD + b"".join(b"%d;01.10.2026;A-%d;%d,5\n" % (row // 10, row % 10, row) for row in range(rows))


def test_a_big_file_is_read_a_document_at_a_time():
    step = kit.step("decode", "csv", "orders", ORDERS)
    blob = Blob.of([big(60_000)])
    stream = step.apply(message(blob)).body
    assert sum(len(part.body["lines"]) for part in stream.parts()) == 60_000
    assert kit.peak_memory(lambda: sum(1 for _ in stream.parts())) < 6_000_000


def test_damaged_files_are_taken_or_refused_and_nothing_else():
    documents = kit.damaged(big(40), b';",\n\r\x00\xff\\0#', 20261123, 1500)
    told = kit.survives(lambda data: kit.decoded("csv", data, "orders", ORDERS), documents)
    assert min(told.values()) > 50


def test_what_is_decoded_is_not_decoded_again():
    step = kit.step("decode", "csv", {})
    with pytest.raises(Rejected, match="this message is decoded already"):
        step.apply(message({"a": 1}))
