"""Who comes in to the SFTP server, how many, and what a wrong set-up says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from pydantic import ValidationError

from crossdock.core.errors import Misconfigured, Place
from crossdock.core.partner import Partner
from crossdock.testing.ports import binding, services
from crossdock_connectors.sftp_server import NAME, SPEC, SftpServerChannel, SftpServerSettings
from crossdock_connectors.sftp_server.listener import host_key
from tests.connectors.sftp_server_kit import ACME, KEY, PARTNERS, PASSWORD, Server, serving, source

# Logging in


@pytest.mark.parametrize(
    "login", [{"password": "wrong"}, {"username": "nobody"}, {"username": "globex"}, {"password": ""}, {"username": ""}]
)
async def test_a_wrong_login_is_refused(server: Server, login: dict[str, str]) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await server.dial(**login)


async def test_a_key_logs_in_and_another_does_not(server: Server) -> None:
    async with server.client(password=None, client_keys=[KEY]) as sftp:
        assert await sftp.getcwd() == "/"
    with pytest.raises(asyncssh.PermissionDenied):
        await server.dial(password=None, client_keys=[asyncssh.generate_private_key("ssh-ed25519")])
    with pytest.raises(asyncssh.PermissionDenied):
        await server.dial(username="glx", password=None, client_keys=[KEY])


async def test_guessing_passwords_costs_the_connection(server: Server) -> None:
    guesses = 0

    class Guesser(asyncssh.SSHClient):
        def password_auth_requested(self) -> str:
            nonlocal guesses
            guesses += 1
            return f"guess-{guesses}"

        def kbdint_auth_requested(self) -> None:
            return None

    with pytest.raises((asyncssh.DisconnectError, asyncssh.PermissionDenied)):
        await server.dial(password=None, client_factory=Guesser, preferred_auth="password")
    assert guesses == 6


async def test_there_is_no_shell_no_command_and_no_forwarding(server: Server) -> None:
    async with server.dial() as connection:
        for request in ({}, {"command": "id"}, {"command": "scp -t /"}, {"subsystem": "netconf"}):
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.create_process(**request)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", server.listener.port)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 22)


async def test_an_idle_client_is_cut_off(tmp_path: Path) -> None:
    async with serving(tmp_path, idle_timeout="200ms") as server:
        connection = await server.dial()
        await connection.wait_closed()
        assert server.listener.connections == set()


async def test_too_many_connections_are_turned_away(tmp_path: Path) -> None:
    async with serving(tmp_path, max_connections=1) as server, server.dial():
        with pytest.raises((asyncssh.Error, ConnectionError)):
            await server.dial()


async def test_a_partner_with_too_many_connections_is_turned_away_and_others_are_not(tmp_path: Path) -> None:
    async with serving(tmp_path, max_per_partner=1) as server, server.dial():
        with pytest.raises((asyncssh.Error, ConnectionError)):
            async with server.client() as sftp:
                await sftp.listdir("/")
        async with server.client(username="glx", password="globex-secret-1") as sftp:
            assert "from-us" in await sftp.listdir("/")


async def test_a_connection_has_ten_sessions_at_a_time(server: Server) -> None:
    async with server.dial() as connection:
        first, *_ = [await connection.start_sftp_client() for _ in range(10)]
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.start_sftp_client()
        first.exit()
        await first.wait_closed()
        async with asyncio.timeout(10), connection.start_sftp_client() as sftp:
            assert await sftp.getcwd() == "/"


# Starting


async def test_the_host_key_is_made_once_private_and_kept(tmp_path: Path) -> None:
    prints = []
    for _ in range(2):
        async with serving(tmp_path) as server, server.dial() as connection:
            prints.append(connection.get_server_host_key().get_fingerprint())
    path = tmp_path / "state" / "ssh_host_key"
    assert (prints[0] == prints[1], path.stat().st_mode & 0o777) == (True, 0o600)
    assert [file.name for file in path.parent.iterdir() if file.is_file()] == ["ssh_host_key"]


def test_a_broken_host_key_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("not a key")
    with pytest.raises(Misconfigured, match=r"the host key .*key can't be read") as caught:
        host_key(path)
    assert caught.value.advice.startswith("restore it from a backup")


async def test_a_port_that_is_taken_is_named(tmp_path: Path, server: Server) -> None:
    with pytest.raises(Misconfigured, match=f"another program listens on 127.0.0.1:{server.listener.port} already"):
        async with serving(tmp_path, port=server.listener.port):
            pass


async def test_every_fault_of_the_bindings_is_told_with_its_place(tmp_path: Path) -> None:
    partners = [*PARTNERS, Partner("initech"), Partner("hooli", channels={NAME: SftpServerChannel(user="glx", password="x")})]
    bindings = [
        binding("a", source(match="*"), Place("routes/a.route.yaml", 3, 5)),
        binding("b", source(match="*.edi"), Place("routes/b.route.yaml", 3, 5)),
        binding("c", source("acmee"), Place("routes/c.route.yaml", 3, 5)),
        binding("d", source("initech"), Place("routes/d.route.yaml", 3, 5)),
        binding("e", source("globex", "from-us"), Place("routes/e.route.yaml", 3, 5)),
    ]
    assert SPEC.source is not None
    with pytest.raises(Misconfigured) as caught:
        SPEC.source(SftpServerSettings(), bindings, services(tmp_path, partners=partners))
    assert [str(problem) for problem in caught.value.problems] == [
        "routes/c.route.yaml:3:5: unknown partner 'acmee'; did you mean 'acme'?",
        "routes/d.route.yaml:3:5: partner 'initech' has no account here: write `channels: {sftp_server: ...}` in its file",
        "routes/b.route.yaml:3:5: route 'a' takes '*' there already; this one would never get a file",
        "routes/e.route.yaml:3:5: 'from-us' is the partner's pickup folder; take files from another directory",
        "config/partners/hooli.yaml:1:1: user 'glx' of sftp_server is partner 'globex' already; give each its own",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "say `password` or `authorized_keys`: without one nobody can log in"),
        ({"authorized_keys": ["ssh-ed25519 rubbish"]}, "'ssh-ed25519 rubbish' is not a public key"),
        ({"password": "x", "pickup": "../x"}, "'../x' can't be a directory"),
    ],
)
def test_a_channel_that_can_not_work_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SftpServerChannel.model_validate(options)
    assert message in str(caught.value)


def test_a_password_is_not_shown() -> None:
    assert PASSWORD not in repr(ACME)
