"""XML in: by a layout, by an XSD, as it stands; every fault with its place; nothing that harms."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

import pytest

from crossdock.core.blob import Blob
from crossdock_transformers.xml.parse import starts
from tests.transformers.map.map_kit import message
from tests.transformers.records import records_kit as kit
from tests.transformers.xml.xml_kit import BODY, BY_XSD, FILES, ORDER, XSD, xsd


@pytest.mark.parametrize("options", ["shop", BY_XSD])
def test_a_layout_and_an_xsd_make_the_same_of_a_document(options):
    assert kit.decoded("xml", ORDER, options, *FILES) == BODY


def test_a_layout_and_an_xsd_tell_the_same_shape():
    by_layout, by_xsd = (kit.shape("decode", "xml", options, *FILES) for options in ("shop", BY_XSD))
    line = by_xsd["$defs"]["{urn:shop}Line"]
    assert line["properties"]["Price"] == {"$ref": "#/$defs/{urn:shop}Amount"}
    assert by_layout["properties"]["Line"]["items"]["properties"]["Price"] == by_xsd["$defs"]["{urn:shop}Amount"]
    assert {**by_layout["properties"], "Line": 0, "Date": 0} == {**by_xsd["properties"], "Line": 0, "Date": 0}
    assert by_layout["required"] == by_xsd["required"] == ["@id", "Number", "Line"]


def test_without_a_structure_a_document_comes_out_as_it_stands():
    data = b'<a:o xmlns:a="u" a:k="1" n=""><!-- c --><?p i?><x/><l>1</l><l> 2 </l><p c="E">9.5</p><q/>text<m><i/></m></a:o>'
    options = {"namespaces": {"a": "u"}, "lists": ["l", "q"], "objects": ["m"]}
    assert kit.decoded("xml", data, options) == {
        "@k": "1",
        "l": ["1", "2"],
        "p": {"@c": "E", "#text": "9.5"},
        "q": [],
        "m": {},
        "#text": "text",
    }
    assert kit.decoded("xml", data, {**options, "keys": "prefixed"})["@a_k"] == "1"


def test_texts_may_keep_their_blanks():
    assert kit.decoded("xml", b"<o><a> x </a></o>", {"trim": False})["a"] == " x "


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "cp1252"])
def test_a_document_says_its_encoding(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><o><a>Müller</a></o>'
    assert kit.decoded("xml", text.encode(encoding), {}) == {"a": "Müller"}


def order(**changes: tuple[str, str]) -> bytes:
    text = ORDER.decode()
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<Number>4711</Number>", "<Number/>", "line 2, column 1 (Order): Order lacks Number, or it is empty"),
        ('id="7"', "", "line 2, column 1 (Order): Order lacks the attribute 'id'"),
        ('id="7"', 'id="x"', "line 2, column 1 (Order): @id must be a whole number, this is 'x'"),
        ('id="7"', 'id="7" di="7"', "line 2, column 1 (Order): Order has no attribute 'di'; there is id"),
        ("<Sku>S-2</Sku>", "<Skew>S-2</Skew>", "line 6, column 9 (Order/Line[2]/Skew): Skew is not known in Line; there is Price, Sku"),
        ("<Gift>", "<Gift>true</Gift>\n  <Gift>", "line 8, column 3 (Order/Gift[2]): Gift may be there once only"),
        ("2026-11-05", "05.11.2026", "line 4, column 3 (Order/Date): Date must be a date such as 2026-11-05, this is '05.11.2026'"),
        ("9.50", "9,50", "line 5, column 23 (Order/Line[1]/Price): Price must be a number such as 1234.5, this is '9,50'"),
        ("EUR", "EURO", "line 5, column 23 (Order/Line[1]/Price): @currency is 'EURO', which is none of its codes; did you mean 'EUR'?"),
        ("<Number>", "junk<Number>", "line 2, column 1 (Order): Order holds text beside its elements: 'junk'"),
        ("4711", "<x/>", "line 3, column 11 (Order/Number/x): Number holds text, no elements: x"),
        ("urn:shop", "urn:shopp", "line 2, column 1 (Order): the element is called 'Order' of urn:shopp, not 'Order' of urn:shop"),
    ],
)  # fmt: skip
def test_a_layout_finds_what_is_wrong_with_line_and_column(old, new, told):
    assert told in kit.faults(kit.rejected("xml", order(one=(old, new)), "shop", *FILES))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("9.50", "9,50", "line 5, column 23 (Order/Line[1]/Price): Element 'Price': '9,50' is not a valid value of the atomic type 'xs:decimal'"),
        ("<Sku>S-2</Sku>", "<Skew/>", "line 6, column 9 (Order/Line[2]/Skew): Element 'Skew': is not expected here. Expected is ( Sku )"),
        ('id="7"', "", "line 2, column 1 (Order): Element 'Order': the attribute 'id' is required but missing"),
    ],
)  # fmt: skip
def test_an_xsd_finds_what_is_wrong_with_line_and_column(old, new, told):
    assert kit.faults(kit.rejected("xml", order(one=(old, new)), BY_XSD, *FILES)) == [told]


def test_every_fault_is_told_at_once():
    found = kit.rejected("xml", order(a=("9.50", "x"), b=("true", "y"), c=("2026", "z")), BY_XSD, *FILES)
    assert [finding.where.split(",")[0] for finding in found.findings] == ["line 4", "line 5", "line 7"]


def test_a_document_in_one_line_has_columns_too():
    data = ORDER.replace(b"\n", b"").replace(b"9.50", b"x")
    (told,) = kit.faults(kit.rejected("xml", data, BY_XSD, *FILES))
    assert told.startswith("line 1, column 140 (Order/Line[1]/Price)")
    assert data[139:].startswith(b"<Price")
    assert starts(data)[5] == (1, 140)


# What means harm

BOMB = b'<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><o>&b;</o>'


@pytest.mark.parametrize(
    ("data", "options", "told"),
    [
        (b"", {}, "the document is empty"),
        (b"<a>", {}, "this is not XML: "),
        (b"<a></b>", {}, "this is not XML: opening and ending tag mismatch: a line 1 and b (line 1, column 8)"),
        (b"<a>&x;</a>", {}, "this is not XML: entity 'x' not defined (line 1, column 7)"),
        (b'<?xml version="1.0" encoding="nope"?><a/>', {}, "this is not XML: "),
        (BOMB, {}, "the document has a DOCTYPE; none is taken, since it can make a parser read and grow without end"),
        (BOMB.decode().encode("utf-16"), {}, "the document has a DOCTYPE"),
        (b'<!DOCTYPE o SYSTEM "http://127.0.0.1:9/x"><o/>', {}, "the document has a DOCTYPE"),
        (b'<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><o>&x;</o>', {}, "the document has a DOCTYPE"),
        (b"<!-- x --> <!DOCTYPE o><o/>", {}, "the document has a DOCTYPE"),
        (b"<a>" * 70 + b"</a>" * 70, {}, "elements are nested more than 64 levels deep (option `max_depth`)"),
        (b"<a>" * 3000 + b"</a>" * 3000, {}, "this is not XML: excessive depth in document"),
        (b"<a>12345</a>", {"max_size": "5B"}, "the document has 12 bytes; 5 are the most (option `max_size`)"),
        (b"<a><l>1</l><l>2</l></a>", {}, "the document has 1 fault: line 1, column 12 (a/l[2]): l is there twice; if that may be, name it under `lists`"),
    ],
)  # fmt: skip
def test_a_bad_document_is_refused(data, options, told):
    assert kit.rejected("xml", data, options).message.startswith(told)


def test_damaged_documents_are_taken_or_refused_and_nothing_else():
    for options in ("shop", BY_XSD, {"lists": ["Line"]}):
        step = kit.step("decode", "xml", options, *FILES)
        told = kit.survives(lambda data: step.apply(message(data)).body, kit.damaged(ORDER, b"<>&/'\"= \n\x00\xff!?[]", 1, 500))  # noqa: B023
        assert told["refused"] > 300


# Records


def many(count: int) -> bytes:
    one = ORDER.split(b"\n", 1)[1].replace(b' xmlns="urn:shop"', b"")
    return (
        b'<Orders xmlns="urn:shop"><Head>x</Head>'
        + b"".join(one.replace(b"4711", b"%d" % at) for at in range(count))
        + b"</Orders>"
    )


RECORDS = {**BY_XSD, "record": "/Orders/Order"}


def test_records_are_parts():
    found = kit.parts("xml", many(3), RECORDS, *FILES)
    assert [(part.body["Number"], part.keys) for part in found] == [(str(at), {"record": str(at + 1)}) for at in range(3)]


@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        ("/Orders/Order", ["0", "1", "2"]),
        ("//Order", ["0", "1", "2"]),
        ("/*/Order", ["0", "1", "2"]),
        ("/Order", []),
        ("//Order[number(s:Number) > 0]", ["1", "2"]),
        ("//s:Order[@id = '7' and s:Number = 2]", ["2"]),
    ],
)
def test_a_path_says_which_elements_are_records(path, numbers):
    options = {"record": path, "namespaces": {"": "urn:shop", "s": "urn:shop"}, "lists": ["Line"]}
    assert [body["Number"] for body in kit.bodies("xml", many(3), options)] == numbers


def test_a_record_within_a_record_is_a_part_of_it():
    assert kit.bodies("xml", b"<a><r><n>1</n><r><n>2</n></r></r><r><n>3</n></r></a>", {"record": "//r"}) == [{"n": "1", "r": {"n": "2"}}, {"n": "3"}]  # fmt: skip


def test_a_bad_record_is_kept_alone_with_what_is_around_it():
    data = many(3).replace(b"<Number>1<", b"<Number><")
    _, bad, last = kit.parts("xml", data, RECORDS, *FILES)
    assert (kit.faults(bad), last.body["Number"]) == (
        ["line 9 (Orders/Order[2]/Number): Element 'Number': [facet 'minLength'] The value has a length of '0'; this underruns the allowed minimum length of '1'"],
        "2",
    )  # fmt: skip
    (again,) = kit.bodies("xml", bad.raw.replace(b"<Number/>", b"<Number>1</Number>"), RECORDS, *FILES)
    assert again["Number"] == "1"


def test_a_document_that_breaks_off_is_told_after_its_good_records():
    *good, bad = kit.parts("xml", many(3)[:-20], {**RECORDS, "xsd": "shop"}, *FILES)
    assert (len(good), bad.error.message[:16]) == (2, "this is not XML:")


def test_records_of_an_xsd_may_be_declared_within():
    inner = XSD.replace('<xs:element name="Order">', '<xs:element name="Orders"><xs:complexType><xs:sequence><xs:element name="Order" maxOccurs="unbounded">').replace("</xs:complexType>\n  </xs:element>\n</xs:schema>", "</xs:complexType>\n  </xs:element></xs:sequence></xs:complexType></xs:element>\n</xs:schema>")  # fmt: skip
    files = (xsd("shop", inner), FILES[2])
    assert [body["@id"] for body in kit.bodies("xml", many(2), RECORDS, *files)] == [7, 7]


def test_a_file_may_be_taken_whole():
    whole = kit.decoded("xml", many(2), {**RECORDS, "whole": True}, *FILES)
    assert [record["Number"] for record in whole["records"]] == ["0", "1"]


def test_a_big_file_is_read_a_record_at_a_time():
    step = kit.step("decode", "xml", RECORDS, *FILES)
    stream = step.apply(message(Blob.of([many(20_000)]))).body
    assert kit.peak_memory(lambda: sum(1 for _ in stream.parts())) < 4_000_000
    assert sum(1 for _ in stream.parts()) == 20_000


def test_a_file_without_an_end_of_a_record_is_given_up():
    data = b"<Orders><Order>" + b"<x>y</x>" * 50_000
    error = kit.rejected("xml", data, {"record": "/Orders/Order", "max_record_size": "100KB"})
    assert error.message == "there are more than 102400 bytes without the end of a record (option `max_record_size`)"


def test_a_doctype_is_refused_before_records_as_well():
    assert kit.rejected("xml", BOMB, {"record": "//o"}).code == "doctype"
