"""What readers of both dialects have in common: how documents are read, what comes out, business keys, lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from crossdock.core.blob import STEP, Data, forget
from crossdock.core.errors import Finding, Rejected
from crossdock.core.leniency import faults_of, name_of
from crossdock.core.partner import Agreement
from crossdock_transformers.edi.agreed import ACKNOWLEDGEMENTS
from crossdock_transformers.edi.faults import Fault
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.load import Grammars, standard
from crossdock_transformers.edi.values import shown

MOST_BYTES: Final = 32 * 1024**2
"""The greatest transaction that is decoded, if a route says nothing else."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How transactions are read: a guide's narrowed set, a choice of sets, kinds of faults that are let pass, a size limit.

    `agreed` are the only documents that a partner may send (empty: any), `guides` narrow them where the route names no guide.
    `charset` is that of X12; EDIFACT says its own.
    """

    guide: TransactionSet | None = None
    sets: Collection[str] = ()
    lenient: frozenset[str] = frozenset()
    most_bytes: int = MOST_BYTES
    grammars: Grammars = field(default_factory=standard)
    agreed: Collection[str] = ()
    guides: Mapping[str, TransactionSet] = field(default_factory=dict)
    charset: str = "utf-8"

    def grammar(self, number: str, version: str) -> TransactionSet | None:
        """Return the grammar for a set as a document names it, or None where it is not taken. Acknowledgements always are."""
        if number in ACKNOWLEDGEMENTS and (self.guide is None or self.guide.number != number):
            return self.grammars.find(number, version)
        if self.guide is not None:
            known = self.grammars.resolve(version) == self.guide.version and number == self.guide.number
            return self.guide if known else None
        if (self.sets and number not in self.sets) or (self.agreed and number not in self.agreed):
            return None
        narrowed = self.guides.get(number)
        if narrowed is not None and self.grammars.resolve(version) == narrowed.version:
            return narrowed
        return self.grammars.find(number, version)

    def with_agreement(self, agreement: Agreement, guides: Mapping[str, TransactionSet]) -> Reading:
        """Return the reading with what was agreed with a partner: documents, their guides, leniencies beside the route's."""
        if not agreement.lenient and not agreement.documents:
            return self
        lenient = self.lenient | faults_of(agreement.lenient)
        return replace(self, lenient=lenient, agreed=frozenset(agreement.documents), guides=guides)

    def stranger(self, number: str, version: str) -> str:
        """Say in words why `grammar` returns None."""
        if self.guide is not None and number == self.guide.number:
            taken = f"{self.grammars.dialect.name} {self.guide.version}"
            return f"this route takes the {number} of {taken} only (its guide says so), this is {shown(version)}"
        if self.guide is not None:
            return f"this route takes the {self.guide.number} only (its guide says so), this is {shown(number)}"
        if self.sets and number not in self.sets:
            return f"this route takes {', '.join(self.sets)} only, this is {shown(number)}"
        if self.agreed and number not in self.agreed:
            return f"{shown(number)} was not agreed with this partner; its agreement lists {', '.join(sorted(self.agreed))}"
        base = self.grammars.resolve(version)
        known = f"; there is {', '.join(self.grammars.sets(base))}" if base else ""
        return f"there is no grammar for set {shown(number)} in {self.grammars.dialect.name} {version}{known}"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction. `error` is set where it is rejected; then `raw` is an interchange of its own that can be repaired.

    `faults` may be there without an error: these were tolerated. `keys` are the business keys that the body gave.
    `identifier` is the whole message identifier of an EDIFACT message (`ORDERS:D:96A:UN:EAN008`). `origin` tells the place in the
    document of the value that a later error's sentence speaks of.
    """

    set: str
    control: str
    body: Mapping[str, Any]
    keys: Mapping[str, str]
    faults: tuple[Fault, ...] = ()
    error: Rejected | None = None
    raw: bytes = b""
    identifier: str = ""
    origin: Callable[[str], str] | None = field(default=None, compare=False)

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """What was let pass, by the names of leniencies."""
        if self.error is not None:
            return ()
        return tuple(Finding(name_of(fault.name), fault.message, fault.where, fault.value) for fault in self.faults)


def keys_of(grammar: TransactionSet, body: Mapping[str, Any]) -> dict[str, str]:
    """Return the business keys that a body holds, by the names that the grammar gives them."""
    keys: dict[str, str] = {}
    for name, path in grammar.keys.items():
        value: Any = body
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None:
            keys[name] = str(value)
    return keys


class Lines:
    """Tells the line of an offset; asked in rising order, it reads the file once."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._offset = 0
        self._line = 1

    def at(self, offset: int) -> int:
        """Return the line of an offset, from 1."""
        for start in range(self._offset, offset, STEP):
            self._line += self._data[start : min(start + STEP, offset)].count(b"\n")
            forget(self._data, start)
        self._offset = offset
        return self._line
