"""Tryton over HTTP: its REST interface by key, or JSON-RPC by user and password, behind one set of calls.

Errors are sorted by what happens next. A call that reads is always safe to repeat; one that writes and gets no answer may have
had its effect. Tryton rolls back before it answers 4xx, 500 or 503, so these are known to be without effect.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from time import monotonic
from typing import Any, NoReturn, Protocol

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, Refused, Retryable, UnknownEffect
from crossdock.core.message import dump_json
from crossdock_connectors.http.session import Answer, Call, Sessions, Unanswered, retry_after, within
from crossdock_connectors.tryton import TrytonSettings

Row = dict[str, Any]
Domain = list[Any]

MOST_WORDS = 400
"""A domain error may carry 80 kB of field definitions; people get its sentence."""

REPAIR = "correct the order, or the data in the ERP, and retry"


@dataclass(frozen=True, slots=True)
class Ask:
    """One call of a model's method. `writes` says whether it changes anything."""

    model: str
    method: str
    record: int | None = None
    domain: Domain = field(default_factory=list)
    fields: tuple[str, ...] = ()
    limit: int | None = None
    values: Row | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    writes: bool = False

    @property
    def what(self) -> str:
        """The call in words, for messages."""
        return f"{self.model} {self.method}"


class Wire(Protocol):
    """One of Tryton's two interfaces: turns asks into HTTP calls and answers into results."""

    def call(self, ask: Ask) -> Call:
        """Return the HTTP request."""

    def result(self, answer: Answer) -> Any:
        """Return the result of an answer with status 2xx; raises CrossdockError that it carries."""


class Rest:
    """The REST interface (Tryton 8): a key, short errors."""

    def __init__(self, settings: TrytonSettings) -> None:
        self._base = f"{settings.url}/{settings.database}/rest/model/"
        self._headers = {"Authorization": f"bearer {settings.key}", "Accept": "application/json"}

    def call(self, ask: Ask) -> Call:
        """Return the HTTP request."""
        headers = dict(self._headers)
        if ask.context:
            headers["X-Tryton-Context"] = urlsafe_b64encode(_dumped(ask.context)).decode()
        method, path, data = _REST[ask.method](ask) if ask.method in _REST else _rest_action(ask)
        if data is not None:
            headers["Content-Type"] = "application/json"
        return Call(method, self._base + path, headers, _rest_params(ask), data)

    def result(self, answer: Answer) -> Any:
        """Return the result; nothing where the status says it all."""
        return _loaded(answer.data) if answer.data else None


def _rest_params(ask: Ask) -> tuple[tuple[str, str], ...]:
    shown = tuple(("f", name) for name in ask.fields)
    if ask.method != "search_read":
        return shown
    limit = () if ask.limit is None else (("s", str(ask.limit)),)
    return (("d", urlsafe_b64encode(_dumped(ask.domain)).decode()), *limit, *shown)


def _rest_action(ask: Ask) -> tuple[str, str, bytes | None]:
    place = ask.model if ask.record is None else f"{ask.model}/{ask.record}"
    return "POST", f"{place}/{ask.method}", _dumped(ask.values or {})


_REST: Mapping[str, Any] = {
    "search_read": lambda ask: ("GET", ask.model, None),
    "create": lambda ask: ("POST", ask.model, _dumped(ask.values)),
    "delete": lambda ask: ("DELETE", f"{ask.model}/{ask.record}", None),
}


class JsonRpc:
    """The JSON-RPC interface: a session by user and password."""

    def __init__(self, settings: TrytonSettings) -> None:
        self._url = f"{settings.url}/{settings.database}/rpc/"
        self._settings = settings
        self._session = ""

    @property
    def logged_in(self) -> bool:
        """Whether there is a session."""
        return bool(self._session)

    def login(self) -> Call:
        """Return the request that opens a session."""
        params = [self._settings.user, {"password": self._settings.password}, "en"]
        return self._post("common.db.login", params, {})

    def enter(self, answer: Answer) -> None:
        """Keep the session that a login gave."""
        number, token, *_ = self.result(answer)
        self._session = b64encode(f"{self._settings.user}:{number}:{token}".encode()).decode()

    def leave(self) -> None:
        """Forget the session: it has run out."""
        self._session = ""

    def call(self, ask: Ask) -> Call:
        """Return the HTTP request."""
        params = [*_RPC.get(ask.method, _rpc_button)(ask), ask.context]
        return self._post(f"model.{ask.model}.{ask.method}", params, {"Authorization": f"Session {self._session}"})

    def result(self, answer: Answer) -> Any:
        """Return the result; raises the error that an answer with status 200 may carry."""
        body = _loaded(answer.data)
        if "error" in body:
            raise _rpc_error(body["error"])
        return body["result"]

    def _post(self, method: str, params: Sequence[Any], headers: Mapping[str, str]) -> Call:
        data = _dumped({"id": 1, "method": method, "params": params})
        return Call("POST", self._url, {"Content-Type": "application/json", **headers}, data=data)


def _rpc_button(ask: Ask) -> list[Any]:
    return [[ask.record]] if ask.record is not None else list((ask.values or {}).values())


_RPC: Mapping[str, Any] = {
    "search_read": lambda ask: [ask.domain, 0, ask.limit, None, list(ask.fields)],
    "create": lambda ask: [[ask.values]],
}


def _rpc_error(error: Any) -> CrossdockError:
    name, content = (*error, "")[:2] if isinstance(error, list) else (str(error), "")
    parts = [str(part) for part in content if isinstance(part, str)] if isinstance(content, list) else [str(content)]
    if name == "UserError":
        return Refused(f"the ERP refused: {words(*parts[:2])}", advice=REPAIR, code="erp_refused")
    if name == "UserWarning":
        return Refused(
            f"the ERP wants a person to decide: {words(*parts[1:])}", code="erp_warning", advice="confirm it in the ERP"
        )
    if name == "LoginException":
        return _not_let_in("user")
    if name == "ConcurrencyException":
        return Retryable(f"somebody else changed the record: {words(*parts)}", code="erp_busy")
    return Retryable(f"the ERP failed: {words(str(name))}", code="erp_failed", detail=words(str(name), *parts))


class Client:
    """A Tryton database."""

    def __init__(self, settings: TrytonSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.sessions = Sessions(settings.concurrency)
        self.wire: Rest | JsonRpc = Rest(settings) if settings.key else JsonRpc(settings)
        self._company: Mapping[str, Any] = {}

    def talk(self, seconds: float) -> Talk:
        """Begin a row of calls that share a deadline."""
        return Talk(self, within(seconds, self.settings.timeout))

    async def close(self) -> None:
        """Let go of connections."""
        await self.sessions.close()

    async def context(self, talk: Talk) -> Mapping[str, Any]:
        """Return the context of every call: the company, asked for once."""
        if not self._company:
            self._company = {"company": await self._find_company(talk), "language": "en"}
        return self._company

    async def _find_company(self, talk: Talk) -> int:
        named = self.settings.company
        if named:
            rows = await talk.run(Ask("company.company", "search_read", domain=[["party.name", "=", named]], fields=("id",)))
            number = rows[0]["id"] if rows else None
        else:
            asked = Ask("res.user", "get_preferences", values={"context_only": True})
            number = (await talk.run(asked)).get("company")
        if number is None:
            whose = f"there is no company '{named}' in the ERP" if named else "the ERP's user has no company"
            raise Refused(whose, code="company", advice="set `company` of the endpoint to the name of one that the user may use")
        return int(number)


class Talk:
    """A row of calls that share one deadline."""

    def __init__(self, client: Client, seconds: float) -> None:
        self._client = client
        self._end = monotonic() + seconds

    async def search(self, model: str, domain: Domain, fields: Sequence[str], **rest: Any) -> list[Row]:
        """Return the records that a domain fits. `rest`: `limit`, and `context` beyond the company."""
        context = {**await self._client.context(self), **rest.pop("context", {})}
        rows = await self.run(Ask(model, "search_read", domain=domain, fields=tuple(fields), context=context, **rest))
        return list(rows)

    async def create(self, model: str, values: Row) -> int:
        """Create a record; return its id."""
        context = await self._client.context(self)
        made = await self.run(Ask(model, "create", values=values, fields=("id",), context=context, writes=True))
        return int(made[0] if isinstance(made, list) else made["id"])

    async def press(self, model: str, button: str, record: int) -> None:
        """Press a record's button."""
        context = await self._client.context(self)
        await self.run(Ask(model, button, record=record, fields=("id",), context=context, writes=True))

    async def delete(self, model: str, record: int) -> None:
        """Delete a record."""
        context = await self._client.context(self)
        await self.run(Ask(model, "delete", record=record, context=context, writes=True))

    async def run(self, ask: Ask) -> Any:
        """Make a call; raises Retryable, Refused, UnknownEffect."""
        wire = self._client.wire
        if isinstance(wire, JsonRpc) and not wire.logged_in:
            await self._log_in(wire)
        answer = await self._exchange(wire.call(ask), ask)
        if answer.status == 401 and isinstance(wire, JsonRpc):
            await self._log_in(wire)
            answer = await self._exchange(wire.call(ask), ask)
        return self._result(answer, ask)

    async def _log_in(self, wire: JsonRpc) -> None:
        wire.leave()
        asked = Ask("user", "login")
        answer = await self._exchange(wire.login(), asked)
        if answer.status != 200:
            self._raise(answer, asked)
        wire.enter(answer)

    async def _exchange(self, call: Call, ask: Ask) -> Answer:
        try:
            return await self._client.sessions.exchange(call, self._end - monotonic())
        except Unanswered as lost:
            if lost.sent and ask.writes:
                raise UnknownEffect(f"the ERP may have done `{ask.what}`: {lost.reason}", code="unanswered") from lost
            raise Retryable(f"the ERP could not be reached: {lost.reason}", code="unreachable") from lost

    def _result(self, answer: Answer, ask: Ask) -> Any:
        if not 200 <= answer.status < 300:
            self._raise(answer, ask)
        try:
            return _undotted(self._client.wire.result(answer))
        except (ValueError, KeyError, TypeError) as error:
            kind = UnknownEffect if ask.writes else Retryable
            raise kind(
                f"the ERP's answer to `{ask.what}` is unreadable", code="unreadable", detail=repr(answer.data[:400])
            ) from error

    def _raise(self, answer: Answer, ask: Ask) -> NoReturn:
        after = retry_after(answer.headers, self._client.clock.now())
        error = _status_error(answer, ask, self._client.settings)
        if isinstance(error, Retryable):
            error.after = after
        raise error


def _status_error(answer: Answer, ask: Ask, settings: TrytonSettings) -> CrossdockError:
    said = _said(answer)
    if answer.status == 400:
        return Refused(f"the ERP refused: {said}", code="erp_refused", advice=REPAIR)
    if answer.status in (401, 403):
        return _not_let_in("key" if settings.key else "user") if answer.status == 401 else _not_allowed(ask, said)
    if answer.status == 404:
        where = f"{settings.url} has no database '{settings.database}'"
        return Refused(where, code="erp_missing", advice="check `url` and `database` of the endpoint", detail=said)
    if answer.status in (502, 504) and ask.writes:
        return UnknownEffect(f"the ERP may have done `{ask.what}`: it answered {answer.status}", code="unanswered", detail=said)
    if answer.status in (408, 423, 429) or answer.status >= 500:
        busy = answer.status in (423, 429, 503)
        return Retryable(
            f"the ERP is {'busy' if busy else 'in trouble'} (it answered {answer.status})", code="erp_busy", detail=said
        )
    return Refused(f"the ERP answered {answer.status} to `{ask.what}`", code="erp_refused", detail=said)


def _not_let_in(what: str) -> Refused:
    advice = {"key": "check the endpoint's `key`: it must belong to a validated user application `rest`"}
    return Refused(
        f"the ERP does not accept our {what}", code="login", advice=advice.get(what, "check the endpoint's `user` and `password`")
    )


def _not_allowed(ask: Ask, said: str) -> Refused:
    return Refused(
        f"the ERP does not allow us `{ask.what}`", code="forbidden", detail=said, advice="give the ERP's user the rights for it"
    )


def _said(answer: Answer) -> str:
    try:
        body = json.loads(answer.data)
    except ValueError:
        return words(answer.data[:1000].decode("utf-8", "replace"))
    return words(str(body.get("message", "")), str(body.get("description", ""))) if isinstance(body, dict) else words(str(body))


def words(*parts: str) -> str:
    """Return an ERP's text for people: on one line, printable, capped."""
    shown = [" ".join(part.split()) for part in parts if part and part.strip()]
    return "; ".join(shown)[:MOST_WORDS]


def _dumped(value: Any) -> bytes:
    return dump_json(_tagged(value))


def _tagged(value: Any) -> Any:
    """Return a value as Tryton writes it; a Decimal is told apart from a float by its class."""
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, Mapping):
        return {name: _tagged(item) for name, item in value.items()}
    return [_tagged(item) for item in value] if isinstance(value, list | tuple) else value


def _loaded(data: bytes) -> Any:
    return json.loads(data, parse_float=Decimal, object_hook=_untagged)


def _untagged(value: Row) -> Any:
    kind = value.get("__class__")
    if kind == "Decimal":
        return Decimal(value["decimal"])
    return f"{value['year']:04}-{value['month']:02}-{value['day']:02}" if kind == "date" else value


def _undotted(value: Any) -> Any:
    """Return rows with nested ones under plain names: JSON-RPC calls the fields of `product` `product.`."""
    if isinstance(value, list):
        return [_undotted(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {name: _undotted(item) for name, item in value.items() if not name.endswith(".")}
    return plain | {name[:-1]: _undotted(item) for name, item in value.items() if name.endswith(".")}
