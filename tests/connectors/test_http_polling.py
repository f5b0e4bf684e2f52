"""The `http` source: what it takes, and how far it has come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crossdock.core.errors import Retryable
from crossdock.core.ports import Progress
from tests.connectors.http_poll_kit import CURSOR, LISTED, Api, always, in_turn, orders, polling, said


async def test_each_item_of_the_list_is_a_message_with_its_key_and_its_digits(market: Api, tmp_path: Path) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(text='{"orders": [{"id": 7, "total": 10.50}, {"id": "B"}]}', content_type="application/json")

    market.handler = handler
    route = polling(market, tmp_path, **LISTED)
    assert await route.look() == ""
    first, second = route.intake.receipts
    assert (first.data, first.content_type, first.name) == (b'{"id":7,"total":10.50}', "application/json", "7")
    assert (first.dedupe_key, second.dedupe_key) == ("market-orders:7", "market-orders:B")
    assert (first.source, first.headers) == (f"http:{market.url.removeprefix('http://')}", {"path": "/orders", "key": "7"})


async def test_an_item_that_comes_again_is_not_taken_again(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said(orders(1, 2)), said(orders(2, 3)))
    route = polling(market, tmp_path, **LISTED)
    await route.look()
    await route.look()
    assert [document["id"] for document in route.documents] == ["M-1", "M-2", "M-3"]


async def test_query_headers_and_credentials_go_with_each_call(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders())
    settings = {"auth": {"bearer": "t0ken"}, "headers": {"X-Shop": "1"}}
    route = polling(market, tmp_path, settings, query={"status": "open", "limit": 50}, headers={"X-Api": "2"}, **LISTED)
    assert await route.look() == ""
    (asked,) = market.asked
    assert (asked.method, asked.path_qs, asked.headers["Authorization"]) == (
        "GET",
        "/orders?status=open&limit=50",
        "Bearer t0ken",
    )
    assert (asked.headers["X-Shop"], asked.headers["X-Api"], asked.headers["Accept"]) == ("1", "2", "application/json")


async def test_a_post_asks_with_a_body_that_holds_cursor_and_page(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said(orders(1, next="p2")), said(orders(2)), said(orders()))
    body = '{"search": {"since": cursor, "page": page}}'
    route = polling(
        market,
        tmp_path,
        method="POST",
        body=body,
        cursor={"highest": "item.changed"},
        pages={"token": "answer.?next"},
        **LISTED,
    )
    await route.look()
    await route.look()
    searches = [json.loads(body)["search"] for body in market.bodies]
    assert searches == [{"since": None, "page": None}, {"since": None, "page": "p2"}, {"since": 2, "page": None}]


async def test_without_items_the_whole_answer_is_a_message_when_it_has_changed(market: Api, tmp_path: Path) -> None:
    def stock(text: str) -> web.Response:
        return web.Response(text=text, content_type="text/csv")

    market.handler = in_turn(stock("A;1"), stock("A;1"), stock("A;2"), stock("A;1"), web.Response(status=204))
    route = polling(market, tmp_path)
    for _ in range(5):
        assert await route.look() == ""
    assert [receipt.data for receipt in route.intake.receipts] == [b"A;1", b"A;2", b"A;1"]
    assert {(receipt.content_type, receipt.dedupe_key) for receipt in route.intake.receipts} == {("text/csv", "")}


async def test_a_whole_answer_with_a_key_is_known_by_it(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said({"version": 1}), said({"version": 1, "seen": 2}), said({"version": 2}))
    route = polling(market, tmp_path, key="answer.version")
    for _ in range(3):
        await route.look()
    assert route.documents == [{"version": 1}, {"version": 2}]


async def test_an_empty_list_and_no_content_bring_nothing(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said(orders()), web.Response(status=204), web.Response(text=" "))
    route = polling(market, tmp_path, **LISTED)
    assert [await route.look() for _ in range(3)] == ["", "", ""]
    assert route.documents == []


async def test_a_list_that_may_be_absent_brings_nothing(market: Api, tmp_path: Path) -> None:
    market.handler = always({})
    route = polling(market, tmp_path, items="answer.?orders", key="item.id")
    assert (await route.look(), route.documents) == ("", [])


async def test_the_greatest_cursor_is_sent_with_the_next_look(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said(orders(3, 9, 5)), said(orders()), said(orders(10)))
    route = polling(market, tmp_path, cursor=CURSOR, **LISTED)
    for _ in range(4):
        assert await route.look() == ""
    assert market.paths == ["/orders", "/orders?since=9", "/orders?since=9", "/orders?since=10"]


@pytest.mark.parametrize(
    ("changed", "highest", "sent"),
    [
        (["2026-10-02T08:00:00Z", "2026-10-01T09:00:00Z"], "item.changed", "2026-10-02T08:00:00Z"),
        (["2026-10-02T08:00:00+02:00", "2026-10-02T07:30:00Z"], "timestamp(item.changed)", "2026-10-02T07:30:00Z"),
        (["9", "10"], "int(item.changed)", "10"),
        ([1.5, 1.25], "item.changed", "1.5"),
    ],
)
async def test_cursors_are_texts_numbers_or_timestamps(
    market: Api, tmp_path: Path, changed: list[Any], highest: str, sent: str
) -> None:
    market.handler = always({"orders": [{"id": number, "changed": one} for number, one in enumerate(changed)]})
    route = polling(market, tmp_path, cursor={"highest": highest, "query": "since"}, **LISTED)
    await route.look()
    await route.look()
    assert market.asked[1].query["since"] == sent


async def test_a_cursor_starts_where_the_route_says_and_may_reach_back(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said({"orders": [{"id": 1, "changed": "2026-10-02T08:00:00Z"}]}), said(orders()))
    cursor = {
        "highest": "timestamp(item.changed)",
        "start": "2026-10-01T00:00:00Z",
        "sent": 'timestamp(cursor) - duration("5m")',
        "query": "since",
    }
    route = polling(market, tmp_path, cursor=cursor, **LISTED)
    await route.look()
    await route.look()
    assert [request.query["since"] for request in market.asked] == ["2026-09-30T23:55:00Z", "2026-10-02T07:55:00Z"]


async def test_a_cursor_may_be_what_the_answer_says_and_go_into_a_header(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said(orders(1, next="c1")), said(orders(next=None)), said(orders()))
    route = polling(market, tmp_path, cursor={"value": "answer.?next", "header": "X-Since"}, **LISTED)
    for _ in range(3):
        assert await route.look() == ""
    assert [request.headers.get("X-Since") for request in market.asked] == [None, "c1", "c1"]


async def test_a_cursor_never_goes_back(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said(orders(9)), said(orders(4)), said(orders()))
    route = polling(market, tmp_path, cursor=CURSOR, **LISTED)
    for _ in range(3):
        await route.look()
    assert market.paths[-1] == "/orders?since=9"


async def test_a_cursor_by_another_expression_begins_anew(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders(9))
    route = polling(market, tmp_path, cursor=CURSOR, **LISTED)
    await route.look()
    route.options["cursor"] = {"highest": "item.id", "query": "after"}
    await route.look()
    await route.look()
    assert market.paths == ["/orders", "/orders", "/orders?after=M-9"]


async def test_what_could_not_be_kept_moves_no_cursor_and_comes_again(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders(1), ETag='"1"')
    route = polling(market, tmp_path, cursor=CURSOR, **LISTED)
    route.intake.error = Retryable("the disk is full")
    assert await route.look() == "the disk is full"
    route.intake.error = None
    assert await route.look() == ""
    assert (market.paths, len(route.documents)) == (["/orders", "/orders"], 1)
    assert "If-None-Match" not in market.asked[1].headers


async def test_who_is_overtaken_while_it_looks_keeps_nothing(market: Api, tmp_path: Path) -> None:
    route = polling(market, tmp_path, cursor=CURSOR, **LISTED)

    async def handler(_: web.Request) -> web.StreamResponse:
        if len(market.asked) == 1:
            polls = route.intake.polls
            polls.move(Progress(route.poll.name, route.poll.version, '{"of":"item.changed","cursor":50}'))
        return said(orders(7))

    market.handler = handler
    assert "polled by another process meanwhile" in await route.look()
    assert route.documents == []
    await route.look()
    assert market.paths == ["/orders", "/orders?since=50"]


async def test_begun_anew_it_asks_for_everything_and_takes_nothing_twice(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders(1))
    route = polling(market, tmp_path, cursor=CURSOR, **LISTED)
    await route.look()
    assert route.intake.polls.restart(route.poll.name)
    await route.look(after=1)
    assert (market.paths, len(route.documents)) == (["/orders", "/orders"], 1)
