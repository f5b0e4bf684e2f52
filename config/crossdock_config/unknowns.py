"""Values that come from references: those that aren't known yet are no faults, and those that are known are not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from crossdock_config.secrets import PLACEHOLDER, SECRET
from crossdock_config.yaml_source import Path

Model = TypeVar("Model", bound=BaseModel)

_TRIALS = ("1", "1s", "1MB", "true", "a", "localhost", "http://localhost", "memory://")
"""Values of every form that an unknown value may have."""


def is_blind(fault: dict[str, Any]) -> bool:
    """Whether a fault may come of nothing but a value that isn't known."""
    if fault["type"] in ("extra_forbidden", "missing"):
        return False
    return any(isinstance(leaf, str) and PLACEHOLDER in leaf for _, leaf in _leaves(fault["input"], ()))


def tried(model: type[Model], data: Any, paths: Sequence[Path]) -> Model | None:
    """Validate data with values of every form in place of what isn't known below the paths; None where none fits."""
    for trial in _TRIALS:
        filled = data
        for path in paths:
            filled = _filled(filled, path, trial)
        try:
            return model.model_validate(filled)
        except ValidationError:
            continue
    return None


def discreet(message: str, value: Any, written: Any) -> str:
    """Return a message without the secrets in a value: what the file has for them stands there instead."""
    said = dict(_leaves(written, ()))
    for path, leaf in _leaves(value, ()):
        reference = said.get(path)
        if isinstance(reference, str) and SECRET.search(reference) and str(leaf):
            message = message.replace(str(leaf), reference)
    return message


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield path, value
        return
    for step, one in inner:
        yield from _leaves(one, (*path, step))


def _filled(value: Any, path: Path, trial: str) -> Any:
    """Return a copy with another value for what isn't known below a path."""
    if isinstance(value, dict):
        return {key: _filled(one, path[1:], trial) if key in path[:1] or not path else one for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, path[1:], trial) if index in path[:1] or not path else one for index, one in enumerate(value)]
    return trial if isinstance(value, str) and PLACEHOLDER in value else value
