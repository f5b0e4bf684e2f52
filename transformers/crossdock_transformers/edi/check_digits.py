"""GS1 keys in what we send: SSCC, GTIN and GLN, wherever such an element stands, with their lengths and check digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from crossdock.core.errors import Finding
from crossdock_transformers.edi.outgoing import Outgoing, Segment, at, place

PAIRS: Final[Mapping[str, int]] = {
    "PO1": 6, "IT1": 6, "POC": 8, "ACK": 7, "SLN": 9, "LIN": 2, "W01": 4, "W04": 4, "W07": 4, "W12": 7,
}  # fmt: skip
"""X12 segments with pairs of qualifier and article number, and the element of the first qualifier."""

GTINS: Final[Mapping[str, tuple[str, tuple[int, ...]]]] = {
    "UP": ("U.P.C. (GTIN-12)", (12,)),
    "UK": ("GTIN-14", (14,)),
    "EN": ("GTIN-13", (13,)),
    "EO": ("GTIN-8", (8,)),
}
"""X12 qualifiers (element 235) of article numbers that end in a check digit."""

BARE: Final[Mapping[str, tuple[str, int]]] = {"UI": ("U.P.C. without check digit", 11), "UA": ("U.P.C. case code", 12)}
"""X12 qualifiers of article numbers that carry none: their length is all that can be checked."""

ARTICLES: Final[Mapping[str, tuple[int, ...]]] = {"EN": (8, 12, 13, 14), "SRV": (8, 12, 13, 14), "UP": (12,)}
"""EDIFACT item number types (7143) of GTINs."""


def check_digit(digits: str) -> int:
    """Return the GS1 check digit for digits without it: weights 3 and 1 from the right."""
    return -sum(int(digit) * (3, 1)[index % 2] for index, digit in enumerate(reversed(digits))) % 10


def fault_of(value: str, lengths: tuple[int, ...]) -> str:
    """Return what is wrong with a GS1 key in words, or nothing."""
    if not (value.isascii() and value.isdigit()):
        return "has something other than digits"
    if len(value) not in lengths:
        return f"has {len(value)} digits, expected {' or '.join(map(str, lengths))}"
    right = check_digit(value[:-1])
    return "" if right == int(value[-1]) else f"has the check digit {value[-1]}, expected {right}"


def gtins(document: Outgoing) -> Iterator[Finding]:
    """Yield article numbers that can't be right."""
    yield from _gtins_x12(document) if document.dialect == "x12" else _gtins_edifact(document)


def _gtins_x12(document: Outgoing) -> Iterator[Finding]:
    for position, segment in document.of(*PAIRS):
        for element in range(PAIRS[at(segment, 0)] + 1, len(segment), 2):
            qualifier, value = at(segment, element - 1), at(segment, element)
            if qualifier in GTINS:
                name, lengths = GTINS[qualifier]
                yield from _judged("gtin", name, value, fault_of(value, lengths), place(position, segment, element))
            elif qualifier in BARE:
                name, length = BARE[qualifier]
                yield from _judged("gtin", name, value, _bare(value, length), place(position, segment, element))
    for position, segment in document.of("MAN"):
        for element in (2, 5):
            if at(segment, element - 1) == "UC":
                value = at(segment, element)
                yield from _judged("gtin", "GTIN-14", value, fault_of(value, (14,)), place(position, segment, element))


def _bare(value: str, length: int) -> str:
    if value.isascii() and value.isdigit() and len(value) == length:
        return ""
    return f"must have {length} digits, without a check digit"


def _gtins_edifact(document: Outgoing) -> Iterator[Finding]:
    for position, segment in document.of("LIN", "PIA"):
        for element in (3,) if at(segment, 0) == "LIN" else range(2, len(segment)):
            value, kind = at(segment, element, 1), at(segment, element, 2)
            if value and kind in ARTICLES:
                fault = fault_of(value, ARTICLES[kind])
                yield from _judged("gtin", "GTIN", value, fault, place(position, segment, element, 1))


def ssccs(document: Outgoing) -> Iterator[Finding]:
    """Yield serial shipping container codes that can't be right; the application identifier 00 may stand before one."""
    for position, segment, element, component in _ssccs(document):
        value = at(segment, element, component or 1)
        bare = value[2:] if len(value) == 20 and value.startswith("00") else value
        yield from _judged("sscc", "SSCC", value, fault_of(bare, (18,)), place(position, segment, element, component))


def _ssccs(document: Outgoing) -> Iterator[tuple[int, Segment, int, int]]:
    if document.dialect == "x12":
        for position, segment in document.of("MAN"):
            for element in (2, 3, 5, 6):
                if at(segment, element) and at(segment, 1 if element < 4 else 4) in ("GM", "AA"):
                    yield position, segment, element, 0
        return
    for position, segment in document.of("GIN"):
        if at(segment, 1) == "BJ":
            for element in range(2, len(segment)):
                for component in (1, 2):
                    if at(segment, element, component):
                        yield position, segment, element, component


def glns(document: Outgoing) -> Iterator[Finding]:
    """Yield location numbers that can't be right: N104 with the qualifier UL, parties and places of GS1 (3055 is 9)."""
    if document.dialect == "x12":
        for position, segment in document.of("N1"):
            if at(segment, 3) == "UL":
                yield from _judged("gln", "GLN", at(segment, 4), fault_of(at(segment, 4), (13,)), place(position, segment, 4))
        return
    for position, segment in document.of("NAD", "LOC"):
        if at(segment, 2, 3) == "9":
            value = at(segment, 2, 1)
            yield from _judged("gln", "GLN", value, fault_of(value, (13,)), place(position, segment, 2, 1))


def _judged(check: str, name: str, value: str, fault: str, where: str) -> Iterator[Finding]:
    if fault:
        yield Finding(f"preflight-{check}", f"{name} '{value}' {fault}", where, value)
