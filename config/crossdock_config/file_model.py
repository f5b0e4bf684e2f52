"""The base of all kinds of files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class File(BaseModel):
    """Base of all files: unknown keys are refused, numbers may stand where text is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
