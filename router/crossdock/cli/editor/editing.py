"""What an editor asks about a project's files while they are written: problems, definitions, uses, completions, explanations."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from crossdock.cli.editor.cursor import IDENTIFIER, NAME, Word
from crossdock.cli.editor.known import known_in
from crossdock.core.errors import Place, Problem
from crossdock.core.registry import KINDS, Registry, installed
from crossdock.core.words import Asked
from crossdock_config.files import Files
from crossdock_config.loader import browse, load
from crossdock_config.patterns import PATTERNS
from crossdock_config.project import Project, Within

REFERENCES = {
    "call": "route",
    "guide": "guide",
    "map": "map",
    "partner": "partner",
    "policies": "policy",
    "route": "route",
    "schema": "schema",
    "source": "schema",
    "target": "schema",
    "use": "map",
    "validate": "schema",
}
"""The keys whose values are names of files, with the kind of these; several files of other kinds may have one name."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A word that may stand in the place of the line's `start` to `end` (counted from 0), and what it means."""

    word: str
    told: str
    start: int
    end: int


@dataclass
class Editing:
    """A project's files as the editor has them: `unsaved` holds the texts that are open, by their paths below the root."""

    root: Path
    environment: str = "local"
    registry: Registry = field(default_factory=installed)
    unsaved: dict[str, str] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        """Return every file's text, the unsaved ones as they are now."""
        files, unsaved = Files(self.registry), self.unsaved.copy()  # a file may be opened while another thread reads
        return {**files.texts(self.root, []), **{path: text for path, text in unsaved.items() if files.kind_of(path)}}

    def problems(self) -> tuple[Problem, ...]:
        """Return what `check` would say of the project's files, were they saved now."""
        return load(self.texts(), self.environment, registry=self.registry).problems

    def definition(self, path: str, line: int, column: int) -> Place | None:
        """Return where the name at a place (counted from 0) is defined, or None."""
        texts = self.texts()
        word = Word.at(texts.get(path, ""), line, column, NAME)
        project = self._project(texts)
        kind = _kind(project, word)
        if kind:
            return Place(project.documents[kind][str(word)].path)
        document = project.documents.get("environment", {}).get(self.environment)
        return None if document is None else document.key_places.get(("endpoints", str(word)))

    def uses(self, path: str, line: int, column: int) -> tuple[Place, ...]:
        """Return the places that use the file that is named at a place (counted from 0), or the file itself."""
        texts, files = self.texts(), Files(self.registry)
        word = Word.at(texts.get(path, ""), line, column, NAME)
        kind, name = _kind(self._project(texts), word), str(word)
        meant = (kind, name) if kind else (files.kind_of(path), files.stem_of(path))
        return load(texts, self.environment, registry=self.registry).meaning.users.get(meant, ())

    def completions(self, path: str, line: int, column: int) -> list[Proposal]:
        """Return the words that may stand at a place (counted from 0) of a YAML file."""
        texts = self.texts()
        if not path.endswith(".yaml"):
            return []  # a reference in a JSON Schema is a path from that file: a name doesn't do there
        text = texts.get(path, "")
        word, name = Word.at(text, line, column, IDENTIFIER), Word.at(text, line, column, NAME)
        asked = self._known(texts, path, word)
        start = word.start - len(asked.before) if word.before.endswith(asked.before) else word.start
        return [
            Proposal(one, told, start, word.end if IDENTIFIER.fullmatch(one) else name.end)
            for one, told in sorted(asked.known.items())
        ]

    def hover(self, path: str, line: int, column: int) -> str:
        """Return what the word at a place (counted from 0) means, in Markdown, or ''."""
        texts = self.texts()
        for letters in (NAME, IDENTIFIER):
            word = Word.at(texts.get(path, ""), line, column, letters)
            told = self._known(texts, path, word).known.get(str(word)) if str(word) else None
            if told is not None:
                return f"**{word}**{': ' if told else ''}{told}{self._example(str(word), told)}"
        return ""

    def _known(self, texts: dict[str, str], path: str, word: Word) -> Asked:
        return known_in(texts, path, word, self.environment, self.registry)

    def _example(self, name: str, told: str) -> str:
        """Return the example of the component that something was told about."""
        specs = [PATTERNS.get(name), *(self.registry.find(kind, name) for kind in KINDS)]
        found = next((spec.example for spec in specs if spec is not None and spec.summary == told), "")
        return f"\n\n```yaml\n{found.strip()}\n```" if found else ""

    def _project(self, texts: dict[str, str]) -> Project:
        seen = browse(texts, registry=self.registry)
        assert isinstance(seen, Within)
        return seen.project


def _kind(project: Project, word: Word) -> str:
    """Return the kind of file that a word names, or ''."""
    kinds = (REFERENCES.get(word.key, ""), *sorted(project.documents))
    return next((kind for kind in kinds if str(word) in project.documents.get(kind, {})), "")
