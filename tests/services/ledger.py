"""An independent ledger: an HTTP target of its own process that writes down what was done to it, and how often.

`POST /keyed/...` honours the Idempotency-Key as a good target does: a second call with a key has no effect.
`POST /plain/...` knows no keys: every call is an effect, under the document's `order_number`.
`GET /keyed/{key}` answers 200 where the key was done, else 404.
`GET /ledger`, `/times` and `/calls` tell how often, when first, and how many calls in all.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.services.ports import free_port, wait_for_port

SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Ledger:
    """A running ledger."""

    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def effects(self) -> dict[str, int]:
        """Return how often each key was done."""
        found: dict[str, int] = self._ask("/ledger")["effects"]
        return found

    def times(self) -> dict[str, float]:
        """Return when each key was done first, in seconds since 1970."""
        return self._ask("/times")

    def calls(self) -> int:
        """Return how many calls there were."""
        return int(self._ask("/calls")["calls"])

    def _ask(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


class Target:
    """The ASGI application."""

    def __init__(self) -> None:
        self.effects: Counter[str] = Counter()
        self.times: dict[str, float] = {}
        self.calls = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await _body(receive)
        status, answer = self._get(scope["path"]) if scope["method"] == "GET" else self._post(scope, body)
        await send({"type": "http.response.start", "status": status, "headers": _headers(answer)})
        await send({"type": "http.response.body", "body": answer})

    def _get(self, path: str) -> tuple[int, bytes]:
        pages = {"/ledger": {"effects": self.effects}, "/times": self.times, "/calls": {"calls": self.calls}}
        if path in pages:
            return 200, json.dumps(pages[path]).encode()
        key = path.removeprefix("/keyed/")
        return (200, b'{"id": "known"}') if key in self.effects else (404, b"{}")

    def _post(self, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
        self.calls += 1
        key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
        if scope["path"].startswith("/keyed"):
            self.effects[key] = 1
        else:
            key = str(json.loads(body)["order_number"])
            self.effects[key] += 1
        self.times.setdefault(key, time.time())
        return 200, b'{"id": "%d"}' % self.calls


def _headers(body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return body


def serve(port: int) -> None:
    """Serve a ledger on a port until killed."""
    import uvicorn

    uvicorn.run(Target(), host="127.0.0.1", port=port, log_level="warning", access_log=False, loop="uvloop", lifespan="off")


@contextmanager
def ledger() -> Iterator[Ledger]:
    """Run a ledger in a process of its own."""
    port = free_port()
    process = SPAWN.Process(target=serve, args=(port,), daemon=True)
    process.start()
    try:
        wait_for_port(port)
        yield Ledger(port)
    finally:
        process.kill()
        process.join()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
