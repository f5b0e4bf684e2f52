"""Free ports on the loopback address, and waiting for somebody to listen there."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable

LOOPBACK = "127.0.0.1"
BELOW_EPHEMERAL = range(15_000, 32_000)
"""The system takes ports for outgoing connections from 32768 on: a port of these is not gone again when its server starts."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses right now; raises RuntimeError where none is found."""
    for _ in range(200):
        port = secrets.choice(BELOW_EPHEMERAL)  # not `random`: Hypothesis gives every process the same seed
        if _can_be_bound(port):
            return port
    raise RuntimeError("found no free port on 127.0.0.1")


def _can_be_bound(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Say whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_for_port(port: int, seconds: float = 30.0) -> None:
    """Return when somebody listens on a port of 127.0.0.1; raises TimeoutError."""
    _wait(lambda: listens(port), f"nobody listened on port {port}", seconds)


def wait_for_silence(port: int, seconds: float = 30.0) -> None:
    """Return when nobody listens on a port any more: children of a killed process end after it; raises TimeoutError."""
    _wait(lambda: not listens(port), f"somebody still listened on port {port}", seconds)


def _wait(condition: Callable[[], bool], otherwise: str, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(f"{otherwise} after {seconds:g} s")
        time.sleep(0.02)
