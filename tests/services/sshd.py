"""A throw-away OpenSSH server on a free loopback port: SFTP only, one user (who runs the tests), one key."""

from __future__ import annotations

import getpass
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.ports import LOOPBACK, free_port, listens
from tests.services.process import program, run, serving

CONFIG = """
ListenAddress {address}
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding no
LogLevel ERROR
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {files}
"""


@dataclass(frozen=True)
class OpenSshServer:
    """A running server. `files` is where a login starts, `key_file` a private key that is let in, `host_key` a `.pub` line."""

    port: int
    user: str
    files: Path
    key_file: Path
    host_key: str
    other_key: str
    """The `.pub` line of a key that is not the server's."""


@contextmanager
def openssh_server(folder: Path) -> Iterator[OpenSshServer]:
    """Run a server while the block runs; its keys, files and log are in `folder`. Raises ServerMissing."""
    binary = program("sshd", "openssh-server")
    server = _prepared(folder)
    with serving([binary, "-D", "-e", "-f", str(folder / "sshd_config")], folder / "sshd.log") as process:
        process.wait_until(lambda: listens(server.port), 20)
        yield server


def _prepared(folder: Path) -> OpenSshServer:
    files = folder / "files"
    files.mkdir(parents=True)
    host, client, other = (_key(folder / name) for name in ("host_key", "client_key", "other_key"))
    shutil.copy(f"{client}.pub", folder / "authorized_keys")
    port = free_port()
    (folder / "sshd_config").write_text(CONFIG.format(address=LOOPBACK, port=port, folder=folder, files=files))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # as root sshd wants it; Debian's own service makes it the same way
    return OpenSshServer(port, getpass.getuser(), files, client, _public(host), _public(other))


def _key(path: Path) -> Path:
    run([program("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)])
    return path


def _public(path: Path) -> str:
    return Path(f"{path}.pub").read_text().strip()
