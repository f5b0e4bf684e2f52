"""Reads grammars from their files. A version is a folder, a set a file in it (see grammars/README.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from crossdock.core.errors import Refusal
from crossdock.core.words import nearest
from crossdock_transformers.edi.dialect import Dialect, dialect
from crossdock_transformers.edi.grammar import UNLIMITED, Composite, Element, Node, Note, Segment, TransactionSet, Use

_ELEMENT = re.compile(r"(AN|A|ID|DT|TM|R|N[0-9]?) (\d+)/(\d+) (.+)")
_PARTS = ("version", "elements", "codes", "segments")
_GROUP = re.compile(r"\(([^)]*)\)\*(\d+)")
_USE = re.compile(r"(\w+)(!?)(?:\[(\d+)\])?")
_NOTE = re.compile(r"([PRECL])((?:\d\d){2,})")
_NODE = re.compile(r"(\w{2,3}) ([MOC]) (\d+|>1)( tree)?(?: as (\w+))?")


class Grammars:
    """All grammars below a folder, each read when it is first asked for; of X12 if nothing else is said."""

    def __init__(self, root: Traversable, of: Dialect | None = None) -> None:
        self.root = root
        self.dialect = of or dialect("x12")
        self._versions: dict[str, Dictionary] = {}
        self._sets: dict[tuple[str, str], TransactionSet | None] = {}
        names = (child.name for child in root.iterdir() if child.is_dir())
        self._names = tuple(sorted(name for name in names if self.dialect.versions.fullmatch(name)))

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that there are."""
        return self._names

    def complete(self, version: str) -> bool:
        """Tell whether a version's folder says what it extends."""
        return (self.root / version / "version.yaml").is_file()

    def dictionary(self, version: str) -> Dictionary:
        """Return a version's elements and segments."""
        return self._dictionary(version)

    def resolve(self, version: str) -> str | None:
        """Return the base of a version as partners write it (`004010VICS`, `00401`, `D:96A:UN:EAN008`), or None."""
        version = self.dialect.canonical(version)
        for name in self._names:
            if version.startswith(name) or (len(version) >= 5 and name.startswith(version)):
                return name
        return None

    def find(self, number: str, version: str) -> TransactionSet | None:
        """Return a transaction set, or None where the version or the set is unknown.

        Service messages (CONTRL) are the same in every version.
        """
        base = self._names[-1] if number in self.dialect.services else self.resolve(version)
        if base is None or not number.isalnum():
            return None
        if (base, number) not in self._sets:
            raw = self._raw(base, number)
            if raw is None:
                return None
            self._sets[base, number] = self._dictionary(base).set(base, raw, self.dialect)
        return self._sets[base, number]

    def get(self, number: str, version: str) -> TransactionSet:
        """Return a transaction set; raises Refusal that names what there is."""
        base = self.resolve(version)
        if base is None:
            raise Refusal(f"there is no {self.dialect.name} version '{version}'{_known(version, self._names)}", path=("version",))
        found = self.find(number, version)
        if found is None:
            raise Refusal(
                f"there is no set '{number}' in {self.dialect.name} {base}{_known(number, self.sets(base))}", path=("set",)
            )
        return found

    def usual(self, number: str) -> str:
        """Return the version that is meant where nothing is said: the usual one, or the last that has the set."""
        having = [name for name in self._names if number in self.sets(name)]
        return self.dialect.usual if self.dialect.usual in having or not having else having[-1]

    def sets(self, version: str) -> tuple[str, ...]:
        """Return the numbers of a version's sets, inherited ones included."""
        names = {child.name.removesuffix(".yaml") for child in (self.root / version).iterdir() if child.name.endswith(".yaml")}
        names -= set(_PARTS)
        base = self._parent(version)
        return tuple(sorted(names | set(self.sets(base) if base else ())))

    def _raw(self, version: str, number: str) -> Any:
        file = self.root / version / f"{number}.yaml"
        if file.is_file():
            return _yaml(file)
        base = self._parent(version)
        return self._raw(base, number) if base else None

    def _parent(self, version: str) -> str:
        return str(_yaml(self.root / version / "version.yaml")["extends"])

    def _dictionary(self, version: str) -> Dictionary:
        if version not in self._versions:
            base = self._parent(version)
            elements, codes, segments = (self._part(version, name) for name in ("elements", "codes", "segments"))
            self._versions[version] = Dictionary(elements, codes, segments, self._dictionary(base) if base else None)
        return self._versions[version]

    def _part(self, version: str, name: str) -> Any:
        file = self.root / version / f"{name}.yaml"
        return (_yaml(file) or {}) if file.is_file() else {}


class Dictionary:
    """A version's elements, composites and segments."""

    def __init__(self, elements: Any, codes: Any, segments: Any, base: Dictionary | None) -> None:
        self._lines: dict[str, str] = {**(base._lines if base else {}), **elements}
        self._codes: dict[str, dict[str, str]] = {**(base._codes if base else {}), **codes}
        self._composites: dict[str, Any] = {**(base._composites if base else {}), **segments.get("composites", {})}
        self._raw: dict[str, Any] = {**(base._raw if base else {}), **segments.get("segments", {})}
        self._segments: dict[str, Segment] = {}

    @property
    def numbers(self) -> Sequence[str]:
        """The numbers of its elements and composites."""
        return [*self._lines, *self._composites]

    @property
    def tags(self) -> Sequence[str]:
        """The tags of its segments."""
        return list(self._raw)

    def composite(self, number: str) -> Composite:
        """Return a composite."""
        raw = self._composites[number]
        return Composite(number, raw["title"], tuple(self._uses(number, raw["elements"])), _notes(raw))

    def nodes(self, items: Sequence[Any]) -> Sequence[Node]:
        """Return the nodes of a set from the lines of its file."""
        return list(self._nodes(items))

    def element(self, number: str) -> Element:
        """Return a data element."""
        found = _ELEMENT.fullmatch(self._lines[number])
        if not found:
            raise ValueError(f"element {number}: '{self._lines[number]}' is not TYPE min/max title")
        return Element(number, found[1], int(found[2]), int(found[3]), found[4], self._codes.get(number))

    def segment(self, tag: str) -> Segment:
        """Return a segment."""
        if tag not in self._segments:
            raw = self._raw[tag]
            self._segments[tag] = Segment(tag, raw["title"], tuple(self._uses(tag, raw["elements"])), _notes(raw))
        return self._segments[tag]

    def set(self, version: str, raw: Mapping[str, Any], of: Dialect) -> TransactionSet:
        """Return a transaction set from its file's data."""
        nodes = list(self._nodes(raw["segments"]))
        root = Node(of.header, nodes[0].segment, required=True, most=1, loop=True, children=tuple(nodes[1:]))
        tags = frozenset(node.segment.tag for _, node in root.visit())
        keys = {name: tuple(path.split("/")) for name, path in raw["keys"].items()}
        return TransactionSet(raw["set"], version, raw["title"], raw["group"], root, keys, tags, frozenset(self._raw), dialect=of)

    def _uses(self, prefix: str, line: str) -> Iterator[Use]:
        tokens = _GROUP.sub(lambda found: " ".join([found[1]] * int(found[2])), line).split()
        for position, token in enumerate(tokens, start=1):
            found = _USE.fullmatch(token)
            if not found:
                raise ValueError(f"{prefix}: '{token}' is not an element")
            ref = f"{prefix}{position:02d}"
            yield Use(ref, self._what(found[1], ref), required=bool(found[2]), most=int(found[3] or 1))

    def _what(self, number: str, ref: str) -> Element | Composite:
        if number not in self._composites:
            return self.element(number)
        raw = self._composites[number]
        return Composite(number, raw["title"], tuple(self._uses(ref, raw["elements"])), _notes(raw))

    def _nodes(self, items: Sequence[Any]) -> Iterator[Node]:
        for item in items:
            line, inner = next(iter(item.items())) if isinstance(item, dict) else (item, None)
            found = _NODE.fullmatch(line)
            if not found:
                raise ValueError(f"'{line}' is not TAG M|O|C max [tree] [as NAME]")
            most = UNLIMITED if found[3] == ">1" else int(found[3])
            children = tuple(self._nodes(inner or ()))
            name, tree = found[5] or found[1], bool(found[4])
            yield Node(name, self.segment(found[1]), found[2] == "M", most, inner is not None, children, tree=tree)


def _known(word: str, known: Sequence[str]) -> str:
    """Return the nearest known name, or all of them: of numbers (850, 004010) a similar one is no better guess than any."""
    return f"; there is {', '.join(known)}" if known[0].isdigit() else nearest(word, known)


def _notes(raw: Mapping[str, str]) -> tuple[Note, ...]:
    return tuple(_note(text) for text in raw.get("notes", "").split())


def _note(text: str) -> Note:
    found = _NOTE.fullmatch(text)
    if not found:
        raise ValueError(f"'{text}' is not a syntax note")
    return Note(found[1], tuple(int(found[2][at : at + 2]) for at in range(0, len(found[2]), 2)))


def _yaml(file: Traversable) -> Any:
    """Read a file with every scalar as text: `004010`, `00` and `NO` stay what they look like."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - the base loader makes text only


@cache
def standard(key: str = "x12") -> Grammars:
    """Return the grammars of a dialect that come with Crossdock."""
    return Grammars(files(f"crossdock_transformers.{key}") / "grammars", dialect(key))
