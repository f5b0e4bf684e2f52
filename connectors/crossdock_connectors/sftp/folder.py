"""A directory on a partner's SFTP server, as `polling` wants it."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from posixpath import join
from typing import Any

import asyncssh

from crossdock.core.errors import Refused, Retryable
from crossdock_connectors import names
from crossdock_connectors.polling import Sighting, Vanished
from crossdock_connectors.sftp.client import BROKEN, Server


class RemoteFolder:
    """The directory: a connection a look."""

    def __init__(self, server: Server, path: str) -> None:
        self._server = server
        self._path = path

    @property
    def source(self) -> str:
        """Its name within which dedupe keys are unique."""
        return f"sftp:{self._server.settings.user}@{self._server.place}/{self._path.lstrip('/')}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[OpenRemoteFolder]:
        """Connect for one look."""
        async with self._server.client() as sftp:
            yield OpenRemoteFolder(self._server, sftp, self._path)


class OpenRemoteFolder:
    """The directory during one look."""

    def __init__(self, server: Server, sftp: Any, path: str) -> None:
        self._server = server
        self._sftp = sftp
        self._path = path

    async def files(self) -> Sequence[Sighting]:
        """The regular files in it; names that could lead elsewhere are never seen."""
        try:
            found = [
                _sighting(str(entry.filename), entry.attrs) async for entry in self._sftp.scandir(self._path) if _regular(entry)
            ]
        except asyncssh.SFTPNoSuchFile as error:
            raise Retryable(f"{self._server.place} has no directory {self._path}", advice="check `directory`") from error
        except BROKEN as error:
            raise self._server.meaning(error, f"list {self._path}") from error
        return [file for file in found if not names.fault(file.name)]

    async def read(self, file: Sighting) -> bytes:
        """Return a file's bytes."""
        with self._explained(f"read {file.name}"):
            async with self._sftp.open(self._at(file), "rb") as opened:
                data: bytes = await opened.read(file.size + 1)
            if len(data) != file.size:
                raise Vanished
            return data

    async def delete(self, file: Sighting) -> None:
        """Delete it, if it is still what was seen."""
        with self._explained(f"delete {file.name}"):
            await self._check_same(file)
            await self._sftp.remove(self._at(file))

    async def move(self, file: Sighting, archive: str, spare: str) -> None:
        """Move it to a directory, if it is still what was seen; under the name `spare` where its own is taken there."""
        with self._explained(f"move {file.name} to {archive}"):
            if not await self._sftp.isdir(archive):
                await self._sftp.makedirs(archive, exist_ok=True)
            await self._check_same(file)
            taken = await self._sftp.exists(join(archive, file.name))
            await self._sftp.rename(self._at(file), join(archive, spare if taken else file.name))

    async def _check_same(self, file: Sighting) -> None:
        if _sighting(file.name, await self._sftp.lstat(self._at(file))) != file:
            raise Vanished

    def _at(self, file: Sighting) -> str:
        return join(self._path, file.name)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except asyncssh.SFTPNoSuchFile:
            raise Vanished from None
        except asyncssh.SFTPFailure as error:
            raise Refused(f"{self._server.place} can't {what}: {error.reason.lower()}") from error
        except BROKEN as error:
            raise self._server.meaning(error, what) from error


def _regular(entry: Any) -> bool:
    mode = entry.attrs.permissions
    return entry.attrs.size is not None and (mode is None or stat.S_ISREG(mode)) and str(entry.filename) not in (".", "..")


def _sighting(name: str, attributes: Any) -> Sighting:
    return Sighting(name, attributes.size, int(attributes.mtime or 0))
