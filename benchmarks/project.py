"""How long `crossdock check` takes for a project of 500 routes, each with a map of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Row, median_seconds
from crossdock_config.loader import check

HERE = Path(__file__).parents[1]
ROUTES = 500


def rows() -> Iterator[Row]:
    """Measure reading, compiling and checking all of it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        written(root, ROUTES)
        assert len(check(root).problems) == 0
        seconds = median_seconds(lambda: check(root), rounds=3)
    yield Row(f"check of {ROUTES} routes", seconds, "s", "", None, "< 2 s", "maps: types, Python code")


def written(root: Path, count: int) -> None:
    """Write a project of so many routes: copies of the reference integration's first, each with a map of its own."""
    for folder in ("routes", "config"):
        ignored = shutil.ignore_patterns("*.py", "*.toml", "__pycache__", "*.test.yaml", "order-ack*", "*.egg-info")
        shutil.copytree(HERE / folder, root / folder, ignore=ignored)
    sales = root / "routes/sales"
    route, table = ((sales / name).read_text() for name in ("acme-orders.route.yaml", "acme-850.map.yaml"))
    for index in range(count - 1):
        names = (("route: acme-orders", f"route: acme-orders-{index}"), ("map: acme-850", f"map: acme-850-{index}"))
        texts = [route, table]
        for old, new in names:
            texts = [text.replace(old, new) for text in texts]
        (sales / f"acme-orders-{index}.route.yaml").write_text(texts[0])
        (sales / f"acme-850-{index}.map.yaml").write_text(texts[1])
