"""What a route collects by asking an HTTP API again and again: the options of the `http` connector's source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from crossdock.core.spec import Options
from crossdock.core.units import Duration, Size


class Cursor(Options):
    """How far the collecting has come. Exactly one of `highest` and `value` says it."""

    highest: str = Field("", description="expression over `item`; the greatest of all items, such as `item.updated_at`")
    value: str = Field("", description="expression over `answer` and `headers`; what the last page says, such as `answer.next`")
    start: str | int | None = Field(
        None, description="the cursor of the first look; without one the first look asks for everything"
    )
    sent: str = Field(
        "", description="expression over `cursor`: what is sent for it, such as `string(timestamp(cursor) - duration('5m'))`"
    )
    query: str = Field("", description="the query's parameter that carries it", examples=["updated_since"])
    header: str = Field("", description="the header that carries it")

    @model_validator(mode="after")
    def _one_way(self) -> Cursor:
        if bool(self.highest) == bool(self.value):
            raise ValueError("a cursor has `highest` (of the items) or `value` (of the answer): say one of them")
        if self.query and self.header:
            raise ValueError("a cursor goes into `query` or into `header`: say one of them")
        return self


class Pages(Options):
    """How the next page is asked for. Exactly one of `link`, `url`, `token`, `number`, `offset` and `cursor`."""

    link: bool = Field(False, description='by the answer\'s header `Link: <...>; rel="next"` (RFC 8288)')
    url: str = Field("", description="expression over `answer`: the next page's address; none where this is the last")
    token: str = Field("", description="expression over `answer`: the next page's token, sent as `query`")
    query: str = Field("", description="with `token`: the query's parameter that carries it")
    number: str = Field("", description="the query's parameter for the page's number; the last page is one without items")
    offset: str = Field("", description="the query's parameter for how many items to skip; the last page is one without items")
    cursor: bool = Field(False, description="the same call with the cursor moved on, until nothing more comes")
    first: int = Field(1, ge=0, description="with `number`: the first page's")
    size: int | None = Field(None, ge=1, description="how many items a full page has: one with fewer is the last")
    most: int = Field(100, ge=1, le=100_000, description="pages of one look at most")

    @model_validator(mode="after")
    def _one_way(self) -> Pages:
        ways = ("link", "url", "token", "number", "offset", "cursor")
        if sum(bool(getattr(self, way)) for way in ways) != 1:
            raise ValueError(f"pages follow one another in one way: say exactly one of {', '.join(ways)}")
        if self.query and not self.token:
            raise ValueError("`query` belongs to `token`: it names the parameter that carries it")
        return self


class Then(Options):
    """What is called for each item once it is accepted, so that it isn't there any more at the next look."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field("POST", description="the call's method; it has no body")
    path: str = Field(description="appended to `url`; `{key}` stands for the item's key", examples=["/orders/{key}/exported"])

    @field_validator("path")
    @classmethod
    def _names_the_key(cls, path: str) -> str:
        if "{key}" not in path:
            raise ValueError("write `{key}` where the item's key goes, as in /orders/{key}/exported")
        return path


class HttpSource(Options):
    """What a route asks for, how often, and what becomes of the answer."""

    EXPRESSIONS: ClassVar[Mapping[tuple[str, ...], tuple[str, ...]]] = {
        ("items",): ("answer", "headers"),
        ("key",): ("item", "answer", "headers"),
        ("body",): ("cursor", "page"),
        ("cursor", "highest"): ("item",),
        ("cursor", "value"): ("answer", "headers"),
        ("cursor", "sent"): ("cursor",),
        ("pages", "url"): ("answer", "headers"),
        ("pages", "token"): ("answer", "headers"),
    }

    path: str = Field("", description="appended to the endpoint's `url`")
    every: Duration = Field(gt=0, description="time between two looks; a twentieth more or less, at random", examples=["1m"])
    partner: str = Field("", description="the partner whose documents these are")
    method: Literal["GET", "POST"] = Field("GET", description="POST for an API that is asked with a body")
    query: dict[str, str] = Field(default_factory=dict, description="the query's parameters")
    headers: dict[str, str] = Field(default_factory=dict, repr=False, description="sent with every call")
    body: str = Field("", description="with POST: expression over `cursor` and `page`, both null at first; sent as JSON")
    items: str = Field(
        "", description="expression over `answer`: the list of which each item is a message; else the whole is one"
    )
    key: str = Field("", description="expression over `item`: by what a second copy is known; needed with `items`")
    cursor: Cursor | None = None
    pages: Pages | None = None
    then: Then | None = None
    content_types: tuple[str, ...] = Field(
        (), description="without `items`: what the answer may be; else anything but a web page"
    )
    max_size: Size = Field(10 * 1024**2, description="an answer that is larger is refused", examples=["10MB"])

    @field_validator("path")
    @classmethod
    def _relative(cls, path: str) -> str:
        if "://" in path:
            raise ValueError(f"'{path}' is a whole address; the endpoint's `url` has the host, `path` what comes after it")
        return path

    @model_validator(mode="after")
    def _fits_together(self) -> HttpSource:
        for wrong, message in self._contradictions():
            if wrong:
                raise ValueError(message)
        return self

    def _contradictions(self) -> list[tuple[bool, str]]:
        cursor, pages = self.cursor, self.pages
        return [
            (bool(self.items) and not self.key, "`items` needs a `key`, by which a second copy is known: `key: item.id`"),
            (bool(self.content_types and self.items), "`items` are in JSON: leave `content_types` out"),
            (bool(pages) and not self.items, "`pages` needs `items`: the expression that finds the list in a page"),
            (bool(cursor and cursor.highest) and not self.items, "`highest` needs `items`; without them the cursor is a `value`"),
            (bool(pages and pages.cursor) and not cursor, "`pages: { cursor: true }` needs a `cursor`"),
            (bool(self.body) and self.method == "GET", "`body` needs `method: POST`"),
            (
                bool(cursor and not cursor.query and not cursor.header) and not self.body,
                "say where the cursor is sent: `query: updated_since`, `header: ...`, or in the `body`",
            ),
            (
                bool(pages and pages.token and not pages.query) and not self.body,
                "say where the token is sent: `query: page_token`, or in the `body` as `page`",
            ),
            (bool(self.then) and not self.key, "`then` needs a `key`: it names the item to the API"),
            (
                bool(self.then and cursor),
                "`then` and `cursor` don't go together: an item past the cursor would not be seen again where `then` failed",
            ),
        ]
