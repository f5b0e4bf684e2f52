"""The seam to the SFTP library: a session whose requests go to a `Visit`, and to nothing else.

The library closes open files in the same way whether the client asked for it or the connection was cut. For us the first means
"it is whole, take it", the second "drop it". So the handler notes while it works on a request, and a visit takes a file only
then: were the library to change, uploads would be refused, never taken by halves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncssh
from asyncssh.sftp import SFTPServerHandler
from asyncssh.stream import SSHServerStreamSession

from crossdock_connectors.sftp_server.visit import Visit

VERSION = 3
"""The version of SFTP that all clients speak."""
EXTENSIONS = (b"posix-rename@openssh.com", b"fsync@openssh.com", b"lsetstat@openssh.com")
"""What we speak beyond it."""


class Handler(SFTPServerHandler):  # type: ignore[misc] # asyncssh is not followed by the type checker
    """Reads requests and answers them, one after the other."""

    _packet_handlers = {  # noqa: RUF012 - the library's own table, without what would reach past a visit
        kind: handle for kind, handle in SFTPServerHandler._packet_handlers.items() if isinstance(kind, int) or kind in EXTENSIONS
    }
    _extensions = tuple((name, b"1") for name in EXTENSIONS)

    def __init__(self, visit: Visit, reader: Any, writer: Any, touch: Callable[[], None]) -> None:
        super().__init__(visit, reader, writer, VERSION)
        self._visit = visit
        self._touch = touch

    async def _process_packet(self, pkttype: int, pktid: int, packet: Any) -> None:
        self._touch()
        self._visit.asked = True
        try:
            await super()._process_packet(pkttype, pktid, packet)
        finally:
            self._visit.asked = False
            self._touch()


class FolderSession(SSHServerStreamSession):  # type: ignore[misc] # asyncssh is not followed by the type checker
    """A channel that is SFTP or nothing."""

    def __init__(self, visit: Visit, touch: Callable[[], None], ended: Callable[[], None]) -> None:
        super().__init__(None)
        self._visit = visit
        self._touch = touch
        self._ended = ended

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed."""
        super().connection_lost(exc)
        self._ended()

    def shell_requested(self) -> bool:
        """There is no shell."""
        return False

    def exec_requested(self, command: str) -> bool:  # noqa: ARG002 - the SSH library's signature
        """There are no commands; `scp` of today speaks SFTP."""
        return False

    def subsystem_requested(self, subsystem: str) -> bool:
        """Only SFTP."""
        return subsystem == "sftp"

    def session_started(self) -> None:
        """Serve the folders."""
        reader, writer = asyncssh.SSHReader(self, self._chan), asyncssh.SSHWriter(self, self._chan)
        handler = Handler(self._visit, reader, writer, self._touch)
        self._conn.create_task(handler.run(), reader.logger)
