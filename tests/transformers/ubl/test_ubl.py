"""UBL 2.1 as ready maps, both ways, with the canonical documents."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.transformers.records import records_kit as kit
from tests.transformers.ubl import ubl_kit as ubl


def test_an_order_becomes_a_canonical_order():
    found = ubl.mapped("ubl-order", ubl.read("ubl-order", "order-peppol.xml"), "order.v1")
    lines = found.pop("lines")
    assert found == {
        "order_number": "PO-2026-1047",
        "customer": "7300010000018",
        "channel": "edi",
        "ordered_on": "2026-11-05",
        "requested_on": "2026-11-20",
        "currency": "EUR",
        "ship_to": {"name": "Norrhandel lager Uppsala", "code": "7300010000025", "street": "Lagervägen 12", "city": "Uppsala", "postal_code": "75323", "country": "SE"},
        "note": "Deliver to dock 4 before noon",
        "total": Decimal("158.00"),
    }  # fmt: skip
    assert lines == [
        {"number": "1", "sku": "SKU-0001", "gtin": "07300010000012", "buyer_item": "NH-77", "description": "Hex bolt M8", "quantity": 10, "unit": "EA", "unit_price": Decimal("11.0000")},
        {"number": "2", "sku": "SKU-0002", "description": "Wall plug", "quantity": 4, "unit": "CA", "unit_price": Decimal("12.0000")},
    ]  # fmt: skip


def test_an_order_with_little_in_it_becomes_one_too():
    found = ubl.mapped("ubl-order", ubl.read("ubl-order", "order-small.xml"), "order.v1")
    assert (found["customer"], found["ship_to"], found["total"]) == ("C-1001", {"name": "Shop"}, Decimal("5.00"))
    assert found["lines"][0]["sku"] == "7300010000012"


def test_an_order_is_the_same_after_a_way_there_and_back():
    order = ubl.mapped("ubl-order", ubl.read("ubl-order", "order-peppol.xml"))
    data = kit.encoded("xml", ubl.mapped("order-ubl", order), "ubl-order")
    assert ubl.mapped("ubl-order", kit.decoded("xml", data, "ubl-order"), "order.v1") == order


def test_an_invoice_becomes_a_canonical_invoice():
    found = ubl.mapped("ubl-invoice", ubl.read("ubl-invoice", "invoice-peppol.xml"), "invoice.v1")
    assert found == {
        "invoice_number": "F-90017",
        "type": "invoice",
        "supplier": "S-NORTHMILL",
        "invoiced_on": "2026-11-21",
        "due_on": "2026-12-21",
        "delivered_on": "2026-11-19",
        "currency": "EUR",
        "order_number": "P-90001",
        "references": [{"type": "shipment", "number": "D-5501"}],
        "ship_to": {"name": "our warehouse", "code": "WEST", "city": "Chicago"},
        "lines": [{"number": "1", "order_line": "3", "sku": "SKU-0001", "supplier_item": "NM-300", "description": "Hex bolt M8", "quantity": 10, "unit": "EA", "unit_price": 11, "amount": 110, "tax_rate": 25}],
        "adjustments": [{"reason": "freight", "amount": Decimal("7.50")}, {"reason": "95", "amount": Decimal("-2.50")}],
        "tax": Decimal("28.75"),
        "total": Decimal("143.75"),
    }  # fmt: skip


def test_our_invoice_is_written_with_totals_that_add_up():
    invoice = ubl.mapped("ubl-invoice", ubl.read("ubl-invoice", "invoice-peppol.xml"))
    body = ubl.mapped(
        "invoice-ubl", {**{name: value for name, value in invoice.items() if name != "supplier"}, "customer": "C-1001"}
    )
    data = kit.encoded("xml", body, "ubl-invoice")
    found = kit.decoded("xml", data, "ubl-invoice")
    totals = {name: amount["#text"] for name, amount in found["LegalMonetaryTotal"].items()}
    assert totals == {"LineExtensionAmount": 110, "TaxExclusiveAmount": 115, "TaxInclusiveAmount": Decimal("143.75"), "AllowanceTotalAmount": Decimal("2.50"), "ChargeTotalAmount": Decimal("7.50"), "PayableAmount": Decimal("143.75")}  # fmt: skip
    assert [one["ChargeIndicator"] for one in found["AllowanceCharge"]] == [True, False]
    assert ubl.mapped("ubl-invoice", found)["lines"][0]["amount"] == 110


@pytest.mark.parametrize(
    ("layout", "sample", "old", "new", "told"),
    [
        ("ubl-order", "order-peppol.xml", "<cbc:ID>PO-2026-1047</cbc:ID>", "", "line 2, column 1 (Order): Order lacks ID, or it is empty"),
        ("ubl-order", "order-peppol.xml", "2026-11-05", "5 Nov", "line 8, column 3 (Order/IssueDate): IssueDate must be a date such as 2026-11-05, this is '5 Nov'"),
        ("ubl-order", "order-peppol.xml", ">10<", ">ten<", "line 51, column 7 (Order/OrderLine[1]/LineItem/Quantity): Quantity must be a number such as 1234.5, this is 'ten'"),
        ("ubl-order", "order-peppol.xml", '<cbc:PriceAmount currencyID="EUR">12', "<cbc:PriceAmount>12", "line 70, column 18 (Order/OrderLine[2]/LineItem/Price/PriceAmount): PriceAmount lacks the attribute 'currencyID'"),
        ("ubl-invoice", "invoice-peppol.xml", "<cbc:ChargeIndicator>true", "<cbc:ChargeIndicator>yes", "line 41, column 5 (Invoice/AllowanceCharge[1]/ChargeIndicator): ChargeIndicator must be one of 'false', '0', 'true', '1', this is 'yes'"),
        ("ubl-invoice", "order-peppol.xml", "", "", "line 2, column 1 (Order): the element is called 'Order' of urn:oasis:names:specification:ubl:schema:xsd:Order-2, not 'Invoice' of urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"),
    ],
)  # fmt: skip
def test_a_bad_document_is_told_with_its_places(layout, sample, old, new, told):
    text = (ubl.SAMPLES / sample).read_text()
    assert old in text
    assert told in kit.faults(kit.rejected("xml", text.replace(old, new, 1).encode(), layout))


def test_a_layout_that_comes_with_the_product_is_told_among_the_others():
    told = kit.refusals("decode", "xml", "ubl-ordr")
    assert told == ["there is no layout 'ubl-ordr'; did you mean 'ubl-order'?"]


@pytest.mark.parametrize(("layout", "sample"), [("ubl-order", "order-peppol.xml"), ("ubl-invoice", "invoice-peppol.xml")])
def test_damaged_documents_are_taken_or_refused_and_nothing_else(layout, sample):
    data = (ubl.SAMPLES / sample).read_bytes()
    step = kit.step("decode", "xml", layout)
    told = kit.survives(lambda one: step.apply(kit.message(one)).body, kit.damaged(data, b"<>&/'\"= \n\x00\xff0A", 3, 200))
    assert told["refused"] > 100


def test_what_is_written_stands_in_the_order_of_the_standard():
    body = ubl.read("ubl-order", "order-peppol.xml")
    data = kit.encoded("xml", dict(reversed(body.items())), "ubl-order").decode()
    tags = ["cbc:ID>PO", "cbc:IssueDate", "cbc:OrderTypeCode", "cac:BuyerCustomerParty", "cac:SellerSupplierParty", "cac:Delivery>", "cac:AnticipatedMonetaryTotal", "cac:OrderLine>"]  # fmt: skip
    assert [data.index(tag) for tag in tags] == sorted(data.index(tag) for tag in tags)
