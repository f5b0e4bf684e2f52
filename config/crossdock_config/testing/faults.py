"""What differs: a text for people, and what would make it right."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossdock_config.testing.plain import shown

Trail = tuple[str | int, ...]


@dataclass(frozen=True)
class Update:
    """What `--update` writes: a value at a path of the case, or a file beside the test."""

    path: Trail = ()
    value: Any = None
    file: Path | None = None


@dataclass(frozen=True)
class Fault:
    """One assertion that did not hold; `update` would make it hold."""

    text: str
    update: Update | None = None


def diff(wanted: Any, got: Any) -> str:
    """Return expected and received as a diff, line by line."""
    before, after = shown(wanted).splitlines(), shown(got).splitlines()
    return "\n".join(difflib.unified_diff(before, after, "expected", "received", lineterm=""))


def counted(what: str, path: Trail, wanted: Any, got: Any) -> Iterator[Fault]:
    """Yield the difference of two counts, or of two small values."""
    if wanted != got:
        yield Fault(f"{what}: expected {wanted}, received {got}", Update(path, got))
