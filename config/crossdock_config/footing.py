"""What each route is made of: every file, list of names and setting that its compilers have asked for, noted as they ask.

By it a release that is taken up keeps the routes that did not change as they are, and a deployment knows whose routes it changes.

    (kind, name)          a file: ("map", "acme-850")              ("names", kind)    which files of a kind there are
    ("partners", "")      all partners                             ("endpoint", name) what the environment says of it
    ("testing", "")       whether the environment is for tests
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from crossdock_config.yaml_source import Document

Read = tuple[str, str]
NAMES, PARTNERS, ENDPOINT, TESTING = "names", "partners", "endpoint", "testing"


class Reads:
    """Notes what is read while something is made; makers may stand inside of makers."""

    def __init__(self) -> None:
        self._open: list[set[Read]] = []

    def note(self, kind: str, name: str = "") -> None:
        """Note one read."""
        if self._open:
            self._open[-1].add((kind, name))

    def add(self, reads: Iterable[Read]) -> None:
        """Note what was read before for something that is used again."""
        if self._open:
            self._open[-1].update(reads)

    @contextmanager
    def noted(self) -> Iterator[set[Read]]:
        """Gather what is read within the block; whatever is being made around it has read that too."""
        self._open.append(set())
        try:
            yield self._open[-1]
        finally:
            found = self._open.pop()
            self.add(found)


@dataclass(frozen=True)
class Footing:
    """A project's documents by kind and name, their texts by path, and what each route was made of."""

    environment: str = ""
    documents: Mapping[Read, Document] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, frozenset[Read]] = field(default_factory=dict)

    def text(self, read: Read) -> Any:
        """Return what can be compared of something read: of files their texts, so that places in the trace stay true."""
        return self._value(read, lambda document: self.texts[document.path])

    def meaning(self, read: Read) -> Any:
        """Return the same where a comment or a blank line changes nothing."""
        return self._value(read, lambda document: document.data)

    def by_path(self) -> dict[str, Document]:
        """Return the documents by path."""
        return {document.path: document for document in self.documents.values()}

    def _value(self, read: Read, content: Callable[[Document], Any]) -> Any:
        kind, name = read
        if kind == NAMES:
            return sorted(one for of, one in self.documents if of == name)
        if kind == PARTNERS:
            return {one: content(document) for (of, one), document in self.documents.items() if of == "partner"}
        if kind in (ENDPOINT, TESTING):
            return self._setting(*(("endpoints", name) if kind == ENDPOINT else ("test",)))
        document = self.documents.get(read)
        return None if document is None else content(document)

    def _setting(self, *path: str) -> Any:
        """Return what the environment's file says, as it is written: references stay references."""
        document = self.documents.get(("environment", self.environment))
        value = document.data if document else None
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value


class Comparison:
    """Which routes are made of the same in two projects. Every value is looked up once."""

    def __init__(self, before: Footing, value: Callable[[Read], tuple[Any, Any]]) -> None:
        self._before = before
        self._value = value
        self._same: dict[Read, bool] = {}

    def same(self, route: str) -> bool:
        """Whether all that a route was made of before is as it was."""
        reads = self._before.reads.get(route)
        return reads is not None and all(self.is_same(read) for read in reads)

    def is_same(self, read: Read) -> bool:
        """Whether one read gives the same."""
        if read not in self._same:
            before, after = self._value(read)
            self._same[read] = before == after
        return self._same[read]


def by_text(before: Footing, after: Footing) -> Comparison:
    """Compare to the letter."""
    return Comparison(before, lambda read: (before.text(read), after.text(read)))


def by_meaning(before: Footing, after: Footing) -> Comparison:
    """Compare what is meant."""
    return Comparison(before, lambda read: (before.meaning(read), after.meaning(read)))
