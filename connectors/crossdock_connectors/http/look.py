"""One look of an HTTP poll: from the first page to the last, each page's items kept with how far we have come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from crossdock.core.errors import CrossdockError, Refused, Rejected, Retryable
from crossdock.core.message import Receipt
from crossdock.core.ports import Intake, Poll, Progress
from crossdock.core.spec import Binding
from crossdock_connectors.http.calls import Calls, Position, name_of
from crossdock_connectors.http.options import HttpSource
from crossdock_connectors.http.page import Expressions, Item, Page, Reader, digest_of
from crossdock_connectors.http.progress import Reached, Value, checked, greatest, later
from crossdock_connectors.http.remote import Remote
from crossdock_connectors.http.session import Answer, Call

log = logging.getLogger(__name__)

MOST_FAULTS = 3
"""How many items that can't be taken are named in a message."""
GONE = (404, 410)
"""Answers to `then` that mean: it is no longer there, which is what was wanted."""


class Incomplete(CrossdockError):
    """Some items could not be taken; the others were."""

    kind = "incomplete"


@dataclass(frozen=True, slots=True)
class Asking:
    """What one route asks of an API. `name` is by what the journal knows its poll."""

    name: str
    route: str
    options: HttpSource
    expressions: Expressions
    remote: Remote
    calls: Calls
    reader: Reader

    @classmethod
    def of(cls, binding: Binding, remote: Remote) -> Asking:
        """Return what a route's binding asks."""
        options: HttpSource = binding.options
        calls = Calls(options, binding.expressions, remote)
        reader = Reader(options, binding.expressions, f"{remote.host}{options.path}")
        return cls(f"{binding.route} at {remote.host}", binding.route, options, binding.expressions, remote, calls, reader)


class Look:
    """One look: from the first page to the last."""

    def __init__(self, asking: Asking, kept: Poll, intake: Intake, held: Callable[[], Awaitable[bool]]) -> None:
        self._asking = asking
        self._options = asking.options
        self._intake = intake
        self._held = held
        self._version = kept.version
        cursor = self._options.cursor
        of = (cursor.highest or cursor.value) if cursor else ""
        self._reached = Reached.load(kept.state, of)
        if cursor and self._reached.cursor is None and cursor.start is not None:
            self._reached = replace(self._reached, cursor=cursor.start)
        self._kept = Reached.load(kept.state, of) if kept.state else None
        self._values: list[Value] = []
        self._faults: list[str] = []

    async def run(self) -> None:
        """Take page after page; raises CrossdockError, Incomplete where some items could not be taken."""
        pages = self._options.pages
        position = self._asking.calls.first
        asked: set[str] = set()
        for number in range(1, (pages.most if pages else 1) + 1):
            call = self._asking.calls.call(position, self._reached)
            _check_new(f"{name_of(call)} {self._reached.cursor or ''}", asked)
            following = await self._page(call, position, number)
            if following is None:
                break
            position = following
            if not await self._held():
                raise Retryable("another process has taken over", code="overtaken")
        else:
            self._too_many()
        if self._faults:
            raise Incomplete(_told(self._faults), code="bad_items", advice="the others were taken; these come again at each look")

    async def _page(self, call: Call, position: Position, number: int) -> Position | None:
        """Take one page; return the position of the next one."""
        answer = await self._asked(call if number > 1 else self._asking.calls.conditional(call, self._reached))
        if answer is None:
            return None
        page = await asyncio.to_thread(self._asking.reader.read, answer)
        following = self._asking.calls.next(position, page)
        self._values += page.highest
        self._faults += [f"{fault} (page {number})" if self._options.pages else fault for fault in page.faults]
        before = self._reached
        self._reached = self._after(page, answer, call, alone=number == 1 and following is None, last=following is None)
        same = bool(self._reached.digest) and self._kept is not None and self._reached.digest == self._kept.digest
        await self._accept(() if same else page.items)
        for item in page.items if self._options.then else ():
            await self._then(item)
        return self._by_cursor(page, before) if self._options.pages and self._options.pages.cursor else following

    def _by_cursor(self, page: Page, before: Reached) -> Position | None:
        """Return the next page where the cursor leads to it: nowhere, where it stays, or where this page wasn't full."""
        pages = self._options.pages
        short = pages is not None and pages.size is not None and page.size < pages.size
        return None if short or page.size == 0 or self._reached.cursor == before.cursor else self._asking.calls.first

    async def _asked(self, call: Call) -> Answer | None:
        """Make a call; None where nothing has changed. Raises CrossdockError for an answer that isn't one."""
        remote = self._asking.remote
        answer = await remote.exchange(call, remote.settings.timeout, effect=False)
        if answer.status == 304:
            return None
        if not 200 <= answer.status < 300:
            raise remote.error(answer, effect=False)
        return answer

    def _after(self, page: Page, answer: Answer, call: Call, *, alone: bool, last: bool) -> Reached:
        """Return what is reached with this page: nothing new where an item of this look was left out."""
        options, reached = self._options, self._reached
        if self._faults:
            return reached
        by_cursor = options.pages is not None and options.pages.cursor
        try:
            cursor = self._cursor(page, reached.cursor) if options.cursor and (last or by_cursor) else reached.cursor
        except Rejected as error:
            self._faults.append(error.message)
            return reached
        reached = replace(
            reached.moved(cursor), digest=digest_of(answer.data) if alone and page.items and not options.then else ""
        )
        return reached if by_cursor or options.then or not alone else _marked(reached, answer, call)

    def _cursor(self, page: Page, before: Value | None) -> Value | None:
        options = self._options.cursor
        assert options is not None
        if options.highest:
            return later(before, greatest(self._values, "`highest`")) if self._values else before
        said = self._asking.expressions["cursor.value"].evaluate(page.seen)
        return before if said in (None, "") else checked(said, "`value`")

    async def _accept(self, items: Sequence[Item]) -> None:
        """Keep the items of a page, and what was reached with it; a page that is the last look's once more has none."""
        receipts = [self._receipt(item) for item in items]
        if not receipts and self._reached == self._kept:
            return
        accepted = await self._intake.collect(receipts, Progress(self._asking.name, self._version, self._reached.dump()))
        self._version, self._kept = self._version + 1, self._reached
        fresh = sum(not one.duplicate for one in accepted)
        if fresh:
            log.info("%s: %d of %d items are new", self._asking.name, fresh, len(items))

    def _receipt(self, item: Item) -> Receipt:
        return Receipt(
            route=self._asking.route,
            data=item.data,
            source=f"http:{self._asking.remote.host}",
            partner=self._options.partner,
            name=item.key,
            content_type=item.content_type,
            headers={"path": self._options.path, **({"key": item.key} if item.key else {})},
            dedupe_key=f"{self._asking.route}:{item.key}" if item.key else "",
        )

    async def _then(self, item: Item) -> None:
        """Tell the API that an item is taken; raises Retryable. What it refuses is told, and tried again at the next look."""
        assert self._options.then is not None
        remote, then = self._asking.remote, self._options.then
        path = then.path.replace("{key}", quote(item.key, safe=""))
        url = f"{remote.settings.url}{'' if path.startswith('/') else '/'}{path}"
        answer = await remote.exchange(Call(then.method, url, remote.headers), remote.settings.timeout, effect=False)
        if 200 <= answer.status < 300 or answer.status in GONE:
            return
        error = remote.error(answer, effect=False)
        if isinstance(error, Retryable):
            raise error
        self._faults.append(f"`then` for {item.key}: {error.message}")

    def _too_many(self) -> None:
        pages = self._options.pages
        if pages is None or pages.cursor:
            return
        advice = "raise `pages.most`, ask for bigger pages, or for less by a `cursor`"
        self._faults.append(f"there are more than {pages.most} pages, and what comes after them was not taken; {advice}")


def _marked(reached: Reached, answer: Answer, call: Call) -> Reached:
    """Return what is reached with the marks by which the API knows what it answered to this call."""
    etag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
    return replace(reached, call=name_of(call) if etag or modified else "", etag=etag, modified=modified)


def _check_new(name: str, asked: set[str]) -> None:
    if name in asked:
        raise Refused(
            f"the pages go round in a circle: {name[:200].strip()} came a second time", code="pages", advice="check `pages`"
        )
    asked.add(name)


def _told(faults: Sequence[str]) -> str:
    more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
    return "; ".join(faults[:MOST_FAULTS]) + more
