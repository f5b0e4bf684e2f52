"""A throw-away Redis on a free loopback port, in memory only."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.children import Missing, child
from tests.services.ports import free_port, wait_for_port


@dataclass(frozen=True)
class Redis:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"


@contextmanager
def redis() -> Iterator[Redis]:
    """Run a server while the block runs; raises Missing where Redis isn't installed."""
    program = shutil.which("redis-server")
    if not program:
        raise Missing("Redis isn't installed (apt-get install redis-server)")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="crossdock-redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        with child([program, *options], Path(folder) / "log"):
            wait_for_port(port)
            yield Redis(port)
