"""A project's files: which there are, of which kind, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from crossdock.core.errors import Place, Problem
from crossdock.core.registry import Registry
from crossdock.core.spec import TransformerSpec
from crossdock_config.csv_source import read_csv
from crossdock_config.json_source import read_json
from crossdock_config.yaml_source import LARGEST, Document, read

FOLDERS = ("routes", "config")
TEXTS = {".xsd": "xsd", ".xslt": "xslt"}
"""Files that transformers read as they stand, by their suffix."""
OWN = {
    ".access.yaml": "access",
    ".route.yaml": "route",
    ".test.yaml": "test",
    ".policy.yaml": "policy",
    ".schema.json": "schema",
    **TEXTS,
}
SINGLE = {"config/access.yaml": "access"}
PLACES = {"config/partners/": "partner", "config/environments/": "environment"}


def file_kinds(registry: Registry) -> dict[str, type[BaseModel]]:
    """Return the kinds of files that transformers bring, with their models: `map` for `*.map.yaml`."""
    kinds: dict[str, type[BaseModel]] = {}
    for spec in registry.all("transformers"):
        if isinstance(spec, TransformerSpec):
            kinds |= spec.files
    return kinds


def file_folders(registry: Registry) -> dict[str, str]:
    """Return the folders that transformers keep files in, with the kind of these: `config/grammars/`."""
    specs = [spec for spec in registry.all("transformers") if isinstance(spec, TransformerSpec)]
    return {folder: kind for spec in specs for folder, kind in spec.folders.items()}


class Files:
    """Knows a project's files by their names."""

    def __init__(self, registry: Registry) -> None:
        self._folders = file_folders(registry)
        inside = set(self._folders.values())
        self._suffixes = {**OWN, **{f".{kind}.yaml": kind for kind in file_kinds(registry) if kind not in inside}}
        self._suffixes |= {f".{kind}.csv": kind for kind, model in file_kinds(registry).items() if getattr(model, "CSV", False)}
        self._places = {**PLACES, **self._folders}

    def texts(self, root: Path | Mapping[str, str], problems: list[Problem]) -> dict[str, str]:
        """Return all files that belong to a project: path relative to its root, and text."""
        if not isinstance(root, Path):
            return {name: text for name, text in sorted(root.items()) if self.kind_of(name)}
        found: dict[str, str] = {}
        for path in _candidates(root):
            name = path.relative_to(root).as_posix()
            if self.kind_of(name):
                _read(path, name, found, problems)
            elif path.suffix in (".yaml", ".yml"):
                problems.append(self._unread(name))
        return found

    def kind_of(self, name: str) -> str:
        """Return the kind of a file by its path, or '' where it is none of ours."""
        if name in SINGLE:
            return SINGLE[name]
        for suffix, kind in self._suffixes.items():
            if name.endswith(suffix):
                return kind
        if name.endswith(".yaml"):
            for folder, kind in self._places.items():
                if name.startswith(folder):
                    return kind
        return ""

    def stem_of(self, name: str) -> str:
        """Return what a file's name says that it is called: `acme-orders` of `routes/sales/acme-orders.route.yaml`.

        In a transformer's folder that is the path below it: `x12/004010/888` of `config/grammars/x12/004010/888.yaml`.
        """
        for folder in self._folders:
            if name.startswith(folder):
                return name[len(folder) :].removesuffix(".yaml")
        base = name.rpartition("/")[2]
        for suffix in (*self._suffixes, ".yaml"):
            if base.endswith(suffix):
                return base[: -len(suffix)]
        return base

    def _unread(self, name: str) -> Problem:
        known = ", ".join(sorted(suffix for suffix in self._suffixes if suffix.endswith(".yaml")))
        words = f"nothing reads this file: its name ends in none of {known}"
        if name.startswith(tuple(self._places)):
            words = "nothing reads this file: its name must end in .yaml"
        return Problem((name, 1, 1), words, "unread", "warning")


def _candidates(root: Path) -> Iterator[Path]:
    """Yield every file in a project's folders, but not the secrets and nothing hidden."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            inner = path.relative_to(root).parts
            if inner[:2] != ("config", "secrets") and not any(part.startswith(".") for part in inner) and path.is_file():
                yield path


def _read(path: Path, name: str, found: dict[str, str], problems: list[Problem]) -> None:
    try:
        if path.stat().st_size > LARGEST:
            problems.append(Problem.at(Place(name), "this file is larger than 5 MB; configuration isn't data"))
        else:
            found[name] = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        byte = error.object[error.start]
        problems.append(Problem.at(Place(name, line, column), f"this file isn't UTF-8: here stands the byte 0x{byte:02x}"))
    except OSError as error:
        problems.append(Problem.at(Place(name), f"this file can't be read: {error.strerror}"))


def document_of(name: str, text: str) -> Document:
    """Read a file's text by what its name says that it is."""
    if name.endswith(tuple(TEXTS)):
        return Document(name, text, {(): Place(name)})
    if name.endswith(".csv"):
        return read_csv(name, text)
    return read_json(name, text) if name.endswith(".json") else read(name, text)
