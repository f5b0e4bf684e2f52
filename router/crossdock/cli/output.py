"""How commands say things: tables, trees and JSON; plain where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from crossdock.core.errors import CrossdockError, Misconfigured, Refused, Retryable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

COLOURS = {"done": "green", "delivered": "green", "split": "green", "failed": "red", "unknown": "red", "queued": "yellow"}
as_json = click.option("--json", "machine", is_flag=True, help="Print JSON for programs.")


def console() -> Console:
    """Return the console: as wide as the terminal, or 120 columns where there is none."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def say_json(data: Any) -> None:
    """Print data as JSON, Decimals as the numbers they are."""
    from crossdock.core.message import dump_json

    click.echo(dump_json(data).decode())


KEPT = frozenset(
    ("id", "key", "keys", "message", "request", "release", "lane", "name", "number", "numbers", "control", "order", "schema",
     "set", "edition", "prefix", "route", "partner", "what", "to", "line", "article")
)  # fmt: skip
"""Columns of names and keys, which people copy: they are on one line, however narrow the terminal is."""


SHORTEST = 20
"""Columns that a text is folded to at least, so that times and short remarks stay on one line."""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Print a table, or one sentence where there is nothing. Texts are folded to the terminal's width, names and keys never."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    listed = [[str(cell) if cell is not None else "" for cell in row] for row in rows]
    if not listed:
        click.echo(empty)
        return
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for at, column in enumerate(columns):
        longest = max(len(line) for row in listed for line in row[at].split("\n"))
        made.add_column(column, overflow="fold", no_wrap=column in KEPT, min_width=min(longest, SHORTEST))
    for row in listed:
        made.add_row(*(coloured(cell) for cell in row))
    out = console()
    out.width = max(out.width, _narrowest(made) + 2 * len(columns))  # rich measures without what is between columns
    out.print(made)


def _narrowest(made: Table) -> int:
    """Return the least width in which no name and no key is cut."""
    from rich.console import Console
    from rich.measure import Measurement

    endless = Console(highlight=False, width=100_000)
    return Measurement.get(endless, endless.options, made).minimum


def coloured(text: str) -> str:
    """Return a word in its state's colour, markup escaped."""
    from rich.markup import escape

    colour = COLOURS.get(text)
    return f"[{colour}]{text}[/{colour}]" if colour else escape(text)


def moment(ms: int | None) -> str:
    """Return a time as people read it, in the machine's zone."""
    if not ms:
        return ""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def instant(ms: int | None) -> str:
    """Return the time of day to the millisecond."""
    if not ms:
        return ""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]


def progress(word: str) -> Callable[[int], None]:
    """Return what shows a growing count on the terminal, where there is one."""
    if not sys.stderr.isatty():
        return lambda done: None

    def show(done: int) -> None:
        if done % 50 == 0:
            click.echo(f"\r{word} {done:,}", nl=False, err=True)

    return show


ENVELOPE = ("interchange", "group", "transaction")
"""Keys that find a message, but say little to people who look at many."""


def keys(found: dict[str, str] | None) -> str:
    """Return the business keys on one line: each value once, without those of the envelope."""
    told = {value: name for name, value in (found or {}).items() if name not in ENVELOPE}
    return " ".join(f"{name}={value}" for value, name in told.items())


def explain(error: CrossdockError) -> int:
    """Print an error as one sentence with its place and advice; return the exit code."""
    place = f"{error.where}: " if error.where else ""
    click.echo(f"crossdock: {place}{error.message}", err=True)
    for problem in getattr(error, "problems", ()):
        click.echo(f"  {problem}", err=True)
    for finding in error.findings:
        click.echo(f"  {finding.where}: {finding.message}", err=True)
    if error.advice:
        click.echo(f"  {error.advice}", err=True)
    codes = {Refused: 5, Misconfigured: 1, Retryable: 4}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), 4)
