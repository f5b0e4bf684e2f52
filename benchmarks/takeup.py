"""How long a process takes to compile a release that was deployed, of 500 routes with a map each, before it goes over to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.figures import Row, median_seconds
from benchmarks.project import ROUTES, written
from crossdock_config import Release, load, take_up

CHANGED = "routes/sales/acme-850-7.map.yaml"
SHARED = "routes/sales/order.v1.schema.json"


def rows() -> Iterator[Row]:
    """Measure a release in which one map has changed, and one in which the schema of all maps has; against compiling it whole."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        written(root, ROUTES)
        running = load(root).release
        assert running is not None
        whole = median_seconds(lambda: load(running.files), rounds=3)
        for what, path in (("one map changed", CHANGED), ("the schema of all maps changed", SHARED)):
            files = {**running.files, path: _changed(running.files[path])}
            seconds = median_seconds(partial(_taken_up, files, running), rounds=5)
            yardstick = f"compiled whole: {whole:.1f} s"
            yield Row(f"take-up, {ROUTES} routes, {what}", seconds, "s", yardstick, seconds / whole, "< 2 s", "schemas, digest")


def _changed(text: str) -> str:
    changed = text.replace("body.BEG.BEG03", "body.BEG.BEG03 + 'x'", 1).replace(
        "The customer's purchase", "A customer's purchase", 1
    )
    assert changed != text
    return changed


def _taken_up(files: dict[str, str], running: Release) -> None:
    assert take_up(files, "local", None, running).problems == ()
