"""`make bench`: prints one table. `python -m benchmarks codec accept` runs only those."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from benchmarks import accept, codec, edifact, endtoend, formats, latency, maps, project, route, startup, takeup
from benchmarks.figures import Row

ALL: dict[str, Callable[[], Iterator[Row]]] = {
    "codec": codec.rows,
    "edifact": edifact.rows,
    "formats": formats.rows,
    "maps": maps.rows,
    "route": route.rows,
    "accept": accept.rows,
    "embedded": endtoend.embedded_rows,
    "production": endtoend.production_rows,
    "file": endtoend.file_rows,
    "latency": latency.rows,
    "startup": startup.rows,
    "project": project.rows,
    "takeup": takeup.rows,
}


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all."""
    unknown = set(names) - set(ALL)
    if unknown:
        print(f"unknown benchmark {', '.join(sorted(unknown))}; there is {', '.join(ALL)}", file=sys.stderr)
        return 2
    console = Console()
    table = Table(title=f"Crossdock on {platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
    for column in ("what", "measured", "yardstick of the same run", "ratio", "aim", "where the time goes"):
        table.add_column(column, justify="right" if column in ("measured", "ratio", "aim") else "left")
    for name in names or ALL:
        with console.status(f"measuring {name} ..."):
            for row in ALL[name]():
                table.add_row(*row.cells())
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
