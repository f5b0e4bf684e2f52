"""Trading partners as the engine sees them: identities, agreement, channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class X12Identity(BaseModel):
    """One side of an X12 envelope.

    `qualifier` and `id` are ISA05/ISA06 (or ISA07/ISA08), `application` is GS02 (or GS03) and falls back to `id`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    qualifier: str = Field(min_length=2, max_length=2, description="ISA05 or ISA07: the kind of the id (ZZ, 01, 08, 12, ...)")
    id: str = Field(min_length=1, max_length=15, description="ISA06 or ISA08: the interchange id")
    application: str = Field("", max_length=15, description="GS02 or GS03: the application id, when it differs from `id`")


class X12Agreement(BaseModel):
    """What was agreed with a partner about X12."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    theirs: X12Identity = Field(description="how the partner signs what it sends us")
    ours: X12Identity = Field(description="how we sign what we send the partner")
    version: str = Field("004010", description="the version we send (GS08)")
    usage: str = Field("P", pattern="^[PT]$", description="ISA15: P for production, T for test")
    acknowledge: bool = Field(True, description="answer each functional group with a 997")
    element_separator: str = Field("*", min_length=1, max_length=1, description="between elements in what we send")
    component_separator: str = Field(">", min_length=1, max_length=1, description="ISA16 in what we send")
    segment_terminator: str = Field("~", min_length=1, max_length=2, description="after each segment in what we send")

    @model_validator(mode="after")
    def _readable(self) -> X12Agreement:
        """Refuse delimiters that would write an interchange which nobody can read."""
        marks = (self.element_separator, self.component_separator, self.segment_terminator[0])
        if len(set(marks)) != len(marks):
            raise ValueError("the element separator, the component separator and the segment terminator must differ")
        if any(mark.isalnum() or mark == " " for mark in marks):
            raise ValueError("a delimiter can't be a letter, a digit or a blank")
        for side in (self.theirs, self.ours):
            if any(mark in side.id + side.application for mark in marks):
                raise ValueError(f"the id '{side.id}' holds one of the delimiters")
        return self


@dataclass(frozen=True, slots=True)
class Partner:
    """A trading partner. `channels` maps a connector's name to the partner's settings there, already validated by it."""

    name: str
    title: str = ""
    x12: X12Agreement | None = None
    channels: Mapping[str, Any] = field(default_factory=dict)
