"""XML out: in the declared order, valid, and read as it was written."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transformers.records import records_kit as kit
from tests.transformers.xml.xml_kit import BODY, BY_XSD, FILES

GENERIC = {"root": "o", "namespaces": {"": "urn:d", "c": "urn:c"}}


@pytest.mark.parametrize("options", ["shop", BY_XSD])
def test_elements_are_written_in_their_order(options):
    data = kit.encoded("xml", dict(reversed(BODY.items())), options, *FILES)
    assert data.decode() == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        '<Order xmlns="urn:shop" id="7"><Number>4711</Number><Date>2026-11-05</Date><Line><Sku>S-1</Sku>'
        '<Price currency="EUR">9.50</Price></Line><Line><Sku>S-2</Sku></Line><Gift>true</Gift></Order>'
    )


def test_without_a_structure_a_body_is_written_as_it_stands():
    body = {"@a": 1, "@c:b": True, "x": ["1", {"c:y": Decimal("2.0"), "z": None}], "#text": "t", "e": {}}
    data = kit.encoded("xml", body, {**GENERIC, "declaration": False})
    assert data == b'<o xmlns="urn:d" xmlns:c="urn:c" a="1" c:b="true">t<x>1</x><x><c:y>2.0</c:y></x><e/></o>'


def test_a_character_set_and_lines_may_be_chosen():
    data = kit.encoded("xml", {"a": "€ü"}, {"root": "o", "encoding": "iso-8859-1", "indent": True})
    assert data == "<?xml version='1.0' encoding='iso8859-1'?>\n<o>\n  <a>&#8364;ü</a>\n</o>\n".encode("iso-8859-1")


def test_records_are_written_within_what_is_around_them():
    options = {**BY_XSD, "record": "/Orders/Order"}
    for body in ([BODY, BODY], {"records": [BODY, BODY]}):
        assert kit.bodies("xml", kit.encoded("xml", body, options, *FILES), options, *FILES) == [BODY, BODY]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Number": None}, "/Number: is missing"),
        ({"Numbr": "1"}, "/Numbr: is not a known field; did you mean 'Number'?"),
        ({"@id": None}, "/@id: is missing"),
        ({"@id": "x"}, "/@id: must be a number, this is 'x'"),
        ({"Line": {}}, "/Line: must be a list, this is an object"),
        ({"Line": ["x"]}, "/Line/0: must be an object, this is 'x'"),
        ({"Line": []}, "/Line: is missing"),
        ({"Line": [{"Sku": "S", "Price": {"@currency": "EURO"}}]}, "/Line/0/Price/@currency: is 'EURO', which is none of its codes; did you mean 'EUR'?"),
        ({"Number": "\x01"}, "/Number: holds characters that XML doesn't have: '\\x01'"),
        ({"Gift": "yes"}, "/Gift: must be true or false, this is 'yes'"),
        ({"Number": {"a": 1}}, "/Number/a: is not a known field; there is #text"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_told(change, told):
    assert told in kit.faults(kit.unwritten("xml", {**BODY, **change}, "shop", *FILES))


def test_what_is_written_is_valid_against_the_xsd():
    told = kit.faults(kit.unwritten("xml", {**BODY, "Date": "soon"}, BY_XSD, *FILES))
    assert told == ["Order/Date: Element 'Date': 'soon' is not a valid value of the atomic type 'xs:date'"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"a b": 1}, "/a b: 'a b' can't be a name in XML"),
        ({"d:a": 1}, "/d:a: there is no prefix 'd' among `namespaces`; there is c"),
        ({"a": [[1]]}, "/a/0: a list can't stand here"),
        ({"@a": "\x00"}, "/@a: holds characters that XML doesn't have: '\\x00'"),
    ],
)
def test_what_cannot_be_written_as_it_stands_is_told(body, told):
    assert kit.faults(kit.unwritten("xml", body, GENERIC)) == [told]


TEXT = (
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=8)
    .map(str.strip)
    .filter(bool)
)
PRICE = st.fixed_dictionaries({"#text": st.decimals(0, 1000, places=2)}, optional={"@currency": st.sampled_from(["EUR", "USD"])})
LINE = st.fixed_dictionaries({"Sku": TEXT}, optional={"Price": PRICE})
BODIES = st.fixed_dictionaries(
    {"@id": st.integers(1, 10**12), "Number": TEXT, "Line": st.lists(LINE, min_size=1, max_size=3)},
    optional={"Date": st.just("2026-11-05"), "Gift": st.booleans()},
)


@settings(max_examples=80, deadline=None)
@given(BODIES, st.sampled_from(["utf-8", "iso-8859-1", "utf-16"]), st.booleans())
def test_what_is_written_is_read_as_it_was(body, encoding, indent):
    for options in ({"layout": "shop"}, BY_XSD):
        data = kit.encoded("xml", body, {**options, "encoding": encoding, "indent": indent}, *FILES)
        assert kit.decoded("xml", data, options, *FILES) == body


NAME = st.text("abc", min_size=1, max_size=2)
TREE = st.recursive(TEXT, lambda inner: st.dictionaries(NAME, inner, min_size=1, max_size=3), max_leaves=8)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(NAME, TREE, max_size=3))
def test_any_tree_of_texts_is_read_as_it_was_written(body):
    assert kit.decoded("xml", kit.encoded("xml", body, {"root": "o"}), {}) == body
