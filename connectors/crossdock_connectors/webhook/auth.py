"""How a webhook's sender proves who it is: Standard Webhooks, a bearer token, or an HMAC over the body.

Every comparison takes the same time whatever it compares. A refusal says which check failed, and nothing of what was expected.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Mapping, Sequence
from typing import Protocol

from crossdock.core.clock import Clock
from crossdock.core.errors import Misconfigured
from crossdock_connectors.webhook import Auth, Bearer, HmacSha256, StandardWebhooks

Headers = Mapping[bytes, bytes]
MOST_SIGNATURES = 16
"""Signatures that are looked at in one request: a rotating sender sends two."""


class Unproven(Exception):
    """The sender did not prove who it is; the message is for the sender."""


class Proof(Protocol):
    """One way of proving. `early` ways need no body, and are asked before it is read; `scheme` names the way to a stranger."""

    early: bool
    scheme: bytes

    def verify(self, headers: Headers, body: bytes) -> str:
        """Return the message's id where the proof covers one, else nothing; raises Unproven."""


class Open:
    """No proof: anybody may post."""

    early = True
    scheme = b"Bearer"

    def verify(self, headers: Headers, body: bytes) -> str:
        """Let everybody in."""
        del headers, body
        return ""


class TokenProof:
    """`Authorization: Bearer <token>` with one of the known tokens."""

    early = True
    scheme = b"Bearer"

    def __init__(self, options: Bearer) -> None:
        self._tokens = [token.encode() for token in _all_given(options.tokens, "tokens")]

    def verify(self, headers: Headers, body: bytes) -> str:
        """Compare with every token, so that the time tells nothing."""
        del body
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise Unproven("send `Authorization: Bearer <token>`")
        if not _any_equal(token.strip(), self._tokens):
            raise Unproven("the bearer token is not valid here")
        return ""


class BodyProof:
    """A header with the HMAC-SHA256 of the body, in hex or base64, with or without `sha256=` before it."""

    early = False
    scheme = b"Signature"

    def __init__(self, options: HmacSha256) -> None:
        self._name = options.header.lower().encode()
        self._secrets = [secret.encode() for secret in _all_given(options.secrets, "secrets")]

    def verify(self, headers: Headers, body: bytes) -> str:
        """Compare with every secret's signature in both spellings."""
        given = headers.get(self._name, b"").strip().removeprefix(b"sha256=")
        if not given:
            raise Unproven(f"the signature header {self._name.decode()} is missing")
        digests = [hmac.digest(secret, body, "sha256") for secret in self._secrets]
        spellings = [digest.hex().encode() for digest in digests] + [b64encode(digest) for digest in digests]
        if not _any_equal(given.lower() if len(given) == 64 else given, spellings):
            raise Unproven("the signature does not fit the body")
        return ""


class StandardProof:
    """Standard Webhooks 1.0: `v1,base64(HMAC-SHA256(secret, "id.timestamp.body"))`, several signatures apart by spaces."""

    early = False
    scheme = b"Signature"

    def __init__(self, options: StandardWebhooks, clock: Clock) -> None:
        self._secrets = [_secret(secret) for secret in _all_given(options.secrets, "secrets")]
        self._tolerance = options.tolerance
        self._clock = clock

    def verify(self, headers: Headers, body: bytes) -> str:
        """Return `webhook-id`; a second copy within the tolerance is known by it."""
        number, time, signatures = (headers.get(name, b"") for name in _STANDARD)
        if not (number and time and signatures):
            raise Unproven("webhook-id, webhook-timestamp and webhook-signature must all be there")
        # The full stop parts id, time and body in what is signed: an id that holds one could be read in two ways.
        if b"." in number or not number.isascii() or len(number) > 255:
            raise Unproven("webhook-id must be at most 255 ASCII characters without a full stop")
        self._check_time(time)
        signed = b"".join((number, b".", time, b".", body))
        good = [b64encode(hmac.digest(secret, signed, hashlib.sha256)) for secret in self._secrets]
        given = [part[3:] for part in signatures.split()[:MOST_SIGNATURES] if part.startswith(b"v1,")]
        if not sum(_any_equal(signature, good) for signature in given):
            raise Unproven("no v1 signature fits this request")
        return number.decode()

    def _check_time(self, text: bytes) -> None:
        if not text.isdigit() or len(text) > 12:
            raise Unproven("webhook-timestamp must be whole seconds since 1970")
        age = self._clock.now() - int(text)
        if abs(age) > self._tolerance:
            raise Unproven(f"webhook-timestamp is too {'old' if age > 0 else 'far in the future'}: sign the request anew")


_STANDARD = (b"webhook-id", b"webhook-timestamp", b"webhook-signature")


def proof_of(auth: Auth | str, clock: Clock) -> Proof:
    """Return the proof that a route's options ask for; raises Misconfigured where a secret is unusable."""
    if isinstance(auth, str):
        return Open()
    if auth.bearer:
        return TokenProof(auth.bearer)
    if auth.hmac_sha256:
        return BodyProof(auth.hmac_sha256)
    assert auth.standard_webhooks is not None
    return StandardProof(auth.standard_webhooks, clock)


def _any_equal(given: bytes, known: Sequence[bytes]) -> bool:
    return sum(hmac.compare_digest(given, one) for one in known) > 0


def _all_given(secrets: Sequence[str], what: str) -> Sequence[str]:
    if not all(secrets):
        raise Misconfigured(
            f"one of a webhook's {what} is empty", code="secret", advice="an empty secret lets anybody in: set it"
        )
    return secrets


def _secret(text: str) -> bytes:
    try:
        # Padding is optional in the wild; superfluous padding is ignored.
        key = b64decode(text.removeprefix("whsec_") + "==", validate=False)
    except (BadBase64, ValueError) as error:
        raise _bad_secret() from error
    if not key:
        raise _bad_secret()
    return key


def _bad_secret() -> Misconfigured:
    return Misconfigured(
        "a Standard Webhooks secret is not base64", code="secret", advice="it looks like whsec_MfKQ9r8GKYqrTwjU..."
    )
