"""gzip: one packed document in, its bytes out, and back; unpacked in pieces, with limits."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final

from pydantic import Field

from crossdock.core.blob import STEP, Blob
from crossdock.core.errors import Rejected
from crossdock.core.message import Message
from crossdock.core.spec import Context, Options, Shape, Step, TransformerSpec
from crossdock_transformers.packing import Limits, UnpackOptions, packed, pieces_of
from crossdock_transformers.records.faults import unusable
from crossdock_transformers.records.window import held

CONTENT_TYPE: Final = "application/gzip"
_FORMAT: Final = 31
"""zlib's word for a gzip header and trailer around the data."""


class PackOptions(Options):
    """How well it is packed."""

    level: int = Field(6, ge=1, le=9, description="1 is fast, 9 is small")


class GzipDecode:
    """Unpacks; several members after one another are one document."""

    reads_blobs: Final = True
    shape: Shape | None = None

    def __init__(self, options: UnpackOptions) -> None:
        self._options = options

    def apply(self, message: Message) -> Message:
        """Return the message with what was packed as its body; raises Rejected."""
        body = message.body
        if not isinstance(body, bytes | Blob):
            raise Rejected("this message is decoded already", advice="remove this `decode:` step, or put it first")
        limits = Limits(self._options, len(body))
        return message.with_body(held(limits.counted(_unpacked(body), "what it holds")), "application/octet-stream")


def _unpacked(data: bytes | Blob) -> Iterator[bytes]:
    """Yield what is packed in members, each checked against its own sum."""
    unpacker = zlib.decompressobj(_FORMAT)
    started = False
    for packed_piece in pieces_of(data):
        rest = packed_piece
        while rest:
            if unpacker.eof:
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                unpacker, started = zlib.decompressobj(_FORMAT), False
            try:
                piece = unpacker.decompress(rest, STEP)
            except zlib.error as error:
                raise _broken(error, started=started) from None
            started = True
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            if piece:
                yield piece
    while not unpacker.eof and (piece := unpacker.decompress(b"", STEP)):
        yield piece
    if not unpacker.eof:
        raise unusable("the archive is cut off" if started else "the file is empty", "syntax")


def _broken(error: zlib.error, *, started: bool) -> Rejected:
    if not started and "incorrect header check" in str(error):
        return unusable("this is not gzip: it does not begin as gzip does", "syntax")
    return unusable(f"the archive is damaged: {str(error).partition(': ')[2] or error}", "syntax")


class GzipEncode:
    """Packs, always the same bytes of the same document."""

    shape: Shape | None = None

    def __init__(self, options: PackOptions) -> None:
        self._level = options.level

    def apply(self, message: Message) -> Message:
        """Return the message packed."""
        return packed(message, self._pack, ".gz", CONTENT_TYPE)

    def _pack(self, data: bytes | Blob) -> bytes | Blob:
        return held(self._pieces(data))

    def _pieces(self, data: bytes | Blob) -> Iterator[bytes]:
        packer = zlib.compressobj(self._level, zlib.DEFLATED, _FORMAT)
        for piece in pieces_of(data):
            yield packer.compress(piece)
        yield packer.flush()


def _decode(options: Any, _context: Context) -> Step:
    return GzipDecode(options)


def _encode(options: Any, _context: Context) -> Step:
    return GzipEncode(options)


SPEC = TransformerSpec(
    name="gzip",
    summary="unpacks and packs single documents with gzip, with limits on what comes out",
    example="decode: gzip",
    options=UnpackOptions,
    decode=_decode,
    encode=_encode,
    encode_options=PackOptions,
)
