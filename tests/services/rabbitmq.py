"""A throw-away RabbitMQ: a node of its own on free loopback ports, with an epmd of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.children import Missing, child
from tests.services.ports import free_port, wait_for_port

PROGRAMS = Path("/usr/lib/rabbitmq/bin")


@dataclass(frozen=True)
class Rabbit:
    """A running node."""

    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"


@contextmanager
def rabbitmq() -> Iterator[Rabbit]:
    """Run a node while the block runs; raises Missing where RabbitMQ isn't installed."""
    server, epmd = PROGRAMS / "rabbitmq-server", shutil.which("epmd")
    if not server.exists() or not epmd:
        raise Missing("RabbitMQ isn't installed (apt-get install rabbitmq-server)")
    with tempfile.TemporaryDirectory(prefix="crossdock-mq-") as folder:
        ports = [free_port() for _ in range(3)]
        environment = _environment(Path(folder), *ports)
        with child([epmd, "-port", str(ports[2]), "-address", "127.0.0.1"], Path(folder) / "epmd.log"):
            wait_for_port(ports[2])
            with child([str(server)], Path(folder) / "log", environment):
                _wait(Path(folder), ports[0])
                yield Rabbit(ports[0])


def _environment(folder: Path, port: int, distribution: int, epmd: int) -> dict[str, str]:
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console.level = warning\n")
    (folder / "enabled_plugins").write_text("[].\n")
    (folder / "home").mkdir()
    return {
        **os.environ,
        "HOME": str(folder / "home"),
        "RABBITMQ_NODENAME": f"crossdock{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }


def _wait(folder: Path, port: int) -> None:
    try:
        wait_for_port(port, 20)
    except TimeoutError as error:
        log = (folder / "log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"RabbitMQ didn't start: {log}") from error
