"""What the codes of an order mean in the ERP: parties, products, units, warehouses, currencies, with a short memory.

Only what was found is remembered, so that a product added a second ago is found.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.core.clock import Clock
from crossdock_connectors.tryton import UNITS
from crossdock_connectors.tryton.client import Client, Domain, Row, Talk

MOST_REMEMBERED = 10_000
AT_ONCE = 100
"""Codes asked for in one call: they travel in the address of a GET, which proxies cap at 8 KB."""


class Memory:
    """A bounded dictionary whose entries run out."""

    def __init__(self, clock: Clock, seconds: float, most: int = MOST_REMEMBERED) -> None:
        self._clock = clock
        self._seconds = seconds
        self._most = most
        self._entries: dict[Hashable, tuple[float, Any]] = {}

    def get(self, key: Hashable) -> Any:
        """Return a value, or None."""
        until, value = self._entries.get(key, (0.0, None))
        return value if until > self._clock.now() else None

    def put(self, key: Hashable, value: Any) -> None:
        """Keep a value; the oldest makes room."""
        self._entries.pop(key, None)
        self._entries[key] = (self._clock.now() + self._seconds, value)
        while len(self._entries) > self._most:
            self._entries.pop(next(iter(self._entries)), None)

    def drop(self, key: Hashable) -> None:
        """Forget a value."""
        self._entries.pop(key, None)


@dataclass(frozen=True, slots=True)
class Product:
    """A product: ids of itself, of its sales unit, and of the taxes that its accounting category asks for."""

    id: int
    unit: int
    taxes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Party:
    """A customer with its addresses (rows of id, party_name, street, postal_code, city, invoice, delivery)."""

    id: int
    payment_term: int | None
    addresses: tuple[Row, ...]


class Codes:
    """Looks codes up in the ERP."""

    def __init__(self, client: Client) -> None:
        self._memory = Memory(client.clock, client.settings.remember)
        self._units = {**UNITS, **client.settings.units}

    async def party(self, talk: Talk, code: str) -> Party | None:
        """Return a party by its code."""
        known = self._memory.get(("party", code))
        if known is None:
            rows = await talk.search("party.party", [["code", "=", code]], _PARTY, limit=1)
            known = _party(rows[0]) if rows else None
            self._keep("party", code, known)
        return known  # type: ignore[no-any-return]

    def forget_party(self, code: str) -> None:
        """Forget a party: it has changed."""
        self._memory.drop(("party", code))

    async def products(self, talk: Talk, skus: Iterable[str]) -> Mapping[str, Product]:
        """Return the products that there are, by their codes."""
        found = {sku: self._memory.get(("product", sku)) for sku in skus}
        missing = [sku for sku, product in found.items() if product is None]
        for start in range(0, len(missing), AT_ONCE):
            domain = [["code", "in", missing[start : start + AT_ONCE]]]
            for row in await talk.search("product.product", domain, _PRODUCT):
                found[row["code"]] = _product(row)
                self._keep("product", row["code"], found[row["code"]])
        return {sku: product for sku, product in found.items() if product is not None}

    async def unit(self, talk: Talk, code: str) -> int | None:
        """Return a unit by its code in the orders, its name, or its symbol."""
        name = self._units.get(code, code)
        return await self._id(talk, "product.uom", name, ["OR", ["name", "=", name], ["symbol", "=", name]])

    async def warehouse(self, talk: Talk, code: str) -> int | None:
        """Return a warehouse by its code; without a code the first one."""
        row = await self.warehouse_row(talk, code)
        return row["id"] if row else None

    async def warehouse_row(self, talk: Talk, code: str) -> Row | None:
        """Return a warehouse with its `code` and `storage_location`."""
        known: Row | None = self._memory.get(("warehouse", code))
        if known is None:
            domain: Domain = [["type", "=", "warehouse"], *([["code", "=", code]] if code else [])]
            rows = await talk.search("stock.location", domain, ("code", "storage_location"))
            known = min(rows, key=lambda row: int(row["id"])) if rows else None
            self._keep("warehouse", code, known)
        return known

    async def currency(self, talk: Talk, code: str) -> int | None:
        """Return a currency by its ISO code."""
        return await self._id(talk, "currency.currency", code, [["code", "=", code]])

    async def country(self, talk: Talk, code: str) -> int | None:
        """Return a country by its two letters; many databases have none loaded."""
        return await self._id(talk, "country.country", code, [["code", "=", code]])

    async def _id(self, talk: Talk, model: str, code: str, domain: Domain) -> int | None:
        known: int | None = self._memory.get((model, code))
        if known is None:
            rows = await talk.search(model, domain, ("id",), limit=1)
            known = rows[0]["id"] if rows else None
            self._keep(model, code, known)
        return known

    def _keep(self, kind: str, code: str, value: Any) -> None:
        if value is not None:
            self._memory.put((kind, code), value)


_ADDRESS = ("party_name", "street", "postal_code", "city", "invoice", "delivery")
_PARTY = ("customer_payment_term", *(f"addresses.{name}" for name in _ADDRESS))
_PRODUCT = ("code", "sale_uom", "template.account_category.customer_taxes_used")


def _party(row: Row) -> Party:
    return Party(row["id"], row["customer_payment_term"], tuple(row.get("addresses") or ()))


def _product(row: Row) -> Product:
    category = (row.get("template") or {}).get("account_category") or {}
    return Product(row["id"], row["sale_uom"], tuple(category.get("customer_taxes_used") or ()))
