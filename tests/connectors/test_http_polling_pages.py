"""The `http` source: an answer in pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crossdock_connectors.http.calls import next_link
from tests.connectors.http_poll_kit import CURSOR, LISTED, Api, Handler, always, in_turn, orders, polling, said


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
