"""This engine's version, and whether it can run what a newer one made."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from crossdock.core.errors import Misconfigured


class EngineTooOld(Misconfigured):
    """A release needs a newer engine than this one; nothing of it is touched here."""


@cache
def engine() -> str:
    """Return the version that is installed: `0.1.0`."""
    return version("crossdock")


def require(needed: str, what: str) -> None:
    """Raise EngineTooOld where something needs a newer engine than this one."""
    if order(needed) > order(engine()):
        raise EngineTooOld(
            f"{what} needs Crossdock {needed}, this is {engine()}",
            code="engine_too_old",
            advice="install the newer Crossdock on this machine and start it again; nothing is lost meanwhile",
        )


def order(text: str) -> tuple[int, ...]:
    """Return what versions are compared by: their numbers; whatever follows them (`1.2.0rc1`, `+local`) is no difference."""
    numbers: list[int] = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
