"""The tryton connector against a real Tryton: each order once, whatever breaks between us and the ERP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import ValidationError

from crossdock.core.clock import PinnedClock, SystemClock
from crossdock.core.errors import CrossdockError, Refused, Retryable, UnknownEffect
from crossdock.core.message import BODY_TYPE, dump_body
from crossdock.core.ports import Askable, Checkable, Dispatch, Reply, Services
from crossdock.testing.ports import MemoryLease, MemoryPickup
from crossdock_connectors.tryton import SPEC, TrytonSettings, TrytonTarget
from crossdock_connectors.tryton.codes import Memory
from tests.services.tryton import Erp, ErpError

pytestmark = pytest.mark.slow
SERVICES = Services({}, MemoryPickup(), MemoryLease(), SystemClock(), Path(), Path())


@pytest.fixture(scope="module")
def erp() -> Iterator[Erp]:
    """One ERP for the module; orders have numbers of their own."""
    try:
        served = Erp.start()
    except (ErpError, OSError) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the ERP can't be installed here: {error}")
    with served:
        yield served


@contextlib.asynccontextmanager
async def sink(erp: Erp, by: str = "key", **settings: Any) -> AsyncIterator[Any]:
    identity = {"key": erp.key} if by == "key" else {"user": erp.user, "password": erp.password}
    written = {"url": erp.url, "database": erp.database, **identity, **settings}
    assert SPEC.target is not None
    opened = SPEC.target(TrytonSettings.model_validate(written), SERVICES)
    try:
        yield opened
    finally:
        await opened.close()


def order(number: str, *lines: tuple[str, Any, str], **fields: Any) -> dict[str, Any]:
    made = [
        {"number": str(index), "sku": sku, "quantity": quantity, "unit": "EA", "unit_price": Decimal(price)}
        for index, (sku, quantity, price) in enumerate(lines or (("SKU-0001", 5, "11.00"), ("SKU-0002", 3, "12.00")), 1)
    ]
    common = {"order_number": number, "customer": "C-1003", "ordered_on": "2026-01-15", "currency": "USD", "lines": made}
    return {**common, **fields}


def dispatch(body: Any, operation: str = "sales_order.create", key: str = "", seconds: float = 30.0, **options: Any) -> Dispatch:
    chosen = TrytonTarget.model_validate({"operation": operation, **options})
    number = body.get("order_number", "") if isinstance(body, dict) else ""
    return Dispatch("d1", "erp", operation, key or number, body, BODY_TYPE, chosen, seconds=seconds)


async def failure(sending: Awaitable[Any]) -> CrossdockError:
    with pytest.raises(CrossdockError) as caught:
        await sending
    return caught.value


@pytest.mark.parametrize("by", ["key", "user"])
async def test_an_order_becomes_a_confirmed_sale(erp: Erp, by: str) -> None:
    async with sink(erp, by) as target:
        reply = await target.send(dispatch(order(f"PO-new-{by}")))
    [sale] = erp.sales(f"PO-new-{by}")
    assert (sale["state"], sale["party"], sale["warehouse"], sale["total"]) == ("processing", "C-1003", "WH", Decimal("91.00"))
    lines = [
        {"sku": "SKU-0001", "quantity": Decimal(5), "unit_price": Decimal("11.00")},
        {"sku": "SKU-0002", "quantity": Decimal(3), "unit_price": Decimal("12.00")},
    ]
    body = {"id": sale["id"], "number": sale["number"], "state": "processing", "reference": f"PO-new-{by}"}
    assert reply == Reply(f"sale {sale['id']}", {**body, "total": Decimal("91.00"), "lines": lines})
    assert dump_body(reply.body)


async def test_the_same_order_twice_is_one_sale_and_one_answer(erp: Erp) -> None:
    async with sink(erp) as first, sink(erp, "user") as second:
        replies = [await first.send(dispatch(order("PO-twice"))), await second.send(dispatch(order("PO-twice")))]
    assert (replies[0], len(erp.sales("PO-twice"))) == (replies[1], 1)


async def test_two_attempts_at_the_same_time_leave_one_sale(erp: Erp) -> None:
    async with sink(erp) as one, sink(erp) as other:
        results = await asyncio.gather(
            *(target.send(dispatch(order("PO-race"))) for target in (one, other)), return_exceptions=True
        )
        assert [result for result in results if not isinstance(result, Reply | Retryable | Refused | UnknownEffect)] == []
        reply = await one.send(dispatch(order("PO-race")))
    assert [(sale["id"], sale["state"]) for sale in erp.sales("PO-race")] == [(reply.body["id"], "processing")]


async def test_two_customers_may_use_one_number(erp: Erp) -> None:
    async with sink(erp) as target:
        await target.send(dispatch(order("PO-shared")))
        await target.send(dispatch(order("PO-shared", customer="C-1001")))
    assert sorted(sale["party"] for sale in erp.sales("PO-shared")) == ["C-1001", "C-1003"]


async def test_the_same_number_with_other_lines_is_a_conflict_for_a_person(erp: Erp) -> None:
    async with sink(erp) as target:
        first = await target.send(dispatch(order("PO-conflict")))
        error = await failure(target.send(dispatch(order("PO-conflict", ("SKU-0001", 6, "11.00")))))
    told = f"order PO-conflict of C-1003 is in the ERP already with other lines ({first.reference})"
    assert (type(error), error.code, error.message) == (Refused, "conflict", told)


async def test_a_cancelled_order_is_not_made_again(erp: Erp) -> None:
    async with sink(erp) as target:
        reply = await target.send(dispatch(order("PO-cancelled"), confirm=False))
        erp.call("sale.sale", "cancel", [reply.body["id"]])
        error = await failure(target.send(dispatch(order("PO-cancelled"))))
    assert (type(error), error.code, len(erp.sales("PO-cancelled"))) == (Refused, "cancelled", 1)


async def test_an_order_that_shall_not_be_confirmed_stays_a_quotation(erp: Erp) -> None:
    async with sink(erp) as target:
        quoted = await target.send(dispatch(order("PO-quote"), confirm=False))
        again = await target.send(dispatch(order("PO-quote"), confirm=False))
        confirmed = await target.send(dispatch(order("PO-quote")))
    assert [reply.body["state"] for reply in (quoted, again, confirmed)] == ["quotation", "quotation", "processing"]


async def test_every_unknown_code_is_named_at_once(erp: Erp) -> None:
    lines = (("SKU-9999", 1, "1"), ("SKU-0001", 1, "1"), ("NOPE", 1, "1"), ("NOPE", 2, "1"))
    async with sink(erp) as target:
        error = await failure(
            target.send(dispatch(order("PO-unknown", *lines, customer="C-9999", warehouse="WH9", currency="XXX")))
        )
    assert (type(error), error.code) == (Refused, "unknown_code")
    assert error.message == "the ERP has no customer C-9999, product SKU-9999, product NOPE, warehouse WH9, currency XXX"
    wheres = ["/customer", "/lines/0/sku", "/lines/2/sku", "/lines/3/sku", "/warehouse", "/currency"]
    assert [finding.where for finding in error.findings] == wheres
    assert erp.sales("PO-unknown") == []


async def test_a_line_without_a_unit_is_in_the_product_s_own(erp: Erp) -> None:
    body = order("PO-own-unit")
    del body["lines"][0]["unit"]
    async with sink(erp) as target:
        assert (await target.send(dispatch(body))).body["total"] == Decimal("91.00")


async def test_an_unknown_unit_is_named(erp: Erp) -> None:
    body = order("PO-unit")
    body["lines"][0]["unit"] = "BX"
    async with sink(erp) as target:
        assert (await failure(target.send(dispatch(body)))).message == "the ERP has no unit BX"
    async with sink(erp, units={"BX": "Unit"}) as target:
        assert (await target.send(dispatch(body))).body["state"] == "processing"


async def test_a_product_added_to_the_erp_a_moment_ago_is_found(erp: Erp) -> None:
    async with sink(erp) as target:
        assert (await failure(target.send(dispatch(order("PO-late", ("SKU-LATE", 1, "2.50")))))).code == "unknown_code"
        [product] = erp.call("product.product", "search", [["code", "=", "SKU-0019"]])
        erp.call("product.product", "write", [product], {"suffix_code": "X"})
        late = erp.call("product.product", "read", [product], ["code"])[0]["code"]
        try:
            reply = await target.send(dispatch(order("PO-late", (late, 1, "2.50"))))
        finally:
            erp.call("product.product", "write", [product], {"suffix_code": None})
    assert reply.body["total"] == Decimal("2.50")


async def test_an_order_over_the_credit_limit_is_refused_in_the_erp_s_sentence(erp: Erp) -> None:
    async with sink(erp) as target:
        error = await failure(target.send(dispatch(order("PO-credit", ("SKU-0001", 60, "11.00"), customer="C-1002"))))
        [sale] = erp.sales("PO-credit")
        begins = f"sale {sale['id']} is in the ERP, but could not be confirmed: the ERP refused: "
        assert (type(error), error.message.startswith(begins), "credit limit" in error.message) == (Refused, True, True)
        assert len(error.message) < 600
        [party] = erp.call("party.party", "search", [["code", "=", "C-1002"]])
        erp.administrator().call("party.party", "write", [party], {"credit_limit_amount": Decimal(5000)})
        assert (await target.send(dispatch(order("PO-credit", ("SKU-0001", 60, "11.00"), customer="C-1002")))).body[
            "state"
        ] == "processing"
    assert len(erp.sales("PO-credit")) == 1


@pytest.mark.parametrize("by", ["key", "user"])
async def test_a_domain_error_comes_as_its_sentence_not_as_eighty_kilobytes(erp: Erp, by: str) -> None:
    body = order(f"PO-digits-{by}", ("SKU-0001", Decimal("1.5"), "11.00"))
    async with sink(erp, by) as target:
        error = await failure(target.send(dispatch(body)))
    assert (type(error), 'for field "Quantity"' in error.message, len(error.message) < 600) == (Refused, True, True)


async def test_the_customer_s_terms_addresses_and_dates_are_given(erp: Erp) -> None:
    """`create` runs no on_change in Tryton: what a person's form would fill in is ours to fill in."""
    there = {"name": "Acme Store 42", "street": "42 Dock Rd", "city": "Erie", "postal_code": "16501", "country": "US"}
    async with sink(erp) as target:
        body = order("PO-terms", customer="C-1001", ship_to=there, requested_on="2026-02-01", warehouse="WH2")
        made = await target.send(dispatch(body))
        await target.send(dispatch({**body, "order_number": "PO-terms-2", "ship_to": {**there, "street": " 42  DOCK rd"}}))
    fields = [
        "payment_term.name",
        "shipment_address.street",
        "invoice_address.street",
        "sale_date",
        "shipping_date",
        "warehouse.code",
    ]
    [row] = erp.call("sale.sale", "read", [made.body["id"]], fields)
    shown = (row["payment_term."]["name"], row["shipment_address."]["street"], row["invoice_address."]["street"])
    assert (*shown, row["warehouse."]["code"]) == ("Net 30", "42 Dock Rd", "1 Main St", "WH2")
    assert (row["sale_date"]["day"], row["shipping_date"]["month"]) == (15, 2)
    assert len(erp.call("party.address", "search", [["party.code", "=", "C-1001"], ["city", "=", "Erie"]])) == 1


async def test_an_unknown_address_is_refused_where_the_route_says_so(erp: Erp) -> None:
    body = order("PO-address", ship_to={"street": "9 Nowhere", "city": "Erie", "postal_code": "1"})
    async with sink(erp) as target:
        error = await failure(target.send(dispatch(body, unknown_address="refuse")))
    assert error.message == "the ERP has no address 9 Nowhere, 1, Erie of C-1003"


async def test_a_total_that_the_erp_does_not_confirm_is_remarked(erp: Erp) -> None:
    async with sink(erp) as target:
        reply = await target.send(dispatch(order("PO-total", total=Decimal("90.00"))))
    assert reply.note == "the order says 90.00, the ERP computes 91.00"


async def test_a_document_that_is_no_order_is_refused_with_all_that_it_lacks(erp: Erp) -> None:
    async with sink(erp) as target:
        error = await failure(target.send(dispatch({"lines": [{"quantity": "many"}]})))
        assert type(await failure(target.send(dispatch(b"ISA*")))) is Refused
    assert [finding.where for finding in error.findings] == [
        "/order_number",
        "/customer",
        "/lines/0/sku",
        "/lines/0/quantity",
        "/lines/0/unit_price",
    ]


async def test_an_order_is_read_by_its_number(erp: Erp) -> None:
    async with sink(erp) as target:
        made = await target.send(dispatch(order("PO-read")))
        assert await target.send(dispatch({}, "sales_order.read", key="PO-read")) == made
        assert type(await failure(target.send(dispatch({}, "sales_order.read", key="PO-none")))) is Refused


async def test_stock_is_read_by_sku_and_warehouse(erp: Erp) -> None:
    async with sink(erp) as target:
        west = await target.send(dispatch({"skus": ["SKU-0018", "SKU-0020"], "warehouse": "WH2"}, "inventory.read"))
        assert west.body == {
            "warehouse": "WH2",
            "items": [
                {"sku": "SKU-0018", "quantity": Decimal(40), "forecast": Decimal(40)},
                {"sku": "SKU-0020", "quantity": Decimal(0), "forecast": Decimal(0)},
            ],
        }
        error = await failure(target.send(dispatch({"skus": ["NOPE"]}, "inventory.read")))
    assert error.message == "the ERP has no product NOPE"


async def test_doctor_learns_which_company_answers(erp: Erp) -> None:
    async with sink(erp, company="Crossdock Distribution") as target:
        assert isinstance(target, Checkable)
        assert await target.check() == f"Tryton at {erp.url}, database crossdock, company Crossdock Distribution"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"key": "wrong"}, "login"),
        ({"key": "", "user": "crossdock", "password": "wrong"}, "login"),
        ({"database": "nowhere"}, "erp_missing"),
        ({"company": "Nobody Ltd"}, "company"),
    ],
)
async def test_an_endpoint_that_is_set_up_wrong_is_refused_with_advice(erp: Erp, settings: dict[str, Any], code: str) -> None:
    async with sink(erp, **settings) as target:
        error = await failure(target.send(dispatch(order("PO-setup"))))
    assert (type(error), error.code, bool(error.advice)) == (Refused, code, True)


async def test_a_session_that_ran_out_is_opened_anew(erp: Erp) -> None:
    async with sink(erp, "user") as target:
        await target.send(dispatch(order("PO-session-1")))
        target._client.wire._session = "Y3Jvc3Nkb2NrOjI6b2xk"
        assert (await target.send(dispatch(order("PO-session-2")))).body["state"] == "processing"


@dataclass
class Fault:
    """A proxy before the ERP that breaks the first call whose path ends in `at`: before it reached the ERP, or after."""

    erp: Erp
    at: str
    when: str
    url: str = ""
    tripped: bool = False
    http: Any = field(default=None, repr=False)

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        data, hit = await request.read(), self._hits(request)
        if hit and self.when == "before":
            return self._lost(request)
        if hit and self.when == "503":
            return web.Response(status=503, headers={"Retry-After": "3"})
        kept = {name: value for name, value in request.headers.items() if name not in ("Host", "Content-Length")}
        async with self.http.request(request.method, self.erp.url + request.path_qs, data=data or None, headers=kept) as answer:
            body, kind = await answer.read(), answer.headers.get("Content-Type", "text/plain")
        if hit and self.when == "after":
            return self._lost(request)
        if hit and self.when == "slow":
            await asyncio.sleep(60)
        return web.Response(status=answer.status, body=body, headers={"Content-Type": kind})

    def _hits(self, request: web.Request) -> bool:
        hit = not self.tripped and request.method == "POST" and request.path.endswith(self.at)
        self.tripped = self.tripped or hit
        return hit

    @staticmethod
    def _lost(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.Response()


@contextlib.asynccontextmanager
async def breaking(erp: Erp, at: str, when: str) -> AsyncIterator[Fault]:
    fault = Fault(erp, at, when)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", fault.pass_on)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    async with aiohttp.ClientSession() as fault.http:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fault.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fault
        await runner.cleanup()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("at", "button"), [("sale.sale", "create"), ("/quote", "quote"), ("/confirm", "confirm")])
async def test_a_lost_answer_leaves_the_effect_unknown_and_the_next_attempt_goes_on_from_there(
    erp: Erp, at: str, button: str, when: str
) -> None:
    """The worker's way: find first, send only where that gives nothing; at the end there is one confirmed sale."""
    number = f"PO-lost-{button}-{when}"
    async with breaking(erp, at, when) as fault, sink(erp, url=fault.url) as target:
        assert isinstance(target, Askable)
        error = await failure(target.send(dispatch(order(number))))
        assert (type(error), fault.tripped) == (UnknownEffect, True)
        found = await target.find(dispatch(order(number)))
        assert (found is not None) == ((button, when) == ("confirm", "after"))
        reply = found or await target.send(dispatch(order(number)))
    assert [(sale["id"], sale["state"]) for sale in erp.sales(number)] == [(reply.body["id"], "processing")]


async def test_a_worker_killed_between_create_and_confirm_goes_on_where_it_stopped(erp: Erp) -> None:
    async with breaking(erp, "/confirm", "slow") as fault, sink(erp, url=fault.url) as target:
        sending = asyncio.create_task(target.send(dispatch(order("PO-killed"))))
        while not fault.tripped:
            await asyncio.sleep(0.005)
        sending.cancel()
        await asyncio.wait([sending])
        reply = await target.send(dispatch(order("PO-killed")))
    assert [(sale["id"], sale["state"]) for sale in erp.sales("PO-killed")] == [(reply.body["id"], "processing")]


async def test_no_answer_to_a_write_in_time_leaves_the_effect_unknown(erp: Erp) -> None:
    async with breaking(erp, "sale.sale", "slow") as fault, sink(erp, url=fault.url) as target:
        assert type(await failure(target.send(dispatch(order("PO-slow"), seconds=3.0)))) is UnknownEffect
        assert (await target.send(dispatch(order("PO-slow")))).body["state"] == "processing"
    assert len(erp.sales("PO-slow")) == 1


async def test_a_503_between_create_and_confirm_is_retryable_and_the_next_attempt_goes_on(erp: Erp) -> None:
    async with breaking(erp, "/confirm", "503") as fault, sink(erp, url=fault.url) as target:
        error = await failure(target.send(dispatch(order("PO-503"))))
        assert (type(error), error.after, erp.sales("PO-503")[0]["state"]) == (Retryable, 3.0, "quotation")  # type: ignore[attr-defined]
        assert (await target.send(dispatch(order("PO-503")))).body["state"] == "processing"
    assert len(erp.sales("PO-503")) == 1


async def test_an_erp_that_is_down_is_retryable_and_the_order_goes_through_when_it_is_back() -> None:
    with Erp.start() as own:
        async with sink(own, "user") as target:
            await target.send(dispatch(order("PO-up")))
            own.halt()
            error = await failure(target.send(dispatch(order("PO-down"))))
            assert (type(error), error.code) == (Retryable, "unreachable")
            assert type(await failure(target.find(dispatch(order("PO-down"))))) is Retryable
            own.resume()
            assert await target.find(dispatch(order("PO-down"))) is None
            assert (await target.send(dispatch(order("PO-down")))).body["state"] == "processing"
        assert [sale["reference"] for sale in own.sales()] == ["PO-up", "PO-down"]


async def test_something_else_on_the_port_is_told_apart_from_an_answer() -> None:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>It works!</html>", content_type="text/html")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", page)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here = Erp(Path(), Path(), runner.addresses[0][1])
    async with sink(here) as target:
        assert (await failure(target.send(dispatch(order("PO-page"))))).code == "unreadable"
    await runner.cleanup()


@pytest.mark.parametrize(
    "identity",
    [{}, {"key": "k", "user": "u", "password": "p"}, {"user": "u"}, {"key": "k", "password": "p"}, {"key": "k", "url": "erp"}],
)
def test_settings_without_one_identity_are_refused(identity: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TrytonSettings.model_validate({"url": "http://erp", "database": "main", **identity})


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(ValidationError):
        TrytonTarget.model_validate({"operation": "sales_order.crate"})


def test_codes_are_remembered_for_a_while_and_in_bounds() -> None:
    clock = PinnedClock()
    memory = Memory(clock, 60, most=2)
    for code in ("a", "b", "c"):
        memory.put(code, code.upper())
    assert [memory.get(code) for code in ("a", "b", "c")] == [None, "B", "C"]
    clock.advance(61)
    assert memory.get("c") is None


def test_a_second_erp_does_not_start_on_a_port_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ErpError, match="did not start on port"):
            Erp.start(port=other.getsockname()[1])
