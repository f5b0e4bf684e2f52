"""References in environment and partner files: `${secret:NAME}`, `${file:/path}`, `${env:NAME:-default}`.

A release holds the references; the values are put in when a process compiles it, and are written nowhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from crossdock.core.errors import Place, Problem
from crossdock_config.yaml_source import Document

REFERENCE = re.compile(r"\$\{(secret|file|env):([^}]*)\}")
PLACEHOLDER = "secret-not-resolved"
_TELLING = re.compile(r"(^|_)(password|secret|secrets|token|tokens|key|api_key|passphrase)$")


class SecretSource(Protocol):
    """Where values come from."""

    def secret(self, name: str) -> str | None:
        """Return a secret, or None."""

    def file(self, path: str) -> str | None:
        """Return a file's text without its last newline, or None."""

    def env(self, name: str) -> str | None:
        """Return an environment variable, or None."""


@dataclass(frozen=True)
class SystemSecrets:
    """The environment (NAME or CROSSDOCK_SECRET_NAME), then a folder of files named after the secrets."""

    folder: Path
    environment: Mapping[str, str]

    def secret(self, name: str) -> str | None:
        """Return a secret, or None."""
        found = self.environment.get(name) or self.environment.get(f"CROSSDOCK_SECRET_{name}")
        return found if found is not None else self.file(str(self.folder / name))

    def file(self, path: str) -> str | None:
        """Return a file's text without its last newline, or None."""
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError):
            return None

    def env(self, name: str) -> str | None:
        """Return an environment variable, or None."""
        return self.environment.get(name)


def system_secrets(root: Path) -> SystemSecrets:
    """Return this process's secrets: its environment, and CROSSDOCK_SECRETS_DIR or `config/secrets` of the project."""
    folder = os.environ.get("CROSSDOCK_SECRETS_DIR")
    return SystemSecrets(Path(folder) if folder else root / "config" / "secrets", os.environ)


def resolved(document: Document, source: SecretSource | None, problems: list[Problem]) -> Any:
    """Return a document's data with its references replaced; without a source, secrets become placeholders."""
    return _walk(document.data, (), document, source, problems)


def _walk(
    value: Any, path: tuple[str | int, ...], document: Document, source: SecretSource | None, problems: list[Problem]
) -> Any:
    if isinstance(value, dict):
        return {key: _walk(inner, (*path, key), document, source, problems) for key, inner in value.items()}
    if isinstance(value, list):
        return [_walk(inner, (*path, index), document, source, problems) for index, inner in enumerate(value)]
    if not isinstance(value, str):
        return value
    _warn_of_plain_text(value, path, document, problems)
    if "${" not in value:
        return value
    return REFERENCE.sub(lambda found: _replaced(found, source, document.at(*path), problems), value)


def _replaced(found: re.Match[str], source: SecretSource | None, place: Place, problems: list[Problem]) -> str:
    kind, said = found[1], found[2]
    name, has_default, default = said.partition(":-")
    if source is None:
        return default if has_default else PLACEHOLDER
    value = {"secret": source.secret, "file": source.file, "env": source.env}[kind](name)
    if value is not None:
        return value
    if has_default:
        return default
    advice = {
        "secret": f"set {name} in the environment, or write it to config/secrets/{name}",
        "file": "no such file can be read",
        "env": f"set it, or give a default: ${{env:{name}:-...}}",
    }
    problems.append(Problem.at(place, f"{kind} '{name}' is not there: {advice[kind]}", "secret"))
    return PLACEHOLDER


def _warn_of_plain_text(value: str, path: tuple[str | int, ...], document: Document, problems: list[Problem]) -> None:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if value and _TELLING.search(name) and not REFERENCE.search(value):
        place = document.at(*path)
        message = f"'{name}' is in plain text; write ${{secret:NAME}} and keep it out of the file"
        problems.append(Problem((place.path, place.line, place.column), message, "plain-secret", "warning"))
