"""What the control API can be asked: one table, from which its routes, its checks and its OpenAPI document are made."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from crossdock.core.access import Permission
from crossdock.core.audit import Sought
from crossdock.core.exchange import Asked
from crossdock.core.journal import Query
from crossdock.core.office import Office, Row
from crossdock.runtime.control.problems import BadRequest

Given = Mapping[str, Any]
Kind = Literal["string", "integer", "number", "boolean"]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter. `base64` text is handed on as bytes."""

    what: str
    kind: Kind = "string"
    required: bool = False
    default: Any = None
    least: int | None = None
    most: int | None = None
    base64: bool = False

    def schema(self) -> Row:
        """Return its JSON Schema."""
        said: Row = {"type": self.kind if self.default is not None or self.required else [self.kind, "null"]}
        said |= {"description": self.what}
        said |= {"contentEncoding": "base64"} if self.base64 else {}
        limits = {"minimum": self.least, "maximum": self.most, "default": self.default}
        return said | {name: value for name, value in limits.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to ask. Its parameters are in the path, in the query (GET) or in a JSON body (POST)."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    summary: str
    permission: Permission | None
    call: Callable[[Office, Given], Any]
    fields: Mapping[str, Field]

    @property
    def in_path(self) -> str:
        """The name of the parameter in the path, or nothing."""
        return self.path.partition("{")[2].partition("}")[0]

    def given(self, values: Mapping[str, Any], *, text: bool) -> Row:
        """Return checked parameters, defaults put in; raises BadRequest. `text`: they come as text, from a query."""
        for name in values:
            if name not in self.fields:
                raise BadRequest(f"'{name[:60]}' is no parameter of {self.name}; there is {', '.join(self.fields) or 'none'}")
        return {name: _checked(name, values.get(name), field, text) for name, field in self.fields.items()}


def _checked(name: str, value: Any, field: Field, text: bool) -> Any:
    if value is None or (text and value == ""):
        if field.required:
            raise BadRequest(f"'{name}' is missing: {field.what}")
        return field.default
    value = _typed(name, value, field, text)
    for least, word in ((field.least, "at least"), (field.most, "at most")):
        if least is not None and (value < least if word == "at least" else value > least):
            raise BadRequest(f"'{name}' must be {word} {least}")
    return _decoded(name, value) if field.base64 else value


def _typed(name: str, value: Any, field: Field, text: bool) -> Any:
    kinds: dict[Kind, Any] = {"string": str, "integer": int, "number": int | float, "boolean": bool}
    if text and field.kind == "integer" and isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 19:
        return int(value)
    wrong = not isinstance(value, kinds[field.kind]) or (isinstance(value, bool) and field.kind != "boolean")
    if wrong:
        raise BadRequest(f"'{name}' takes a value of type {field.kind}")
    return value


def _decoded(name: str, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"'{name}' is not base64") from None


def _limit(default: int) -> Field:
    return Field("at most so many", "integer", default=default, least=1, most=10_000)


def _text(what: str, *, required: bool = False) -> Field:
    return Field(what, required=required, default=None if required else "")


_ROUTE, _PARTNER = _text("only this route's"), _text("only this partner's")
_QUERY = {
    "route": _ROUTE,
    "partner": _PARTNER,
    "state": _text("only in this state"),
    "key": _text("only with this business key's value"),
    "since": Field("only since then, ms since 1970", "integer", default=0, least=0),
    "limit": _limit(50),
    "before": _text("only older than this one: for the next page"),
}
_ITEM = {"item": _text("a message's or delivery's id", required=True)}
_REASON = {"reason": _text("why; it is kept", required=True)}


def _viewed(office: Office, given: Given) -> Row:
    row = office.view(given["item"])
    return {**row, "payload": base64.b64encode(row["payload"]).decode()}


def _sent_again(office: Office, given: Given) -> Row:
    return {"delivery": office.resend(given["delivery"])}


def _discarded(office: Office, given: Given) -> Row:
    office.discard(given["item"], given["reason"])
    return {"item": given["item"]}


def _begun_anew(office: Office, given: Given) -> Row:
    office.restart_poll(given["name"])
    return {"name": given["name"]}


def _closed(office: Office, given: Given) -> Row:
    office.close_ack(given["item"], given["reason"])
    return {"item": given["item"]}


def _deployed(office: Office, given: Given) -> Row:
    return office.deploy(dict(given))


OPERATIONS: tuple[Operation, ...] = (
    Operation("whoami", "GET", "/v1/whoami", "Say who is asking, and what they may do", None, lambda o, g: o.whoami(), {}),
    Operation("listMessages", "GET", "/v1/messages", "List messages, newest first", "read",
              lambda o, g: o.messages(Query(**g)), _QUERY),
    Operation("find", "GET", "/v1/find", "Find messages by an id or a business key", "read",
              lambda o, g: o.find(g["text"]), {"text": _text("an id, an order number, an invoice number", required=True)}),
    Operation("trace", "GET", "/v1/traces/{message}", "Tell the story of a message's family", "read",
              lambda o, g: o.trace(g["message"]), {"message": _text("a message's id", required=True)}),
    Operation("chain", "GET", "/v1/chains/{order}", "Say what all documents say of an order", "read",
              lambda o, g: o.chain(g["order"]), {"order": _text("an order's number", required=True)}),
    Operation("viewItem", "GET", "/v1/items/{item}", "Show a message or delivery with its document (base64); it is written down",
              "view", _viewed, _ITEM),
    Operation("listFailed", "GET", "/v1/failed", "List what waits for a person", "read",
              lambda o, g: o.failed(Query(**g)), _QUERY),
    Operation("retry", "POST", "/v1/failed/retry", "Put a failed item back to work, with a repaired document if given", "retry",
              lambda o, g: {"lane": o.retry(g["item"], g["payload"])},
              {**_ITEM, "payload": Field("the repaired document, which takes the permission repair", base64=True)}),
    Operation("resend", "POST", "/v1/failed/resend", "Send a delivery's document once more", "resend", _sent_again,
              {"delivery": _text("a delivery's id", required=True)}),
    Operation("admit", "POST", "/v1/failed/admit", "Let a duplicate in", "admit",
              lambda o, g: {"lane": o.admit(g["message"])}, {"message": _text("a message's id", required=True)}),
    Operation("discard", "POST", "/v1/failed/discard", "Take a failed item off the list", "discard", _discarded,
              {**_ITEM, **_REASON}),
    Operation("listParked", "GET", "/v1/parked", "List parked messages, the longest waiting first", "read",
              lambda o, g: o.parked(g["route"], g["key"], g["limit"]),
              {"route": _ROUTE, "key": _text("only what waits for this key"), "limit": _limit(100)}),
    Operation("releaseParked", "POST", "/v1/parked/release", "Let all messages that wait for a key go on", "release_parked",
              lambda o, g: {"messages": o.unpark(g["key"])}, {"key": _text("the key", required=True)}),
    Operation("listPolls", "GET", "/v1/polls", "List what is asked again and again, and how far it has come", "read",
              lambda o, g: o.polls(), {}),
    Operation("restartPoll", "POST", "/v1/polls/restart", "Let a poll begin anew", "restart_poll", _begun_anew,
              {"name": _text("the poll's name", required=True)}),
    Operation("listAcks", "GET", "/v1/acks", "List documents exchanged with partners", "read",
              lambda o, g: o.acks(Asked(**{**g, "state": "" if g["state"] == "all" else g["state"]})),
              {"partner": _PARTNER, "document": _text("only this kind, such as 810"), "limit": _limit(100),
               "state": Field("only this state; `open` is all that needs an answer, `all` is all", default="open")}),
    Operation("listMissing", "GET", "/v1/acks/missing", "List documents that should have followed others, and have not", "read",
              lambda o, g: o.missing(g["partner"], g["limit"]), {"partner": _PARTNER, "limit": _limit(100)}),
    Operation("closeAck", "POST", "/v1/acks/close", "Settle an exchanged document by your word", "close_ack", _closed,
              {**_ITEM, **_REASON}),
    Operation("showAck", "GET", "/v1/acks/{item}", "Show an exchanged document with its history", "read",
              lambda o, g: o.ack(g["item"]), _ITEM),
    Operation("listLanes", "GET", "/v1/lanes", "Show the backlog, lane by lane", "read", lambda o, g: o.lanes(), {}),
    Operation("listDeployments", "GET", "/v1/deployments", "List deployments, newest first", "read",
              lambda o, g: o.deployments(g["limit"]), {"limit": _limit(20)}),
    Operation("keepRelease", "POST", "/v1/releases", "Keep a release that was built, proven to compile here", "deploy",
              lambda o, g: {"release": o.keep_release(g["artefact"])},
              {"artefact": Field("what `crossdock build` made", required=True, base64=True)}),
    Operation("deploy", "POST", "/v1/deployments", "Prove a release here and switch to it", "deploy", _deployed,
              {"artefact": Field("what `crossdock build` made; or else:", base64=True),
               "release": _text("a release that is kept here already, by its id"), "note": _text("why"),
               "allow_delete": Field("let routes go that the release hasn't any more", "boolean", default=False),
               "expected": Field("only if this deployment runs", "integer"),
               "canary": Field("only this share of the keys at first, in percent", "number", least=0, most=100),
               "lasting": Field("the canary's time in seconds; then it is complete", "number", least=0, most=10**8),
               "most_errors": Field("more failures than this, in percent, and it is taken back", "number", least=0, most=100)}),
    Operation("completeCanary", "POST", "/v1/complete", "Make the canary that runs the release for everybody", "deploy",
              lambda o, g: o.complete(g["note"]), {"note": _text("why")}),
    Operation("rollback", "POST", "/v1/rollback", "Go back to what ran before", "rollback",
              lambda o, g: o.rollback(g["to"], g["note"]),
              {"to": _text("a release's id or a deployment's number; nothing: the one before"), "note": _text("why")}),
    Operation("promote", "POST", "/v1/promote", "Deploy what runs in another environment, under the same release id", "promote",
              lambda o, g: o.promote(g["source"], {"note": g["note"], "allow_delete": g["allow_delete"]}),
              {"source": _text("the other environment", required=True), "note": _text("why"),
               "allow_delete": Field("let routes go that the release hasn't any more", "boolean", default=False)}),
    Operation("listProcesses", "GET", "/v1/processes", "List the processes that live, and what each has taken up", "read",
              lambda o, g: o.processes(), {}),
    Operation("searchAudit", "GET", "/v1/audit", "Say who did what, newest first", "read_audit",
              lambda o, g: o.audit(Sought(**g)),
              {"actor": _text("only this one's acts"), "action": _text("only this"),
               "subject": _text("only what was done to this"),
               "since": Field("only since then, ms since 1970", "integer", default=0, least=0),
               "before": Field("only rows before this one", "integer", default=0, least=0), "limit": _limit(100)}),
    Operation("exportAudit", "GET", "/v1/audit/export", "The whole audit log as NDJSON, oldest first", "read_audit",
              lambda o, g: o.audit_rows(), {}),
    Operation("verifyAudit", "GET", "/v1/audit/verify", "Find rows that were changed, moved, put in or taken out", "read_audit",
              lambda o, g: o.verify_audit(), {}),
    Operation("listTokens", "GET", "/v1/tokens", "List API tokens, without their secrets", "manage_tokens",
              lambda o, g: o.tokens(), {}),
    Operation("newToken", "POST", "/v1/tokens", "Make an API token; it is shown once", "manage_tokens",
              lambda o, g: {"token": o.new_token(g["name"], g["lifetime"])},
              {"name": _text("its name", required=True),
               "lifetime": Field("seconds; nothing: for ever", "number", least=1, most=10**10)}),
    Operation("revokeToken", "POST", "/v1/tokens/revoke", "Revoke the living tokens of a name, or the one with a prefix",
              "manage_tokens", lambda o, g: {"revoked": o.revoke_token(g["name"])}, {"name": _text("its name", required=True)}),
    Operation("listApprovals", "GET", "/v1/approvals", "List requests for approval, newest first", "read",
              lambda o, g: o.approvals(g["state"], g["limit"]), {"state": _text("only in this state"), "limit": _limit(50)}),
    Operation("approve", "POST", "/v1/approvals/approve", "Agree to what somebody else has asked for", "approve",
              lambda o, g: o.approve(g["request"]), {"request": _text("a request's id", required=True)}),
    Operation("reject", "POST", "/v1/approvals/reject", "Turn a request down", "reject",
              lambda o, g: o.reject(g["request"], g["reason"]),
              {"request": _text("a request's id", required=True), "reason": _text("why; it is kept")}),
)  # fmt: skip


def by_path() -> Iterator[tuple[str, list[Operation]]]:
    """Yield paths with their operations; fixed ones before those with a parameter, as they must be tried."""
    paths = sorted({operation.path for operation in OPERATIONS}, key=lambda path: ("{" in path, path))
    for path in paths:
        yield path, [operation for operation in OPERATIONS if operation.path == path]
