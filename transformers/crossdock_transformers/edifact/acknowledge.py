"""The CONTRL that answers an interchange.

    UCI interchange ─┬─ UCM message ─── UCS segment ─── UCD element
                     └─ UCF group ─── UCM message ─── UCS segment ─── UCD element

Actions: 7 acknowledged, and so is all below that is not rejected; 4 rejected with all below; 8 received, not yet looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from crossdock_transformers.edi.faults import Fault
from crossdock_transformers.edi.reading import Transaction
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.edi.write import trimmed
from crossdock_transformers.edifact.dialect import DIALECT
from crossdock_transformers.edifact.envelope import Blame, Group, Interchange

REJECTED, ACKNOWLEDGED, RECEIVED = "4", "7", "8"

MOST_LISTED: Final = 10_000
"""How many faults one CONTRL lists; messages beyond are answered by their verdict alone."""

_MOST_SEGMENTS: Final = 999
_MOST_ELEMENTS: Final = 99

Element = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a CONTRL says of one message: rejected, or acknowledged with tolerated faults."""

    control: str
    identifier: Sequence[str]
    accepted: bool
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class Report:
    """What a CONTRL says of one interchange."""

    interchange: Interchange
    groups: list[tuple[Group, list[Verdict]]] = field(default_factory=list)
    answerable: bool = False
    _listed: int = 0

    def add(self, group: Group, transaction: Transaction, *, answered: bool = True) -> None:
        """Take note of a message; the body is not kept. Accepted messages without faults need no mention.

        `answered` says that acknowledgements are agreed for its type; an interchange without any such is not answered.
        """
        if answered and transaction.set not in DIALECT.services:
            self.answerable = True
        if not self.groups or self.groups[-1][0] is not group:
            self.groups.append((group, []))
        if transaction.error is None and not transaction.faults:
            return
        faults = transaction.faults
        self._listed += len(faults)
        if self._listed > MOST_LISTED:
            faults = faults[:1]
        identifier = transaction.identifier.split(":")
        self.groups[-1][1].append(Verdict(transaction.control, identifier, transaction.error is None, faults))

    def segments(self, delimiters: Delimiters, action: str = "") -> Iterator[list[str]]:
        """Yield the CONTRL's segments between UNH and UNT; `action` 8 says no more than that the interchange came."""
        for segment in self._segments(action):
            yield trimmed([_joined(element, delimiters) for element in segment])

    def _segments(self, action: str) -> Iterator[list[Element]]:
        head, blame = self.interchange.header, self.interchange.blame
        verdict = REJECTED if blame else action or ACKNOWLEDGED
        yield ["UCI", head.control, head.sender, head.receiver, verdict, *_blamed(blame)]
        if blame is not None or action:
            return
        for group, verdicts in self.groups:
            if group.raw:
                yield from _of_group(group)
            if group.blame is None:
                for one in verdicts:
                    yield from _of_message(one)


def _of_group(group: Group) -> Iterator[list[Element]]:
    verdict = REJECTED if group.blame else ACKNOWLEDGED
    yield ["UCF", group.control, group.sender.split(":"), group.receiver.split(":"), verdict, *_blamed(group.blame)]


def _blamed(blame: Blame | None) -> list[Element]:
    """The error code, the service segment and its element."""
    return [blame.code, blame.tag, _place(blame.element)] if blame else []


def _place(element: int, component: int = 0) -> Element:
    """S011: elements are counted with the tag as the first (0098), components from 1 (0104)."""
    return [str(element + 1), *([str(component)] if component else [])] if element else ""


def _of_message(verdict: Verdict) -> Iterator[list[Element]]:
    """A message's UCM, then its segments with faults. Where a message is acknowledged, its tolerated faults are not told."""
    if verdict.accepted:
        yield ["UCM", verdict.control, verdict.identifier, ACKNOWLEDGED]
        return
    own = next((fault for fault in verdict.faults if fault.kind == "UCM"), None)
    yield ["UCM", verdict.control, verdict.identifier, REJECTED, *(_own(own) if own else [])]
    inner = sorted((fault for fault in verdict.faults if fault.kind != "UCM"), key=_position)
    groups = [list(faults) for _, faults in groupby(inner, key=_position)]
    for faults in groups[:_MOST_SEGMENTS]:
        yield from _of_segment(faults)


def _own(fault: Fault) -> list[Element]:
    return [fault.code, fault.tag, _place(fault.element)]


def _position(fault: Fault) -> int:
    """Return what 0096 says: a missing segment is told at the last one before it."""
    return fault.position - (fault.name == "missing_segment")


def _of_segment(faults: Sequence[Fault]) -> Iterator[list[Element]]:
    position = str(_position(faults[0]))
    whole = [fault for fault in faults if not fault.element]
    for fault in whole:
        yield ["UCS", position, fault.code]
    within = [fault for fault in faults if fault.element]
    if within and not whole:
        yield ["UCS", position]
    for fault in within[:_MOST_ELEMENTS]:
        yield ["UCD", fault.code, _place(fault.element, fault.component)]


def _joined(element: Element, delimiters: Delimiters) -> str:
    parts = [element] if isinstance(element, str) else list(element)
    return delimiters.component.join(delimiters.released(_allowed(part, delimiters)) for part in trimmed(parts))


def _allowed(text: str, delimiters: Delimiters) -> str:
    """Return what the partner sent without characters that our own character set has not."""
    allowed = delimiters.characters
    return "".join(one if one.isprintable() and (not allowed or one in allowed) else " " for one in text).rstrip()
