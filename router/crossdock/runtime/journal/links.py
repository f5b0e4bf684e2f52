"""What documents say of orders, as rows and back (`core.chain.Link`)."""

from __future__ import annotations

from collections.abc import Iterable

from crossdock.core.chain import Link
from crossdock.core.words import nearest
from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.texts import clean, dump, load, short

ALIKE = 3
"""Characters that a reference must begin with to be offered in place of another."""


def link_row(link: Link, ref: str, n: int, control: str, at: int) -> Line:
    """Return a link as `add_link` takes it."""
    data = [link.date, link.purpose, link.total, link.checked, link.lines]
    named = (link.partner, link.direction, link.set, link.stage, clean(link.number), clean(link.control or control))
    return (short(link.reference), link.kind, ref, n, *named, at, dump(data))


def links(session: Session, references: Iterable[str], kind: str = "order") -> list[Link]:
    """Return what is known of some orders or invoices, oldest first."""
    names = sorted({short(name) for name in references})
    return [_link(line) for line in session.all("links", references=names, kind=kind)] if names else []


def _link(line: Line) -> Link:
    reference, kind, ref, partner, direction, document, stage, number, control, at, data = line
    date, purpose, total, checked, lines = load(data)
    return Link(
        partner, direction, document, stage, reference, number, date, control, lines, kind, purpose, total, checked, ref, at
    )


def chain(session: Session, order: str) -> list[Link]:
    """Return all links of an order, and the payments of its invoices."""
    found = links(session, [order])
    invoices = {link.number for link in found if link.stage == "invoiced" and link.number}
    partners = {link.partner for link in found}
    return found + [link for link in links(session, invoices, "invoice") if link.partner in partners]


def alike(session: Session, order: str) -> str:
    """Return the order that was perhaps meant, in words, or nothing."""
    start = short(order)[: max(ALIKE, len(order) - 3)]
    found = session.all("references_like", text=start, beyond=start + "\U0010ffff")
    return nearest(order, (reference for (reference,) in found))
