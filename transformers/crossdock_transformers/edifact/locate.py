"""Finds the place of a value: from its path in a decoded body back to line, segment, element and component of the document."""

from __future__ import annotations

from crossdock_transformers.edi.examine import Path, examine
from crossdock_transformers.edi.load import Grammars, standard
from crossdock_transformers.edi.machine import Machine
from crossdock_transformers.edi.reading import Reading
from crossdock_transformers.edifact.envelope import survey
from crossdock_transformers.edifact.messages import MessageReader, identified


def locate(data: bytes, control: str, grammars: Grammars | None = None) -> dict[Path, str]:
    """Return the place of every element of a message, by its path in the body.

    `{("BGM", "BGM02"): "line 4, segment 2 (BGM), element 2 (BGM02)"}`. `control` is UNH 0062; empty where the file has no such
    message. Raises Rejected where the file as a whole can't be used.
    """
    reading = Reading(grammars=grammars or standard("edifact"))
    for interchange in survey(data).interchanges:
        reader = MessageReader(data, interchange, reading)
        for start, end in (span for group in interchange.groups for span in group.messages()):
            text = reader.text(start, end)
            reference, identifier = identified(text, interchange.header.delimiters)
            machine = reader.machine(identifier) if reference == control else None
            if isinstance(machine, Machine):
                slots = examine(machine, text, data.count(b"\n", 0, start) + 1).slots
                return {path: slot.where for path, slot in slots.items()}
    return {}
