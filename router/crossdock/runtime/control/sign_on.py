"""The company's sign-on (OpenID Connect): whose token is this?

A token is believed only if the issuer's own keys signed it (by an algorithm of public keys; `none` and shared secrets are never
taken), for our audience, and it has not expired. Keys come from the issuer's discovery document, and are kept for a while.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt

from crossdock.core.access import Actor
from crossdock.core.errors import Retryable
from crossdock.runtime.control.problems import Unauthorized

if TYPE_CHECKING:
    from crossdock_config.models import Oidc

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 60
"""Seconds by which the issuer's clock may differ from ours."""
KEPT = 600.0
"""Seconds for which keys are used before they are asked for again."""
PAUSE = 30.0
"""Seconds between two questions for a key that isn't there: whoever invents keys must not make us ask for each."""
LARGEST = 1024 * 1024
PATIENCE = 5.0


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirects: keys come from where the issuer said, or not at all."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""


def fetched(url: str, data: bytes | None = None) -> Mapping[str, Any]:
    """Return a JSON object from the issuer; raises Retryable. A refusal in JSON (OAuth's errors) is returned as well."""
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(urllib.request.Request(url, data), timeout=PATIENCE) as answer:  # noqa: S310 - checked: https, or here
            text = answer.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        text = error.read(LARGEST) if error.code in (400, 401, 403) else b""
    except (OSError, HTTPException) as error:
        raise Retryable(f"the sign-on at {url} can't be reached: {error}") from None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or len(text) > LARGEST:
        raise Retryable(f"the sign-on at {url} doesn't answer as it should")
    return found


def required_safe(url: str) -> str:
    """Return an address that may be asked: https, or on this machine; raises Retryable."""
    split = urlsplit(url)
    if split.scheme == "https" or (split.scheme == "http" and split.hostname in ("127.0.0.1", "::1", "localhost")):
        return url
    raise Retryable(f"the sign-on's discovery document names {url[:200]!r}, which is no https address")


def discovered(issuer: str, fetch: Callable[[str], Mapping[str, Any]] = fetched) -> Mapping[str, Any]:
    """Return the issuer's discovery document; raises Retryable where it is another issuer's."""
    found = fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise Retryable(f"the discovery document of {issuer} is that of {found.get('issuer')!r}")
    return found


class Keys:
    """The issuer's public keys by their names."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._asked: float | None = None

    def key(self, name: str) -> Any:
        """Return a key, or None where the issuer has none of that name; raises Retryable."""
        with self._lock:
            age = KEPT if self._asked is None else self._clock() - self._asked
            if age >= KEPT or (name not in self._keys and age >= PAUSE):
                self._ask()
            return self._keys.get(name)

    def _ask(self) -> None:
        listed = fetched(required_safe(str(discovered(self._issuer).get("jwks_uri", "")))).get("keys")
        keys = {}
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("kty") != "oct" and one.get("use", "sig") == "sig":
                keys[str(one.get("kid", ""))] = _read(one)
        self._keys = {name: key for name, key in keys.items() if key is not None}
        self._asked = self._clock()


def _read(one: Mapping[str, Any]) -> Any:
    try:
        return jwt.PyJWK(dict(one))
    except jwt.PyJWTError:
        return None  # a key of a kind that we don't know says nothing of the others


class SignOn:
    """Verifies the tokens of one issuer."""

    def __init__(self, settings: Oidc, keys: Keys | None = None) -> None:
        self._settings = settings
        self._keys = keys or Keys(settings.issuer)

    def verify(self, token: str) -> Actor:
        """Return whose token it is; raises Unauthorized with the reason, Retryable where the issuer can't be asked."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise Unauthorized(f"a token signed by {str(header.get('alg'))[:20]!r} is not taken")
            key = self._keys.key(str(header.get("kid", "")))
            if key is None:
                raise Unauthorized("this token is signed by a key that the issuer doesn't have")
            claims = jwt.decode(
                token,
                key,
                algorithms=[name for name in ALGORITHMS if name == header["alg"]],
                audience=self._settings.audience or self._settings.client_id,
                issuer=self._settings.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(f"this token is not good: {error}", advice="sign on again: `crossdock login`") from None
        return actor_of(claims, self._settings)

    def login(self) -> Mapping[str, str]:
        """Return what `crossdock login` needs to know."""
        settings = self._settings
        return {
            "issuer": settings.issuer,
            "client_id": settings.client_id,
            "scope": settings.scope,
            "audience": settings.audience,
        }


def actor_of(claims: Mapping[str, Any], settings: Oidc) -> Actor:
    """Return who the claims are about; an address counts only if the issuer has verified it, or is trusted without."""
    verified = claims.get("email_verified") is True or settings.trust_email
    email = str(claims.get("email", "")) if verified else ""
    groups = _claim(claims, settings.claims.groups)
    listed = groups.split() if isinstance(groups, str) else groups if isinstance(groups, list) else []
    subject = str(claims["sub"])
    said = _claim(claims, settings.claims.name)
    name = subject if not isinstance(said, str) or (settings.claims.name == "email" and not email) else said
    return Actor(name or subject, "oidc", subject=subject, email=email, groups=tuple(str(group) for group in listed))


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    found: Any = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return claims.get(path, found)
