"""The functional acknowledgment of what was received: a 997, or a 999 where that was agreed.

    AK1 group / AK2 transaction / AK3 segment / AK4 element / AK5 verdict / AK9 verdict of the group
                                  IK3 CTX     / IK4 CTX     / IK5           in a 999

Verdicts: A accepted, E accepted with tolerated faults, P some transactions rejected, R rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from crossdock_transformers.edi.faults import Fault
from crossdock_transformers.edi.reading import Transaction
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.x12.envelope import Group
from crossdock_transformers.x12.write import trimmed

MOST_LISTED: Final = 10_000
"""How many faults one acknowledgment lists; transactions beyond are answered by their verdict alone."""
MOST_CONTEXT: Final = 35
"""Characters of a context in a 999."""


@dataclass(frozen=True, slots=True)
class Form:
    """How an acknowledgment is written: the tags of its notes, and the codes that a partner's guide is quoted by."""

    set: str
    segment: str
    element: str
    trailer: str
    guided: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def code(self, fault: Fault) -> str:
        """Return a fault's code: what breaks a guide, and not the standard, has codes of its own in a 999."""
        return self.guided.get((fault.kind, fault.code), fault.code) if fault.rule else fault.code


FORMS: Final = {
    "997": Form("997", "AK3", "AK4", "AK5"),
    "999": Form(
        "999",
        "IK3",
        "IK4",
        "IK5",
        {
            ("AK304", "2"): "I4",
            ("AK304", "3"): "I6",
            ("AK304", "5"): "5",
            ("AK403", "1"): "I9",
            ("AK403", "2"): "I9",
            ("AK403", "7"): "I6",
            ("AK403", "10"): "I13",
        },
    ),
}
"""The acknowledgments by their set."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an acknowledgment says of one transaction. `context` names its business key (`BEG03`, `4500012345`)."""

    set: str
    control: str
    accepted: bool
    faults: tuple[Fault, ...] = ()
    context: tuple[str, str] = ("", "")

    @property
    def code(self) -> str:
        """AK501."""
        return ("E" if self.faults else "A") if self.accepted else "R"


Context = Callable[[Transaction], tuple[str, str]]
"""Finds the element that holds a transaction's business key, and its value."""


def no_context(_transaction: Transaction) -> tuple[str, str]:
    """Return the context where none is told."""
    return "", ""


@dataclass(slots=True)
class Report:
    """What an acknowledgment says of one functional group."""

    group: Group
    context: Context = no_context
    verdicts: list[Verdict] = field(default_factory=list)
    _listed: int = 0

    def add(self, transaction: Transaction) -> None:
        """Take note of a transaction; the body is not kept."""
        faults = transaction.faults
        self._listed += len(faults)
        if self._listed > MOST_LISTED:
            faults = faults[:1]
        context = self.context(transaction) if faults else ("", "")
        self.verdicts.append(Verdict(transaction.set, transaction.control, transaction.error is None, faults, context))

    def segments(self, delimiters: Delimiters, form: Form = FORMS["997"]) -> Iterator[list[str]]:
        """Yield the segments between ST and SE; what the partner sent is quoted without our delimiters."""
        for segment in self._segments(delimiters.component, form):
            yield trimmed([_quoted(element, delimiters) for element in segment])

    def _segments(self, component: str, form: Form) -> Iterator[list[str]]:
        group = self.group
        yield ["AK1", group.function, group.control, *([group.version] if form.set == "999" else [])]
        if group.fault is None:
            for verdict in self.verdicts:
                yield from _Response(form, component, verdict).segments()
        accepted = sum(verdict.accepted for verdict in self.verdicts) if group.fault is None else 0
        codes = [group.fault[0]] if group.fault else []
        yield ["AK9", self._verdict(accepted), group.included or str(group.size), str(group.size), str(accepted), *codes]

    def _verdict(self, accepted: int) -> str:
        if self.group.fault or not accepted:
            return "R"
        if accepted < len(self.verdicts):
            return "P"
        return "E" if any(verdict.faults for verdict in self.verdicts) else "A"


@dataclass(frozen=True, slots=True)
class _Response:
    """The part of an acknowledgment that is about one transaction."""

    form: Form
    component: str
    verdict: Verdict

    def segments(self) -> Iterator[list[str]]:
        verdict = self.verdict
        yield ["AK2", verdict.set, verdict.control]
        inner = [fault for fault in verdict.faults if fault.kind in ("AK304", "AK403")]
        for position, faults in groupby(sorted(inner, key=lambda fault: fault.position), key=lambda fault: fault.position):
            yield from self._notes(position, list(faults))
        codes = list(dict.fromkeys(self.form.code(fault) for fault in verdict.faults if fault.kind == "AK502"))
        if inner:
            codes.append("I5" if self.form.set == "999" and all(fault.rule for fault in inner) else "5")
        yield [self.form.trailer, verdict.code, *codes[:5]]

    def _notes(self, position: int, faults: Sequence[Fault]) -> Iterator[list[str]]:
        for fault in faults:
            if fault.kind == "AK304":
                yield [self.form.segment, fault.tag, str(position), "", self.form.code(fault)]
                yield from self._context()
        elements = [fault for fault in faults if fault.kind == "AK403"]
        if elements:
            yield [self.form.segment, elements[0].tag, str(position), "", "8"]
            yield from self._context()
        for fault in elements[:99]:
            yield from self._element(fault)

    def _element(self, fault: Fault) -> Iterator[list[str]]:
        place = f"{fault.element}{self.component}{fault.component}" if fault.component else str(fault.element)
        value = fault.value[:99].replace(self.component, " ")
        yield [self.form.element, place, fault.number, self.form.code(fault), value]
        if self.form.set == "999" and fault.code in ("2", "10"):
            yield ["CTX", "SITUATIONAL TRIGGER", fault.tag, str(fault.position), "", place]

    def _context(self) -> Iterator[list[str]]:
        name, value = self.verdict.context
        if self.form.set == "999" and name and value:
            yield ["CTX", f"{name}{self.component}{value[:MOST_CONTEXT].replace(self.component, ' ')}"]


def _quoted(text: str, delimiters: Delimiters) -> str:
    if text.isalnum():
        return text  # most are: no delimiter is a letter or a digit
    away = delimiters.element + delimiters.segment + delimiters.repetition
    return "".join(
        one if one == delimiters.component or (one.isprintable() and one not in away) else " " for one in text
    ).rstrip()
