"""The sinks of the `http` connector. What each answer, and each missing answer, means for the delivery is in `remote`."""

from __future__ import annotations

from urllib.parse import quote

from crossdock.core.clock import Clock
from crossdock.core.message import BODY_TYPE, dump_json
from crossdock.core.ports import Dispatch, Reply
from crossdock_connectors.http import HttpSettings, HttpTarget, Lookup
from crossdock_connectors.http.remote import Remote, decoded
from crossdock_connectors.http.session import Answer, Call


class HttpSink:
    """Delivers to one HTTP endpoint."""

    def __init__(self, settings: HttpSettings, clock: Clock) -> None:
        self._settings = settings
        self._remote = Remote(settings, clock)

    @property
    def knows_keys(self) -> bool:
        """Whether the target honours idempotency keys: it does where a key header is set."""
        return bool(self._settings.key_header)

    async def send(self, dispatch: Dispatch) -> Reply:
        """Make the call; raises Retryable, Refused, UnknownEffect as `remote` says."""
        options = _options(dispatch)
        effect = options.method != "GET"
        answer = await self._remote.exchange(self._call(dispatch, options), dispatch.seconds, effect=effect)
        if 200 <= answer.status < 300:
            return _reply(answer, options.reference)
        raise self._remote.error(answer, effect=effect)

    async def check(self) -> str:
        """Say whether the endpoint answers; raises Retryable or Refused."""
        answer = await self._remote.exchange(
            Call("GET", self._settings.url, self._remote.headers), self._settings.timeout, effect=False
        )
        if answer.status in (401, 403):
            raise self._remote.error(answer, effect=False)
        return f"{self._settings.url} answered {answer.status}"

    async def close(self) -> None:
        """Let go of connections."""
        await self._remote.close()

    def _call(self, dispatch: Dispatch, options: HttpTarget) -> Call:
        as_is = isinstance(dispatch.body, bytes)
        kind = dispatch.content_type if dispatch.content_type != BODY_TYPE else "application/json"
        headers = {
            "Content-Type": options.content_type or (kind if as_is else "application/json"),
            **self._remote.headers,
            **options.headers,
        }
        if self._settings.key_header:
            headers[self._settings.key_header] = _key(dispatch)
        if dispatch.traceparent:
            headers["traceparent"] = dispatch.traceparent
        data = None if options.method == "GET" else dispatch.body if as_is else dump_json(dispatch.body)
        return Call(options.method, self._settings.url + _filled(options.path, dispatch), headers, data=data)


class AskableHttpSink(HttpSink):
    """Delivers to an HTTP endpoint that can be asked whether it has a document."""

    def __init__(self, settings: HttpSettings, lookup: Lookup, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._lookup = lookup

    async def find(self, dispatch: Dispatch) -> Reply | None:
        """Look the key up at the target; raises Retryable or Refused where it does not say."""
        url = self._settings.url + _filled(self._lookup.path, dispatch)
        headers = {"Accept": "application/json", **self._remote.headers}
        answer = await self._remote.exchange(Call("GET", url, headers), dispatch.seconds, effect=False)
        if answer.status in self._lookup.found:
            return _reply(answer, _options(dispatch).reference)
        if answer.status in self._lookup.missing:
            return None
        raise self._remote.error(answer, effect=False)


def _options(dispatch: Dispatch) -> HttpTarget:
    return dispatch.options if isinstance(dispatch.options, HttpTarget) else HttpTarget.model_validate({})


def _key(dispatch: Dispatch) -> str:
    """Return the key as a header can hold it; without one in the route the delivery's id serves, which no attempt changes."""
    return quote(dispatch.key or dispatch.delivery_id, safe=" !#$%&'()*+,/:;<=>?@[]^_`{|}~")


def _filled(path: str, dispatch: Dispatch) -> str:
    slash = "" if not path or path.startswith(("/", "?")) else "/"
    return slash + path.replace("{key}", quote(dispatch.key or dispatch.delivery_id, safe=""))


def _reply(answer: Answer, field: str) -> Reply:
    """Return what the target said. A reply that broke off or isn't what it claims changes nothing: the status said `done`."""
    body = decoded(answer) if answer.whole else None
    note = f"answered {answer.status}" if answer.whole else f"answered {answer.status}; the rest of the reply was lost"
    named = str(body.get(field) or "") if isinstance(body, dict) else ""
    return Reply(reference=answer.headers.get("Location", "") or named, body=body, note=note)
