"""Putting documents on a partner's SFTP server: up under a hidden name, then renamed, so that the partner never sees a half one.

connect ─ there already? ─ write .name.part ─ rename
└────── surely not done: try again ──────┘     └─ lost: it may be done, look before trying again
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from posixpath import join
from typing import Any

import asyncssh

from crossdock.core.errors import Refused, UnknownEffect
from crossdock.core.message import dump_json
from crossdock.core.ports import Dispatch, Reply
from crossdock_connectors import names
from crossdock_connectors.sftp import SftpTarget
from crossdock_connectors.sftp.client import BROKEN, LOST, Server


class SftpSink:
    """Puts files. A document is known again by its name and content. One connection is kept for all."""

    knows_keys = False

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: Any = None
        self._sftp: Any = None
        self._connecting = asyncio.Lock()

    async def send(self, dispatch: Dispatch) -> Reply:
        """Put a document; raises Refused where another one has its name."""
        path, data, options = _path(dispatch), _data(dispatch), _options(dispatch)
        sftp = await self._client()
        try:
            if options.exists == "refuse" and (found := await self._there(sftp, path, data)):
                return found
            hidden = _hidden(dispatch, path)
            await _write(sftp, hidden, data)
        except BROKEN as error:
            await self._drop_if_lost(sftp, error)
            raise self._server.meaning(error, f"write {path}") from error
        await self._rename(sftp, hidden, path, overwrite=options.exists == "overwrite")
        return Reply(reference=path)

    async def find(self, dispatch: Dispatch) -> Reply | None:
        """Return a reply where a document of this name and content is there."""
        path, data = _path(dispatch), _data(dispatch)
        sftp = await self._client()
        try:
            return Reply(reference=path) if await _content(sftp, path, len(data)) == data else None
        except BROKEN as error:
            await self._drop_if_lost(sftp, error)
            raise self._server.meaning(error, f"look for {path}") from error

    async def check(self) -> str:
        """Log in and out again."""
        async with self._server.client() as sftp:
            try:
                home = await sftp.realpath(".")
            except BROKEN as error:
                raise self._server.meaning(error, "say where a login starts") from error
        return f"{self._server.settings.user}@{self._server.place} lets us in at {home}, its host key is the pinned one"

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.close()
            await connection.wait_closed()

    async def _client(self) -> Any:
        async with self._connecting:
            if self._sftp is None or self._connection.is_closed():
                await self.close()
                self._connection = await self._server.connect()
                self._sftp = await self._server.sftp(self._connection)
            return self._sftp

    async def _drop_if_lost(self, sftp: Any, error: BaseException) -> None:
        """Close a connection that is lost, unless another delivery has made a new one by now."""
        if isinstance(error, LOST) and sftp is self._sftp:
            await self.close()

    async def _there(self, sftp: Any, path: str, data: bytes) -> Reply | None:
        """Return a reply where this very document is there; raises Refused where another one is."""
        if not await sftp.lexists(path):
            return None
        if await _content(sftp, path, len(data)) == data:
            return Reply(reference=path, note="the same document was there already")
        raise self._taken(path)

    async def _rename(self, sftp: Any, hidden: str, path: str, *, overwrite: bool) -> None:
        try:
            await (_replace if overwrite else _move)(sftp, hidden, path)
        except LOST as error:
            await self._drop_if_lost(sftp, error)
            raise UnknownEffect(f"the connection to {self._server.place} was lost while {path} got its name") from error
        except BROKEN as error:
            with suppress(*BROKEN):
                await sftp.remove(hidden)
            if not overwrite and await _exists(sftp, path):
                raise self._taken(path) from error
            raise self._server.meaning(error, f"rename {hidden} to {path}") from error

    def _taken(self, path: str) -> Refused:
        return Refused(
            f"{self._server.place} has another document under {path} already",
            code="exists",
            advice="let the partner take that one first, give documents names of their own, or say `exists: overwrite`",
        )


def _options(dispatch: Dispatch) -> SftpTarget:
    return dispatch.options if isinstance(dispatch.options, SftpTarget) else SftpTarget()


def _path(dispatch: Dispatch) -> str:
    name = names.safe(dispatch.name, names.safe(dispatch.delivery_id, "document"))
    return join(_options(dispatch).directory, name)


def _hidden(dispatch: Dispatch, path: str) -> str:
    """Return the name of a document on its way: the same on every attempt, so that none is left behind."""
    folder, _, name = path.rpartition("/")
    digest = hashlib.sha256((dispatch.key or dispatch.delivery_id).encode()).hexdigest()[:8]
    return join(folder, f".{name}.{digest}.part") if folder else f".{name}.{digest}.part"


def _data(dispatch: Dispatch) -> bytes:
    return dispatch.body if isinstance(dispatch.body, bytes) else dump_json(dispatch.body)


async def _write(sftp: Any, path: str, data: bytes) -> None:
    async with sftp.open(path, "wb") as file:
        await file.write(data)
        with suppress(asyncssh.SFTPOpUnsupported):
            await file.fsync()


async def _content(sftp: Any, path: str, most: int) -> bytes | None:
    """Return a file's bytes, up to one more than `most`; None where there is none."""
    try:
        async with sftp.open(path, "rb") as file:
            data: bytes = await file.read(most + 1)
            return data
    except asyncssh.SFTPNoSuchFile:
        return None


async def _move(sftp: Any, hidden: str, path: str) -> None:
    await sftp.rename(hidden, path)


async def _replace(sftp: Any, hidden: str, path: str) -> None:
    try:
        await sftp.posix_rename(hidden, path)
    except asyncssh.SFTPOpUnsupported:
        with suppress(asyncssh.SFTPNoSuchFile):
            await sftp.remove(path)
        await sftp.rename(hidden, path)


async def _exists(sftp: Any, path: str) -> bool:
    try:
        return bool(await sftp.lexists(path))
    except BROKEN:
        return False
