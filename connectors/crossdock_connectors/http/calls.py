"""The calls of an HTTP poll: the first one, and the one for each next page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from crossdock.core.errors import Refused, Rejected
from crossdock.core.message import dump_json
from crossdock.core.spec import Expression
from crossdock_connectors.http.options import HttpSource, Pages
from crossdock_connectors.http.page import Page
from crossdock_connectors.http.progress import Reached, Value, sent
from crossdock_connectors.http.remote import Remote
from crossdock_connectors.http.session import Call

_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?)*)')
_PARAMETER = re.compile(r';\s*([\w*-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+)))?')


@dataclass(frozen=True, slots=True)
class Position:
    """A page: by its address, or by what is sent to ask for it (`page`); the first one is neither."""

    url: str = ""
    page: Any = None


class Calls:
    """Makes calls as a route's options say."""

    def __init__(self, options: HttpSource, expressions: Mapping[str, Expression], remote: Remote) -> None:
        self._options = options
        self._expressions = expressions
        self._remote = remote
        slash = "" if not options.path or options.path.startswith(("/", "?")) else "/"
        self._url = remote.settings.url + slash + options.path

    @property
    def first(self) -> Position:
        """The first page."""
        pages = self._options.pages
        return Position(page=pages.first if pages and pages.number else 0 if pages and pages.offset else None)

    def call(self, position: Position, reached: Reached) -> Call:
        """Return the call for a page; raises Rejected where an expression gives nothing that can be sent."""
        options = self._options
        headers = {"Accept": "application/json" if options.items else "*/*", **self._remote.headers, **options.headers}
        query = dict(options.query)
        self._add_cursor(query, headers, reached.cursor)
        if (name := _carrier(options.pages)) and position.page is not None:
            query[name] = str(position.page)
        data = self._body(position, reached.cursor)
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        params = () if position.url else tuple(query.items())
        return Call(options.method, position.url or self._url, headers, params, data, options.max_size)

    def conditional(self, call: Call, reached: Reached) -> Call:
        """Return a call that asks only for what has changed since the same call was answered."""
        if reached.call != name_of(call):
            return call
        asked = {"If-None-Match": reached.etag, "If-Modified-Since": reached.modified}
        headers = {**call.headers, **{name: value for name, value in asked.items() if value}}
        return Call(call.method, call.url, headers, call.params, call.data, call.most)

    def next(self, position: Position, page: Page) -> Position | None:
        """Return the page after this one, None where it is the last. (Pages by cursor are not known here: the cursor moves.)"""
        pages = self._options.pages
        if pages is None or pages.cursor:
            return None
        if pages.link:
            return self._address(next_link(page.headers))
        if pages.url:
            return self._address(self._said("pages.url", page))
        if pages.token:
            token = self._said("pages.token", page)
            return Position(page=token) if token not in (None, "", False) else None
        if page.size == 0 or (pages.size and page.size < pages.size):
            return None
        return Position(page=position.page + (1 if pages.number else page.size))

    def _said(self, name: str, page: Page) -> Any:
        try:
            return self._expressions[name].evaluate(page.seen)
        except Rejected as error:
            advice = "where the last page has no such field, write it with a question mark: `answer.?next`"
            raise Refused(f"`{name}`: {error.message}", code="pages", advice=advice, where=error.where) from error

    def _address(self, said: Any) -> Position | None:
        """Return the page at an address, which must be the endpoint's own: our credentials go there."""
        if said in (None, "", False):
            return None
        url = urljoin(self._url, str(said))
        if _origin(url) != _origin(self._url):
            advice = "if that is right, make its address the endpoint's `url`"
            raise Refused(
                f"the next page is said to be at {url[:200]}, another server; it isn't asked", code="pages", advice=advice
            )
        return Position(url=url)

    def _add_cursor(self, query: dict[str, str], headers: dict[str, str], cursor: Value | None) -> None:
        options = self._options.cursor
        if options is None or cursor is None:
            return
        text = sent(self._expressions["cursor.sent"].evaluate({"cursor": cursor}) if options.sent else cursor)
        if options.query:
            query[options.query] = text
        elif options.header:
            if not (text.isascii() and text.isprintable()):
                raise Refused(f"the cursor {text[:80]!r} can't go into a header", code="cursor", advice="send it in `query`")
            headers[options.header] = text

    def _body(self, position: Position, cursor: Value | None) -> bytes | None:
        if not self._options.body:
            return None
        body = self._expressions["body"].evaluate({"cursor": cursor, "page": position.page})
        return dump_json(body)


def name_of(call: Call) -> str:
    """Return by what a call is known to be the same."""
    query = "&".join(f"{name}={value}" for name, value in call.params)
    return f"{call.method} {call.url}?{query} {(call.data or b'').decode()}"


def next_link(headers: Mapping[str, str]) -> str:
    """Return the address with the relation `next` in the header `Link` (RFC 8288), or nothing."""
    given = headers.getall("Link", []) if hasattr(headers, "getall") else [headers.get("Link", "")]
    for url, parameters in _LINK.findall(", ".join(given)):
        relations = [quoted or bare for name, quoted, bare in _PARAMETER.findall(parameters) if name.lower() == "rel"]
        if "next" in " ".join(relations).lower().split():
            return str(url)
    return ""


def _carrier(pages: Pages | None) -> str:
    return pages.query or pages.number or pages.offset if pages else ""


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
