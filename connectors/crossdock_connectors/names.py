"""Names of files: what strangers call theirs is attacker input, and what we call ours must suit any system."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from pathlib import PurePosixPath

LONGEST = 200
"""Bytes in a file's name at the most: room for a suffix below the 255 that file systems have."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._+=@,() -]")


def fault(name: str) -> str:
    """Return what is wrong with a file's name (one component of a path), or nothing."""
    if name in ("", ".", ".."):
        return "that is not the name of a file"
    if not name.isprintable():
        return "the file's name holds control or invisible characters"
    if "/" in name or "\\" in name:
        return "the file's name holds a slash"
    if len(name.encode()) > LONGEST:
        return f"the file's name is longer than {LONGEST} bytes"
    return ""


def directory(path: str) -> str:
    """Return a directory of the configuration as `a/b`, relative and clean; raises ValueError that says what is wrong."""
    parts = [part for part in path.split("/") if part]
    for part in parts:
        if found := fault(part):
            raise ValueError(f"'{path}' can't be a directory: {found.replace('file', 'folder')}")
    if not parts:
        raise ValueError("name a directory, such as inbound")
    return "/".join(parts)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern), re.IGNORECASE)


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern such as `*.edi`. Case is no difference: a partner's `PO.EDI` is the same kind of file."""
    return _compiled(pattern).match(name) is not None


def safe(name: str, fallback: str) -> str:
    """Return a name of our own for a file that we make: one component, plain ASCII, not hidden, not too long."""
    clean = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" ")
    clean = re.sub(r"^\.+", "_", clean)
    if not clean:
        return fallback
    suffix = PurePosixPath(clean).suffix[:20]
    return clean if len(clean) <= LONGEST else clean[: LONGEST - len(suffix)] + suffix
