"""Documents as a test sees them: text, or data as JSON has it, numbers kept to the last digit."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson

from crossdock.core.message import Numbered, dump_json


def exact(data: Any) -> Any:
    """Return data as JSON has it, its numbers kept to the last digit."""
    return json.loads(dump_json(data), parse_float=Decimal)


def seen(body: Any) -> Any:
    """Return a document as a test sees it; a numbered one gets the number 1."""
    if isinstance(body, Numbered):
        body = body.render(1)
    if isinstance(body, bytes):
        return body.decode("utf-8", "backslashreplace")
    return exact(body)


def shown(value: Any) -> str:
    """Return a document as lines: a text as it is, data as indented JSON with its keys in order."""
    return value if isinstance(value, str) else indented(value, orjson.OPT_SORT_KEYS)


def indented(value: Any, option: int = 0) -> str:
    """Return data as indented JSON, its numbers kept to the last digit."""
    return orjson.dumps(value, default=_number, option=orjson.OPT_INDENT_2 | option).decode()


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    return str(value)
