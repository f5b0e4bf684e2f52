"""A marketplace's API on loopback, and a route that polls it with everything in memory beside it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import Place
from crossdock.core.ports import Poll
from crossdock.core.spec import Binding
from crossdock.testing.ports import MemoryIntake, MemoryLease, MemoryPolls, services
from crossdock_connectors.http import SPEC, HttpSettings
from crossdock_connectors.http.options import HttpSource
from crossdock_transformers.expression import SPEC as CEL

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ROUTE = "market-orders"


@dataclass
class Api:
    """A real HTTP server that answers as it is told and remembers what it was asked."""

    url: str = ""
    handler: Handler | None = None
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.asked.append(request)
        assert self.handler is not None
        return await self.handler(request)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path_qs for request in self.asked]


@asynccontextmanager
async def api() -> AsyncIterator[Api]:
    """Run an API."""
    made = Api()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def said(body: Any, status: int = 200, **headers: str) -> web.Response:
    """Return a JSON answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(text=json.dumps(body), status=status, content_type="application/json", headers=named)


def always(body: Any, status: int = 200, **headers: str) -> Handler:
    """Return a handler that gives the same answer to everybody."""

    async def handler(_: web.Request) -> web.StreamResponse:
        return said(body, status, **headers)

    return handler


def in_turn(*answers: web.Response) -> Handler:
    """Return a handler that gives one answer after the other, and the last one again and again."""
    waiting = list(answers)

    async def handler(_: web.Request) -> web.StreamResponse:
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    return handler


def bound(route: str = ROUTE, **options: Any) -> Binding:
    """Return a route's binding with its expressions compiled, as the compiler does it."""
    given = HttpSource.model_validate({"every": "1h", **options})
    language, compiled = CEL.build(), {}
    for path, variables in HttpSource.EXPRESSIONS.items():
        text: Any = given
        for step in path:
            text = getattr(text, step, "") if text else ""
        if text:
            compiled[".".join(path)] = language.compile(text, Place("r.yaml", 7, 3), dict.fromkeys(variables))
    return Binding(route, given, Place(f"routes/{route}.route.yaml"), expressions=compiled)


@dataclass
class Polling:
    """A route that polls: each `look` runs the source until it has looked once."""

    url: str
    folder: Path
    options: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    clock: PinnedClock = field(default_factory=PinnedClock)
    lease: MemoryLease = field(init=False)
    intake: MemoryIntake = field(init=False)

    def __post_init__(self) -> None:
        self.lease = MemoryLease(clock=self.clock)
        self.intake = MemoryIntake(polls=MemoryPolls(self.clock))

    @property
    def poll(self) -> Poll:
        """What the journal keeps of it."""
        (kept,) = self.intake.polls.all()
        return kept

    @property
    def documents(self) -> list[Any]:
        """What was accepted, decoded."""
        return [json.loads(receipt.data) for receipt in self.intake.receipts]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Run the source as a new process would."""
        assert SPEC.source is not None
        given = services(self.folder, lease=self.lease, clock=self.clock, polls=self.intake.polls)
        source = SPEC.source(HttpSettings(url=self.url, **self.settings), [bound(**self.options)], given)
        task = asyncio.create_task(source.run(self.intake))
        try:
            yield task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def look(self, after: float = 7200.0) -> str:
        """Let some time pass, look once, and return the trouble that was noted."""
        self.clock.advance(after)
        now = int(self.clock.now() * 1000)
        async with self.running() as task, asyncio.timeout(20):
            while not (polls := self.intake.polls.all()) or polls[0].looked_at != now:
                assert not task.done(), task
                await asyncio.sleep(0.005)
        return self.poll.trouble


LISTED: dict[str, Any] = {"items": "answer.orders", "key": "item.id"}
CURSOR: dict[str, Any] = {"highest": "item.changed", "query": "since"}


def polling(market: Api, folder: Path, settings: dict[str, Any] | None = None, **options: Any) -> Polling:
    return Polling(market.url, folder, {"path": "/orders", **options}, settings or {})


def orders(*numbers: int, **more: Any) -> dict[str, Any]:
    return {"orders": [{"id": f"M-{number}", "changed": number} for number in numbers], **more}
