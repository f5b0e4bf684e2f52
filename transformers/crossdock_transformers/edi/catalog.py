"""Grammars for people to look at: what sets there are, a set's tree, a segment's elements; as plain data.

    {"set": "856", "version": "004010", "title": "Ship notice", "group": "SH", "keys": {"shipment": "BSN/BSN02"},
     "segments": [{"segment": "BSN", "name": "BSN", "title": ..., "required": True, "max": 1, "loop": False, "tree": False,
                   "segments": []}, ...]}
    {"segment": "PO1", "title": "order line", "notes": ["PO103 needs PO102"],
     "elements": [{"element": "PO101", "number": "350", "title": ..., "required": False, "repeat": 1, "kind": "AN", "min": 1,
                   "max": 20, "codes": {}, "components": [], "notes": []}, ...]}

`max` of a segment is None where it may occur without limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.core.errors import Refusal
from crossdock.core.spec import Context
from crossdock.core.words import nearest
from crossdock_transformers.edi.grammar import UNLIMITED, Composite, Node, Note, Segment, Use
from crossdock_transformers.edi.load import Grammars, standard
from crossdock_transformers.edi.own import grammars_of


def catalog(key: str, context: Context | None) -> GrammarCatalog:
    """Return a dialect's catalog, with the grammars of a project where one is given; raises Refusals for what is wrong there."""
    return GrammarCatalog(grammars_of(context, key) if context else standard(key))


class GrammarCatalog:
    """The catalog of one dialect's grammars (a `core.spec.Catalog`)."""

    def __init__(self, grammars: Grammars) -> None:
        self._grammars = grammars

    def sets(self, version: str = "") -> Sequence[Mapping[str, str]]:
        """Return every set of every version, or of the one asked for (as partners write it); nothing where it is unknown."""
        grammars = self._grammars
        versions = [one for one in grammars.versions if not version or one == grammars.resolve(version)]
        found = [grammars.get(number, one) for one in versions for number in grammars.sets(one)]
        return [{"version": one.version, "set": one.number, "title": one.title, "group": one.group} for one in found]

    def explain(self, version: str, number: str) -> Mapping[str, Any]:
        """Return a set with its tree of segments; raises Refusal."""
        grammar = self._grammars.get(number, version)
        return {
            "set": grammar.number,
            "version": grammar.version,
            "title": grammar.title,
            "group": grammar.group,
            "keys": {name: "/".join(path) for name, path in grammar.keys.items()},
            "segments": [_node(node) for node in _whole(grammar.root)],
        }

    def segment(self, version: str, number: str, tag: str) -> Mapping[str, Any]:
        """Return a segment of a set with its elements; raises Refusal."""
        root = self._grammars.get(number, version).root
        found = {node.segment.tag: node.segment for _, node in root.visit()}
        if tag not in found:
            raise Refusal(f"there is no segment '{tag}' in {number} {version}{nearest(tag, found)}", path=("segment",))
        segment = found[tag]
        elements = [_use(use) for use in segment.uses]
        return {"segment": segment.tag, "title": segment.title, "elements": elements, "notes": _notes(segment)}


def _whole(root: Node) -> list[Node]:
    """The root's own segment comes first, as it does in a document."""
    return [Node(root.name, root.segment, root.required, root.most), *root.children]


def _node(node: Node) -> dict[str, Any]:
    return {
        "segment": node.segment.tag,
        "name": node.name,
        "title": node.segment.title,
        "required": node.required,
        "max": None if node.most == UNLIMITED else node.most,
        "loop": node.loop,
        "tree": node.tree,
        "segments": [_node(child) for child in node.children],
    }


def _use(use: Use) -> dict[str, Any]:
    what = use.what
    whole = {"element": use.ref, "number": what.number, "title": what.title, "required": use.required, "repeat": use.most}
    if isinstance(what, Composite):
        return {**whole, "components": [_use(part) for part in what.uses], "notes": _notes(what)}
    return {**whole, "kind": what.kind, "min": what.low, "max": what.high, "codes": dict(what.codes or {})}


def _notes(what: Segment | Composite) -> list[str]:
    return [_words(note, [what.uses[position - 1].ref for position in note.positions]) for note in what.notes]


def _words(note: Note, refs: Sequence[str]) -> str:
    """Say a syntax note in words."""
    first, rest = refs[0], refs[1:]
    return {
        "P": f"{' and '.join(refs)}: all or none",
        "R": f"{' or '.join(refs)}: one at least",
        "E": f"{' or '.join(refs)}: one at most",
        "C": f"{first} needs {' and '.join(rest)}",
        "L": f"{first} needs {' or '.join(rest)}",
    }[note.kind]
