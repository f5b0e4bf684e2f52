"""OpenSSH's own client against the SFTP server."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossdock.core.errors import Retryable
from crossdock_connectors.sftp_server.listener import host_key
from tests.connectors.sftp_server_kit import KEY, ORDER, Server


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
