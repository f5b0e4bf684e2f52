"""What holds with a partner, rule by rule, and where each rule comes from: the base grammar, or a line of a guide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crossdock_transformers.edi.grammar import UNLIMITED, Element, Node, Use
from crossdock_transformers.edi.guide import Guide, Selector, Term, about
from crossdock_transformers.edi.narrow import spread

Path = tuple[str, ...]
Where = tuple[Selector, ...]
At = tuple[Path, str, Where]


@dataclass(frozen=True, slots=True)
class Fact:
    """One rule: what it says, and its source (`X12 004010 850`, or `routes/sales/acme-850.guide.yaml:9`)."""

    word: str
    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """A segment, a loop, a case of one, or an element. `most` is None where there is no limit, `codes` map to labels."""

    kind: str
    level: int
    name: str
    title: str
    about: str
    usage: str
    most: int | None
    codes: Mapping[str, str] | None = None
    lengths: tuple[int, int] | None = None
    type: str = ""
    pattern: str = ""
    note: str = ""
    facts: Sequence[Fact] = field(default_factory=tuple)

    def record(self) -> dict[str, Any]:
        """Return it as plain data, empty things left out."""
        facts = [{"rule": one.word, "value": one.value, "source": one.source} for one in self.facts]
        whole = {
            "kind": self.kind,
            "path": self.about,
            "title": self.title,
            "usage": self.usage,
            "max": self.most,
            "type": self.type,
            "lengths": list(self.lengths) if self.lengths else None,
            "codes": dict(self.codes) if self.codes else None,
            "pattern": self.pattern,
            "note": self.note,
            "rules": facts,
        }
        return {key: value for key, value in whole.items() if value not in (None, "", [])}


def rows(guide: Guide, *, everything: bool = False) -> list[Row]:
    """Return what holds: what is mandatory and what the guide speaks of; with `everything` all that the set has."""
    return list(_Rows(guide, everything).all())


class _Rows:
    def __init__(self, guide: Guide, everything: bool) -> None:
        self._guide = guide
        self._everything = everything
        self._base = f"{guide.grammar.dialect.name} {guide.grammar.version} {guide.grammar.number}"
        self._spoken = {term.path[:end] for term in guide.terms for end in range(1, len(term.path) + 1)}
        self._spoken |= {key[0][:end] for key in guide.notes for end in range(1, len(key[0]) + 1)}

    def all(self) -> Iterator[Row]:
        for node in self._guide.grammar.body:
            yield from self._node(node, (node.name,), (), 0)

    def _node(self, node: Node, path: Path, where: Where, level: int) -> Iterator[Row]:
        if not (self._everything or node.required or path in self._spoken):
            return
        said = self._said(path, "", where)
        required, forbidden = node.required or "required" in said, node.forbidden or "forbidden" in said
        if where and not said and not self._inside(path, where):
            return
        facts = [self._fact("mandatory" if required else "not used" if forbidden else "optional", said, "required", "forbidden")]
        most = int(said["max"].value) if "max" in said else node.most
        facts.append(self._fact("max", said, "max", value=None if most == UNLIMITED else most))
        segment = node.segment
        kind = "loop" if node.loop else "segment"
        yield self._row(kind, level, (node.name, segment.title), (path, "", where), facts, None if most == UNLIMITED else most)
        if forbidden:
            return
        yield from self._elements(node, path, where, level + 1)
        selectors = self._selectors(path, where)
        for selector in selectors:
            yield from self._case(node, path, (*where, selector), level + 1)
        for child in node.children:
            yield from self._node(child, (*path, child.name), where, level + 1)

    def _inside(self, path: Path, where: Where) -> bool:
        return any(term.path[: len(path)] == path and set(where) <= set(term.where) for term in self._guide.terms)

    def _case(self, node: Node, path: Path, where: Where, level: int) -> Iterator[Row]:
        said = self._said(path, "", where)
        usage = "mandatory" if "required" in said else "not used" if "forbidden" in said else "optional"
        most = int(said["max"].value) if "max" in said else None
        facts = [self._fact(usage, said, "required", "forbidden")]
        facts += [self._fact("max", said, "max", value=most)] if most else []
        label = self._label(node, where[-1])
        yield self._row("case", level, (str(where[-1]), label), (path, "", where), facts, most)
        if usage == "not used":
            return
        yield from self._elements(node, path, where, level + 1)
        for child in node.children:
            if self._inside((*path, child.name), where):
                yield from self._node(child, (*path, child.name), where, level + 1)

    def _label(self, node: Node, selector: Selector) -> str:
        uses = [use for use, _, _ in spread(node.segment) if use.ref == selector.ref]
        return next(((use.what.codes or {}).get(selector.code, "") for use in uses if isinstance(use.what, Element)), "")

    def _elements(self, node: Node, path: Path, where: Where, level: int) -> Iterator[Row]:
        for use, _, component in spread(node.segment):
            said = self._said(path, use.ref, where)
            noted = (path, use.ref, where) in self._guide.notes
            wanted = bool(said) or noted or (not where and (use.required or self._everything))
            if wanted and not (component and not said and not noted and not self._everything):
                yield self._element(use, path, where, level, said)

    def _element(self, use: Use, path: Path, where: Where, level: int, said: Mapping[str, Term]) -> Row:
        required, forbidden = use.required or "required" in said, use.forbidden or "forbidden" in said
        facts = [self._fact("mandatory" if required else "not used" if forbidden else "optional", said, "required", "forbidden")]
        words = [word for word in ("codes", "value", "others", "pattern", "min", "max") if word in said]
        facts += [self._fact(word, said, word, value=said[word].value) for word in words]
        element = use.what if isinstance(use.what, Element) else None
        codes = self._codes(element, said)
        lengths = (self._length(said, "min", element.low), self._length(said, "max", element.high)) if element else None
        pattern = str(said["pattern"].value) if "pattern" in said else ""
        row = self._row("element", level, (use.ref, use.what.title), (path, use.ref, where), facts, use.most)
        kind = element.kind if element else "composite"
        return replace(row, codes=codes, lengths=lengths, type=kind, pattern=pattern)

    def _codes(self, element: Element | None, said: Mapping[str, Term]) -> Mapping[str, str] | None:
        labels = (element.codes or {}) if element else {}
        for word in ("codes", "value"):
            if word in said:
                value = said[word].value
                found = value if isinstance(value, dict) else {str(value): ""}
                return {code: label or labels.get(code, "") for code, label in found.items() if not labels or code in labels}
        return labels or None

    def _length(self, said: Mapping[str, Term], word: str, base: int) -> int:
        return int(said[word].value) if word in said else base

    def _said(self, path: Path, ref: str, where: Where) -> dict[str, Term]:
        """Return what the guides say of exactly this, the last word last."""
        return {term.kind: term for term in self._guide.terms if (term.path, term.ref, term.where) == (path, ref, where)}

    def _fact(self, word: str, said: Mapping[str, Term], *kinds: str, value: Any = True) -> Fact:
        term = next((said[kind] for kind in kinds if kind in said), None)
        return Fact(word, value, term.place.short if term else self._base)

    def _selectors(self, path: Path, where: Where) -> list[Selector]:
        found = (one for term in self._guide.terms for one in term.where if one.path == path and set(where) <= set(term.where))
        return list(dict.fromkeys(one for one in found if one not in where))

    def _row(self, kind: str, level: int, names: tuple[str, str], at: At, facts: Sequence[Fact], most: int | None) -> Row:
        note = self._guide.notes.get(at, "")
        return Row(kind, level, *names, about(*at), facts[0].word, most, note=note, facts=tuple(facts))
