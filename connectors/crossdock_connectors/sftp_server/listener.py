"""The SSH side of the SFTP server: host key, logins, connections. There is no shell, no command and no forwarding."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh

from crossdock.core.errors import Misconfigured
from crossdock.core.ports import Intake, Services
from crossdock.core.spec import Binding
from crossdock_connectors.sftp_server import SftpServerSettings
from crossdock_connectors.sftp_server.accounts import NOBODY, Account, House, accounts
from crossdock_connectors.sftp_server.protocol import FolderSession
from crossdock_connectors.sftp_server.visit import Visit

log = logging.getLogger(__name__)

GUESSES = 6
"""Wrong passwords on one connection before it is closed."""
SESSIONS = 10
"""Sessions at the same time on one connection."""
PAUSE = 0.4
"""Seconds, more or less, that a wrong password costs."""
FAREWELL = 5.0
"""Seconds that open sessions get to end when the server stops."""


class SftpListener:
    """The source: serves all routes' bindings until it is cancelled.

    `ready` is set once it listens on `port`.
    """

    def __init__(self, settings: SftpServerSettings, bindings: Sequence[Binding], services: Services) -> None:
        self.ready = asyncio.Event()
        self.port = settings.port
        self.connections: set[Any] = set()
        self.accounts = accounts(services.partners, bindings)
        self.settings = settings
        self._services = services
        self._house: House | None = None

    async def run(self, intake: Intake) -> None:
        """Serve for ever; raises Misconfigured where the port or the host key can't be used."""
        key = await asyncio.to_thread(host_key, self._services.state / self.settings.host_key)
        self._house = House(self.settings, self._services, intake, self._spool())
        acceptor = await self._listen(key)
        self.port = acceptor.get_port()
        log.info("SFTP server listens on %s:%d, host key %s", self.settings.host, self.port, key.get_fingerprint())
        self.ready.set()
        try:
            await asyncio.Event().wait()
        finally:
            acceptor.close()
            await self._end()

    def rebind(self, bindings: Sequence[Binding], services: Services) -> None:
        """Let these accounts in, and take these files, from now on; a session that is open ends as it began."""
        self.accounts = accounts(services.partners, bindings)
        self._services = services
        if self._house is not None:
            self._house = replace(self._house, services=services)

    def visit(self, user: str, address: str) -> Visit:
        """Return a logged-in user's view of its folders."""
        assert self._house is not None, "sessions begin when the server listens"
        return Visit(self._house, self.accounts[user], address)

    def account(self, user: str) -> Account:
        """Return a user's account, or nobody's."""
        return self.accounts.get(user, NOBODY)

    def _spool(self) -> Path:
        folder = self._services.state / "spool"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    async def _listen(self, key: Any) -> Any:
        settings = self.settings
        try:
            return await asyncssh.listen(
                settings.host,
                settings.port,
                server_factory=lambda: Door(self),
                server_host_keys=[key],
                server_version="Crossdock",
                encoding=None,
                config=None,
                agent_forwarding=False,
                allow_pty=False,
                login_timeout=settings.login_timeout,
                keepalive_interval=30,
            )
        except OSError as error:
            raise _unavailable(settings, error) from error

    async def _end(self) -> None:
        leaving = list(self.connections)
        for connection in leaving:
            connection.abort()
        if leaving:
            await asyncio.wait([asyncio.ensure_future(connection.wait_closed()) for connection in leaving], timeout=FAREWELL)


class Door(asyncssh.SSHServer):  # type: ignore[misc] # asyncssh is not followed by the type checker
    """One connection: who is it, and is there room?"""

    def __init__(self, listener: SftpListener) -> None:
        self._listener = listener
        self._connection: Any = None
        self._wrong = 0
        self._sessions = 0
        self._seen = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, conn: Any) -> None:
        """Take a connection, or turn it away where there are too many."""
        self._connection = conn
        if len(self._listener.connections) >= self._listener.settings.max_connections:
            log.warning("connection from %s refused: there are %d already", self._address(), len(self._listener.connections))
            conn.abort()
            return
        self._listener.connections.add(conn)
        self.touch()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the SSH library's signature
        """Forget a connection."""
        self._listener.connections.discard(self._connection)
        if self._timer is not None:
            self._timer.cancel()

    def touch(self) -> None:
        """Note that the client has asked something."""
        self._seen = asyncio.get_running_loop().time()

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - the SSH library's signature
        """Everyone has to log in; unknown users find out as late as others."""
        return True

    def password_auth_supported(self) -> bool:
        """Passwords are taken."""
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        """Compare a password; a wrong one costs time, and too many of them the connection."""
        if self._listener.account(username).knows_password(password):
            return True
        self._wrong += 1
        log.warning("login of user %r from %s refused: wrong user or password", username[:64], self._address())
        await asyncio.sleep(PAUSE * (0.5 + secrets.randbelow(1000) / 1000))
        if self._wrong >= GUESSES:
            self._connection.disconnect(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "too many wrong passwords")
        return False

    def public_key_auth_supported(self) -> bool:
        """Keys are taken."""
        return True

    def validate_public_key(self, username: str, key: Any) -> bool:
        """Whether the key is one of the user's; that the client has it is proven by its signature afterwards."""
        return self._listener.account(username).knows_key(key.public_data)

    def auth_completed(self) -> None:
        """Turn a partner away that has too many connections, so that there is room for the others."""
        user = self._user(self._connection)
        if sum(self._user(other) == user for other in self._listener.connections) > self._listener.settings.max_per_partner:
            log.warning(
                "user %s from %s refused: it has %d connections", user, self._address(), self._listener.settings.max_per_partner
            )
            self._connection.disconnect(asyncssh.DISC_TOO_MANY_CONNECTIONS, "you have too many connections; close some")

    def session_requested(self) -> Any:
        """Open the partner's folders."""
        if self._sessions >= SESSIONS:
            return False
        self._sessions += 1
        return FolderSession(self._listener.visit(self._user(self._connection), self._address()), self.touch, self._left)

    def _left(self) -> None:
        self._sessions -= 1

    @staticmethod
    def _user(connection: Any) -> str:
        return str(connection.get_extra_info("username"))

    def _address(self) -> str:
        peer = self._connection.get_extra_info("peername")
        return str(peer[0]) if peer else ""

    def _watch(self) -> None:
        """Cut the connection off when it has been idle for too long, else look again when it may be."""
        loop = asyncio.get_running_loop()
        left = self._seen + self._listener.settings.idle_timeout - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._watch)
            return
        log.info("connection from %s closed: idle for %g s", self._address(), self._listener.settings.idle_timeout)
        self._connection.disconnect(asyncssh.DISC_BY_APPLICATION, "idle for too long")


def host_key(path: Path) -> Any:
    """Return the server's private key, made at the first start; raises Misconfigured where the file is not one."""
    if not path.exists():
        _write_once(path, asyncssh.generate_private_key("ssh-ed25519", "crossdock").export_private_key())
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
            log.warning("%s could be read by others; it is mode 0600 now", path)
        return asyncssh.read_private_key(path)
    except (OSError, asyncssh.KeyImportError) as error:
        raise Misconfigured(
            f"the host key {path} can't be read: {error}",
            code="host_key",
            advice="restore it from a backup; if it is lost, remove the file to have a new one, and tell the partners",
        ) from error


def _write_once(path: Path, data: bytes) -> None:
    """Write a file that nobody else may read, whole or not at all; where another process was faster, its file stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    except FileExistsError:
        log.info("%s was made by another process just now", path)
    finally:
        fresh.unlink()


def _unavailable(settings: SftpServerSettings, error: OSError) -> Misconfigured:
    place = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        advice = f"stop the other program (`ss -ltnp 'sport = :{settings.port}'` names it), or choose another `port`"
        return Misconfigured(f"another program listens on {place} already", code="port_in_use", advice=advice)
    return Misconfigured(f"can't listen on {place}: {error.strerror}", code="listen", advice="check `host` and `port`")
