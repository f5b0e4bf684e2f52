"""Names that partners give their files, and the folders that they see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh
import pytest

from crossdock.testing.ports import binding
from tests.connectors.sftp_server_kit import Server, put, serving, source


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
