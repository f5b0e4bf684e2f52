"""The reference integration, running: a copy under `crossdock up`, real SFTP, signed webhooks, a real HTTP server beside it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncssh

from tests.cli.test_cli import CROSSDOCK, data
from tests.services.ports import free_port, wait_for_port

REPOSITORY = Path(__file__).parents[2]
PASSWORD = "a-password-of-the-tests"
SIGNING = base64.b64encode(b"0123456789abcdef01234567").decode()


@dataclass(frozen=True)
class Call:
    """What somebody asked the server: `key` is the idempotency key."""

    method: str
    path: str
    key: str
    body: Any


@dataclass
class Systems:
    """All systems beside us (ERP, WMS, shop, BrightCo) as one server; `/erp`, `/wms`, `/shop`, `/brightco` are their roots.

    `answers` maps the path of a GET to what is answered (`as_of` is filled in); others are 404. What is sent is kept in `calls`.
    """

    calls: list[Call] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    port: int = 0

    def sent(self, path: str) -> list[Any]:
        """Return what was posted to a path, in order."""
        return [call.body for call in list(self.calls) if call.path == path and call.method != "GET"]

    def twice(self) -> list[tuple[str, str]]:
        """Return what was sent more than once."""
        counted = Counter((call.path, call.key) for call in list(self.calls) if call.method != "GET")
        return [what for what, times in counted.items() if times > 1]


@contextmanager
def systems() -> Iterator[Systems]:
    """Run the server in a thread."""
    found = Systems()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"null")
            found.calls.append(Call(self.command, self.path, self.headers.get("Idempotency-Key", ""), body))
            known = self.command != "GET" or self.path in found.answers
            answer = found.answers.get(self.path, {"id": str(len(found.calls)), "error": "there is no such thing"})
            text = json.dumps(answer if "as_of" not in answer else {**answer, "as_of": datetime.now(UTC).isoformat()}).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Reference:
    """The running project, and how partners and systems reach it."""

    root: Path
    systems: Systems
    sftp: int
    webhook: int
    _dropped: int = 0

    def drop(self, partner: str, text: str) -> None:
        """Put a file into our SFTP server, as a partner does."""
        self._dropped += 1
        asyncio.run(self._put(partner, f"inbound/{self._dropped:03d}.edi", text))

    def pickup(self, partner: str, containing: str) -> list[str]:
        """Return the files that wait for a partner and contain a text."""
        return [text for text in asyncio.run(self._get(partner)) if containing in text]

    def tell(self, path: str, body: Any) -> int:
        """Post as the ERP does, with its token."""
        return self._post(path, body, {"Authorization": f"Bearer {PASSWORD}"})

    def sign(self, path: str, body: Any, name: str) -> int:
        """Post as a system with signed webhooks does; `name` is the webhook's id."""
        text, moment = json.dumps(body), str(int(time.time()))
        signed = hmac.digest(base64.b64decode(SIGNING), f"{name}.{moment}.{text}".encode(), hashlib.sha256)
        signature = f"v1,{base64.b64encode(signed).decode()}"
        return self._post(path, body, {"webhook-id": name, "webhook-timestamp": moment, "webhook-signature": signature})

    def eventually(self, wanted: Callable[[], Any], seconds: float = 45) -> Any:
        """Wait until something is there, and return it."""
        ends = time.monotonic() + seconds
        while not (found := wanted()):
            assert time.monotonic() < ends, self.state()
            time.sleep(0.2)
        return found

    def state(self) -> str:
        """Return what failed, and the end of the log: what a failed test shows."""
        failed = [f"{row['id']} {row['error']['message']}" for row in data("failed", "list", root=self.root)]
        return "\n".join([*failed, *map(str, self.systems.calls[-5:]), (self.root / "up.log").read_text()[-1500:]])

    def acknowledge(self, partner: str, document: str, control: int) -> None:
        """Wait for a document that we have sent, and answer it with a 997 that accepts it."""
        text = self.eventually(lambda: self.pickup(partner, f"ST*{document}*"))[-1]
        isa, gs = (segment.split("*") for segment in text.split("~")[:2])
        sender, receiver = "*".join(isa[7:9]), "*".join(isa[5:7])
        group = [f"AK1*{gs[1].strip()}*{gs[6]}", f"AK2*{document}*0001", "AK5*A", "AK9*A*1*1*1"]
        lines = [
            f"ISA*00*          *00*          *{sender}*{receiver}*261124*0930*U*00401*{control:09d}*0*P*>",
            f"GS*FA*{gs[3]}*{gs[2]}*20261124*0930*{control}*X*004010",
            "ST*997*0001",
            *group,
            "SE*6*0001",
            f"GE*1*{control}",
            f"IEA*1*{control:09d}",
        ]
        self.drop(partner, "~\n".join(lines) + "~\n")

    def _post(self, path: str, body: Any, headers: dict[str, str]) -> int:
        url = f"http://127.0.0.1:{self.webhook}{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)

    async def _put(self, partner: str, name: str, text: str) -> None:
        async with (
            self._connected(partner) as connection,
            connection.start_sftp_client() as sftp,
            sftp.open(name, "w") as file,
        ):
            await file.write(text)

    async def _get(self, partner: str) -> list[str]:
        async with self._connected(partner) as connection, connection.start_sftp_client() as sftp:
            names = sorted(str(name) for name in await sftp.listdir("outbound") if str(name) not in (".", ".."))
            found = []
            for name in names:
                async with sftp.open(f"outbound/{name}", "r") as file:
                    found.append(str(await file.read()))
            return found

    def _connected(self, partner: str) -> Any:
        return asyncssh.connect("127.0.0.1", self.sftp, username=partner, password=PASSWORD, known_hosts=None)


def settings(found: Systems, sftp: int, webhook: int) -> dict[str, str]:
    """Return the variables that the project is run with: ports, addresses, secrets."""
    roots = {"WMS_EAST_URL": "wms", "ERP_API_URL": "erp", "SHOP_API_URL": "shop", "BRIGHTCO_URL": "brightco"}
    addresses = {name: f"http://127.0.0.1:{found.port}/{path}" for name, path in roots.items()}
    ports = {"CROSSDOCK_SFTP_PORT": sftp, "CROSSDOCK_WEBHOOK_PORT": webhook, "CROSSDOCK_METRICS_PORT": free_port()}
    return {**addresses, **{name: str(port) for name, port in ports.items()}}


def write_secrets(root: Path) -> None:
    """Write a secret for every reference of the project."""
    folder = root / "config/secrets"
    folder.mkdir(parents=True, exist_ok=True)
    for path in [*root.glob("config/*/*.yaml"), *root.glob("routes/*/*.route.yaml")]:
        for part in path.read_text().split("${secret:")[1:]:
            name = part.partition("}")[0]
            (folder / name).write_text(f"whsec_{SIGNING}" if "WEBHOOK" in name and name != "ERP_WEBHOOK_TOKEN" else PASSWORD)


@contextmanager
def reference(root: Path, change: Callable[[Path], None] = lambda _: None) -> Iterator[Reference]:
    """Run a copy of the project below `root`; `change` may alter the copy before it starts."""
    for name in ("routes", "config/partners", "config/environments", "config/policies"):
        shutil.copytree(REPOSITORY / name, root / name)
    write_secrets(root)
    change(root)
    sftp, webhook = free_port(), free_port()
    with systems() as found, (root / "up.log").open("wb") as log:
        environment = {**os.environ, **settings(found, sftp, webhook)}
        process = subprocess.Popen([CROSSDOCK, "-C", str(root), "up"], stdout=log, stderr=log, env=environment)
        try:
            wait_for_port(sftp)
            wait_for_port(webhook)
            yield Reference(root, found, sftp, webhook)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
