"""What pydantic finds, in the words of somebody who wants to repair it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from crossdock.core.words import counted

_WANTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping",
    "mapping": "a mapping",
    "model": "a mapping",
    "dataclass": "a mapping",
}
_KINDS = ("_type", "_parsing", "_from_float", "_attributes_type", "_parsing_size")
_LIMITS: dict[str, Callable[[dict[str, Any]], str]] = {
    "greater_than": lambda limit: f"must be more than {limit['gt']}",
    "greater_than_equal": lambda limit: f"must be at least {limit['ge']}",
    "less_than": lambda limit: f"must be less than {limit['lt']}",
    "less_than_equal": lambda limit: f"must be at most {limit['le']}",
    "string_too_short": lambda limit: f"needs at least {counted(limit['min_length'], 'character')}",
    "string_too_long": lambda limit: f"may have at most {counted(limit['max_length'], 'character')}",
    "too_short": lambda limit: f"needs at least {counted(limit['min_length'], 'item')}",
    "too_long": lambda limit: f"may have at most {counted(limit['max_length'], 'item')}",
    "string_pattern_mismatch": lambda limit: f"must match {limit['pattern']}",
}


def words(fault: dict[str, Any], subject: str, written: Any) -> str:
    """Return the sentence for a fault; `subject` is the thing's name, `written` its value as the file has it."""
    if len(fault.get("alternatives", ())) > 1:
        wanted = [_demand(one) for one in fault["alternatives"]]
        return f"{subject} {' or '.join(dict.fromkeys(wanted))}, not {shown(written)}"
    if fault["type"] in ("value_error", "assertion_error"):
        return str(fault["ctx"]["error"])
    return f"{subject} {_demand(fault)}, not {shown(written)}"


def _demand(fault: dict[str, Any]) -> str:
    """Return what would have been right: `takes a list`, `must be at least 1`."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in _LIMITS:
        return _LIMITS[kind](context)
    if kind in ("literal_error", "enum"):
        return f"is one of {context['expected']}" if " or " in context["expected"] else f"is {context['expected']}"
    for ending in _KINDS:
        if kind.endswith(ending) and kind.removesuffix(ending) in _WANTED:
            return f"takes {_WANTED[kind.removesuffix(ending)]}"
    if kind in ("value_error", "assertion_error"):
        return f"takes what fits ({context['error']})"
    return str(fault["msg"]).replace("Input should", "should").replace("Value should", "should")


def shown(value: Any) -> str:
    """Return a value as a message shows it: short, and as YAML has it."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return str(value)[:60]
    return f"'{str(value)[:60]}'"
