"""How commands are told times: a day, a moment, or so long ago."""

from __future__ import annotations

import re
import time
from datetime import datetime

import click

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LENGTH = re.compile(r"(\d+)([smhdw])")


def seconds(text: str) -> float:
    """Return a duration in seconds: `90d`, `12h`; raises ValueError."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is no length of time; write 30m, 12h, 7d")
    return int(found[1]) * UNITS[found[2]]


def moment_of(context: click.Context, param: click.Parameter, value: str) -> int:  # noqa: ARG001 - click's signature
    """Return `7d`, `2026-11-23` or `2026-11-23T12:00` as ms since 1970, nothing as 0; days are the machine's."""
    if not value:
        return 0
    if _LENGTH.fullmatch(value.strip()):
        return int((time.time() - seconds(value)) * 1000)
    try:
        return int(datetime.fromisoformat(value).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"'{value}' is no time; write 7d, 2026-11-23 or 2026-11-23T12:00") from None


def length_of(context: click.Context, param: click.Parameter, value: str) -> float | None:  # noqa: ARG001 - click's signature
    """Return `90d` in seconds, `never` as None."""
    try:
        return None if value == "never" else seconds(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}, or never") from None


since_option = click.option("--since", callback=moment_of, default="", help="Only since then: 7d, 2026-11-23, 2026-11-23T12:00.")
