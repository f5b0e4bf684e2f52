"""What stands on the demo's stage: the ERP, Crossdock, and ACME's SFTP client."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
from rich.console import Console

from tests.services.tryton import Erp

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".crossdock" / "demo"
PASSWORD = "acme-secret-1"
SECRETS = {
    "WESTDOCK_SFTP_PASSWORD": "westdock-sftp-password-demo",
    "NORTHMILL_SFTP_PASSWORD": "northmill-sftp-password-demo",
    "FASTLANE_SFTP_PASSWORD": "fastlane-sftp-password-demo",
    "ERP_WEBHOOK_TOKEN": "erp-webhook-token-demo",
    "WMS_EAST_WEBHOOK": "whsec_ZGVtby1vZi1jcm9zc2RvY2stc2VjcmV0",
    "BRIGHTCO_WEBHOOK": "whsec_ZGVtby1vZi1jcm9zc2RvY2stc2VjcmV0",
    "WMS_EAST_TOKEN": "wms-east-token-demo",
    "ERP_API_TOKEN": "erp-api-token-demo",
    "SHOP_API_TOKEN": "shop-api-token-demo",
    "BRIGHTCO_API_KEY": "brightco-api-key-demo",
    "BETA_SFTP_PASSWORD": "beta-sftp-password-demo",
    "FIELDSALES_SFTP_PASSWORD": "fieldsales-sftp-password-demo",
    "SHOP_WEBHOOK_SECRET": "whsec_ZGVtby1vZi1jcm9zc2RvY2stc2VjcmV0",
    "PORTAL_TOKEN": "portal-token-demo",
    "LEDGER_TOKEN": "ledger-token-demo",
    "MARKETPLACE_TOKEN": "marketplace-token-demo",
}
"""What the reference project refers to beside the secrets of the story."""
FIXED = {"CROSSDOCK_SFTP_PORT": 2222, "CROSSDOCK_WEBHOOK_PORT": 8080, "CROSSDOCK_METRICS_PORT": 9464}


class Broken(Exception):
    """Something did not come out as it must."""


class Scene:
    """The ERP and Crossdock, running."""

    def __init__(self, console: Console, *, fixed_ports: bool) -> None:
        self._console = console
        self._ports = {name: str(port if fixed_ports else _free_port()) for name, port in FIXED.items()}
        self.environment: dict[str, str] = {}
        self.erp: Erp
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Scene:
        with self._step("The ERP: Tryton 8.2, seeded (the first time it is installed, about a minute)"):
            self.erp = Erp.start(ROOT / ".cache" / "erp", fresh=True)
        try:
            with self._step("Crossdock: one command, no services"):
                self._start()
        except BaseException:
            self.erp.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_crossdock()
        self.erp.stop()

    def stop_crossdock(self) -> None:
        """Ask Crossdock to stop and wait for it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)

    def wait(self) -> None:
        """Wait until Ctrl-C, or until Crossdock ends by itself."""
        port = self.environment["CROSSDOCK_SFTP_PORT"]
        exports = " ".join(f"{name}={value}" for name, value in sorted(self._settings().items()))
        self._console.print(f"""
Everything keeps running until Ctrl-C. In another terminal:
  sftp -P {port} acme@127.0.0.1            password {PASSWORD}; put a file into inbound/, get from outbound/
  export {exports}
  .venv/bin/crossdock messages
  .venv/bin/crossdock trace 4500012345
The ERP answers at {self.erp.url} (database {self.erp.database}, user crossdock, password crossdock-secret-1).""")
        self._process.wait()
        raise Broken(f"Crossdock ended with exit code {self._process.returncode}; see {HOME / 'crossdock.log'}")

    def cli(self, *arguments: str) -> str:
        """Run a crossdock command and return what it prints."""
        done = subprocess.run(
            [_crossdock(), "-C", str(ROOT), *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise Broken(f"crossdock {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def drop(self, path: Path) -> None:
        """Upload a file into ACME's inbound folder."""
        asyncio.run(self._with_sftp(lambda sftp: sftp.put(str(path), f"inbound/{path.name}")))

    def collect(self) -> dict[str, str]:
        """Return the files in ACME's pickup folder by name."""
        return asyncio.run(self._with_sftp(_read_all))

    async def _with_sftp(self, work: Callable[[asyncssh.SFTPClient], object]) -> object:
        port = int(self.environment["CROSSDOCK_SFTP_PORT"])
        async with (
            asyncssh.connect("127.0.0.1", port, username="acme", password=PASSWORD, known_hosts=None) as connection,
            connection.start_sftp_client() as sftp,
        ):
            return await work(sftp)

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        with self._console.status(what):
            yield
        self._console.print(f"[green]✓[/green] {what} [dim]{time.monotonic() - started:.1f} s[/dim]")

    def _settings(self) -> dict[str, str]:
        return {
            **SECRETS,
            "CROSSDOCK_HOME": str(HOME.relative_to(ROOT)),
            "TRYTON_URL": self.erp.url,
            "TRYTON_DATABASE": self.erp.database,
            "TRYTON_PASSWORD": "crossdock-secret-1",
            "ACME_SFTP_PASSWORD": PASSWORD,
            **self._ports,
        }

    def _start(self) -> None:
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(parents=True)
        self.environment = {**os.environ, **self._settings()}
        log = (HOME / "crossdock.log").open("wb")
        self._process = subprocess.Popen([_crossdock(), "-C", str(ROOT), "up"], env=self.environment, stdout=log, stderr=log)
        until(lambda: _listens(int(self.environment["CROSSDOCK_SFTP_PORT"])), "Crossdock's SFTP server to answer", self._alive)

    def _alive(self) -> None:
        if self._process.poll() is not None:
            raise Broken(f"`crossdock up` ended at once:\n{(HOME / 'crossdock.log').read_text()[-2000:]}")


async def _read_all(sftp: asyncssh.SFTPClient) -> dict[str, str]:
    names = [str(name) for name in await sftp.listdir("outbound") if name not in (".", "..")]
    found = {}
    for name in sorted(names):
        async with sftp.open(f"outbound/{name}", "rb") as file:
            found[name] = (await file.read()).decode()
    return found


def until(condition: Callable[[], bool], what: str, alive: Callable[[], None] = lambda: None, seconds: float = 60) -> None:
    """Wait for a condition; raises Broken that says what did not happen."""
    ends = time.monotonic() + seconds
    while not condition():
        alive()
        if time.monotonic() > ends:
            raise Broken(f"waited {seconds:g} s for {what}")
        time.sleep(0.1)


def _crossdock() -> str:
    return str(Path(sys.executable).with_name("crossdock"))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
