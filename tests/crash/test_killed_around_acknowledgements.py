"""Killed between sending and recording, and while an acknowledgement is taken: every document ends acknowledged, sent once."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from crossdock import boot
from crossdock.core.exchange import Asked
from tests.crash import project
from tests.crash.test_killed_at_every_commit_point import crossdock, post, wait_until
from tests.services.ledger import ledger
from tests.services.ports import free_port

ROUTE = """
route: orders
owner: tests
domain: sales
from:
  webhook: { path: /edi, partner: acme, auth: none, content_types: [application/edi-x12] }
steps:
  - decode: { x12: { sets: ["850"] } }
  - split: transactions
  - map: order
  - encode: { x12: { set: "855" } }
to:
  - sink: { key: keys.purchase_order, policies: [quick] }
"""

MAP = """
map: order
target: x12 855
fields:
  BAK: { BAK01: '"00"', BAK02: '"AC"', BAK03: body.BEG.BEG03, BAK04: body.BEG.BEG05 }
"""

PARTNER = project.PARTNER.replace("acknowledge: false", "acknowledge: false\n  ack_window: 1h")
CONTROL = 1


def write(tmp_path: Path, journal: str, port: int, sink: str) -> Path:
    """Write the project: an 855 to the ledger for each order."""
    root = project.write(tmp_path, journal=journal, port=port, sink=sink, keyed=True)
    texts = {"routes/sales/orders.route.yaml": ROUTE, "routes/sales/order.map.yaml": MAP, "config/partners/acme.yaml": PARTNER}
    for name, text in texts.items():
        (root / name).write_text(text)
    return root


def acknowledgement(groups: list[str], control: int) -> bytes:
    """Return ACME's 997s for some of our groups."""
    opening = project.interchange(control, []).decode().split("~")[0]
    segments = [opening, f"GS*FA*ACMERETAIL*080192334*20261015*0930*{control}*X*004010"]
    for number, group in enumerate(groups, start=1):
        inner = [f"AK1*PR*{group}", "AK2*855*0001", "AK5*A", "AK9*A*1*1*1"]
        segments += [f"ST*997*{number:04d}", *inner, f"SE*6*{number:04d}"]
    segments += [f"GE*{len(groups)}*{control}", f"IEA*1*{control:09d}"]
    return ("~".join(segments) + "~").encode()


def until_dead(process: subprocess.Popen[bytes], port: int, data: bytes, key: str) -> None:
    """Post a document until it was acknowledged, and wait for the process to die."""
    done = False
    ends = time.monotonic() + 30
    while process.poll() is None:
        assert time.monotonic() < ends, "the process lives"
        done = done or sent(port, data, key)
        time.sleep(0.05)
    assert done


def sent(port: int, data: bytes, key: str) -> bool:
    headers = {"Content-Type": "application/edi-x12", "Idempotency-Key": key}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/edi", data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status in (200, 202)
    except OSError:
        return False


@pytest.mark.parametrize("sending", ["before", "after"])
@pytest.mark.parametrize("taking", ["before", "after"])
def test_every_document_ends_acknowledged_and_is_sent_once(sending, taking, journal_url, tmp_path):
    """Killed at the record of the sending, then at the record of the acknowledgement."""
    orders = [f"PO-{CONTROL}-{number}" for number in (1, 2, 3)]
    with ledger() as target:
        port = free_port()
        root = write(tmp_path, journal_url, port, target.url)
        with crossdock(root, "conclude", sending, "1") as process:
            until_dead(process, port, project.interchange(CONTROL, orders), "orders")
        opened = boot.open(root, boot.compiled(root, "local"))
        waiting = opened.exchanges.search(Asked(document="855"))
        assert [row["state"] for row in waiting] == ["waiting"] * 3
        acks = acknowledgement([row["group"] for row in waiting], 9)
        with crossdock(root, "append", taking, "1") as process:
            until_dead(process, port, acks, "acks")

        def settled() -> bool:
            rows = opened.exchanges.search(Asked(state="acknowledged", document="855"))
            return len(rows) == 3 and all(row["sent_at"] for row in rows)

        with crossdock(root):
            wait_until(lambda: post(port, 77), root)
            wait_until(settled, root)
            wait_until(lambda: opened.desk.counts(0)["deliveries"] == {"delivered": 6}, root)
        assert {order: target.effects().get(order) for order in orders} == dict.fromkeys(orders, 1)
        assert opened.desk.counts(0)["deliveries"] == {"delivered": 6}
        opened.close()
