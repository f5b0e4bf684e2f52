"""The `http` source: what has not changed, when it looks, and what it tells the API."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web

from crossdock.core.errors import Misconfigured, Retryable
from tests.connectors.http_poll_kit import CURSOR, LISTED, Api, always, in_turn, orders, polling, said


@pytest.mark.parametrize(
    ("given", "asked"),
    [({"ETag": '"abc"'}, "If-None-Match"), ({"Last_Modified": formatdate(1e9, usegmt=True)}, "If-Modified-Since")],
)
async def test_what_has_not_changed_is_not_sent_again(market: Api, tmp_path: Path, given: dict[str, str], asked: str) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=304) if asked in request.headers else said(orders(1), **given)

    market.handler = handler
    route = polling(market, tmp_path, **LISTED)
    assert [await route.look() for _ in range(3)] == ["", "", ""]
    assert [request.headers.get(asked) for request in market.asked] == [None, *[next(iter(given.values()))] * 2]
    assert len(route.documents) == 1


async def test_another_call_is_not_conditional(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said(orders(1), ETag='"a"'), said(orders(), ETag='"b"'), web.Response(status=304))
    route = polling(market, tmp_path, cursor=CURSOR, **LISTED)
    for _ in range(3):
        await route.look()
    assert [request.headers.get("If-None-Match") for request in market.asked] == [None, None, '"b"']


async def test_an_answer_that_was_not_taken_whole_is_asked_for_again_unconditionally(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said({"orders": [{"no": "id"}]}, ETag='"a"'), said(orders(1)))
    route = polling(market, tmp_path, **LISTED)
    await route.look()
    assert (await route.look(), len(route.documents)) == ("", 1)
    assert "If-None-Match" not in market.asked[1].headers


async def test_each_item_is_told_to_the_api_once_it_is_accepted_and_again_where_that_failed(market: Api, tmp_path: Path) -> None:
    refused = {"M/2"}

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return said({"orders": [{"id": "M/1"}, {"id": "M/2"}]}, ETag='"same"')
        return web.Response(status=403 if request.match_info["path"].split("/", 1)[1] in refused else 404)

    market.handler = handler
    route = polling(market, tmp_path, then={"method": "DELETE", "path": "/orders/{key}"}, **LISTED)
    assert "`then` for M/2: " in await route.look()
    refused.clear()
    assert (await route.look(), len(route.documents)) == ("", 2)
    told = [request.raw_path for request in market.asked if request.method == "DELETE"]
    assert told == ["/orders/M%2F1", "/orders/M%2F2"] * 2


async def test_nothing_is_told_before_it_is_accepted(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders(1))
    route = polling(market, tmp_path, then={"path": "/orders/{key}/taken"}, **LISTED)
    route.intake.error = Retryable("the disk is full")
    await route.look()
    assert [request.method for request in market.asked] == ["GET"]


async def test_it_is_due_again_after_every_for_all_processes(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders(1))
    route = polling(market, tmp_path, **LISTED)
    await route.look()
    assert 0.95 * 3_600_000 <= route.poll.due_at - (route.poll.looked_at or 0) <= 1.05 * 3_600_000
    route.clock.advance(600)
    async with route.running():
        await asyncio.sleep(0.3)
    assert len(market.asked) == 1


async def test_a_route_that_wants_to_look_more_often_is_heard_at_once(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders(1))
    route = polling(market, tmp_path, every="1h", **LISTED)
    await route.look()
    route.options["every"] = "1m"
    await route.look(after=90)
    assert len(market.asked) == 2


async def test_only_the_process_with_the_lease_asks(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders(1))
    route = polling(market, tmp_path, **LISTED)
    route.lease.held[f"poll:market-orders at {market.url.removeprefix('http://')}"] = ("another", route.clock.now() + 100)
    async with route.running():
        await asyncio.sleep(0.3)
    assert market.asked == []
    await route.look(after=101)
    assert len(market.asked) == 1


async def test_a_429_with_retry_after_is_heeded_by_a_new_process_as_well(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said({"title": "slow down"}, 429, Retry_After="1800"), said(orders(1)))
    route = polling(market, tmp_path, every="1m", **LISTED)
    assert await route.look() == f"{market.url.removeprefix('http://')} answered 429: slow down"
    assert route.poll.due_at - route.poll.now >= 1_800_000
    route.clock.advance(1000)
    async with route.running():
        await asyncio.sleep(0.3)
    assert len(market.asked) == 1
    assert await route.look(after=801) == ""


async def test_an_api_in_trouble_is_asked_later_and_later(market: Api, tmp_path: Path) -> None:
    market.handler = always({}, 503)
    route = polling(market, tmp_path, every="100ms", **LISTED)
    async with route.running(), asyncio.timeout(20):
        while len(market.asked) < 4:
            route.clock.advance(0.02)
            await asyncio.sleep(0.02)
        assert route.poll.due_at - (route.poll.looked_at or 0) >= 100 * 2**3 / 2
    assert "answered 503" in route.poll.trouble


async def test_an_authority_that_is_no_file_stops_the_source_with_its_name(market: Api, tmp_path: Path) -> None:
    route = polling(market, tmp_path, {"authority": str(tmp_path / "none.pem")}, **LISTED)
    with pytest.raises(Misconfigured, match=r"none\.pem' can't be read: No such file"):
        async with route.running() as task:
            await task


async def test_a_new_process_does_not_wait_for_the_end_of_a_pause_because_of_trouble(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said({}, 401), said(orders(1)))
    route = polling(market, tmp_path, **LISTED)
    assert "check the endpoint's `auth`" in await route.look()
    assert await route.look(after=0.001) == ""
