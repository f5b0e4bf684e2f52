"""What the outbound HTTP connectors share: a session per event loop, and exchanges that tell whether anything was sent.

Whether a call without an answer may have had an effect is decided by one fact: did the request's head leave this process?
aiohttp's trace hook tells, so that a refused connection, an unknown host, or a wait for a free connection is never mistaken for
a lost answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import aiohttp

from crossdock.core.errors import Misconfigured

MOST_REPLY = 10 * 1024 * 1024
"""How many bytes of an answer are read at most."""

LONGEST_WAIT = 86_400.0
"""A target can't send us away for longer than a day."""

_ANSWER_BROKE_OFF = (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, TimeoutError)


class Unanswered(Exception):
    """There is no answer. `sent` says whether the request may have reached the target."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `most` is how many bytes of the answer are read."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: tuple[tuple[str, str], ...] = ()
    data: bytes | None = None
    most: int = MOST_REPLY


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. `whole` is False where it broke off after the status had come, or was too long: then `long` says so."""

    status: int
    headers: Mapping[str, str]
    data: bytes
    whole: bool = True
    long: bool = False


class Sessions:
    """Sessions by event loop: aiohttp's must not be shared between loops, and connections are worth keeping.

    `keep_alive` in seconds should be shorter than the target's own, or requests meet connections that the target has just closed.
    """

    def __init__(self, concurrency: int, verify: bool = True, authority: str = "", keep_alive: float = 4.0) -> None:
        self._concurrency = concurrency
        self._tls = _tls(verify, authority)
        self._keep_alive = keep_alive
        self._sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}

    async def exchange(self, call: Call, seconds: float) -> Answer:
        """Make a call within so many seconds; raises Unanswered."""
        mark = SimpleNamespace(sent=False)
        try:
            async with self._session().request(
                call.method,
                call.url,
                params=call.params,
                headers=call.headers,
                data=call.data,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=max(seconds, 0.001), ceil_threshold=math.inf),
                trace_request_ctx=mark,
            ) as response:
                return await _read(response, call.most)
        except TimeoutError as error:
            raise Unanswered(f"no answer within {seconds:g} s", sent=mark.sent) from error
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise Unanswered(_reason(error), sent=mark.sent) from error

    async def close(self) -> None:
        """Close every session on the loop that it belongs to."""
        here = asyncio.get_running_loop()
        for loop, session in list(self._sessions.items()):
            if loop is here:
                await session.close()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(session.close(), loop))
            else:
                session.detach()
        self._sessions.clear()

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            self._forget_ended()
            session = self._sessions[loop] = self._open()
        return session

    def _forget_ended(self) -> None:
        """Let go of the sessions whose loops are no more: nobody could close them."""
        for loop in [loop for loop in self._sessions if loop.is_closed()]:
            self._sessions.pop(loop).detach()

    def _open(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_mark_sent)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._concurrency, ssl=self._tls, keepalive_timeout=self._keep_alive),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[trace],
            headers={"User-Agent": "crossdock"},
        )


async def _mark_sent(session: aiohttp.ClientSession, context: SimpleNamespace, params: Any) -> None:
    del session, params
    context.trace_request_ctx.sent = True


async def _read(response: aiohttp.ClientResponse, most: int) -> Answer:
    """Read an answer up to the limit. Its status is known by now, so a body that breaks off changes nothing about the effect."""
    data, whole = bytearray(), False
    with contextlib.suppress(*_ANSWER_BROKE_OFF):
        async for chunk in response.content.iter_any():
            data += chunk
            if len(data) > most:
                break
        else:
            whole = True
    return Answer(response.status, response.headers, bytes(data[:most]), whole, len(data) > most)


def _tls(verify: bool, authority: str) -> ssl.SSLContext | bool:
    if not verify:
        return False
    try:
        return ssl.create_default_context(cafile=authority) if authority else True
    except (OSError, ssl.SSLError) as error:
        advice = "`authority` names a PEM file with the certificates to trust"
        raise Misconfigured(f"'{authority}' can't be read: {error.strerror or error}", advice=advice) from error


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the host {error.host} is unknown"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno
        return f"no connection to {error.host}:{error.port} ({os.strerror(number) if number else error.os_error})"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed before an answer came"
    return f"the connection broke: {type(error).__name__} {error}".strip()


def within(seconds: float, most: float) -> float:
    """Return how long a call may take: a little less than the caller waits, so that we say what its end means, not the caller."""
    return min(seconds - min(0.5, seconds * 0.05), most)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return Retry-After in seconds from now (it may be a number or an HTTP date), or None where there is none to understand."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        due = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(due - now, 0.0), LONGEST_WAIT)
