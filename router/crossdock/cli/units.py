"""Shares and times as people write them on the command line."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import click

from crossdock.core.deployment import WHOLE


class Percent(click.ParamType[int]):
    """A share: `5%`, `0.25%`, `5`. Gives hundredths of a percent."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the share, of WHOLE."""
        if isinstance(value, int):
            return value
        try:
            share = int(Decimal(str(value).strip().removesuffix("%").strip()) * 100)
        except (InvalidOperation, ValueError, OverflowError):
            share = -1
        if not 0 < share <= WHOLE:
            self.fail(f"'{value}' is no share: write a percentage such as 5%", param, ctx)
        return share


class Seconds(click.ParamType[float]):
    """A time: `30s`, `10m`, `2h`, `7d`. Gives seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        from crossdock.core.units import seconds

        try:
            return value if isinstance(value, float) else seconds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
