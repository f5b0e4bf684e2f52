"""Sales orders in Tryton: a canonical order becomes one sale, however often it is tried.

look it up by customer and reference
  -> none: create it, and look again, so that of two attempts at the same time only one goes on
  -> one with other contents, or cancelled: Refused, a person decides
quote, confirm: from wherever an earlier attempt stopped
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from crossdock.core.errors import Finding, Refused
from crossdock.core.ports import Dispatch, Reply
from crossdock_connectors.tryton import TrytonTarget
from crossdock_connectors.tryton.client import Row, Talk
from crossdock_connectors.tryton.codes import Codes, Party, Product

STATES = {"cancelled": -1, "draft": 0, "quotation": 1, "confirmed": 2, "processing": 3, "done": 4}
_SALE = ("number", "state", "reference", "total_amount", "lines.product.code", "lines.quantity", "lines.unit_price")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order; `unit` empty means the product's own."""

    sku: str
    quantity: Decimal
    unit_price: Decimal
    unit: str
    description: str


@dataclass(frozen=True, slots=True)
class Order:
    """A canonical order, as far as the ERP needs it."""

    reference: str
    customer: str
    lines: tuple[Line, ...]
    body: Row

    @classmethod
    def read(cls, dispatch: Dispatch) -> Order:
        """Read a delivery's body; raises Refused that names everything it lacks."""
        body = dispatch.body
        if not isinstance(body, dict):
            raise Refused(
                "this is no order: the ERP needs a decoded document", code="shape", advice="decode and map it before `to`"
            )
        reference = str(body.get("order_number") or dispatch.key)
        findings = [Finding("missing", f"`{name}` is missing", f"/{name}") for name in _lacking(body, reference)]
        written = body.get("lines")
        lines = tuple(
            _read_line(index, line, findings) for index, line in enumerate(written if isinstance(written, list) else ())
        )
        if findings:
            raise Refused(
                "the order lacks what the ERP needs", code="shape", findings=findings, advice="correct the map, or the order"
            )
        return cls(reference, str(body["customer"]), lines, body)

    @property
    def ship_to(self) -> Mapping[str, str]:
        """Where it goes: `name`, `street`, `postal_code`, `city`, `country`, as far as they are given."""
        given = self.body.get("ship_to")
        return {name: str(value) for name, value in given.items() if value} if isinstance(given, dict) else {}

    @property
    def contents(self) -> list[tuple[str, Decimal, Decimal]]:
        """The lines in a form that can be compared."""
        return sorted((line.sku, line.quantity, line.unit_price) for line in self.lines)


def _lacking(body: Row, reference: str) -> list[str]:
    lines = body.get("lines")
    there = {"order_number": reference, "customer": body.get("customer"), "lines": isinstance(lines, list) and lines}
    return [name for name, value in there.items() if not value]


def _read_line(index: int, line: Any, findings: list[Finding]) -> Line:
    line = line if isinstance(line, dict) else {}
    if not line.get("sku"):
        findings.append(Finding("missing", "`sku` is missing", f"/lines/{index}/sku"))
    quantity, price = (_number(line.get(name), f"/lines/{index}/{name}", findings) for name in ("quantity", "unit_price"))
    return Line(str(line.get("sku", "")), quantity, price, str(line.get("unit") or ""), str(line.get("description") or ""))


def _number(value: Any, where: str, findings: list[Finding]) -> Decimal:
    try:
        return Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        findings.append(Finding("number", "a number is needed here", where, str(value)[:40]))
        return Decimal(0)


class SalesOrders:
    """Creates and reads sales orders."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    async def create(self, talk: Talk, dispatch: Dispatch, options: TrytonTarget) -> Reply:
        """Bring the order to its state in the ERP; raises Refused, Retryable, UnknownEffect."""
        order = Order.read(dispatch)
        sale = await self._look(talk, order)
        if sale is None:
            values = await _Sale(self._codes, talk, order, options).values()
            number = await talk.create("sale.sale", values)
            sale = await self._elect(talk, order, number)
        _check_same(sale, order)
        return await self._advance(talk, sale, order, options.confirm)

    async def find(self, talk: Talk, dispatch: Dispatch, options: TrytonTarget) -> Reply | None:
        """Return the reply for an order that is wholly in the ERP; None where sending it (again) has something left to do."""
        order = Order.read(dispatch)
        sale = await self._look(talk, order)
        done = sale is not None and STATES[sale["state"]] >= _goal(options.confirm) and _contents(sale) == order.contents
        return _reply(sale, order) if sale is not None and done else None

    async def read(self, talk: Talk, dispatch: Dispatch) -> Reply:
        """Read an order by its reference (the key, or `order_number`), of `customer` where the body names one."""
        body = dispatch.body if isinstance(dispatch.body, dict) else {}
        reference = str(body.get("order_number") or dispatch.key)
        sale = await self._look_up(talk, reference, str(body.get("customer") or ""))
        if sale is None:
            raise Refused(f"the ERP has no order {reference}", code="unknown_order")
        return _reply(sale, None)

    async def _look(self, talk: Talk, order: Order) -> Row | None:
        return await self._look_up(talk, order.reference, order.customer)

    async def _look_up(self, talk: Talk, reference: str, customer: str) -> Row | None:
        """Return the sale that counts: the one that has come furthest, the oldest of these; cancelled ones come last."""
        whose = [["party.code", "=", customer]] if customer else []
        rows = await talk.search("sale.sale", [["reference", "=", reference], *whose], _SALE)
        return min(rows, key=lambda row: (-STATES[row["state"]], row["id"])) if rows else None

    async def _elect(self, talk: Talk, order: Order, mine: int) -> Row:
        """Look again after a create: where another attempt made the same sale, one stays and ours goes, still a draft."""
        sale = await self._look(talk, order)
        if sale is None:
            raise Refused(f"the ERP took order {order.reference} as sale {mine} and does not show it", code="hidden", advice=_SEE)
        if sale["id"] != mine:
            await talk.delete("sale.sale", mine)
        return sale

    async def _advance(self, talk: Talk, sale: Row, order: Order, confirm: bool) -> Reply:
        state, number = STATES[sale["state"]], sale["id"]
        for at, button in ((0, "quote"), (1, "confirm")):
            if state <= at < _goal(confirm):
                await self._press(talk, button, number, at)
        return _reply(await self._again(talk, number) if state < _goal(confirm) else sale, order)

    async def _again(self, talk: Talk, number: int) -> Row:
        return (await talk.search("sale.sale", [["id", "=", number]], _SALE))[0]

    async def _press(self, talk: Talk, button: str, number: int, at: int) -> None:
        """Press a button, unless an earlier attempt that we gave up on has been carried out meanwhile."""
        try:
            await talk.press("sale.sale", button, number)
        except Refused as error:
            if STATES[(await self._again(talk, number))["state"]] > at:
                return
            error.message = f"sale {number} is in the ERP, but could not be {_DONE[button]}: {error.message}"
            raise


_DONE = {"quote": "quoted", "confirm": "confirmed"}
_SEE = "see whether the ERP's user may read the sales of this company"


def _goal(confirm: bool) -> int:
    return STATES["confirmed"] if confirm else STATES["quotation"]


def _check_same(sale: Row, order: Order) -> None:
    if sale["state"] == "cancelled":
        raise Refused(
            f"order {order.reference} of {order.customer} was cancelled in the ERP (sale {sale['id']})",
            code="cancelled",
            advice="discard it, or clear the reference of the cancelled sale and retry",
        )
    if _contents(sale) != order.contents:
        raise Refused(
            f"order {order.reference} of {order.customer} is in the ERP already with other lines (sale {sale['id']})",
            code="conflict",
            advice="compare the two: where the new one is right, change the sale in the ERP and discard this",
        )


def _contents(sale: Row) -> list[tuple[str, Decimal, Decimal]]:
    return sorted((line["sku"], line["quantity"], line["unit_price"]) for line in _lines(sale))


def _lines(sale: Row) -> list[Row]:
    return [
        {
            "sku": (line.get("product") or {}).get("code") or "",
            "quantity": plain(line["quantity"]),
            "unit_price": line["unit_price"],
        }
        for line in sale["lines"]
        if line["quantity"] is not None
    ]


def plain(number: Any) -> Decimal:
    """Return a quantity without the zeros of a float: 5.0 is 5."""
    exact = Decimal(str(number))
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()


def _reply(sale: Row, order: Order | None) -> Reply:
    total = sale["total_amount"]
    shown = {name: sale[name] for name in ("id", "number", "state", "reference")}
    claimed = order.body.get("total") if order else None
    differs = isinstance(claimed, Decimal | int) and claimed != total
    note = f"the order says {claimed}, the ERP computes {total}" if differs else ""
    return Reply(f"sale {sale['id']}", {**shown, "total": total, "lines": _lines(sale)}, note)


class _Sale:
    """The values of a new sale. `create` runs no on_change in Tryton, so all that a form would fill in is looked up here."""

    def __init__(self, codes: Codes, talk: Talk, order: Order, options: TrytonTarget) -> None:
        self._codes, self._talk, self._order, self._options = codes, talk, order, options
        self._unknown: list[Finding] = []

    async def values(self) -> Row:
        """Return the values; raises Refused that names every unknown code at once."""
        order, body = self._order, self._order.body
        party = self._known(await self._codes.party(self._talk, order.customer), "customer", order.customer, "/customer")
        lines = await self._lines()
        warehouse = await self._code("warehouse", str(body.get("warehouse") or ""))
        currency = await self._code("currency", str(body.get("currency") or ""))
        address = await self._ship_to(party) if party else None
        if self._unknown or party is None:
            raise self._refusal()
        address = address or await self._new_address(party)
        values = {"party": party.id, "reference": order.reference, "payment_term": party.payment_term, "warehouse": warehouse}
        values |= {
            "invoice_address": _usual(party, "invoice"),
            "shipment_address": address,
            **self._dates(),
            "lines": [["create", lines]],
        }
        return values | ({"currency": currency} if currency else {})

    async def _lines(self) -> list[Row]:
        products = await self._codes.products(self._talk, dict.fromkeys(line.sku for line in self._order.lines))
        made = []
        for index, line in enumerate(self._order.lines):
            product = self._known(products.get(line.sku), "product", line.sku, f"/lines/{index}/sku")
            unit = product.unit if product else None
            if line.unit:
                unit = self._known(await self._codes.unit(self._talk, line.unit), "unit", line.unit, f"/lines/{index}/unit")
            if product and unit:
                made.append(_line_values(index, line, product, unit))
        return made

    async def _code(self, kind: str, code: str) -> int | None:
        if kind == "currency" and not code:
            return None
        find = self._codes.warehouse if kind == "warehouse" else self._codes.currency
        found = await find(self._talk, code)
        self._known(found, kind, code, f"/{kind}")
        return found

    def _known(self, found: Any, kind: str, code: str, where: str) -> Any:
        if found is None:
            self._unknown.append(Finding(f"unknown_{kind}", f"the ERP has no {kind} {code}".rstrip(), where, code))
        return found

    def _refusal(self) -> Refused:
        named = ", ".join(dict.fromkeys(finding.message.removeprefix("the ERP has no ") for finding in self._unknown))
        return Refused(
            f"the ERP has no {named}",
            code="unknown_code",
            findings=self._unknown,
            advice="add them in the ERP, or correct the codes in the order or its map, and retry",
        )

    async def _ship_to(self, party: Party) -> int | None:
        """Return the address that the order ships to, or None where it must be made."""
        wanted = self._order.ship_to
        if not any(wanted.get(name) for name in _WHERE):
            return _usual(party, "delivery")
        for address in party.addresses:
            if _same_place(address, wanted):
                return int(address["id"])
        if self._options.unknown_address == "refuse":
            place = ", ".join(wanted[name] for name in _WHERE if wanted.get(name))
            self._known(None, "address", f"{place} of {self._order.customer}", "/ship_to")
        return None

    async def _new_address(self, party: Party) -> int:
        wanted = self._order.ship_to
        values = {
            "party": party.id,
            "party_name": wanted.get("name"),
            **{name: wanted.get(name) for name in _WHERE},
            "delivery": True,
        }
        if wanted.get("country"):
            values["country"] = await self._codes.country(self._talk, wanted["country"])
        self._codes.forget_party(self._order.customer)
        return await self._talk.create("party.address", values)

    def _dates(self) -> Row:
        """Return the dates; one wished for before the order was placed is left out, Tryton refuses it."""
        ordered, wished = (_date(self._order.body.get(name)) for name in ("ordered_on", "requested_on"))
        dates = {"sale_date": ordered, "shipping_date": wished if wished and (not ordered or wished >= ordered) else None}
        return {name: _date_value(value) for name, value in dates.items() if value}


_WHERE = ("street", "postal_code", "city")


def _line_values(index: int, line: Line, product: Product, unit: int) -> Row:
    # Tryton's quantities are JSON numbers (floats at its side), its prices tagged decimals.
    whole = line.quantity == line.quantity.to_integral_value()
    values: Row = {"type": "line", "sequence": index + 1, "product": product.id, "unit": unit, "unit_price": line.unit_price}
    values["quantity"] = int(line.quantity) if whole else float(line.quantity)
    if line.description:
        values["description"] = line.description
    if product.taxes:
        values["taxes"] = [["add", list(product.taxes)]]
    return values


def _usual(party: Party, use: str) -> int | None:
    """Return the address that a party uses for something, else its first."""
    addresses = [address for address in party.addresses if address.get(use)] or list(party.addresses)
    return int(addresses[0]["id"]) if addresses else None


def _same_place(address: Row, wanted: Mapping[str, Any]) -> bool:
    return all(_folded(address.get(name)) == _folded(wanted.get(name)) for name in _WHERE)


def _folded(text: Any) -> str:
    return " ".join(str(text or "").casefold().split())


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None


def _date_value(day: date) -> Row:
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}
