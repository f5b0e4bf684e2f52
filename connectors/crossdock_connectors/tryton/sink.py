"""The sink of the `tryton` connector: operations by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crossdock.core.clock import Clock
from crossdock.core.errors import Finding, Refused
from crossdock.core.ports import Dispatch, Reply
from crossdock_connectors.tryton import TrytonSettings, TrytonTarget
from crossdock_connectors.tryton.client import Client, Talk
from crossdock_connectors.tryton.codes import Codes
from crossdock_connectors.tryton.orders import SalesOrders, plain


class TrytonSink:
    """Delivers to a Tryton database, and answers questions about it."""

    def __init__(self, settings: TrytonSettings, clock: Clock) -> None:
        self._client = Client(settings, clock)
        self._clock = clock
        self._codes = Codes(self._client)
        self._orders = SalesOrders(self._codes)

    @property
    def knows_keys(self) -> bool:
        """Tryton knows no idempotency keys: it is asked instead."""
        return False

    async def send(self, dispatch: Dispatch) -> Reply:
        """Do the operation; raises Retryable, Refused, UnknownEffect."""
        talk, options = self._client.talk(dispatch.seconds), _options(dispatch)
        if options.operation == "sales_order.create":
            return await self._orders.create(talk, dispatch, options)
        if options.operation == "sales_order.read":
            return await self._orders.read(talk, dispatch)
        return await self._inventory(talk, dispatch)

    async def find(self, dispatch: Dispatch) -> Reply | None:
        """Return the reply for what is wholly done, None where sending has something left to do."""
        options = _options(dispatch)
        if options.operation != "sales_order.create":
            return None
        return await self._orders.find(self._client.talk(dispatch.seconds), dispatch, options)

    async def check(self) -> str:
        """Say which database answers and as which company; raises Retryable or Refused."""
        settings = self._client.settings
        talk = self._client.talk(settings.timeout)
        context = await self._client.context(talk)
        [company] = await talk.search("company.company", [["id", "=", context["company"]]], ("rec_name",))
        return f"Tryton at {settings.url}, database {settings.database}, company {company['rec_name']}"

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def _inventory(self, talk: Talk, dispatch: Dispatch) -> Reply:
        """Read the stock of `skus` in a `warehouse` (the first one without): on hand today, and free for new orders."""
        body = dispatch.body if isinstance(dispatch.body, dict) else {}
        skus, code = [str(sku) for sku in body.get("skus") or ()], str(body.get("warehouse") or "")
        warehouse = await self._codes.warehouse_row(talk, code)
        if warehouse is None:
            raise Refused(f"the ERP has no warehouse {code}".rstrip(), code="unknown_code")
        today = datetime.fromtimestamp(self._clock.now(), UTC).date()
        day = {"__class__": "date", "year": today.year, "month": today.month, "day": today.day}
        where = {"locations": [warehouse["storage_location"]], "stock_date_end": day}
        rows = await talk.search(
            "product.product", [["code", "in", skus]], ("code", "quantity", "forecast_quantity"), context=where
        )
        _refuse_unknown(skus, rows)
        items = {
            row["code"]: {"sku": row["code"], "quantity": plain(row["quantity"]), "forecast": plain(row["forecast_quantity"])}
            for row in rows
        }
        return Reply(body={"warehouse": warehouse["code"], "items": [items[sku] for sku in skus]})


def _refuse_unknown(skus: list[str], rows: list[dict[str, Any]]) -> None:
    unknown = [sku for sku in skus if sku not in {row["code"] for row in rows}]
    if unknown:
        findings = [
            Finding("unknown_product", f"the ERP has no product {sku}", f"/skus/{skus.index(sku)}", sku) for sku in unknown
        ]
        raise Refused(f"the ERP has no product {', '.join(unknown)}", code="unknown_code", findings=findings)


def _options(dispatch: Dispatch) -> TrytonTarget:
    if isinstance(dispatch.options, TrytonTarget):
        return dispatch.options
    return TrytonTarget.model_validate({"operation": dispatch.operation})
