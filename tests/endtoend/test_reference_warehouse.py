"""The reference integration, whole: each document of warehouses, suppliers and carrier comes out once, in canonical form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_cli import data, run
from tests.endtoend.reference_kit import REPOSITORY, Reference, reference

SAMPLES = REPOSITORY / "routes"
PLACES = [{"warehouse": "WEST", "on_hand": 50, "held": 2, "reserved": 8}]
STOCK = {"unit": "EA", "as_of": "now", "safety_stock": 10, "warehouses": PLACES}


def hasten(root: Path) -> None:
    """Make the agreement with Westdock await a 945 within seconds, so that one that stays away is told while we look."""
    partner = root / "config/partners/westdock.yaml"
    text = partner.read_text()
    assert "48h" in text
    partner.write_text(text.replace('"945": 48h', '"945": 6s'))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("reference"), hasten) as running:
        running.systems.answers.update({f"/erp/availability/SKU-000{number}": STOCK for number in range(1, 5)})
        running.systems.answers["/erp/items/westdock/WD-0001"] = {"sku": "SKU-0001"}
        running.systems.answers["/erp/items/westdock/WD-0003"] = {"sku": "SKU-0003"}
        yield running


def sample(path: str) -> str:
    return (SAMPLES / path).read_text()


def order(number: str, purchase_order: str) -> dict[str, Any]:
    """Return a warehouse order of WEST, as the ERP releases it."""
    return {
        "warehouse_order_number": number,
        "action": "ship",
        "warehouse": "WEST",
        "order_number": purchase_order,
        "customer": "C-1001",
        "released_at": "2026-11-23T08:00:00Z",
        "ship_to": {"name": "ACME DC 217", "code": "0217"},
        "carrier": {"scac": "FSTL", "payment": "prepaid"},
        "lines": [
            {"number": "1", "sku": "SKU-0001", "quantity": 10, "unit": "EA"},
            {"number": "2", "sku": "SKU-0002", "quantity": 4, "unit": "EA"},
        ],
    }


def acks(company: Reference, partner: str, document: str) -> list[str]:
    """Return the states of the documents of a kind that we have exchanged with a partner."""
    rows = data("acks", "--partner", partner, "--state", "all", "--document", document, root=company.root)
    return [row["state"] for row in rows]


def test_a_warehouse_order_is_shipped_by_the_3pl_and_told_the_customer(company: Reference) -> None:
    """940 out, 997 in, 945 in, 997 out; the ERP books the shipment, ACME gets its 856; the chain joins 940 and 945."""
    assert company.tell("/erp/warehouse-orders", order("SO-7001", "4500012345")) == 202
    company.acknowledge("westdock", "940", 901)
    company.eventually(lambda: acks(company, "westdock", "940") == ["acknowledged"])
    company.drop("westdock", sample("warehouse/samples/westdock-945.edi"))
    (shipment,) = company.eventually(lambda: company.systems.sent("/erp/shipments"))
    assert (shipment["shipment_number"], shipment["customer"], len(shipment["packages"])) == ("WD-88001", "C-1001", 2)
    assert shipment["short"] == [{"order_line": "2", "sku": "SKU-0002", "quantity": 1, "unit": "EA", "reason": "out of stock"}]
    (notice,) = company.eventually(lambda: company.pickup("acme", "ST*856*"))
    for segment in ("PRF*4500012345~", "MAN*GM*006141411234567890~", "MAN*GM*006141411234567906~", "CTT*7~"):
        assert segment in notice
    company.eventually(lambda: company.pickup("westdock", "AK1*SW*101"))
    (chain,) = data("chain", "4500012345", root=company.root)
    assert [(one["set"], one["direction"]) for one in chain["documents"]] == [("940", "out"), ("945", "in"), ("856", "out")]
    first, second = chain["lines"]
    assert [first[stage]["quantity"] for stage in ("released", "picked", "shipped")] == [10, 10, 10]
    assert [second[stage]["quantity"] for stage in ("released", "picked", "shipped")] == [4, 3, 3]


def test_an_order_that_the_3pl_does_not_ship_becomes_a_task(company: Reference) -> None:
    """A 940 without its 945 is in `acks --missing`, and in the ERP, once; one that was shipped is not."""
    assert company.tell("/erp/warehouse-orders", order("SO-7777", "4500077777")) == 202
    (task,) = company.eventually(lambda: company.systems.sent("/erp/tasks"))
    assert (task["partner"], task["document"], task["after"]) == ("westdock", "945", "940")
    missing = data("acks", "--missing", "--partner", "westdock", root=company.root)
    assert [(row["document"], row["value"]) for row in missing] == [("945", task["value"])]
    assert task["value"] in ("SO-7777", "4500077777")


def test_a_purchase_by_edi_from_the_order_to_the_shelf(company: Reference) -> None:
    """850, 855, 860, 865, 856 with the supplier, 943, 944 with the 3PL; the ERP hears it all, and the shop the new stock."""
    placed = json.loads(sample("procurement/samples/northmill-order.json"))
    assert company.tell("/erp/purchase-orders", placed) == 200
    company.acknowledge("northmill", "850", 911)
    company.eventually(lambda: acks(company, "northmill", "850") == ["acknowledged"])
    company.drop("northmill", sample("suppliers/samples/northmill-855.edi"))
    answers = company.eventually(lambda: (found := company.systems.sent("/erp/purchase-orders/acknowledgements"))[2:] and found)
    assert {one["order_number"]: one["status"] for one in answers} == {
        "P-90001": "accepted",
        "P-90003": "changed",
        "P-90004": "rejected",
    }
    line = {"number": "1", "action": "change", "sku": "SKU-0003", "quantity": 200, "unit": "EA", "unit_price": 2.5}
    change = {"order_number": "P-90001", "supplier": "S-NORTHMILL", "action": "change"}
    for number in ("2", "1"):
        told = {**change, "change_number": number, "changed_on": f"2026-11-2{number}", "lines": [line]}
        assert company.tell("/erp/purchase-order-changes", told) == 202
    changes = company.eventually(lambda: (found := company.pickup("northmill", "ST*860*"))[1:] and found)
    assert [f"*P-90001**{number}*" in text for number, text in zip("12", changes, strict=True)] == [True, True]
    company.drop("northmill", sample("suppliers/samples/northmill-856.edi"))
    company.acknowledge("westdock", "943", 902)
    company.drop("westdock", sample("warehouse/samples/westdock-944.edi"))
    company.eventually(lambda: company.systems.sent("/erp/receipts")[1:])
    receipts = {one["receipt_number"]: one for one in company.systems.sent("/erp/receipts")}
    assert (receipts["RC-3301"]["order_number"], receipts["RC-3301"]["lines"][0]["damaged"]) == ("P-90001", 2)
    (returned,) = company.eventually(lambda: company.systems.sent("/erp/returns"))
    assert returned["authorization"] == "RMA-2044"
    stock = company.eventually(lambda: [one for one in company.systems.sent("/shop/availability") if one["sku"] == "SKU-0003"])
    assert stock[0]["available"] == 30
    company.eventually(lambda: acks(company, "westdock", "943") == ["acknowledged"])
    told = run("chain", "P-90001", root=company.root).stdout
    for document in ("850", "855", "856", "943", "944"):
        assert f" {document} " in told, told


def test_a_purchase_by_api_from_the_order_to_the_shelf(company: Reference) -> None:
    """Order out by API, answer and shipment in by signed webhooks, announced to the WMS, received by it."""
    placed = json.loads(sample("procurement/samples/brightco-order.json"))
    assert company.tell("/erp/purchase-orders", placed) == 200
    (sent,) = company.eventually(lambda: company.systems.sent("/brightco/orders"))
    assert (sent["orderRef"], sent["lines"][0]["article"]) == ("P-90002", "BC-40")
    line = {"ref": "1", "article": "BC-40", "qty": 100, "state": "OK", "price": 3.25}
    answer = {"orderRef": "P-90002", "confirmation": "BC-4711", "date": "2026-11-21", "lines": [line]}
    for _ in range(2):  # the supplier sends what it is unsure of again, under the same id
        company.sign("/brightco/answers", answer, "answer-1")
    path = "/erp/purchase-orders/acknowledgements"
    company.eventually(lambda: [one for one in company.systems.sent(path) if one["order_number"] == "P-90002"])
    shipped = {"shipment": "BC-1", "orderRef": "P-90002", "shippedAt": "2026-11-25T10:00:00Z", "warehouse": "EAST"}
    company.sign("/brightco/shipments", {**shipped, "lines": [{"ref": "1", "article": "BC-40", "qty": 100}]}, "shipment-1")
    (awaited,) = company.eventually(lambda: company.systems.sent("/wms/expected-receipts"))
    assert (awaited["asn"], awaited["rows"][0]["item"]) == ("BC-1", "SKU-0004")
    rows = [{"line": "1", "item": "SKU-0004", "qty": 100, "uom": "EA", "damaged": 1}]
    receipt = {"id": "R-901", "site": "EAST", "closed_at": "2026-11-28T10:00:00Z", "po": "P-90002", "asn": "BC-1", "rows": rows}
    for name in ("receipt-1", "receipt-2"):  # the same receipt under two ids: the route knows it by its number
        company.sign("/wms-east/receipts", receipt, name)
    sent = company.systems.sent
    booked = company.eventually(lambda: [one for one in sent("/erp/receipts") if one["receipt_number"] == "R-901"])
    assert (booked[0]["warehouse"], booked[0]["order_number"]) == ("EAST", "P-90002")


def test_the_stock_of_both_warehouses(company: Reference) -> None:
    """EAST's pages become one snapshot, WEST's 846 one; adjustments of both; an unknown item's line waits until it is known."""
    page = {"snapshot": "S-1", "site": "EAST", "taken": "2026-11-23T04:00:00Z", "pages": 3}
    for number in (3, 1, 2, 1):
        rows = [{"item": f"SKU-000{number}", "qty": 10 * number, "uom": "EA"}]
        company.sign("/wms-east/stock", {**page, "page": number, "rows": rows}, f"page-{number}-{len(company.systems.calls)}")
    company.drop("westdock", sample("inventory/samples/westdock-846.edi"))
    company.eventually(lambda: company.systems.sent("/erp/stock/snapshots")[1:])
    snapshots = {one["snapshot_number"]: one for one in company.systems.sent("/erp/stock/snapshots")}
    assert sorted(line["sku"] for line in snapshots["S-1"]["lines"]) == ["SKU-0001", "SKU-0002", "SKU-0003"]
    assert snapshots["846-0044"]["unidentified"] == [{"item": "WD-9999", "quantity": 6, "unit": "EA"}]
    company.sign("/wms-east/adjustments", json.loads(sample("inventory/samples/wms-adjustment.json")), "adjustment-1")
    company.drop("westdock", sample("inventory/samples/westdock-947.edi"))
    path = "/erp/stock/adjustments"
    company.eventually(lambda: company.systems.sent(path)[2:])
    assert sorted(one["adjustment_number"] for one in company.systems.sent(path)) == ["A-17-1", "A-17-2", "ADJ-17"]
    (parked,) = company.eventually(lambda: data("parked", "list", root=company.root))
    assert "item westdock WD-8888" in json.dumps(parked)
    company.systems.answers["/erp/items/westdock/WD-8888"] = {"sku": "SKU-0004"}
    assert company.tell("/erp/westdock-items", {"item": "WD-8888", "sku": "SKU-0004"}) == 202
    late = company.eventually(lambda: [one for one in company.systems.sent(path) if one["adjustment_number"] == "A-17-3"])
    assert late[0]["lines"][0]["sku"] == "SKU-0004"


def test_milestones_come_out_in_order(company: Reference) -> None:
    """The carrier's 214 is sorted, its repetition left out; ERP and shop get the same."""
    company.drop("fastlane", sample("warehouse/samples/fastlane-214.edi"))
    company.eventually(lambda: company.systems.sent("/shop/tracking")[3:] and company.systems.sent("/erp/milestones")[3:])
    for path in ("/shop/tracking", "/erp/milestones"):
        told = [one["milestone"] for one in company.systems.sent(path) if one["shipment_number"] == "WD-88001"]
        assert told == ["picked_up", "delayed", "delivered"]


def test_nothing_failed_nothing_came_out_twice_and_every_file_was_answered(company: Reference) -> None:
    """The same files again change nothing; a bad transaction is answered with where it is bad."""
    before = len(company.systems.calls)
    for folder, partner, name in (("warehouse", "westdock", "945"), ("suppliers", "northmill", "855")):
        company.drop(partner, sample(f"{folder}/samples/{partner}-{name}.edi") + "\n")
    company.eventually(lambda: len(data("messages", "--state", "duplicate", root=company.root)) >= 2)
    assert company.systems.twice() == []
    assert [call for call in company.systems.calls[before:] if call.path == "/erp/shipments"] == []
    assert data("failed", "list", root=company.root) == []
    for control in ("AK1*SW*101", "AK1*RE*111", "AK1*IB*121", "AK1*AW*131"):
        assert len(company.pickup("westdock", control)) == 1, control
    company.drop("westdock", sample("warehouse/samples/westdock-944-wrong-total.edi"))
    (told,) = company.eventually(lambda: company.pickup("westdock", "AK1*RE*112"))
    assert "AK3*W14*5**8~" in told
