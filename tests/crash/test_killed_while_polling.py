"""The process is killed while it polls an API, before and after each commit: every order is taken, and booked once."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crossdock import boot
from tests.crash import project
from tests.crash.test_killed_at_every_commit_point import crossdock, wait_until
from tests.services.ledger import ledger
from tests.services.ports import free_port

ORDERS, PAGE = 12, 3
ENDPOINT = '\n  market: {{ http: {{ url: "{url}", key_header: "" }} }}\n'
ROUTE = """
route: orders
owner: tests
domain: sales
from:
  market:
    path: {path}
    every: 300ms
    items: answer.orders
    key: item.order_number
    {rest}
steps:
  - decode: json
keys:
  order_number: body.order_number
to:
  - sink: {{ key: body.order_number, policies: [quick] }}
"""
WAYS = {
    "a cursor by pages": ("/by-cursor", "cursor: { highest: item.order_number, query: since }\n    pages: { cursor: true }"),
    "newest first": ("/newest", "cursor: { highest: item.order_number, query: since }\n    pages: { offset: skip, size: 3 }"),
    "told": ("/open", "then: { method: DELETE, path: '/open/{key}' }"),
}


class Market:
    """The API: orders by number, in pages; those that it was told of are gone from `/open`."""

    def __init__(self) -> None:
        self.told: set[str] = set()

    def answer(self, path: str, query: dict[str, list[str]]) -> Any:
        """Return what an API of a kind answers."""
        every = [f"M-{number:02d}" for number in range(1, ORDERS + 1)]
        since = query.get("since", [""])[0]
        left = [one for one in every if one > since and (path != "/open" or one not in self.told)]
        if path == "/newest":
            left, skip = left[::-1], int(query.get("skip", ["0"])[0])
            return left[skip : skip + PAGE]
        return left[:PAGE]


@contextmanager
def serving(market: Market) -> Iterator[str]:
    """Run the API and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found = market.answer(parts.path, parse_qs(parts.query))
            self._say(json.dumps({"orders": [{"order_number": one} for one in found]}).encode())

        def do_DELETE(self) -> None:
            market.told.add(self.path.rpartition("/")[2])
            self._say(b"{}")

        def _say(self, data: bytes) -> None:
            self.send_response(200)
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


def write(root: Path, journal: str, sink: str, market: str, way: str) -> Path:
    """Write the project: a route that polls the market, and delivers to a ledger that knows no keys."""
    project.write(root, journal=journal, port=free_port(), sink=sink, keyed=False)
    environment = root / "config/environments/local.yaml"
    environment.write_text(environment.read_text() + ENDPOINT.format(url=market).lstrip("\n"))
    path, rest = WAYS[way]
    (root / "routes/sales/orders.route.yaml").write_text(ROUTE.format(path=path, rest=rest))
    (root / "routes/sales/order.map.yaml").unlink()
    return root


def until_dead(process: subprocess.Popen[bytes], root: Path) -> None:
    ends = time.monotonic() + 40
    while process.poll() is None:
        assert time.monotonic() < ends, (root / "up.log").read_text()[-3000:]
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("way", "moment"), [*((way, "before") for way in WAYS), ("a cursor by pages", "after"), ("told", "after")]
)
def test_what_an_api_has_is_taken_and_booked_once(way: str, moment: str, journal_url: str, tmp_path: Path) -> None:
    """What was reached never runs ahead of what was kept, nor behind it so that anything is done twice."""
    market = Market()
    with ledger() as target, serving(market) as url:
        root = write(tmp_path, journal_url, target.url, url, way)
        with crossdock(root, "accept", moment, "2") as process:
            until_dead(process, root)
        opened = boot.open(root, boot.compiled(root, "local"))
        with crossdock(root):
            expected = {f"M-{number:02d}": 1 for number in range(1, ORDERS + 1)}
            wait_until(lambda: len(target.effects()) >= len(expected), root)
            version = opened.polls.all()[0].looked_at
            wait_until(lambda: (opened.polls.all()[0].looked_at or 0) > (version or 0), root)
            assert target.effects() == expected
            wait_until(lambda: len(market.told) == (ORDERS if way == "told" else 0), root)
            assert [poll.trouble for poll in opened.polls.all()] == [""]
        opened.close()
