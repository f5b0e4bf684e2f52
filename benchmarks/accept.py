"""Durable webhook accepts a second, beside an ASGI application on the same server that only answers."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Row
from benchmarks.stage import Stage, load
from tests.services.ledger import Ledger
from tests.services.ports import free_port, wait_for_port

TOTAL, CONNECTIONS = 10_000, 64
SPAWN = multiprocessing.get_context("spawn")


def rows() -> Iterator[Row]:
    """Measure both with the same load; no worker runs beside the gateway but the embedded one, whose sink is away."""
    empty = _empty()
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), Ledger(free_port()))
        with stage.running(("up",)):
            load(stage.webhook, "/orders", 200, 8)
            result = load(stage.webhook, "/orders", TOTAL, CONNECTIONS)
    if result["accepted"] != TOTAL:
        raise RuntimeError(f"only {result['accepted']} of {TOTAL} were accepted")
    rate = TOTAL / result["seconds"]
    yield Row(
        "webhook orders durably accepted",
        rate,
        "/s",
        f"ASGI that only answers: {empty:,.0f}/s",
        rate / empty,
        "4,000/s",
        "HTTP, then SQLite",
    )


def _empty() -> float:
    port = free_port()
    process = SPAWN.Process(target=_serve, args=(port,), daemon=True)
    process.start()
    wait_for_port(port)
    seconds = load(port, "/", TOTAL, CONNECTIONS)["seconds"]
    process.kill()
    process.join()
    return TOTAL / seconds


async def _answer(_: dict[str, Any], receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


def _serve(port: int) -> None:
    import uvicorn

    uvicorn.run(_answer, host="127.0.0.1", port=port, log_level="error", access_log=False, loop="uvloop", lifespan="off")
