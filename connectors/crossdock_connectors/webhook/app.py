"""The webhook's handler: raw ASGI on the way of documents (a third faster than a framework), Starlette for all beside it.

    path known? method? room? type? length? ─ proof by token ─ read, bounded in size and time ─ proof by signature ─ accept ─ 202

Nothing here parses a document: which parser reads it is the route's choice, never the sender's. Errors are RFC 9457 problems.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

import orjson

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, Misconfigured, Rejected, Retryable
from crossdock.core.errors import Problem as Fault
from crossdock.core.message import Accepted, Receipt
from crossdock.core.ports import Answers, Intake
from crossdock.core.spec import Binding
from crossdock_connectors.webhook import SHUT, WebhookSettings, WebhookSource
from crossdock_connectors.webhook.auth import Headers, Proof, Unproven, proof_of

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

KEPT = frozenset({b"content-type", b"user-agent", b"x-request-id", b"x-correlation-id", b"webhook-id", b"webhook-timestamp"})
MOST_HEADERS = 32
MOST_VALUE = 1024
MOST_KEY = 255
BUSY_FOR = 1
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")


class Problem(Exception):
    """A request that is not taken: the status, and a sentence for the sender."""

    def __init__(self, status: int, detail: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


class Gone(Exception):
    """The sender hung up before the request was whole."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One route's door."""

    route: str
    options: WebhookSource
    proof: Proof
    kept: frozenset[bytes]
    types: frozenset[bytes]
    dedupe: bytes
    notices: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def source(self) -> str:
        """The name within which dedupe keys are unique."""
        return f"webhook:{self.options.path}"


def hooks_of(bindings: Sequence[Binding], clock: Clock) -> dict[str, Hook]:
    """Return the hooks by path; raises Misconfigured where two routes want the same path, or a secret is unusable."""
    hooks: dict[str, Hook] = {}
    for binding in bindings:
        path = binding.options.path
        if path in hooks:
            raise Misconfigured(
                f"routes '{hooks[path].route}' and '{binding.route}' both take {path}",
                where=binding.place.short,
                advice="give each a path of its own, or let one route publish an event that the other starts from",
            )
        hooks[path] = replace(_hook(binding, clock), notices=tuple(_notices(binding, bindings)))
    return hooks


def _notices(binding: Binding, bindings: Sequence[Binding]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the headers that tell a sender that its path is going out of use: RFC 9745, RFC 8594 and RFC 8288."""
    ending = binding.ending
    if ending is None:
        return
    since = datetime(*ending.deprecated_on.timetuple()[:3], tzinfo=UTC)
    last = datetime(*ending.sunset_on.timetuple()[:3], 23, 59, 59, tzinfo=UTC)
    yield b"deprecation", b"@%d" % since.timestamp()
    yield b"sunset", format_datetime(last, usegmt=True).encode()
    following = next((one.options.path for one in bindings if one.route == ending.successor), "")
    if following:
        yield b"link", f'<{following}>; rel="successor-version"'.encode()


def _hook(binding: Binding, clock: Clock) -> Hook:
    options: WebhookSource = binding.options
    kept = KEPT | {name.encode() for name in options.headers} | {options.dedupe_header.lower().encode()}
    return Hook(
        route=binding.route,
        options=options,
        proof=_proof(binding, clock),
        kept=frozenset(kept - {name.encode() for name in SHUT}),
        types=frozenset(kind.lower().encode() for kind in options.content_types),
        dedupe=options.dedupe_header.lower().encode(),
    )


def _proof(binding: Binding, clock: Clock) -> Proof:
    """Return the proof that a route asks for; raises Misconfigured that says which route's secret is unusable."""
    try:
        return proof_of(binding.options.auth, clock)
    except Misconfigured as error:
        said = f"route '{binding.route}': {error.message}"
        problems = [Fault.at(binding.place, f"{said}; {error.advice}")]
        raise Misconfigured(said, code=error.code, advice=error.advice, problems=problems) from None


def build_app(
    settings: WebhookSettings,
    hooks: Mapping[str, Hook],
    intake: Intake,
    extra_routes: Mapping[str, ASGIApp],
    answers: Answers | None = None,
) -> Gate:
    """Return the ASGI application: the webhooks, `extra_routes` by path, and 404 for the rest."""
    return Gate(settings, hooks, intake, _beside(extra_routes), answers)


@dataclass
class Gate:
    """Takes requests at the hooks' paths and hands all others on."""

    settings: WebhookSettings
    hooks: Mapping[str, Hook]
    intake: Intake
    beside: ASGIApp
    answers: Answers | None = None
    in_flight: int = field(default=0, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        hook = self.hooks.get(scope["path"]) if scope["type"] == "http" else None
        if hook is None:
            await self.beside(scope, receive, send)
            return
        self.in_flight += 1
        try:
            await self._answer(hook, scope, receive, _noticing(hook, send) if hook.notices else send)
        finally:
            self.in_flight -= 1

    async def _answer(self, hook: Hook, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            accepted = await self.intake.accept(await self._receipt(hook, scope, receive))
            await self._tell(hook, accepted, send)
        except Gone:
            log.info("the sender hung up before its request was whole", extra={"path": hook.options.path})
        except Problem as problem:
            await _refuse(send, problem)
        except asyncio.CancelledError:
            # The grace is over. The document may yet become durable: with its key, sending it again is safe.
            await _refuse(
                send, Problem(503, "this server is stopping: send it again", (b"retry-after", b"%d" % BUSY_FOR), _CLOSE)
            )
        except Exception as error:  # noqa: BLE001 - whatever breaks at the intake, the sender gets an answer and the listener lives
            await _refuse(send, _problem_of(error))

    async def _tell(self, hook: Hook, accepted: Accepted, send: Send) -> None:
        """Answer with what the route replies, where the sender waits for it; else that the document is kept."""
        reply = None
        if self.answers is not None and hook.options.reply is not None:
            reply = await self.answers.wait(accepted.message_id, hook.options.reply)
        if reply is None:
            await _respond(send, 200 if accepted.duplicate else 202, _told(accepted), _JSON)
            return
        status, body, kind = reply
        name = (b"crossdock-message", accepted.message_id.encode())
        await _respond(send, status, body, (b"content-type", kind.encode("latin-1", "replace")), name)

    async def _receipt(self, hook: Hook, scope: Scope, receive: Receive) -> Receipt:
        headers = _headers(scope)
        self._check_head(hook, scope["method"], headers)
        key = _proven(hook, headers, b"") if hook.proof.early else ""
        body = await self._body(receive)
        key = _dedupe_key(hook, headers, key if hook.proof.early else _proven(hook, headers, body))
        trace = headers.get(b"traceparent", b"").decode("latin-1")
        return Receipt(
            route=hook.route,
            data=body,
            source=hook.source,
            partner=hook.options.partner,
            content_type=_content_type(headers),
            headers=_passed_on(hook, headers),
            dedupe_key=key,
            traceparent=trace if _TRACEPARENT.fullmatch(trace) else "",
        )

    def _check_head(self, hook: Hook, method: str, headers: Headers) -> None:
        if method != "POST":
            raise Problem(405, f"{method} is not taken here: POST the document", (b"allow", b"POST"))
        if self.in_flight > self.settings.concurrency:
            raise Problem(429, "too many requests at once: try again in a moment", (b"retry-after", b"%d" % BUSY_FOR))
        _check_type(hook, headers)
        length = headers.get(b"content-length", b"")
        if not length and b"transfer-encoding" not in headers:
            raise Problem(411, "say how long the document is (Content-Length), or send it chunked")
        if length.isdigit() and int(length) > self.settings.max_body:
            raise self._too_large()

    async def _body(self, receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(self.settings.read_timeout):
                body = await self._read(receive)
        except TimeoutError:
            raise Problem(408, f"the document did not arrive within {self.settings.read_timeout:g} s", _CLOSE) from None
        if not body:
            raise Problem(400, "the body is empty: POST the document itself")
        return body

    async def _read(self, receive: Receive) -> bytes:
        event = await receive()
        if event["type"] == "http.request" and not event.get("more_body"):
            return self._within(event.get("body", b""))
        parts, size = [], 0
        while event["type"] == "http.request":
            parts.append(event.get("body", b""))
            size += len(parts[-1])
            if size > self.settings.max_body:
                raise self._too_large()
            if not event.get("more_body"):
                return b"".join(parts)
            event = await receive()
        raise Gone

    def _within(self, body: bytes) -> bytes:
        if len(body) > self.settings.max_body:
            raise self._too_large()
        return body

    def _too_large(self) -> Problem:
        return Problem(413, f"the document is larger than {self.settings.max_body} bytes", _CLOSE)


_CLOSE = (b"connection", b"close")


def _noticing(hook: Hook, send: Send) -> Send:
    """Return what sends with the hook's notices, whatever the answer is."""

    async def noticed(event: MutableMapping[str, Any]) -> None:
        if event["type"] == "http.response.start":
            event = {**event, "headers": [*event["headers"], *hook.notices]}
        await send(event)

    return noticed


def _headers(scope: Scope) -> Headers:
    """Return headers by lower-case name; repeated ones are joined by commas, so that none hides behind another."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


def _check_type(hook: Hook, headers: Headers) -> None:
    kind = _content_type(headers).encode()
    family = kind.partition(b"/")[0] + b"/*"
    if not hook.types & {kind, family, b"*/*"}:
        raise Problem(
            415, f"this is taken here: {b', '.join(sorted(hook.types)).decode()}; not {kind.decode() or 'a body without a type'}"
        )
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Problem(415, "send the body as it is, without Content-Encoding", (b"accept-encoding", b"identity"))


def _content_type(headers: Headers) -> str:
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return kind.decode("ascii", "replace")[:MOST_KEY]


def _proven(hook: Hook, headers: Headers, body: bytes) -> str:
    try:
        return hook.proof.verify(headers, body)
    except Unproven as error:
        raise Problem(401, str(error), (b"www-authenticate", hook.proof.scheme)) from None


def _dedupe_key(hook: Hook, headers: Headers, proven: str) -> str:
    """Return the key of a second copy: an id that the signature covers before one that the sender could set at will."""
    given = headers.get(hook.dedupe, b"")
    if len(given) > MOST_KEY or not given.isascii():
        raise Problem(400, f"{hook.options.dedupe_header} must be at most {MOST_KEY} ASCII characters")
    return proven or given.decode()


def _passed_on(hook: Hook, headers: Headers) -> dict[str, str]:
    names = [name for name in headers if name in hook.kept or name.startswith(b"ce-")][:MOST_HEADERS]
    return {name.decode("latin-1"): headers[name][:MOST_VALUE].decode("utf-8", "replace") for name in names}


def _told(accepted: Accepted) -> bytes:
    return orjson.dumps({"id": accepted.message_id, "duplicate": accepted.duplicate})


def _problem_of(error: Exception) -> Problem:
    """Return what the sender is told of an error at the intake: ours are logged, the document's are explained."""
    if isinstance(error, Retryable):
        log.warning("intake can't keep a document now: %s", error.message)
        wait = max(BUSY_FOR, math.ceil(error.after or 0))
        return Problem(503, "the document can't be kept right now: send it again later", (b"retry-after", b"%d" % wait))
    if isinstance(error, Rejected):
        return Problem(422, error.message)
    kind = error.kind if isinstance(error, CrossdockError) else type(error).__name__
    log.error("intake failed: %s", kind, exc_info=error)
    return Problem(500, "the document was not taken, by a fault on this side: send it again later")


async def _refuse(send: Send, problem: Problem) -> None:
    status = HTTPStatus(problem.status)
    body = orjson.dumps({"type": "about:blank", "title": status.phrase, "status": problem.status, "detail": problem.detail})
    await _respond(send, problem.status, body, _PROBLEM, *problem.headers)


async def _respond(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def _beside(extras: Mapping[str, ASGIApp]) -> ASGIApp:
    """Return the application for all other paths."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.routing import Mount, Route

    routes: list[Any] = []
    for path, app in extras.items():
        # Route takes a function for a handler of Request: an instance stands for a whole application.
        routes += [Route(path, _Application(app)), Mount(path, app)]
    return Starlette(routes=routes, exception_handlers={HTTPException: _problem_page})


@dataclass(frozen=True, slots=True)
class _Application:
    """An ASGI application."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def _problem_page(request: Any, error: Any) -> Any:
    from starlette.responses import JSONResponse

    detail = f"there is nothing at {request.url.path[:MOST_VALUE]}" if error.status_code == 404 else error.detail
    body = {"type": "about:blank", "title": HTTPStatus(error.status_code).phrase, "status": error.status_code, "detail": detail}
    return JSONResponse(body, error.status_code, error.headers, media_type="application/problem+json")
