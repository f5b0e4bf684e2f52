"""From the moment that SFTP acknowledges a file to the call at the sink, at low load."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh

from benchmarks.codec import interchange
from benchmarks.figures import Row, percentile
from benchmarks.stage import Stage
from tests.services.ledger import ledger

FILES, WARM, PAUSE = 220, 20, 0.02
"""Files in all, those at the start that are left out (first imports, first compiled segments), and seconds between two."""


def rows() -> Iterator[Row]:
    """Drop files one after the other and compare clocks."""
    with tempfile.TemporaryDirectory() as folder, ledger() as sink:
        stage = Stage(Path(folder), sink)
        with stage.running(("up",)):
            closed = asyncio.run(_drop(stage.sftp))
            stage.until_called(FILES)
            called = sink.times()
    waits = [(called[key] - moment) * 1000 for key, (moment, _) in list(closed.items())[WARM:]]
    uploads = [upload * 1000 for _, upload in closed.values()]
    yardstick = f"open, write, close over SFTP: {percentile(uploads, 0.5):.1f} ms"
    yield Row("SFTP close to sink, p50", percentile(waits, 0.5), "ms", yardstick, None, "", "commits and wake-ups")
    yield Row("SFTP close to sink, p99", percentile(waits, 0.99), "ms", yardstick, None, "< 50 ms", "")


async def _drop(port: int) -> dict[str, tuple[float, float]]:
    """Return for each order when its file was acknowledged, and how long the upload took."""
    closed = {}
    async with (
        asyncssh.connect("127.0.0.1", port, username="acme", password="bench", known_hosts=None) as connection,
        connection.start_sftp_client() as sftp,
    ):
        for number in range(1, FILES + 1):
            data = interchange(1, 10, first=number)
            started = time.time()
            async with sftp.open(f"inbound/order-{number}.edi", "wb") as file:
                await file.write(data)
            closed[f"45{number:08d}"] = (time.time(), time.time() - started)
            await asyncio.sleep(PAUSE)
    return closed
