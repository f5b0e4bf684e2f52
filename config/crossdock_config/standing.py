"""Ownership and lifecycle, as a route's YAML and a schema's JSON say it: the same words, in a schema with `x-` before them.

draft ─ active ─ deprecated ─────────────────── retired
                 │ deprecated_on   sunset_on │
                 └ no new users ── no users ─┘
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from crossdock.core.errors import Place
from crossdock_config.file_model import File

NONE = "none"
"""The successor of what ends without one."""


def _not_a_number(value: Any) -> Any:
    if not isinstance(value, str | date | None):
        raise ValueError("write a date: 2026-11-23")  # noqa: TRY004 - pydantic tells only ValueErrors
    return value


Day = Annotated[date, BeforeValidator(_not_a_number)]
"""A day, as in 2026-11-23."""


class Standing(File):
    """Who answers for a thing, and where it is in its life."""

    owner: str = Field("", description="who answers for it: an address or a team")
    domain: str = Field("", description="the business domain: sales, inventory, procurement, ...")
    lifecycle: Literal["draft", "active", "deprecated", "retired"] = Field(
        "active", description="draft and retired routes are checked and receive nothing"
    )
    created_on: Day | None = Field(None, description="since when it has been there; what is newer can't use what is deprecated")
    deprecated_on: Day | None = Field(None, description="since when nothing new may use it")
    sunset_on: Day | None = Field(None, description="the last day on which it may be used")
    successor: str = Field("", description="what to use instead; `none` where nothing follows")

    @model_validator(mode="after")
    def _consistent(self) -> Standing:
        ending = {"deprecated_on": self.deprecated_on, "sunset_on": self.sunset_on, "successor": self.successor}
        if self.lifecycle == "deprecated":
            missing = [self._word(name) for name, value in ending.items() if not value]
            if missing:
                raise ValueError(f"what is deprecated says since when, until when and what follows: add {', '.join(missing)}")
        if self.lifecycle in ("draft", "active"):
            for name, value in ending.items():
                if value:
                    raise ValueError(f"only what is deprecated or retired has {self._word(name)}; this is {self.lifecycle}")
        if self.deprecated_on and self.sunset_on and self.sunset_on < self.deprecated_on:
            raise ValueError(f"{self._word('sunset_on')} is before {self._word('deprecated_on')}")
        return self

    def _word(self, name: str) -> str:
        return f"`{type(self).model_fields[name].alias or name}`"


class SchemaStanding(Standing):
    """The same in a JSON Schema."""

    model_config = ConfigDict(alias_generator=lambda name: "x-" + name.replace("_", "-"), populate_by_name=False)


WORDS = tuple(f"x-{name.replace('_', '-')}" for name in Standing.model_fields)
"""What a schema may say of its standing."""


@dataclass(frozen=True)
class Entry:
    """A route or schema in the catalogue. `users` are the places that use it; dates are None where nothing is said."""

    kind: str
    name: str
    place: Place
    standing: Standing
    description: str = ""
    users: tuple[Place, ...] = ()
    receives: str = ""
