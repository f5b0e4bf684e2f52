"""What an editor asks about a project's files while they are written: problems, definitions, completions, explanations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crossdock.core.errors import Place, Problem
from crossdock.core.registry import KINDS, Registry, installed
from crossdock.core.spec import Spec
from crossdock_config.files import Files
from crossdock_config.loader import browse, load
from crossdock_config.project import Project, Within

REFERENCES = {
    "call": "route",
    "guide": "guide",
    "map": "map",
    "partner": "partner",
    "policies": "policy",
    "route": "route",
    "schema": "schema",
    "validate": "schema",
}
"""The keys whose values are names of files, with the kind of these."""
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_KEY = re.compile(r"([a-z_]+):\s*\[?[^:{}]*$")
_INSIDE = re.compile(r"([a-z0-9_]+):\s*\{[^{}]*?(?:^|[{,\s])[a-z_]*$")
_BELOW = re.compile(r"^(\s*(?:- )?)([a-z0-9_]+):\s*$")


@dataclass
class Editing:
    """A project's files as the editor has them: `unsaved` holds the texts that are open, by their paths below the root."""

    root: Path
    environment: str = "local"
    registry: Registry = field(default_factory=installed)
    unsaved: dict[str, str] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        """Return every file's text, the unsaved ones as they are now."""
        files = Files(self.registry)
        return {**files.texts(self.root, []), **{path: text for path, text in self.unsaved.items() if files.kind_of(path)}}

    def problems(self) -> tuple[Problem, ...]:
        """Return what `check` would say of the project's files, were they saved now."""
        return load(self.texts(), self.environment, registry=self.registry).problems

    def definition(self, path: str, line: int, column: int) -> Place | None:
        """Return where the name at a place (counted from 0) is defined, or None."""
        text = self._line(path, line)
        word = _word(text, column)
        if word is None:
            return None
        key = _KEY.search(text[: word.start()])
        project = self._project()
        kinds = [REFERENCES[key[1]]] if key and key[1] in REFERENCES else sorted(project.documents)
        for kind in kinds:
            if word[0] in project.documents.get(kind, {}):
                return Place(project.documents[kind][word[0]].path)
        return _endpoint(project, self.environment, word[0])

    def completions(self, path: str, line: int, column: int) -> list[tuple[str, str]]:
        """Return the words that may stand at a place (counted from 0), each with what it is."""
        before = self._line(path, line)[:column]
        key = _KEY.search(before)
        if key and key[1] in REFERENCES:
            kind = REFERENCES[key[1]]
            return [(name, kind) for name in self._project().names(kind)]
        spec = self._around(path, line, before)
        if spec is not None:
            return list(_options(spec))
        if re.fullmatch(r"\s*- (?:\{ ?)?[a-z_]*", before):
            return [(name, summary) for name, summary, _ in self._components()]
        return []

    def hover(self, path: str, line: int, column: int) -> str:
        """Return what the component's name at a place (counted from 0) means, in Markdown, or ''."""
        word = _word(self._line(path, line), column)
        for name, summary, example in self._components() if word else ():
            if word and name == word[0]:
                return f"**{name}**: {summary}\n\n```yaml\n{example.strip()}\n```"
        return ""

    def _line(self, path: str, line: int) -> str:
        lines = self.texts().get(path, "").splitlines()
        return lines[line] if line < len(lines) else ""

    def _project(self) -> Project:
        seen = browse(self.texts(), registry=self.registry)
        assert isinstance(seen, Within)
        return seen.project

    def _components(self) -> Iterator[tuple[str, str, str]]:
        for kind in KINDS:
            for spec in self.registry.all(kind):
                yield spec.name, spec.summary, spec.example

    def _around(self, path: str, line: int, before: str) -> Spec | None:
        """Return the component whose options stand at a place: in braces, or below its name."""
        inside = _INSIDE.search(before)
        if inside:
            return self._spec(inside[1])
        if not re.fullmatch(r"\s+[a-z_]*", before):
            return None
        depth = len(before) - len(before.lstrip())
        for above in reversed(self.texts().get(path, "").splitlines()[:line]):
            found = _BELOW.match(above)
            if found and len(found[1]) < depth:
                return self._spec(found[2])
        return None

    def _spec(self, name: str) -> Spec | None:
        return next((spec for kind in KINDS if (spec := self.registry.find(kind, name)) is not None), None)


def _word(text: str, column: int) -> re.Match[str] | None:
    return next((found for found in _WORD.finditer(text) if found.start() <= column <= found.end()), None)


def _options(spec: Spec) -> Iterator[tuple[str, str]]:
    for name, option in getattr(getattr(spec, "options", None), "model_fields", {}).items():
        yield option.alias or name, option.description or "option"


def _endpoint(project: Project, environment: str, name: str) -> Place | None:
    document = project.documents.get("environment", {}).get(environment)
    return None if document is None else document.key_places.get(("endpoints", name))
