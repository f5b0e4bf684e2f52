"""The webhook connector: a real uvicorn listener, posted to by aiohttp, verified against the senders' own libraries."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import Misconfigured, Rejected, Retryable
from crossdock.core.message import Accepted, Receipt
from crossdock.core.ports import Answers, Services
from crossdock.core.spec import Binding, Ending
from crossdock.testing import ports
from crossdock.testing.ports import MemoryIntake, MemoryLease, MemoryPickup
from crossdock_connectors.webhook import SPEC, WebhookListener, WebhookSettings, WebhookSource

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_" + base64.b64encode(b"the secret of last year, still ok").decode()
ORDER = b'{"order_number": "4500012345"}'
JSON = {"Content-Type": "application/json"}


class Intake(MemoryIntake):
    """An intake that counts who waits at it."""

    waiting = 0

    async def accept(self, receipt: Receipt) -> Accepted:
        self.waiting += 1
        return await super().accept(receipt)


SERVICES = Services({}, MemoryPickup(), MemoryLease(), PinnedClock(), Path(), Path())


def binding(path: str = "/orders", route: str = "shop-orders", **options: Any) -> Binding:
    written = {"path": path, "auth": "none", **options}
    return ports.binding(route, WebhookSource.model_validate(written))


@dataclass
class Served:
    """A running listener."""

    listener: WebhookListener
    intake: Intake
    task: asyncio.Task[None]
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        assert self.listener.address
        return f"http://127.0.0.1:{self.listener.address[1]}"

    async def post(self, data: Any = ORDER, path: str = "/orders", **headers: str) -> tuple[int, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.post(self.url + path, data=data, headers={**JSON, **named}) as answer:
            return answer.status, await answer.json(content_type=None)


@contextlib.asynccontextmanager
async def serving(
    *bindings: Binding, extras: dict[str, Any] | None = None, answers: Answers | None = None, **settings: Any
) -> AsyncIterator[Served]:
    services = dataclasses.replace(SERVICES, answers=answers)
    listener = WebhookListener(WebhookSettings.model_validate({"port": 0, **settings}), bindings or [binding()], services)
    listener.extras |= extras or {}
    intake = Intake()
    task = asyncio.create_task(listener.run(intake))
    while listener.address is None and not task.done():
        await asyncio.sleep(0.005)
    async with aiohttp.ClientSession() as http:
        try:
            yield Served(listener, intake, task, http)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def signed(data: bytes = ORDER, *, secret: str = SECRET, at: float | None = None, number: str = "msg_1") -> dict[str, str]:
    """Sign as the independent reference library does."""
    seconds = int(PinnedClock().now() if at is None else at)
    signature = Webhook(secret).sign(number, datetime.fromtimestamp(seconds, UTC), data.decode())
    return {"webhook-id": number, "webhook-timestamp": str(seconds), "webhook-signature": signature}


def standard(*secrets: str) -> dict[str, Any]:
    return {"standard_webhooks": {"secrets": list(secrets or [SECRET])}}


@dataclass
class Replies:
    """Answers that a route has given, by message."""

    known: dict[str, tuple[int, bytes, str]]

    async def wait(self, message: str, seconds: float) -> tuple[int, bytes, str] | None:
        assert seconds == 2.0
        return self.known.get(message)


async def test_a_sender_that_waits_gets_what_the_route_replies() -> None:
    answers = Replies({"message-1": (201, b'{"took": "A1"}', "application/json")})
    async with serving(binding(reply="2s"), answers=answers) as served:
        assert await served.post() == (201, {"took": "A1"})


async def test_a_sender_that_waits_in_vain_is_told_that_its_document_is_kept() -> None:
    async with serving(binding(reply="2s"), answers=Replies({})) as served:
        assert await served.post() == (202, {"id": "message-1", "duplicate": False})


async def test_a_document_is_answered_202_with_its_id_when_the_intake_has_it() -> None:
    async with serving() as served:
        answer = await served.post()
        assert answer == (202, {"id": "message-1", "duplicate": False})
        [receipt] = served.intake.receipts
        assert (receipt.route, receipt.data, receipt.source) == ("shop-orders", ORDER, "webhook:/orders")


async def test_nothing_is_answered_before_the_intake_has_it() -> None:
    async with serving() as served:
        served.intake.gate = asyncio.Event()
        post = asyncio.create_task(served.post())
        done, _ = await asyncio.wait([post], timeout=0.2)
        assert done == set()
        served.intake.gate.set()
        assert (await post)[0] == 202


async def test_a_second_copy_by_idempotency_key_is_answered_200_with_the_first_id() -> None:
    async with serving() as served:
        first = await served.post(Idempotency_Key="k1")
        second = await served.post(Idempotency_Key="k1")
        assert (first, second) == ((202, {"id": "message-1", "duplicate": False}), (200, {"id": "message-1", "duplicate": True}))


async def test_the_dedupe_header_is_the_route_s_choice() -> None:
    async with serving(binding(dedupe_header="X-GitHub-Delivery")) as served:
        await served.post(X_GitHub_Delivery="d1", Idempotency_Key="a")
        assert (await served.post(X_GitHub_Delivery="d1", Idempotency_Key="b"))[0] == 200


async def test_the_reference_library_s_signature_is_accepted_and_its_id_is_the_dedupe_key() -> None:
    async with serving(binding(auth=standard())) as served:
        assert (await served.post(**signed()))[0] == 202
        assert (await served.post(**signed()))[0] == 200
        assert [receipt.dedupe_key for receipt in served.intake.receipts] == ["msg_1"]


async def test_an_idempotency_key_can_t_hide_a_replay_of_a_signed_request() -> None:
    async with serving(binding(auth=standard())) as served:
        await served.post(**signed(), Idempotency_Key="a")
        assert (await served.post(**signed(), Idempotency_Key="b"))[0] == 200


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
async def test_while_secrets_rotate_both_are_accepted(secret: str) -> None:
    async with serving(binding(auth=standard(SECRET, OLD_SECRET))) as served:
        assert (await served.post(**signed(secret=secret)))[0] == 202


async def test_one_good_signature_among_others_is_enough() -> None:
    headers = signed()
    headers["webhook-signature"] = f"v1a,AAAA v1,{base64.b64encode(bytes(32)).decode()} {headers['webhook-signature']}"
    async with serving(binding(auth=standard())) as served:
        assert (await served.post(**headers))[0] == 202


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"webhook-signature": "v1,AAAA"}, "no v1 signature fits this request"),
        ({"webhook-signature": "v2," + signed()["webhook-signature"][3:]}, "no v1 signature fits this request"),
        ({"webhook-id": "msg_2"}, "no v1 signature fits this request"),
        ({"webhook-id": "msg.1"}, "webhook-id must be at most 255 ASCII characters without a full stop"),
        ({"webhook-timestamp": "yesterday"}, "webhook-timestamp must be whole seconds since 1970"),
        ({"webhook-signature": ""}, "webhook-id, webhook-timestamp and webhook-signature must all be there"),
        (signed(at=PinnedClock().now() - 301), "webhook-timestamp is too old: sign the request anew"),
        (signed(at=PinnedClock().now() + 301), "webhook-timestamp is too far in the future: sign the request anew"),
        (signed(secret=OLD_SECRET), "no v1 signature fits this request"),
        (signed(b'{"order_number": "9"}'), "no v1 signature fits this request"),
    ],
)
async def test_a_request_that_is_not_signed_right_is_answered_401_that_says_which_check_failed(
    change: dict[str, str], detail: str
) -> None:
    async with serving(binding(auth=standard())) as served:
        status, problem = await served.post(**{**signed(), **change})
        assert (status, problem["detail"], served.intake.receipts) == (401, detail, [])


@pytest.mark.parametrize("seconds", [-299, 299])
async def test_a_timestamp_within_the_tolerance_is_accepted(seconds: int) -> None:
    async with serving(binding(auth=standard())) as served:
        assert (await served.post(**signed(at=PinnedClock().now() + seconds)))[0] == 202


async def test_a_bearer_token_opens_the_door_and_any_other_does_not() -> None:
    async with serving(binding(auth={"bearer": {"tokens": ["new-token", "old-token"]}})) as served:
        statuses = [
            (await served.post(Authorization=value))[0]
            for value in ("Bearer new-token", "bearer old-token", "Bearer x", "Basic x")
        ]
        assert statuses == [202, 202, 401, 401]


async def test_credentials_never_travel_with_the_message() -> None:
    async with serving(binding(auth={"bearer": {"tokens": ["t"]}}, headers=["X-Shop"])) as served:
        await served.post(Authorization="Bearer t", Cookie="session=1", X_Shop="7", X_Other="8", **{"ce-type": "order"})
        kept = served.intake.receipts[0].headers
        assert {name: kept[name] for name in kept if name != "user-agent"} == {
            "content-type": "application/json",
            "x-shop": "7",
            "ce-type": "order",
        }


@pytest.mark.parametrize(
    ("header", "spelling"),
    [
        ("X-Hub-Signature-256", lambda digest: "sha256=" + digest.hex()),
        ("X-Signature", lambda digest: digest.hex().upper()),
        ("X-Shopify-Hmac-Sha256", lambda digest: base64.b64encode(digest).decode()),
    ],
)
async def test_an_hmac_of_the_body_is_accepted_in_hex_and_base64(header: str, spelling: Callable[[bytes], str]) -> None:
    digest = hmac.new(b"s3cret", ORDER, hashlib.sha256).digest()
    async with serving(binding(auth={"hmac_sha256": {"header": header, "secrets": ["s3cret"]}})) as served:
        good = await served.post(**{header: spelling(digest)})
        bad = await served.post(ORDER + b" ", **{header: spelling(digest)})
        none = await served.post()
        assert [good[0], bad[0], none[0]] == [202, 401, 401]


async def test_problems_are_rfc_9457_documents() -> None:
    async with serving() as served, served.http.post(served.url + "/nowhere", data=ORDER) as answer:
        assert answer.content_type == "application/problem+json"
        assert await answer.json(content_type=None) == {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "there is nothing at /nowhere",
        }


async def test_another_method_is_answered_405_with_what_is_allowed() -> None:
    async with serving() as served, served.http.get(served.url + "/orders") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_another_content_type_is_answered_415() -> None:
    async with serving() as served:
        status, problem = await served.post(Content_Type="text/xml")
        assert (status, problem["detail"]) == (415, "this is taken here: application/json; not text/xml")


@pytest.mark.parametrize("taken", ["text/xml", "text/*", "*/*"])
async def test_a_route_says_which_content_types_it_takes(taken: str) -> None:
    async with serving(binding(content_types=[taken])) as served:
        assert (await served.post(b"<a/>", Content_Type="text/xml; charset=utf-8"))[0] == 202
        assert served.intake.receipts[0].content_type == "text/xml"


async def test_a_compressed_body_is_answered_415() -> None:
    async with serving() as served:
        assert (await served.post(Content_Encoding="gzip"))[0] == 415


async def test_an_empty_body_is_answered_400() -> None:
    async with serving() as served:
        assert (await served.post(b""))[0] == 400


async def test_json_is_not_parsed_at_the_door() -> None:
    """The route's decode step reads it, so that a broken document is kept, and answered for, like any other."""
    async with serving() as served:
        deep = b"[" * 10_000
        assert (await served.post(deep), served.intake.receipts[0].data) == ((202, {"id": "message-1", "duplicate": False}), deep)


async def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    async with serving(max_body="1KB") as served:
        assert (
            await raw(
                served, b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n"
            )
            == 413
        )


async def test_a_chunked_body_is_refused_when_it_passes_the_limit_not_after_it_ends() -> None:
    async with serving(max_body="1KB") as served:
        head = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert await raw(served, head + b"500\r\n" + b"x" * 0x500 + b"\r\n") == 413
        assert served.intake.receipts == []


async def test_a_request_without_a_length_is_answered_411() -> None:
    async with serving() as served:
        assert await raw(served, b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n") == 411


async def test_a_body_that_does_not_arrive_in_time_is_answered_408() -> None:
    async with serving(read_timeout="100ms") as served:
        head = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n12"
        assert await raw(served, head) == 408


async def test_a_head_that_does_not_arrive_in_time_is_cut_off() -> None:
    async with serving(read_timeout="100ms") as served:
        assert await raw(served, b"POST /orders HTTP/1.1\r\nHost:") == 0


async def test_an_endless_header_is_cut_off() -> None:
    async with serving() as served:
        assert await raw(served, b"POST /orders HTTP/1.1\r\nX: " + b"x" * 70_000) == 400


async def test_a_sender_who_hangs_up_leaves_nothing_behind() -> None:
    async with serving() as served:
        _, writer = await asyncio.open_connection("127.0.0.1", served.listener.address[1])  # type: ignore[index]
        writer.write(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n12")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await served.post())[1]["id"] == "message-1"


async def raw(served: Served, request: bytes) -> int:
    """Send bytes and return the answer's status; 0 where there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.listener.address[1])  # type: ignore[index]
    try:
        writer.write(request)
        line = await reader.readline()
        return int(line.split()[1]) if line else 0
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_an_intake_that_can_t_keep_it_now_is_answered_503_with_retry_after() -> None:
    async with serving() as served:
        served.intake.error = Retryable("the journal's disk is full", after=7)
        async with served.http.post(served.url + "/orders", data=ORDER, headers=JSON) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
            assert "disk" not in await answer.text()


async def test_an_intake_that_breaks_is_answered_500_without_its_secrets() -> None:
    async with serving() as served:
        served.intake.error = RuntimeError("password=hunter2")
        status, problem = await served.post()
        assert (status, "hunter2" in str(problem)) == (500, False)


async def test_a_document_that_the_intake_rejects_is_answered_422_with_the_reason() -> None:
    async with serving() as served:
        served.intake.error = Rejected("unknown partner")
        status, problem = await served.post()
        assert (status, problem["detail"]) == (422, "unknown partner")


async def test_more_requests_in_flight_than_allowed_are_answered_429() -> None:
    async with serving(concurrency=1) as served:
        served.intake.gate = asyncio.Event()
        first = asyncio.create_task(served.post())
        while not served.intake.waiting:
            await asyncio.sleep(0.005)
        second = await served.post()
        served.intake.gate.set()
        assert ((await first)[0], second[0]) == (202, 429)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", ""),
        ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""),
        ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", ""),
        ("nonsense", ""),
    ],
)
async def test_a_traceparent_is_taken_only_where_it_is_valid(given: str, kept: str) -> None:
    async with serving() as served:
        await served.post(traceparent=given)
        assert served.intake.receipts[0].traceparent == kept


async def test_long_header_values_are_capped_and_long_keys_refused() -> None:
    async with serving() as served:
        await served.post(X_Request_Id="r" * 5000)
        assert len(served.intake.receipts[0].headers["x-request-id"]) == 1024
        assert (await served.post(Idempotency_Key="k" * 256))[0] == 400


async def test_other_applications_are_served_beside_the_hooks() -> None:
    async def metrics(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"up 1"})

    async with serving(extras={"/metrics": metrics}) as served, served.http.get(served.url + "/metrics") as answer:
        assert await answer.text() == "up 1"


async def test_when_told_to_stop_it_finishes_what_is_in_flight_and_takes_nothing_new() -> None:
    async with serving() as served:
        served.intake.gate = asyncio.Event()
        url, post = served.url, asyncio.create_task(served.post())
        while not served.intake.waiting:
            await asyncio.sleep(0.005)
        served.task.cancel()
        while await connects(url):
            await asyncio.sleep(0.01)
        served.intake.gate.set()
        assert (await post)[0] == 202
        with pytest.raises(asyncio.CancelledError):
            await served.task


async def test_a_request_that_outlasts_the_grace_is_answered_503() -> None:
    async with serving(grace="1s") as served:
        served.intake.gate = asyncio.Event()
        post = asyncio.create_task(served.post())
        while not served.intake.waiting:
            await asyncio.sleep(0.005)
        served.task.cancel()
        assert (await post)[0] == 503


async def connects(url: str) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    except ConnectionError:  # refused, or reset as it had been queued when the port was closed
        return False
    writer.close()
    return True


async def test_a_port_that_another_program_has_is_a_clear_error() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        listener = WebhookListener(WebhookSettings(port=port), [binding()], SERVICES)
        with pytest.raises(Misconfigured) as caught:
            await listener.run(Intake())
        assert caught.value.message == f"another program listens on 127.0.0.1:{port} already"


def test_two_routes_on_one_path_are_refused() -> None:
    with pytest.raises(Misconfigured) as caught:
        WebhookListener(WebhookSettings(), [binding(route="a"), binding(route="b")], SERVICES)
    assert caught.value.message == "routes 'a' and 'b' both take /orders"


@pytest.mark.parametrize(
    "auth",
    [standard("whsec_!!!"), standard("whsec_"), {"bearer": {"tokens": [""]}}, {"hmac_sha256": {"header": "X", "secrets": [""]}}],
)
def test_an_unusable_secret_is_refused_and_not_shown(auth: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured) as caught:
        WebhookListener(WebhookSettings(), [binding(auth=auth)], SERVICES)
    assert "!!!" not in str(caught.value.record())
    (problem,) = caught.value.problems
    assert problem.message.startswith(f"route '{binding().route}': ")


@pytest.mark.parametrize(
    "written", [{}, {"auth": None}, {"auth": {}}, {"auth": "off"}, {"auth": {**standard(), "bearer": {"tokens": ["t"]}}}]
)
def test_a_route_that_does_not_say_one_way_of_proof_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WebhookSource.model_validate({"path": "/orders", **written})


def test_a_header_with_credentials_can_t_be_kept() -> None:
    with pytest.raises(ValidationError, match="carries credentials"):
        binding(headers=["Authorization"])


def test_secrets_do_not_show_when_options_are_printed() -> None:
    assert "whsec" not in repr(binding(auth=standard()))


def test_the_editor_s_schema_wants_path_and_auth() -> None:
    assert SPEC.source_options is not None
    assert SPEC.source_options.model_json_schema()["required"] == ["path", "auth"]


# a route that is going out of use

ENDING = Ending(date(2026, 6, 1), date(2026, 12, 31), "new-orders")


@pytest.mark.parametrize("status", [202, 415])
async def test_a_deprecated_route_tells_its_senders_since_when_until_when_and_what_follows(status: int) -> None:
    old = dataclasses.replace(binding("/orders", "shop-orders"), ending=ENDING)
    kind = "application/json" if status == 202 else "text/csv"
    async with serving(old, binding("/v2/orders", "new-orders")) as served:
        url = served.url
        async with served.http.post(f"{url}/orders", data=ORDER, headers={"Content-Type": kind}) as answer:
            assert answer.status == status
            assert answer.headers["Deprecation"] == "@1780272000"
            assert answer.headers["Sunset"] == "Thu, 31 Dec 2026 23:59:59 GMT"
            assert answer.headers["Link"] == '</v2/orders>; rel="successor-version"'
        async with served.http.post(f"{url}/v2/orders", data=ORDER, headers=JSON) as answer:
            assert {"Deprecation", "Sunset", "Link"} & set(answer.headers) == set()


async def test_a_successor_that_is_no_webhook_is_not_linked() -> None:
    async with (
        serving(dataclasses.replace(binding(), ending=ENDING)) as served,
        served.http.post(f"{served.url}/orders", data=ORDER, headers=JSON) as answer,
    ):
        assert ("Sunset" in answer.headers, "Link" in answer.headers) == (True, False)
