"""References in environments, partners, and what routes receive from: `${secret:NAME}`, `${file:/path}`, `${env:NAME:-default}`.

A release holds the references; the values are put in when a process compiles it, and are written nowhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from crossdock.core.errors import Place, Problem
from crossdock_config.yaml_source import Document
from crossdock_config.yaml_source import Path as Keys

REFERENCE = re.compile(r"\$\{(secret|file|env):([^}]*)\}")
SECRET = re.compile(r"\$\{(secret|file):")
PLACEHOLDER = "secret-not-resolved"
"""Stands for a value that isn't known: it passes for text; see `unknowns` for where text isn't enough."""
PREFIX = "CROSSDOCK_SECRET_"
"""May stand before a secret's name: so systemd names credentials of a folder, and variables don't get mixed up with others."""
LOCAL = "local"
"""The environment that is taken where none is named."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_TELLING = re.compile(r"(^|_)(password|passphrase|secrets?|tokens?|bearer|api_key|key)$")
_FORMS = "write ${secret:NAME}, ${file:/path} or ${env:NAME:-default}"


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
    """The process's variables (NAME or CROSSDOCK_SECRET_NAME), then folders with files of these names, in order.

    `place` is the folder that is named to those who have forgotten one.
    """

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    further: tuple[Path, ...] = ()
    place: str = "config/secrets"

    def secret(self, name: str) -> str | None:
        """Return a secret, or None."""
        found = self.environment.get(name) or self.environment.get(f"{PREFIX}{name}")
        read = (self.file(str(file)) for file in self._files(name))
        return found or next((text for text in read if text is not None), None)

    def where(self, name: str) -> Path | None:
        """Return the file that a secret comes from, or None where it is a variable or isn't there."""
        if self.environment.get(name) or self.environment.get(f"{PREFIX}{name}"):
            return None
        return next((file for file in self._files(name) if self.file(str(file)) is not None), None)

    def _files(self, name: str) -> list[Path]:
        return [folder / one for folder in (self.folder, *self.further) for one in (name, f"{PREFIX}{name}")]

    def file(self, path: str) -> str | None:
        """Return a file's text without its last newline, or None."""
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError):
            return None

    def env(self, name: str) -> str | None:
        """Return an environment variable, or None."""
        return self.environment.get(name)


def system_secrets(root: Path, environment: str = LOCAL) -> SystemSecrets:
    """Return the secrets of an environment, as this process may have them.

    They are in the process's variables, in $CROSSDOCK_SECRETS_DIR (in its folder for the environment, or in itself: it is this
    process's own), or else in the project's `config/secrets/<environment>`. What lies in `config/secrets` itself is for `local`
    alone, so that no other environment gets by accident what was meant for another.
    """
    given = os.environ.get("CROSSDOCK_SECRETS_DIR")
    base = Path(given) if given else root / "config" / "secrets"
    flat = bool(given) or environment == LOCAL
    place = str(base) if given else "config/secrets" if flat else f"config/secrets/{environment}"
    return SystemSecrets(base / environment, os.environ, (base,) if flat else (), place)


def resolved(document: Document, source: SecretSource | None, problems: list[Problem]) -> Any:
    """Return a document's data with its references replaced; without a source, secrets become placeholders."""
    return _Resolver(document, source, problems).value(document.data, ())


def resolved_at(
    document: Document, path: Keys, source: SecretSource | None, problems: list[Problem], expressions: Collection[Keys] = ()
) -> Any:
    """Return what stands at a path, in the same way; `expressions` below it are no secrets, whatever they are called."""
    data = document.data
    for step in path:
        data = data[step]
    return _Resolver(document, source, problems, frozenset((*path, *one) for one in expressions)).value(data, path)


@dataclass(frozen=True)
class _Resolver:
    document: Document
    source: SecretSource | None
    problems: list[Problem]
    expressions: frozenset[Keys] = frozenset()

    def value(self, value: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(value, dict):
            return {key: self.value(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, (*path, index)) for index, inner in enumerate(value)]
        return self._text(value, path) if isinstance(value, str) else value

    def _text(self, value: str, path: tuple[str | int, ...]) -> str:
        place = self.document.at(*path)
        self._warn_of_plain_text(value, path, place)
        if "${" not in value:
            return value
        if "${" in REFERENCE.sub("", value):
            self._say(place, f"'{value[:60]}' holds a '${{' that is no reference: {_FORMS}")
        return REFERENCE.sub(lambda found: self._replaced(found[1], found[2], place), value)

    def _replaced(self, kind: str, said: str, place: Place) -> str:
        name, has_default, default = said.partition(":-")
        if kind == "secret" and has_default:
            self._say(place, f"a secret has no default: write ${{secret:{name}}} and provide it")
        elif not name or (kind != "file" and not _NAME.fullmatch(name)):
            self._say(place, f"'{name}' can't be the name of a reference: {_FORMS}")
        elif self.source is not None:
            value = {"secret": self.source.secret, "file": self.source.file, "env": self.source.env}[kind](name)
            if value is not None:
                return value
            if not has_default:
                self._missing(kind, name, place)
        return default if has_default and kind != "secret" else PLACEHOLDER

    def _missing(self, kind: str, name: str, place: Place) -> None:
        advice = {
            "secret": f"set {name} in the environment, or write it to {getattr(self.source, 'place', 'config/secrets')}/{name}",
            "file": "no such file can be read",
            "env": f"set {name} in the environment, or give a default: ${{env:{name}:-...}}",
        }
        what = {"secret": "secret", "file": "file", "env": "environment variable"}[kind]
        self._say(place, f"{what} '{name}' is not there: {advice[kind]}", "secret")

    def _warn_of_plain_text(self, value: str, path: tuple[str | int, ...], place: Place) -> None:
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        if value and path not in self.expressions and _TELLING.search(name) and not name.endswith(_FILES) and "${" not in value:
            message = f"'{name}' is in plain text; write ${{secret:NAME}} and keep it out of the file"
            self.problems.append(Problem((place.path, place.line, place.column), message, "plain-secret", "warning"))

    def _say(self, place: Place, message: str, code: str = "invalid") -> None:
        self.problems.append(Problem.at(place, message, code))


_FILES = ("host_key", "public_key", "known_key")
"""Names that end like a secret's and hold a file's name or what everybody may know."""
