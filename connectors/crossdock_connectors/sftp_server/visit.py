"""A partner's visit: the folders that it sees during one session. Nothing here touches the disk but the spool.

The methods are those of the SFTP library's server; nothing is inherited, so that no request can reach what isn't written here.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any, NoReturn

from asyncssh import FXF_WRITE, SFTPFailure, SFTPName, SFTPNoSuchFile, SFTPOpUnsupported, SFTPPermissionDenied

from crossdock_connectors.sftp_server.accounts import Account, House, Parts
from crossdock_connectors.sftp_server.answers import Entry, answered, parse, text
from crossdock_connectors.sftp_server.inbound import Inbound, Upload
from crossdock_connectors.sftp_server.outbound import Download, Outbound

log = logging.getLogger(__name__)

OpenFile = Upload | Download


class Visit:
    """One session of one partner. `asked` is true while a request of the client is being worked on."""

    def __init__(self, house: House, account: Account, address: str) -> None:
        self.asked = False
        self._account = account
        self._now = house.services.clock.now
        self._inbound = Inbound(house, account, address)
        self._outbound = Outbound(house, account)
        self._folders = account.folders
        log.info("partner %s is here from %s", account.partner, address)

    def exit(self) -> None:
        """End the session."""
        self._inbound.leave()
        log.info("partner %s has left", self._account.partner)

    @answered
    async def open(self, path: bytes, pflags: int, attrs: Any) -> OpenFile:  # noqa: ARG002 - the library's signature
        """Open an upload, or a file of the pickup folder."""
        parts = self._file(path)
        writes = bool(pflags & FXF_WRITE)
        if parts[:-1] == self._account.pickup:
            if writes:
                raise SFTPPermissionDenied(f"files in {text(parts[:-1])} can be read and removed, not written")
            return await self._outbound.start(parts)
        if not writes:
            self._inbound.entry(parts)
            raise SFTPPermissionDenied(f"files in {text(parts[:-1])} can be put, not read")
        return self._inbound.start(parts, pflags)

    @answered
    async def write(self, file: OpenFile, offset: int, data: bytes) -> int:
        """Keep a piece of an upload."""
        if isinstance(file, Download):
            raise SFTPPermissionDenied("this file was opened for reading")
        self._inbound.write(file, offset, data)
        return len(data)

    @answered
    async def read(self, file: OpenFile, offset: int, size: int) -> bytes:
        """Return a piece of a pickup file; empty at its end."""
        if isinstance(file, Upload):
            raise SFTPPermissionDenied("this file was opened for writing")
        return file.read(offset, size)

    @answered
    async def close(self, file: OpenFile) -> None:
        """Finish a file, if the client asked for it; else its connection was cut."""
        if isinstance(file, Upload):
            if not self.asked:
                self._inbound.abandon(file)
                return
            await self._inbound.finish(file)
        elif self.asked:
            await self._outbound.finish(file)

    @answered
    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Give a file its final name, which must be free."""
        await self._inbound.rename(self._movable(oldpath), self._file(newpath), replace=False)

    @answered
    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Give a file its final name, in place of a file that has it."""
        await self._inbound.rename(self._movable(oldpath), self._file(newpath), replace=True)

    @answered
    async def remove(self, path: bytes) -> None:
        """Remove a file of the pickup folder, or one that is kept aside."""
        parts = self._file(path)
        if parts[:-1] == self._account.pickup:
            await self._outbound.remove(parts)
        else:
            self._inbound.remove(parts)

    @answered
    async def stat(self, path: bytes) -> Any:
        """Return a file's or folder's attributes."""
        return (await self._entry(parse(path))).attributes()

    lstat = stat

    @answered
    async def fstat(self, file: OpenFile) -> Any:
        """Return an open file's attributes."""
        if isinstance(file, Download):
            return file.entry.attributes()
        return Entry(file.path[-1], file.spool.size, self._now()).attributes()

    async def scandir(self, path: bytes) -> AsyncIterator[Any]:
        """Yield a folder's names."""
        for entry in await self._listing(path):
            yield SFTPName(entry.name.encode(), entry.line(self._account.partner).encode(), entry.attributes())

    @answered
    async def realpath(self, path: bytes) -> bytes:
        """Return a path in full; above the root is the root."""
        return text(parse(path, may_lead_out=True)).encode()

    @answered
    async def setstat(self, path: bytes, attrs: Any) -> None:
        """Ignore times, modes and owners, which clients set after an upload: they mean nothing here."""
        parts = parse(path)
        entry = await self._entry(parts)
        if attrs.size not in (None, entry.size):
            raise SFTPPermissionDenied(f"the size of {text(parts)} can't be changed")

    lsetstat = setstat

    @answered
    async def fsetstat(self, file: OpenFile, attrs: Any) -> None:
        """As `setstat`; an open upload may be cut."""
        if attrs.size is not None and isinstance(file, Upload):
            self._inbound.truncate(file, attrs.size)

    async def fsync(self, file: OpenFile) -> None:
        """Nothing to do: an upload is durable when its close is answered."""

    @answered
    async def mkdir(self, path: bytes, attrs: Any) -> None:  # noqa: ARG002 - the library's signature
        """Refuse: folders are what the routes say."""
        parts = parse(path)
        if parts in self._folders:
            raise SFTPFailure(f"{text(parts)} is there already")
        raise SFTPPermissionDenied("folders can't be made here")

    @answered
    async def rmdir(self, path: bytes) -> None:
        """Refuse: folders are what the routes say."""
        raise SFTPPermissionDenied(f"the folder {text(parse(path))} can't be removed")

    def _unsupported(self, *_: Any) -> NoReturn:
        raise SFTPOpUnsupported("this is not supported here")

    readlink = symlink = link = lock = unlock = statvfs = fstatvfs = open56 = _unsupported

    def _file(self, path: bytes) -> Parts:
        parts = parse(path)
        if parts in self._folders:
            raise SFTPFailure(f"{text(parts)} is a folder")
        if parts[:-1] not in self._folders:
            raise SFTPNoSuchFile(f"there is no folder {text(parts[:-1])}")
        return parts

    def _movable(self, path: bytes) -> Parts:
        parts = self._file(path)
        if parts[:-1] == self._account.pickup:
            raise SFTPPermissionDenied(f"files in {text(parts[:-1])} can be read and removed, not renamed")
        return parts

    async def _entry(self, parts: Parts) -> Entry:
        if parts in self._folders:
            return self._folder(parts[-1] if parts else "/")
        if parts[:-1] == self._account.pickup:
            return await self._outbound.entry(parts)
        return self._inbound.entry(parts)

    @answered
    async def _listing(self, path: bytes) -> list[Entry]:
        parts = parse(path)
        if parts not in self._folders:
            raise SFTPNoSuchFile(f"there is no folder {text(parts)}")
        inner = sorted(folder[-1] for folder in self._folders if folder and folder[:-1] == parts)
        files = await self._outbound.entries() if parts == self._account.pickup else self._inbound.entries(parts)
        return [*map(self._folder, [".", "..", *inner]), *files]

    def _folder(self, name: str) -> Entry:
        return Entry(name, 0, self._now(), is_folder=True)
