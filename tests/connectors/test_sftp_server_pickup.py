"""The pickup folder: what waits for a partner, and what puts it there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh
import pytest

from crossdock.core.errors import Misconfigured
from crossdock.core.partner import Partner
from crossdock.core.ports import Dispatch
from crossdock.testing.ports import services
from crossdock_connectors.sftp_server import SPEC, SftpServerSettings
from tests.connectors.sftp_server_kit import PARTNERS, Server, put

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
