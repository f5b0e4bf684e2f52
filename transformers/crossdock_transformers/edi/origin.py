"""Where in the document the value stands that a later step's error speaks of (`body.PO1[2].PO104`, `element 3 of body.PO1`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from crossdock_transformers.edi.examine import Path, Slot

_PATH = re.compile(r"\bbody((?:\.\??[A-Za-z_]\w*|\[\??\d+\])+)")
_ELEMENTS = re.compile(r"element (\d+) of (body|item|[a-z_]\w*)((?:\.\??[A-Za-z_]\w*|\[\??\d+\])*)")
_ITEM = re.compile(r"\bitem((?:\.\??[A-Za-z_]\w*|\[\??\d+\])+)")
_PART = re.compile(r"\.\??([A-Za-z_]\w*)|\[\??(\d+)\]")


def origin(slots: Mapping[Path, Slot], message: str) -> str:
    """Return the place of the value that a message speaks of, or of its segment, or nothing."""
    path = _spoken_of(message)
    for end in range(len(path), 0, -1):
        slot = next((slot for at, slot in slots.items() if at[:end] == path[:end]), None)
        if slot is not None:
            exact = path in slots
            return (slots[path] if exact else replace(slot, position=0, component=0)).where
    return ""


def _spoken_of(message: str) -> Path:
    """The loops around it stand behind it, the innermost first: `item.PO109 ... (element 1 of body.PO1)`."""
    path: Path = ()
    for found in reversed(list(_ELEMENTS.finditer(message))):
        path = (*path, *_parts(found[3]), int(found[1]) - 1)
    bare = _ELEMENTS.sub("", message)
    inner = _ITEM.search(bare)
    if path:
        return (*path, *_parts(inner[1])) if inner else path
    whole = _PATH.search(bare)
    return tuple(_parts(whole[1])) if whole else ()


def _parts(text: str) -> Path:
    return tuple(int(index) if index else name for name, index in _PART.findall(text))
