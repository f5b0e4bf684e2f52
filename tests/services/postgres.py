"""A throw-away PostgreSQL: its own cluster, on a free loopback port, with fsync as in production."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.services.children import Missing, child
from tests.services.ports import free_port, wait_for_port


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        """The address of its first database."""
        return self.database("postgres")

    def database(self, name: str) -> str:
        """Return a database's address."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Give the address of an empty database that is dropped afterwards."""
        name = f"test_{uuid4().hex}"
        self._run(f"create database {name}")
        try:
            yield self.database(name)
        finally:
            self._run(f"drop database {name} with (force)")

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server while the block runs; raises Missing where PostgreSQL isn't installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not programs or not (programs[-1] / "initdb").exists():
        raise Missing("PostgreSQL isn't installed (apt-get install postgresql)")
    with tempfile.TemporaryDirectory(prefix="crossdock-pg-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(data, "postgres")
        _as_postgres([str(programs[-1] / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"])
        server = [
            str(programs[-1] / "postgres"),
            "-D",
            str(data),
            "-p",
            str(port),
            "-k",
            str(folder),
            "-c",
            "listen_addresses=127.0.0.1",
        ]
        with child([*_prefix(), *server, "-c", "max_connections=200"], folder / "log"):
            wait_for_port(port)
            yield Postgres(port)


def _as_postgres(command: list[str]) -> None:
    subprocess.run([*_prefix(), *command], check=True, capture_output=True, cwd="/")


def _prefix() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
