"""An invoice's arithmetic: the total is the sum of lines, allowances, charges and taxes.

Where a document can't be computed (a price per pound, an allowance given as a percentage alone) nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from crossdock.core.errors import Finding
from crossdock_transformers.edi.outgoing import Outgoing, Segment, at, place, plain

BASES: Final[Mapping[str, int]] = {"": 1, "PE": 1, "CA": 1, "CT": 1, "NT": 1, "QT": 1, "HP": 100, "TP": 1000}
"""IT105: for how many units a price is. What isn't here is a price by weight, length or the like."""

SIGNS: Final[Mapping[str, int]] = {"A": -1, "C": 1, "P": -1}
"""SAC01: allowances and promotions make it less, charges more; all others (N) are information."""

CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)


class _Unknowable(Exception):
    """The document doesn't say enough to compute it."""


def balance(document: Outgoing) -> Iterator[Finding]:
    """Yield totals of an invoice that are not the sum of their parts."""
    try:
        if document.dialect == "x12" and document.set == "810":
            yield from _x12(document)
        elif document.dialect == "edifact" and document.set == "INVOIC":
            yield from _edifact(document)
    except _Unknowable:
        return


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _x12(document: Outgoing) -> Iterator[Finding]:
    lines = [_extension(document, segment) for _, segment in document.of("IT1")]
    extras = sum((_allowance(document, segment) for _, segment in document.of("SAC")), ZERO)
    taxes = sum((_tax(document, segment) for _, segment in document.of("TXI")), ZERO)
    exact = _cents(sum(lines, ZERO)) + extras + taxes
    rounded = sum(map(_cents, lines), ZERO) + extras + taxes
    for position, segment in document.of("TDS"):
        said = document.number(segment, 1, places=2)
        if said is not None and said not in (_cents(exact), _cents(rounded)):
            message = (
                f"TDS01 says {said}, lines {_cents(sum(lines, ZERO))} with allowances and charges {_cents(extras)} "
                f"and taxes {_cents(taxes)} make {_cents(exact)}"
            )
            yield Finding("preflight-balance", message, place(position, segment, 1), at(segment, 1))


def _extension(document: Outgoing, segment: Segment) -> Decimal:
    quantity, price = document.number(segment, 2), document.number(segment, 4)
    basis = at(segment, 5)
    if basis not in BASES:
        raise _Unknowable
    return (quantity or ZERO) * (price or ZERO) / BASES[basis]


def _allowance(document: Outgoing, segment: Segment) -> Decimal:
    sign = SIGNS.get(at(segment, 1), 0)
    amount = document.number(segment, 5, places=2)
    if sign and amount is None:
        raise _Unknowable
    return sign * (amount or ZERO)


def _tax(document: Outgoing, segment: Segment) -> Decimal:
    """TXI02, unless TXI07 says that it is information only (O) or in the price already."""
    if at(segment, 7) not in ("", "A"):
        return ZERO
    amount = document.number(segment, 2)
    if amount is None and at(segment, 3):
        raise _Unknowable
    return amount or ZERO


def _edifact(document: Outgoing) -> Iterator[Finding]:
    lines, rest = _lines(document)
    for line in lines:
        yield from _line(document, line)
    amounts = {kind: (position, segment) for position, segment in rest for kind in [at(segment, 1, 1)] if at(segment, 0) == "MOA"}
    of_lines = [_amount(document, line, "203") for line in lines]
    if "79" in amounts and of_lines and None not in of_lines:
        right = sum((amount for amount in of_lines if amount is not None), ZERO)
        yield from _judged(document, amounts["79"], right, "the sum of the lines (MOA+203)")
    total = next((amounts[kind] for kind in ("77", "39", "86") if kind in amounts), None)
    if total is None:
        return
    taxed, tax = (_summary(document, amounts, kind) for kind in ("125", "176"))
    if tax is None:
        tax = _summary(document, amounts, "124")
    if taxed is not None and tax is not None:
        yield from _judged(document, total, taxed + tax, "the taxable amount and the tax (MOA+125, MOA+176)")
    elif "79" in amounts and tax is not None and not any(at(segment, 0) == "ALC" for _, segment in rest):
        yield from _judged(document, total, (_summary(document, amounts, "79") or ZERO) + tax, "lines and tax (MOA+79, MOA+176)")


Placed = Sequence[tuple[int, Segment]]


def _lines(document: Outgoing) -> tuple[list[Placed], Placed]:
    """Return each LIN with what follows it, and the segments of header and summary."""
    lines: list[list[tuple[int, Segment]]] = []
    rest: list[tuple[int, Segment]] = []
    inside = False
    for position, segment in enumerate(document.segments, start=2):
        tag = at(segment, 0)
        if tag == "LIN":
            lines.append([])
        inside = tag == "LIN" or (inside and tag not in ("UNS", "CNT"))
        (lines[-1] if inside else rest).append((position, segment))
    return list(lines), rest


def _line(document: Outgoing, line: Placed) -> Iterator[Finding]:
    """A line's amount is quantity times price, where it has no allowances of its own."""
    if any(at(segment, 0) == "ALC" for _, segment in line):
        return
    quantity = next((document.number(one, 1, 2) for _, one in line if at(one, 0) == "QTY" and at(one, 1, 1) == "47"), None)
    price = next((one for _, one in line if at(one, 0) == "PRI" and at(one, 1, 1) == "AAA"), None)
    amount = next(((position, one) for position, one in line if at(one, 0) == "MOA" and at(one, 1, 1) == "203"), None)
    if quantity is None or price is None or amount is None:
        return
    each, basis = document.number(price, 1, 2), document.number(price, 1, 5) or Decimal(1)
    if each is not None and basis:
        yield from _judged(document, amount, quantity * each / basis, "quantity times price (QTY+47, PRI+AAA)")


def _amount(document: Outgoing, segments: Placed, kind: str) -> Decimal | None:
    return next((document.number(one, 1, 2) for _, one in segments if at(one, 0) == "MOA" and at(one, 1, 1) == kind), None)


def _summary(document: Outgoing, amounts: Mapping[str, tuple[int, Segment]], kind: str) -> Decimal | None:
    return document.number(amounts[kind][1], 1, 2) if kind in amounts else None


def _judged(document: Outgoing, amount: tuple[int, Segment], right: Decimal, what: str) -> Iterator[Finding]:
    position, segment = amount
    said = document.number(segment, 1, 2)
    if said is not None and abs(said - right) > CENT / 2:
        message = f"MOA+{at(segment, 1, 1)} says {plain(said)}, {what} make {plain(_cents(right))}"
        yield Finding("preflight-balance", message, place(position, segment, 1, 2), at(segment, 1, 2))
