"""The reference integration, sales and finance, as it stands: every way in, each document out exactly once, events that agree.

One `crossdock up` on a copy of this repository's routes and configuration; only the ERP's endpoint is bound to HTTP. Partners
drop files over SFTP, the shop signs its webhooks, the portal waits for its answer; the ERP and the ledger are real HTTP servers.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncssh
import pytest

from tests.cli.test_cli import CROSSDOCK
from tests.services.ports import free_port, wait_for_port

ROOT = Path(__file__).resolve().parents[2]
SALES, FINANCE = ROOT / "routes/sales/samples", ROOT / "routes/finance/samples"
KEY = b"a-shop-secret-of-24-byte"
UNKNOWN = "0614141999995"
FEED = """\
route: order-feed
owner: sales@distributor.example
domain: sales
from: { event: order.received }
steps:
  - encode: { cloudevents: { source: "https://esb.example", schema: order.v1 } }
to:
  - erp-api: { path: /feed, key: headers.ce_id }
"""


@dataclass
class Systems:
    """The ERP and the ledger: what was done to them, by path and idempotency key, and how often each call came."""

    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=lambda: {"0614141000012": "SKU-0001", "0614141000029": "SKU-0002"})
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)
    market: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, path: str, key: str, body: Any) -> dict[str, Any]:
        """Do what a call asks for, once for each key; a second call with a key and another document is a contradiction."""
        with self.lock:
            self.calls[path, key] += 1
            known = self.done.setdefault(path, {})
            if known.setdefault(key, body) != body:
                self.contradictions.append(f"{path} {key}")
            return {"id": key, "number": str(1000 + list(known).index(key))}

    def orders(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        """Answer as the marketplace: one order a page, those that were placed since; the first call comes too soon."""
        with self.lock:
            self.asked.append(query)
            if len(self.asked) == 1:
                return 429, {"title": "come again"}
            since, page = query.get("placed_since", [""])[0], int(query.get("page", ["0"])[0])
            found = [order for order in self.market if order["placed_at"] >= since]
            rest = {"next": str(page + 1)} if len(found) > page + 1 else {}
            return 200, {"orders": found[page : page + 1], **rest}

    def bodies(self, path: str) -> list[Any]:
        """Return the documents of a path."""
        with self.lock:
            return list(self.done.get(path, {}).values())


@contextmanager
def serving(systems: Systems) -> Iterator[str]:
    """Run the systems as one HTTP server and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(200, systems.post(self.path, self.headers.get("Idempotency-Key", ""), json.loads(text)))

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/market/orders":
                self._answer(*systems.orders(parse_qs(parts.query)))
                return
            sku = systems.items.get(self.path.rpartition("/")[2])
            self._answer(200 if sku else 404, {"sku": sku} if sku else {"title": "no such item"})

        def _answer(self, status: int, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class House:
    """Crossdock, running on a copy of this repository's project."""

    root: Path
    systems: Systems
    environment: dict[str, str]
    sftp: int
    web: int

    def drop(self, partner: str, directory: str, file: Path) -> None:
        """Upload a file as a partner."""

        async def put(client: asyncssh.SFTPClient) -> None:
            await client.put(str(file), f"{directory}/{file.name}")

        asyncio.run(self._with_sftp(partner, put))

    def collected(self, partner: str) -> list[str]:
        """Return what lies in a partner's pickup folder."""

        async def read(client: asyncssh.SFTPClient) -> list[str]:
            names = sorted(str(name) for name in await client.listdir("outbound") if name not in (".", ".."))
            found = []
            for name in names:
                async with client.open(f"outbound/{name}", "rb") as file:
                    found.append((await file.read()).decode())
            return found

        found: list[str] = asyncio.run(self._with_sftp(partner, read))
        return found

    async def _with_sftp(self, partner: str, work: Callable[[asyncssh.SFTPClient], Any]) -> Any:
        password = self.environment[f"{partner.upper()}_SFTP_PASSWORD"]
        async with (
            asyncssh.connect("127.0.0.1", self.sftp, username=partner, password=password, known_hosts=None) as connection,
            connection.start_sftp_client() as client,
        ):
            return await work(client)

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, Any]:
        """Post a document to the gateway."""
        given = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = urllib.request.Request(f"http://127.0.0.1:{self.web}{path}", data=body, headers=given)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def cli(self, *arguments: str) -> str:
        """Run a command on the project."""
        command = [CROSSDOCK, "-C", str(self.root), *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait for a condition; fails with the log's end."""
        ends = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < ends, f"{what}\n{self.cli('failed', 'list')}\n{(self.root / 'up.log').read_text()[-3000:]}"
            time.sleep(0.1)


def secrets() -> dict[str, str]:
    """Return a value for every secret that the configuration names."""
    names = {name for path in (ROOT / "config").rglob("*.yaml") for name in re.findall(r"\$\{secret:(\w+)}", path.read_text())}
    names |= {name for path in (ROOT / "routes").rglob("*.yaml") for name in re.findall(r"\$\{secret:(\w+)}", path.read_text())}
    return {name: f"secret-of-{name.lower()}" for name in names} | {
        "SHOP_WEBHOOK_SECRET": f"whsec_{base64.b64encode(KEY).decode()}"
    }


def copied(root: Path) -> None:
    """Copy routes and configuration; the ERP is bound to HTTP, and a feed of CloudEvents is added."""
    shutil.copytree(ROOT / "routes", root / "routes")
    shutil.copytree(ROOT / "config", root / "config", ignore=shutil.ignore_patterns("crossdock_config", "secrets", "__pycache__"))
    local = root / "config/environments/local.yaml"
    text, count = re.subn(
        r"(?m)^  erp:\n(    .*\n)+", '  erp:\n    http: { url: "${env:ERP_API_URL}/orders" }\n\n', local.read_text()
    )
    assert count == 1
    local.write_text(text)
    (root / "routes/sales/order-feed.route.yaml").write_text(FEED)
    often = root / "routes/sales/marketplace-orders.route.yaml"
    often.write_text(often.read_text().replace("every: 1m", "every: 500ms"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The integration, up and running."""
    root = tmp_path_factory.mktemp("reference")
    copied(root)
    systems = Systems()
    sftp, web = free_port(), free_port()
    with serving(systems) as url, (root / "up.log").open("wb") as log:
        ports = {"CROSSDOCK_SFTP_PORT": str(sftp), "CROSSDOCK_WEBHOOK_PORT": str(web), "CROSSDOCK_METRICS_PORT": str(free_port())}
        environment = {**os.environ, **secrets(), **ports, "ERP_API_URL": url, "LEDGER_URL": f"{url}/ledger"}
        environment["MARKETPLACE_URL"] = f"{url}/market"
        environment["CROSSDOCK_HOME"] = "."
        process = subprocess.Popen([CROSSDOCK, "-C", str(root), "up"], env=environment, stdout=log, stderr=log)
        try:
            wait_for_port(sftp)
            wait_for_port(web)
            yield House(root, systems, environment, sftp, web)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0, (root / "up.log").read_text()[-3000:]


def signed(body: bytes, number: str, key: bytes = KEY) -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    at = str(int(time.time()))
    digest = hmac.digest(key, f"{number}.{at}.".encode() + body, hashlib.sha256)
    return {"webhook_id": number, "webhook_timestamp": at, "webhook_signature": f"v1,{base64.b64encode(digest).decode()}"}


def sets(documents: list[str]) -> Counter[str]:
    """Return how many of each X12 set or EDIFACT message there are."""
    return Counter(name for text in documents for name in re.findall(r"(?:ST\*|UNH\+\d+\+)(\w+)", text))


ORDERS = ["4500012345", "4500012346", "B-7001", "F-1", "F-3", "M-2", "P-500", "W-1001"]


def test_every_order_comes_out_once_whichever_way_it_came(house: House) -> None:
    """EDI in two dialects, a signed webhook sent three times, an API order, CSV, an API that is polled: one sales order each."""
    house.drop("acme", "inbound", SALES / "acme-two-orders.edi")
    house.drop("beta", "inbound", SALES / "beta-orders.edi")
    house.drop("fieldsales", "inbound", SALES / "field-orders.csv")
    body = (SALES / "shop-order.json").read_bytes()
    assert house.post("/shop/orders", body, **signed(body, "msg_1"))[0] == 202
    assert house.post("/shop/orders", body, **signed(body, "msg_1"))[0] in (200, 202)
    assert house.post("/shop/orders", body, **signed(body, "msg_2"))[0] == 202
    house.systems.market += [json.loads((SALES / f"marketplace-order-m-{number}.json").read_text()) for number in (1, 2)]
    order = {
        "po": "P-500",
        "ordered_on": "2026-10-15",
        "deliver_to": {"name": "Gamma"},
        "items": [{"item": "G-77", "quantity": 3}],
    }
    token = {"Authorization": f"Bearer {house.environment['PORTAL_TOKEN']}"}
    assert house.post("/portal/orders", json.dumps(order).encode(), **token) == (
        200,
        {"accepted": True, "order_number": "P-500", "lines": 1, "total": 40.5, "currency": "USD"},
    )
    house.until(lambda: len(house.systems.bodies("/orders")) >= len(ORDERS), "all orders are in the ERP")
    assert sorted(one["order_number"] for one in house.systems.bodies("/orders")) == ORDERS
    channels = {one["order_number"]: (one["channel"], one["customer"]) for one in house.systems.bodies("/orders")}
    assert channels["B-7001"] == ("edi", "C-1002")
    assert channels["W-1001"] == ("shop", "C-3000")


def test_the_marketplace_is_asked_for_what_came_since_page_after_page(house: House) -> None:
    """A 429 was waited for; from then on the cursor reaches ten minutes back, and what comes again is taken once."""
    calls = len(house.systems.asked)
    house.until(lambda: len(house.systems.asked) > calls + 4, "the marketplace is asked again and again")
    assert all(query["status"] == ["paid"] for query in house.systems.asked)
    assert {"page": ["1"], "placed_since": ["2026-10-15T08:21:00Z"], "status": ["paid"]} in house.systems.asked
    received = json.loads(house.cli("messages", "--route", "marketplace-orders", "--json"))
    assert len([row for row in received if not row["parent"] and row["state"] == "split"]) == 2
    done = subprocess.run(
        [CROSSDOCK, "-C", str(house.root), "doctor", "--json"], env=house.environment, capture_output=True, text=True, check=False
    )
    (told,) = [check for check in json.loads(done.stdout) if check["name"].startswith("poll marketplace-orders at 127.0.0.1:")]
    assert (told["ok"], told["detail"][:7]) == (True, "looked ")


def test_a_poll_that_begins_anew_takes_nothing_twice(house: House) -> None:
    """An operator lets it: the marketplace is asked for everything, and what is known stays known."""
    (poll,) = json.loads(house.cli("polls", "list", "--json"))
    assert (poll["route"], json.loads(poll["state"])["at"], poll["trouble"]) == (
        "marketplace-orders",
        "2026-10-15T08:31:00+00:00",
        "",
    )
    calls = len(house.systems.asked)
    assert house.cli("polls", "restart", poll["name"]) == f"{poll['name']} begins anew\n"
    house.until(lambda: any("placed_since" not in query for query in house.systems.asked[calls:]), "it begins anew")
    house.until(lambda: len(house.systems.asked) > calls + 4, "it goes on")
    received = json.loads(house.cli("messages", "--route", "marketplace-orders", "--json"))
    assert len([row for row in received if not row["parent"] and row["state"] == "split"]) == 2
    assert json.loads(house.cli("audit", "--action", "restart_poll", "--json"))[0]["subject"] == poll["name"]


def test_who_can_not_prove_itself_or_asks_for_nonsense_is_told(house: House) -> None:
    """A wrong signature, no token, an item that nobody knows: nothing of it reaches the ERP."""
    body = (SALES / "shop-order.json").read_bytes()
    assert house.post("/shop/orders", body, **signed(body, "msg_3", b"another-secret-of-24-byt"))[0] == 401
    assert house.post("/portal/orders", b"{}")[0] == 401
    order = {"po": "P-9", "ordered_on": "2026-10-15", "deliver_to": {"name": "Gamma"}, "items": [{"item": "G-99", "quantity": 1}]}
    status, answer = house.post(
        "/portal/orders", json.dumps(order).encode(), Authorization=f"Bearer {house.environment['PORTAL_TOKEN']}"
    )
    assert (status, answer["accepted"]) == (200, False)
    assert "'G-99'" in answer["why"]


def test_a_line_whose_item_nobody_knows_waits_until_somebody_lets_it_go(house: House) -> None:
    """Its order comes out whole, afterwards; the orders beside it did not wait."""
    house.until(lambda: f"item gtin {UNKNOWN}" in house.cli("parked", "list", "--json"), "the line is parked")
    house.systems.items[UNKNOWN] = "SKU-0004"
    house.cli("parked", "release", f"item gtin {UNKNOWN}")
    house.until(lambda: len(house.systems.bodies("/orders")) > len(ORDERS), "the order follows")
    (order,) = [one for one in house.systems.bodies("/orders") if one["order_number"] == "M-1"]
    assert [(line["number"], line["sku"]) for line in order["lines"]] == [("1", "SKU-0001"), ("2", "SKU-0004")]


def test_changes_reach_the_erp_once_each(house: House) -> None:
    """860 and ORDCHG; a change without its quantity is refused alone."""
    house.drop("acme", "changes", SALES / "acme-change.edi")
    house.drop("beta", "inbound", SALES / "beta-change.edi")
    house.until(lambda: len(house.systems.bodies("/sales-orders/changes")) >= 4, "all changes are in the ERP")
    found = sorted((one["change_number"], one["action"]) for one in house.systems.bodies("/sales-orders/changes"))
    assert found == [("4500012345-1", "change"), ("4500012346-1", "cancel"), ("B-7001-C1", "change"), ("B-7003-C1", "cancel")]


def test_invoices_go_out_and_payments_come_in_and_the_ledger_balances(house: House) -> None:
    """Invoices are posted and sent in both dialects, remittances are posted; an event that comes twice has no second effect."""
    headers = {
        "Authorization": f"Bearer {house.environment['ERP_WEBHOOK_TOKEN']}",
        "Content-Type": "application/cloudevents+json",
    }
    for name in ("acme", "beta", "acme"):
        assert house.post("/erp/invoices", (FINANCE / f"erp-invoice-{name}.json").read_bytes(), **headers)[0] == 202
    house.drop("acme", "remittances", FINANCE / "acme-remittance.edi")
    house.drop("beta", "inbound", SALES / "beta-remittance.edi")
    house.until(lambda: len(house.systems.bodies("/ledger/entries")) >= 4, "all entries are in the ledger")
    entries = house.systems.bodies("/ledger/entries")
    numbers = ["invoice/INV-1001", "invoice/INV-2001", "payment/C-1001/PAY-55", "payment/C-1002/BP-9"]
    assert sorted(one["posting_number"] for one in entries) == numbers
    for one in entries:
        cents = [round(100 * entry.get("debit", 0)) - round(100 * entry.get("credit", 0)) for entry in one["entries"]]
        assert sum(cents) == 0, one


def test_partners_get_every_answer_once(house: House) -> None:
    """997 and CONTRL for what they sent, 855 and ORDRSP for orders that were booked, 810 and INVOIC."""
    wanted = {"acme": {"997": 3, "855": 2, "810": 1}, "beta": {"CONTRL": 3, "ORDRSP": 1, "INVOIC": 1}}
    for partner, documents in wanted.items():
        house.until(
            lambda p=partner, d=documents: sum(sets(house.collected(p)).values()) >= sum(d.values()),
            f"all is there for {partner}",
        )
        assert dict(sets(house.collected(partner))) == documents


def test_events_agree_with_what_the_erp_has(house: House) -> None:
    """Each order is one CloudEvent with an id of its own, about that order, with the document that the ERP has."""
    house.until(lambda: len(house.systems.bodies("/feed")) > len(ORDERS), "all events are out")
    events = house.systems.bodies("/feed")
    assert sorted(event["subject"] for event in events) == sorted([*ORDERS, "M-1"])
    assert len({event["id"] for event in events}) == len(events)
    assert {event["type"] for event in events} == {"order.received"}
    sources = {event["subject"]: event["source"].rpartition("/")[2] for event in events}
    assert sources["B-7001"] == "beta-mailbox"
    assert sources["M-1"] == "marketplace-orders"
    booked = {one["order_number"]: one for one in house.systems.bodies("/orders")}
    assert {event["subject"]: event["data"] for event in events} == booked


def test_nothing_was_done_twice_and_what_failed_has_its_reason(house: House) -> None:
    """No key was ever called with two documents; the failures are those that the files hold."""
    assert house.systems.contradictions == []
    failed = json.loads(house.cli("failed", "list", "--json"))
    reasons = sorted(row["error"]["message"] for row in failed)
    for wanted in (
        "00614141999995",
        "'G-99'",
        "BPR02 must be what the invoices add up to",
        "a line that is added or changed needs",
    ):
        assert len([reason for reason in reasons if wanted in reason]) == 1, reasons
    assert len([reason for reason in reasons if "'two'" in reason]) == 1, reasons
    assert len(reasons) == 5, reasons
