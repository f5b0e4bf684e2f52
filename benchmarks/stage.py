"""What the end-to-end benchmarks run: a project, Crossdock's processes, and the sink that counts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.ledger import Ledger
from tests.services.ports import free_port, wait_for_port

REPO = Path(__file__).resolve().parents[1]

ENVIRONMENT = """
environment: local
journal: {journal}
broker: {broker}
workers: {{ threads: 4 }}
endpoints:
  webhook: {{ webhook: {{ host: 127.0.0.1, port: {webhook} }} }}
  sftp_server: {{ sftp_server: {{ host: 127.0.0.1, port: {sftp} }} }}
  sink: {{ http: {{ url: "{sink}/keyed", timeout: 10s, concurrency: 64 }} }}
"""
PARTNER = """
partner: acme
x12:
  theirs: { qualifier: ZZ, id: ACMERETAIL }
  ours: { qualifier: "01", id: "080192334" }
channels:
  sftp_server: { user: acme, password: "${secret:ACME_SFTP_PASSWORD}" }
"""
SHOP = """
route: shop
description: JSON orders become canonical orders at the sink.
owner: bench
domain: sales
from:
  webhook: { path: /orders, auth: none }
steps:
  - decode: json
  - map: shop-order
  - validate: order.v1
keys: { order_number: body.order_number }
to:
  - sink: { key: body.order_number }
"""
EDI = """
route: edi
description: 850s become canonical orders at the sink.
owner: bench
domain: sales
from:
  sftp_server: { partner: acme, directory: inbound, match: "*.edi" }
steps:
  - decode: x12
  - split: transactions
  - map: edi-order
  - validate: order.v1
keys: { order_number: body.order_number }
to:
  - sink: { key: body.order_number }
"""
SHOP_MAP = """
map: shop-order
target: order.v1
fields:
  order_number: body.id
  customer: body.customer
  ordered_on: body.date
  currency: body.currency
  ship_to:
    name: body.ship_to.name
    street: body.ship_to.street
    city: body.ship_to.city
    postal_code: body.ship_to.zip
    country: body.ship_to.country
  lines:
    for_each: body.lines
    fields:
      number: item.position
      sku: item.article
      quantity: item.amount
      unit: item.unit
      unit_price: item.price
      buyer_item: item.customer_article
      description: item.title
  total: sum(body.lines.map(line, line.amount * line.price))
"""
EDI_MAP = """
map: edi-order
target: order.v1
fields:
  order_number: body.BEG.BEG03
  customer: '"C-1001"'
  ordered_on: body.BEG.BEG05
  currency: '"USD"'
  ship_to: { name: "body.N1[1].N102" }
  lines:
    for_each: body.PO1
    fields:
      number: item.PO101
      sku: item.PO109
      quantity: item.PO102
      unit: item.PO103
      unit_price: item.PO104
      buyer_item: item.PO111
  total: sum(body.PO1.map(line, line.PO102 * line.PO104))
"""


class Stage:
    """A written project with its ports."""

    def __init__(self, root: Path, sink: Ledger, journal: str = "", broker: str = "memory://") -> None:
        self.root, self.sink = root, sink
        self.webhook, self.sftp = free_port(), free_port()
        journal = journal or f"sqlite:///{root}/journal.db"
        environment = ENVIRONMENT.format(journal=journal, broker=broker, webhook=self.webhook, sftp=self.sftp, sink=sink.url)
        files = {
            "config/environments/local.yaml": environment,
            "config/partners/acme.yaml": PARTNER,
            "routes/sales/shop.route.yaml": SHOP,
            "routes/sales/edi.route.yaml": EDI,
            "routes/sales/shop-order.map.yaml": SHOP_MAP,
            "routes/sales/edi-order.map.yaml": EDI_MAP,
            "routes/sales/order.v1.schema.json": (REPO / "tests/transformers/schemas/order.v1.schema.json").read_text(),
        }
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @contextmanager
    def running(self, *commands: tuple[str, ...]) -> Iterator[list[int]]:
        """Run crossdock commands (`("up",)`) until the block ends; gives their pids."""
        environment = {**os.environ, "ACME_SFTP_PASSWORD": "bench"}
        with (self.root / "log").open("ab") as log:
            processes = [
                subprocess.Popen(
                    [str(Path(sys.executable).with_name("crossdock")), "-C", str(self.root), *command],
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                for command in commands
            ]
            try:
                wait_for_port(self.webhook)
                wait_for_port(self.sftp)
                yield [process.pid for process in processes]
            finally:
                for process in processes:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def until_called(self, count: int, seconds: float = 120) -> None:
        """Wait until the sink has had `count` calls."""
        ends = time.monotonic() + seconds
        while (calls := self.sink.calls()) < count:
            if time.monotonic() > ends:
                raise TimeoutError(f"{calls} of {count} calls after {seconds:g} s; {(self.root / 'log').read_text()[-2000:]}")
            time.sleep(0.02)


def load(port: int, path: str, total: int, connections: int) -> dict[str, float]:
    """Run the load generator in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load", str(port), path, str(total), str(connections)]
    found: dict[str, float] = json.loads(subprocess.run(command, cwd=REPO, check=True, capture_output=True, text=True).stdout)
    return found
