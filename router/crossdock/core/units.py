"""Durations and sizes as people write them: `30s`, `5m`, `7d`, `250ms`; `64KB`, `100MB`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB)")


def seconds(value: Any) -> float:
    """Return a duration in seconds; raises ValueError that says what is expected."""
    found = _DURATION.fullmatch(str(value).strip())
    if not found:
        raise ValueError(f"'{value}' is not a duration; write a number with a unit, such as 250ms, 30s, 5m, 2h or 7d")
    return float(found[1]) * _SECONDS[found[2]]


def octets(value: Any) -> int:
    """Return a size in bytes; raises ValueError that says what is expected."""
    found = _SIZE.fullmatch(str(value).strip())
    if not found:
        raise ValueError(f"'{value}' is not a size; write a number with a unit, such as 512B, 64KB, 100MB or 1GB")
    return int(float(found[1]) * _BYTES[found[2]])


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h|d)$", "examples": ["30s"]}),
]
"""A duration in seconds, written `30s`."""

Size = Annotated[
    int,
    BeforeValidator(octets),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*(B|KB|MB|GB)$", "examples": ["100MB"]}),
]
"""A size in bytes, written `100MB`."""
