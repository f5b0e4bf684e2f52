"""The SFTP client against a real OpenSSH server: collecting, putting, and what goes wrong."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from pydantic import ValidationError

from crossdock.core.errors import CrossdockError, Misconfigured, Refused, Retryable, UnknownEffect
from crossdock.core.partner import Partner
from crossdock.core.ports import Askable, Checkable, Dispatch
from crossdock.testing.ports import MemoryIntake, MemoryLease, binding, services
from crossdock_connectors import ssh_keys
from crossdock_connectors.sftp import SPEC, SftpSettings, SftpSource, SftpTarget
from crossdock_connectors.sftp.client import Server
from crossdock_connectors.sftp.sink import SftpSink
from tests.services.process import ServerMissing
from tests.services.sshd import OpenSshServer, openssh_server

ORDER = b"ISA*00*          *00*          *ZZ*ACMERETAIL     ~" * 20


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSshServer]:
    try:
        with openssh_server(tmp_path_factory.mktemp("sshd")) as running:
            yield running
    except ServerMissing as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))


@pytest.fixture
def server(machine: OpenSshServer) -> Iterator[OpenSshServer]:
    for name in ("in", "out"):
        (machine.files / name).mkdir()
    yield machine
    for entry in machine.files.iterdir():
        shutil.rmtree(entry)


def settings(server: OpenSshServer, **changes: Any) -> SftpSettings:
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": server.user,
        "key_file": str(server.key_file),
        "known_host": server.host_key,
        "poll": "20ms",
    }
    return SftpSettings(**(given | changes))


# Putting


def dispatch(**changes: Any) -> Dispatch:
    given: dict[str, Any] = {"name": "855-1.edi", "body": ORDER, "key": "k1", "options": SftpTarget(directory="in")} | changes
    return Dispatch("d1", "acme-edi", "", content_type="application/edi-x12", **given)


@asynccontextmanager
async def sink_to(server: OpenSshServer, folder: Path, **changes: Any) -> AsyncIterator[SftpSink]:
    assert SPEC.target is not None
    sink = SPEC.target(settings(server, **changes), services(folder))
    assert isinstance(sink, SftpSink)
    try:
        yield sink
    finally:
        await sink.close()


def listed(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def test_a_document_is_put_whole_under_its_name(server: OpenSshServer, tmp_path: Path) -> None:
    async with sink_to(server, tmp_path) as sink:
        replies = await asyncio.gather(*(sink.send(dispatch(name=f"{number}.edi", key=f"k{number}")) for number in range(5)))
    assert [reply.reference for reply in replies] == [f"in/{number}.edi" for number in range(5)]
    assert listed(server.files / "in") == {f"{number}.edi": ORDER for number in range(5)}


async def test_a_document_that_is_there_is_found_and_not_put_again(server: OpenSshServer, tmp_path: Path) -> None:
    async with sink_to(server, tmp_path) as sink:
        before = await sink.find(dispatch())
        await sink.send(dispatch())
        after = await sink.find(dispatch())
        again = await sink.send(dispatch(attempt=2))
    assert (before, after.reference if after else "", again.note) == (None, "in/855-1.edi", "the same document was there already")
    assert (isinstance(sink, Askable), isinstance(sink, Checkable), sink.knows_keys) == (True, True, False)


async def test_another_document_under_the_name_is_not_overwritten(server: OpenSshServer, tmp_path: Path) -> None:
    (server.files / "in" / "855-1.edi").write_bytes(b"x" * len(ORDER))
    async with sink_to(server, tmp_path) as sink:
        assert await sink.find(dispatch()) is None
        with pytest.raises(Refused, match=r"has another document under in/855-1\.edi already"):
            await sink.send(dispatch())
    assert listed(server.files / "in") == {"855-1.edi": b"x" * len(ORDER)}


async def test_another_document_is_overwritten_where_the_route_says_so(server: OpenSshServer, tmp_path: Path) -> None:
    (server.files / "in" / "855-1.edi").write_bytes(b"old")
    async with sink_to(server, tmp_path) as sink:
        await sink.send(dispatch(options=SftpTarget(directory="in", exists="overwrite")))
    assert listed(server.files / "in") == {"855-1.edi": ORDER}


async def test_a_half_document_of_an_earlier_attempt_is_replaced(server: OpenSshServer, tmp_path: Path) -> None:
    async with sink_to(server, tmp_path) as sink:
        sftp = await sink._client()
        await sftp.posix_rename("in", "gone")
        with pytest.raises(Refused, match=r"can't write in/855-1\.edi: there is no such file or directory"):
            await sink.send(dispatch())
        await sftp.posix_rename("gone", "in")
        await sink.send(dispatch())
    assert listed(server.files / "in") == {"855-1.edi": ORDER}


async def test_decoded_bodies_go_out_as_json(server: OpenSshServer, tmp_path: Path) -> None:
    async with sink_to(server, tmp_path) as sink:
        await sink.send(dispatch(body={"order_number": "45"}, name="../45.json"))
    assert listed(server.files / "in") == {"45.json": b'{"order_number":"45"}'}


async def test_a_dropped_connection_is_made_anew(server: OpenSshServer, tmp_path: Path) -> None:
    async with sink_to(server, tmp_path) as sink:
        await sink.send(dispatch())
        sink._connection.abort()
        with suppress(Retryable):
            await sink.send(dispatch(name="2.edi", key="k2"))
        await sink.send(dispatch(name="2.edi", key="k2", attempt=2))
    assert sorted(listed(server.files / "in")) == ["2.edi", "855-1.edi"]


async def test_a_login_without_sftp_is_not_taken_for_a_connection(
    server: OpenSshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt after a half-made connection makes a whole one."""
    async with sink_to(server, tmp_path) as sink:
        with monkeypatch.context() as patch:
            patch.setattr(asyncssh.SSHClientConnection, "start_sftp_client", _no_sftp)
            with pytest.raises(Refused, match="let us in but offers no SFTP"):
                await sink.send(dispatch())
        await sink.send(dispatch(attempt=2))
    assert listed(server.files / "in") == {"855-1.edi": ORDER}


async def _no_sftp(connection: object) -> None:
    raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "no")


async def test_a_connection_lost_in_the_rename_is_an_unknown_effect(server: OpenSshServer, tmp_path: Path) -> None:
    """A relay passes the rename on and swallows its answer."""
    async with relay(server) as (port, cut), sink_to(server, tmp_path, port=port) as sink:
        sftp = await sink._client()
        rename = sftp.rename

        async def cut_while_renaming(*names: str) -> None:
            cut.set()
            await rename(*names)

        sftp.rename = cut_while_renaming
        with pytest.raises(UnknownEffect, match=r"was lost while in/855-1\.edi got its name"):
            await sink.send(dispatch())
    assert listed(server.files / "in") == {"855-1.edi": ORDER}


@asynccontextmanager
async def relay(server: OpenSshServer) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Pass bytes on; once `cut` is set, pass one more request on, wait for its answer, drop it, and hang up."""
    cut = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", server.port)
        upward = asyncio.create_task(_pump(reader, to_writer))
        while (data := await to_reader.read(65536)) and not cut.is_set():
            writer.write(data)
        upward.cancel()
        for end in (writer, to_writer):
            end.close()
            with suppress(ConnectionError):
                await end.wait_closed()

    relaying = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with relaying:
        yield relaying.sockets[0].getsockname()[1], cut


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


# Logging in


@pytest.mark.parametrize("as_fingerprint", [False, True])
async def test_the_doctor_says_where_a_login_starts(server: OpenSshServer, tmp_path: Path, as_fingerprint: bool) -> None:
    pin = ssh_keys.fingerprint(ssh_keys.public_key(server.host_key)) if as_fingerprint else server.host_key
    async with sink_to(server, tmp_path, known_host=pin) as sink:
        said = await sink.check()
    assert said == f"{server.user}@127.0.0.1:{server.port} lets us in at {server.files}, its host key is the pinned one"


@pytest.mark.parametrize("as_fingerprint", [False, True])
async def test_another_host_key_than_the_pinned_one_is_refused(
    server: OpenSshServer, tmp_path: Path, as_fingerprint: bool
) -> None:
    pin = ssh_keys.fingerprint(ssh_keys.public_key(server.other_key)) if as_fingerprint else server.other_key
    shown = ssh_keys.fingerprint(ssh_keys.public_key(server.host_key))
    async with sink_to(server, tmp_path, known_host=pin) as sink:
        with pytest.raises(Refused) as caught:
            await sink.send(dispatch())
    place = f"127.0.0.1:{server.port}"
    assert caught.value.message == f"{place} showed another host key than the pinned one (it is {shown}); nothing was sent"
    assert listed(server.files / "in") == {}


async def test_a_login_that_is_refused_says_whose(server: OpenSshServer, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    stranger.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    async with sink_to(server, tmp_path, key_file=str(stranger)) as sink:
        with pytest.raises(Refused, match=f"refused the login of user '{server.user}'"):
            await sink.send(dispatch())


async def test_a_server_that_is_down_may_come_back(server: OpenSshServer, tmp_path: Path, unused_port: int) -> None:
    async with sink_to(server, tmp_path, port=unused_port) as sink:
        with pytest.raises(Retryable, match=f"127.0.0.1:{unused_port} can't be reached"):
            await sink.send(dispatch())


async def test_a_server_that_says_nothing_is_given_up_in_time(server: OpenSshServer, tmp_path: Path) -> None:
    hung_up = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, sink_to(server, tmp_path, port=port, timeout="100ms") as sink:
        with pytest.raises(Retryable, match="no answer in time"):
            await sink.send(dispatch())
        async with asyncio.timeout(10):
            await hung_up.wait()


async def test_a_key_file_that_is_missing_is_the_engineer_s(server: OpenSshServer, tmp_path: Path) -> None:
    async with sink_to(server, tmp_path, key_file="keys/none") as sink:
        with pytest.raises(Misconfigured, match=r"the private key .*keys/none can't be read"):
            await sink.send(dispatch())


@pytest.fixture
def unused_port() -> int:
    from tests.services.ports import free_port

    return free_port()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"known_host": "trust me"}, "'trust me' is not a host key"),
        ({"known_host": "SHA256:abc"}, "a fingerprint is `SHA256:` and 43 letters and digits"),
        ({"key_file": ""}, "say `password` or `key_file`"),
    ],
)
def test_settings_that_can_not_work_are_refused(changes: dict[str, Any], message: str) -> None:
    given = {"host": "h", "user": "u", "key_file": "k", "known_host": "SHA256:" + "a" * 43} | changes
    with pytest.raises(ValidationError) as caught:
        SftpSettings.model_validate(given)
    assert message in str(caught.value)


def test_a_line_of_ssh_keyscan_is_a_host_key(machine: OpenSshServer) -> None:
    assert settings(machine, known_host=f"[127.0.0.1]:22 {machine.host_key}").known_host == machine.host_key


# Collecting


@asynccontextmanager
async def collecting(server: OpenSshServer, folder: Path, lease: MemoryLease | None = None, **options: Any) -> Any:
    given = services(folder, partners=[Partner("acme")], lease=lease)
    wanted = SftpSource(**({"directory": "out", "match": "*.edi", "partner": "acme", "after": "delete"} | options))
    assert SPEC.source is not None
    source = SPEC.source(settings(server), [binding("acme-orders", wanted)], given)
    intake = MemoryIntake()
    task = asyncio.create_task(source.run(intake))
    try:
        yield intake
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_files_are_collected_and_deleted(server: OpenSshServer, tmp_path: Path) -> None:
    out = server.files / "out"
    (out / "a.edi").write_bytes(ORDER)
    (out / "other.txt").write_bytes(b"no")
    (out / ".hidden.edi").write_bytes(b"no")
    (out / "folder.edi").mkdir()
    (out / "link.edi").symlink_to("/etc/passwd")
    async with collecting(server, tmp_path) as intake:
        receipts = await intake.arrived()
        await until(lambda: not (out / "a.edi").exists())
    found = [(receipt.route, receipt.partner, receipt.name, receipt.data) for receipt in receipts]
    assert found == [("acme-orders", "acme", "a.edi", ORDER)]
    assert sorted(file.name for file in out.iterdir()) == [".hidden.edi", "folder.edi", "link.edi", "other.txt"]


async def test_a_collected_file_moves_to_the_archive_and_replaces_nothing_there(server: OpenSshServer, tmp_path: Path) -> None:
    out = server.files / "out"
    async with collecting(server, tmp_path, after="move", archive="out/done") as intake:
        for number in (1, 2):
            (out / "a.edi").write_bytes(ORDER * number)
            await intake.arrived(number)
            await until(lambda: not (out / "a.edi").exists())
    assert sorted(file.stat().st_size for file in (out / "done").iterdir()) == [len(ORDER), 2 * len(ORDER)]


async def test_a_kept_file_is_taken_once_and_again_when_it_changes(server: OpenSshServer, tmp_path: Path) -> None:
    path = server.files / "out" / "a.edi"
    path.write_bytes(ORDER)
    async with collecting(server, tmp_path, after="keep") as intake:
        await intake.arrived(1)
        path.write_bytes(ORDER + b"more")
        receipts = await intake.arrived(2)
    assert [receipt.data for receipt in receipts] == [ORDER, ORDER + b"more"]
    assert intake.duplicates == []


async def test_a_file_that_grows_is_not_read_until_it_is_still(server: OpenSshServer, tmp_path: Path) -> None:
    path = server.files / "out" / "a.edi"
    async with collecting(server, tmp_path, looks=10) as intake:
        for _ in range(5):
            with path.open("ab") as file:
                file.write(ORDER)
            await asyncio.sleep(0.05)
        receipts = await intake.arrived()
    assert [receipt.data for receipt in receipts] == [ORDER * 5]


async def test_an_intake_that_fails_leaves_the_file_there(server: OpenSshServer, tmp_path: Path) -> None:
    path = server.files / "out" / "a.edi"
    async with collecting(server, tmp_path) as intake:
        intake.error = Retryable("not now")
        path.write_bytes(ORDER)
        await asyncio.sleep(0.3)
        assert path.exists()
        intake.error = None
        receipts = await intake.arrived()
    assert [receipt.data for receipt in receipts] == [ORDER]


async def test_one_process_of_many_collects(server: OpenSshServer, tmp_path: Path) -> None:
    path = server.files / "out" / "a.edi"
    path.write_bytes(ORDER)
    source = f"sftp:{server.user}@127.0.0.1:{server.port}/out"
    lease = MemoryLease(held={f"poll:acme-orders:{source}": ("another", 1e12)})
    async with collecting(server, tmp_path, lease) as intake:
        await asyncio.sleep(0.3)
        assert (intake.receipts, path.exists()) == ([], True)
        lease.held.clear()
        await intake.arrived()


async def test_trouble_is_logged_and_tried_again(server: OpenSshServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The directory is missing at first."""
    with caplog.at_level(logging.INFO, "crossdock_connectors.polling"):
        async with collecting(server, tmp_path, directory="later") as intake:
            await until(lambda: "has no directory later" in caplog.text)
            folder = server.files / "later"
            folder.mkdir()
            (folder / "a.edi").write_bytes(ORDER)
            await intake.arrived()
    assert "can be reached again" in caplog.text


async def test_what_can_not_be_deleted_is_taken_once_and_told(
    server: OpenSshServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The archive's place is taken by a file."""
    (server.files / "out" / "done").write_bytes(b"a file")
    (server.files / "out" / "a.edi").write_bytes(ORDER)
    async with collecting(server, tmp_path, after="move", archive="out/done") as intake:
        await until(lambda: "was accepted, but `after: move` failed" in caplog.text)
        await asyncio.sleep(0.2)
    assert (len(intake.receipts), intake.duplicates) == (1, [])


async def test_a_pinned_key_that_is_wrong_stops_collecting(server: OpenSshServer, tmp_path: Path) -> None:
    connecting = Server(settings(server, known_host=server.other_key), tmp_path)
    with pytest.raises(CrossdockError, match="showed another host key"):
        async with connecting.client():
            pass


def test_a_partner_that_is_none_is_told_with_its_place(server: OpenSshServer, tmp_path: Path) -> None:
    wanted = SftpSource(directory="out", partner="acmee", after="delete")
    assert SPEC.source is not None
    with pytest.raises(Misconfigured) as caught:
        SPEC.source(settings(server), [binding("orders", wanted)], services(tmp_path, partners=[Partner("acme")]))
    assert [problem.message for problem in caught.value.problems] == ["unknown partner 'acmee'; did you mean 'acme'?"]
