"""The `http` source: bad answers, and what is configured wrong."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from crossdock.core.errors import Misconfigured
from crossdock.testing.ports import services
from crossdock_config.yaml_source import read
from crossdock_connectors.http import SPEC, HttpSettings
from crossdock_connectors.http.options import HttpSource
from tests.connectors.http_poll_kit import CURSOR, LISTED, Api, Polling, always, bound, in_turn, orders, polling, said

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
