"""The compose file's topology, run natively: its services' commands and variables, a real PostgreSQL, a real RabbitMQ."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.crash import project
from tests.crash.test_killed_at_every_commit_point import orders_of, post, wait_until
from tests.deployment.deployment_kit import CROSSDOCK, DEPLOYMENT, ENVIRONMENT
from tests.services.ledger import ledger
from tests.services.ports import free_port

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOYMENT / "container/compose.yaml").read_text())
CONTROLS = range(1, 13)
EXPECTED = {order: 1 for control in CONTROLS for order in orders_of(control)}


@dataclass
class Stage:
    """A project whose production environment has the reference's journal and broker, and what its processes are told."""

    root: Path
    port: int
    target: Any
    given: dict[str, str]
    pages: tuple[int, ...] = ()
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, service: str, replica: int) -> None:
        """Run a service's command with its variables; each has a state folder of its own, as a container does."""
        name = f"{service}-{replica}"
        with (self.root / "up.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.command(service, replica), stdout=log, stderr=log, start_new_session=True, env=self.variables(service, name)
            )

    def command(self, service: str, replica: int) -> list[str]:
        """Return a service's command; here all replicas are on one machine, so that each needs a port of its own."""
        said = COMPOSE["services"][service]["command"]
        ports = {"9464": str(self.pages[replica - 1])} if service == "worker" else {}
        return [CROSSDOCK, "-C", str(self.root), *(ports.get(word, word) for word in said)]

    def variables(self, service: str, name: str) -> dict[str, str]:
        said = COMPOSE["services"][service]["environment"]
        return {**os.environ, **said, **self.given, "CROSSDOCK_STATE": str(self.root / "state" / name)}

    def health(self, service: str) -> int:
        """Run the service's health check."""
        _, _, *check = COMPOSE["services"][service]["healthcheck"]["test"]
        command = [CROSSDOCK, "-C", str(self.root), *check]
        return subprocess.run(command, env=self.variables(service, "check"), capture_output=True, check=False).returncode

    def end(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def given(journal: str, broker: str, secrets: Path) -> dict[str, str]:
    """Return the variables that lead to the tests' servers, and write the secrets as files."""
    database, queue = urlsplit(journal), urlsplit(broker)
    for name, value in {"POSTGRES_PASSWORD": database.password or "unused", "RABBITMQ_PASSWORD": queue.password or ""}.items():
        (secrets / name).write_text(f"{value}\n")
    return {
        "CROSSDOCK_SECRETS_DIR": str(secrets),
        "POSTGRES_HOST": database.hostname or "",
        "POSTGRES_PORT": str(database.port),
        "POSTGRES_USER": database.username or "",
        "POSTGRES_DB": database.path.strip("/"),
        "RABBITMQ_HOST": queue.hostname or "",
        "RABBITMQ_PORT": str(queue.port),
        "RABBITMQ_USER": queue.username or "",
        "RABBITMQ_VHOST": queue.path.strip("/"),
        "CROSSDOCK_METRICS_PORT": str(free_port()),
    }


@contextmanager
def staged(root: Path, postgres_url: str, rabbitmq_url: str) -> Iterator[Stage]:
    secrets = root / "secrets"
    secrets.mkdir()
    with ExitStack() as stack:
        target = stack.enter_context(ledger())
        port = free_port()
        project.write(root, journal="sqlite:///unused.db", port=port, sink=target.url, keyed=True)
        local = root / "config/environments/local.yaml"
        endpoints = local.read_text().partition("endpoints:\n")[2]
        reference = ENVIRONMENT.read_text().partition("endpoints:\n")[0]
        (root / "config/environments/production.yaml").write_text(f"{reference}workers: {{ lease: 3s }}\nendpoints:\n{endpoints}")
        local.unlink()
        pages = tuple(free_port() for _ in range(COMPOSE["services"]["worker"]["deploy"]["replicas"]))
        stage = Stage(root, port, target, given(postgres_url, rabbitmq_url, secrets), pages)
        stack.callback(stage.end)
        yield stage


def page(port: int, path: str) -> str:
    """Return what a worker's operations page says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.xdist_group("rabbitmq")
def test_the_topology_delivers_every_order_once_whichever_worker_dies(
    tmp_path: Path, postgres_url: str, rabbitmq_url: str
) -> None:
    """The services are healthy by their own health checks, one worker is killed in the middle, the others stop gracefully."""
    with staged(tmp_path, postgres_url, rabbitmq_url) as stage:
        assert stage.health("gateway") == 1
        stage.start("gateway", 1)
        for replica in range(COMPOSE["services"]["worker"]["deploy"]["replicas"]):
            stage.start("worker", replica + 1)
        for control in CONTROLS:
            wait_until(lambda control=control: post(stage.port, control), stage.root)  # type: ignore[misc]
            if control == len(CONTROLS) // 2:
                os.killpg(stage.processes["worker-1"].pid, signal.SIGKILL)
        wait_until(lambda: len(stage.target.effects()) >= len(EXPECTED), stage.root)
        assert stage.target.effects() == EXPECTED
        assert [stage.health("gateway"), stage.health("worker")] == [0, 0]
        assert (stage.root / "state/gateway-1/metrics").is_dir()
        assert 'messaging_client_sent_messages_total{crossdock_state="delivered"' in page(stage.pages[1], "metrics")
        assert page(stage.pages[1], "health/ready")
        assert not (stage.root / ".crossdock").exists()
        living = {name: process for name, process in stage.processes.items() if name != "worker-1"}
        for process in living.values():
            process.send_signal(signal.SIGTERM)
        stopped = {name: process.wait(timeout=60) for name, process in living.items()}
        assert stopped == dict.fromkeys(living, 0), (stage.root / "up.log").read_text()[-2000:]
