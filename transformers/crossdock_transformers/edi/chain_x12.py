"""The document chain's recipes for X12: 850 855 860 865 856 861 810 820, and the warehouse's 940 945 943 944."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from crossdock_transformers.edi.chain import Body, Recipe, Recipes, Row, Rows, dated, many, one, text

WANTED: Final = ("002", "063", "038", "010", "037", "064", "118", "106")
"""DTM01 of the date by which an order is wanted: delivery and shipping dates, the plainest first."""
REJECTED: Final = ("IR", "ID", "R1", "R2", "R3", "R4", "R5", "R6")
"""ACK01 (element 668) of lines that will not come."""


class Columns(NamedTuple):
    """The elements of a line: number, quantity, unit, price, a bare U.P.C., and pairs of qualifier and article number."""

    number: str
    quantity: str
    unit: str
    price: str
    pairs: tuple[tuple[str, str], ...]
    upc: str = ""


def _pairs(tag: str, first: int, last: int) -> tuple[tuple[str, str], ...]:
    return tuple((f"{tag}{at:02d}", f"{tag}{at + 1:02d}") for at in range(first, last, 2))


PO1: Final = Columns("PO101", "PO102", "PO103", "PO104", _pairs("PO1", 6, 25))
IT1: Final = Columns("IT101", "IT102", "IT103", "IT104", _pairs("IT1", 6, 25))
POC: Final = Columns("POC01", "POC03", "POC05", "POC06", _pairs("POC", 8, 27))
LIN: Final = _pairs("LIN", 2, 31)
W01: Final = Columns("", "W0101", "W0102", "", _pairs("W01", 4, 8), "W0103")
W12: Final = Columns("", "W1203", "W1205", "", _pairs("W12", 7, 9), "W1206")
W04: Final = Columns("", "W0401", "W0402", "", _pairs("W04", 4, 8), "W0403")
W07: Final = Columns("", "W0701", "W0702", "", _pairs("W07", 4, 8), "W0703")


def items_of(line: Mapping[str, Any], pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return a line's article numbers by qualifier."""
    items = {}
    get = line.get
    for qualifier, value in pairs:
        kind = get(qualifier)
        if kind is None:
            break
        items[kind] = str(get(value, ""))
    return items


def row_of(line: Mapping[str, Any], columns: Columns, date: str | None = None) -> Row:
    """Return a line as a row of the chain."""
    get = line.get
    quantity, unit, price = get(columns.quantity), get(columns.unit), get(columns.price)
    return [
        get(columns.number),
        None if quantity is None else str(quantity),
        unit if unit is None or type(unit) is str else text(unit),
        None if price is None else str(price),
        date,
        None,
        items_of(line, columns.pairs),
    ]


def _ordered(body: Body) -> Rows:
    date = dated(body.get("DTM"), "DTM01", "DTM02", WANTED)
    return {"": [row_of(line, PO1, date) for line in many(body.get("PO1"))]}


def _changed(body: Body) -> Rows:
    date = dated(body.get("DTM"), "DTM01", "DTM02", WANTED)
    rows = []
    for line in many(body.get("POC")):
        row = row_of(line, POC, date)
        if line.get("POC02") == "DI":
            row[1] = "0"
        rows.append(row)
    return {"": rows}


def _acknowledged(body: Body) -> Rows:
    return {"": [_answer(line, PO1) for line in many(body.get("PO1"))]}


def _change_acknowledged(body: Body) -> Rows:
    return {"": [_answer(line, POC) for line in many(body.get("POC"))]}


def _answer(line: Mapping[str, Any], columns: Columns) -> Row:
    """A line as its ACK segments accept it: what is rejected counts nothing, what is changed names the new article."""
    row = row_of(line, columns)
    answers = many(line.get("ACK"))
    if not answers:
        return row
    taken = [answer for answer in answers if answer.get("ACK01") not in REJECTED]
    quantities = [answer["ACK02"] for answer in taken if answer.get("ACK02") is not None]
    if quantities or not taken:
        row[1] = str(sum(map(_decimal, quantities), Decimal(0)))
    row[2] = next((answer["ACK03"] for answer in taken if answer.get("ACK03")), row[2])
    row[4] = next((text(answer["ACK05"]) for answer in taken if answer.get("ACK05")), None)
    return row


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _shipped(body: Body) -> Rows:
    """Read the items of a ship notice, each under the order level above it; levels may be nested or name their parents."""
    rows: dict[str, list[Row]] = {}
    date = dated(body.get("DTM"), "DTM01", "DTM02", ("011", "017"))
    _levels(many(body.get("HL")), "", {}, rows, date)
    return rows


def _levels(levels: Sequence[Any], order: str, orders: dict[str, str], rows: dict[str, list[Row]], date: str | None) -> None:
    for level in levels:
        above = orders.get(level.get("HL02", ""), order)
        own = (one(level.get("PRF")) or {}).get("PRF01") or above
        orders[level.get("HL01", "")] = own
        shipped = one(level.get("SN1"))
        if shipped is not None:
            article = one(level.get("LIN")) or {}
            number = article.get("LIN01") or shipped.get("SN101")
            unit, quantity = text(shipped.get("SN103")), text(shipped.get("SN102"))
            rows.setdefault(own, []).append([number, quantity, unit, None, date, None, items_of(article, LIN)])
        _levels(many(level.get("HL")), own, orders, rows, date)


def _received(body: Body) -> Rows:
    rows: dict[str, list[Row]] = {}
    header = (one(body.get("PRF")) or {}).get("PRF01", "") or _reference(body, "PO")
    for line in many(body.get("RCD")):
        order = (one(line.get("PRF")) or {}).get("PRF01") or header
        article = one(line.get("LIN")) or {}
        number = article.get("LIN01") or line.get("RCD01")
        unit, quantity = text(line.get("RCD03")), text(line.get("RCD02"))
        rows.setdefault(order, []).append([number, quantity, unit, None, None, None, items_of(article, LIN)])
    return rows


def _reference(body: Body, qualifier: str) -> str:
    """REF02 of a qualifier."""
    return next((one["REF02"] for one in many(body.get("REF")) if one.get("REF01") == qualifier and "REF02" in one), "")


def _invoiced(body: Body) -> Rows:
    rows: dict[str, list[Row]] = {}
    header, credit = "" if (one(body.get("BIG")) or {}).get("BIG04") else _reference(body, "PO"), _is_credit(body)
    for line in many(body.get("IT1")):
        row = row_of(line, IT1)
        if credit and row[1]:
            row[1] = str(-Decimal(row[1]))
        rows.setdefault(_reference(line, "PO") or header, []).append(row)
    return rows


def _is_credit(body: Body) -> bool:
    return (one(body.get("BIG")) or {}).get("BIG07") in ("CN", "CR", "CM")


def _invoice_total(body: Body) -> str | None:
    total = (one(body.get("TDS")) or {}).get("TDS01")
    return None if total is None else str(-_decimal(total) if _is_credit(body) else total)


def _paid(body: Body) -> Rows:
    """Read the open items that a remittance pays: by invoice, with the discount that was taken."""
    rows: dict[str, list[Row]] = {}
    for item, _ in _found(body, "RMR"):
        invoice, amount, discount = (text(item.get(name)) for name in ("RMR02", "RMR04", "RMR06"))
        if invoice:
            extra = {"discount": discount} if discount else {}
            rows.setdefault(invoice, []).append([invoice, None, None, None, None, amount, extra])
    return rows


def _found(body: Mapping[str, Any], name: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield every occurrence of a loop, however deep, with the loop around it."""
    for key, value in body.items():
        for inner in value if isinstance(value, list) else (value,):
            if isinstance(inner, Mapping):
                if key == name:
                    yield inner, body
                yield from _found(inner, name)


def _order_line(line: Mapping[str, Any], around: Mapping[str, Any], name: str) -> str | None:
    """Return the number of the order's line that a warehouse's line is of.

    It is N9*LI, of the line itself or of an LX with one line. Without it the LX is the line where it has one; an LX with several
    is a package, and its lines are known by their articles.
    """
    own = _line_reference(line)
    if own or len(many(around.get(name))) > 1:
        return own
    number = around.get("LX01")
    return _line_reference(around) or (None if number is None else str(number))


def _line_reference(loop: Mapping[str, Any]) -> str | None:
    """N902 of the qualifier LI, the line item."""
    return next((text(one.get("N902")) for one in many(loop.get("N9")) if one.get("N901") == "LI" and one.get("N902")), None)


def _stored(name: str, columns: Columns) -> Any:
    """Return the reader of a warehouse set's lines."""

    def rows(body: Body) -> Rows:
        found = []
        for line, around in _found(body, name):
            row = row_of(line, columns)
            row[0] = _order_line(line, around, name)
            if line.get(columns.upc):
                row[6]["UP"] = str(line[columns.upc])
            found.append(row)
        return {"": found}

    return rows


X12: Final[Recipes] = {
    "850": Recipe("ordered", "BEG", "BEG03", _ordered, "BEG03", "BEG05", "BEG01"),
    "860": Recipe("ordered", "BCH", "BCH03", _changed, "BCH03", "BCH06", "BCH01", changes=True),
    "855": Recipe("acknowledged", "BAK", "BAK03", _acknowledged, "BAK08", "BAK04", "BAK01"),
    "865": Recipe("acknowledged", "BCA", "BCA03", _change_acknowledged, "BCA08", "BCA06", "BCA01"),
    "856": Recipe("shipped", "BSN", "", _shipped, "BSN02", "BSN03", "BSN01"),
    "861": Recipe("received", "BRA", "", _received, "BRA01", "BRA02", "BRA03"),
    "810": Recipe("invoiced", "BIG", "BIG04", _invoiced, "BIG02", "BIG01", "BIG08", _invoice_total),
    "820": Recipe("paid", "TRN", "", _paid, "TRN02", kind="invoice"),
    "940": Recipe("released", "W05", "W0503", _stored("W01", W01), "W0502", "", "", other="W0502"),
    "945": Recipe("picked", "W06", "W0606", _stored("W12", W12), "W0604", "W0603", "", other="W0602"),
    "943": Recipe("advised", "W06", "W0602", _stored("W04", W04), "W0604", "W0603"),
    "944": Recipe("received", "W17", "W1704", _stored("W07", W07), "W1703", "W1702"),
}
"""The recipes by set."""
