"""A row of the table, and the few statistics that it needs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure with its yardstick; `ratio` is figure over yardstick, where that says something."""

    what: str
    figure: float
    unit: str
    yardstick: str = ""
    ratio: float | None = None
    aim: str = ""
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """Return the row as text."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (
            self.what,
            f"{self.figure:,.{0 if self.figure >= 100 else 1 if self.figure >= 1 else 2}f} {self.unit}",
            self.yardstick,
            ratio,
            self.aim,
            self.note,
        )


def median_seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """Return the median time of a few rounds."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def alternating(*works: Callable[[], object], rounds: int = 9) -> tuple[float, ...]:
    """Return the median time of each work, done in turns, so that a busy machine slows them all alike."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, times in zip(works, taken, strict=True):
            times.append(median_seconds(work, 1))
    return tuple(statistics.median(times) for times in taken)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def peak_megabytes(pid: int) -> float:
    """Return the largest resident set that a process has had, in MB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def children(pid: int) -> list[int]:
    """Return a process and all its descendants (Linux)."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += children(int(child))
    return found
