"""A project whose releases can be told apart by what they send: the map of release `a` names orders `a-...`, and so on."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash import project
from tests.services.ledger import Ledger
from tests.services.ports import free_port

CROSSDOCK = str(Path(sys.executable).with_name("crossdock"))
MAP = """
map: order
target: any
fields:
  order_number: '"{mark}-" + body.BEG.BEG03'
"""
ORDERS = 3


@dataclass
class Stage:
    """A project in a folder, and what is sent to it. `sent` are the acknowledged interchanges' control numbers."""

    root: Path
    port: int
    sent: list[int] = field(default_factory=list)
    path: str = "/edi"

    def write_map(self, mark: str) -> None:
        (self.root / "routes/sales/order.map.yaml").write_text(MAP.format(mark=mark))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [CROSSDOCK, "-C", str(self.root), *arguments], capture_output=True, text=True, timeout=60, check=False
        )

    def told(self, *arguments: str) -> Any:
        """Return what a command that succeeds prints as JSON."""
        ran = self.run(*arguments, "--json")
        assert ran.returncode == 0, ran.stdout + ran.stderr + self.log
        return json.loads(ran.stdout)

    @property
    def log(self) -> str:
        return (self.root / "up.log").read_text()[-4000:]

    @property
    def orders(self) -> set[str]:
        return {order for control in self.sent for order in orders_of(control)}

    def post(self, control: int) -> bool:
        """Post an interchange; note and say whether it was acknowledged."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{self.path}",
            data=project.interchange(control, orders_of(control)),
            headers={"Content-Type": "application/edi-x12", "Idempotency-Key": f"interchange-{control}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                acknowledged = answer.status in (200, 202)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        if acknowledged:
            self.sent.append(control)
        return acknowledged

    @contextmanager
    def load(self, first: int = 1) -> Iterator[threading.Event]:
        """Post interchanges one after the other while the block runs; each is posted until it is acknowledged."""
        stop = threading.Event()

        def post_on() -> None:
            control = first
            while not stop.is_set():
                if self.post(control):
                    control += 1
                else:
                    time.sleep(0.02)

        thread = threading.Thread(target=post_on)
        thread.start()
        try:
            yield stop
        finally:
            stop.set()
            thread.join()


def orders_of(control: int) -> list[str]:
    """Return the order numbers of an interchange."""
    return [f"PO-{control}-{number}" for number in range(1, ORDERS + 1)]


def stage_at(root: Path, target: Ledger, journal: str) -> Stage:
    """Write the project, as release `a`."""
    port = free_port()
    project.write(root, journal=journal, port=port, sink=target.url, keyed=True)
    made = Stage(root, port)
    made.write_map("a")
    return made
