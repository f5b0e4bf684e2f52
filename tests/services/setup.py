"""`python -m tests.services.setup`: installs the servers that the tests need and that are missing, from Debian's packages.

As root it installs them, and keeps the installation from starting any: the tests start their own. Otherwise it says what to
install; tests that need what is missing are then skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.process import SYSTEM_PATH

POLICY = Path("/usr/sbin/policy-rc.d")
"""The script that Debian asks before it starts a service; 101 means no."""
CLUSTER = Path("/etc/postgresql-common/createcluster.d/crossdock-tests.conf")
"""Tells PostgreSQL's package not to make a database cluster of its own."""


@dataclass(frozen=True)
class Package:
    """A Debian package and how to see that it is there: a program's name, or a pattern of paths."""

    name: str
    proof: str

    @property
    def is_there(self) -> bool:
        """Whether it is installed."""
        if "/" in self.proof:
            return any(Path("/").glob(self.proof.removeprefix("/")))
        return shutil.which(self.proof, path=SYSTEM_PATH) is not None


PACKAGES = (
    Package("postgresql", "/usr/lib/postgresql/*/bin/initdb"),
    Package("redis-server", "redis-server"),
    Package("rabbitmq-server", "/usr/lib/rabbitmq/bin/rabbitmq-server"),
    Package("openssh-server", "sshd"),
    Package("openssh-client", "sftp"),
)


def main() -> int:
    """Install what is missing; 0 where everything is there at the end or can't be installed by this user."""
    wanted = [package.name for package in PACKAGES if not package.is_there]
    if not wanted:
        print(f"services: {', '.join(package.name for package in PACKAGES)} are installed")
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(
            f"services: {', '.join(wanted)} missing, so some tests will be skipped; install: apt-get install {' '.join(wanted)}"
        )
        return 0
    return _install(wanted)


def _install(wanted: list[str]) -> int:
    print(f"services: installing {', '.join(wanted)} (a minute or two) ...", flush=True)
    with _no_services_started():
        said = _apt("install", *wanted) and (_apt("update") or _apt("install", *wanted))
    still = [package.name for package in PACKAGES if not package.is_there]
    if still:
        print(f"services: could not install {', '.join(still)}:\n{said[-2000:]}", file=sys.stderr)
        return 1
    print(f"services: installed {', '.join(wanted)}")
    return 0


def _apt(action: str, *packages: str) -> str:
    """Run apt-get; return '' where it went well, else what it said."""
    command = ["apt-get", action, "--yes", "--quiet", *(["--no-install-recommends"] if packages else []), *packages]
    done = subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout or f"apt-get {action} ended with {done.returncode}"


@contextmanager
def _no_services_started() -> Iterator[None]:
    """Keep packages from starting their services, and PostgreSQL's from making a cluster, without lasting traces."""
    made = [
        path
        for path, text, mode in ((POLICY, "#!/bin/sh\nexit 101\n", 0o755), (CLUSTER, "create_main_cluster = false\n", 0o644))
        if _write_new(path, text, mode)
    ]
    try:
        yield
    finally:
        for path in made:
            path.unlink(missing_ok=True)


def _write_new(path: Path, text: str, mode: int) -> bool:
    """Write a file unless there is one; say whether it was written."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return True


if __name__ == "__main__":
    sys.exit(main())
