"""A release as a file: the same bytes for the same project, and whatever was done to it is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crossdock.core.errors import Misconfigured
from crossdock_config.artefact import FORMAT, Artefact, read

PLAIN = Artefact("3fa9", "0.1.0", {"routes/a.route.yaml": "route: a\n", "config/ä.yaml": "é"})


def key_at(path: Path, key: Any = None) -> Path:
    made = key or Ed25519PrivateKey.generate()
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@pytest.fixture
def signed(tmp_path: Path) -> Artefact:
    return PLAIN.signed(key_at(tmp_path / "key.pem"))


def changed(artefact: Artefact, **fields: Any) -> bytes:
    return json.dumps({**json.loads(artefact.written()), **fields}).encode()


def test_what_is_written_is_read_again(signed: Artefact) -> None:
    assert (read(PLAIN.written()), read(signed.written())) == (PLAIN, signed)


def test_the_same_project_and_key_give_the_same_bytes(tmp_path: Path, signed: Artefact) -> None:
    again = Artefact("3fa9", "0.1.0", dict(reversed(PLAIN.files.items())))
    assert again.written() == PLAIN.written()
    assert again.signed(tmp_path / "key.pem").written() == signed.written()


@pytest.mark.parametrize(
    "fields", [{"files": {"routes/a.route.yaml": "route: b\n"}}, {"id": "other"}, {"engine": "0.0.1"}, {"files": {}}]
)
def test_a_signed_release_that_was_changed_is_refused(signed: Artefact, fields: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="its signature doesn't fit: it was changed after it was signed"):
        read(changed(signed, **fields))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "this is no release: what is at line 1, column 1 is no JSON, or the file is cut off there"),
        (
            b'{"format": "crossdock-rel',
            "this is no release: what is at line 1, column 12 is no JSON, or the file is cut off there",
        ),
        (b"\xff\xfe", "this is no release"),
        (b"[]", "this is no release"),
        (b'{"format": "crossdock-release/9"}', f"'crossdock-release/9'; this Crossdock reads {FORMAT}"),
        (f'{{"format": "{FORMAT}"}}'.encode(), "damaged: it has no files"),
        (f'{{"format": "{FORMAT}", "id": 1, "engine": "0.1", "files": {{}}}}'.encode(), "damaged: something in it is not text"),
        (changed(PLAIN, signature={"key": "AAAA", "value": "AAAA"}), "damaged: its signature can't be read"),
        (changed(PLAIN, signature={"key": "***", "value": "AAAA"}), "damaged: its signature can't be read"),
        (changed(PLAIN, signature=["a"]), "damaged: it has no files"),
    ],
)
def test_what_is_no_release_or_a_damaged_one_says_so(data: bytes, told: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        read(data)
    assert told in raised.value.message


def test_an_environment_with_trusted_keys_takes_nothing_else(signed: Artefact, tmp_path: Path) -> None:
    signed.require_signature([signed.key])
    PLAIN.require_signature([])
    with pytest.raises(Misconfigured, match="is not signed, and this environment takes only what its `trusted_keys` have signed"):
        PLAIN.require_signature([signed.key])
    with pytest.raises(Misconfigured, match="signed with a key that is not trusted here"):
        PLAIN.signed(key_at(tmp_path / "other.pem")).require_signature([signed.key])


def test_a_signature_that_was_copied_from_another_release_is_refused(signed: Artefact) -> None:
    stolen = Artefact("3fa9", "0.1.0", {"routes/a.route.yaml": "route: evil\n"}, signed.key, signed.signature)
    with pytest.raises(Misconfigured, match="doesn't fit"):
        stolen.require_signature([signed.key])


def test_a_key_that_can_not_sign_says_why(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="can't be read"):
        PLAIN.signed(tmp_path / "none.pem")
    with pytest.raises(Misconfigured, match="is not an Ed25519 key"):
        PLAIN.signed(key_at(tmp_path / "rsa.pem", generate_private_key(65537, 2048)))
