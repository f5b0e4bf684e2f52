"""Access tokens by client credentials (OAuth 2, RFC 6749, section 4.4): fetched when needed, kept until shortly before they end.

Fetching a token does nothing at the target, so its failures say `surely not done`: Retryable, or Refused where the client is not
accepted. A token that the target refuses (401) is fetched anew once.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit
from weakref import WeakKeyDictionary

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, Refused, Retryable
from crossdock_connectors.http.session import Answer, Call, Sessions, Unanswered, retry_after

if TYPE_CHECKING:
    from crossdock_connectors.http import ClientCredentials

UNSAID = 300.0
"""Seconds that a token is kept whose end the server does not say."""
EARLY = 0.1
"""The part of its life by which a token is given up before its end, so that it does not end on its way."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and until when it is used (seconds since 1970)."""

    text: str
    until: float


class Tokens:
    """The current token of a client; one call at a time fetches a new one."""

    def __init__(self, options: ClientCredentials, sessions: Sessions, clock: Clock) -> None:
        self._options = options
        self._sessions = sessions
        self._clock = clock
        self._current: Token | None = None
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def current(self, seconds: float, refused: Token | None = None) -> Token:
        """Return a token that is good now and is not the one that was refused; raises Retryable, Refused."""
        async with self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            held = self._current
            if held is None or held is refused or held.until <= self._clock.now():
                held = self._current = await self._fetched(seconds)
            return held

    async def _fetched(self, seconds: float) -> Token:
        try:
            answer = await self._sessions.exchange(self._call(), seconds)
        except Unanswered as lost:
            raise Retryable(f"no token from {self._host}: {lost.reason}", code="token") from lost
        if answer.status != 200:
            raise self._error(answer)
        said = _decoded(answer)
        text, life = said.get("access_token"), said.get("expires_in")
        if not isinstance(text, str) or not text.isascii() or not text.isprintable() or not text:
            raise Refused(f"{self._host} answered without an `access_token`", code="token", advice="check `token_url`")
        lasts = float(life) if isinstance(life, int | float) and life > 0 else UNSAID
        return Token(text, self._clock.now() + lasts * (1 - EARLY))

    @property
    def _host(self) -> str:
        return urlsplit(self._options.token_url).netloc

    def _call(self) -> Call:
        options = self._options
        form = {"grant_type": "client_credentials", "scope": options.scope, "audience": options.audience}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if options.in_body:
            form |= {"client_id": options.client_id, "client_secret": options.client_secret}
        else:
            pair = f"{quote(options.client_id, safe='')}:{quote(options.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        data = urlencode({name: value for name, value in form.items() if value}).encode()
        return Call("POST", options.token_url, headers, data=data)

    def _error(self, answer: Answer) -> CrossdockError:
        said = _decoded(answer)
        words = ": ".join(str(said[name])[:200] for name in ("error", "error_description") if said.get(name))
        message = f"no token from {self._host}: it answered {answer.status}{f' ({words})' if words else ''}"
        if answer.status in (408, 425, 429) or answer.status >= 500:
            return Retryable(message, after=retry_after(answer.headers, self._clock.now()), code="token")
        return Refused(message, code="token", advice="check `token_url`, `client_id`, `client_secret` and `scope`")


def _decoded(answer: Answer) -> dict[str, object]:
    try:
        said = json.loads(answer.data)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
