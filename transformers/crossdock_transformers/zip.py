"""zip: the files of an archive as a stream to `split: files`, or the only one; and one file packed.

Nothing is ever written under a name that an archive says: names are for the keys of messages, and those that lead anywhere are
refused. The whole archive is unpacked once to check it, before its first file goes on.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from crossdock.core.blob import STEP, Blob, Data, data_of
from crossdock.core.errors import Rejected
from crossdock.core.message import Message
from crossdock.core.outcome import Claim, Closing
from crossdock.core.spec import Context, Options, Part, Shape, Step, TransformerSpec
from crossdock_transformers.packing import Limits, UnpackOptions, packed
from crossdock_transformers.records.faults import shown, unusable
from crossdock_transformers.records.window import Window, held

CONTENT_TYPE: Final = "application/zip"
UNIT: Final = "files"
_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x07"
_END_SIZE: Final = 22
_LONGEST_REMARK: Final = 65_535
_LONGEST_ENTRY: Final = 1024
_LONGEST_NAME: Final = 255
_BEGINNING: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that zip knows, so that the same file is always packed to the same bytes."""


def _safe(name: str) -> str:
    reason = unsafe(name)
    if reason:
        raise ValueError(f"'{name}' can't be a file's name: {reason}")
    return name


def unsafe(name: str) -> str:
    """Return why a name in an archive is not taken; nothing where it is."""
    parts = name.split("/")
    if not name or len(name) > _LONGEST_NAME:
        return "it is empty or too long"
    if "\\" in name or ":" in name or not name.isprintable():
        return "it has characters that lead elsewhere or can't be seen"
    if name.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return "it leads out of the archive"
    return ""


class DecodeOptions(UnpackOptions):
    """Which files are taken of an archive, and how many."""

    match: str = Field("*", description="the files that are taken, by their name without folders; others are passed over")
    single: bool = Field(False, description="the archive holds one such file, which becomes the body; nothing is split")
    max_files: int = Field(1000, ge=1, le=10_000, description="an archive of more files is rejected")


class EncodeOptions(Options):
    """What is packed."""

    SHORTHAND = "name"

    name: Annotated[str, AfterValidator(_safe)] = Field(description="the file's name in the archive")
    level: int = Field(6, ge=1, le=9, description="1 is fast, 9 is small")


class ZipDecode:
    """Opens archives."""

    reads_blobs: Final = True
    shape: Shape | None = None

    def __init__(self, options: DecodeOptions) -> None:
        self._options = options
        self.unit = None if options.single else UNIT

    def apply(self, message: Message) -> Message:
        """Return the message with a stream of files, or with the only one; raises Rejected."""
        if not isinstance(message.body, bytes | Blob):
            raise Rejected("this message is decoded already", advice="remove this `decode:` step, or put it first")
        data = data_of(message.body)
        archive = Archive(data, self._options)
        archive.check()
        if not self._options.single:
            return message.with_body(archive, CONTENT_TYPE)
        if len(archive.files) != 1:
            names = ", ".join(shown(one.filename) for one in archive.files[:5]) or "none"
            raise unusable(f"the archive should hold one file that fits {shown(self._options.match)}, it holds {names}", "files")
        return message.with_body(archive.read(archive.files[0]), "application/octet-stream")


class Archive:
    """The files of an archive (`core.spec.Stream`); one at a time is in memory."""

    unit = UNIT

    def __init__(self, data: Data, options: DecodeOptions) -> None:
        self._options = options
        self._size = len(data)
        _directory(data, options.max_files)
        try:
            self._zip = zipfile.ZipFile(io.BufferedReader(Window(data), STEP))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, IndexError, EOFError, OSError, struct.error) as error:
            raise unusable(f"this is not a zip archive: {error}", "syntax") from None
        entries = [one for one in self._zip.infolist() if not one.filename.endswith("/")]
        _trusted(entries, self._size, options.max_files)
        self.files = [one for one in entries if fnmatchcase(one.filename.rpartition("/")[2], options.match)]

    def check(self) -> None:
        """Unpack all files, keeping nothing; raises Rejected where one is damaged or they are too much."""
        limits = Limits(self._options, self._size)
        for entry in self.files:
            for _ in limits.counted(self._pieces(entry), f"the file {shown(entry.filename)}"):
                pass

    def read(self, entry: zipfile.ZipInfo) -> bytes | Blob:
        """Return a file."""
        return held(self._pieces(entry))

    def _pieces(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._zip.open(entry) as file:
                while piece := file.read(STEP):
                    yield piece
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
            OSError,
            struct.error,
        ) as error:
            raise unusable(f"the file {shown(entry.filename)} of the archive is damaged: {error}", "syntax") from None

    @property
    def claims(self) -> tuple[Claim, ...]:
        """None: archives have no number that may be used once."""
        return ()

    def parts(self) -> Iterator[Part]:
        """Yield each file, its name as a key."""
        for entry in self.files:
            yield Part(self.read(entry), {"file": entry.filename}, content_type="application/octet-stream")

    def finish(self) -> Closing:
        """Nothing is answered; an archive without files that are taken is told."""
        return Closing(note="" if self.files else f"no file of the archive fits {self._options.match}")

    def refuse(self, _claim: Claim) -> Closing:
        """Nothing is answered."""
        return Closing()


def _directory(data: Data, most: int) -> None:
    """Look at an archive's directory before anything reads it: its size is what a sender says."""
    start = max(0, len(data) - _LONGEST_REMARK - _END_SIZE)
    end = data.rfind(_END, start)
    if end < 0 or end + _END_SIZE > len(data):
        raise unusable("this is not a zip archive, or it is cut off", "syntax")
    if data[max(0, end - 20) : end].startswith(_END_64):
        raise unusable("this is a ZIP64 archive: it is larger than what is taken", "size")
    count, size = int.from_bytes(data[end + 10 : end + 12], "little"), int.from_bytes(data[end + 12 : end + 16], "little")
    if count > most or size > most * _LONGEST_ENTRY:
        raise unusable(f"the archive holds {count} files, at most {most} are taken (option `max_files`)", "files")


def _trusted(entries: list[zipfile.ZipInfo], size: int, most: int) -> None:
    """Refuse what no honest sender packs; raises Rejected."""
    if len(entries) > most:
        raise unusable(f"the archive holds {len(entries)} files, at most {most} are taken (option `max_files`)", "files")
    names: set[str] = set()
    for entry in entries:
        reason = _suspicious(entry) or ("it is there twice" if entry.filename in names else "")
        if reason:
            raise unusable(f"the file {shown(entry.filename)} of the archive is not taken: {reason}", "entry")
        names.add(entry.filename)
    if sum(entry.compress_size for entry in entries) > size:
        raise unusable("the files of the archive overlap: it is made to burst", "entry")


def _suspicious(entry: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "it is a link"
    if entry.flag_bits & 1:
        return "it is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed in another way than deflate"
    return unsafe(entry.orig_filename)


class ZipEncode:
    """Packs a document as the only file of an archive, always to the same bytes."""

    shape: Shape | None = None

    def __init__(self, options: EncodeOptions) -> None:
        self._options = options

    def apply(self, message: Message) -> Message:
        """Return the message packed."""
        return packed(message, self._pack, ".zip", CONTENT_TYPE)

    def _pack(self, data: bytes | Blob) -> bytes | Blob:
        entry = zipfile.ZipInfo(self._options.name, _BEGINNING)
        entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(entry, data if isinstance(data, bytes) else data.whole(), zipfile.ZIP_DEFLATED, self._options.level)
        return buffer.getvalue()


def _decode(options: Any, _context: Context) -> Step:
    return ZipDecode(options)


def _encode(options: Any, _context: Context) -> Step:
    return ZipEncode(options)


SPEC = TransformerSpec(
    name="zip",
    summary="opens zip archives, their files one by one (`split: files`), with limits; packs one file",
    example='decode: { zip: { match: "*.csv" } }',
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=EncodeOptions,
)
