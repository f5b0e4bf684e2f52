"""A throw-away RabbitMQ: a node of its own with its own port mapper (epmd), all on 127.0.0.1, gone at the end.

    with rabbitmq() as server, server.vhost() as url:
        kombu.Connection(url)

It takes 5 to 10 s to start: share one among many tests.
"""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.ports import LOOPBACK, free_port, listens
from tests.services.process import Server, folder, missing, program, run, server_user, serving

USER = "rabbitmq"
PROGRAMS = Path("/usr/lib/rabbitmq/bin")
"""Debian's own scripts; those in /usr/sbin change the user and the environment."""


@dataclass(frozen=True)
class RabbitMq:
    """A running node."""

    port: int
    user: str = ""
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        """The URL of its default virtual host."""
        return self.url_of("")

    def url_of(self, vhost: str) -> str:
        """Return a virtual host's URL."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.port}/{vhost}"

    @contextmanager
    def vhost(self) -> Iterator[str]:
        """Make an empty virtual host, yield its URL and delete it with everything in it."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.control("add_vhost", name)
        try:
            self.control("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
            yield self.url_of(name)
        finally:
            self.control("delete_vhost", name)

    def control(self, *arguments: str) -> str:
        """Run `rabbitmqctl` against this node and return what it printed."""
        return run([str(PROGRAMS / "rabbitmqctl"), *arguments], self.user, self.environment)


@contextmanager
def rabbitmq(port: int = 0) -> Iterator[RabbitMq]:
    """Run a new, empty node without plugins."""
    if not (PROGRAMS / "rabbitmq-server").exists():
        raise missing("rabbitmq-server")
    user = server_user(USER)
    with folder("rabbitmq", user) as home:
        node_port, mapper_port = port or free_port(), free_port()
        server = RabbitMq(node_port, user, _environment(home, node_port, mapper_port))
        with _port_mapper(server, home, mapper_port), _node(server, home):
            server.control("await_startup", "--timeout", "90")  # it listens before it can be told anything
            yield server


@contextmanager
def _port_mapper(server: RabbitMq, home: Path, port: int) -> Iterator[Server]:
    """Run epmd in the foreground: left to itself the node starts one that outlives it."""
    command = [program("epmd", "erlang-base"), "-port", str(port), "-address", LOOPBACK]
    with serving(command, home / "epmd.log", user=server.user, environment=server.environment) as process:
        process.wait_until(lambda: listens(port), 60)
        yield process


@contextmanager
def _node(server: RabbitMq, home: Path) -> Iterator[Server]:
    command = [str(PROGRAMS / "rabbitmq-server")]
    # SIGKILL: what it keeps is thrown away, and an orderly end takes seconds.
    with serving(command, home / "log", user=server.user, environment=server.environment, stop=signal.SIGKILL) as process:
        process.wait_until(lambda: listens(server.port), 90)
        yield process


def _environment(home: Path, port: int, mapper_port: int) -> dict[str, str]:
    """Return what keeps a node in its folder and on the loopback address, whatever is configured on this machine."""
    for name in ("plugins", "node.conf", "env.conf"):
        (home / name).write_text("[].\n" if name == "plugins" else "")
        (home / name).chmod(0o644)
    loopback_only = "-kernel inet_dist_use_interface {127,0,0,1}"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(mapper_port),
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_CRASH_DUMP_SECONDS": "0",
        # With this the script becomes the node, in place of waiting for it as a parent: one process, whose end is its end.
        "RABBITMQ_ALLOW_INPUT": "1",
        "RABBITMQ_SERVER_START_ARGS": "-noinput",
        "RABBITMQ_NODENAME": f"crossdock-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{loopback_only} +S 2:2",
        "RABBITMQ_CTL_ERL_ARGS": loopback_only,
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "logs"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(home / "node.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "none.config"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "env.conf"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(home / "feature_flags"),
    }
