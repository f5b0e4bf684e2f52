"""Uploads to the SFTP server: what is taken, when it is answered, and what a broken one leaves behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncssh
import pytest

from crossdock.core.errors import Retryable
from crossdock.testing.ports import PinnedClock
from tests.connectors.sftp_server_kit import ORDER, Server, put, serving

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
