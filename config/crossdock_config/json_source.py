"""JSON with positions, for schemas: the same documents as from YAML, read strictly (RFC 8259), duplicate keys refused.

Whole numbers are ints, all others Decimals.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from decimal import Decimal
from typing import Any, NoReturn

from crossdock.core.errors import Place
from crossdock_config.yaml_source import DEEPEST, LARGEST, LONGEST_NUMBER, Document, Path

_LEXEME = re.compile(
    r"""[ \t\r\n]*(?:
    (?P<mark>[{}\[\]:,]) | (?P<text>"(?:[^"\\\x00-\x1f]|\\.)*") | (?P<number>-?[0-9][0-9.eE+-]*)
    | (?P<word>[A-Za-z_]+) | (?P<end>\Z) | (?P<other>.))""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
_WORDS = {"true": True, "false": False, "null": None}
_SURROGATE = re.compile("[\ud800-\udfff]")


class _BadError(Exception):
    """The text can't be read on."""


def read_json(path: str, text: str) -> Document:
    """Read a file's text; what is wrong is in `problems`, and `data` is None where nothing can be used."""
    document = Document(path)
    if len(text) > LARGEST:
        document.say(Place(path), "this file is larger than 5 MB; configuration isn't data")
        return document
    try:
        document.data = _Reader(document, text).document()
    except _BadError:
        return document
    if document.data is None and not document.problems:
        document.say(Place(path), "this file is empty")
    return document


class _Reader:
    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._advance(0)

    def document(self) -> Any:
        if self._kind == "end":
            return None
        data = self._value(())
        if self._kind != "end":
            self._fail("nothing may follow the document")
        return data

    def _advance(self, position: int) -> None:
        found = _LEXEME.match(self._text, position)
        assert found is not None
        self._kind, self._lexeme = str(found.lastgroup), found[str(found.lastgroup)]
        self._start, self._end = found.start(self._kind), found.end()

    def _value(self, path: Path) -> Any:
        self._document.places[path] = self._place()
        if self._kind == "mark" and self._lexeme in "{[":
            if len(path) > DEEPEST:
                self._fail(f"this is nested deeper than {DEEPEST} levels")
            return self._object(path) if self._lexeme == "{" else self._array(path)
        value = self._scalar()
        self._advance(self._end)
        return value

    def _scalar(self) -> Any:
        if self._kind == "text":
            return self._string()
        if self._kind == "number":
            found = _NUMBER.fullmatch(self._lexeme) if len(self._lexeme) <= LONGEST_NUMBER else None
            if found is None:
                self._fail(f"'{self._lexeme[:40]}' is not a number")
            return Decimal(self._lexeme) if found[1] or found[2] else int(self._lexeme)
        if self._kind == "word" and self._lexeme in _WORDS:
            return _WORDS[self._lexeme]
        return self._fail(f"a value is expected here, not {self._shown()}")

    def _string(self) -> str:
        try:
            value: str = json.loads(self._lexeme)
        except ValueError:
            self._fail("this text holds a backslash that begins no escape")
        if _SURROGATE.search(value):
            self._fail("this text holds half of a surrogate pair")
        return value

    def _object(self, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        self._advance(self._end)
        while not self._closes("}", first=not data):
            if self._kind != "text":
                self._fail(f"a key in double quotes is expected here, not {self._shown()}")
            self._member(path, data)
        return data

    def _member(self, path: Path, data: dict[str, Any]) -> None:
        key, place = self._string(), self._place()
        full = (*path, key)
        if key in data:
            first = self._document.key_places[full]
            self._document.say(place, f"'{key}' is here twice; the first is on line {first.line}")
        self._document.key_places.setdefault(full, place)
        self._advance(self._end)
        if self._lexeme != ":":
            self._fail(f"a ':' is expected here, not {self._shown()}")
        self._advance(self._end)
        value = self._value(full)
        data.setdefault(key, value)

    def _array(self, path: Path) -> list[Any]:
        data: list[Any] = []
        self._advance(self._end)
        while not self._closes("]", first=not data):
            data.append(self._value((*path, len(data))))
        return data

    def _closes(self, bracket: str, *, first: bool) -> bool:
        """Go past the closing bracket, or past the comma before the next item."""
        if self._kind == "mark" and self._lexeme == bracket:
            self._advance(self._end)
            return True
        if not first:
            if self._lexeme != "," or self._kind != "mark":
                self._fail(f"a ',' or '{bracket}' is expected here, not {self._shown()}")
            self._advance(self._end)
        return False

    def _place(self) -> Place:
        line = bisect_right(self._starts, self._start)
        return Place(self._document.path, line, self._start - self._starts[line - 1] + 1)

    def _shown(self) -> str:
        return "the end" if self._kind == "end" else f"'{self._lexeme[:40]}'"

    def _fail(self, message: str) -> NoReturn:
        self._document.say(self._place(), f"this isn't JSON: {message}" if "deeper" not in message else message)
        raise _BadError
