"""API tokens in the journal: shown once, kept as a salted hash.

cdk_<prefix>_<secret>      the prefix is no secret; the secret has 256 random bits: a fast hash is enough
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.core.errors import Refused
from crossdock.runtime.journal.audit import record
from crossdock.runtime.journal.database import Database, Session

FORM = re.compile(r"cdk_([0-9a-f]{8})_([\w-]{43})", re.ASCII)
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
FIELDS = ("prefix", "name", "owner", "created_at", "expires_at", "revoked_at", "used_at")
USED_EVERY = 60_000
"""Ms between two notes of a token's use: a write for every request would be one too many."""


@dataclass(frozen=True, slots=True)
class _Secret:
    prefix: str
    secret: str
    salt: str

    @property
    def text(self) -> str:
        return f"cdk_{self.prefix}_{self.secret}"


class SqlTokens:
    """Tokens, as administrators make them and the API knows them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def new(self, name: str, by: Actor, lifetime: float | None) -> str:
        """Make a token and return it, for the only time. `lifetime` in seconds, None for ever; raises Refused."""
        if not NAME.fullmatch(name):
            raise Refused(f"'{name[:60]}' can't be a token's name: use small letters, digits, dots, dashes and underscores")
        made = _Secret(secrets.token_hex(4), secrets.token_urlsafe(32), secrets.token_hex(16))
        self._database.write(lambda session: _add(session, name, made, by, lifetime))
        return made.text

    def list(self) -> list[dict[str, Any]]:
        """Return all tokens without their secrets, oldest first: prefix, name, owner and times in ms."""
        lines = self._database.read(lambda session: session.all("tokens"))
        return [dict(zip(FIELDS, line, strict=True)) for line in lines]

    def revoke(self, name: str, by: Actor) -> int:
        """Revoke the living tokens of a name, or the one with a prefix; return how many."""
        return self._database.write(lambda session: _revoke(session, name, by))

    def verify(self, text: str) -> Actor | None:
        """Return whose token this is, or None where it is none that is good now."""
        form = FORM.fullmatch(text)
        if form is None:
            return None
        found = self._database.read(lambda session: (session.now, session.all("token", prefix=form[1])))
        now, rows = found
        salt, kept = rows[0][-2:] if rows else ("", "")
        if not hmac.compare_digest(_hash(salt, form[2]), kept) or not rows:
            return None
        row = dict(zip(FIELDS, rows[0], strict=False))
        if row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now):
            return None
        if now - (row["used_at"] or 0) >= USED_EVERY:
            self._database.write(lambda session: session.run("token_used", prefix=form[1], now=session.now))
        return Actor(row["name"], "token", owner=row["owner"])


def _add(session: Session, name: str, made: _Secret, by: Actor, lifetime: float | None) -> None:
    session.lock(TOKENS, [name])
    if session.all("living_tokens", name=name, now=session.now):
        raise Refused(
            f"there is a token '{name}' already",
            code="token_exists",
            advice=f"give this one another name, or revoke that one first: `crossdock token revoke {name}`",
        )
    expires_at = None if lifetime is None else session.now + int(lifetime * 1000)
    terms: dict[str, Any] = {"prefix": made.prefix, "name": name, "salt": made.salt, "hash": _hash(made.salt, made.secret)}
    session.run("add_token", **terms, owner=by.name, now=session.now, expires_at=expires_at)
    record(session, Act(by, "make_token", name, {"prefix": made.prefix, "expires_at": expires_at}))


def _revoke(session: Session, name: str, by: Actor) -> int:
    prefixes = [prefix for (prefix,) in session.all("living_tokens", name=name, now=session.now)]
    if prefixes:
        session.run("revoke_tokens", prefixes=prefixes, now=session.now)
        record(session, Act(by, "revoke_token", name, {"prefixes": prefixes}))
    return len(prefixes)


TOKENS = 0x544F4B45
"""The space of the locks that keep two tokens of one name apart."""


def _hash(salt: str, secret: str) -> str:
    return hashlib.sha256(f"{salt}{secret}".encode()).hexdigest()
