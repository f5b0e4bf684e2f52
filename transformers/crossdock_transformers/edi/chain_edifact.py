"""The document chain's recipes for EDIFACT: ORDERS ORDCHG ORDRSP DESADV RECADV INVOIC REMADV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from crossdock_transformers.edi.chain import Body, Recipe, Recipes, Row, Rows, many, one, text

WANTED: Final = ("2", "64", "10", "63", "69", "67")
"""DTM qualifiers (2005) of the date by which goods are wanted or promised, the plainest first."""
PRICES: Final = ("AAA", "AAB", "CAL", "INF")
"""PRI qualifiers (5125): net, gross, calculated, informative; the first that is there."""
ABSENT: Final = ("2", "7")
"""LIN02 (1229) of a line that a change deletes (2) or that is not accepted (7)."""
CREDITS: Final = ("381", "81", "83", "308", "396")
"""BGM01 (1001) of credit notes."""

Line = Mapping[str, Any]


def qualified(segments: Any, tag: str, wanted: Iterable[str], component: int = 2) -> Any:
    """Return a component of the first of some segments whose first composite has a wanted qualifier."""
    if segments is None:
        return None
    composites = [one(segment.get(f"{tag}01")) or {} for segment in many(segments)]
    found = {composite.get(f"{tag}0101"): composite for composite in reversed(composites)}
    return next((found[code].get(f"{tag}01{component:02d}") for code in wanted if code in found), None)


def items_of(line: Line) -> dict[str, str]:
    """Return a line's article numbers by type (7143)."""
    article = line.get("LIN03") or {}
    items = {article.get("LIN0302", "EN"): article["LIN0301"]} if article.get("LIN0301") else {}
    for segment in many(line.get("PIA")):
        for element in range(2, 7):
            more = one(segment.get(f"PIA{element:02d}")) or {}
            if more.get(f"PIA{element:02d}01"):
                items.setdefault(more.get(f"PIA{element:02d}02", ""), more[f"PIA{element:02d}01"])
    return items


def _price(line: Line) -> str | None:
    prices = line.get("PRI")
    price, basis = (qualified(prices, "PRI", PRICES, component) for component in (2, 5))
    if price is None or not basis:
        return text(price)
    return str(Decimal(str(price)) / Decimal(str(basis)))


def _row(line: Line, quantities: Sequence[str], date: str | None) -> Row:
    """Return a line as a row; the number is the order's own where the line refers to it (RFF+ON or RFF+LI)."""
    number = qualified(line.get("RFF"), "RFF", ("ON",), 3) or qualified(line.get("RFF"), "RFF", ("LI",)) or line.get("LIN01")
    quantity, unit = (qualified(line.get("QTY"), "QTY", quantities, component) for component in (2, 3))
    when = qualified(line.get("DTM"), "DTM", WANTED) or date
    return [text(number), text(quantity), unit, _price(line), when, None, items_of(line)]


def _date(body: Body, *wanted: str) -> str | None:
    found: str | None = qualified(body.get("DTM"), "DTM", wanted)
    return found


def _order(holder: Line) -> str:
    """Return the order that a document or a line refers to (RFF+ON)."""
    return qualified(holder.get("RFF"), "RFF", ("ON",)) or ""


def _lines(quantities: Sequence[str], *, own: bool = False, wanted: Sequence[str] = WANTED) -> Callable[[Body], Rows]:
    """Return a reader of lines with these quantity qualifiers; `own` says that the document is the order itself."""

    def rows(body: Body) -> Rows:
        date = _date(body, *wanted)
        found: dict[str, list[Row]] = {}
        header = "" if own else _order(body)
        sign = -1 if text((one(body.get("BGM")) or {}).get("BGM01")) in CREDITS else 1
        for line in _all_lines(body):
            row = _row(line, quantities, date)
            if line.get("LIN02") in ABSENT:
                row[1] = "0"
            elif sign < 0 and row[1]:
                row[1] = str(-Decimal(row[1]))
            found.setdefault("" if own else _order(line) or header, []).append(row)
        return found

    return rows


def _all_lines(body: Body) -> Iterator[Line]:
    """Yield the lines, also those in packages (CPS)."""
    yield from many(body.get("LIN"))
    for package in many(body.get("CPS")):
        yield from many(package.get("LIN"))


def _total(body: Body) -> str | None:
    total = qualified(body.get("MOA"), "MOA", ("77", "39", "86", "9"))
    if total is None:
        return None
    credit = text((one(body.get("BGM")) or {}).get("BGM01")) in CREDITS
    return str(-Decimal(str(total)) if credit else total)


def _paid(body: Body) -> Rows:
    """Read the documents that a remittance pays, with the discount that was taken."""
    rows: dict[str, list[Row]] = {}
    for document in many(body.get("DOC")):
        invoice = text(document.get("DOC02"))
        amount, discount = (text(qualified(document.get("MOA"), "MOA", wanted)) for wanted in (("12", "9"), ("52",)))
        if invoice:
            extra = {"discount": discount} if discount else {}
            rows.setdefault(invoice, []).append([invoice, None, None, None, None, amount, extra])
    return rows


EDIFACT: Final[Recipes] = {
    "ORDERS": Recipe("ordered", "BGM", "BGM02", _lines(("21",), own=True), "BGM02", "", "BGM03"),
    "ORDCHG": Recipe("ordered", "BGM", "", _lines(("21",)), "BGM02", "", "BGM03", changes=True),
    "ORDRSP": Recipe("acknowledged", "BGM", "", _lines(("113", "12", "21")), "BGM02", "", "BGM03"),
    "DESADV": Recipe("shipped", "BGM", "", _lines(("12",), wanted=("11", "17")), "BGM02", "", "BGM03"),
    "RECADV": Recipe("received", "BGM", "", _lines(("48", "194"), wanted=("50",)), "BGM02", "", "BGM03"),
    "INVOIC": Recipe("invoiced", "BGM", "", _lines(("47",), wanted=()), "BGM02", "", "BGM03", _total),
    "REMADV": Recipe("paid", "BGM", "", _paid, "BGM02", "", "BGM03", kind="invoice"),
}
"""The recipes by message type."""
