"""Serving the control API beside a gateway."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.core.errors import Misconfigured
from crossdock.runtime.control.app import Control, Doorman

if TYPE_CHECKING:
    from crossdock_config.models import Control as Settings

CONNECTIONS = 200
IDLE = 15
"""Seconds after which an idle connection is closed."""


@contextlib.asynccontextmanager
async def serve_control(settings: Settings | None, doorman: Doorman, root: Path) -> AsyncIterator[None]:
    """Serve the API while the block runs; nothing where there are no settings. Raises Misconfigured."""
    if settings is None:
        yield
        return
    server = _server(settings, Control(doorman, settings.largest, settings.behind_proxy), root)
    task = asyncio.create_task(server.serve(sockets=[_listening(settings)]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


def _listening(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port))
    except OSError as error:
        raise Misconfigured(
            f"can't listen on {settings.host}:{settings.port} for the control API: {error.strerror}",
            advice="set another port under `control` in the environment's file",
        ) from None


def _server(settings: Settings, control: Control, root: Path) -> Any:
    """Return a server that leaves the process's signals alone."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    tls: dict[str, Any] = {}
    if settings.certificate:
        tls = {"ssl_certfile": str(root / settings.certificate), "ssl_keyfile": str(root / settings.key)}
    config = uvicorn.Config(
        control.application(),
        log_config=None,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=IDLE,
        **tls,
    )
    try:
        config.load()
    except OSError as error:
        raise Misconfigured(f"the control API's certificate can't be used: {error}", advice="see `control` in its file") from None
    return Server(config)
