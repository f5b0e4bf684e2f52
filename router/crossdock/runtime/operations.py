"""The operations page of a gateway: `/metrics`, `/health/live`, `/health/ready`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from crossdock.core.errors import CrossdockError, Misconfigured
from crossdock.core.journal import Journal
from crossdock.runtime.metrics import Metrics


@asynccontextmanager
async def serve(settings: Any, journal: Journal, metrics: Metrics) -> AsyncIterator[None]:
    """Serve the page while the block runs; `settings` has `host` and `port`, or is None for no page."""
    if settings is None:
        yield
        return
    import uvicorn

    config = uvicorn.Config(_page(journal, metrics), host=settings.host, port=settings.port, log_config=None, lifespan="off")
    server = _server(config)
    task = asyncio.create_task(_serve(server, settings))
    try:
        yield
    finally:
        server.should_exit = True
        await task


def _server(config: Any) -> Any:
    """Return a server that leaves the process's signals alone."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(config)


async def _serve(server: Any, settings: Any) -> None:
    try:
        await server.serve()
    except SystemExit:
        raise Misconfigured(
            f"port {settings.port} for metrics is in use", advice="set another under `metrics` in the environment's file"
        ) from None


def _page(journal: Journal, metrics: Metrics) -> Any:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route

    async def live(_: Request) -> Response:
        return PlainTextResponse("live")

    async def ready(_: Request) -> Response:
        try:
            return JSONResponse({"ready": True, "journal": await run_in_threadpool(journal.check)})
        except CrossdockError as error:
            return JSONResponse({"ready": False, "why": error.message}, status_code=503)

    async def page(_: Request) -> Response:
        metrics.backlog(await run_in_threadpool(journal.lanes))
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Starlette(routes=[Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", page)])
