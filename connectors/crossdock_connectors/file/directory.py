"""A directory of this machine: collected from as `polling` wants it, and written to so that no half file is ever seen."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from crossdock.core.errors import CrossdockError, Refused, Retryable
from crossdock_connectors.polling import Sighting, Vanished

P = ParamSpec("P")
T = TypeVar("T")

PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.EROFS, errno.EAGAIN})
"""Errors that may pass without anybody changing a route."""


class Directory:
    """A directory, and during a look its open self: nothing is held open between two calls."""

    def __init__(self, path: Path, base: Path) -> None:
        self._path = path
        self._base = base

    @property
    def source(self) -> str:
        """Its name within which dedupe keys are unique."""
        return f"file:{self._path}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Directory]:
        """Open it for one look; raises Retryable where it is missing, because it may be mounted later."""
        await _in_thread(existing, self._path)
        yield self

    async def files(self) -> Sequence[Sighting]:
        """The regular files in it."""
        try:
            return await _in_thread(_regular, self._path)
        except Vanished:
            raise Retryable(f"the directory {self._path} went away") from None

    async def read(self, file: Sighting) -> bytes:
        """Return a file's bytes."""
        return await _in_thread(_read, self._path / file.name, file)

    async def delete(self, file: Sighting) -> None:
        """Delete it, if it is still what was seen."""
        await _in_thread(_delete, self._path / file.name, file)

    async def move(self, file: Sighting, archive: str, spare: str) -> None:
        """Move it to a directory, if it is still what was seen; under the name `spare` where its own is taken there."""
        await _in_thread(_move, self._path / file.name, file, self._base / archive, spare)


async def _in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.to_thread(work, *args, **kwargs)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except FileNotFoundError:
        raise Vanished from None
    except OSError as error:
        raise _meaning(path, error) from error


def _meaning(path: Path, error: OSError) -> CrossdockError:
    said = f"{path}: {(error.strerror or str(error)).lower()}"
    if error.errno in PASSING:
        return Retryable(said, advice="is the disk full, or not mounted?")
    if error.errno == errno.EXDEV:
        return Refused(f"{path} can't be moved to another disk", advice="let `archive` be on the same disk as `directory`")
    return Refused(said, advice="check that Crossdock's user may write there")


def existing(path: Path) -> None:
    """Raise Retryable where a directory is missing."""
    if not path.is_dir():
        raise Retryable(f"there is no directory {path}", advice="make it, or mount it")


def _regular(path: Path) -> list[Sighting]:
    found = []
    with _explained(path), os.scandir(path) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # it was taken away while we looked
                seen = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(seen.st_mode):
                    found.append(_sighting(entry.name, seen))
    return found


def _sighting(name: str, seen: os.stat_result) -> Sighting:
    return Sighting(name, seen.st_size, seen.st_mtime_ns)


def _read(path: Path, file: Sighting) -> bytes:
    with _explained(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as opened:
            data = opened.read()
            if _sighting(file.name, os.fstat(descriptor)) != file or len(data) != file.size:
                raise Vanished
    return data


def _check_same(path: Path, file: Sighting) -> None:
    if _sighting(file.name, path.lstat()) != file:
        raise Vanished


def _delete(path: Path, file: Sighting) -> None:
    with _explained(path):
        _check_same(path, file)
        path.unlink()


def _move(path: Path, file: Sighting, archive: Path, spare: str) -> None:
    with _explained(path):
        archive.mkdir(parents=True, exist_ok=True)
        _check_same(path, file)
        name = spare if os.path.lexists(archive / file.name) else file.name
        path.rename(archive / name)


def content_of(path: Path) -> bytes | None:
    """Return a regular file's bytes, None where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _meaning(path, error) from error
    with os.fdopen(descriptor, "rb") as opened:
        return opened.read() if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def place(path: Path, data: bytes, *, overwrite: bool) -> bool:
    """Write a file whole or not at all; return whether the same was there already.

    Raises Refused where another document has the name, Retryable where there is no room or no directory.
    """
    existing(path.parent)
    try:
        return _placed(path, data, overwrite=overwrite)
    except OSError as error:
        raise _meaning(path, error) from error


def _placed(path: Path, data: bytes, *, overwrite: bool) -> bool:
    fresh = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        _write(fresh, data)
        if overwrite:
            fresh.replace(path)
        else:
            os.link(fresh, path)
    except FileExistsError:
        if content_of(path) != data:
            advice = "collect that one first, give documents names of their own, or say `exists: overwrite`"
            raise Refused(f"{path} is there already, and is another document", code="exists", advice=advice) from None
        return True
    finally:
        fresh.unlink(missing_ok=True)
    _sync(path.parent)
    return False


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    """Make the directory's new entry durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
