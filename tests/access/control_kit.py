"""A real control API on a port of this machine, and plain requests to it."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from crossdock.boot.door import Door
from crossdock.core.access import Actor
from crossdock.runtime.control.server import serve_control
from crossdock.runtime.control.sign_on import SignOn
from crossdock_config import route_domains
from crossdock_config.models import Control, Oidc
from tests.access.access_kit import ME, Company
from tests.services.ports import free_port


@dataclass
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.data.decode()

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.data)


@dataclass
class Api:
    """A running server."""

    port: int
    token: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str) -> Answer:
        """Send a request; `body` as JSON, or bytes as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        chosen = self.token if token is None else token
        sent = {**({"Authorization": f"Bearer {chosen}"} if chosen else {}), **headers}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(method, path, data, sent)
        answer = connection.getresponse()
        found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return found


@contextmanager
def serving(firm: Company, oidc: Oidc | None = None, **settings: Any) -> Iterator[Api]:
    """Serve a company's journal; its token `boss` is made here."""
    opened = firm.open()
    token = opened.tokens.new("boss", Actor(ME), None)
    control = Control(port=free_port(), **settings)
    door = Door(firm.root, "local", opened, lambda: route_domains(firm.root), SignOn(oidc) if oidc else None)
    started, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        async with serve_control(control, door, firm.root):
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        api = Api(control.port, token)
        _until_up(api)
        yield api
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
        opened.close()


def _until_up(api: Api) -> None:
    for _ in range(200):
        try:
            api.ask("GET", "/v1/openapi.json")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the control API did not start")
