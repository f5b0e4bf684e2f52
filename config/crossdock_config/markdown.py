"""YAML in Markdown: blocks that are files of a project, checked as if they were among its files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from crossdock.core.errors import Problem

_BLOCK = re.compile(
    r"^(?P<indent> {0,3})(?P<fence>`{3,}|~{3,})ya?ml[^\n]*\n(?P<text>.*?)^ {0,3}(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL
)
_HEAD = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*(?P<kind>[a-z]+): *(?P<name>[a-z0-9][a-z0-9._-]*)[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_CASES = re.compile(r"^cases:", re.MULTILINE)
FOLDERS = {"partner": "config/partners/", "environment": "config/environments/"}
EXCERPT = "<!-- excerpt -->\n"
"""Stands before a block that is only a part, or of another project: it is not checked."""
SKIPPED = frozenset((".git", ".venv", "node_modules", "__pycache__"))


@dataclass(frozen=True)
class Block:
    """A block: the Markdown file that it stands in, the line that it begins on, and the file that it would be."""

    source: str
    line: int
    path: str
    text: str

    def placed(self, problem: Problem) -> Problem:
        """Return a problem of the file as one of the Markdown."""
        _, line, column = problem.place
        return replace(problem, place=(self.source, line + self.line - 1, column))


def blocks(root: Path, kinds: Collection[str]) -> list[Block]:
    """Return every block below a folder that begins with a kind and a name: `route: acme-orders`."""
    return [block for path in markdown_files(root) for block in _of_file(root, path, kinds)]


def markdown_files(root: Path) -> list[Path]:
    """Return all Markdown below a folder, hidden and installed things left out."""
    found = []
    for path in sorted(root.rglob("*.md")):
        inner = path.relative_to(root).parts
        if not any(part in SKIPPED or part.startswith(".") for part in inner):
            found.append(path)
    return found


def _of_file(root: Path, path: Path, kinds: Collection[str]) -> Iterator[Block]:
    text = path.read_text(encoding="utf-8", errors="replace")
    for found in _BLOCK.finditer(text):
        head = _HEAD.match(found["text"])
        if head and head["kind"] in kinds and not text[: found.start()].endswith(EXCERPT):
            line = text.count("\n", 0, found.start("text")) + 1
            kind = "test" if _CASES.search(found["text"]) else head["kind"]
            folder = FOLDERS.get(kind, "routes/documents/")
            suffix = ".yaml" if kind in FOLDERS else f".{kind}.yaml"
            source = path.relative_to(root).as_posix()
            yield Block(source, line, f"{folder}{head['name']}{suffix}", _flush(found["text"], len(found["indent"])))


def _flush(text: str, indent: int) -> str:
    return re.sub(rf"^ {{0,{indent}}}", "", text, flags=re.MULTILINE) if indent else text


def rounds(found: Iterable[Block]) -> list[list[Block]]:
    """Return blocks in rounds, in each of which no two are the same file: so a project is read once a round, not once a block."""
    seen: Counter[str] = Counter()
    rounds_: list[list[Block]] = []
    for block in found:
        if seen[block.path] == len(rounds_):
            rounds_.append([])
        rounds_[seen[block.path]].append(block)
        seen[block.path] += 1
    return rounds_


def overlaid(files: Mapping[str, str], among: Iterable[Block]) -> dict[str, str]:
    """Return a project's files with blocks in the places of the files of their names and kinds, or beside them."""
    standing = {path.rpartition("/")[2]: path for path in files}
    own = {standing.get(block.path.rpartition("/")[2], block.path): block.text for block in among}
    return {**files, **own}
