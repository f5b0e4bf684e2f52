"""Text of any character set, line by line, from documents of any size.

A byte that a character set doesn't have comes through as a lone surrogate (where the set allows that), so that the record that
holds it can be refused alone, and be kept with the very bytes that came.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from crossdock.core.blob import STEP, Data
from crossdock_transformers.records.faults import unusable
from crossdock_transformers.records.window import Window

LONGEST_LINE: Final = 1024**2
"""Characters of one line; a longer one ends the reading."""
_BOMS: Final = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_SETS: Final = ("utf-8", "utf-16", "ascii", "iso-8859-1", "iso-8859-15", "cp1252", "cp850", "cp437", "cp037", "cp500", "cp1140")
_MORE: Final = ("iso8859-", "cp125", "cp85", "cp86", "koi8", "mac-", "shift_jis", "cp932", "gb", "big5", "euc")


def _charset(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        found = ""
    known = {codecs.lookup(one).name for one in _SETS}
    if found not in known and not found.startswith(_MORE):
        raise ValueError(f"'{name}' is no character set that is known; there is {', '.join(_SETS)}")
    return found


Charset = Annotated[str, AfterValidator(_charset)]
"""A character set by any name that Python knows it by."""


def lines(data: Data, charset: str, most: int = LONGEST_LINE, newline: Literal["", "\n"] = "") -> Iterator[str]:
    """Yield each line with its end; a byte order mark says the character set and is left out. Raises Rejected.

    Lines end as on any system, or with `newline` alone.
    """
    mark = next((bom for bom in _BOMS if data[: len(bom)] == bom), b"")
    charset = _BOMS.get(mark, charset)
    errors = "strict" if charset.startswith("utf-16") else "surrogateescape"
    text = io.TextIOWrapper(io.BufferedReader(Window(data, len(mark)), STEP), encoding=charset, errors=errors, newline=newline)
    number = 0
    try:
        while line := text.readline(most):
            number += 1
            if len(line) >= most:
                raise unusable(f"line {number} has more than {most} characters", "line_length", f"line {number}")
            yield line
    except UnicodeError as error:
        message = (
            f"the file is not {charset} after line {number}: {error.reason if isinstance(error, UnicodeDecodeError) else error}"
        )
        raise unusable(message, "encoding", f"line {number + 1}") from None


def stray_byte(text: str) -> str:
    """Return the first byte of a line that its character set doesn't have, as `0x81`; nothing where there is none."""
    if text.isascii():
        return ""
    found = next((ord(one) for one in text if "\udc80" <= one <= "\udcff"), 0)
    return f"0x{found - 0xDC00:02x}" if found else ""


def encoded(text: str, charset: str) -> bytes:
    """Return text as bytes, those that its set doesn't have as they came."""
    return text.encode(charset, "strict" if charset.startswith("utf-16") else "surrogateescape")


def unwritable(text: str, charset: str) -> str:
    """Return the first character of a text that a character set doesn't have; nothing where it has them all."""
    try:
        text.encode(charset)
    except UnicodeEncodeError as error:
        return text[error.start]
    return ""


__all__ = ["LONGEST_LINE", "Charset", "encoded", "lines", "stray_byte", "unwritable"]
