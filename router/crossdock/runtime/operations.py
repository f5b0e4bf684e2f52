"""The operations page of a process: `/metrics`, `/health/live`, `/health/ready`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

from crossdock.core.errors import Misconfigured
from crossdock.core.journal import Journal
from crossdock.runtime.metrics import Asgi, Metrics, live, page, ready


def pages(journal: Journal, metrics: Metrics) -> dict[str, Asgi]:
    """Return the ASGI applications by path."""

    def problems() -> list[str]:
        journal.check()
        return []

    return {"/metrics": page(metrics, journal.lanes), "/health/live": live(), "/health/ready": ready(problems)}


@contextlib.asynccontextmanager
async def serve(settings: Any, journal: Journal, metrics: Metrics) -> AsyncIterator[None]:
    """Serve the page while the block runs; `settings` has `host` and `port`, or is None for no page."""
    if settings is None:
        yield
        return
    server = _server(pages(journal, metrics))
    task = asyncio.create_task(server.serve(sockets=[listening(settings)]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


def listening(settings: Any) -> socket.socket:
    """Return a socket that listens where the settings say; raises Misconfigured."""
    try:
        return socket.create_server((settings.host, settings.port))
    except OSError as error:
        raise Misconfigured(
            f"can't listen on {settings.host}:{settings.port} for metrics: {error.strerror}",
            advice="set another port under `metrics` in the environment's file",
        ) from None


def _server(applications: dict[str, Asgi]) -> Any:
    """Return a server that leaves the process's signals alone."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(uvicorn.Config(_by_path(applications), log_config=None, lifespan="off"))


def _by_path(applications: dict[str, Asgi]) -> Asgi:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        found = applications.get(scope["path"])
        if found is not None:
            await found(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": f"there is {', '.join(applications)}\n".encode()})

    return application
