"""Data as YAML text that our reader reads back as the same data: plain where it can be, quoted only where it must be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crossdock_config.yaml_source import scalar_of

_INDICATORS = "-?:,[]{}#&*!|>'\"%@`"
_UNSAFE = re.compile(r": |:$| #|^[ \t]|[ \t]$|[\x00-\x1f\x7f-\x9f\ufeff\u2028\u2029]")
_FLOW = re.compile(r"[,\[\]{}]|:$|:[,\[\]{}]")


def scalar(value: Any, *, flow: bool = False) -> str:
    """Return a scalar as YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if is_plain(value, flow=flow) else quoted(value)


def is_plain(text: str, *, flow: bool = False) -> bool:
    """Tell whether a text may stand without quotes: nothing in it is YAML's, and it is read back as text."""
    if not text or _UNSAFE.search(text) or (flow and _FLOW.search(text)):
        return False
    if text[0] in _INDICATORS and not (text[0] in "-?:" and len(text) > 1 and text[1] not in " ,[]{}"):
        return False
    return isinstance(scalar_of(text), str) and not text.startswith(("---", "..."))


def quoted(text: str) -> str:
    """Return a text in quotes: single ones where it has double ones or backslashes in it, else double ones."""
    printable = text.isprintable()
    if printable and ('"' in text or "\\" in text) and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=not printable)


def flow(value: Any) -> str:
    """Return data on one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{scalar(key, flow=True)}: {flow(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    return scalar(value, flow=True)


def block(value: Any, width: int = 100) -> Iterator[str]:
    """Yield data as lines, each collection on one line where it fits into `width`."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _entry(f"{scalar(key)}:", one, width)
    elif isinstance(value, list | tuple) and value:
        for one in value:
            lines = [flow(one)] if fits(one, width) else list(block(one, width - 2))
            yield f"- {lines[0]}"
            yield from (f"  {line}" for line in lines[1:])
    else:
        yield flow(value) if isinstance(value, dict | list | tuple) else scalar(value)


def _entry(key: str, value: Any, width: int) -> Iterator[str]:
    if not isinstance(value, dict | list | tuple):
        yield f"{key} {scalar(value)}"
    elif fits(value, width - len(key)):
        yield f"{key} {flow(value)}"
    else:
        yield key
        yield from (f"  {line}" for line in block(value, width - 2))


def fits(value: Any, width: int) -> bool:
    """Tell whether data is small enough for one line: no list of collections, no deeper than two levels."""
    return not isinstance(value, dict | list | tuple) or (_depth(value) <= 2 and len(flow(value)) <= width)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list | tuple) else 0
