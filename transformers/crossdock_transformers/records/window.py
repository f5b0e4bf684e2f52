"""A document of any size as a file, for readers that want one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any

from crossdock.core.blob import IN_MEMORY, STEP, Blob, Data, forget


class Window(io.RawIOBase):
    """A document as a file that can be read from any place; what has been read in order is let go."""

    def __init__(self, data: Data, start: int = 0) -> None:
        self._data = data
        self._at = start
        self._kept = start

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read from any place."""
        return True

    def tell(self) -> int:
        """Return where it is."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence]
        if base + offset < 0:
            raise ValueError("there is nothing before the beginning")
        self._at = self._kept = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; return how much there was."""
        piece = self._data[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        if self._at - self._kept > STEP:
            forget(self._data, self._at)
            self._kept = self._at
        return len(piece)


def held(pieces: Iterator[bytes]) -> bytes | Blob:
    """Return what comes in pieces as bytes, or outside of memory where it is more than fits there."""
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size > IN_MEMORY:
            return Blob.of(chain(kept, pieces))
    return b"".join(kept)


__all__ = ["Window", "held"]
