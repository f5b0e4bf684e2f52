"""One document against what a test says of it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from crossdock.core.errors import CrossdockError, Place, Refusal, Refusals
from crossdock.core.message import Control, Message
from crossdock_config.testing.faults import Fault, Trail, Update, diff
from crossdock_config.testing.plain import exact, indented, shown
from crossdock_config.testing.workshop import Workshop

WORDS = ("equal", "contains", "schema", "that", "file")
"""What a test may say of a document in so many words."""


@dataclass(frozen=True)
class Judge:
    """Compares documents. Expected files stand in `folder`, `place` is the case's."""

    workshop: Workshop
    folder: Path
    place: Place

    def several(self, label: str, at: Trail, wanted: Sequence[Any], got: Sequence[Any], noun: str) -> Iterator[Fault]:
        """Yield what differs between lists of documents."""
        if len(wanted) != len(got):
            rest = [shown_short(one) for one in got[len(wanted) :]]
            more = "".join(f"\n+{line}" for one in rest for line in one.splitlines())
            update = Update(at, [*wanted[: len(got)], *got[len(wanted) :]])
            yield Fault(f"{label}: expected {len(wanted)} {noun}, received {len(got)}{more}", update)
        for index, (one, document) in enumerate(zip(wanted, got, strict=False)):
            found = list(self.document(f"{label}[{index}]", (*at, index), one, document))
            yield from found if len(wanted) == len(got) else (Fault(fault.text) for fault in found)

    def document(self, label: str, at: Trail, wanted: Any, got: Any) -> Iterator[Fault]:
        """Yield what differs from what is wanted of a document."""
        if not (isinstance(wanted, dict) and wanted and set(wanted) <= set(WORDS)):
            yield from self._contains(label, at, wanted, got)
            return
        for word, value in wanted.items():
            yield from getattr(self, f"_{word}")(label, (*at, word), value, got)

    def _equal(self, label: str, at: Trail, wanted: Any, got: Any) -> Iterator[Fault]:
        wanted = exact(wanted)
        if wanted != got:
            yield Fault(f"{label}:\n{diff(wanted, got)}", Update(at, got))

    def _contains(self, label: str, at: Trail, wanted: Any, got: Any) -> Iterator[Fault]:
        wanted = exact(wanted)
        if isinstance(wanted, str) and isinstance(got, str):
            if wanted not in got:
                text = f"{label}: expected a text that contains '{wanted}', received '{got}'"
                yield Fault(text, Update(at, _likest(wanted, got)))
            return
        pruned = _pruned(got, wanted)
        if pruned != wanted:
            yield Fault(f"{label}:\n{diff(wanted, pruned)}", Update(at, pruned))

    def _schema(self, label: str, _: Trail, name: Any, got: Any) -> Iterator[Fault]:
        step = self.workshop.step("validate", {"schema": str(name)}, self.place)
        try:
            step.apply(Message("test", got, Control("test", "")))
        except CrossdockError as error:
            faults = "".join(f"\n  {finding.where or '/'}: {finding.message}" for finding in error.findings)
            yield Fault(f"{label}: does not fit the schema '{name}'{faults or ': ' + error.message}")

    def _that(self, label: str, _: Trail, wanted: Any, got: Any) -> Iterator[Fault]:
        for text in wanted if isinstance(wanted, list) else [wanted]:
            yield from self.holds(f"{label}: ", str(text), {"body": got})

    def _file(self, label: str, _: Trail, name: Any, got: Any) -> Iterator[Fault]:
        path = self.folder / str(name)
        update = Update(value=got if isinstance(got, str) and path.suffix != ".json" else indented(got) + "\n", file=path)
        try:
            text = path.read_bytes().decode("utf-8", "backslashreplace")
            wanted = json.loads(text, parse_float=Decimal) if path.suffix == ".json" else text
        except OSError as error:
            yield Fault(f"{label}: {name} can't be read: {error.strerror}; `--update` writes it", update)
            return
        except json.JSONDecodeError as error:
            yield Fault(f"{label}: {name}:{error.lineno}:{error.colno} is no JSON: {error.msg}", update)
            return
        if wanted != got:
            yield Fault(f"{label} ({name}):\n{diff(wanted, got)}", update)

    def holds(self, label: str, text: str, variables: dict[str, Any]) -> Iterator[Fault]:
        """Yield what is wrong with an expression that must be true."""
        try:
            value = self.workshop.expression(text, self.place, list(variables)).evaluate(variables)
        except (Refusal, Refusals) as error:
            yield Fault(f"{label}`{text}` can't be read: {error}")
            return
        except CrossdockError as error:
            yield Fault(f"{label}`{text}` can't be told: {error.message}")
            return
        if value is not True:
            yield Fault(f"{label}`{text}` does not hold; it is {shown_short(exact(value))}")


def shown_short(value: Any) -> str:
    """Return a document as lines, a huge one cut."""
    text = shown(value)
    return text if len(text) <= 4000 else text[:4000] + " ..."


def _pruned(got: Any, wanted: Any) -> Any:
    """Return what came without the keys that the test says nothing of: objects may be partial, lists may not."""
    if isinstance(got, dict) and isinstance(wanted, dict):
        return {key: _pruned(got[key], wanted[key]) for key in wanted if key in got}
    if isinstance(got, list) and isinstance(wanted, list) and len(got) == len(wanted):
        return [_pruned(one, other) for one, other in zip(got, wanted, strict=True)]
    return got


def _likest(wanted: str, got: str) -> str:
    """Return the piece of a text that is most like what was wanted of it: a line, or a segment."""
    pieces = [piece for piece in re.split(r"[\r\n~']+", got) if piece]
    found = difflib.get_close_matches(wanted, pieces, n=1, cutoff=0.0)
    return found[0] if found else got
