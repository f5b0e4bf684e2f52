"""The spool: where an upload is kept until it is whole."""

from __future__ import annotations

from pathlib import Path
from tempfile import SpooledTemporaryFile

from crossdock.core.blob import IN_MEMORY, Blob

SPOOLED = 1024**2
"""Bytes that are kept in memory; a larger file goes to the disk, without a name, so that it is gone with its process."""


class Overflow(Exception):
    """More was written than the limit allows."""


class Spool:
    """One upload: written at any offset, read once it is whole.

    `limit` is in bytes. `folder` is where large ones are kept. Raises OSError where the disk is full.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._file = SpooledTemporaryFile(max_size=SPOOLED, dir=str(folder))  # noqa: SIM115 - lives as long as the upload
        self._limit = limit
        self._written = 0
        self.size = 0

    def write(self, offset: int, data: bytes) -> None:
        """Write at an offset; raises Overflow before anything beyond the limit is kept."""
        end = offset + len(data)
        if end > self._limit:
            raise Overflow
        self._file.seek(offset)
        self._file.write(data)
        self._written += len(data)
        self.size = max(self.size, end)

    def truncate(self, size: int) -> None:
        """Cut to `size` bytes."""
        self._file.truncate(size)
        self._written = min(self._written, size)
        self.size = min(self.size, size)

    @property
    def whole(self) -> bool:
        """False where bytes in the middle were never sent."""
        return self._written >= self.size

    @property
    def large(self) -> bool:
        """Whether it is on the disk, so that reading takes a while."""
        return self.size > SPOOLED

    def content(self) -> bytes | Blob:
        """Return all of it; what is too big for memory stays on the disk."""
        self._file.seek(0)
        if self.size > IN_MEMORY:
            self._file.flush()
            return Blob(self._file)
        data: bytes = self._file.read()
        return data

    def close(self) -> None:
        """Drop it. May be called again."""
        self.size = 0
        self._file.close()
