"""The real ERP of the demo, the tests and the benchmarks: Tryton 8.2 from PyPI on SQLite.

    python -m tests.services.tryton up|reset|down|status [--home DIR] [--port N]

Set-up happens once in a home folder: a virtual environment (about 15 s) and a seeded template database (about 40 s). After that
an ERP is a copy of the template, served by a child process within 2 to 3 s. Any number of processes may ask for one at the same
time: set-up holds a file lock, each ERP has a folder and a port of its own.

Inside the home: `.venv-erp/`, `template-<hash>.sqlite` (the hash covers the pins and the seed), `lock`, `run/<name>/`.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DEFAULT_HOME = HERE.parents[1] / ".cache" / "erp"
REQUIREMENTS = HERE / "erp-requirements.txt"
SEED = HERE / "tryton_seed.py"
MODULES = (
    "sale",
    "purchase",
    "stock",
    "account_invoice",
    "account_invoice_stock",
    "stock_supply",
    "sale_supply",
    "sale_credit_limit",
)
DATABASE = "crossdock"
USER = "crossdock"
PASSWORD = "crossdock-secret-1"
ADMIN_PASSWORD = "admin-secret-1"
KEY = "0123456789abcdef0123456789abcdef"
READY_WITHIN = 60.0
CONFIG = """\
[database]
uri = sqlite://
path = {folder}/db
[web]
listen = 127.0.0.1:{port}
[session]
authentications = password
max_attempt = 1000
"""


class ErpError(RuntimeError):
    """The ERP could not be set up or served; the message holds the end of its log."""


def prepare(home: Path = DEFAULT_HOME) -> Path:
    """Install Tryton and build the template database where they are missing; return the template."""
    home.mkdir(parents=True, exist_ok=True)
    template = home / f"template-{_fingerprint(SEED, REQUIREMENTS)}.sqlite"
    with _locked(home / "lock"):
        _install(home)
        if not template.exists():
            _build_template(home, template)
    return template


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fingerprint(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _venv(home: Path) -> Path:
    return home / ".venv-erp"


def _install(home: Path) -> None:
    venv, pins = _venv(home), _fingerprint(REQUIREMENTS)
    stamp = venv / "installed"
    if stamp.exists() and stamp.read_text() == pins:
        return
    _run(sys.executable, "-m", "venv", "--clear", str(venv))
    _run(str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS))
    stamp.write_text(pins)


def _build_template(home: Path, template: Path) -> None:
    with tempfile.TemporaryDirectory(dir=home, prefix="template-") as made:
        folder, database = Path(made), Path(made) / "db" / "tmpl.sqlite"
        database.parent.mkdir()
        database.touch()
        (folder / "password").write_text(ADMIN_PASSWORD)
        config = _write_config(folder, 0)
        environment = {**os.environ, "TRYTONPASSFILE": str(folder / "password")}
        # One call for modules and administrator: a second one with --email takes the administrator's rights away.
        admin = [str(_venv(home) / "bin/trytond-admin"), "-c", str(config), "-d", "tmpl", "--activate-dependencies"]
        _run(*admin, "--email", "admin@localhost", "-u", *MODULES, env=environment)
        _run(str(_venv(home) / "bin/python"), str(SEED), str(config), "sqlite:///tmpl", KEY)
        _fold_wal(home, database)
        database.rename(template)


def _fold_wal(home: Path, database: Path) -> None:
    """Bring the write-ahead log into the file, so that the file alone is the database."""
    code = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('pragma wal_checkpoint(truncate)')"
    _run(str(_venv(home) / "bin/python"), "-c", code, str(database))


def _run(*command: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ErpError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout)[-2000:]}")


def _write_config(folder: Path, port: int) -> Path:
    config = folder / "trytond.conf"
    config.write_text(CONFIG.format(folder=folder, port=port))
    return config


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Erp:
    """One served ERP. Use as a context manager, or call `stop`.

    `database`, `key`, `user` and `password` are what a client needs beside `url`.
    """

    home: Path
    folder: Path
    port: int
    temporary: bool = False
    database: str = DATABASE
    key: str = KEY
    user: str = USER
    password: str = PASSWORD
    _session: dict[str, str] = field(default_factory=dict, repr=False)
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    def start(cls, home: Path | None = None, port: int = 0, fresh: bool = True, name: str = "") -> Erp:
        """Set up what is missing and serve; return when it answers.

        Port 0 takes a free one. `fresh` starts from the template, otherwise the database under `name` is kept. Without a name
        the ERP has a temporary folder, which `stop` removes.
        """
        home = (home or DEFAULT_HOME).resolve()
        template = prepare(home)
        (home / "run").mkdir(exist_ok=True)
        _sweep(home)
        folder = home / "run" / name if name else Path(tempfile.mkdtemp(dir=home / "run", prefix=f"{os.getpid()}-"))
        erp = cls(home, folder, port or free_port(), temporary=not name)
        try:
            erp.halt()
            if fresh or not erp._file.exists():
                erp._reset(template)
            erp.resume()
        except BaseException:
            erp.stop()
            raise
        return erp

    def administrator(self) -> Erp:
        """Return the same ERP as its administrator sees it."""
        return Erp(self.home, self.folder, self.port, user="admin", password=ADMIN_PASSWORD)

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process that serves it, or None."""
        try:
            pid = int((self.folder / "pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self.folder).encode() in command else None

    def resume(self) -> None:
        """Serve the database on the same port again."""
        config = _write_config(self.folder, self.port)
        # `-d` preloads the models, so that the first request is quick.
        command = [str(_venv(self.home) / "bin/trytond"), "-c", str(config), "-d", self.database]
        with (self.folder / "log").open("ab") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        self._child = child
        (self.folder / "pid").write_text(str(child.pid))
        deadline = time.monotonic() + READY_WITHIN
        while not self.answers():
            if child.poll() is not None or time.monotonic() > deadline:
                self.halt()
                raise ErpError(f"Tryton did not start on port {self.port}: {self.log[-2000:]}")
            time.sleep(0.05)

    def halt(self) -> None:
        """End the server; the database stays."""
        pid = self.pid
        if pid:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 5
            while self._lives(pid):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.02)
        self._child = None
        (self.folder / "pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """End the server and remove what was temporary."""
        self.halt()
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Erp:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """What the server has printed."""
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def answers(self) -> bool:
        """Whether it answers requests."""
        try:
            return bool(self._post("/rpc/", "common.server.version", [], {}, seconds=2))
        except (OSError, http.client.HTTPException, ErpError):
            return False

    def sales(self, reference: str | None = None) -> list[dict[str, Any]]:
        """Return the sales orders in the ERP, by reference or all: an independent look, for a test's ledger.

        Each: {"id", "number", "state", "reference", "party", "total", "warehouse", "lines": [{"sku", "quantity", "unit_price"}]}.
        """
        fields = ["number", "state", "reference", "party.code", "warehouse.code", "total_amount"]
        fields += ["lines.product.code", "lines.quantity", "lines.unit_price"]
        domain = [] if reference is None else [["reference", "=", reference]]
        return [_sale(row) for row in self.call("sale.sale", "search_read", domain, 0, None, [["id", "ASC"]], fields)]

    def call(self, model: str, method: str, *params: Any, **context: Any) -> Any:
        """Call a method of a model over JSON-RPC as the `crossdock` user."""
        self._log_in()
        arguments = [*params, {"company": 1, **context}]
        return self._post(f"/{self.database}/rpc/", f"model.{model}.{method}", arguments, self._session)

    def _log_in(self) -> None:
        if not self._session:
            login = [self.user, {"password": self.password}, "en"]
            number, token, *_ = self._post(f"/{self.database}/rpc/", "common.db.login", login, {})
            session = base64.b64encode(f"{self.user}:{number}:{token}".encode()).decode()
            self._session["Authorization"] = f"Session {session}"

    def _post(self, path: str, method: str, params: list[Any], headers: dict[str, str], seconds: float = 30) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            body = json.dumps({"id": 1, "method": method, "params": params}, default=_encoded)
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise ErpError(f"{method} answered {answer.status}: {text[:300]}")
        result = json.loads(text, object_hook=_decoded, parse_float=Decimal)
        if "error" in result:
            raise ErpError(f"{method} failed: {str(result['error'])[:300]}")
        return result["result"]

    @property
    def _file(self) -> Path:
        return self.folder / "db" / f"{self.database}.sqlite"

    def _reset(self, template: Path) -> None:
        # The whole folder goes: a write-ahead log that is left behind would be replayed into the copy.
        shutil.rmtree(self.folder / "db", ignore_errors=True)
        self._file.parent.mkdir(parents=True)
        shutil.copyfile(template, self._file)

    def _lives(self, pid: int) -> bool:
        if self._child is not None and self._child.pid == pid:
            return self._child.poll() is None
        return Path(f"/proc/{pid}").exists()


def _sweep(home: Path) -> None:
    """End and remove the temporary ERPs of processes that were killed before they could."""
    for folder in (home / "run").glob("*-*"):
        if not Path(f"/proc/{folder.name.partition('-')[0]}").exists():
            Erp(home, folder, 0, temporary=True).stop()


def _encoded(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    raise TypeError(f"can't send a {type(value).__name__}")


def _decoded(value: dict[str, Any]) -> Any:
    return Decimal(value["decimal"]) if value.get("__class__") == "Decimal" else value


def _sale(row: dict[str, Any]) -> dict[str, Any]:
    lines = [
        {"sku": line["product."]["code"], "quantity": line["quantity"], "unit_price": line["unit_price"]}
        for line in row["lines."]
    ]
    shown = {name: row[name] for name in ("id", "number", "state", "reference")}
    places = {"party": row["party."]["code"], "warehouse": row["warehouse."]["code"]}
    return {**shown, **places, "total": row["total_amount"], "lines": lines}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; exit status 0 when the ERP is (or was brought) where the command says."""
    parser = argparse.ArgumentParser(prog="python -m tests.services.tryton", description="A real ERP to try Crossdock against.")
    parser.add_argument("command", choices=["up", "reset", "down", "status"])
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME, help="where it is installed and kept")
    parser.add_argument("--port", type=int, default=8069, help="the port on 127.0.0.1")
    options = parser.parse_args(arguments)
    try:
        return _COMMANDS[options.command](options.home.resolve(), options.port)
    except ErpError as error:
        print(error, file=sys.stderr)
        return 1


def _up(home: Path, port: int) -> int:
    erp = _served(home, port)
    return _told(erp if erp.pid and erp.answers() else Erp.start(home, port, fresh=False, name=str(port)))


def _restart(home: Path, port: int) -> int:
    return _told(Erp.start(home, port, fresh=True, name=str(port)))


def _down(home: Path, port: int) -> int:
    _served(home, port).halt()
    return 0


def _status(home: Path, port: int) -> int:
    erp = _served(home, port)
    if erp.pid and erp.answers():
        return _told(erp)
    print(f"no ERP is served on port {port}")
    return 1


def _served(home: Path, port: int) -> Erp:
    return Erp(home, home / "run" / str(port), port)


def _told(erp: Erp) -> int:
    print(f"tryton: {erp.url} database {erp.database} user {erp.user}/{erp.password} key {erp.key} pid {erp.pid}")
    return 0


_COMMANDS = {"up": _up, "reset": _restart, "down": _down, "status": _status}

if __name__ == "__main__":
    sys.exit(main())
