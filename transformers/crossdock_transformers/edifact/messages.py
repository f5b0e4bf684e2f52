"""The messages of a surveyed file, decoded one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crossdock.core.errors import Finding, Rejected
from crossdock.core.words import nearest
from crossdock_transformers.edi.examine import cut, examine
from crossdock_transformers.edi.faults import Fault, rejected
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.machine import Anomaly, Machine, compiled
from crossdock_transformers.edi.mend import blank_beside
from crossdock_transformers.edi.reading import Lines, Reading, Transaction, keys_of
from crossdock_transformers.edi.values import Delimiters, shown
from crossdock_transformers.edifact.dialect import DIALECT, canonical
from crossdock_transformers.edifact.envelope import Blame, Group, Interchange
from crossdock_transformers.edifact.repeats import spread


class MessageReader:
    """Decodes the messages of one interchange, group by group."""

    def __init__(self, data: bytes, interchange: Interchange, reading: Reading) -> None:
        self._data = data
        self._interchange = interchange
        self._reading = reading
        self._delimiters = interchange.header.delimiters
        self._encoding = interchange.header.encoding or "latin-1"
        self._machines: dict[str, Machine | Fault] = {}
        self._lines = Lines(data)
        self._head = interchange.header.fields()

    def read(self, group: Group) -> Iterator[Transaction]:
        """Yield every message of a group in order."""
        seen: set[str] = set()
        outer = {"interchange": self._head, "group": group.fields()}
        for start, end in group.messages():
            yield _Message(self, group, outer, start, end).decoded(seen)

    def text(self, start: int, end: int) -> str:
        """Return a message as text; a byte that its character set has not comes out as a lone surrogate."""
        return self._data[start:end].decode(self._encoding, "surrogateescape")

    def raw(self, group: Group, start: int, end: int) -> bytes:
        """Return a message as an interchange of its own."""
        return self._interchange.alone(group, self._data[start:end])

    def line(self, start: int) -> int:
        """Return the line that a message begins on."""
        return self._lines.at(start)

    def machine(self, identifier: str) -> Machine | Fault:
        """Return the machine for a message identifier (UNH S009, `ORDERS:D:96A:UN:EAN008`), or why there is none."""
        if identifier not in self._machines:
            self._machines[identifier] = self._find(identifier)
        return self._machines[identifier]

    def _find(self, identifier: str) -> Machine | Fault:
        number, _, rest = identifier.partition(":")
        version = canonical(rest)
        grammar = self._reading.grammar(number, version)
        if grammar is None:
            return _fault("unknown_set", self._why(number, version), element=2, value=identifier)
        return compiled(grammar, self._delimiters)

    def _why(self, number: str, version: str) -> str:
        grammars = self._reading.grammars
        if grammars.resolve(version) is None and not (self._reading.sets and number not in self._reading.sets):
            known = nearest(version, grammars.versions)
            return f"there is no grammar for EDIFACT {shown(version)}{known}; there is {', '.join(grammars.versions)}"
        return self._reading.stranger(number, version)

    @property
    def reading(self) -> Reading:
        """How messages are read."""
        return self._reading

    @property
    def interchange(self) -> Interchange:
        """The interchange that the messages stand in."""
        return self._interchange


class _Message:
    """One message of a group, by its offsets."""

    def __init__(self, reader: MessageReader, group: Group, outer: Mapping[str, Any], start: int, end: int) -> None:
        self._reader = reader
        self._group = group
        self._outer = outer
        self._span = start, end
        self._delimiters = reader.interchange.header.delimiters
        self._number = ""
        self._control = ""
        self._identifier = ""

    def decoded(self, seen: set[str]) -> Transaction:
        start, end = self._span
        if end - start > self._reader.reading.most_bytes:
            return self._too_big()
        text = spread(self._reader.text(start, end), self._delimiters)
        segments = cut(text, self._delimiters)
        self._name(segments[0])
        blame = self._reader.interchange.blame or self._group.blame
        if blame is not None:
            return self._of_bad_envelope(blame)
        machine = self._machine(seen)
        if isinstance(machine, Fault):
            return self._rejected((machine,), {})
        return self._read(machine, text, segments)

    def _read(self, machine: Machine, text: str, segments: Sequence[str]) -> Transaction:
        try:
            if blank_beside(text, machine.delimiters, self._reader.reading.lenient):
                raise Anomaly  # noqa: TRY301 - the exact way cuts them
            body = machine.decode(segments)
            trailer = body.pop(DIALECT.trailer)
            if trailer["UNT01"] != len(segments) or trailer["UNT02"] != self._control:
                raise Anomaly  # noqa: TRY301 - the exact check names it
        except (Anomaly, ValueError):
            return self._examined(machine, text)
        return self._accepted(machine.grammar, body)

    def _name(self, header: str) -> None:
        self._control, self._identifier = _named(header, self._delimiters)
        self._number = self._identifier.partition(":")[0]

    def _machine(self, seen: set[str]) -> Machine | Fault:
        repeated = self._control in seen
        seen.add(self._control)
        if repeated:
            message = f"the message reference {shown(self._control)} occurs twice"
            return _fault("repeated_control", message, element=1, value=self._control)
        if self._group.function and self._number != self._group.function:
            message = f"this is {shown(self._number)}, its group (UNG01) holds {shown(self._group.function)}"
            return _fault("group_of_another", message, element=2, value=self._number)
        return self._reader.machine(self._identifier)

    def _accepted(self, grammar: TransactionSet, body: Mapping[str, Any], faults: tuple[Fault, ...] = ()) -> Transaction:
        whole = {
            "set": grammar.number,
            "version": grammar.version,
            "interchange": dict(self._outer["interchange"]),
            "group": dict(self._outer["group"]),
            "control_number": self._control,
            "message_type": self._identifier,
            "association": [*self._identifier.split(":"), *([""] * 5)][4],
            **body,
        }
        return Transaction(grammar.number, self._control, whole, keys_of(grammar, body), faults, identifier=self._identifier)

    def _examined(self, machine: Machine, text: str) -> Transaction:
        lenient = self._reader.reading.lenient
        examined = examine(machine, text, self._reader.line(self._span[0]), lenient)
        examined.body.pop(DIALECT.trailer, None)
        faults = tuple(examined.faults)
        if not examined.sinks(lenient):
            return self._accepted(machine.grammar, examined.body, faults)
        return self._rejected(faults, keys_of(machine.grammar, examined.body))

    def _rejected(self, faults: tuple[Fault, ...], keys: Mapping[str, str]) -> Transaction:
        raw = self._reader.raw(self._group, *self._span)
        what = f"{self._number or 'without a type'} {self._control or 'without a reference'}"
        error = rejected(faults, what, "message")
        return Transaction(self._number, self._control, {}, keys, faults, error, raw, self._identifier)

    def _of_bad_envelope(self, blame: Blame) -> Transaction:
        whole = self._reader.interchange
        where = f"interchange {whole.header.control}" if whole.blame else f"group {self._group.control}"
        code = f"UCI-{blame.code}" if whole.blame else f"UCF-{blame.code}"
        error = Rejected(
            f"{where}: {blame.message}",
            code=code,
            where=where,
            advice="ask the partner for a corrected file; if the messages are as they should be, retry them",
            findings=[Finding(code, blame.message, where)],
        )
        raw = self._reader.raw(self._group, *self._span)
        return Transaction(self._number, self._control, {}, {}, (), error, raw, self._identifier)

    def _too_big(self) -> Transaction:
        start, end = self._span
        self._name(cut(self._reader.text(start, start + 256), self._delimiters)[0])
        most, size = (number // 1024**2 for number in (self._reader.reading.most_bytes, end - start))
        message = f"the message has {size} MB, at most {most} MB are read (option `max_message_size`)"
        return self._rejected((_fault("too_big", message),), {})


def identified(text: str, delimiters: Delimiters) -> tuple[str, str]:
    """Return a message's reference (UNH01) and identifier (`ORDERS:D:96A:UN:EAN008`)."""
    return _named(cut(text, delimiters)[0], delimiters)


def _named(header: str, delimiters: Delimiters) -> tuple[str, str]:
    """The same of a UNH whose released characters are marked."""
    _, reference, identifier = [*header.split(delimiters.element), "", ""][:3]
    parts = (delimiters.unmarked(part) for part in identifier.split(delimiters.component))
    return delimiters.unmarked(reference), ":".join(parts)


def _fault(name: str, message: str, element: int = 0, value: str = "") -> Fault:
    kind, code = DIALECT.codes[name]
    return Fault(kind, code, message, DIALECT.header, 1, element=element, value=value, name=name)
