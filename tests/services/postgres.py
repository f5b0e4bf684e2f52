"""A throw-away PostgreSQL: a cluster of its own on a free port of 127.0.0.1, gone at the end.

with postgres() as server, server.database() as url:
    psycopg.connect(url)
"""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.services.ports import LOOPBACK, free_port
from tests.services.process import folder, missing, run, server_user, serving

USER = "postgres"
VERSIONS = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        """The URL of its maintenance database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return a database's URL."""
        return f"postgresql://{USER}@{LOOPBACK}:{self.port}/{database}"

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Make a database, an empty one or a copy, yield its URL and drop it, whoever is still connected."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url_of(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run a statement in the maintenance database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def answers(self) -> bool:
        """Say whether it takes connections."""
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgres(*, fsync: bool = True, port: int = 0) -> Iterator[Postgres]:
    """Run a new, empty server. Without `fsync` it is faster, and what it says is durable is not."""
    with cluster(fsync=fsync, port=port) as running, running() as server:
        yield server


@contextmanager
def cluster(*, fsync: bool = True, port: int = 0) -> Iterator[Callable[[], AbstractContextManager[Postgres]]]:
    """Make a new, empty cluster; yield what runs its server, as often as wanted, on the same data and port."""
    programs, user = newest_programs(), server_user(USER)
    server = Postgres(port or free_port())
    with folder("postgres", user) as home:
        data = home / "data"
        run([str(programs / "initdb"), "-D", str(data), *INITDB], user)
        command = [str(programs / "postgres"), "-D", str(data), *_settings(home, server.port, fsync=fsync)]

        @contextmanager
        def running() -> Iterator[Postgres]:
            # SIGQUIT: at once, with no last checkpoint of what is thrown away.
            with serving(command, home / "log", user=user, stop=signal.SIGQUIT) as process:
                process.wait_until(server.answers, 60)
                yield server

        yield running


INITDB = ("-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")


def newest_programs() -> Path:
    """Return the folder with the newest version's programs; raises ServerMissing."""
    found = [path for path in VERSIONS.glob("*/bin") if os.access(path / "initdb", os.X_OK)]
    if not found:
        raise missing("postgresql")
    return max(found, key=lambda path: float(path.parent.name))


def _settings(home: Path, port: int, *, fsync: bool) -> list[str]:
    switch = "on" if fsync else "off"
    settings = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": str(home),
        "fsync": switch,
        "synchronous_commit": switch,
        "full_page_writes": switch,
        "max_connections": "200",
        "autovacuum_naptime": "10s",
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
