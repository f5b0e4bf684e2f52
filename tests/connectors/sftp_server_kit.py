"""A running SFTP server with two partners, and what tests do with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from crossdock.core.partner import Partner
from crossdock.core.ports import Services
from crossdock.testing.ports import MemoryIntake, MemoryPickup, binding, services
from crossdock_connectors.sftp_server import NAME, SftpServerChannel, SftpServerSettings, SftpServerSource
from crossdock_connectors.sftp_server.listener import SftpListener

PASSWORD = "acme-secret-1"
KEY = asyncssh.generate_private_key("ssh-ed25519")
ORDER = b"ISA*00*          *00*          *ZZ*ACMERETAIL     ~" * 20
ACME = SftpServerChannel(password=PASSWORD, authorized_keys=(KEY.export_public_key().decode(),))
GLOBEX = SftpServerChannel(user="glx", password="globex-secret-1", pickup="from-us")
PARTNERS = [Partner("acme", channels={NAME: ACME}), Partner("globex", channels={NAME: GLOBEX})]


def source(partner: str = "acme", directory: str = "inbound", match: str = "*.edi") -> SftpServerSource:
    return SftpServerSource(partner=partner, directory=directory, match=match)


@dataclass
class Server:
    """A running server and what it hands in."""

    listener: SftpListener
    intake: MemoryIntake
    services: Services

    @property
    def pickup(self) -> MemoryPickup:
        assert isinstance(self.services.pickup, MemoryPickup)
        return self.services.pickup

    def spooled(self) -> list[Path]:
        return list((self.services.state / "spool").iterdir())

    def dial(self, **options: Any) -> Any:
        """Connect; the host key is not looked at here."""
        chosen = {"username": "acme", "password": PASSWORD, "known_hosts": None, "client_keys": None, "config": None} | options
        return asyncssh.connect("127.0.0.1", self.listener.port, **chosen)

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[asyncssh.SFTPClient]:
        async with self.dial(**options) as connection, connection.start_sftp_client() as sftp:
            yield sftp


@asynccontextmanager
async def serving(folder: Path, *bindings: Any, clock: Any = None, **settings: Any) -> AsyncIterator[Server]:
    given = services(folder, partners=PARTNERS, clock=clock)
    bound = [binding("acme-orders", source()), *bindings]
    listener = SftpListener(SftpServerSettings(**({"port": 0} | settings)), bound, given)
    intake = MemoryIntake()
    task = asyncio.create_task(listener.run(intake))
    ready = asyncio.create_task(listener.ready.wait())
    await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        ready.cancel()
        task.result()
    try:
        yield Server(listener, intake, given)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def put(sftp: asyncssh.SFTPClient, path: str | bytes, data: bytes = ORDER) -> None:
    async with sftp.open(path, "wb") as file:
        await file.write(data)
