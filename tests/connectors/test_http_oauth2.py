"""Tokens by client credentials, for delivering and for collecting, against a real token server."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import CrossdockError, Refused, Retryable
from crossdock.core.ports import Dispatch
from crossdock.testing.ports import services
from crossdock_connectors.http import SPEC, Credentials, HttpSettings, HttpTarget
from tests.connectors.http_poll_kit import Api, Polling, api, said

CLIENT = {"client_id": "cross dock", "client_secret": "s3cr&t", "scope": "orders:read orders:write"}


class Issuer:
    """An API behind a token server: tokens T1, T2, ...; `good` is the one that the API takes."""

    def __init__(self, made: Api) -> None:
        self.api = made
        self.issued = 0
        self.good = ""
        self.answer: web.Response | None = None
        self.forms: list[dict[str, Any]] = []
        made.handler = self.handle

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer as both."""
        if request.path == "/token":
            form = await request.post()
            self.forms.append({**form, "authorization": request.headers.get("Authorization", "")})
            if self.answer is not None:
                return web.Response(status=self.answer.status, body=self.answer.body, headers=self.answer.headers)
            self.issued += 1
            self.good = f"T{self.issued}"
            return said({"access_token": self.good, "token_type": "Bearer", "expires_in": 3600})
        if request.headers.get("Authorization") != f"Bearer {self.good}":
            return said({"title": "who are you?"}, 401)
        return said({"orders": [{"id": 1}]})

    @property
    def tokens(self) -> list[str]:
        """The tokens that the API was shown."""
        return [request.headers.get("Authorization", "") for request in self.api.asked if request.path != "/token"]


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with api() as made:
        yield Issuer(made)


def settings(issuer: Issuer, **more: Any) -> dict[str, Any]:
    return {"url": issuer.api.url, "auth": {"oauth2": {"token_url": f"{issuer.api.url}/token", **CLIENT, **more}}}


def sink(issuer: Issuer, folder: Path, clock: PinnedClock, **more: Any) -> Any:
    assert SPEC.target is not None
    return SPEC.target(HttpSettings.model_validate(settings(issuer, **more)), services(folder, clock=clock))


def dispatch() -> Dispatch:
    return Dispatch("d1", "shop", "", "4711", b"{}", "application/json", HttpTarget(path="/orders"))


async def failure(made: Any) -> CrossdockError:
    with pytest.raises(CrossdockError) as raised:
        await made.send(dispatch())
    await made.close()
    return raised.value


async def test_a_token_is_fetched_once_and_again_shortly_before_it_ends(issuer: Issuer, tmp_path: Path) -> None:
    clock = PinnedClock()
    made = sink(issuer, tmp_path, clock)
    for pause in (0, 3200, 100):
        clock.advance(pause)
        await made.send(dispatch())
    await made.close()
    assert issuer.tokens == ["Bearer T1", "Bearer T1", "Bearer T2"]
    pair = base64.b64encode(b"cross%20dock:s3cr%26t").decode()
    first = {"grant_type": "client_credentials", "scope": CLIENT["scope"], "authorization": f"Basic {pair}"}
    assert issuer.forms == [first, first]


async def test_id_and_secret_may_go_in_the_form(issuer: Issuer, tmp_path: Path) -> None:
    made = sink(issuer, tmp_path, PinnedClock(), in_body=True, scope="", audience="orders")
    await made.send(dispatch())
    await made.close()
    asked = {"grant_type": "client_credentials", "audience": "orders", "client_id": "cross dock", "client_secret": "s3cr&t"}
    assert issuer.forms == [{**asked, "authorization": ""}]


async def test_a_token_that_the_target_refuses_is_fetched_anew_once(issuer: Issuer, tmp_path: Path) -> None:
    made = sink(issuer, tmp_path, PinnedClock())
    await made.send(dispatch())
    issuer.good = "revoked"
    await made.send(dispatch())
    assert issuer.tokens == ["Bearer T1", "Bearer T1", "Bearer T2"]
    issuer.answer = said({"access_token": "stale"})
    issuer.good = "another"
    error = await failure(made)
    assert (type(error), error.code) == (Refused, "http_401")


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (said({"error": "invalid_client"}, 401), Refused, "it answered 401 (invalid_client)"),
        (said({"error": "invalid_scope", "error_description": "no orders"}, 400), Refused, "400 (invalid_scope: no orders)"),
        (said({}, 503, Retry_After="7"), Retryable, "it answered 503"),
        (web.Response(text="<html>", content_type="text/html"), Refused, "answered without an `access_token`"),
        (said({"access_token": "a\r\nb"}), Refused, "answered without an `access_token`"),
        (said(["T"]), Refused, "answered without an `access_token`"),
    ],
)
async def test_without_a_token_nothing_is_sent(
    issuer: Issuer, tmp_path: Path, answer: web.Response, kind: type[CrossdockError], words: str
) -> None:
    issuer.answer = answer
    error = await failure(sink(issuer, tmp_path, PinnedClock()))
    assert (type(error), issuer.tokens) == (kind, [])
    assert words in error.message
    assert "s3cr" not in f"{error.message} {error.detail}"


async def test_a_token_server_that_is_away_is_retryable_for_nothing_was_sent(
    issuer: Issuer, tmp_path: Path, unused_tcp_port: int
) -> None:
    error = await failure(sink(issuer, tmp_path, PinnedClock(), token_url=f"http://127.0.0.1:{unused_tcp_port}/token"))
    assert (type(error), error.code, issuer.tokens) == (Retryable, "token", [])


async def test_collecting_uses_tokens_as_well(issuer: Issuer, tmp_path: Path) -> None:
    given = {"auth": settings(issuer)["auth"]}
    route = Polling(issuer.api.url, tmp_path, {"path": "/orders", "items": "answer.orders", "key": "item.id"}, given)
    assert (await route.look(), len(route.documents)) == ("", 1)
    issuer.answer = said({"error": "invalid_client"}, 401)
    assert "check `token_url`, `client_id`, `client_secret` and `scope`" in await route.look()


def test_there_is_one_way_to_show_who_we_are_and_secrets_are_not_shown() -> None:
    given = {"token_url": "https://login.example/token", **CLIENT}
    assert "s3cr" not in repr(Credentials.model_validate({"oauth2": given}))
    for wrong in (
        {"oauth2": given, "bearer": "t"},
        {"oauth2": {**given, "token_url": "login"}},
        {"oauth2": {**given, "client_id": ""}},
    ):
        with pytest.raises(ValidationError):
            Credentials.model_validate(wrong)
