"""A real issuer for tests: discovery, keys, the device flow and tokens that are really signed, on a port of this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT = "crossdock-cli"


@dataclass
class Issuer:
    """What the issuer knows. `pending` is how often the device flow still says that nobody has agreed."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    pending: int = 0
    refuse: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(
        default_factory=lambda: {"email": "ann@example.com", "email_verified": True, "groups": ["edi"]}
    )
    lifetime: int = 300
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    def token(self, key: str = "rsa", algorithm: str = "RS256", **claims: Any) -> str:
        """Return a token; a claim of None is left out."""
        now = int(time.time())
        said = {"iss": self.url, "aud": CLIENT, "sub": "0815", "iat": now, "exp": now + self.lifetime, **self.claims, **claims}
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, self.keys[key], algorithm, headers={"kid": key})

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        """Answer a request."""
        self.asked.append(path)
        self.forms.append(form)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url, "jwks_uri": f"{self.url}/jwks", "token_endpoint": f"{self.url}/token",
                "device_authorization_endpoint": f"{self.url}/device", **self.extra,
            }  # fmt: skip
        if path == "/jwks":
            return 200, {"keys": [*self._public(), {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"}, {"kty": "odd", "kid": "x"}]}
        if path == "/device":
            return 200, {"device_code": "dev-1", "user_code": "WDJB-MJHT", "verification_uri": f"{self.url}/go", "interval": 0.02}
        return self._tokens(form) if path == "/token" else (404, {})

    def _public(self) -> list[dict[str, Any]]:
        kinds = {"rsa": RSAAlgorithm, "ec": ECAlgorithm}
        return [{**kinds[kid].to_jwk(self.keys[kid].public_key(), as_dict=True), "kid": kid, "use": "sig"} for kid in kinds]

    def _tokens(self, form: dict[str, str]) -> tuple[int, Any]:
        if self.refuse:
            return 400, {"error": self.refuse}
        if form["grant_type"] != "refresh_token" and self.pending > 0:
            self.pending -= 1
            return 400, {"error": "authorization_pending"}
        return 200, {
            "id_token": self.token(),
            "access_token": self.token(aud="api"),
            "refresh_token": "again",
            "expires_in": 3600,
        }


@contextmanager
def issuer() -> Iterator[Issuer]:
    """Run an issuer. It has an RSA and an EC key; `stranger` is a key that it doesn't publish."""
    keys = {kid: rsa.generate_private_key(public_exponent=65537, key_size=2048) for kid in ("rsa", "stranger")}
    made = Issuer(keys={**keys, "ec": ec.generate_private_key(ec.SECP256R1())})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            status, said = made.answer(self.path, form)
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
