"""What gzip and zip share: limits against archives that burst, and how a body of bytes becomes another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from pydantic import Field

from crossdock.core.blob import Blob
from crossdock.core.errors import Rejected
from crossdock.core.message import Message, Numbered
from crossdock.core.spec import Options
from crossdock.core.units import Size
from crossdock_transformers.records.faults import unusable

MOST_BYTES: Final = 1024**3
MOST_RATIO: Final = 200
_SMALL: Final = 1024**2
"""Up to so many bytes nothing is a bomb, however well it was packed."""
_ARCHIVES: Final = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
}


class UnpackOptions(Options):
    """The limits of what is unpacked."""

    max_size: Size = Field(MOST_BYTES, description="what unpacks to more is rejected")
    max_ratio: int = Field(MOST_RATIO, ge=2, description="what unpacks to so many times its size is rejected, from 1 MB on")


class Limits:
    """Counts what comes out of an archive; raises Rejected where it is too much."""

    def __init__(self, options: UnpackOptions, packed: int) -> None:
        self._options = options
        self._packed = packed
        self._size = 0

    def counted(self, pieces: Iterator[bytes], what: str) -> Iterator[bytes]:
        """Yield pieces as they are; what begins like another archive is refused."""
        first = True
        for piece in pieces:
            if first and piece:
                _plain(piece, what)
                first = False
            self.add(len(piece))
            yield piece

    def add(self, size: int) -> None:
        """Count bytes."""
        self._size += size
        if self._size > self._options.max_size:
            raise unusable(f"it unpacks to more than {self._options.max_size} bytes (option `max_size`)", "size")
        if self._size > _SMALL and self._size > self._packed * self._options.max_ratio:
            raise unusable(
                f"it unpacks to more than {self._options.max_ratio} times its size (option `max_ratio`)",
                "ratio",
                advice="if the sender is sure of it, raise `max_ratio`; else it may be meant to fill up memory",
            )


def _plain(piece: bytes, what: str) -> None:
    kind = next((name for magic, name in _ARCHIVES.items() if piece.startswith(magic)), "")
    if kind:
        raise unusable(f"{what} is an archive itself ({kind}); archives within archives are not taken", "nested")


def packed(message: Message, pack: Callable[[bytes | Blob], bytes | Blob], suffix: str, content_type: str) -> Message:
    """Return a message with its bytes packed; of a document that waits for its number, as soon as it has it."""
    body = message.body
    if isinstance(body, Numbered):
        wrapped = replace(
            body,
            render=lambda number: _bytes(pack(body.render(number))),
            name=lambda number: body.name(number) + suffix,
            content_type=content_type,
        )
        return message.with_body(wrapped, content_type)
    if not isinstance(body, bytes | Blob):
        raise Rejected("only bytes can be packed", advice="add an `encode:` step before this one")
    return message.with_body(pack(body), content_type)


def _bytes(data: bytes | Blob) -> bytes:
    return data.whole() if isinstance(data, Blob) else data


def pieces_of(data: bytes | Blob) -> Iterator[bytes]:
    """Yield a document in pieces."""
    yield from data.pieces() if isinstance(data, Blob) else (data,)


__all__ = ["Limits", "UnpackOptions", "packed", "pieces_of"]
