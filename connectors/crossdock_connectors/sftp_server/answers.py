"""What the SFTP server's folders are made of: paths, entries, and answers that tell the partner what to do."""

from __future__ import annotations

import functools
import logging
import stat
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from asyncssh import SFTPAttrs, SFTPError, SFTPFailure, SFTPNoSuchFile, SFTPPermissionDenied

from crossdock.core.errors import CrossdockError
from crossdock_connectors.sftp_server.accounts import Parts

log = logging.getLogger(__name__)

LONGEST_PATH = 1024

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a listing. `modified` is in seconds since 1970."""

    name: str
    size: int
    modified: float
    is_folder: bool = False

    def attributes(self) -> Any:
        """Return it as SFTP's attributes."""
        mode = stat.S_IFDIR | 0o755 if self.is_folder else stat.S_IFREG | 0o644
        seconds = int(self.modified)
        return SFTPAttrs(size=self.size, uid=0, gid=0, permissions=mode, atime=seconds, mtime=seconds)

    def line(self, owner: str) -> str:
        """Return it as `ls -l` would, which SFTP 3 wants with every name."""
        mode = "drwxr-xr-x" if self.is_folder else "-rw-r--r--"
        when = time.strftime("%b %d %H:%M", time.gmtime(self.modified))
        return f"{mode} 1 {owner:8} {owner:8} {self.size:>10} {when} {self.name}"


def answered(method: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Turn whatever goes wrong in a request into an answer that tells the partner what to do, and nothing of our insides."""

    @functools.wraps(method)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await method(*args, **kwargs)
        except SFTPError:
            raise
        except CrossdockError as error:
            log.warning("a request failed: %s", error.message)
            raise SFTPFailure(f"not taken: {error.message}") from error
        except Exception as error:
            log.exception("a request broke")
            raise SFTPFailure("this failed by a fault on the server's side; try again later") from error

    return guarded


@contextmanager
def in_journal(path: Parts) -> Iterator[None]:
    """Answer that a file is not there where the journal says so with a KeyError."""
    try:
        yield
    except KeyError:
        raise absent(path) from None


def absent(path: Parts) -> SFTPError:
    """Return the answer for a file that is not there."""
    return SFTPNoSuchFile(f"there is no {text(path)}")


def parse(path: bytes, *, may_lead_out: bool = False) -> Parts:
    """Return a client's path as clean components. A path out of the root is refused, or else ends at the root."""
    if len(path) > LONGEST_PATH:
        raise SFTPFailure(f"the path is longer than {LONGEST_PATH} bytes")
    if b"\0" in path:
        raise SFTPFailure("the path holds a NUL")
    parts: list[str] = []
    for part in _decoded(path).split("/"):
        if part == ".." and not parts and not may_lead_out:
            raise SFTPPermissionDenied("the path leads out of your folders")
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)


def _decoded(path: bytes) -> str:
    try:
        return path.decode()
    except UnicodeDecodeError:
        raise SFTPFailure("the file's name is not UTF-8; rename it") from None


def text(path: Parts) -> str:
    """Return a path as the partner writes it."""
    return "/" + "/".join(path)


def megabytes(size: int) -> str:
    """Return a size as people write it."""
    return f"{size / 1024**2:g} MB" if size >= 1024**2 else f"{size} bytes"
