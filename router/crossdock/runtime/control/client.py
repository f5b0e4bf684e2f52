"""The office behind a server: the same questions and acts, over the control API."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from crossdock.core.audit import Sought
from crossdock.core.errors import Misconfigured, Retryable
from crossdock.core.exchange import Asked
from crossdock.core.journal import Query
from crossdock.core.office import Row
from crossdock.runtime.control.problems import error_of

PATIENCE = 60.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Server:
    """One server's address, and how to talk to it; raises Misconfigured, Retryable, and what the server tells."""

    def __init__(self, url: str, token: str) -> None:
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not split.hostname:
            raise Misconfigured(f"'{url}' is no server", advice="write https://crossdock.example.com:9465")
        if split.scheme == "http" and split.hostname not in LOOPBACK:
            raise Misconfigured(
                f"the token would travel to {split.hostname} in the clear", advice="the address of a server begins with https://"
            )
        self._split = split
        self._headers = {"Accept": "application/json", "User-Agent": "crossdock"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Any:
        """Ask."""
        asked = {name: value for name, value in query.items() if value not in ("", None)}
        return json.loads(self._read("GET", f"{path}?{urlencode(asked)}" if asked else path, None))

    def post(self, path: str, **body: Any) -> Any:
        """Do."""
        return json.loads(self._read("POST", path, json.dumps(body).encode()))

    def lines(self, path: str) -> Iterator[Any]:
        """Ask for rows, one a line."""
        for line in self._read("GET", path, None).splitlines():
            yield json.loads(line)

    def _read(self, method: str, path: str, body: bytes | None) -> bytes:
        connection = self._connection()
        headers = {**self._headers, **({"Content-Type": "application/json"} if body is not None else {})}
        try:
            connection.request(method, f"{self._split.path.rstrip('/')}{path}", body, headers)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Retryable(f"{self._split.netloc} can't be reached: {error}", advice="is its gateway running?") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise error_of(_problem(data), answer.status)
        return data

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._split.hostname or "", self._split.port
        if self._split.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=PATIENCE)


def _problem(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class RemoteOffice:
    """`core.office.Office` behind a server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def whoami(self) -> Row:
        """Return who this is."""
        return _row(self._server.get("/v1/whoami"))

    def chain(self, order: str) -> Row:
        """Return what documents say of an order."""
        return _row(self._server.get(f"/v1/chains/{_path(order)}"))

    def messages(self, query: Query) -> list[Row]:
        """Return messages, newest first."""
        return _rows(self._server.get("/v1/messages", **asdict(query)))

    def find(self, text: str) -> list[str]:
        """Return the roots of what a text names."""
        return [str(root) for root in self._server.get("/v1/find", text=text)]

    def trace(self, message: str) -> Row:
        """Return the story of a message's family."""
        return _row(self._server.get(f"/v1/traces/{_path(message)}"))

    def failed(self, query: Query) -> list[Row]:
        """Return what waits for a person."""
        return _rows(self._server.get("/v1/failed", **asdict(query)))

    def view(self, item: str) -> Row:
        """Return one message or delivery with its document."""
        row = _row(self._server.get(f"/v1/items/{_path(item)}"))
        return {**row, "payload": base64.b64decode(row["payload"])}

    def retry(self, item: str, data: bytes | None) -> str:
        """Put a failed item back to work."""
        payload = None if data is None else base64.b64encode(data).decode()
        return str(self._server.post("/v1/failed/retry", item=item, payload=payload)["lane"])

    def resend(self, delivery: str) -> str:
        """Send a document once more."""
        return str(self._server.post("/v1/failed/resend", delivery=delivery)["delivery"])

    def admit(self, message: str) -> str:
        """Let a duplicate in."""
        return str(self._server.post("/v1/failed/admit", message=message)["lane"])

    def discard(self, item: str, reason: str) -> None:
        """Take an item off the list."""
        self._server.post("/v1/failed/discard", item=item, reason=reason)

    def parked(self, route: str, key: str, limit: int) -> list[Row]:
        """Return parked messages."""
        return _rows(self._server.get("/v1/parked", route=route, key=key, limit=limit))

    def unpark(self, key: str) -> int:
        """Let parked messages go on."""
        return int(self._server.post("/v1/parked/release", key=key)["messages"])

    def polls(self) -> list[Row]:
        """Return what is asked again and again."""
        return _rows(self._server.get("/v1/polls"))

    def restart_poll(self, name: str) -> None:
        """Let a poll begin anew."""
        self._server.post("/v1/polls/restart", name=name)

    def acks(self, asked: Asked) -> list[Row]:
        """Return documents exchanged with partners."""
        query = {"partner": asked.partner, "document": asked.document, "limit": asked.limit}
        return _rows(self._server.get("/v1/acks", state=asked.state or "all", **query))

    def missing(self, partner: str, limit: int) -> list[Row]:
        """Return documents that should have followed others."""
        return _rows(self._server.get("/v1/acks/missing", partner=partner, limit=limit))

    def ack(self, item: str) -> Row:
        """Return one exchanged document."""
        return _row(self._server.get(f"/v1/acks/{_path(item)}"))

    def close_ack(self, item: str, reason: str) -> None:
        """Settle an exchanged document."""
        self._server.post("/v1/acks/close", item=item, reason=reason)

    def lanes(self) -> list[Row]:
        """Return the backlog."""
        return _rows(self._server.get("/v1/lanes"))

    def deployments(self, limit: int) -> list[Row]:
        """Return deployments, newest first."""
        return _rows(self._server.get("/v1/deployments", limit=limit))

    def keep_release(self, artefact: bytes) -> str:
        """Keep a release."""
        return str(self._server.post("/v1/releases", artefact=base64.b64encode(artefact).decode())["release"])

    def deploy(self, asked: Row) -> Row:
        """Deploy."""
        artefact = asked.get("artefact")
        sent = {**asked, "artefact": base64.b64encode(artefact).decode()} if artefact else asked
        return _row(self._server.post("/v1/deployments", **sent))

    def complete(self, note: str) -> Row:
        """Make a canary's candidate what runs."""
        return _row(self._server.post("/v1/complete", note=note))

    def promote(self, source: str, asked: Row) -> Row:
        """Deploy what runs in another environment."""
        return _row(self._server.post("/v1/promote", source=source, **asked))

    def processes(self) -> list[Row]:
        """Return the processes that live."""
        return _rows(self._server.get("/v1/processes"))

    def rollback(self, to: str, note: str) -> Row:
        """Go back."""
        return _row(self._server.post("/v1/rollback", to=to, note=note))

    def audit(self, sought: Sought) -> list[Row]:
        """Return rows of the audit log."""
        return _rows(self._server.get("/v1/audit", **asdict(sought)))

    def audit_rows(self) -> Iterator[Row]:
        """Yield the whole audit log."""
        return self._server.lines("/v1/audit/export")

    def verify_audit(self) -> Row:
        """Verify the audit log."""
        return _row(self._server.get("/v1/audit/verify"))

    def tokens(self) -> list[Row]:
        """Return the API tokens."""
        return _rows(self._server.get("/v1/tokens"))

    def new_token(self, name: str, lifetime: float | None) -> str:
        """Make a token."""
        return str(self._server.post("/v1/tokens", name=name, lifetime=lifetime)["token"])

    def revoke_token(self, name: str) -> int:
        """Revoke tokens."""
        return int(self._server.post("/v1/tokens/revoke", name=name)["revoked"])

    def approvals(self, state: str, limit: int) -> list[Row]:
        """Return requests for approval."""
        return _rows(self._server.get("/v1/approvals", state=state, limit=limit))

    def approve(self, request: str) -> Row:
        """Agree to a request."""
        return _row(self._server.post("/v1/approvals/approve", request=request))

    def reject(self, request: str, reason: str) -> Row:
        """Turn a request down."""
        return _row(self._server.post("/v1/approvals/reject", request=request, reason=reason))


def _path(text: str) -> str:
    return quote(text, safe="")


def _row(found: Any) -> Row:
    return dict(found)


def _rows(found: Any) -> list[Row]:
    return [dict(row) for row in found]
