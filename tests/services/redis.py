"""A throw-away Redis on a free port of 127.0.0.1 that keeps nothing, gone at the end.

with redis() as server:
    Redis.from_url(server.url)
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.services.ports import LOOPBACK, free_port, listens
from tests.services.process import folder, program, serving


@dataclass(frozen=True)
class RedisServer:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        """The URL of its database 0."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def clear(self) -> None:
        """Forget everything in it."""
        from redis import Redis

        with Redis.from_url(self.url) as client:
            client.flushall()


@contextmanager
def redis(port: int = 0) -> Iterator[RedisServer]:
    """Run a new, empty server."""
    binary = program("redis-server", "redis-server")
    server = RedisServer(port or free_port())
    with folder("redis") as home:
        settings = ["--bind", LOOPBACK, "--port", str(server.port), "--dir", str(home), "--save", "", "--appendonly", "no"]
        # SIGKILL: there is nothing to save, and a polite end takes half a second.
        with serving([binary, *settings], home / "log", stop=signal.SIGKILL) as process:
            process.wait_until(lambda: listens(server.port), 20)
            yield server
