"""Documents about to leave, written as their segments."""

from __future__ import annotations

from typing import Any

from crossdock_transformers.edi.outgoing import Outgoing
from crossdock_transformers.edi.preflight import inspect


def x12(number: str, *segments: str, **rest: Any) -> Outgoing:
    """Return an X12 document from segments as they are written."""
    return Outgoing("x12", number, [segment.split("*") for segment in segments], partner="acme", **rest)


def edifact(kind: str, *segments: str, **rest: Any) -> Outgoing:
    """Return an EDIFACT document from segments as they are written, without release characters."""
    cut = [[part.split(":") if ":" in part else part for part in segment.split("+")] for segment in segments]
    return Outgoing("edifact", kind, cut, partner="acme", **rest)


def told(document: Outgoing, *skip: str) -> list[tuple[str, str, str]]:
    """Return what the checks say: (check, place, message)."""
    return [(one.code.removeprefix("preflight-"), one.where, one.message) for one in inspect(document, skip)]
