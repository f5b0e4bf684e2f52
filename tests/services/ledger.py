"""An independent ledger: an HTTP target of its own process that writes down what was done to it, and how often.

`POST /keyed/...` honours the Idempotency-Key as a good target does: a second call with a key has no effect.
`POST /plain/...` knows no keys: every call is an effect. `GET /ledger` returns `{"effects": {key: n}, "calls": n}`, where the key of
a plain effect is the document's `order_number`. `GET /keyed/{key}` answers 200 where the key was done, else 404.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
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
        with urllib.request.urlopen(f"{self.url}/ledger", timeout=5) as answer:
            found: dict[str, int] = json.load(answer)["effects"]
            return found


class Target:
    """The ASGI application."""

    def __init__(self) -> None:
        self.effects: Counter[str] = Counter()
        self.calls = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await _body(receive)
        status, answer = self._get(scope["path"]) if scope["method"] == "GET" else self._post(scope, body)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": answer})

    def _get(self, path: str) -> tuple[int, bytes]:
        if path == "/ledger":
            return 200, json.dumps({"effects": self.effects, "calls": self.calls}).encode()
        key = path.removeprefix("/keyed/")
        return (200, b'{"id": "known"}') if key in self.effects else (404, b"{}")

    def _post(self, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
        self.calls += 1
        key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
        if scope["path"].startswith("/keyed"):
            self.effects[key] = 1
        else:
            self.effects[str(json.loads(body)["order_number"])] += 1
        return 200, b'{"id": "%d"}' % self.calls


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
