"""The functional acknowledgment (997) of what was received.

    AK1 group / AK2 transaction / AK3 segment / AK4 element / AK5 verdict / AK9 verdict of the group

Verdicts: A accepted, E accepted with tolerated faults, P some transactions rejected, R rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from crossdock_transformers.edi.faults import Fault
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.x12.envelope import Group
from crossdock_transformers.x12.transactions import Transaction
from crossdock_transformers.x12.write import trimmed

MOST_LISTED: Final = 10_000
"""How many faults one acknowledgment lists; transactions beyond are answered by their verdict alone."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an acknowledgment says of one transaction."""

    set: str
    control: str
    accepted: bool
    faults: tuple[Fault, ...] = ()

    @property
    def code(self) -> str:
        """AK501."""
        return ("E" if self.faults else "A") if self.accepted else "R"


@dataclass(slots=True)
class Report:
    """What an acknowledgment says of one functional group."""

    group: Group
    verdicts: list[Verdict] = field(default_factory=list)
    _listed: int = 0

    def add(self, transaction: Transaction) -> None:
        """Take note of a transaction; the body is not kept."""
        faults = transaction.faults
        self._listed += len(faults)
        if self._listed > MOST_LISTED:
            faults = faults[:1]
        self.verdicts.append(Verdict(transaction.set, transaction.control, transaction.error is None, faults))

    def segments(self, delimiters: Delimiters) -> Iterator[list[str]]:
        """Yield the 997's segments between ST and SE; what the partner sent is quoted without our delimiters."""
        for segment in self._segments(delimiters.component):
            yield trimmed([_quoted(element, delimiters) for element in segment])

    def _segments(self, component: str) -> Iterator[list[str]]:
        group = self.group
        yield ["AK1", group.function, group.control]
        if group.fault is None:
            for verdict in self.verdicts:
                yield from _response(verdict, component)
        accepted = sum(verdict.accepted for verdict in self.verdicts) if group.fault is None else 0
        codes = [group.fault[0]] if group.fault else []
        yield ["AK9", self._verdict(accepted), group.included or str(group.size), str(group.size), str(accepted), *codes]

    def _verdict(self, accepted: int) -> str:
        if self.group.fault or not accepted:
            return "R"
        if accepted < len(self.verdicts):
            return "P"
        return "E" if any(verdict.faults for verdict in self.verdicts) else "A"


def _response(verdict: Verdict, component: str) -> Iterator[list[str]]:
    yield ["AK2", verdict.set, verdict.control]
    inner = [fault for fault in verdict.faults if fault.kind in ("AK304", "AK403")]
    for position, faults in groupby(sorted(inner, key=lambda fault: fault.position), key=lambda fault: fault.position):
        yield from _segment_notes(position, list(faults), component)
    codes = list(dict.fromkeys(fault.code for fault in verdict.faults if fault.kind == "AK502"))
    if inner:
        codes.append("5")
    yield ["AK5", verdict.code, *codes[:5]]


def _segment_notes(position: int, faults: Sequence[Fault], component: str) -> Iterator[list[str]]:
    for fault in faults:
        if fault.kind == "AK304":
            yield ["AK3", fault.tag, str(position), "", fault.code]
    elements = [fault for fault in faults if fault.kind == "AK403"]
    if elements:
        yield ["AK3", elements[0].tag, str(position), "", "8"]
    for fault in elements[:99]:
        place = f"{fault.element}{component}{fault.component}" if fault.component else str(fault.element)
        yield ["AK4", place, fault.number, fault.code, fault.value[:99].replace(component, " ")]


def _quoted(text: str, delimiters: Delimiters) -> str:
    away = delimiters.element + delimiters.segment + delimiters.repetition
    return "".join(
        one if one == delimiters.component or (one.isprintable() and one not in away) else " " for one in text
    ).rstrip()
