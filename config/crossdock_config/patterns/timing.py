"""Patterns about time: delays and throttles. The message waits in the journal, not in a worker."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field, field_validator, model_validator

from crossdock.core.nodes import DelayNode, Node, ThrottleNode
from crossdock.core.spec import Options
from crossdock.core.units import Duration
from crossdock_config.patterns.pattern import Cel, Pattern, Site

_PER = {"s": 1.0, "m": 60.0, "h": 3600.0}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*([smh])")


class Delay(Options):
    """How long, or until when."""

    SHORTHAND: ClassVar[str] = "duration"

    duration: Duration | None = Field(None, alias="for", description="how long: `15m`")
    until: Cel = Field(None, description="an expression that gives a moment: a timestamp, or a text such as 2026-11-23T08:00:00Z")

    @model_validator(mode="before")
    @classmethod
    def _written(cls, data: object) -> object:
        return {"for": data["duration"]} if isinstance(data, dict) and set(data) == {"duration"} else data

    @model_validator(mode="after")
    def _one(self) -> Delay:
        if (self.duration is None) == (self.until is None):
            raise ValueError("say either `for: 15m` or `until: <a moment>`")
        return self


def _delay(site: Site) -> Node | None:
    if site.options.duration is not None:
        return DelayNode(site.number(), "delay", site.place, site.options.duration)
    until = site.expression("until")
    return DelayNode(site.number(), "delay", site.place, until=until) if until else None


class Throttle(Options):
    """How many, how fast."""

    SHORTHAND: ClassVar[str] = "rate"

    rate: str = Field(description="messages in a time: `100/s`, `30/m`, `500/h`", json_schema_extra={"pattern": _RATE.pattern})
    burst: int | None = Field(None, ge=1, description="how many may go on at once; the rate per second, if left out")
    by: Cel = Field(None, description="an expression: each of its values has a rate of its own, such as `partner`")

    @field_validator("rate")
    @classmethod
    def _some(cls, rate: str) -> str:
        if not _RATE.fullmatch(rate):
            raise ValueError(f"'{rate}' is no rate; write how many in a second, a minute or an hour: 100/s, 30/m, 500/h")
        if not _per_second(rate):
            raise ValueError(f"'{rate}' would let nothing pass")
        return rate


def _per_second(rate: str) -> float:
    found = _RATE.fullmatch(rate)
    return float(found[1]) / _PER[found[2]] if found else 0.0


def _throttle(site: Site) -> Node | None:
    options = site.options
    by = site.expression("by") if options.by is not None else None
    rate = _per_second(options.rate)
    burst = options.burst or max(1, round(rate))
    return ThrottleNode(site.number(), f"throttle {options.rate}", site.place, rate, burst, by)


PATTERNS = (
    Pattern("delay", "go on later (delayer)", "delay: 15m", _delay, Delay, suspends=True),
    Pattern(
        "throttle",
        "let only so many messages go on in a time; the others wait (throttler)",
        "throttle: { rate: 100/s, by: partner }",
        _throttle,
        Throttle,
        suspends=True,
    ),
)
