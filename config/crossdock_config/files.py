"""A project's files: which there are, of which kind, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crossdock.core.errors import Place, Problem

FOLDERS = ("routes", "config")
SUFFIXES = {
    ".route.yaml": "route",
    ".map.yaml": "map",
    ".guide.yaml": "guide",
    ".schema.json": "schema",
    ".test.yaml": "test",
    ".policy.yaml": "policy",
}


def texts(root: Path | Mapping[str, str], problems: list[Problem]) -> dict[str, str]:
    """Return all files that belong to a project: path relative to its root, and text."""
    if not isinstance(root, Path):
        return dict(root)
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and kind_of(name):
                _read(path, name, found, problems)
    return found


def _read(path: Path, name: str, found: dict[str, str], problems: list[Problem]) -> None:
    try:
        found[name] = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(
            Problem.at(Place(name), f"this file isn't UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}")
        )
    except OSError as error:
        problems.append(Problem.at(Place(name), f"this file can't be read: {error.strerror}"))


def kind_of(name: str) -> str:
    """Return the kind of a file by its path, or '' where it is none of ours."""
    for suffix, kind in SUFFIXES.items():
        if name.endswith(suffix):
            return kind
    if name.endswith(".yaml"):
        for folder, kind in (("config/partners/", "partner"), ("config/environments/", "environment")):
            if name.startswith(folder):
                return kind
    return ""


def stem_of(name: str) -> str:
    """Return what a file's name says that it is called: `acme-orders` of `routes/sales/acme-orders.route.yaml`."""
    base = name.rpartition("/")[2]
    for suffix in (*SUFFIXES, ".yaml"):
        if base.endswith(suffix):
            return base[: -len(suffix)]
    return base
