"""Documents too big for memory: they lie in a file, and are looked at through a window that is as small as it can be.

What a source hands in, what the journal gives to a route's first step, and what that step cuts into parts may be a `Blob`
where it is greater than `IN_MEMORY`; a step that wants it whole calls `whole`.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, Any, Final

IN_MEMORY: Final = 16 * 1024**2
"""Bytes of a raw document that are held in memory; a greater one lies in a file."""

STEP: Final = 1024**2
"""How much of it is looked at before what lies behind is let go."""

Data = bytes | mmap.mmap
"""A document's bytes, or the window on them: both can be indexed, sliced, searched and matched; a slice is always bytes."""


class Blob:
    """A document in a file that nobody else writes. The file may be closed; it is needed as long as this is."""

    def __init__(self, file: IO[bytes] | Any) -> None:
        self.window = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    @classmethod
    def of(cls, pieces: Iterable[bytes]) -> Blob:
        """Return a document that comes in pieces, not all of them empty; raises OSError where the disk is full."""
        with TemporaryFile() as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            return cls(file)

    def __len__(self) -> int:
        """Return its size in bytes."""
        return len(self.window)

    def pieces(self, size: int = STEP) -> Iterator[bytes]:
        """Yield it in pieces of `size` bytes."""
        for start in range(0, len(self), size):
            yield self.window[start : start + size]
            forget(self.window, start + size)

    def whole(self) -> bytes:
        """Return all of it."""
        found = self.window[:]
        forget(self.window, len(found))
        return found


def forget(data: Data, upto: int) -> None:
    """Let memory go that a window holds before an offset; what is looked at again is read again."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        length = upto // mmap.PAGESIZE * mmap.PAGESIZE
        if length:
            data.madvise(mmap.MADV_DONTNEED, 0, length)


def data_of(body: bytes | Blob) -> Data:
    """Return a raw document as something to look at."""
    return body.window if isinstance(body, Blob) else body


__all__ = ["IN_MEMORY", "STEP", "Blob", "Data", "data_of", "forget"]
