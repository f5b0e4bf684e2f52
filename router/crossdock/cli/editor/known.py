"""What may stand in a word's place: the project is compiled with a word there that nobody knows, and what `check` would propose
instead of it is the answer. So an editor knows whatever `check` knows: steps, options, endpoints, fields, codes, functions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from crossdock.cli.editor.cursor import NAME, Word
from crossdock.core.registry import Registry
from crossdock.core.words import Asked, asking
from crossdock_config.files import Files, document_of
from crossdock_config.loader import load

UNKNOWN = "zzcursorzz"
"""A word that nobody knows; letters only, so that it may stand wherever a word may."""
MANY = ("route", "map", "test")
"""Kinds of files that a project has many of: of those that the file doesn't depend on, only the names are needed."""
_SOURCE = re.compile(r"^source:", re.MULTILINE)
_TOLD = re.compile(r"^description: .*\n", re.MULTILINE)


def known_in(texts: Mapping[str, str], path: str, word: Word, environment: str, registry: Registry) -> Asked:
    """Return what is known in the place of a word of a file; nothing where no version of the file can be read."""
    files = Files(registry)
    for text in word.versions(UNKNOWN):
        if document_of(path, text).problems:
            continue
        with asking(UNKNOWN) as asked:
            load(_shortened(files, {**texts, path: text}, path), environment, registry=registry)
        if asked.known:
            return asked
    return Asked(UNKNOWN)


def _shortened(files: Files, texts: Mapping[str, str], path: str) -> dict[str, str]:
    """Return a project's texts, those that a file doesn't depend on cut down to what they say of themselves."""
    many = {name: files.stem_of(name) for name in texts if files.kind_of(name) in MANY}
    needed = {path, *_givers(files, texts, path)}
    open_ones = list(needed)
    while open_ones:
        named = set(NAME.findall(texts[open_ones.pop()]))
        found = {name for name, stem in many.items() if stem in named and files.kind_of(name) != "test"} - needed
        needed |= found
        open_ones += found
    return {name: _told(text) if name in many and name not in needed else text for name, text in texts.items()}


def _givers(files: Files, texts: Mapping[str, str], path: str) -> set[str]:
    """Return the files that say what a map reads, where it doesn't say so itself: those that use it."""
    if files.kind_of(path) != "map" or _SOURCE.search(texts[path]):
        return set()
    name = files.stem_of(path)
    return {user for user, text in texts.items() if files.kind_of(user) in ("route", "map") and name in NAME.findall(text)}


def _told(text: str) -> str:
    """Return what a file says of itself: that isn't enough to compile it."""
    found = _TOLD.search(text)
    return found[0] if found else ""
