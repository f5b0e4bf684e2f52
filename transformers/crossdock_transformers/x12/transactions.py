"""The transactions of a surveyed file, decoded one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from crossdock.core.blob import STEP, Data, forget
from crossdock.core.errors import Finding, Rejected
from crossdock_transformers.edi.agreed import ACKNOWLEDGEMENTS
from crossdock_transformers.edi.examine import cut, examine
from crossdock_transformers.edi.faults import Fault, rejected
from crossdock_transformers.edi.machine import Anomaly, Machine, compiled
from crossdock_transformers.edi.mend import blank_beside
from crossdock_transformers.edi.origin import origin
from crossdock_transformers.edi.reading import MOST_BYTES, Lines, Reading, Transaction, keys_of
from crossdock_transformers.edi.values import shown
from crossdock_transformers.x12.envelope import Group, Interchange


class GroupReader:
    """Decodes the transactions of one functional group."""

    def __init__(self, data: Data, interchange: Interchange, group: Group, reading: Reading) -> None:
        self._data = data
        self._interchange = interchange
        self._group = group
        self._reading = reading
        self._machines: dict[str, Machine | Fault] = {}
        self._seen: set[str] = set()
        self._lines = Lines(data)
        self._outer = {"interchange": interchange.header.fields(), "group": group.fields()}
        if group.fault is None and reading.grammars.resolve(group.version) is None:
            known = ", ".join(reading.grammars.versions)
            group.fault = "2", f"GS08: there is no grammar for X12 version {shown(group.version)}; there is {known}"

    def read(self) -> Iterator[Transaction]:
        """Yield every transaction in order."""
        read_to = 0
        for start, end in self._group.transactions():
            yield self._transaction(start, end)
            if end - read_to > STEP:
                forget(self._data, end)
                read_to = end

    def _transaction(self, start: int, end: int) -> Transaction:
        if end - start > self._reading.most_bytes:
            return self._too_big(start, end)
        text = self._data[start:end].decode(self._reading.charset, "surrogateescape")
        segments = cut(text, self._interchange.header.delimiters)
        number, control = (*segments[0].split(self._interchange.header.delimiters.element)[1:3], "", "")[:2]
        if self._group.fault:
            return self._of_bad_group(number, control, start, end)
        machine = self._machine(number)
        repeated = control in self._seen
        self._seen.add(control)
        if isinstance(machine, Fault) or repeated:
            fault = machine if isinstance(machine, Fault) else _repeated(control)
            return self._rejected(number, control, (fault,), {}, start, end)
        try:
            if blank_beside(text, machine.delimiters, self._reading.lenient):
                raise Anomaly  # noqa: TRY301 - the exact way cuts them
            body = machine.decode(segments)
            trailer = body.pop("SE")
            if trailer["SE01"] != len(segments) or trailer["SE02"] != control:
                raise Anomaly  # noqa: TRY301 - the exact check names it
        except (Anomaly, ValueError):
            return self._examined(machine, text, control, start, end)
        accepted = self._accepted(machine, control, body, (start, end))
        return self._with_raw(accepted, start, end) if number in ACKNOWLEDGEMENTS else accepted

    def _origin(self, machine: Machine, span: tuple[int, int], message: str) -> str:
        """Return the place of what a later step's error speaks of; the document is examined for it again."""
        start, end = span
        text = self._data[start:end].decode(self._reading.charset, "surrogateescape")
        return origin(examine(machine, text, self._lines.at(start), self._reading.lenient).slots, message)

    def _with_raw(self, transaction: Transaction, start: int, end: int) -> Transaction:
        """Keep an acknowledgment as it came: it is shown, and not decoded again."""
        return replace(transaction, raw=self._interchange.alone(self._group, self._data[start:end]))

    def _accepted(
        self, machine: Machine, control: str, body: Mapping[str, Any], span: tuple[int, int], faults: tuple[Fault, ...] = ()
    ) -> Transaction:
        grammar = machine.grammar
        whole = {
            "set": grammar.number,
            "version": grammar.version,
            "interchange": dict(self._outer["interchange"]),
            "group": dict(self._outer["group"]),
            "control_number": control,
            **body,
        }
        tell = partial(self._origin, machine, span)
        return Transaction(grammar.number, control, whole, keys_of(grammar, body), faults, origin=tell)

    def _examined(self, machine: Machine, text: str, control: str, start: int, end: int) -> Transaction:
        examined = examine(machine, text, self._lines.at(start), self._reading.lenient)
        faults = tuple(examined.faults)
        grammar = machine.grammar
        if not examined.sinks(self._reading.lenient):
            accepted = self._accepted(machine, control, examined.body, (start, end), faults)
            return self._with_raw(accepted, start, end) if grammar.number in ACKNOWLEDGEMENTS else accepted
        return self._rejected(grammar.number, control, faults, keys_of(grammar, examined.body), start, end)

    def _rejected(
        self, number: str, control: str, faults: tuple[Fault, ...], keys: Mapping[str, str], start: int, end: int
    ) -> Transaction:
        raw = self._interchange.alone(self._group, self._data[start:end])
        error = rejected(faults, f"{number or 'without a set'} {control or 'without a number'}")
        return Transaction(number, control, {}, keys, faults, error, raw)

    def _of_bad_group(self, number: str, control: str, start: int, end: int) -> Transaction:
        code, message = self._group.fault or ("", "")
        error = Rejected(
            f"functional group {self._group.control}: {message}",
            code=f"AK905-{code}",
            where=f"functional group {self._group.control}",
            advice="ask the partner for a corrected file; if the transactions are as they should be, retry them",
            findings=[Finding(f"AK905-{code}", message, f"functional group {self._group.control}")],
        )
        raw = self._interchange.alone(self._group, self._data[start:end])
        return Transaction(number, control, {}, {}, (), error, raw)

    def _too_big(self, start: int, end: int) -> Transaction:
        most, size = (number // 1024**2 for number in (self._reading.most_bytes, end - start))
        first = cut(self._data[start : start + 64].decode("latin-1"), self._interchange.header.delimiters)[0]
        number, control = (*first.split(self._interchange.header.delimiters.element)[1:3], "", "")[:2]
        message = f"the transaction has {size} MB, at most {most} MB are read (option `max_transaction_size`)"
        return self._rejected(number, control, (Fault("AK502", "5", message),), {}, start, end)

    def _machine(self, number: str) -> Machine | Fault:
        if number not in self._machines:
            self._machines[number] = self._find(number)
        return self._machines[number]

    def _find(self, number: str) -> Machine | Fault:
        group = self._group
        grammar = self._reading.grammar(number, group.version)
        if grammar is None:
            return Fault("AK502", "1", self._reading.stranger(number, group.version), "ST", 1, element=1, value=number)
        if grammar.group != group.function:
            message = f"a {number} belongs into a functional group {grammar.group}, GS01 says {shown(group.function)}"
            return Fault("AK502", "6", message, "ST", 1, element=1, value=number)
        return compiled(grammar, self._interchange.header.delimiters)


def _repeated(control: str) -> Fault:
    message = f"the control number {shown(control)} occurs twice in the functional group"
    return Fault("AK502", "23", message, "ST", 1, element=2, value=control)


__all__ = ["MOST_BYTES", "GroupReader", "Reading", "Transaction", "keys_of"]
