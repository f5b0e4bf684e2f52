"""Identifiers that sort by time, and the W3C trace context that travels with a message."""

from __future__ import annotations

import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_MASK = 1023


def new_id() -> str:
    """Return a new ULID: 26 characters, lower case, ordered by millisecond (github.com/ulid/spec)."""
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    pairs = _PAIRS
    return "".join([pairs[value >> shift & _MASK] for shift in range(120, -1, -10)])


def child_id(parent: str, index: int) -> str:
    """Return the id of a parent's part: the same every time, so that a run after a crash finds its own work."""
    return f"{parent}.{index}"


def new_traceparent() -> str:
    """Return a fresh `traceparent` header (W3C trace context, version 00, sampled)."""
    noise = os.urandom(24).hex()
    return f"00-{noise[:32]}-{noise[32:]}-01"


def now_ms() -> int:
    """Return the wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
