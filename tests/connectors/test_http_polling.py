"""The http connector's source against a real API: what it takes, how far it has come, and what it says of bad answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from crossdock.core.errors import Misconfigured, Retryable
from crossdock.core.ports import Progress
from crossdock.testing.ports import services
from crossdock_config.yaml_source import read
from crossdock_connectors.http import SPEC, HttpSettings
from crossdock_connectors.http.calls import next_link
from crossdock_connectors.http.options import HttpSource
from tests.connectors.http_poll_kit import Api, Handler, Polling, always, api, bound, in_turn, said

LISTED: dict[str, Any] = {"items": "answer.orders", "key": "item.id"}
CURSOR: dict[str, Any] = {"highest": "item.changed", "query": "since"}


@pytest.fixture
async def market() -> AsyncIterator[Api]:
    async with api() as made:
        yield made


def polling(market: Api, folder: Path, settings: dict[str, Any] | None = None, **options: Any) -> Polling:
    return Polling(market.url, folder, {"path": "/orders", **options}, settings or {})


def orders(*numbers: int, **more: Any) -> dict[str, Any]:
    return {"orders": [{"id": f"M-{number}", "changed": number} for number in numbers], **more}


# ------------------------------------------------------------------------------------------------ what is taken


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


# ------------------------------------------------------------------------------------------------ how far it has come


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


# ------------------------------------------------------------------------------------------------ pages


def paged(size: int, total: int, how: str) -> Handler:
    """Return a handler that gives pages of a list."""

    async def handler(request: web.Request) -> web.StreamResponse:
        start = {
            "number": lambda: (int(request.query.get("page", 1)) - 1) * size,
            "offset": lambda: int(request.query.get("skip", 0)),
            "cursor": lambda: int(request.query.get("since", 0)),
        }.get(how, lambda: int(request.query.get("at", 0)))()
        end = min(start + size, total)
        body = orders(*range(start + 1, end + 1))
        more = end < total
        if how == "link" and more:
            return said(body, Link=f'</first>; rel="first", </orders?at={end}>; title="a, b"; rel="next"')
        if how == "url":
            body["links"] = {"next": f"/orders?at={end}"} if more else {}
        if how == "token":
            body["next"] = str(end) if more else ""
        return said(body)

    return handler


@pytest.mark.parametrize(
    ("how", "pages", "calls"),
    [
        ("link", {"link": True}, 3),
        ("url", {"url": "answer.links.?next"}, 3),
        ("token", {"token": "answer.next", "query": "at"}, 3),
        ("number", {"number": "page"}, 4),
        ("number", {"number": "page", "size": 2}, 3),
        ("offset", {"offset": "skip"}, 4),
        ("offset", {"offset": "skip", "size": 2}, 3),
        ("cursor", {"cursor": True}, 4),
        ("cursor", {"cursor": True, "size": 2}, 3),
    ],
)
async def test_all_pages_are_taken(market: Api, tmp_path: Path, how: str, pages: dict[str, Any], calls: int) -> None:
    market.handler = paged(2, 5, how)
    route = polling(market, tmp_path, pages=pages, cursor=CURSOR, **LISTED)
    assert await route.look() == ""
    assert [document["changed"] for document in route.documents] == [1, 2, 3, 4, 5]
    assert (len(market.asked), json.loads(route.poll.state)["cursor"]) == (calls, 5)


async def test_with_pages_the_cursor_moves_with_the_last_for_newest_may_come_first(market: Api, tmp_path: Path) -> None:
    broken = in_turn(said(orders(9, 8, next="2")), web.Response(status=500))
    market.handler = broken
    route = polling(market, tmp_path, pages={"token": "answer.?next", "query": "page"}, cursor=CURSOR, **LISTED)
    assert "answered 500" in await route.look()
    assert [document["changed"] for document in route.documents] == [9, 8]
    market.handler = in_turn(said(orders(9, 8, next="2")), said(orders(7)))
    assert await route.look() == ""
    assert market.paths[2:] == ["/orders", "/orders?page=2"]
    assert ([document["changed"] for document in route.documents], json.loads(route.poll.state)["cursor"]) == ([9, 8, 7], 9)


async def test_pages_by_cursor_go_on_from_the_page_that_was_kept(market: Api, tmp_path: Path) -> None:
    market.handler = in_turn(said(orders(1, 2)), web.Response(status=500), said(orders(3)), said(orders()))
    route = polling(market, tmp_path, pages={"cursor": True}, cursor=CURSOR, **LISTED)
    await route.look()
    await route.look()
    assert market.paths == ["/orders", "/orders?since=2", "/orders?since=2", "/orders?since=3"]


async def test_more_pages_than_allowed_are_told_and_the_cursor_stays(market: Api, tmp_path: Path) -> None:
    market.handler = paged(2, 100, "number")
    route = polling(market, tmp_path, pages={"number": "page", "most": 3}, cursor=CURSOR, **LISTED)
    trouble = await route.look()
    assert trouble.startswith("there are more than 3 pages, and what comes after them was not taken; raise `pages.most`")
    assert (len(route.documents), "cursor" in json.loads(route.poll.state)) == (6, False)


async def test_pages_by_cursor_go_on_at_the_next_look_where_there_are_too_many(market: Api, tmp_path: Path) -> None:
    market.handler = paged(2, 10, "cursor")
    route = polling(market, tmp_path, pages={"cursor": True, "most": 2}, cursor=CURSOR, **LISTED)
    assert [await route.look(), len(route.documents), await route.look(), len(route.documents)] == ["", 4, "", 8]


@pytest.mark.parametrize("there", ["https://evil.example/orders", "http://127.0.0.1:1/orders", "//evil.example/x"])
async def test_a_next_page_on_another_server_is_not_asked_for_our_credentials_would_go_there(
    market: Api, tmp_path: Path, there: str
) -> None:
    market.handler = always(orders(1), Link=f'<{there}>; rel="next"')
    route = polling(market, tmp_path, {"auth": {"bearer": "t"}}, pages={"link": True}, **LISTED)
    assert "another server; it isn't asked" in await route.look()


async def test_pages_that_go_round_in_a_circle_end(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders(1, next="same"))
    route = polling(market, tmp_path, pages={"token": "answer.next", "query": "page"}, **LISTED)
    assert "the pages go round in a circle" in await route.look()
    assert (len(market.asked), len(route.documents)) == (2, 1)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://a.example/?page=2>; rel="next"', "https://a.example/?page=2"),
        ("</b?x=1,2>; rel=next", "/b?x=1,2"),
        ('<a>; rel="prev", <b>; rel="last next"', "b"),
        ('<a>; rel="prev"; title="rel=next, <c>; rel=next"', ""),
        ("<a>; REL=NEXT", "a"),
        ("garbage; rel=next", ""),
        ("", ""),
    ],
)
def test_link_headers_are_read_as_rfc_8288_says(header: str, expected: str) -> None:
    assert next_link({"Link": header}) == expected


# ------------------------------------------------------------------------------------------------ unchanged, later, telling


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


# ------------------------------------------------------------------------------------------------ when it looks


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


# ------------------------------------------------------------------------------------------------ bad answers


HTML = web.Response(text="<html><title>Sign in</title>", content_type="text/html")


@pytest.mark.parametrize(
    ("answer", "options", "expected"),
    [
        (HTML, LISTED, "answered with text/html (<html><title>Sign in</title>) and not with JSON: "),
        (HTML, {}, "answered with text/html (<html><title>Sign in</title>) and not with a document; look at `url`"),
        (
            web.Response(text="<a/>", content_type="application/xml"),
            {"content_types": ["text/csv"]},
            "answered with application/xml (<a/>) and not with text/csv",
        ),
        (web.Response(text='{"orders": [', content_type="application/json"), LISTED, "and not with JSON: "),
        (web.Response(text='{"orders": [NaN]}', content_type="application/json"), LISTED, "NaN is not JSON"),
        (web.Response(text="[" * 100_000, content_type="application/json"), LISTED, "it is nested too deep"),
        (web.Response(body=b"\xff\xfe", content_type="application/json"), LISTED, "and not with JSON: "),
        (said({"orders": {"id": 1}}), LISTED, '`answer.orders` gives an object and not a list: {"id": 1}; `items` must give'),
        (said({"orders": "none"}), LISTED, "`answer.orders` gives a text and not a list"),
        (said({"error": "no such account"}), LISTED, '`items` is for an answer such as this: {"error": "no such account"}'),
        (said(orders(1, 2)), {**LISTED, "max_size": "10B"}, "answered with more than 10 bytes; raise `max_size`"),
        (
            said({}, 301, Location="https://new.example/"),
            LISTED,
            "(a redirect to https://new.example/); redirects are not followed",
        ),
        (said({"message": "no such path"}, 404), LISTED, "answered 404: no such path"),
        (said({}, 500), LISTED, "answered 500"),
        (said({"orders": [{"id": 1, "changed": None}]}), {**LISTED, "cursor": CURSOR}, "item 1: `highest` gives nothing"),
        (said(orders(1)), {**LISTED, "pages": {"url": "answer.next"}}, "write it with a question mark: `answer.?next`"),
    ],
)
async def test_a_bad_answer_is_told_and_takes_nothing(
    market: Api, tmp_path: Path, answer: web.Response, options: dict[str, Any], expected: str
) -> None:
    market.handler = in_turn(answer)
    route = polling(market, tmp_path, **options)
    assert expected in await route.look()
    assert route.documents == []


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ({"order": 7}, "item 2: "),
        ({"id": None}, "(page 1)"),
        ({"id": " "}, "item 2 has no key: `item.id` gives a text"),
        ({"id": True}, "item 2 has no key: `item.id` gives true or false"),
        ({"id": {"a": 1}}, "item 2 has no key: `item.id` gives an object"),
        ({"id": "x" * 2000}, "item 2 has a key of more than 1000 characters"),
        ("only text", "item 2: "),
        ({"id": "M-1", "other": 1}, "item 2 has the key 'M-1' of another item, and is another one"),
        ({"id": "big", "number": 10**30}, "item 2 ('big'): this can't be kept"),
    ],
)
async def test_an_item_that_can_t_be_taken_lets_the_others_in_and_holds_the_cursor(
    market: Api, tmp_path: Path, bad: Any, expected: str
) -> None:
    good = orders(1, 3)["orders"]
    item = {"changed": 2, **bad} if isinstance(bad, dict) else bad
    market.handler = always({"orders": [good[0], item, good[1]]})
    route = polling(market, tmp_path, cursor=CURSOR, pages={"link": True}, **LISTED)
    trouble = await route.look()
    assert expected in trouble
    assert trouble.endswith("the others were taken; these come again at each look")
    assert [document["id"] for document in route.documents] == ["M-1", "M-3"]
    market.handler = always(orders(1, 2, 3))
    assert await route.look() == ""
    assert market.paths == ["/orders", "/orders"]
    assert [document["id"] for document in route.documents] == ["M-1", "M-3", "M-2"]


async def test_many_bad_items_are_counted(market: Api, tmp_path: Path) -> None:
    market.handler = always({"orders": [{}] * 50})
    route = polling(market, tmp_path, **LISTED)
    assert "; and 47 more; " in await route.look()


async def test_cursors_that_can_t_be_compared_let_the_items_in_and_stay(market: Api, tmp_path: Path) -> None:
    market.handler = always({"orders": [{"id": 1, "changed": 1}, {"id": 2, "changed": "2"}]})
    route = polling(market, tmp_path, cursor=CURSOR, **LISTED)
    assert "`highest` gives numbers and texts, which can't be compared" in await route.look()
    assert (len(route.documents), "cursor" in json.loads(route.poll.state)) == (2, False)


async def test_an_answer_that_breaks_off_is_asked_for_again(market: Api, tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b'{"orders": []')
        assert request.transport is not None
        request.transport.close()
        return response

    market.handler = handler
    route = polling(market, tmp_path, **LISTED)
    assert "broke off after 13 bytes" in await route.look()
    market.handler = always(orders(1))
    assert await route.look() == ""


async def test_an_api_that_does_not_answer_in_time_or_at_all_is_told(market: Api, tmp_path: Path, unused_tcp_port: int) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return said({})

    market.handler = handler
    assert "no answer within" in await polling(market, tmp_path, {"timeout": "200ms"}, **LISTED).look()
    away = Polling(f"http://127.0.0.1:{unused_tcp_port}", tmp_path, {**LISTED})
    assert "could not be reached: no connection to 127.0.0.1" in await away.look()


async def test_a_cursor_that_would_break_a_header_is_refused(market: Api, tmp_path: Path) -> None:
    market.handler = always(orders(1, next="a\r\nX-Evil: 1"))
    route = polling(market, tmp_path, cursor={"value": "answer.next", "header": "X-Since"}, **LISTED)
    await route.look()
    assert "can't go into a header; send it in `query`" in await route.look()


# ------------------------------------------------------------------------------------------------ what is configured


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"items": "answer"}, "`items` needs a `key`"),
        ({"pages": {"link": True}}, "`pages` needs `items`"),
        ({**LISTED, "pages": {"link": True, "offset": "skip"}}, "say exactly one of link, url, token, number, offset, cursor"),
        ({**LISTED, "pages": {"token": "answer.next"}}, "say where the token is sent"),
        ({**LISTED, "pages": {"number": "page", "query": "x"}}, "`query` belongs to `token`"),
        ({**LISTED, "pages": {"cursor": True}}, "`pages: { cursor: true }` needs a `cursor`"),
        ({**LISTED, "cursor": {"query": "since"}}, "a cursor has `highest`"),
        ({**LISTED, "cursor": {"highest": "item.id"}}, "say where the cursor is sent"),
        ({"cursor": {"highest": "item.id", "query": "x"}}, "`highest` needs `items`"),
        ({**LISTED, "cursor": {**CURSOR, "header": "X"}}, "goes into `query` or into `header`"),
        ({"body": "{}"}, "`body` needs `method: POST`"),
        ({"then": {"path": "/x/{key}"}}, "`then` needs a `key`"),
        ({"key": "answer.id", "then": {"path": "/x"}}, "write `{key}` where the item's key goes"),
        ({**LISTED, "cursor": CURSOR, "then": {"path": "/{key}"}}, "`then` and `cursor` don't go together"),
        ({**LISTED, "content_types": ["text/csv"]}, "leave `content_types` out"),
        ({"path": "https://market.example/orders"}, "is a whole address"),
        ({"every": "0s"}, "greater than 0"),
    ],
)
def test_options_that_contradict_one_another_are_refused(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError) as error:
        HttpSource.model_validate({"every": "1m", **options})
    assert expected in str(error.value)


def test_an_unknown_partner_is_refused(tmp_path: Path) -> None:
    assert SPEC.source is not None
    with pytest.raises(Misconfigured) as error:
        SPEC.source(HttpSettings(url="https://market.example"), [bound(partner="acme")], services(tmp_path))
    assert "unknown partner 'acme'" in str(error.value.problems[0])


def test_money_in_a_cursor_keeps_its_digits() -> None:
    from crossdock_connectors.http.progress import Reached

    kept = Reached(cursor=Decimal("10.50"), of="item.total", etag='"a"', call="GET x").dump()
    assert Reached.load(kept, "item.total") == Reached(cursor=Decimal("10.50"), of="item.total", etag='"a"', call="GET x")


async def test_the_example_of_the_documentation_does_what_it_says(market: Api, tmp_path: Path) -> None:
    """Each page by its link, each order once, and the cursor with the next look."""
    page = (Path(__file__).resolve().parents[2] / "docs/polling.md").read_text(encoding="utf-8")
    options = read("example.route.yaml", page.partition("```yaml\n")[2].partition("```")[0]).data["from"]["marketplace"]
    later = {"orders": [{"id": "M-2", "changed_at": "2026-11-02T10:00:00Z"}]}
    market.handler = in_turn(
        said({"orders": [{"id": "M-1", "changed_at": "2026-11-03T09:00:00Z"}]}, Link='</orders?page=2>; rel="next"'),
        said(later),
        said(later),
    )
    route = Polling(market.url, tmp_path, options)
    assert [await route.look(), await route.look()] == ["", ""]
    assert [document["id"] for document in route.documents] == ["M-1", "M-2"]
    since = "/orders?status=paid&limit=100&changed_since="
    assert market.paths == [f"{since}2026-11-01T00:00:00Z", "/orders?page=2", f"{since}2026-11-03T09:00:00Z"]
