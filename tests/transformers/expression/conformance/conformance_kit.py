"""Runs cel-spec's conformance cases as a route runs its expressions."""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from crossdock.core.errors import Place, Refusal, Refusals, Rejected
from crossdock_transformers.expression.language import Cel
from crossdock_transformers.expression.values import ABSENT, KINDS, Kind, equal

HERE = Path(__file__).parent
_SHAPES = {"BOOL": "boolean", "INT64": "integer", "STRING": "string", "DOUBLE": "number"}
_ERRORS = (Refusal, Refusals, Rejected)
_TYPES = {"double": "decimal", "google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration"}


class Unsupported(Exception):
    """A case is about something that the language does not have: protobuf messages."""


@dataclass(frozen=True)
class Case:
    """One conformance case; `name` is `suite/section/name`, with a number where a section has the name twice."""

    name: str
    suite: str
    data: Mapping[str, Any]

    @property
    def expression(self) -> str:
        """The text to be evaluated."""
        return str(self.data["expr"])


@cache
def cases() -> tuple[Case, ...]:
    """Return all cases in the order of the file."""
    return tuple(_numbered(json.loads((HERE / "cases.json").read_text(encoding="utf-8"))))


def _numbered(rows: list[dict[str, Any]]) -> Iterator[Case]:
    seen: Counter[str] = Counter()
    for row in rows:
        name = f"{row['suite']}/{row['section']}/{row['name']}"
        seen[name] += 1
        yield Case(name if seen[name] == 1 else f"{name}#{seen[name]}", row["suite"], row)


@cache
def deviations() -> Mapping[str, tuple[str, ...]]:
    """Return the cases that go otherwise here, by the reason."""
    found = yaml.safe_load((HERE / "deviations.yaml").read_text(encoding="utf-8"))
    return {reason: tuple(names) for reason, names in found.items()}


def outcome(case: Case) -> str:
    """Return `pass`, or how the result differs from what the case wants."""
    try:
        wanted = _wanted(case.data)
        shapes = {row["name"]: _shape(row["ident"]["type"]) for row in case.data.get("typeEnv", ()) if "ident" in row}
        seen = {name: _value(bound["value"]) for name, bound in case.data.get("bindings", {}).items()}
    except Unsupported as unsupported:
        return f"needs {unsupported}"
    return _compared(wanted, _result(case, {**dict.fromkeys(seen), **shapes}, seen), checked=bool(case.data.get("checkOnly")))


def _result(case: Case, shapes: dict[str, Any], seen: dict[str, Any]) -> Any:
    try:
        compiled = Cel().compile(case.expression, Place("cases.json"), shapes)
        return None if case.data.get("checkOnly") else compiled.compiled(seen)
    except _ERRORS as error:
        return error


def _compared(wanted: Any, result: Any, *, checked: bool) -> str:
    failed = isinstance(result, _ERRORS)
    if wanted is Exception:
        return "pass" if failed else f"gave {result!r} instead of an error"
    if failed:
        return f"failed: {_message(result)}"
    return "pass" if checked or _same(wanted, result) else f"gave {result!r} instead of {wanted!r}"


def _message(error: Exception) -> str:
    if isinstance(error, Refusals):
        return "; ".join(one.message for one in error.refusals)
    return str(getattr(error, "message", error))


def _same(wanted: Any, result: Any) -> bool:
    if isinstance(wanted, float):
        return type(result) in (Decimal, int) and (float(result) == wanted or math.isclose(float(result), wanted, rel_tol=1e-12))
    if isinstance(wanted, list):
        return (
            isinstance(result, list | tuple)
            and len(wanted) == len(result)
            and all(_same(*pair) for pair in zip(wanted, result, strict=True))
        )
    if isinstance(wanted, dict) and isinstance(result, Mapping):
        return len(wanted) == len(result) and all(key in result and _same(value, result[key]) for key, value in wanted.items())
    if isinstance(wanted, Kind) or wanted is ABSENT:
        return result is wanted
    return type(wanted) is type(result) and equal([1_000_000], wanted, result)


def _wanted(data: Mapping[str, Any]) -> Any:
    if "evalError" in data:
        return Exception
    if "typedResult" in data:
        return _value(data["typedResult"]["result"]) if "result" in data["typedResult"] else None
    return _value(data["value"]) if "value" in data else True


def _value(data: Mapping[str, Any]) -> Any:
    kind, value = next(iter(data.items()))
    if kind == "listValue":
        return [_value(item) for item in value.get("values", ())]
    if kind == "mapValue":
        return {_value(entry["key"]): _value(entry["value"]) for entry in value.get("entries", ())}
    if kind == "objectValue":
        return _object(value)
    if kind == "typeValue":
        return _kind(value)
    if kind not in _SCALARS:
        raise Unsupported(kind)
    return _SCALARS[kind](value)


_SCALARS = {
    "int64Value": int,
    "uint64Value": int,
    "doubleValue": float,
    "stringValue": str,
    "boolValue": bool,
    "bytesValue": base64.b64decode,
    "nullValue": lambda _: None,
}


def _kind(name: str) -> Kind:
    found = KINDS.get(_TYPES.get(name, name))
    if found is None:
        raise Unsupported("protobuf messages")
    return found


def _object(value: Mapping[str, Any]) -> Any:
    kind = value["@type"].rsplit("/", 1)[-1]
    if kind == "google.protobuf.Timestamp":
        return datetime.fromisoformat(value["value"])
    if kind == "google.protobuf.Duration":
        return timedelta(seconds=float(value["value"].rstrip("s")))
    raise Unsupported("protobuf messages")


def _shape(type_: Mapping[str, Any]) -> dict[str, Any] | None:
    name = _SHAPES.get(type_.get("primitive", ""))
    return {"type": name} if name else None
