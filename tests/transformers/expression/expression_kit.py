"""Compiles and runs expressions as a route does."""

from __future__ import annotations

from typing import Any

from crossdock.core.errors import Place, Refusal, Refusals, Rejected
from crossdock_transformers.expression.language import Cel

PLACE = Place("orders.route.yaml", 7, 11)


def value(text: str, shapes: dict[str, Any] | None = None, **variables: Any) -> Any:
    """Return what an expression gives; variables without a shape are of unknown type."""
    known = {name: (shapes or {}).get(name) for name in {**variables, **(shapes or {})}}
    return Cel().compile(text, PLACE, known).evaluate(variables)


def refused(text: str, **shapes: Any) -> list[str]:
    """Return why an expression does not compile, each with its place."""
    try:
        Cel().compile(text, PLACE, shapes)
    except Refusal as refusal:
        return [f"{refusal.place}: {refusal.message}"]
    except Refusals as refusals:
        return [f"{refusal.place}: {refusal.message}" for refusal in refusals.refusals]
    return []


def failure(text: str, shapes: dict[str, Any] | None = None, **variables: Any) -> Rejected:
    """Return how an expression fails."""
    try:
        result = value(text, shapes, **variables)
    except Rejected as rejected:
        return rejected
    raise AssertionError(f"{text} gave {result!r}")
