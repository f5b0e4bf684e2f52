"""IDocs as ready maps, both ways, with the canonical documents."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.transformers.records import records_kit as kit
from tests.transformers.ubl.ubl_kit import mapped

SAMPLES = Path(__file__).parent / "samples"
FORMS = ("flat", "xml")


def read(type_: str) -> Any:
    (body,) = kit.bodies("idoc", (SAMPLES / f"{type_.lower()}.xml").read_bytes(), {"type": type_, "format": "xml"})
    return body


def sent(type_: str, body: Any, form: str) -> Any:
    """Return an IDoc as it arrives."""
    options = {"type": type_, "format": form}
    (found,) = kit.bodies("idoc", kit.encoded("idoc", body, options), options)
    return found


ORDER = {
    "order_number": "4500012345",
    "customer": "C-1001",
    "channel": "edi",
    "ordered_on": "2026-11-05",
    "requested_on": "2026-11-20",
    "currency": "EUR",
    "ship_to": {"name": "ACME DC 217", "code": "0217", "street": "217 DOCK STREET", "city": "CHICAGO", "region": "IL", "postal_code": "60607", "country": "US"},
    "lines": [
        {"number": "00010", "sku": "SKU-0001", "gtin": "00614141000012", "buyer_item": "ACM-77", "description": "Hex bolt M8", "quantity": Decimal("10.000"), "unit": "EA", "unit_price": Decimal("11.0000"), "requested_on": "2026-11-20"},
        {"number": "00020", "sku": "SKU-0002", "quantity": Decimal("4.000"), "unit": "CA", "unit_price": Decimal("12.0000")},
    ],
    "total": Decimal(158),
}  # fmt: skip


def test_an_order_of_sap_becomes_a_canonical_order():
    assert mapped("idoc-order", read("ORDERS05"), "order.v1") == ORDER


@pytest.mark.parametrize("form", FORMS)
def test_an_order_is_the_same_after_a_way_there_and_back(form):
    found = mapped("idoc-order", sent("ORDERS05", mapped("order-idoc", ORDER), form), "order.v1")
    lines = [{**line, "requested_on": "2026-11-20"} for line in ORDER["lines"]]
    assert found == {**ORDER, "lines": lines}


def test_an_invoice_of_sap_becomes_a_canonical_invoice():
    assert mapped("idoc-invoice", read("INVOIC02"), "invoice.v1") == {
        "invoice_number": "0090017001",
        "type": "invoice",
        "supplier": "S-NORTHMILL",
        "invoiced_on": "2026-11-21",
        "currency": "EUR",
        "order_number": "P-90001",
        "ship_to": {"name": "Westdock", "code": "WEST"},
        "lines": [{"number": "000010", "order_line": "1", "sku": "SKU-0003", "supplier_item": "NM-300", "description": "Wall plug", "quantity": 240, "unit": "EA", "unit_price": Decimal("0.5"), "amount": 120, "tax_rate": 25}],
        "tax": 30,
        "total": 150,
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_our_invoice_is_written_as_an_idoc(form):
    invoice = {**mapped("idoc-invoice", read("INVOIC02")), "customer": "C-1001"}
    found = sent("INVOIC02", mapped("invoice-idoc", invoice), form)
    assert {one["SUMID"]: one["SUMME"] for one in found["E1EDS01"]} == {"001": 1, "005": 30, "010": 120, "011": 150}
    again = mapped("idoc-invoice", found, "invoice.v1")
    assert (again["invoice_number"], again["total"], again["lines"][0]["amount"]) == ("0090017001", 150, 120)


SHIPMENT = {
    "shipment_number": "0080005501",
    "kind": "purchase",
    "order_number": "P-90001",
    "supplier": "S-NORTHMILL",
    "shipped_at": "2026-11-18T14:05:00Z",
    "expected_on": "2026-11-20",
    "ship_to": {"name": "Westdock", "code": "WEST", "city": "Chicago"},
    "weight": {"quantity": Decimal("61.500"), "unit": "KG"},
    "packages": [
        {
            "sscc": "173000100000000017",
            "lines": [
                {"order_line": "000001", "sku": "SKU-0003", "supplier_item": "NM-300", "description": "Wall plug", "quantity": 240, "unit": "EA", "lot": "L5"},
                {"order_line": "000002", "sku": "SKU-0004", "supplier_item": "NM-301", "quantity": 2, "unit": "CT"},
            ],
        }
    ],
}  # fmt: skip


def test_a_delivery_of_sap_becomes_a_canonical_shipment():
    assert mapped("idoc-shipment", read("DELVRY03"), "shipment.v1") == SHIPMENT


@pytest.mark.parametrize("form", FORMS)
def test_our_shipment_is_written_as_an_idoc(form):
    found = mapped("idoc-shipment", sent("DELVRY03", mapped("shipment-idoc", SHIPMENT), form), "shipment.v1")
    assert {**found, "supplier": "", "packages": []} == {**SHIPMENT, "supplier": "", "packages": []}
    (package,) = found["packages"]
    assert (package["sscc"], [(one["order_line"], one["sku"], one["quantity"]) for one in package["lines"]]) == (
        "173000100000000017",
        [("000001", "SKU-0003", 240), ("000002", "SKU-0004", 2)],
    )
