"""Public keys of SSH as people write them: the line of a `.pub` file, or a fingerprint."""

from __future__ import annotations

import base64
import binascii
import hashlib

EXPECTED = "write it as the .pub file has it: `ssh-ed25519 AAAA... comment`"


def public_key(line: str) -> bytes:
    """Return the key of an authorized_keys line as SSH sends it; raises ValueError that says what is expected."""
    kind, _, rest = line.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split()[0], validate=True)
    except (IndexError, binascii.Error):
        blob = b""
    if not kind or not blob.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
        raise ValueError(f"'{line[:40]}' is not a public key; {EXPECTED}")
    return blob


def kind_of(blob: bytes) -> str:
    """Return what kind of key it is: `ssh-ed25519`, `ssh-rsa`."""
    size = int.from_bytes(blob[:4], "big")
    return blob[4 : 4 + size].decode("ascii")


def fingerprint(blob: bytes) -> str:
    """Return a key's fingerprint as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def pinned(text: str) -> str:
    """Return a host key that is to be pinned, without its host; raises ValueError.

    It may be a fingerprint, the line of a `.pub` file, or a line of `ssh-keyscan`.
    """
    clean = text.strip()
    if clean.startswith("SHA256:"):
        if len(clean) != len("SHA256:") + 43:
            raise ValueError("a fingerprint is `SHA256:` and 43 letters and digits, as `ssh-keygen -l` prints it")
        return clean
    try:
        public_key(clean)
    except ValueError:
        clean = clean.partition(" ")[2]
        try:
            public_key(clean)
        except ValueError:
            raise ValueError(f"'{text[:40]}' is not a host key; {EXPECTED}, or its fingerprint `SHA256:...`") from None
    return clean
