"""Finds the place of a value: from its path in a decoded body back to line, segment and element of the document."""

from __future__ import annotations

from crossdock_transformers.edi.examine import Path, examine
from crossdock_transformers.edi.load import Grammars, standard
from crossdock_transformers.edi.machine import compiled
from crossdock_transformers.x12.envelope import survey


def locate(data: bytes, control: str, grammars: Grammars | None = None) -> dict[Path, str]:
    """Return the place of every value of a transaction, by its path in the body.

    `{("PO1", 0, "PO104"): "line 18, segment 18 (PO1), element 4 (PO104)"}`. `control` is ST02; empty where the file has no such
    transaction. Raises Rejected where the file as a whole can't be used.
    """
    for interchange in survey(data).interchanges:
        delimiters = interchange.header.delimiters
        for group in interchange.groups:
            for start, end in group.transactions():
                text = data[start:end].decode("utf-8", "surrogateescape")
                elements = text.partition(delimiters.segment)[0].split(delimiters.element)
                grammar = (grammars or standard()).find(elements[1], group.version) if len(elements) > 1 else None
                if grammar is not None and elements[2:3] == [control]:
                    line = data.count(b"\n", 0, start) + 1
                    slots = examine(compiled(grammar, delimiters), text, line).slots
                    return {path: slot.where for path, slot in slots.items()}
    return {}
