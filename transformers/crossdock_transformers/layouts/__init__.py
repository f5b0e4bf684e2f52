"""Layouts that come with the product: any project may name them as if they were files of its own, which go before them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from crossdock.core.spec import Resource


def _ubl(name: str) -> Mapping[str, Any]:
    from crossdock_transformers.layouts.ubl import layout

    return layout(name)


_MADE: Mapping[str, Callable[[str], Mapping[str, Any]]] = {
    "ubl-order": _ubl,
    "ubl-despatch-advice": _ubl,
    "ubl-invoice": _ubl,
}


def names() -> list[str]:
    """Return the names of the layouts."""
    return sorted(_MADE)


@cache
def built_in(name: str) -> Resource | None:
    """Return a layout as if it were a file, None where there is none of this name."""
    make = _MADE.get(name)
    return Resource("layout", name, f"{name}.layout.yaml (built in)", make(name), {}) if make else None


__all__ = ["built_in", "names"]
