"""The document chain of a purchase order: what each document says of each line, and where they disagree.

    ordered ─ acknowledged ─ released ─ picked ─ shipped ─ advised ─ received ─ invoiced ─ paid

A `Link` is what one document says of one order. Codecs make links of what they read and write, the journal keeps them with the
message, and `chain_of` joins them. All of it is computed anew from the documents; nothing here is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

STAGES: Final = ("ordered", "acknowledged", "released", "picked", "shipped", "advised", "received", "invoiced", "paid")
"""The columns of a chain, in the order in which they happen."""

LATEST: Final = ("ordered", "acknowledged")
"""Stages at which a later document replaces what an earlier one said of a line; at the others quantities add up."""

WAREHOUSE: Final = ("released", "picked", "advised")
"""Stages that a warehouse speaks of, not the trading partner: it is another partner with the same order number."""

CANCELLED: Final = "cancel"
REPLACED: Final = "replace"

EVENT: Final = "chain.disagreement"
"""The event that is published when a document disagrees with those before it."""


class Link(NamedTuple):
    """What one document says of one order.

    `direction` is `in` or `out`. `kind` says what `reference` is: an `order`, or an `invoice` where a payment names nothing else.
    `purpose` is `original`, `change`, `cancel` or `replace`. `lines` are rows of `[number, quantity, unit, price, date, amount,
    items]`: texts or None, items a qualifier to value. `checked` False keeps it out of the comparison when it is recorded.
    `ref` is the message or delivery that the journal keeps it under, `at` in ms since 1970.
    """

    partner: str
    direction: str
    set: str
    stage: str
    reference: str
    number: str = ""
    date: str = ""
    control: str = ""
    lines: Sequence[Sequence[Any]] = ()
    kind: str = "order"
    purpose: str = "original"
    total: str | None = None
    checked: bool = True
    ref: str = ""
    at: int = 0


@dataclass(slots=True)
class Position:
    """What one stage says of one line."""

    quantity: Decimal | None = None
    unit: str = ""
    price: Decimal | None = None
    date: str = ""

    def record(self) -> dict[str, Any]:
        """Return it as plain data, without what is not said."""
        named = {"quantity": self.quantity, "unit": self.unit, "price": self.price, "date": self.date}
        return {name: value for name, value in named.items() if value not in (None, "")}


@dataclass(slots=True)
class ChainLine:
    """One line of the order through all stages. `extra` says that no order has it."""

    number: str
    items: dict[str, str] = field(default_factory=dict)
    stages: dict[str, Position] = field(default_factory=dict)
    extra: bool = False
    other: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of one order with one partner."""

    reference: str
    partner: str
    documents: tuple[Link, ...]
    lines: tuple[ChainLine, ...]
    disagreements: tuple[str, ...]
    pending: tuple[str, ...]


def chains_of(links: Iterable[Link]) -> list[Chain]:
    """Return a chain for each trading partner that has the order; a warehouse's documents go with the only one there is."""
    by_partner: dict[str, list[Link]] = {}
    for link in links:
        by_partner.setdefault(link.partner, []).append(link)
    houses = [name for name, found in by_partner.items() if all(link.stage in WAREHOUSE for link in found)]
    traders = [name for name in by_partner if name not in houses]
    if len(traders) == 1:
        joined = [link for found in by_partner.values() for link in found]
        return [chain_of(joined, traders[0])]
    return [chain_of(found, name) for name, found in by_partner.items()]


def chain_of(links: Sequence[Link], partner: str = "") -> Chain:
    """Join the documents of one order, line by line."""
    documents = tuple(sorted(links, key=lambda link: link.at))
    current = list(_current(documents))
    lines = _Lines()
    for link in current:
        if link.stage == "ordered":
            lines.order(link)
    lines.ordered = any(link.stage == "ordered" for link in current)
    for link in current:
        if link.stage not in ("ordered", "paid"):
            lines.add(link)
    paid = list(_payments(current, lines))
    reference = next((link.reference for link in documents if link.kind == "order"), "")
    told = [*lines.disagreements(), *paid]
    return Chain(reference, partner, documents, tuple(lines.lines), tuple(told), tuple(lines.pending()))


def _current(documents: Sequence[Link]) -> Iterator[Link]:
    """Yield the documents that hold: of those that add up the last of each number, none that was cancelled."""
    last: dict[tuple[str, ...], Link] = {}
    for at, link in enumerate(documents):
        own = link.stage not in LATEST and link.number
        last[link.direction, link.set, link.number if own else str(at), link.kind, link.reference] = link
    cancelled = {(link.set, link.number) for link in documents if link.purpose == CANCELLED}
    for link in last.values():
        if link.stage in LATEST or (link.purpose != CANCELLED and (link.set, link.number) not in cancelled):
            yield link


class _Lines:
    """The lines of an order while documents are joined to them."""

    def __init__(self) -> None:
        self.lines: list[ChainLine] = []
        self.ordered = False
        self._numbers: dict[str, int] = {}
        self._items: dict[str, list[int]] = {}

    def order(self, link: Link) -> None:
        """Take an order, or a change of one; a replacement begins anew."""
        if link.purpose in ("original", REPLACED):
            self.lines, self._numbers, self._items = [], {}, {}
        if link.purpose == CANCELLED:
            for line in self.lines:
                line.stages["ordered"].quantity = Decimal(0)
        for row in link.lines:
            line = self._find(row) or self._new(row, extra=False)
            line.stages["ordered"] = _merged(line.stages.get("ordered"), row, link, adds=False)

    def add(self, link: Link) -> None:
        """Take a document that follows the order."""
        fresh: set[int] = set()
        for row in link.lines:
            line = self._find(row) or self._new(row, extra=self.ordered)
            adds = link.stage not in LATEST or id(line) in fresh
            fresh.add(id(line))
            line.stages[link.stage] = _merged(line.stages.get(link.stage), row, link, adds=adds)
            for qualifier, value in row[6].items():
                if line.items.get(qualifier, value) != value:
                    line.other[link.stage] = f"{qualifier} {value}, ordered {line.items[qualifier]}"

    def _find(self, row: Sequence[Any]) -> ChainLine | None:
        """Return the line that a document means: by article, and where that is not enough by number."""
        number = _bare(row[0])
        hits = [index for value in row[6].values() for index in self._items.get(value, ())]
        same = self._numbers.get(number) if number else None
        if same is not None and (same in hits or not hits):
            return self.lines[same]
        return self.lines[hits[0]] if hits else None

    def _new(self, row: Sequence[Any], *, extra: bool) -> ChainLine:
        line = ChainLine(row[0] or str(len(self.lines) + 1), dict(row[6]), extra=extra)
        index = len(self.lines)
        self.lines.append(line)
        self._numbers.setdefault(_bare(line.number), index)
        for value in line.items.values():
            self._items.setdefault(value, []).append(index)
        return line

    def disagreements(self) -> Iterator[str]:
        """Yield every disagreement in words."""
        for line in self.lines:
            for text in _told(line):
                yield f"line {line.number}: {text}"

    def pending(self) -> Iterator[str]:
        """Yield what has not followed yet."""
        for line in self.lines:
            for stage, before in (("shipped", _promised(line)), ("invoiced", line.stages.get("shipped"))):
                now = line.stages.get(stage)
                if now and before and now.unit == before.unit and _less(now.quantity, before.quantity):
                    yield f"line {line.number}: {_plain(now.quantity)} of {_plain(before.quantity)} {stage}"


def _bare(number: str | None) -> str:
    return (number or "").lstrip("0")


def _merged(before: Position | None, row: Sequence[Any], link: Link, *, adds: bool) -> Position:
    number, quantity, unit, price, date = (row[at] for at in range(5))
    del number
    old = before or Position()
    found = _decimal(quantity)
    total = (old.quantity or Decimal(0)) + found if adds and found is not None else found
    return Position(
        total if total is not None else old.quantity,
        unit or old.unit,
        _decimal(price) if price is not None else old.price,
        date or (link.date if link.stage not in LATEST else old.date),
    )


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def _promised(line: ChainLine) -> Position | None:
    return line.stages.get("acknowledged") or line.stages.get("ordered")


BASES: Final[Mapping[str, tuple[str, ...]]] = {
    "acknowledged": ("ordered",),
    "released": ("acknowledged", "ordered"),
    "picked": ("released", "acknowledged", "ordered"),
    "shipped": ("picked", "acknowledged", "ordered"),
    "received": ("shipped", "advised", "acknowledged", "ordered"),
    "invoiced": ("shipped", "acknowledged", "ordered"),
}
"""With which earlier stage a quantity is compared: the first that there is."""
MAY_BE_LESS: Final = ("shipped", "invoiced", "released")
"""Stages that come in parts: less is not wrong, it is not finished."""


def _told(line: ChainLine) -> Iterator[str]:
    if line.extra:
        yield f"{next(iter(line.stages))}, but not ordered"
        return
    for stage, base in BASES.items():
        now = line.stages.get(stage)
        before = next((name for name in base if name in line.stages), "")
        if now is None or not before:
            continue
        then = line.stages[before]
        if now.unit and then.unit and now.unit != then.unit:
            yield f"{stage} in {now.unit}, {before} in {then.unit}"
        elif _differs(stage, now.quantity, then.quantity):
            yield f"{stage} {_plain(now.quantity)}, {before} {_plain(then.quantity)}"
        yield from _terms(line, stage, now)
        if stage in line.other:
            yield f"{stage} as {line.other[stage]}"


def _terms(line: ChainLine, stage: str, now: Position) -> Iterator[str]:
    """Prices and dates: compared with what was promised, these aren't said at every stage."""
    priced = next((name for name in ("acknowledged", "ordered") if name != stage and _price(line, name) is not None), "")
    if now.price is not None and priced and now.price != _price(line, priced):
        yield f"{stage} at {_plain(now.price)}, {priced} at {_plain(_price(line, priced))}"
    wanted = line.stages.get("ordered")
    if stage == "acknowledged" and wanted and now.date and wanted.date and now.date > wanted.date:
        yield f"acknowledged for {now.date}, ordered for {wanted.date}"


def _price(line: ChainLine, stage: str) -> Decimal | None:
    found = line.stages.get(stage)
    return found.price if found else None


def _differs(stage: str, now: Decimal | None, then: Decimal | None) -> bool:
    if now is None or then is None:
        return False
    return now > then or (now < then and stage not in MAY_BE_LESS)


def _less(now: Decimal | None, then: Decimal | None) -> bool:
    return now is not None and then is not None and now < then


def _payments(links: Sequence[Link], lines: _Lines) -> Iterator[str]:
    """Join payments to invoices: lines of an invoice that is paid are paid. Yields invoices paid otherwise than they say."""
    paid: dict[str, list[tuple[Decimal, str]]] = {}
    for link in links:
        for row in link.lines if link.stage == "paid" else ():
            amount = (_decimal(row[5]) or Decimal(0)) + (_decimal(row[6].get("discount")) or Decimal(0))
            paid.setdefault(row[0] or "", []).append((amount, link.date))
    for link in links:
        if link.stage != "invoiced" or link.number not in paid:
            continue
        amount, date = sum((one for one, _ in paid[link.number]), Decimal(0)), paid[link.number][-1][1]
        total = _decimal(link.total)
        if total is not None and amount != total:
            yield f"invoice {link.number}: paid {_plain(amount)}, invoiced {_plain(total)}"
            continue
        for row in link.lines:
            line = lines._find(row)
            if line is not None:
                settled = Link(link.partner, link.direction, link.set, "paid", link.reference, date=date)
                line.stages["paid"] = _merged(line.stages.get("paid"), row, settled, adds=True)


def _plain(value: Decimal | None) -> str:
    if value is None:
        return "?"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
