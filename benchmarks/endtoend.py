"""Orders a second from the door to the sink: embedded, in production, and out of one large file."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.codec import interchange
from benchmarks.figures import Row, children, peak_megabytes
from benchmarks.stage import Stage, load
from tests.services.ledger import ledger
from tests.services.postgres import postgres
from tests.services.rabbitmq import rabbitmq

TOTAL, CONNECTIONS = 6_000, 32
FILE_ORDERS = 10_000


def embedded_rows() -> Iterator[Row]:
    """Webhook to sink with `crossdock up` on SQLite."""
    with tempfile.TemporaryDirectory() as folder, ledger() as sink:
        stage = Stage(Path(folder), sink)
        with stage.running(("up",)):
            yield _through(stage, "end to end, embedded on SQLite", "2,000/s")


def production_rows() -> Iterator[Row]:
    """The same with a gateway and a worker on PostgreSQL and RabbitMQ, all on this machine."""
    with tempfile.TemporaryDirectory() as folder, ledger() as sink, postgres() as database, rabbitmq() as broker:
        stage = Stage(Path(folder), sink, database.url, broker.url)
        with stage.running(("worker", "--concurrency", "2"), ("gateway",)):
            yield _through(stage, "end to end, PostgreSQL + RabbitMQ", "1,500/s")


def _through(stage: Stage, what: str, aim: str) -> Row:
    bare = load(stage.sink.port, "/keyed", TOTAL, CONNECTIONS)
    called = stage.sink.calls()
    load(stage.webhook, "/orders", 100, 4)
    stage.until_called(called + 100)
    started = time.perf_counter()
    load(stage.webhook, "/orders?again", TOTAL, CONNECTIONS)
    stage.until_called(called + TOTAL)
    rate = (TOTAL - 100) / (time.perf_counter() - started)
    yardstick = TOTAL / bare["seconds"]
    return Row(what, rate, "/s", f"the load straight to the sink: {yardstick:,.0f}/s", rate / yardstick, aim, "worker's Python")


def file_rows() -> Iterator[Row]:
    """One file of 10,000 orders over SFTP, to the last call at the sink; and the memory that it took."""
    import asyncio

    data = interchange(FILE_ORDERS, 10)
    with tempfile.TemporaryDirectory() as folder, ledger() as sink:
        stage = Stage(Path(folder), sink)
        with stage.running(("up",)) as pids:
            started = time.perf_counter()
            asyncio.run(_put(stage.sftp, data))
            uploaded = time.perf_counter() - started
            stage.until_called(FILE_ORDERS)
            rate = FILE_ORDERS / (time.perf_counter() - started)
            peaks = [peak_megabytes(pid) for pid in children(pids[0])]
    size = len(data) / 1e6
    yield Row(
        "850s of one 10,000-order file, delivered",
        rate,
        "/s",
        f"upload alone: {size / uploaded:.0f} MB/s",
        None,
        "",
        "worker's Python",
    )
    yield Row("largest process meanwhile", max(peaks), "MB", f"the file: {size:.1f} MB", None, "< 200 MB", "")


async def _put(port: int, data: bytes) -> None:
    import asyncssh

    async with (
        asyncssh.connect("127.0.0.1", port, username="acme", password="bench", known_hosts=None) as connection,
        connection.start_sftp_client() as sftp,
        sftp.open("inbound/big.edi", "wb") as file,
    ):
        await file.write(data)
