"""UBL 2.1 despatch advices as canonical shipments, both ways."""

from __future__ import annotations

from tests.transformers.records import records_kit as kit
from tests.transformers.ubl import ubl_kit as ubl


def shipment():
    return ubl.mapped("ubl-despatch-advice", ubl.read("ubl-despatch-advice", "despatch-advice-peppol.xml"), "shipment.v1")


def test_a_despatch_advice_becomes_a_canonical_shipment():
    assert shipment() == {
        "shipment_number": "D-5501",
        "kind": "purchase",
        "order_number": "P-90001",
        "supplier": "S-NORTHMILL",
        "shipped_at": "2026-11-18T14:05:00Z",
        "expected_on": "2026-11-20",
        "ship_to": {"name": "Westdock", "code": "WEST"},
        "packages": [
            {
                "sscc": "173000100000000017",
                "lines": [
                    {
                        "order_line": "3",
                        "sku": "SKU-0001",
                        "supplier_item": "NM-300",
                        "quantity": 10,
                        "unit": "EA",
                        "lot": "L5",
                        "description": "Hex bolt M8",
                    },
                    {"order_line": "4", "sku": "SKU-0002", "quantity": 1, "unit": "CA", "description": "Wall plug"},
                ],
            }
        ],
        "short": [{"order_line": "3", "sku": "SKU-0001", "quantity": 2, "unit": "EA", "reason": "out of stock"}],
    }


def test_our_shipment_is_written_as_a_despatch_advice():
    data = kit.encoded("xml", ubl.mapped("despatch-advice-ubl", shipment()), "ubl-despatch-advice")
    found = ubl.mapped("ubl-despatch-advice", kit.decoded("xml", data, "ubl-despatch-advice"), "shipment.v1")
    numbers = [(line["order_line"], line["quantity"]) for line in found["packages"][0]["lines"]]
    assert (found["packages"][0]["sscc"], numbers) == ("173000100000000017", [("3", 10), ("4", 1)])
    assert (found["shipped_at"], found["ship_to"], found["expected_on"]) == (
        "2026-11-18T14:05:00Z",
        {"name": "Westdock", "code": "WEST"},
        "2026-11-20",
    )
