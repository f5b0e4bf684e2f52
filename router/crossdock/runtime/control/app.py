"""The control API as an ASGI application: a bearer token on every request, problems as answers, limits on everything."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from crossdock.core.access import Actor
from crossdock.core.errors import CrossdockError
from crossdock.core.message import dump_json
from crossdock.core.office import Office
from crossdock.runtime.control.attempts import Attempts
from crossdock.runtime.control.openapi import openapi
from crossdock.runtime.control.operations import Operation, by_path
from crossdock.runtime.control.problems import MEDIA_TYPE, BadRequest, Unauthorized, problem, problem_of, status_of

log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]
SLOWEST = 60.0
"""Seconds within which a request's body must have come."""
LINES = 500
"""Lines of an export that are sent at once."""


class Doorman(Protocol):
    """Knows people by their tokens, and opens the office for them."""

    def identify(self, token: str) -> Actor:
        """Return whose token it is; raises Unauthorized, Retryable."""

    def office(self, actor: Actor) -> Office:
        """Return the office for somebody."""

    def login(self) -> Mapping[str, str]:
        """Return what `crossdock login` needs to know: issuer, client_id, scope; nothing where there is no sign-on."""


@dataclass
class Control:
    """The application's parts."""

    doorman: Doorman
    largest: int = 32 * 1024**2
    behind_proxy: bool = False
    attempts: Attempts = field(default_factory=Attempts)

    def application(self) -> Starlette:
        """Return the ASGI application."""
        routes = [Route("/v1/openapi.json", self._document, methods=["GET"]), Route("/v1/login", self._login, methods=["GET"])]
        for path, operations in by_path():
            methods: dict[str, Operation] = {operation.method: operation for operation in operations}
            endpoint = self._guarded(methods)
            routes.append(Route(path.replace("}", ":path}"), endpoint, methods=list(methods)))
        return Starlette(routes=routes, exception_handlers={404: _nowhere, 405: _no_method})

    async def _document(self, _: Request) -> Response:
        return _json(openapi())

    async def _login(self, _: Request) -> Response:
        return _json(dict(self.doorman.login()))

    def _guarded(self, methods: Mapping[str, Operation]) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                return await self._answer(request, methods.get(request.method) or methods["GET"])
            except CrossdockError as error:
                return _told(error)
            except KeyError as error:
                return _problem(404, f"there is no '{error.args[0] if error.args else ''}'")
            except Exception:
                log.exception("the control API failed at %s", request.url.path)
                return _problem(500, "something went wrong here; the log says what")

        return answer

    async def _answer(self, request: Request, operation: Operation) -> Response:
        address = self._address(request)
        if wait := self.attempts.wait(address):
            more = {"Retry-After": str(math.ceil(wait))}
            return _problem(429, "too many failed attempts from this address", more)
        try:
            actor = await asyncio.to_thread(self.doorman.identify, _token(request))
        except Unauthorized:
            self.attempts.fail(address)
            raise
        given = operation.given(await self._values(request, operation), text=operation.method == "GET")
        result = await asyncio.to_thread(lambda: operation.call(self.doorman.office(actor), given))
        return StreamingResponse(_lines(result), media_type="application/x-ndjson") if _streams(result) else _json(result)

    async def _values(self, request: Request, operation: Operation) -> dict[str, Any]:
        """Return what was given, from the path and the query or body; raises BadRequest."""
        if operation.method == "GET":
            names = [name for name, _ in request.query_params.multi_items()]
            if len(set(names)) < len(names):
                raise BadRequest("a parameter is given twice")
            return {**request.query_params, **request.path_params}
        try:
            read = orjson.loads(await asyncio.wait_for(self._body(request), SLOWEST))
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"the body is not JSON: {error}") from None
        except TimeoutError:
            raise BadRequest(f"the body did not come within {SLOWEST:g} s") from None
        if not isinstance(read, dict):
            raise BadRequest("the body must be a JSON object")
        return {**read, **request.path_params}

    async def _body(self, request: Request) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self.largest:
                raise TooLarge(self.largest)
            parts.append(part)
        return b"".join(parts)

    def _address(self, request: Request) -> str:
        """Return who asks: behind a proxy, the last address that it was told, which is the one that the proxy itself has seen."""
        forwarded = request.headers.get("x-forwarded-for", "") if self.behind_proxy else ""
        peer = request.client.host if request.client else ""
        return forwarded.rpartition(",")[2].strip() or peer


class TooLarge(BadRequest):
    """The request is larger than allowed."""

    def __init__(self, largest: int) -> None:
        super().__init__(f"the request is larger than {largest} bytes", code="too_large")


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("say who you are: `Authorization: Bearer TOKEN`", advice="`crossdock login`, or an API token")
    return token.strip()


def _streams(result: object) -> bool:
    return isinstance(result, Iterator)


async def _lines(rows: Iterator[Any]) -> AsyncIterator[bytes]:
    """Yield rows as lines, some at a time, read in a thread."""

    def some() -> bytes:
        return b"".join(orjson.dumps(row) + b"\n" for row in islice(rows, LINES))

    while piece := await asyncio.to_thread(some):
        yield piece


def _json(data: Any) -> Response:
    return Response(dump_json(data), media_type="application/json", headers={"Cache-Control": "no-store"})


def _told(error: CrossdockError) -> Response:
    status = 413 if isinstance(error, TooLarge) else status_of(error)
    if status == 500:
        log.error("%s", error)
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(status, {})
    return Response(orjson.dumps({**problem_of(error), "status": status}), status, headers, MEDIA_TYPE)


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(problem(status, detail)), status, headers, MEDIA_TYPE)


async def _nowhere(request: Request, _: Exception) -> Response:
    return _problem(404, f"there is nothing at {request.url.path[:200]}; /v1/openapi.json says what there is")


async def _no_method(request: Request, _: Exception) -> Response:
    return _problem(405, f"{request.method} is not for {request.url.path[:200]}")
