"""The message: frozen; a change makes a copy.

What a stranger said (`headers`) and what the engine knows (`control`) are different types and never mix.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from crossdock.core.blob import Blob
from crossdock.core.errors import Rejected
from crossdock.core.exchange import Exchange, no_exchanges

if TYPE_CHECKING:
    from crossdock.core.chain import Link
    from crossdock.core.outcome import Claim

BODY_TYPE = "application/vnd.crossdock.body+json"
"""Content type of a decoded body kept in the journal (see `dump_body`)."""


@dataclass(frozen=True, slots=True)
class Control:
    """Engine-only facts about a message. Nothing in here ever comes from the document or its headers.

    `resume` is the number of the program's node to go on from (0: the start). `answered` says that the partner has had the
    acknowledgement for this document, so that a repaired part makes no second one. Messages of a route with the same `order_key`
    are run one after the other.
    """

    route: str
    release: str
    source: str = ""
    partner: str = ""
    resume: int = 0
    answered: bool = False
    order_key: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way.

    `body` is `bytes` as received (a `Blob` where these are too many for memory), or decoded data:
    dicts, lists, str, int, bool, None and Decimal (never float).
    `keys` are the business keys it is found by (`{"order_number": "4500012345"}`). `received_at` is in ms since 1970.
    `held` is what the route put aside: bodies by `claim_check`, and `error` within a catch.
    """

    id: str
    body: Any
    control: Control
    content_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""
    received_at: int = 0
    held: Mapping[str, Any] = field(default_factory=dict)

    def with_body(self, body: Any, content_type: str = BODY_TYPE) -> Message:
        """Return a copy with another body."""
        return replace(self, body=body, content_type=content_type)

    def with_keys(self, keys: Mapping[str, str]) -> Message:
        """Return a copy with more business keys."""
        return replace(self, keys={**self.keys, **keys})

    def with_headers(self, headers: Mapping[str, str]) -> Message:
        """Return a copy with more headers."""
        return replace(self, headers={**self.headers, **headers})

    def with_only_headers(self, headers: Mapping[str, str]) -> Message:
        """Return a copy with these headers and no others."""
        return replace(self, headers=headers)

    def holding(self, name: str, value: Any) -> Message:
        """Return a copy that holds one thing more."""
        return replace(self, held={**self.held, name: value})

    def holding_no(self, name: str) -> Message:
        """Return a copy that holds one thing less."""
        return replace(self, held={known: value for known, value in self.held.items() if known != name})


@dataclass(frozen=True, slots=True)
class Numbered:
    """A document that gets its control number only when it is committed, so that numbers are never reused and have no gaps.

    `scope` names the sequence (`x12/acme`), `render` makes the bytes from the number, `name` the file name from it. `claims` are
    keys that may be used once (an invoice number), `links` what the document says of orders, `exchanges` what the partner will
    know the documents in it by.
    """

    scope: str
    render: Callable[[int], bytes]
    name: Callable[[int], str]
    content_type: str = "application/octet-stream"
    claims: tuple[Claim, ...] = ()
    links: tuple[Link, ...] = ()
    exchanges: Callable[[int], Sequence[Exchange]] = no_exchanges


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a source hands in: bytes, untrusted headers, and a key by which a second copy is known.

    `dedupe_key` is unique within `source`; empty means that every delivery is new.
    """

    route: str
    data: bytes | Blob
    source: str
    partner: str = ""
    name: str = ""
    content_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    dedupe_key: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The journal's answer to a receipt, given only when it is durable. A duplicate names the first message's id."""

    message_id: str
    duplicate: bool = False


_DECODE = json.JSONDecoder(parse_float=Decimal).decode


def _exact(value: Any) -> Any:
    """Write a Decimal so that reading it back gives a Decimal: `5` as `5e0`."""
    if isinstance(value, Decimal):
        return orjson.Fragment(_tagged(value))
    raise Rejected(f"a message body can't hold a {type(value).__name__}")


def _tagged(value: Decimal) -> bytes:
    text = _finite(value)
    return (text if "." in text or "E" in text else text + "e0").encode()


def _plain(value: Any) -> Any:
    """Write a Decimal as the JSON number it is."""
    if isinstance(value, Decimal):
        return orjson.Fragment(_finite(value).encode())
    raise Rejected(f"JSON can't hold a {type(value).__name__}")


def _finite(value: Decimal) -> str:
    if not value.is_finite():
        raise Rejected(f"{value} is not a number that a document can hold")
    return str(value)


def dump_body(body: Any) -> bytes:
    """Encode a decoded body for the journal; `load_body` gives back the same values and types."""
    return _dumped(body, _exact)


def load_body(data: bytes) -> Any:
    """Decode what `dump_body` wrote."""
    return _DECODE(data.decode())


def dump_json(body: Any) -> bytes:
    """Encode a decoded body as JSON for the world: Decimals as plain numbers, digits kept."""
    return _dumped(body, _plain)


def _dumped(body: Any, default: Callable[[Any], Any]) -> bytes:
    try:
        return orjson.dumps(body, default=default)
    except orjson.JSONEncodeError as error:
        cause = error.__cause__
        raise cause if isinstance(cause, Rejected) else Rejected(f"this can't be kept as a document: {error}") from None


def dump_held(held: Mapping[str, Any]) -> str:
    """Encode what a message's route put aside; `load_held` gives back the same values and types."""
    return dump_body({name: _boxed(value) for name, value in held.items()}).decode()


def load_held(text: str) -> dict[str, Any]:
    """Decode what `dump_held` wrote."""
    return {name: _unboxed(value) for name, value in load_body(text.encode()).items()}


_BYTES = "$base64"


def _boxed(value: Any) -> Any:
    return {_BYTES: b64encode(value).decode()} if isinstance(value, bytes) else value


def _unboxed(value: Any) -> Any:
    return b64decode(value[_BYTES]) if isinstance(value, dict) and set(value) == {_BYTES} else value


def stored(body: Any, content_type: str) -> tuple[bytes | Blob, str]:
    """Return a body as the journal keeps it: (data, content type)."""
    if isinstance(body, bytes | Blob):
        return body, content_type
    return dump_body(body), BODY_TYPE


def restored(data: bytes, content_type: str) -> Any:
    """Return a body from what the journal keeps."""
    return load_body(data) if content_type == BODY_TYPE else data
