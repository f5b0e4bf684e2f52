"""What is wrong with layouts, XSDs and stylesheets is told at its place; XSLT only where somebody trusts it."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

import pytest

from crossdock.core.errors import Place, Refusal, Rejected
from crossdock.core.registry import installed
from crossdock.core.spec import Resource
from crossdock_config import load
from tests.transformers.map.map_kit import message
from tests.transformers.records import records_kit as kit
from tests.transformers.xml.xml_kit import BY_XSD, FILES, LAYOUT, ORDER, TYPES, XSD

ROUTE = """route: a
owner: e@example.com
domain: sales
from: { event: out }
steps:
  - decode: { xml: { record: /Orders/Order, xsd: shop, namespaces: { "": "urn:shop" } } }
  - split: records
  - set_body: body.Line.map(line, line.Sku)
to:
  - event: out
"""


def problems(**changes):
    texts = {"a.route.yaml": ROUTE, "shop.xsd": XSD, "types.xsd": TYPES, **changes}
    return [str(one) for one in load({f"routes/{name}": text for name, text in texts.items()} | {"config/environments/local.yaml": "environment: local\n"}).problems]  # fmt: skip


def test_a_route_knows_the_paths_of_an_xsd():
    assert problems() == []
    (told,) = problems(**{"a.route.yaml": ROUTE.replace("line.Sku", "line.Sky")})
    assert told == "routes/a.route.yaml:8:40: line has no 'Sky'; did you mean 'Sku'?"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shop.xsd": XSD.replace("types.xsd", "typs.xsd")}, "routes/shop.xsd:3:1: there is no typs.xsd beside the routes, which this file refers to; did you mean 'types'?"),
        ({"types.xsd": "<x"}, "routes/types.xsd:1:1: this is not XML: "),
        ({"types.xsd": TYPES.replace('base="xs:decimal"', 'base="xs:decimel"')}, "routes/types.xsd:"),
        ({"types.xsd": "<!DOCTYPE x>" + TYPES}, "routes/types.xsd:1:1: the document has a DOCTYPE"),
        ({"a.route.yaml": ROUTE.replace("xsd: shop", "xsd: shp")}, "routes/a.route.yaml:6:50: there is no xsd 'shp'; did you mean 'shop'?"),
        ({"a.route.yaml": ROUTE.replace("Orders/Order", "Orders/Oder")}, "routes/a.route.yaml:6:49: the XSD declares no element 'Oder' that could stand alone: make it a global one"),
        ({"a.route.yaml": ROUTE.replace("/Orders/Order", "Orders/Order")}, "'Orders/Order' is no path of records; it looks like `/Orders/Order`"),
        ({"a.route.yaml": ROUTE.replace("/Orders/Order", "'//Order[Number='")}, "routes/a.route.yaml:6:30: [Number= is"),
        ({"a.route.yaml": ROUTE.replace("/Orders/Order", "/o:Order")}, "routes/a.route.yaml:6:30: there is no prefix 'o' among `namespaces`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(changes, told):
    found = problems(**changes)
    assert any(told in one for one in found), found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("layout: a\nxml:\n  root: x:A\n  fields: { B: text }", "a.layout.yaml:3:9: there is no prefix 'x' among `namespaces`"),
        ("layout: a\nxml:\n  root: A\n  fields:\n    b c: text", "a.layout.yaml:5:10: 'b c' can't be a name in XML"),
        ('layout: a\nxml:\n  root: A\n  fields:\n    "@b": { list: true }', "a.layout.yaml:5:11: an attribute has neither fields nor more than one value"),
        ("layout: a\nxml:\n  root: A\n  namespaces: { x: u }\n  fields:\n    B: text\n    x:B: text", "a.layout.yaml:7:10: two elements are called 'B'; write `keys: prefixed` to tell them apart"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_layout_is_told_at_its_place(text, told):
    assert told in kit.refusals("decode", "xml", "a", kit.layout(text))[0]


def test_an_element_outermost_must_be_known():
    assert kit.refusals("encode", "xml", {}, LAYOUT) == ["say what the outermost element is called: `root`"]
    told = kit.refusals("encode", "xml", {"record": "//Order"}, LAYOUT)
    assert (
        told == ["routes/a.route.yaml:1:1: records are written below elements that are named: `/Orders/Order`"]
        or "named" in told[0]
    )


def test_maps_know_a_layout_of_xml():
    text = "map: m\nsource: xml shop\nfields:\n  a: body.Line[0].Price\n  b: body.Numbr\n"
    files = {"routes/m.map.yaml": text, "routes/shop.layout.yaml": SHOP, "config/environments/local.yaml": "environment: local\n"}
    found = [str(one) for one in load(files).problems if "Numbr" in str(one)]
    assert found == ["routes/m.map.yaml:5:11: body has no 'Numbr'; did you mean 'Number'?"]


SHOP = """layout: shop
xml:
  root: Order
  fields:
    Number: text
    Line: { list: true, fields: { Price: { type: decimal, fields: { "@currency": text } } } }
"""
SHEET = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:s="urn:shop">
  <xsl:template match="/"><n><xsl:value-of select="s:Order/s:Number"/></n></xsl:template>
</xsl:stylesheet>"""


def sheet(text):
    return Resource("xslt", "n", "n.xslt", text, {(): Place("n.xslt")})


def transformed(data, text=SHEET):
    spec = installed().find("transformers", "xslt")
    options = spec.options(stylesheet="n", trusted=True)
    return spec.step(options, kit.context(sheet(text))).apply(message(data)).body


def test_a_trusted_stylesheet_transforms():
    assert transformed(ORDER) == b'<?xml version="1.0"?>\n<n xmlns:s="urn:shop">4711</n>\n'


def test_a_stylesheet_that_nobody_trusts_is_refused():
    route = ROUTE.replace("  - decode", "  - xslt: n\n  - decode")
    told = [one for one in problems(**{"a.route.yaml": route, "n.xslt": SHEET}) if "stylesheet" in one]
    assert told == [
        "routes/a.route.yaml:6:11: a stylesheet is a program: read it, and write `trusted: true`; or write a map, which always ends"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SHEET.replace("s:Order/s:Number", "s:("), "this stylesheet can't be used: "),
        ("<x/>", "this stylesheet can't be used: "),
        (SHEET.replace('select="s:Order/s:Number"', "select=\"document('n.xml')\""), "the stylesheet n fails on this document"),
    ],
)
def test_a_bad_stylesheet_is_told(text, told):
    with pytest.raises((Refusal, Rejected)) as caught:
        transformed(ORDER, text)
    assert told in caught.value.message


def test_the_options_of_a_layout_stand_in_it():
    told = kit.refusals("decode", "xml", {"layout": "shop", **BY_XSD}, *FILES)
    assert told == ["`namespaces` is said by the layout 'shop'; change it there"]
