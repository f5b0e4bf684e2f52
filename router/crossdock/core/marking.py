"""Whether a document says of itself that it is for tests: ISA15 of X12, UNB 0035 of EDIFACT.

A test environment takes and sends nothing that is marked production, whoever agreed to what. The decoders and encoders hold to
that; here is the last look at the bytes themselves, so that it holds for documents that a route passes on unread, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal

from crossdock.core.blob import Blob, Data, data_of
from crossdock.core.errors import Rejected

Way = Literal["in", "out"]

_HEAD: Final = 64
"""Bytes in which an interchange must begin, after blanks and a byte order mark."""
_ISA = re.compile(rb"ISA([^A-Za-z0-9 ])(?:(?:(?!\1)[\s\S]){0,35}\1){14}([A-Z])\1")
_TEST = 10
"""Index of UNB's test indicator among its elements."""


def production_marks(data: Data) -> list[str]:
    """Return the places at which a file's interchanges say that they are real: `ISA15`, `UNB 0035`; other files say nothing."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"ISA"):
        return ["ISA15" for found in _ISA.finditer(data) if found[2] == b"P"]
    if head.startswith((b"UNA", b"UNB")):
        return ["UNB 0035" for elements in _headers(data, head) if not [*elements, *[b""] * 11][_TEST].startswith(b"1")]
    return []


def keep_tests_apart(body: Any, way: Way) -> None:
    """Refuse what is marked production in a test environment; raises Rejected. Bodies that are no bytes say nothing."""
    if isinstance(body, bytes | Blob) and (found := production_marks(data_of(body))):
        raise marked_production(found[0], way)


def marked_production(where: str, way: Way) -> Rejected:
    """Return the refusal of a document that is marked production, in a test environment."""
    words = {"in": "takes nothing", "out": "sends nothing"}[way]
    advice = {
        "in": "the partner sent it to the wrong place, or forgot the test flag: it belongs to production",
        "out": "agree on `usage: T` for this environment in the partner's file: `environments: { test: { x12: { usage: T } } }`",
    }[way]
    return Rejected(f"a test environment {words} that is marked production", code="production", where=where, advice=advice)


def _headers(data: Data, head: bytes) -> Iterator[list[bytes]]:
    """Yield the elements of every UNB."""
    element, release, end = _service(head)
    if not (element and end):
        return
    begin = rb"(?:\A[\s\xef\xbb\xbf]*(?:UNA[\s\S]{6})?|" + re.escape(end) + rb")\s*UNB"
    header = re.compile(begin + b"(" + _upto(end, release) + b")" + re.escape(end))
    apart = re.compile(re.escape(element) + b"(" + _upto(element, release) + b")")
    for found in header.finditer(data):
        yield apart.findall(found[1])


def _upto(mark: bytes, release: bytes) -> bytes:
    """Return a pattern of everything before a mark that isn't released."""
    plain = b"[^" + re.escape(mark + release) + b"]"
    return b"(?:" + re.escape(release) + rb"[\s\S]|" + plain + b")*" if release else plain + b"*"


def _service(head: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what separates elements, what releases, and what ends segments."""
    if head.startswith(b"UNA"):
        return head[4:5], head[6:7].strip(), head[8:9]
    if head[3:4] == b"\x1d":
        return b"\x1d", b"", b"\x1c"
    return head[3:4], b"?", b"'"
