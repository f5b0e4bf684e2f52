"""Text on its way into columns: what a stranger wrote must neither break a statement nor outgrow an index."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson

LONGEST_KEY = 400
"""Characters of a key that is indexed; PostgreSQL refuses index rows above 2.7 KB."""


def clean(text: str) -> str:
    """Return text that both databases can keep: no NUL, no lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def short(key: str) -> str:
    """Return a key fit for an index: itself, or its beginning and its hash."""
    key = clean(key)
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[:300]}#{hashlib.sha256(key.encode()).hexdigest()}"


def dump(value: Any) -> str:
    """Return a value as JSON text; what JSON has no word for is written as its text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return clean(json.dumps(value, ensure_ascii=False, default=str))


def load(text: str | None) -> Any:
    """Return the value of JSON text; None for none."""
    return orjson.loads(text) if text else None
