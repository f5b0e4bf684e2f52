"""What acknowledgements say of documents that we sent, applied to the book of exchanges.

An acknowledgement names a transaction of a group (AK2), the rest of a group (AK1 and AK9), or an interchange (TA1, CONTRL). One
that names what was never sent fails its message: it is reported, and not lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from crossdock.core.errors import Rejected
from crossdock.core.exchange import Settlement, Verdict
from crossdock.core.outcome import State
from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.events import event_row
from crossdock.runtime.journal.outcomes import Entry
from crossdock.runtime.journal.texts import dump

Key = tuple[str, str, str]
"""Dialect, partner and the number of a group or an interchange."""
MOST_NAMED = 5
"""How many unknown documents a message names."""


@dataclass(slots=True)
class _Sent:
    """A row of `sent_in_groups`, with what was said of it in this transaction."""

    id: str
    dialect: str
    partner: str
    document: str
    interchange: str
    group: str
    transaction: str
    state: str
    delivery: str
    at: int


@dataclass(slots=True)
class _Books:
    """Sent documents by group and by interchange, and what is to be written of them."""

    groups: dict[Key, list[_Sent]]
    interchanges: dict[Key, list[_Sent]]
    settled: dict[str, Line] = field(default_factory=dict)
    arrived: dict[str, Line] = field(default_factory=dict)
    rejected: dict[str, Line] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    events: list[Line] = field(default_factory=list)

    def found(self, one: Settlement) -> list[_Sent]:
        """Return what a settlement is about, of the newest interchange of that number: numbers begin again some day."""
        by_group = not one.interchange
        number = one.group if by_group else one.interchange
        rows = (self.groups if by_group else self.interchanges).get((one.dialect, one.partner, plain(number)), [])
        if one.group and not by_group:
            rows = [row for row in rows if plain(row.group) == plain(one.group)]
        if one.transaction:
            rows = [row for row in rows if plain(row.transaction) == plain(one.transaction)]
            rows = [row for row in rows if one.document in ("", row.document)]
        newest = max(rows, key=lambda row: row.at, default=None)
        return [row for row in rows if newest and (row.interchange, row.at) == (newest.interchange, newest.at)]


def plain(number: str) -> str:
    """Return a control number without the zeros that some write before it."""
    return number.strip().lstrip("0")


def settle(session: Session, entries: Sequence[Entry]) -> list[Entry]:
    """Apply what acknowledgements say; return the entries, those failed that name what was never sent."""
    if not any(entry.outcome.settlements for entry in entries):
        return list(entries)
    books = _opened(session, entries)
    settled = [_settled(session, books, entry) for entry in entries]
    _written(session, books)
    return settled


def _opened(session: Session, entries: Iterable[Entry]) -> _Books:
    """Read, and lock, all that may be meant."""
    named = [one for entry in entries for one in entry.outcome.settlements]
    groups = [one for one in named if not one.interchange]
    return _Books(
        _read(session, "sent_in_groups", "group", [(one.partner, one.group) for one in groups]),
        _read(
            session, "sent_in_interchanges", "interchange", [(one.partner, one.interchange) for one in named if one.interchange]
        ),
    )


def _read(session: Session, statement: str, by: str, wanted: Sequence[tuple[str, str]]) -> dict[Key, list[_Sent]]:
    found: dict[Key, list[_Sent]] = defaultdict(list)
    if wanted:
        partners = sorted({partner for partner, _ in wanted})
        numbers = sorted({form for _, number in wanted for form in _forms(number)})
        for line in session.all(statement, partners=partners, numbers=numbers):
            row = _Sent(*line)
            found[row.dialect, row.partner, plain(getattr(row, by))].append(row)
    return found


def _forms(number: str) -> set[str]:
    """Return how a number may have been written when it was sent."""
    short = plain(number)
    return {number, short, short.zfill(9)}


def _settled(session: Session, books: _Books, entry: Entry) -> Entry:
    """Apply one message's settlements. What it names one by one is left out of what it says of the whole."""
    unknown: list[Settlement] = []
    named: set[str] = set()
    ordered = sorted(entry.outcome.settlements, key=lambda one: (not one.transaction, not one.group))
    for one in ordered:
        found = books.found(one)
        for row in found:
            if row.id not in named:
                _applied(session, books, entry, one, row)
        named |= {row.id for row in found}
        if not found:
            unknown.append(one)
    return _unknown(entry, unknown) if unknown else entry


def _applied(session: Session, books: _Books, entry: Entry, one: Settlement, row: _Sent) -> None:
    error = one.error.record() if one.error else None
    message = entry.message.id
    note = f"by {one.by} in message {message}"
    books.events.append(event_row(session, row.delivery, one.verdict.value, note=_named(row, note), error=error))
    if one.verdict is Verdict.ARRIVED:
        books.arrived[row.id] = (row.id, session.now)
        return
    before, row.state = row.state, one.verdict.value
    if before == row.state:
        return  # said before: a copy changes nothing
    books.settled[row.id] = (row.id, one.verdict.value, session.now, one.by, message, dump(error) if error else None)
    if one.verdict is Verdict.REJECTED:
        books.rejected[row.delivery] = (row.delivery, session.now, dump(error))
        books.accepted.discard(row.delivery)
    elif before == Verdict.REJECTED:
        books.accepted.add(row.delivery)


def _named(row: _Sent, note: str) -> str:
    """Say which document of several in one interchange is meant."""
    return f"{row.document} {row.transaction} {note}" if "~" in row.id or row.transaction not in ("", "0001", "1") else note


def _written(session: Session, books: _Books) -> None:
    session.many("settle_exchange", [books.settled[name] for name in sorted(books.settled)])
    session.many("arrive_exchange", [books.arrived[name] for name in sorted(books.arrived)])
    session.many("reject_delivery", [books.rejected[name] for name in sorted(books.rejected)])
    session.many("add_event", books.events)
    if books.accepted:
        session.run("accept_deliveries", ids=sorted(books.accepted))


def _unknown(entry: Entry, unknown: Sequence[Settlement]) -> Entry:
    names = "; ".join(_listed(unknown))
    first = unknown[0]
    error = Rejected(
        f"this {first.by} from {first.partner} acknowledges what was never sent there: {names}",
        code="unknown_acknowledgement",
        where=first.where,
        advice="ask the partner which document it means; discard this if it was sent by another system",
    )
    return replace(entry, outcome=replace(entry.outcome, state=State.FAILED, error=error))


def _listed(unknown: Sequence[Settlement]) -> Iterator[str]:
    yield from (str(one) for one in unknown[:MOST_NAMED])
    if len(unknown) > MOST_NAMED:
        yield f"and {len(unknown) - MOST_NAMED} more"
