"""Faults of a transaction: one sentence for a clerk, a place for a developer, and the codes of an acknowledgement.

The codes in a `Finding` name the acknowledgement's element and its value: `AK304-3` and `UCS-13` (mandatory segment missing),
`AK403-7` and `UCD-12` (invalid code).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crossdock.core.errors import Finding, Rejected

MOST_FAULTS: Final = 100
"""How many faults of one transaction are listed; what follows is most often a consequence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `kind` is what reports it in the acknowledgement, `code` how.

    `AK304` and `UCS` report a segment, `AK403` and `UCD` an element, `AK502` and `UCM` the transaction. `position` counts
    segments from ST or UNH = 1, `element` and `component` from 1; `number` is the data element number; `rule` names the
    check of a guide that was broken, `name` is the key of `Dialect.codes`.
    """

    kind: str
    code: str
    message: str
    tag: str = ""
    position: int = 0
    line: int = 0
    element: int = 0
    component: int = 0
    number: str = ""
    value: str = ""
    rule: str = ""
    name: str = ""

    @property
    def where(self) -> str:
        """The place in the document's own terms."""
        parts = [f"line {self.line}"] if self.line > 1 else []
        parts += [f"segment {self.position} ({self.tag})"] if self.position else []
        parts += [f"element {self.element} ({self.tag}{self.element:02d})"] if self.element else []
        parts += [f"component {self.component}"] if self.component else []
        return ", ".join(parts)

    def finding(self) -> Finding:
        """Return the fault as every other room knows it."""
        return Finding(f"{self.kind}-{self.code}", self.message, self.where, self.value)


def rejected(faults: Sequence[Fault], what: str, unit: str = "transaction") -> Rejected:
    """Return the error of a transaction with faults; `what` names it (`850 0001`), `unit` says what it is."""
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return Rejected(
        f"{unit} {what}: {first.message}{more}",
        code=f"{first.kind}-{first.code}",
        where=first.where,
        advice="ask the partner for a corrected document, or repair it and retry",
        findings=[fault.finding() for fault in faults],
    )
