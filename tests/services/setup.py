"""`python -m tests.services.setup`: installs the servers that tests need from Debian's packages, where they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Found = Callable[[], bool]


def _program(*names: str) -> Found:
    return lambda: any(shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/rabbitmq/bin") for name in names)


PACKAGES: dict[str, Found] = {
    "postgresql": lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    "redis-server": _program("redis-server"),
    "rabbitmq-server": _program("rabbitmq-server"),
    "openssh-server": _program("sshd"),
    "openssh-client": _program("sftp"),
}
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}


def main() -> int:
    """Install what is missing; 0 where everything is there or skipping is allowed (no root, not in CI)."""
    missing = [name for name, found in PACKAGES.items() if not found()]
    if not missing:
        names = " ".join(missing)
        print(f"servers for the tests: what needs one of these is skipped; as root: apt-get install {names}")
        return 1 if os.environ.get("CI") else 0
    print(f"servers for the tests: installing {', '.join(missing)}")
    environment = {**os.environ, **QUIET}
    with _no_services():
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
    return done.returncode


class _no_services:  # noqa: N801 - reads as a statement
    """Keeps packages from starting their system services while they are installed."""

    path = Path("/usr/sbin/policy-rc.d")

    def __enter__(self) -> None:
        self._ours = not self.path.exists()
        if self._ours:
            self.path.write_text("#!/bin/sh\nexit 101\n")
            self.path.chmod(0o755)

    def __exit__(self, *_: object) -> None:
        if self._ours:
            self.path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
