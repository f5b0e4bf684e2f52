"""What a route may write under `decode: {x12: ...}` and `encode: {x12: ...}`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from crossdock.core.leniency import Leniencies
from crossdock.core.preflight import Preflight
from crossdock.core.spec import Options
from crossdock.core.units import Size
from crossdock_transformers.x12.transactions import MOST_BYTES


class DecodeOptions(Options):
    """How received interchanges are read."""

    SHORTHAND: ClassVar[str] = "guide"

    guide: str = Field("", description="the partner's guide (`acme-850` is acme-850.guide.yaml): narrows the set that is taken")
    sets: list[str] = Field(
        default_factory=list, description="the sets that are taken; any that there is a grammar for, if left out"
    )
    partner: str = Field("", description="the partner whose agreement holds, where the source doesn't say who sent the file")
    tolerate: Leniencies = Field((), description="faults that are let pass; the 997 notes them (E) and the document goes on")
    max_transaction_size: Size = Field(MOST_BYTES, description="a greater transaction is rejected")


class EncodeOptions(Options):
    """What is written."""

    SHORTHAND: ClassVar[str] = "set"

    set: str = Field("", description="the set to write, such as 855; may be left out where a guide names it")
    guide: str = Field("", description="the partner's guide: what is written must conform to it")
    version: str = Field("", description="the version to write (GS08); the agreement's, if left out")
    partner: str = Field("", description="the partner to write to; the one that the message came from, if left out")
    preflight: Preflight = Field(Preflight(), description="checks to leave out here, beside those that the agreement leaves out")
