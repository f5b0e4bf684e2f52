"""An order in XML, by a layout and by an XSD that say the same."""

from __future__ import annotations

from decimal import Decimal

from crossdock.core.errors import Place
from crossdock.core.spec import Resource
from tests.transformers.records import records_kit as kit

LAYOUT = kit.layout("""layout: shop
xml:
  root: Order
  namespaces: { "": "urn:shop" }
  fields:
    "@id": { type: integer, required: true }
    Number: { required: true }
    Date: date
    Line:
      list: true
      required: true
      fields:
        Sku: { required: true }
        Price: { type: decimal, fields: { "@currency": { codes: [EUR, USD] } } }
    Gift: boolean
""")
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:shop" targetNamespace="urn:shop"
 elementFormDefault="qualified">
  <xs:include schemaLocation="../common/types.xsd"/>
  <xs:element name="Order">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="Number" type="Text"/>
        <xs:element name="Date" type="xs:date" minOccurs="0"/>
        <xs:element name="Line" type="Line" maxOccurs="unbounded"/>
        <xs:element name="Gift" type="xs:boolean" minOccurs="0" nillable="true"/>
      </xs:sequence>
      <xs:attribute name="id" type="xs:positiveInteger" use="required"/>
    </xs:complexType>
  </xs:element>
</xs:schema>
"""
TYPES = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
  <xs:simpleType name="Text"><xs:restriction base="xs:string"><xs:minLength value="1"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Line">
    <xs:sequence>
      <xs:element name="Sku" type="Text"/>
      <xs:element name="Price" type="Amount" minOccurs="0"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Amount">
    <xs:simpleContent>
      <xs:extension base="xs:decimal"><xs:attribute name="currency"><xs:simpleType>
        <xs:restriction base="xs:string"><xs:enumeration value="EUR"/><xs:enumeration value="USD"/></xs:restriction>
      </xs:simpleType></xs:attribute></xs:extension>
    </xs:simpleContent>
  </xs:complexType>
</xs:schema>
"""
ORDER = b"""<?xml version="1.0" encoding="UTF-8"?>
<Order xmlns="urn:shop" id="7">
  <Number>4711</Number>
  <Date>2026-11-05</Date>
  <Line><Sku>S-1</Sku><Price currency="EUR">9.50</Price></Line>
  <Line><Sku>S-2</Sku></Line>
  <Gift>true</Gift>
</Order>
"""
BODY = {
    "@id": 7,
    "Number": "4711",
    "Date": "2026-11-05",
    "Line": [{"Sku": "S-1", "Price": {"@currency": "EUR", "#text": Decimal("9.50")}}, {"Sku": "S-2"}],
    "Gift": True,
}


def xsd(name: str, text: str) -> Resource:
    """Return an XSD as a file."""
    return Resource("xsd", name, f"{name}.xsd", text, {(): Place(f"{name}.xsd")})


FILES = (LAYOUT, xsd("shop", XSD), xsd("types", TYPES))
BY_XSD = {"xsd": "shop", "namespaces": {"": "urn:shop"}}
