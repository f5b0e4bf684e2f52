"""What a route may write under `decode: {idoc: ...}` and `encode: {idoc: ...}`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from crossdock.core.spec import Options
from crossdock_transformers.fixed_width.layout import FixedField
from crossdock_transformers.records.stream import Reading
from crossdock_transformers.records.text import Charset


class OwnSegment(Options):
    """A segment of one's own (`Z1...`), or another one that the type hasn't here."""

    below: str = Field("", description="the segment that it follows and belongs to; the document, if left out")
    many: bool = Field(False, description="whether there may be several; then they are a list, always")
    required: bool = Field(False, description="whether there must be one")
    fields: dict[str, FixedField] = Field(default_factory=dict, description="its fields, in their order")


class IdocLayout(Options):
    """Which IDoc, in which form."""

    SHORTHAND: ClassVar[str] = "type"

    type: str = Field(description="the basic type: ORDERS05, INVOIC02 or DELVRY03")
    format: Literal["flat", "xml"] = Field("flat", description="whether it is a file of records, or XML")
    encoding: Charset = Field("utf-8", description="the character set of a flat file")
    segments: dict[str, OwnSegment] = Field(default_factory=dict, description="segments of one's own, by name")


class DecodeOptions(IdocLayout, Reading):
    """How IDocs are read."""

    extra: Literal["refuse", "ignore"] = Field("ignore", description="what to do with segments that aren't known here")
    max_segments: int = Field(100_000, ge=1, description="an IDoc of more segments is rejected")


class EncodeOptions(IdocLayout):
    """How IDocs are written."""

    names: dict[str, str] = Field(
        default_factory=dict,
        description="what segments are called in a flat file, where your release differs: E1EDP01: E2EDP01006",
    )
    line_end: Literal["crlf", "lf"] = Field("lf", description="what ends a record of a flat file")


__all__ = ["DecodeOptions", "EncodeOptions", "IdocLayout", "OwnSegment"]
