"""How long `crossdock --help` takes, beside a bare Python."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Row, median_seconds


def rows() -> Iterator[Row]:
    """Measure both in turn."""
    command = str(Path(sys.executable).with_name("crossdock"))
    bare = _milliseconds([sys.executable, "-c", "pass"])
    ours = _milliseconds([command, "--help"])
    yield Row("crossdock --help", ours, "ms", f"bare Python: {bare:.0f} ms", ours / bare, "< 150 ms", "imports")


def _milliseconds(command: list[str]) -> float:
    return median_seconds(lambda: subprocess.run(command, check=True, capture_output=True), rounds=9) * 1000
