"""One answer of an HTTP poll: the items in it, each with its key, and what is wrong with those that can't be taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from crossdock.core.errors import CrossdockError, Refused, Rejected, Retryable
from crossdock.core.message import dump_json
from crossdock.core.spec import Expression
from crossdock_connectors.http.options import HttpSource
from crossdock_connectors.http.progress import Value, checked, greatest
from crossdock_connectors.http.remote import MOST_WORDS
from crossdock_connectors.http.session import Answer

LONGEST_KEY = 1000
"""Characters of a key at most."""

Expressions = Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Item:
    """One message to be: its key ('' where the whole answer is one and has none), its bytes, and its own cursor."""

    key: str
    data: bytes
    content_type: str
    cursor: Value | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What an answer holds. `size` items were in it, `faults` says which of them are not in `items`, and why."""

    seen: Mapping[str, Any]
    items: Sequence[Item]
    size: int
    faults: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def highest(self) -> list[Value]:
        """The items' cursors."""
        return [item.cursor for item in self.items if item.cursor is not None]


class Reader:
    """Reads answers as a route's options say. `place` says who answered, for errors."""

    def __init__(self, options: HttpSource, expressions: Expressions, place: str) -> None:
        self._options = options
        self._expressions = expressions
        self._place = place

    def read(self, answer: Answer) -> Page:
        """Return a page; raises CrossdockError where the answer isn't what it should be."""
        self._check_whole(answer)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status == 204 or not answer.data.strip():
            return Page({"answer": None, "headers": headers}, (), 0, headers=answer.headers)
        return self._list(answer, headers) if self._options.items else self._one(answer, headers)

    def _check_whole(self, answer: Answer) -> None:
        most = self._options.max_size
        if answer.long:
            advice = "raise `max_size`, or ask for smaller pages"
            raise Refused(f"{self._place} answered with more than {most} bytes", code="too_long", advice=advice)
        if not answer.whole:
            raise Retryable(f"the answer of {self._place} broke off after {len(answer.data)} bytes", code="broken_off")

    def _one(self, answer: Answer, headers: Mapping[str, str]) -> Page:
        """Read the whole answer as one message."""
        kind = _kind(answer)
        allowed = self._options.content_types
        if (allowed and kind not in allowed) or (not allowed and kind in ("text/html", "application/xhtml+xml")):
            wanted = " or ".join(allowed) or "a document"
            advice = "look at `url`, `path` and `auth`; where this is right, name it in `content_types`"
            raise Refused(f"{self._place} answered with {_shown(answer)} and not with {wanted}", code="content", advice=advice)
        body = self._json(answer) if kind.endswith("json") else answer.data
        seen = {"answer": body, "headers": headers}
        key = self._key({**seen, "item": body}, "the answer") if self._options.key else ""
        item = Item(key, answer.data, kind or "application/octet-stream")
        return Page(seen, (item,), 1, headers=answer.headers)

    def _list(self, answer: Answer, headers: Mapping[str, str]) -> Page:
        """Read each item of the list in an answer as a message."""
        seen = {"answer": self._json(answer), "headers": headers}
        listed = self._found(seen)
        items: dict[str, Item] = {}
        faults: list[str] = []
        for number, one in enumerate(listed, start=1):
            try:
                item = self._item(number, one, seen)
                if items.setdefault(item.key, item).data != item.data:
                    raise Rejected(
                        f"item {number} has the key '{item.key}' of another item, and is another one: `key` must tell them apart"
                    )
            except CrossdockError as error:
                faults.append(error.message)
        return Page(seen, tuple(items.values()), len(listed), faults, answer.headers)

    def _found(self, seen: Mapping[str, Any]) -> Sequence[Any]:
        try:
            listed = self._expressions["items"].evaluate(seen)
        except Rejected as error:
            advice = f"`items` is for an answer such as this: {_excerpt(seen['answer'])}"
            raise Refused(f"no items in the answer of {self._place}: {error.message}", code="items", advice=advice) from error
        if listed is None:
            return []
        if not isinstance(listed, list | tuple):
            advice = "`items` must give the list; `[answer]` makes one of a single document"
            said = f"`{self._options.items}` gives {_name(listed)} and not a list: {_excerpt(listed)}"
            raise Refused(f"no items in the answer of {self._place}: {said}", code="items", advice=advice)
        return listed

    def _item(self, number: int, one: Any, seen: Mapping[str, Any]) -> Item:
        what = f"item {number}"
        cursor = None
        key = self._key({**seen, "item": one}, what)
        if highest := self._expressions.get("cursor.highest"):
            cursor = checked(_evaluated(highest, {"item": one}, f"{what} ('{key}')"), f"{what}: `highest`")
        try:
            return Item(key, dump_json(one), "application/json", cursor)
        except Rejected as error:
            raise Rejected(f"{what} ('{key}'): {error.message}") from error

    def _key(self, variables: Mapping[str, Any], what: str) -> str:
        value = _evaluated(self._expressions["key"], variables, what)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or str(value).strip() == "":
            raise Rejected(f"{what} has no key: `{self._options.key}` gives {_name(value)}: {_excerpt(variables['item'])}")
        if len(str(value)) > LONGEST_KEY:
            raise Rejected(f"{what} has a key of more than {LONGEST_KEY} characters")
        return str(value)

    def _json(self, answer: Answer) -> Any:
        try:
            return json.loads(answer.data, parse_float=Decimal, parse_constant=_refuse)
        except RecursionError:
            reason = "it is nested too deep"
        except ValueError as error:
            reason = str(error)
        advice = "look at `url`, `path` and `auth`: an error page or a login often comes with status 200"
        raise Refused(f"{self._place} answered with {_shown(answer)} and not with JSON: {reason}", code="json", advice=advice)


def highest(page: Sequence[Value]) -> Value | None:
    """Return the greatest cursor of items; None where there are none."""
    return greatest(list(page), "`highest`") if page else None


def digest_of(data: bytes) -> str:
    """Return by what a whole answer is known."""
    return hashlib.sha256(data).hexdigest()


def _evaluated(expression: Expression, variables: Mapping[str, Any], what: str) -> Any:
    try:
        return expression.evaluate(variables)
    except Rejected as error:
        raise Rejected(f"{what}: {error.message}: {_excerpt(variables.get('item'))}", where=error.where) from error


def _kind(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _shown(answer: Answer) -> str:
    """Return an answer in a few words: its type and how it begins."""
    text = " ".join(answer.data[: MOST_WORDS * 4].decode("utf-8", "replace").split())
    printable = "".join(character for character in text if character.isprintable())
    return f"{_kind(answer) or 'an unnamed type'} ({printable[:80]}{'...' if len(printable) > 80 else ''})"


def _excerpt(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False) if not isinstance(value, bytes) else f"{len(value)} bytes"
    return text if len(text) <= 120 else f"{text[:117]}..."


def _name(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", Decimal: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
