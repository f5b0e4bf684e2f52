"""YAML with positions: plain data, and the place of every value and key.

Scalars follow YAML 1.2's core schema, with one rule of our own: a number is what is written back just as it stands, anything
else stays text, because in this field it is an identifier (`00401`, `01`, `+4915112345`, `12E4`). So `NO`, `on`, `1:30` and dates
stay what they look like; `5` is an int, `1.10` a Decimal that keeps its zero. Refused, each with its place and an advice:
duplicate keys, keys that aren't text, anchors, aliases, tags, merge keys, several documents, what is too deep or too large.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from crossdock.core.errors import Place, Problem
from crossdock_config.yaml_faults import advised

Path = tuple[str | int, ...]
LARGEST = 5 * 1024 * 1024
DEEPEST = 50
LONGEST_NUMBER = 100
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""What reads everywhere: libyaml and PyYAML disagree on odd texts, such as `[0?&]`."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_UNPRINTABLE = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Document:
    """One file: its data, where everything stands, and what is wrong with it."""

    path: str
    data: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    key_places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def at(self, *path: str | int) -> Place:
        """Return the place of a value, or of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if place := self.places.get(path[:end]):
                return place
        return Place(self.path)

    def key(self, *path: str | int) -> Place:
        """Return the place of a key, or of the value where it has none."""
        return self.key_places.get(path) or self.at(*path)

    def say(self, place: Place, message: str) -> None:
        """Add a problem."""
        self.problems.append(Problem.at(place, message))


def read(path: str, text: str) -> Document:
    """Read a file's text; what is wrong is in `problems`, and `data` is None where nothing can be used."""
    document = Document(path)
    if len(text) > LARGEST:
        document.say(Place(path), "this file is larger than 5 MB; configuration isn't data")
    elif found := _UNPRINTABLE.search(text):
        place = place_of(path, text, found.start())
        document.say(
            place, f"the character U+{ord(found[0]):04X} can't stand in YAML; in double quotes it is written as an escape"
        )
    else:
        _parse(document, text)
    return document


def place_of(path: str, text: str, index: int) -> Place:
    """Return the place of a character by its index."""
    return Place(path, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _parse(document: Document, text: str) -> None:
    loader = LOADER(text)
    try:
        reader = _Reader(document, loader.get_event)
        with suppress(_TooDeepError):  # the reader has told it already
            data = reader.document()
            document.data = None if reader.lost else data
    except yaml.MarkedYAMLError as error:
        mark, words = advised(error, text)
        document.say(Place(document.path, mark.line + 1, mark.column + 1) if mark else Place(document.path), words)
    finally:
        loader.dispose()
    if document.data is None and not document.problems:
        document.say(Place(document.path), "this file is empty")


class _TooDeepError(Exception):
    """Reading on would only find the same fault again."""


class _Reader:
    """Builds data from the parser's events, so that neither depth nor aliases can cost more than the text's length.

    `lost` says that something was left out, so that what is missing from the data says nothing.
    """

    def __init__(self, document: Document, event: Callable[[], Any]) -> None:
        self.lost = False
        self._document = document
        self._next = event

    def document(self) -> Any:
        event = self._next()
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        data = self._value(event, ())
        self._next()
        after = self._next()
        if isinstance(after, yaml.DocumentStartEvent):
            self._say(after, "one document a file; a second one begins here")
        return data

    def _value(self, event: Any, path: Path) -> Any:
        self._document.places[path] = self._place(event)
        if event.anchor is not None:
            return self._anchored(event, path)
        if event.tag is not None:
            self._say(event, f"tags aren't allowed here ({event.tag[:60]})")
        if isinstance(event, yaml.ScalarEvent):
            return event.value if event.style or event.tag else scalar_of(event.value)
        if len(path) > DEEPEST:
            self._say(event, f"this is nested deeper than {DEEPEST} levels")
            raise _TooDeepError
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _anchored(self, event: Any, path: Path) -> Any:
        if isinstance(event, yaml.AliasEvent):
            self._say(event, "aliases aren't allowed: write the value out, or put what begins with * in quotes")
            self.lost = True
            return None
        self._say(event, "anchors aren't allowed: write the value out, so that every line says what it means")
        event.anchor = None
        return self._value(event, path)

    def _sequence(self, path: Path) -> list[Any]:
        data: list[Any] = []
        event = self._next()
        while not isinstance(event, yaml.SequenceEndEvent):
            data.append(self._value(event, (*path, len(data))))
            event = self._next()
        return data

    def _mapping(self, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        event = self._next()
        while not isinstance(event, yaml.MappingEndEvent):
            key = self._key(event, path, data)
            value = self._next()
            if key is None:
                self._skip(value)
            else:
                self._document.key_places[(*path, key)] = self._place(event)
                data[key] = None
                data[key] = self._value(value, (*path, key))
            event = self._next()
        return data

    def _key(self, event: Any, path: Path, data: dict[str, Any]) -> str | None:
        """Return a usable key, or None with what is wrong said."""
        if not isinstance(event, yaml.ScalarEvent):
            self._say(event, "a key must be a word, not a list or a mapping")
            self._skip(event)
            self.lost = True
            return None
        key: str = event.value
        if event.anchor or event.tag:
            self._say(event, "a key has no anchor and no tag")
        elif key == "<<" and not event.style:
            self._say(event, "merge keys aren't allowed: write the values out")
        elif not event.style and not isinstance(scalar_of(key), str):
            self._say(event, f'a key is text: write "{key}" in quotes' if key else "a key is missing before this ':'")
        elif key in data:
            first = self._document.key_places[(*path, key)]
            self._say(event, f"'{key}' is here twice; the first is on line {first.line}")
            return None
        else:
            return key
        self.lost = True
        return None

    def _skip(self, event: Any) -> None:
        """Leave out a value with everything in it."""
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return
            event = self._next()

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self._document.path, mark.line + 1, mark.column + 1)

    def _say(self, event: Any, message: str) -> None:
        self._document.say(self._place(event), message)


def scalar_of(text: str) -> Any:
    """Return what a plain scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    found = _NUMBER.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    if found is None or text == "-0":
        return text
    return Decimal(text) if found[1] else int(text)
