"""Connections to a partner's SFTP server, and what their errors mean for what happens next."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh

from crossdock.core.errors import CrossdockError, Misconfigured, Refused, Retryable
from crossdock_connectors import ssh_keys
from crossdock_connectors.sftp import SftpSettings

LOST = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.DisconnectError, asyncssh.ChannelOpenError, OSError)
"""The connection is gone: whatever was asked last may have been done."""
BROKEN = (asyncssh.Error, OSError)
"""Everything that may go wrong with a connection."""


class Server:
    """A partner's server."""

    def __init__(self, settings: SftpSettings, base: Path) -> None:
        self.settings = settings
        self._base = base

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.settings.host}:{self.settings.port}"

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Any]:
        """Connect, log in, yield an SFTP client and disconnect.

        Raises Retryable where the server can't be reached, Refused where it is another one or doesn't let us in.
        """
        connection = await self.connect()
        try:
            yield await self.sftp(connection)
        finally:
            connection.close()
            await connection.wait_closed()

    async def connect(self) -> Any:
        """Return a connection that is logged in; its host key is the pinned one."""
        pin = _Pin(self.settings.known_host)
        try:
            async with asyncio.timeout(self.settings.timeout):
                return await asyncssh.connect(self.settings.host, self.settings.port, **self._options(pin))
        except asyncssh.HostKeyNotVerifiable as error:
            raise self._stranger(pin, error) from error
        except (*BROKEN, TimeoutError) as error:
            raise self.unreachable(error) from error

    async def sftp(self, connection: Any) -> Any:
        """Open SFTP on a connection."""
        try:
            async with asyncio.timeout(self.settings.timeout):
                return await connection.start_sftp_client()
        except asyncssh.ChannelOpenError as error:
            advice = "ask the partner whether SFTP is open for this user"
            raise Refused(f"{self.place} let us in but offers no SFTP", advice=advice, detail=str(error)) from error
        except (*BROKEN, TimeoutError) as error:
            raise self.unreachable(error) from error

    def unreachable(self, error: BaseException) -> CrossdockError:
        """Return what a failed connection means."""
        if isinstance(error, asyncssh.PermissionDenied):
            return Refused(
                f"{self.place} refused the login of user '{self.settings.user}'",
                code="login",
                advice="check `user`, `password` and `key_file`, and ask the partner whether the account is open",
            )
        reason = "no answer in time" if isinstance(error, TimeoutError) else _said(error)
        advice = "is the server up, and does the firewall let us through?"
        return Retryable(f"{self.place} can't be reached: {reason}", code="unreachable", advice=advice, detail=repr(error))

    def meaning(self, error: BaseException, what: str) -> CrossdockError:
        """Return what a failed request means that was surely not done. `what` says what was tried: `write /in/x.edi`."""
        if isinstance(error, LOST):
            return Retryable(f"the connection to {self.place} was lost", code="lost", detail=repr(error))
        if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
            return Refused(f"{self.place} can't {what}: there is no such file or directory", code="missing", detail=repr(error))
        if isinstance(error, asyncssh.SFTPPermissionDenied | asyncssh.SFTPWriteProtect):
            return Refused(f"{self.place} can't {what}: permission denied", code="permission", detail=repr(error))
        return Retryable(
            f"{self.place} can't {what}: {_said(error)}", code="failed", advice="is its disk full?", detail=repr(error)
        )

    def _options(self, pin: _Pin) -> dict[str, Any]:
        return {
            "username": self.settings.user,
            "password": self.settings.password or None,
            "client_keys": [self._key()] if self.settings.key_file else None,
            "client_factory": lambda: _Verifier(pin),
            "known_hosts": ([], [], []),
            "server_host_key_algs": pin.algorithms,
            "config": None,
            "agent_path": None,
            "agent_forwarding": False,
            "keepalive_interval": 15,
        }

    def _key(self) -> Any:
        path = self._base / self.settings.key_file
        try:
            return asyncssh.read_private_key(path, self.settings.passphrase or None)
        except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise Misconfigured(f"the private key {path} can't be read: {_said(error)}", advice="check `key_file`") from error

    def _stranger(self, pin: _Pin, error: Exception) -> Refused:
        shown = f" (it is {pin.shown})" if pin.shown else ""
        return Refused(
            f"{self.place} showed another host key than the pinned one{shown}; nothing was sent",
            code="host_key",
            advice="ask the partner whether its key has changed; only if it says so, put the new one into `known_host`",
            detail=str(error),
        )


class _Pin:
    """The one host key that is trusted; `shown` is the fingerprint of what the server showed instead."""

    def __init__(self, known_host: str) -> None:
        self._fingerprint = known_host
        self.algorithms: Any = ()
        self.shown = ""
        if not known_host.startswith("SHA256:"):
            blob = ssh_keys.public_key(known_host)
            self._fingerprint = ssh_keys.fingerprint(blob)
            kind = ssh_keys.kind_of(blob)
            self.algorithms = ["rsa-sha2-512", "rsa-sha2-256"] if kind == "ssh-rsa" else [kind]

    def fits(self, key: Any) -> bool:
        """Compare a key with the pinned one."""
        self.shown = ssh_keys.fingerprint(key.public_data)
        return hmac.compare_digest(self.shown, self._fingerprint)


class _Verifier(asyncssh.SSHClient):  # type: ignore[misc] # asyncssh is not followed by the type checker
    """Asks the pin about the server's key."""

    def __init__(self, pin: _Pin) -> None:
        self._pin = pin

    def validate_host_public_key(self, host: str, addr: str, port: int, key: Any) -> bool:  # noqa: ARG002 - the library's signature
        """Whether it is the pinned one."""
        return self._pin.fits(key)


def _said(error: BaseException) -> str:
    reason = getattr(error, "reason", "") or getattr(error, "strerror", "") or str(error) or type(error).__name__
    return str(reason).lower()
