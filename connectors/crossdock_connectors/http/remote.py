"""The other side of the `http` connector: calls with our credentials, and what each answer, and each missing one, means.

2xx                                       done
408, 425, 429, 503, no connection         surely not done: Retryable, Retry-After heeded
other 5xx, lost after sending             may be done: UnknownEffect (Retryable where the call asks, or has a key)
3xx, other 4xx                            it said no: Refused, with its own words
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import urlsplit

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, Refused, Retryable, UnknownEffect
from crossdock_connectors.http import Credentials, HttpSettings
from crossdock_connectors.http.session import Answer, Call, Sessions, Unanswered, retry_after, within
from crossdock_connectors.http.token import Token, Tokens

NOT_DONE = frozenset({408, 425, 429, 503})
MOST_WORDS = 300
"""How many characters of the target's own words go into a message for people; the log gets ten times as many."""


class Remote:
    """One HTTP endpoint. `headers` go with every call: those of the settings, and who we are."""

    def __init__(self, settings: HttpSettings, clock: Clock) -> None:
        self.settings = settings
        self.headers = {**settings.headers, **_authorization(settings.auth)}
        self._clock = clock
        self._sessions = Sessions(settings.concurrency, settings.verify, settings.authority, settings.keep_alive)
        oauth2 = settings.auth.oauth2 if settings.auth else None
        self._tokens = Tokens(oauth2, self._sessions, clock) if oauth2 else None

    @property
    def host(self) -> str:
        """Its name, with the port where one is said."""
        return urlsplit(self.settings.url).netloc

    async def exchange(self, call: Call, seconds: float, *, effect: bool) -> Answer:
        """Make a call; raises Retryable, Refused where we get no token for it, UnknownEffect where it may have had its effect."""
        if self._tokens is None:
            return await self._exchanged(call, seconds, effect=effect)
        ends = time.monotonic() + seconds
        token = await self._tokens.current(within(seconds, self.settings.timeout))
        answer = await self._exchanged(_bearing(call, token), ends - time.monotonic(), effect=effect)
        if answer.status != 401:
            return answer
        token = await self._tokens.current(within(ends - time.monotonic(), self.settings.timeout), refused=token)
        return await self._exchanged(_bearing(call, token), ends - time.monotonic(), effect=effect)

    async def _exchanged(self, call: Call, seconds: float, *, effect: bool) -> Answer:
        try:
            return await self._sessions.exchange(call, within(seconds, self.settings.timeout))
        except Unanswered as lost:
            if lost.sent and effect:
                raise UnknownEffect(f"{self.host} may have got this: {lost.reason}", code="unanswered") from lost
            raise Retryable(f"{self.host} could not be reached: {lost.reason}", code="unreachable") from lost

    def error(self, answer: Answer, *, effect: bool) -> CrossdockError:
        """Return what an answer that isn't 2xx means."""
        words = words_of(answer)
        said = f"{self.host} answered {answer.status}{': ' if words else ''}{words[:MOST_WORDS]}"
        rest: dict[str, Any] = {"code": f"http_{answer.status}", "detail": words}
        if answer.status in NOT_DONE or (answer.status >= 500 and (self.settings.key_header or not effect)):
            return Retryable(said, after=retry_after(answer.headers, self._clock.now()), **rest)
        if answer.status >= 500:
            return UnknownEffect(said, **rest)
        return _refusal(answer, said, rest)

    async def close(self) -> None:
        """Let go of connections."""
        await self._sessions.close()


def _bearing(call: Call, token: Token) -> Call:
    return replace(call, headers={**call.headers, "Authorization": f"Bearer {token.text}"})


def _refusal(answer: Answer, said: str, rest: dict[str, Any]) -> CrossdockError:
    if answer.status in (401, 403):
        return Refused(said, advice="check the endpoint's `auth` and that its secret is still valid", **rest)
    if 300 <= answer.status < 400:
        there = answer.headers.get("Location", "an address that it does not name")[:MOST_WORDS]
        return Refused(
            f"{said} (a redirect to {there})", advice="redirects are not followed: put the right address in `url`", **rest
        )
    return Refused(said, **rest)


def _authorization(auth: Credentials | None) -> Mapping[str, str]:
    if auth is None or auth.oauth2:
        return {}
    if auth.api_key:
        return {auth.api_key.header: auth.api_key.value}
    if auth.basic:
        pair = f"{auth.basic.user}:{auth.basic.password}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode()}"}
    return {"Authorization": f"Bearer {auth.bearer}"}


def decoded(answer: Answer) -> Any:
    if not answer.data:
        return None
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return answer.data
    try:
        return json.loads(answer.data, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return answer.data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def words_of(answer: Answer) -> str:
    """Return the target's own words: an RFC 9457 problem's title and detail, or the text; cleaned and capped."""
    body = decoded(answer)
    if isinstance(body, dict):
        parts = [str(body[name]) for name in ("title", "detail", "message", "error") if isinstance(body.get(name), str)]
        text = ": ".join(dict.fromkeys(parts)) or json.dumps(body, default=str)
    else:
        text = answer.data[: MOST_WORDS * 40].decode("utf-8", "replace")
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[: MOST_WORDS * 10]
