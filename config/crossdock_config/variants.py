"""A partner as an environment sees it: the file, with what `environments: {test: ...}` says laid over it.

partner: acme
x12: { usage: P, theirs: { qualifier: ZZ, id: ACMERETAIL }, ... }
environments:
  test:
    x12: { usage: T, theirs: { id: ACMETEST } }     mappings are merged, anything else is replaced
    channels: { as2: ~ }                            ~ takes something away
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossdock.core.errors import Place
from crossdock_config.yaml_source import Document, Path

KEY = "environments"
FIXED = ("partner", KEY)
"""What no environment can change."""


def variant(document: Document, environment: str) -> Document:
    """Return a file as an environment sees it; every value keeps the place where it was written."""
    if not isinstance(document.data, dict) or not isinstance(document.data.get(KEY), dict):
        return document
    base = {key: value for key, value in document.data.items() if key != KEY}
    laid = overlay(document, environment)
    merged = Document(document.path, base, _without(document.places), _without(document.key_places))
    if laid:
        at = (KEY, environment)
        merged.places |= _lifted(document.places, at)
        merged.key_places |= _lifted(document.key_places, at)
        merged.data = _merged(base, laid)
    return merged


def overlay(document: Document, environment: str) -> dict[str, Any]:
    """Return what a file says for one environment; nothing where it says something else than parts of a partner."""
    said = document.data.get(KEY) if isinstance(document.data, dict) else None
    found = said.get(environment) if isinstance(said, dict) else None
    return {key: value for key, value in found.items() if key not in FIXED} if isinstance(found, dict) else {}


def _merged(base: Any, laid: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(laid, dict):
        return laid
    both = {**base, **{key: _merged(base.get(key), value) for key, value in laid.items()}}
    return {key: value for key, value in both.items() if not (key in laid and laid[key] is None)}


def _without(places: Mapping[Path, Place]) -> dict[Path, Place]:
    return {path: place for path, place in places.items() if path[:1] != (KEY,)}


def _lifted(places: Mapping[Path, Place], at: Path) -> dict[Path, Place]:
    """Return the places below a path as if they stood at the top; that of the whole stays the file's."""
    return {path[len(at) :]: place for path, place in places.items() if path[: len(at)] == at and len(path) > len(at)}
