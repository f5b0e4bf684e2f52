"""The sinks of the `http` connector: what each answer, and each missing answer, means for the delivery.

2xx                                       done
408, 425, 429, 503, no connection         surely not done: Retryable, Retry-After heeded
other 5xx, lost after sending             may be done: UnknownEffect (with a key header 5xx are Retryable: sending again is safe)
3xx, other 4xx                            the target said no: Refused, with its own words
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, Refused, Retryable, UnknownEffect
from crossdock.core.message import BODY_TYPE, dump_json
from crossdock.core.ports import Dispatch, Reply
from crossdock_connectors.http import Credentials, HttpSettings, HttpTarget, Lookup
from crossdock_connectors.http_session import Answer, Call, Sessions, Unanswered, retry_after, within

NOT_DONE = frozenset({408, 425, 429, 503})
MOST_WORDS = 300
"""How many characters of the target's own words go into a message for people; the log gets ten times as many."""


class HttpSink:
    """Delivers to one HTTP endpoint."""

    def __init__(self, settings: HttpSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._sessions = Sessions(settings.concurrency, settings.verify, settings.authority, settings.keep_alive)
        self._headers = {**settings.headers, **_authorization(settings.auth)}

    @property
    def knows_keys(self) -> bool:
        """Whether the target honours idempotency keys: it does where a key header is set."""
        return bool(self._settings.key_header)

    async def send(self, dispatch: Dispatch) -> Reply:
        """Make the call; raises Retryable, Refused, UnknownEffect as the module says."""
        options = _options(dispatch)
        effect = options.method != "GET"
        answer = await self._exchange(self._call(dispatch, options), dispatch.seconds, effect=effect)
        if 200 <= answer.status < 300:
            return _reply(answer, options.reference)
        raise self._error(answer, effect=effect)

    async def check(self) -> str:
        """Say whether the endpoint answers; raises Retryable or Refused."""
        answer = await self._exchange(Call("GET", self._settings.url, self._headers), self._settings.timeout, effect=False)
        if answer.status in (401, 403):
            raise self._error(answer, effect=False)
        return f"{self._settings.url} answered {answer.status}"

    async def close(self) -> None:
        """Let go of connections."""
        await self._sessions.close()

    @property
    def _host(self) -> str:
        return urlsplit(self._settings.url).netloc

    def _call(self, dispatch: Dispatch, options: HttpTarget) -> Call:
        as_is = isinstance(dispatch.body, bytes)
        kind = dispatch.content_type if dispatch.content_type != BODY_TYPE else "application/json"
        headers = {
            "Content-Type": options.content_type or (kind if as_is else "application/json"),
            **self._headers,
            **options.headers,
        }
        if self._settings.key_header:
            headers[self._settings.key_header] = _key(dispatch)
        if dispatch.traceparent:
            headers["traceparent"] = dispatch.traceparent
        data = None if options.method == "GET" else dispatch.body if as_is else dump_json(dispatch.body)
        return Call(options.method, self._settings.url + _filled(options.path, dispatch), headers, data=data)

    async def _exchange(self, call: Call, seconds: float, *, effect: bool) -> Answer:
        try:
            return await self._sessions.exchange(call, within(seconds, self._settings.timeout))
        except Unanswered as lost:
            if lost.sent and effect:
                raise UnknownEffect(f"{self._host} may have got this: {lost.reason}", code="unanswered") from lost
            raise Retryable(f"{self._host} could not be reached: {lost.reason}", code="unreachable") from lost

    def _error(self, answer: Answer, *, effect: bool) -> CrossdockError:
        words = _words(answer)
        said = f"{self._host} answered {answer.status}{': ' if words else ''}{words[:MOST_WORDS]}"
        rest: dict[str, Any] = {"code": f"http_{answer.status}", "detail": words}
        if answer.status in NOT_DONE or (answer.status >= 500 and (self.knows_keys or not effect)):
            return Retryable(said, after=retry_after(answer.headers, self._clock.now()), **rest)
        if answer.status >= 500:
            return UnknownEffect(said, **rest)
        return _refusal(answer, said, rest)


class AskableHttpSink(HttpSink):
    """Delivers to an HTTP endpoint that can be asked whether it has a document."""

    def __init__(self, settings: HttpSettings, lookup: Lookup, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._lookup = lookup

    async def find(self, dispatch: Dispatch) -> Reply | None:
        """Look the key up at the target; raises Retryable or Refused where it does not say."""
        url = self._settings.url + _filled(self._lookup.path, dispatch)
        headers = {"Accept": "application/json", **self._headers}
        answer = await self._exchange(Call("GET", url, headers), dispatch.seconds, effect=False)
        if answer.status in self._lookup.found:
            return _reply(answer, _options(dispatch).reference)
        if answer.status in self._lookup.missing:
            return None
        raise self._error(answer, effect=False)


def _refusal(answer: Answer, said: str, rest: dict[str, Any]) -> CrossdockError:
    if answer.status in (401, 403):
        return Refused(said, advice="check the endpoint's `auth` and that its secret is still valid", **rest)
    if 300 <= answer.status < 400:
        there = answer.headers.get("Location", "an address that it does not name")[:MOST_WORDS]
        return Refused(
            f"{said} (a redirect to {there})", advice="redirects are not followed: put the right address in `url`", **rest
        )
    return Refused(said, **rest)


def _options(dispatch: Dispatch) -> HttpTarget:
    return dispatch.options if isinstance(dispatch.options, HttpTarget) else HttpTarget.model_validate({})


def _key(dispatch: Dispatch) -> str:
    """Return the key as a header can hold it; without one in the route the delivery's id serves, which no attempt changes."""
    return quote(dispatch.key or dispatch.delivery_id, safe=" !#$%&'()*+,/:;<=>?@[]^_`{|}~")


def _filled(path: str, dispatch: Dispatch) -> str:
    slash = "" if not path or path.startswith(("/", "?")) else "/"
    return slash + path.replace("{key}", quote(dispatch.key or dispatch.delivery_id, safe=""))


def _authorization(auth: Credentials | None) -> Mapping[str, str]:
    if auth is None:
        return {}
    if auth.api_key:
        return {auth.api_key.header: auth.api_key.value}
    if auth.basic:
        pair = f"{auth.basic.user}:{auth.basic.password}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode()}"}
    return {"Authorization": f"Bearer {auth.bearer}"}


def _reply(answer: Answer, field: str) -> Reply:
    """Return what the target said. A reply that broke off or isn't what it claims changes nothing: the status said `done`."""
    body = _decoded(answer) if answer.whole else None
    note = f"answered {answer.status}" if answer.whole else f"answered {answer.status}; the rest of the reply was lost"
    named = str(body.get(field) or "") if isinstance(body, dict) else ""
    return Reply(reference=answer.headers.get("Location", "") or named, body=body, note=note)


def _decoded(answer: Answer) -> Any:
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


def _words(answer: Answer) -> str:
    """Return the target's own words: an RFC 9457 problem's title and detail, or the text; cleaned and capped."""
    body = _decoded(answer)
    if isinstance(body, dict):
        parts = [str(body[name]) for name in ("title", "detail", "message", "error") if isinstance(body.get(name), str)]
        text = ": ".join(dict.fromkeys(parts)) or json.dumps(body, default=str)
    else:
        text = answer.data[: MOST_WORDS * 40].decode("utf-8", "replace")
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[: MOST_WORDS * 10]
