"""A release as one file, built once and deployed anywhere: the project's texts, its id, the engine that it needs, a signature.

    { "format": "crossdock-release/1", "id": "3fa9...", "engine": "0.1.0", "files": { path: text },
      "signature": { "key": ..., "value": ... } }

The same project gives the same bytes. The id is the digest of what the files mean; the signature (Ed25519) covers every byte of
them. Keys are written as `openssl` writes them, base64 of the SubjectPublicKeyInfo: the line in the middle of a public PEM.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.core.errors import Misconfigured

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = "crossdock-release/1"
LARGEST = 256 * 1024 * 1024
"""Bytes that are read at most."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A release that was built. `signature` is empty where it isn't signed, and `key` the public key that says so."""

    id: str
    engine: str
    files: Mapping[str, str]
    key: str = ""
    signature: str = ""

    @property
    def payload(self) -> bytes:
        """What is signed."""
        return _canonical({"format": FORMAT, "id": self.id, "engine": self.engine, "files": dict(self.files)})

    def signed(self, private_key: Path) -> Artefact:
        """Return it signed with an Ed25519 key in a PEM file; raises Misconfigured where that can't be used."""
        key = _private(private_key)
        return replace(self, key=_public_text(key), signature=base64.b64encode(key.sign(self.payload)).decode())

    def written(self) -> bytes:
        """Return the file's bytes: the same for the same release and key."""
        content = json.loads(self.payload)
        if self.signature:
            content["signature"] = {"key": self.key, "value": self.signature}
        return _canonical(content) + b"\n"

    def require_signature(self, trusted: Sequence[str]) -> None:
        """Raise Misconfigured unless one of the trusted keys has signed it; with none, everything is trusted."""
        if not trusted:
            return
        if not self.signature:
            raise Misconfigured(
                f"release {self.id[:12]} is not signed, and this environment takes only what its `trusted_keys` have signed",
                code="unsigned",
                advice="build it with `crossdock build --sign KEY.pem`, and deploy the file",
            )
        if self.key not in trusted:
            raise Misconfigured(
                f"release {self.id[:12]} is signed with a key that is not trusted here: {self.key}", code="untrusted"
            )
        _verify(self)


def read(data: bytes) -> Artefact:
    """Return the artefact in a file's bytes, its signature checked where it has one; raises Misconfigured."""
    if len(data) > LARGEST:
        raise Misconfigured("this is larger than a release can be", code="damaged")
    try:
        content = json.loads(data)
        found = content["format"]
    except json.JSONDecodeError as error:
        raise _no_release(
            f"what is at line {error.lineno}, column {error.colno} is no JSON, or the file is cut off there"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise _no_release("it isn't what `crossdock build` writes") from None
    if found != FORMAT:
        raise Misconfigured(f"this release is of format '{str(found)[:40]}'; this Crossdock reads {FORMAT}", code="format")
    artefact = _artefact(content)
    if artefact.signature:
        _verify(artefact)
    return artefact


def _no_release(why: str) -> Misconfigured:
    advice = "build one with `crossdock build`, or copy it again"
    return Misconfigured(f"this is no release: {why}", code="no_release", advice=advice)


def _artefact(content: Mapping[str, Any]) -> Artefact:
    files, signature = content.get("files"), content.get("signature") or {}
    if not isinstance(files, dict) or not isinstance(signature, dict):
        raise _damaged("it has no files")
    said = [content.get("id"), content.get("engine"), *files.values(), *signature.values()]
    if not all(isinstance(text, str) for text in said):
        raise _damaged("something in it is not text")
    return Artefact(content["id"], content["engine"], files, signature.get("key", ""), signature.get("value", ""))


def _verify(artefact: Artefact) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(base64.b64decode(artefact.key, validate=True))
        if not isinstance(key, Ed25519PublicKey):
            raise _damaged("its signature is not Ed25519")
        key.verify(base64.b64decode(artefact.signature, validate=True), artefact.payload)
    except (ValueError, binascii.Error):
        raise _damaged("its signature can't be read") from None
    except InvalidSignature:
        raise _damaged("its signature doesn't fit: it was changed after it was signed") from None


def _damaged(why: str) -> Misconfigured:
    return Misconfigured(f"this release is damaged: {why}", code="damaged", advice="build it again, or copy it again")


def _private(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    advice = "make one with `openssl genpkey -algorithm ed25519 -out release-key.pem`"
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured(f"the signing key {path} can't be read: {error}", code="signing_key", advice=advice) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Misconfigured(f"the signing key {path} is not an Ed25519 key", code="signing_key", advice=advice)
    return key


def _public_text(key: Ed25519PrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode()
