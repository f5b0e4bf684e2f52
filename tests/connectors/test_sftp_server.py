"""The SFTP server, driven by real clients: asyncssh's, and OpenSSH's `sftp`."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from pydantic import ValidationError

from crossdock.core.errors import Misconfigured, Place, Retryable
from crossdock.core.partner import Partner
from crossdock.core.ports import Dispatch, Services
from crossdock.testing.ports import MemoryIntake, MemoryPickup, PinnedClock, binding, services
from crossdock_connectors.sftp_server import NAME, SPEC, SftpServerChannel, SftpServerSettings, SftpServerSource
from crossdock_connectors.sftp_server.listener import SftpListener, host_key

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


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        yield running


async def put(sftp: asyncssh.SFTPClient, path: str | bytes, data: bytes = ORDER) -> None:
    async with sftp.open(path, "wb") as file:
        await file.write(data)


# Uploads


async def test_an_upload_is_a_receipt_once_it_is_closed(server: Server) -> None:
    async with server.client() as sftp:
        file = await sftp.open("inbound/po.edi", "wb")
        await file.write(ORDER)
        before = list(server.intake.receipts)
        await file.close()
    receipt = server.intake.receipts[0]
    assert before == []
    assert (receipt.route, receipt.partner, receipt.name, receipt.data) == ("acme-orders", "acme", "po.edi", ORDER)
    assert receipt.headers == {"file_name": "po.edi", "directory": "inbound", "remote_address": "127.0.0.1"}


async def test_the_close_is_answered_only_when_the_intake_has_it(server: Server) -> None:
    server.intake.gate = asyncio.Event()
    async with server.client() as sftp:
        file = await sftp.open("inbound/po.edi", "wb")
        await file.write(ORDER)
        closing = asyncio.create_task(file.close())
        done, _ = await asyncio.wait([closing], timeout=0.2)
        assert done == set()
        server.intake.gate.set()
        await closing
    assert len(server.intake.receipts) == 1


async def test_an_intake_that_fails_fails_the_close_with_its_reason(server: Server) -> None:
    server.intake.error = Retryable("the journal can't be written: the disk is full")
    async with server.client() as sftp:
        with pytest.raises(asyncssh.SFTPFailure, match="not taken: the journal can't be written: the disk is full"):
            await put(sftp, "inbound/po.edi")
        assert not await sftp.exists("inbound/po.edi")


async def test_a_fault_on_our_side_tells_the_partner_nothing_of_our_insides(server: Server) -> None:
    server.intake.error = RuntimeError("password=hunter2")
    async with server.client() as sftp:
        with pytest.raises(asyncssh.SFTPFailure) as caught:
            await put(sftp, "inbound/po.edi")
    assert caught.value.reason == "this failed by a fault on the server's side; try again later"


async def test_a_cut_connection_leaves_nothing_behind(server: Server) -> None:
    async with server.dial() as connection:
        sftp = await connection.start_sftp_client()
        file = await sftp.open("inbound/po.edi", "wb")
        await file.write(ORDER)
        connection.abort()
    async with server.client() as sftp:
        listed = await sftp.listdir("inbound")
    assert (server.intake.receipts, server.spooled(), sorted(listed)) == ([], [], [".", ".."])


async def test_a_channel_that_ends_without_a_close_is_a_cut_connection(server: Server) -> None:
    """As when `sftp` is killed: its `ssh` sends a proper end of file."""
    async with server.dial() as connection:
        sftp = await connection.start_sftp_client()
        file = await sftp.open("inbound/po.edi", "wb")
        await file.write(ORDER)
        sftp.exit()
        await sftp.wait_closed()
    async with server.client():
        assert server.intake.receipts == []


async def test_a_large_upload_is_whole(server: Server) -> None:
    data = os.urandom(5 * 1024**2)
    async with server.client() as sftp:
        await put(sftp, "inbound/big.edi", data)
    assert (server.intake.receipts[0].data == data, server.spooled()) == (True, [])


async def test_the_same_file_twice_is_one_message(server: Server) -> None:
    """A client whose answer was lost sends it again."""
    async with server.client() as sftp:
        await put(sftp, "inbound/po.edi")
        await put(sftp, "inbound/po.edi")
        await put(sftp, "inbound/po.edi", ORDER + b"more")
        await put(sftp, "inbound/po-2.edi")
    assert [receipt.name for receipt in server.intake.receipts] == ["po.edi", "po.edi", "po-2.edi"]
    assert [receipt.name for receipt in server.intake.duplicates] == ["po.edi"]


async def test_an_empty_file_is_taken_so_that_its_partner_gets_an_answer(server: Server) -> None:
    async with server.client() as sftp:
        await put(sftp, "inbound/empty.edi", b"")
    assert [receipt.data for receipt in server.intake.receipts] == [b""]


async def test_a_file_with_a_gap_is_refused(server: Server) -> None:
    async with server.client() as sftp:
        file = await sftp.open("inbound/po.edi", "wb")
        await file.write(b"ISA*", 0)
        await file.write(b"IEA*", 100)
        with pytest.raises(asyncssh.SFTPFailure, match=r"/inbound/po\.edi has a gap"):
            await file.close()
    assert server.intake.receipts == []


async def test_a_file_above_the_limit_is_refused_while_it_is_written(tmp_path: Path) -> None:
    async with serving(tmp_path, max_file_size="2MB") as server, server.client() as sftp:
        file = await sftp.open("inbound/big.edi", "wb")
        await file.write(b"x" * 2 * 1024**2)
        with pytest.raises(asyncssh.SFTPFailure, match=r"/inbound/big.edi is larger than the 2 MB that are taken"):
            await file.write(b"x")
        with pytest.raises(asyncssh.SFTPFailure, match=r"larger than the 2 MB"):
            await file.close()
        assert (server.intake.receipts, server.spooled(), await sftp.exists("inbound/big.edi")) == ([], [], False)


async def test_a_session_can_not_fill_the_spool(tmp_path: Path) -> None:
    async with serving(tmp_path, max_file_size="1MB") as server, server.client() as sftp:
        for number in range(4):
            await put(sftp, f"inbound/{number}.tmp", b"x" * 1024**2)
        with pytest.raises(asyncssh.SFTPFailure, match="too much is open or waiting to be renamed"):
            await put(sftp, "inbound/5.tmp", b"x")


async def test_times_and_modes_after_an_upload_are_no_error(server: Server) -> None:
    async with server.client() as sftp:
        await put(sftp, "inbound/po.edi")
        await sftp.chmod("inbound/po.edi", 0o600)
        await sftp.utime("inbound/po.edi", (0, 0))
        attributes = await sftp.stat("inbound/po.edi")
    assert attributes.size == len(ORDER)


async def test_an_accepted_file_is_listed_for_a_while(tmp_path: Path) -> None:
    clock = PinnedClock()
    async with serving(tmp_path, clock=clock) as server, server.client() as sftp:
        await put(sftp, "inbound/po.edi")
        soon = await sftp.listdir("inbound")
        clock.advance(3600)
        later = await sftp.listdir("inbound")
    assert (sorted(soon), sorted(later)) == ([".", "..", "po.edi"], [".", ".."])


async def test_what_was_received_can_not_be_taken_back(server: Server) -> None:
    async with server.client() as sftp:
        await put(sftp, "inbound/po.edi")
        with pytest.raises(asyncssh.SFTPPermissionDenied, match="was received already and can't be renamed"):
            await sftp.rename("inbound/po.edi", "inbound/po-old.edi")
        with pytest.raises(asyncssh.SFTPPermissionDenied, match="can be put, not read"):
            await sftp.open("inbound/po.edi", "rb")
        with pytest.raises(asyncssh.SFTPNoSuchFile, match="was received already and is no longer here"):
            await sftp.remove("inbound/po.edi")


# Temporary names


@pytest.mark.parametrize("rename", ["rename", "posix_rename"])
async def test_a_temporary_name_is_taken_when_it_is_renamed(server: Server, rename: str) -> None:
    async with server.client() as sftp:
        await put(sftp, "inbound/po.edi.tmp")
        before = list(server.intake.receipts)
        assert (await sftp.stat("inbound/po.edi.tmp")).size == len(ORDER)
        await getattr(sftp, rename)("inbound/po.edi.tmp", "inbound/po.edi")
        listed = await sftp.listdir("inbound")
    assert (before, [receipt.name for receipt in server.intake.receipts]) == ([], ["po.edi"])
    assert sorted(listed) == [".", "..", "po.edi"]


async def test_a_rename_that_fails_can_be_tried_again(server: Server) -> None:
    async with server.client() as sftp:
        await put(sftp, "inbound/po.tmp")
        server.intake.error = Retryable("not now")
        with pytest.raises(asyncssh.SFTPFailure, match="not taken: not now"):
            await sftp.rename("inbound/po.tmp", "inbound/po.edi")
        server.intake.error = None
        await sftp.rename("inbound/po.tmp", "inbound/po.edi")
    assert [receipt.data for receipt in server.intake.receipts] == [ORDER]


async def test_a_temporary_file_is_gone_with_its_session(server: Server) -> None:
    async with server.client() as sftp:
        await put(sftp, "inbound/po.tmp")
    async with server.client() as sftp:
        assert await sftp.listdir("inbound") == [".", ".."]
    assert (server.intake.receipts, server.spooled()) == ([], [])


async def test_an_upload_is_resumed_under_its_temporary_name(server: Server) -> None:
    async with server.client() as sftp:
        await put(sftp, "inbound/po.tmp", ORDER[:100])
        async with sftp.open("inbound/po.tmp", "ab") as file:
            await file.write(ORDER[100:])
        await sftp.rename("inbound/po.tmp", "inbound/po.edi")
    assert [receipt.data for receipt in server.intake.receipts] == [ORDER]


async def test_a_plain_rename_does_not_replace_a_file_that_waits(server: Server) -> None:
    async with server.client() as sftp:
        await put(sftp, "inbound/a.tmp")
        await put(sftp, "inbound/b.tmp")
        with pytest.raises(asyncssh.SFTPFailure, match=r"/inbound/b\.tmp is there already"):
            await sftp.rename("inbound/a.tmp", "inbound/b.tmp")
        await sftp.posix_rename("inbound/a.tmp", "inbound/b.tmp")
        assert await sftp.listdir("inbound") == [".", "..", "b.tmp"]


# Names


@pytest.mark.parametrize(
    ("path", "error", "reason"),
    [
        ("/inbound/../../etc/passwd", asyncssh.SFTPPermissionDenied, "the path leads out of your folders"),
        ("../po.edi", asyncssh.SFTPPermissionDenied, "the path leads out of your folders"),
        ("/inbound/../po.edi", asyncssh.SFTPPermissionDenied, "files can't be put into /; put them into /inbound"),
        ("/etc/passwd", asyncssh.SFTPNoSuchFile, "there is no folder /etc"),
        ("/inbound/sub/po.edi", asyncssh.SFTPNoSuchFile, "there is no folder /inbound/sub"),
        ("/outbound/po.edi", asyncssh.SFTPPermissionDenied, "files in /outbound can be read and removed, not written"),
        ("/inbound", asyncssh.SFTPFailure, "/inbound is a folder"),
        ("/inbound/..", asyncssh.SFTPFailure, "/ is a folder"),
        ("/inbound/po.txt", asyncssh.SFTPPermissionDenied, "'po.txt' is not taken in /inbound: names there are *.edi"),
        ("/inbound/a\\..\\b.edi", asyncssh.SFTPFailure, "the file's name holds a slash; choose another"),
        ("/inbound/a\n.edi", asyncssh.SFTPFailure, "the file's name holds control or invisible characters; choose another"),
        ("/inbound/a\x1b[2J.edi", asyncssh.SFTPFailure, "the file's name holds control or invisible characters; choose another"),
        (f"/inbound/{'a' * 300}.edi", asyncssh.SFTPFailure, "the file's name is longer than 200 bytes; choose another"),
        (f"/inbound/{'a' * 2000}.edi", asyncssh.SFTPFailure, "the path is longer than 1024 bytes"),
        (b"/inbound/a\0b.edi", asyncssh.SFTPFailure, "the path holds a NUL"),
        (b"/inbound/\xff\xfe.edi", asyncssh.SFTPFailure, "the file's name is not UTF-8; rename it"),
    ],
)
async def test_a_name_that_is_wrong_is_refused_with_its_reason(server: Server, path: Any, error: type, reason: str) -> None:
    async with server.client() as sftp:
        with pytest.raises(error) as caught:
            await put(sftp, path)
    assert (caught.value.reason, server.intake.receipts) == (reason, [])


@pytest.mark.parametrize("name", ["PO 4500012345.edi", "Bestellung-Ä.edi", "注文.edi", "PO.EDI", "a;rm -rf $(x).edi"])
async def test_odd_but_harmless_names_are_kept_as_they_are(server: Server, name: str) -> None:
    async with server.client() as sftp:
        await put(sftp, f"inbound/{name}")
    assert [receipt.name for receipt in server.intake.receipts] == [name]


async def test_a_rename_out_of_the_folders_is_refused(server: Server) -> None:
    async with server.client() as sftp:
        await put(sftp, "inbound/po.tmp")
        for target in ("../po.edi", "/outbound/po.edi", "/po.edi", "/inbound/po.exe"):
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await sftp.posix_rename("inbound/po.tmp", target)
    assert server.intake.receipts == []


async def test_the_first_route_whose_pattern_fits_takes_a_file(tmp_path: Path) -> None:
    urgent = binding("acme-urgent", source(match="urgent-*"))
    invoices = binding("acme-invoices", source(directory="in/invoices", match="*.xml"))
    async with serving(tmp_path, urgent, invoices) as server, server.client() as sftp:
        for path in ("inbound/urgent-1.edi", "inbound/urgent-1.txt", "in/invoices/1.xml"):
            await put(sftp, path)
        folders = sorted(await sftp.listdir("in"))
    taken = [(receipt.route, receipt.name) for receipt in server.intake.receipts]
    assert taken == [("acme-orders", "urgent-1.edi"), ("acme-urgent", "urgent-1.txt"), ("acme-invoices", "1.xml")]
    assert folders == [".", "..", "invoices"]


async def test_folders_and_links_can_not_be_made(server: Server) -> None:
    async with server.client() as sftp:
        with pytest.raises(asyncssh.SFTPPermissionDenied, match="folders can't be made here"):
            await sftp.mkdir("inbound/new")
        with pytest.raises(asyncssh.SFTPFailure, match="/inbound is there already"):
            await sftp.mkdir("inbound")
        with pytest.raises(asyncssh.SFTPPermissionDenied, match="can't be removed"):
            await sftp.rmdir("inbound")
        for refused in (
            sftp.symlink("/etc/passwd", "inbound/x.edi"),
            sftp.readlink("inbound"),
            sftp.link("a", "b"),
            sftp.statvfs("/"),
        ):
            with pytest.raises((asyncssh.SFTPOpUnsupported, asyncssh.SFTPFailure)):
                await refused


async def test_a_client_walks_its_folders_and_stays_in_them(server: Server) -> None:
    async with server.client() as sftp:
        await sftp.chdir("inbound")
        here = await sftp.getcwd()
        above = await sftp.realpath("../../..")
        root = sorted(await sftp.listdir("/"))
        with pytest.raises(asyncssh.SFTPNoSuchFile, match="there is no folder /etc"):
            await sftp.listdir("/etc")
    assert (here, above, root) == ("/inbound", "/", [".", "..", "inbound", "outbound"])


# The pickup folder


async def test_documents_wait_in_the_pickup_folder_until_they_are_removed(server: Server) -> None:
    server.pickup.put("acme", "outbound", "997-1.edi", b"ST*997", "key-1")
    async with server.client() as sftp:
        listed = sorted(await sftp.listdir("outbound"))
        async with sftp.open("outbound/997-1.edi", "rb") as file:
            data = await file.read()
        taken = list(server.pickup.taken)
        await sftp.remove("outbound/997-1.edi")
        left = sorted(await sftp.listdir("outbound"))
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            await sftp.stat("outbound/997-1.edi")
    assert (listed, data, taken, left) == ([".", "..", "997-1.edi"], b"ST*997", ["997-1.edi"], [".", ".."])


async def test_a_file_that_is_read_by_half_is_not_collected(server: Server) -> None:
    server.pickup.put("acme", "outbound", "big.edi", b"x" * 100_000, "key-1")
    async with server.client() as sftp, sftp.open("outbound/big.edi", "rb") as file:
        await file.read(10)
    assert server.pickup.taken == []


async def test_a_pickup_file_can_not_be_written_or_renamed(server: Server) -> None:
    server.pickup.put("acme", "outbound", "997-1.edi", b"ST*997", "key-1")
    async with server.client() as sftp:
        with pytest.raises(asyncssh.SFTPPermissionDenied, match="not renamed"):
            await sftp.rename("outbound/997-1.edi", "inbound/x.edi")
        with pytest.raises(asyncssh.SFTPPermissionDenied, match="not written"):
            await put(sftp, "outbound/997-1.edi")


async def test_a_partner_sees_its_own_folders_only(server: Server) -> None:
    server.pickup.put("acme", "outbound", "997-1.edi", b"ST*997", "key-1")
    async with server.client(username="glx", password="globex-secret-1") as sftp:
        root = sorted(await sftp.listdir("/"))
        for path in ("outbound/997-1.edi", "/acme/outbound/997-1.edi", "../acme/outbound/997-1.edi"):
            with pytest.raises((asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied)):
                await sftp.open(path, "rb")
        with pytest.raises(asyncssh.SFTPPermissionDenied, match="not written"):
            await put(sftp, "from-us/po.edi")
    assert root == [".", "..", "from-us"]


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


# The sink


def dispatch(**changes: Any) -> Dispatch:
    given: dict[str, Any] = {"name": "997-1.edi", "body": b"ST*997", "key": "k1", "partner": "acme"} | changes
    return Dispatch("d1", "partner:acme", "", content_type="application/edi-x12", **given)


async def test_a_document_is_put_into_the_pickup_folder_once(tmp_path: Path) -> None:
    given = services(tmp_path, partners=PARTNERS)
    assert SPEC.target is not None
    sink = SPEC.target(SftpServerSettings(), given)
    replies = [await sink.send(dispatch()), await sink.send(dispatch(attempt=2)), await sink.send(dispatch(key="k2"))]
    names = [file.name for file in given.pickup.files("acme", "outbound")]
    assert [reply.reference for reply in replies] == ["outbound/997-1.edi", "outbound/997-1.edi", "outbound/997-1-2.edi"]
    assert (names, sink.knows_keys) == (["997-1.edi", "997-1-2.edi"], True)


async def test_a_document_s_name_can_not_lead_elsewhere(tmp_path: Path) -> None:
    given = services(tmp_path, partners=PARTNERS)
    assert SPEC.target is not None
    sink = SPEC.target(SftpServerSettings(), given)
    names = ["../../x.edi", "", ".hidden", "a\nb.edi", "/etc/passwd"]
    replies = [await sink.send(dispatch(name=name, key=f"k{index}")) for index, name in enumerate(names)]
    assert [reply.reference.removeprefix("outbound/") for reply in replies] == ["x.edi", "d1", "_hidden", "a_b.edi", "passwd"]


async def test_a_partner_without_an_account_is_named(tmp_path: Path) -> None:
    assert SPEC.target is not None
    sink = SPEC.target(SftpServerSettings(), services(tmp_path, partners=[Partner("initech")]))
    with pytest.raises(Misconfigured, match="partner 'initech' has no pickup folder"):
        await sink.send(dispatch(partner="initech"))


async def test_the_doctor_reaches_the_server(server: Server) -> None:
    assert SPEC.target is not None
    sink = SPEC.target(SftpServerSettings(port=server.listener.port), server.services)
    assert await sink.check() == f"an SFTP server answers at 127.0.0.1:{server.listener.port} (SSH-2.0-Crossdock)"


# OpenSSH's client


@dataclass
class OpenSsh:
    """OpenSSH's `sftp` in batch mode, with a key and the server's pinned host key."""

    server: Server
    folder: Path

    async def run(self, *commands: str) -> tuple[int, str, str]:
        """Run commands; return the exit code, the output and the errors."""
        batch = self.folder / "batch"
        batch.write_text("\n".join(commands) + "\n")
        options = ["StrictHostKeyChecking=yes", f"UserKnownHostsFile={self.folder / 'known_hosts'}", "IdentitiesOnly=yes"]
        flags = [flag for option in options for flag in ("-o", option)]
        port, key = str(self.server.listener.port), str(self.folder / "id")
        process = await asyncio.create_subprocess_exec(
            *("sftp", "-q", "-F", "none", "-b", str(batch), "-P", port, "-i", key, *flags, "acme@127.0.0.1"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
        )
        output, errors = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode(), errors.decode()


@pytest.fixture
def openssh(server: Server, tmp_path: Path) -> OpenSsh:
    if shutil.which("sftp") is None:
        reason = "OpenSSH's sftp is not installed (Debian: openssh-client)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder = tmp_path / "client"
    folder.mkdir()
    key = folder / "id"
    key.write_bytes(KEY.export_private_key())
    key.chmod(0o600)
    public = host_key(server.services.state / "ssh_host_key").export_public_key().decode()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{server.listener.port} {public}")
    (folder / "po.edi").write_bytes(ORDER)
    return OpenSsh(server, folder)


async def test_openssh_puts_lists_gets_and_removes(server: Server, openssh: OpenSsh) -> None:
    server.pickup.put("acme", "outbound", "997-1.edi", b"ST*997", "key-1")
    code, output, errors = await openssh.run(
        "put -p po.edi inbound/", "ls -l inbound", "get outbound/997-1.edi got.edi", "rm outbound/997-1.edi", "ls outbound"
    )
    assert (code, errors, [receipt.data for receipt in server.intake.receipts]) == (0, "", [ORDER])
    assert ((openssh.folder / "got.edi").read_bytes(), server.pickup.taken) == (b"ST*997", ["997-1.edi"])
    assert f"{len(ORDER)} " in output


async def test_openssh_puts_under_a_temporary_name_and_renames(server: Server, openssh: OpenSsh) -> None:
    code, _, errors = await openssh.run("cd inbound", "put -f po.edi po.tmp", "rename po.tmp po.edi")
    assert (code, errors, [receipt.name for receipt in server.intake.receipts]) == (0, "", ["po.edi"])


async def test_openssh_is_told_that_a_path_leads_out(server: Server, openssh: OpenSsh) -> None:
    code, _, errors = await openssh.run("put po.edi ../../po.edi")
    assert (code, server.intake.receipts) == (1, [])
    assert "Permission denied" in errors


async def test_openssh_is_told_that_a_document_was_not_taken(server: Server, openssh: OpenSsh) -> None:
    server.intake.error = Retryable("not now")
    code, _, errors = await openssh.run("put po.edi inbound/po.edi")
    assert (code, "Failure" in errors) == (1, True)
