"""Killed while messages wait for each other or for an answer: every group goes on once, with all of its members."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.crash import project
from tests.crash.test_killed_at_every_commit_point import crossdock, wait_until
from tests.services.ledger import ledger
from tests.services.ports import free_port

ROUTE = """
route: orders
description: Lines by webhook become whole orders at the ledger.
owner: tests
domain: sales
from:
  webhook: { path: /lines, auth: none }
steps:
  - decode: json
  - enrich: { from: { lookup: {} }, with: '{"order_number": "seen " + body.order + body.line}', into: body.seen, cache: 1m }
  - aggregate:
      by: body.order
      complete: { count: body.of }
      body: '{"order_number": items[0].order, "lines": items.map(item, item.line)}'
to:
  - sink: { key: body.order_number, policies: [quick] }
"""
ORDERS, LINES = 8, 3


def write(root: Path, journal: str, port: int, sink: str) -> Path:
    """Write a project that gathers lines."""
    project.write(root, journal=journal, port=port, sink=sink, keyed=False)
    (root / "routes/sales/orders.route.yaml").write_text(ROUTE)
    environment = root / "config/environments/local.yaml"
    lookup = f'  lookup: {{ http: {{ url: "{sink}/keyed", timeout: 5s }} }}\n'
    environment.write_text(environment.read_text() + lookup)
    return root


def post(port: int, order: int, line: int) -> bool:
    body = {"order": f"PO-{order}", "line": str(line), "of": LINES}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/lines",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": f"{order}/{line}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status in (200, 202)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["settle", "conclude", "gathered"])
def test_a_group_goes_on_once_with_all_of_its_members(method, moment, journal_url, tmp_path):
    with ledger() as target:
        port = free_port()
        root = write(tmp_path, journal_url, port, target.url)
        lines = [(order, line) for order in range(ORDERS) for line in range(LINES)]
        kept: set[tuple[int, int]] = set()
        with crossdock(root, method, moment, "2") as process:
            ends = time.monotonic() + 30
            while process.poll() is None and time.monotonic() < ends:
                for one in [one for one in lines if one not in kept]:
                    kept |= {one} if post(port, *one) else set()
                    time.sleep(0.05)
            assert process.poll() is not None, f"{method} was never called twice"
        with crossdock(root):
            for one in [one for one in lines if one not in kept]:
                wait_until(lambda one=one: post(port, *one), root)
            expected = {f"PO-{order}": 1 for order in range(ORDERS)}
            wait_until(lambda: {key: n for key, n in target.effects().items() if key in expected} == expected, root)
