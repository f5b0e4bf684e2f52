"""The http connector against a real server: what each answer, and each missing one, means for the delivery."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import CrossdockError, Refused, Retryable, UnknownEffect
from crossdock.core.message import BODY_TYPE
from crossdock.core.ports import Askable, Checkable, Dispatch, Reply, Services
from crossdock.testing.ports import MemoryLease, MemoryPickup
from crossdock_connectors.http import SPEC, HttpSettings, HttpTarget

SERVICES = Services({}, MemoryPickup(), MemoryLease(), PinnedClock(), Path(), Path())
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Target:
    """A real HTTP server that answers as it is told and remembers what it got."""

    url: str = ""
    handler: Handler | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        seen = {"method": request.method, "path": request.path_qs, "headers": request.headers, "body": body}
        self.requests.append(seen)
        self.connections.add(request.transport.get_extra_info("peername") if request.transport else None)
        return await self.handler(request) if self.handler else web.Response(status=204)


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    made = Target()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@contextlib.asynccontextmanager
async def sink(url: str, **settings: Any) -> AsyncIterator[Any]:
    assert SPEC.target is not None
    opened = SPEC.target(HttpSettings.model_validate({"url": url, **settings}), SERVICES)
    try:
        yield opened
    finally:
        await opened.close()


def dispatch(body: Any = b"{}", key: str = "4500012345", seconds: float = 5.0, **options: Any) -> Dispatch:
    chosen = HttpTarget.model_validate(options)
    kind = "application/json" if isinstance(body, bytes) else BODY_TYPE
    return Dispatch("d1", "shop", "", key, body, kind, chosen, traceparent=TRACE, seconds=seconds)


def answers(status: int, text: str = "", **headers: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=named)

    return handler


async def failure(sending: Awaitable[Reply]) -> CrossdockError:
    with pytest.raises(CrossdockError) as caught:
        await sending
    return caught.value


async def test_bytes_go_out_as_they_are_with_key_and_trace(target: Target) -> None:
    async with sink(target.url + "/api/") as shop:
        await shop.send(dispatch(b'{"a": 1.10}', path="/orders"))
    [request] = target.requests
    shown = {name: request["headers"][name] for name in ("Content-Type", "Idempotency-Key", "traceparent")}
    assert shown == {"Content-Type": "application/json", "Idempotency-Key": "4500012345", "traceparent": TRACE}
    assert (request["method"], request["path"], request["body"]) == ("POST", "/api/orders", b'{"a": 1.10}')


async def test_a_decoded_body_goes_out_as_json_with_its_digits(target: Target) -> None:
    async with sink(target.url) as shop:
        await shop.send(dispatch({"total": Decimal("10.10"), "big": Decimal("12345678901234567890.5")}))
    assert target.requests[0]["body"] == b'{"total":10.10,"big":12345678901234567890.5}'
    assert target.requests[0]["headers"]["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"bearer": "t0ken"}, "Authorization", "Bearer t0ken"),
        ({"basic": {"user": "u", "password": "p"}}, "Authorization", "Basic " + base64.b64encode(b"u:p").decode()),
        ({"api_key": {"value": "k"}}, "X-API-Key", "k"),
    ],
)
async def test_credentials_go_with_every_call(target: Target, auth: dict[str, Any], header: str, value: str) -> None:
    async with sink(target.url, auth=auth) as shop:
        await shop.send(dispatch())
    assert target.requests[0]["headers"][header] == value


async def test_method_path_headers_and_content_type_are_the_route_s_choice(target: Target) -> None:
    chosen = {"method": "PUT", "path": "/orders/{key}", "headers": {"X-Shop": "7"}, "content_type": "application/edi-x12"}
    async with sink(target.url) as shop:
        await shop.send(dispatch(b"ISA", key="a/b c", **chosen))
    [request] = target.requests
    assert (request["method"], request["path"]) == ("PUT", "/orders/a%2Fb%20c")
    assert (request["headers"]["X-Shop"], request["headers"]["Content-Type"]) == ("7", "application/edi-x12")


async def test_a_json_reply_comes_back_with_decimals_and_its_id_as_reference(target: Target) -> None:
    target.handler = answers(201, '{"id": 17, "total": 10.10}', Content_Type="application/json")
    async with sink(target.url) as shop:
        assert await shop.send(dispatch()) == Reply("17", {"id": 17, "total": Decimal("10.10")}, "answered 201")


async def test_a_location_is_the_reference_before_an_id(target: Target) -> None:
    target.handler = answers(201, '{"id": 17}', Content_Type="application/json", Location="/orders/17")
    async with sink(target.url) as shop:
        assert (await shop.send(dispatch())).reference == "/orders/17"


@pytest.mark.parametrize("text", ["{broken", "[" * 100_000, '{"a": NaN}'])
async def test_a_reply_that_is_no_json_is_kept_as_bytes_for_the_call_was_done(target: Target, text: str) -> None:
    target.handler = answers(200, text, Content_Type="application/json")
    async with sink(target.url) as shop:
        assert (await shop.send(dispatch())).body == text.encode()


async def test_a_reply_that_breaks_off_after_its_status_was_done(target: Target) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201, headers={"Content-Length": "100", "Location": "/orders/17"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport
        request.transport.abort()
        return response

    target.handler = handler
    async with sink(target.url) as shop:
        assert await shop.send(dispatch()) == Reply("/orders/17", None, "answered 201; the rest of the reply was lost")


@pytest.mark.parametrize("status", [408, 425, 429, 503])
@pytest.mark.parametrize("key_header", ["Idempotency-Key", ""])
async def test_statuses_that_say_not_now_are_retryable(target: Target, status: int, key_header: str) -> None:
    target.handler = answers(status, Retry_After="120")
    async with sink(target.url, key_header=key_header) as shop:
        error = await failure(shop.send(dispatch()))
    assert (type(error), error.after) == (Retryable, 120.0)  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize(("key_header", "meaning"), [("Idempotency-Key", Retryable), ("", UnknownEffect)])
async def test_a_server_s_trouble_may_hide_an_effect_unless_it_knows_keys(
    target: Target, status: int, key_header: str, meaning: type[CrossdockError]
) -> None:
    target.handler = answers(status, "oh")
    async with sink(target.url, key_header=key_header) as shop:
        error = await failure(shop.send(dispatch()))
        assert (type(error), shop.knows_keys) == (meaning, bool(key_header))


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (formatdate(PinnedClock().now() + 90, usegmt=True), 90.0),
        (formatdate(PinnedClock().now() - 90, usegmt=True), 0.0),
        ("9999999999", 86_400.0),
        ("soon", None),
    ],
)
async def test_retry_after_is_understood_as_seconds_and_as_date(target: Target, given: str, seconds: float | None) -> None:
    target.handler = answers(503, Retry_After=given)
    async with sink(target.url) as shop:
        assert (await failure(shop.send(dispatch()))).after == seconds  # type: ignore[attr-defined]


async def test_another_4xx_is_a_refusal_in_the_target_s_own_words(target: Target) -> None:
    problem = '{"type": "about:blank", "title": "Unprocessable", "detail": "quantity must\\u0007 be\\n positive", "status": 422}'
    target.handler = answers(422, problem, Content_Type="application/problem+json")
    async with sink(target.url) as shop:
        error = await failure(shop.send(dispatch()))
    host = target.url.removeprefix("http://")
    assert (type(error), error.message) == (Refused, f"{host} answered 422: Unprocessable: quantity must be positive")


async def test_a_refusal_s_words_are_capped(target: Target) -> None:
    target.handler = answers(400, "x" * 100_000)
    async with sink(target.url) as shop:
        error = await failure(shop.send(dispatch()))
    assert (len(error.message) < 400, len(error.detail)) == (True, 3000)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_credential_comes_with_advice(target: Target, status: int) -> None:
    target.handler = answers(status)
    async with sink(target.url, auth={"bearer": "hunter2"}) as shop:
        error = await failure(shop.send(dispatch()))
    assert (type(error), error.advice) == (Refused, "check the endpoint's `auth` and that its secret is still valid")
    assert "hunter2" not in str(error.record())


async def test_redirects_are_not_followed(target: Target) -> None:
    target.handler = answers(307, Location="http://169.254.169.254/")
    async with sink(target.url) as shop:
        error = await failure(shop.send(dispatch()))
    assert (type(error), len(target.requests)) == (Refused, 1)


async def test_a_refused_connection_is_retryable(unused_tcp_port: int) -> None:
    async with sink(f"http://127.0.0.1:{unused_tcp_port}") as shop:
        error = await failure(shop.send(dispatch()))
    reason = (
        f"127.0.0.1:{unused_tcp_port} could not be reached: no connection to 127.0.0.1:{unused_tcp_port} (Connection refused)"
    )
    assert (type(error), error.message) == (Retryable, reason)


async def test_an_unknown_host_is_retryable() -> None:
    async with sink("http://no-such-host.invalid") as shop:
        error = await failure(shop.send(dispatch()))
    assert (type(error), "the host no-such-host.invalid is unknown" in error.message) == (Retryable, True)


async def test_no_answer_in_time_leaves_the_effect_unknown(target: Target) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    target.handler = handler
    async with sink(target.url) as shop:
        assert type(await failure(shop.send(dispatch(seconds=0.3)))) is UnknownEffect
    assert len(target.requests) == 1


async def test_a_connection_lost_after_sending_leaves_the_effect_unknown(target: Target) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    target.handler = handler
    async with sink(target.url) as shop:
        assert type(await failure(shop.send(dispatch()))) is UnknownEffect
    assert len(target.requests) == 1


async def test_waiting_for_a_free_connection_sends_nothing_and_is_retryable(target: Target) -> None:
    release = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.Response()

    target.handler = handler
    async with sink(target.url, concurrency=1) as shop:
        first = asyncio.create_task(shop.send(dispatch()))
        while not target.requests:
            await asyncio.sleep(0.005)
        error = await failure(shop.send(dispatch(seconds=0.2)))
        release.set()
        await first
    assert (type(error), len(target.requests)) == (Retryable, 1)


async def test_connections_are_reused_and_calls_run_side_by_side(target: Target) -> None:
    at_once, most = 0, 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        while most < 32:
            await asyncio.sleep(0.001)
        at_once -= 1
        return web.Response()

    target.handler = handler
    async with sink(target.url) as shop:
        await asyncio.gather(*(shop.send(dispatch()) for _ in range(200)))
    assert (most, len(target.connections) <= 32) == (32, True)


async def test_without_a_key_the_delivery_s_id_serves(target: Target) -> None:
    async with sink(target.url, key_header="X-Request-Id") as shop:
        await shop.send(dispatch(key=""))
    assert target.requests[0]["headers"]["X-Request-Id"] == "d1"


async def test_a_key_can_t_add_headers(target: Target) -> None:
    async with sink(target.url) as shop:
        await shop.send(dispatch(key="a\r\nX-Evil: 1 ü"))
    assert target.requests[0]["headers"]["Idempotency-Key"] == "a%0D%0AX-Evil: 1 %C3%BC"


LOOKUP = {"path": "/orders?key={key}"}


async def test_a_target_with_a_lookup_is_asked_by_key(target: Target) -> None:
    target.handler = answers(200, '{"id": "o-1"}', Content_Type="application/json")
    async with sink(target.url, lookup=LOOKUP, key_header="") as shop:
        assert isinstance(shop, Askable)
        assert await shop.find(dispatch(key="a&b")) == Reply("o-1", {"id": "o-1"}, "answered 200")
    assert (target.requests[0]["method"], target.requests[0]["path"]) == ("GET", "/orders?key=a%26b")


async def test_a_target_that_has_it_not_says_so(target: Target) -> None:
    target.handler = answers(404)
    async with sink(target.url, lookup=LOOKUP) as shop:
        assert await shop.find(dispatch()) is None


async def test_a_lookup_that_fails_decides_nothing(target: Target) -> None:
    target.handler = answers(500)
    async with sink(target.url, lookup=LOOKUP, key_header="") as shop:
        assert type(await failure(shop.find(dispatch()))) is Retryable


async def test_a_target_without_a_lookup_is_not_askable(target: Target) -> None:
    async with sink(target.url) as shop:
        assert not isinstance(shop, Askable)


async def test_doctor_learns_whether_it_answers(target: Target) -> None:
    async with sink(target.url) as shop:
        assert isinstance(shop, Checkable)
        assert await shop.check() == f"{target.url} answered 204"
        target.handler = answers(401)
        assert type(await failure(shop.check())) is Refused


def test_a_sink_serves_several_event_loops() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert SPEC.target is not None
        opened = SPEC.target(HttpSettings.model_validate({"url": f"http://127.0.0.1:{closed.getsockname()[1]}"}), SERVICES)
        for _ in range(2):
            with pytest.raises(Retryable):
                asyncio.run(opened.send(dispatch()))
        asyncio.run(opened.close())


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "shop.example/api"},
        {"url": "ftp://shop.example"},
        {"url": "https://user:pw@shop.example"},
        {"url": "https://shop.example", "auth": {}},
        {"url": "https://shop.example", "auth": {"bearer": "t", "api_key": {"value": "k"}}},
        {"url": "https://shop.example", "lookup": {"path": "/orders"}},
        {"url": "https://shop.example", "hots": "x"},
    ],
)
def test_settings_that_can_t_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HttpSettings.model_validate(settings)


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    written = {"url": "https://shop.example", "auth": {"bearer": "hunter2"}, "headers": {"X-Key": "hunter2"}}
    assert "hunter2" not in repr(HttpSettings.model_validate(written))


async def test_a_question_is_a_get_without_a_body(target: Target) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"name": "bolt"})

    target.handler = answer
    async with sink(target.url) as opened:
        reply = await opened.send(dispatch(method="GET", path="/items/{key}", key="S1"))
    assert (reply.body, target.requests[0]["method"], target.requests[0]["path"]) == ({"name": "bolt"}, "GET", "/items/S1")
    assert target.requests[0]["body"] == b""
