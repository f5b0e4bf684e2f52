"""Servers as child processes: started as the right user, waited for, ended by their id, gone even if the test run is killed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
"""Servers live in `sbin`, which ordinary users don't have in their path."""


class ServerMissing(RuntimeError):
    """A server isn't installed; the message says what to install."""


class ServerBroken(RuntimeError):
    """A server did not start; the message has the end of its log."""


def program(name: str, package: str) -> str:
    """Return where a program is; raises ServerMissing with the package that has it."""
    found = shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        raise missing(package)
    return found


def missing(package: str) -> ServerMissing:
    """Return the error that says what to install."""
    return ServerMissing(
        f"{package} is not installed: run `python -m tests.services.setup` as root, or `apt-get install {package}`"
    )


@contextmanager
def folder(prefix: str, user: str = "") -> Iterator[Path]:
    """Make a temporary folder that belongs to a user, and remove it, with those of runs that were killed before they could."""
    _sweep(Path(tempfile.gettempdir()))
    made = Path(tempfile.mkdtemp(prefix=f"crossdock-{prefix}-{os.getpid()}-"))
    try:
        if user:
            os.chown(made, *_ids(user))
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sweep(root: Path) -> None:
    for left in root.glob("crossdock-*-*-*"):
        pid = left.name.split("-")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)


def server_user(name: str) -> str:
    """Return the user that a server shall run as: its own where we are root, else ourselves ('')."""
    return name if os.geteuid() == 0 else ""


def _ids(user: str) -> tuple[int, int]:
    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid


def run(command: Sequence[str], user: str = "", environment: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed; raises ServerBroken."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
        env=environment,
        **_credentials(user),
    )
    if done.returncode:
        raise ServerBroken(f"{Path(command[0]).name} ended with {done.returncode}: {done.stdout[-2000:]}")
    return done.stdout


def _credentials(user: str) -> dict[str, object]:
    if not user:
        return {}
    uid, gid = _ids(user)
    return {"user": uid, "group": gid, "extra_groups": []}


@dataclass
class Server:
    """A server's process. `log` has what it printed."""

    name: str
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return when it is ready; raises ServerBroken where it ends before, or takes too long."""
        ends = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > ends:
                raise ServerBroken(f"{self.name} did not start: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self, first: signal.Signals = signal.SIGTERM, seconds: float = 15) -> None:
        """Ask it to end, then make it end."""
        self.process.send_signal(first)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def serving(
    command: Sequence[str],
    log: Path,
    *,
    user: str = "",
    environment: Mapping[str, str] | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[Server]:
    """Run a server; at the end of the block it is ended by its id, and with it what is left of its session."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_dying_with_us(), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
            env=environment,
            **_credentials(user),
        )
    server = Server(Path(command[0]).name, log, process)
    try:
        yield server
    finally:
        server.stop(stop)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _dying_with_us() -> list[str]:
    """Return what makes the kernel end the server when the thread that started it is killed (util-linux, on every Debian)."""
    setpriv = shutil.which("setpriv", path=SYSTEM_PATH)
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
