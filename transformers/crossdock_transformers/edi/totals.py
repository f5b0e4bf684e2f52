"""Totals in what we send: how many lines there are, and the sums of their quantities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from crossdock.core.errors import Finding
from crossdock_transformers.edi.outgoing import Outgoing, at, place, plain

LINES: Final[Mapping[str, str]] = {
    "810": "IT1", "830": "LIN", "832": "LIN", "846": "LIN", "850": "PO1", "855": "PO1", "856": "HL", "860": "POC",
    "861": "RCD", "862": "LIN", "865": "POC", "852": "LIN",
}  # fmt: skip
"""What CTT01 counts in a set."""

QUANTITIES: Final[Mapping[str, int]] = {"PO1": 2, "IT1": 2, "SN1": 2, "POC": 3, "RCD": 2}
"""Where the quantity stands that CTT02 adds up."""

UNITS: Final[Mapping[str, tuple[str, str, int]]] = {
    "940": ("W76", "W01", 1),
    "943": ("W03", "W04", 1),
    "944": ("W14", "W07", 1),
    "945": ("W03", "W12", 3),
}
"""Warehouse sets: the segment that totals the units, and the line's segment and element."""

EDIFACT_QUANTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "ORDERS": ("21",),
    "ORDCHG": ("21",),
    "ORDRSP": ("21", "12", "83", "113"),
    "DESADV": ("12",),
    "RECADV": ("194", "48"),
    "INVOIC": ("47",),
}
"""Quantity qualifiers (6063) that CNT+1 adds up, by message; the first that a document uses."""


def line_count(document: Outgoing) -> Iterator[Finding]:
    """Yield a line count that is not the number of lines."""
    if document.dialect == "edifact":
        yield from _control(document, "2", Decimal(sum(1 for _ in document.of("LIN"))), "line_count", "lines (LIN)")
        return
    tag = LINES.get(document.set)
    for position, segment in document.of("CTT"):
        said, right = document.number(segment, 1), sum(1 for _ in document.of(tag or ""))
        if tag and said is not None and said != right:
            what = "levels (HL)" if tag == "HL" else f"lines ({tag})"
            yield _finding("line_count", f"CTT01 says {plain(said)} {what}, there are {right}", place(position, segment, 1), said)


def hash_total(document: Outgoing) -> Iterator[Finding]:
    """Yield totals of quantities that are not the sums of the lines."""
    if document.dialect == "edifact":
        kinds = EDIFACT_QUANTITIES.get(document.set, ())
        sums = (_quantities(document, kind) for kind in kinds)
        total = next((found for found in sums if found is not None), None)
        if total is not None:
            yield from _control(document, "1", total, "hash_total", "as the sum of quantities")
        return
    yield from _hash(document)
    yield from _units(document)


def _quantities(document: Outgoing, kind: str) -> Decimal | None:
    numbers = [document.number(segment, 1, 2) or Decimal(0) for _, segment in document.of("QTY") if at(segment, 1, 1) == kind]
    return sum(numbers, Decimal(0)) if numbers else None


def _hash(document: Outgoing) -> Iterator[Finding]:
    """CTT02: the sum of quantities; the standard adds digits without their decimal points, many partners with: both are right."""
    tag = "SN1" if document.set == "856" else LINES.get(document.set, "")
    if tag not in QUANTITIES:
        return
    numbers = [document.number(segment, QUANTITIES[tag]) or Decimal(0) for _, segment in document.of(tag)]
    bare = sum(int(str(number).replace(".", "")) for number in numbers if "E" not in str(number))
    for position, segment in document.of("CTT"):
        said = document.number(segment, 2)
        if said is not None and said not in (sum(numbers, Decimal(0)), bare):
            message = f"CTT02 says {plain(said)} as the sum of quantities, the lines have {plain(sum(numbers, Decimal(0)))}"
            yield _finding("hash_total", message, place(position, segment, 2), said)


def _units(document: Outgoing) -> Iterator[Finding]:
    if document.set not in UNITS:
        return
    summary, tag, element = UNITS[document.set]
    right = sum((document.number(segment, element) or Decimal(0) for _, segment in document.of(tag)), Decimal(0))
    for position, segment in document.of(summary):
        said = document.number(segment, 1)
        if said is not None and said != right:
            message = f"{summary}01 says {plain(said)} units in all, the lines ({tag}) have {plain(right)}"
            yield _finding("hash_total", message, place(position, segment, 1), said)


def _control(document: Outgoing, kind: str, right: Decimal, check: str, what: str) -> Iterator[Finding]:
    for position, segment in document.of("CNT"):
        said = document.number(segment, 1, 2)
        if at(segment, 1, 1) == kind and said is not None and said != right:
            message = f"CNT+{kind} says {plain(said)} {what}, there are {plain(right)}"
            yield _finding(check, message, place(position, segment, 1, 2), said)


def _finding(check: str, message: str, where: str, said: Decimal) -> Finding:
    return Finding(f"preflight-{check}", message, where, plain(said))
