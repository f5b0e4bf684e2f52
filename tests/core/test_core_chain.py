"""An order's documents joined line by line: what each stage says, what disagrees, what is pending."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.chain import Link, chain_of, chains_of

STAGES = ("ordered", "acknowledged", "shipped", "invoiced", "paid", "released", "picked")
SETS = dict(zip(STAGES, ("850", "855", "856", "810", "820", "940", "945"), strict=True))


def row(number: str | None, quantity: str | None = None, price: str | None = None, unit: str = "EA", **items: str) -> list[Any]:
    return [number, quantity, unit, price, None, None, items]


def link(stage: str, *rows: list[Any], at: int = 0, number: str = "", **rest: Any) -> Link:
    """Return a link of PO 45; later in the list of stages is later in time."""
    direction = "in" if stage in ("ordered", "paid") else "out"
    return Link(
        "acme", direction, SETS[stage], stage, "45", number, "2026-10-15", lines=rows, at=at or list(SETS).index(stage), **rest
    )


ORDER = link("ordered", row("1", "12", "9.95", VN="A"), row("2", "10", "5", VN="B"))


def told(*links: Link) -> list[str]:
    return list(chain_of(links).disagreements)


def test_an_order_through_all_stages_agrees() -> None:
    """Each line has a position at each stage, and is paid with its invoice."""
    same = (row("1", "12", "9.95", VN="A"), row("2", "10", "5", VN="B"))
    paid = Link(
        "acme",
        "in",
        "820",
        "paid",
        "INV-1",
        "T1",
        "2026-11-15",
        kind="invoice",
        lines=[["INV-1", None, None, None, None, "169.40", {}]],
        at=9,
    )
    chain = chain_of([ORDER, link("acknowledged", *same), link("shipped", *same, number="S1"),
                      link("invoiced", *same, number="INV-1", total="169.40"), paid])  # fmt: skip
    stages = ["ordered", "acknowledged", "shipped", "invoiced", "paid"]
    assert ([stages] * 2, (), ()) == ([list(line.stages) for line in chain.lines], chain.disagreements, chain.pending)
    assert (Decimal(12), "2026-11-15") == (chain.lines[0].stages["paid"].quantity, chain.lines[0].stages["paid"].date)


DISAGREEMENTS = {
    "quantity": (
        (link("shipped", row("2", "10"), number="S"), link("invoiced", row("2", "12", "5"), number="I")),
        "line 2: invoiced 12, shipped 10",
    ),
    "price": ((link("invoiced", row("1", "12", "9.99"), number="I"),), "line 1: invoiced at 9.99, ordered at 9.95"),
    "unit": ((link("acknowledged", row("1", "12", unit="CA")),), "line 1: acknowledged in CA, ordered in EA"),
    "less acknowledged": ((link("acknowledged", row("1", "8")),), "line 1: acknowledged 8, ordered 12"),
    "more shipped": ((link("shipped", row("1", "13"), number="S"),), "line 1: shipped 13, ordered 12"),
    "not ordered": ((link("invoiced", row("7", "1", VN="Z"), number="I"),), "line 7: invoiced, but not ordered"),
    "article": ((link("acknowledged", row("1", "12", VN="X")),), "line 1: acknowledged as VN X, ordered A"),
    "picked": ((link("released", row("1", "12")), link("picked", row("1", "11"))), "line 1: picked 11, released 12"),
}


@pytest.mark.parametrize("case", DISAGREEMENTS)
def test_a_disagreement_is_told_in_words(case: str) -> None:
    """The line, what this document says, and what the earlier one said."""
    links, expected = DISAGREEMENTS[case]
    assert [expected] == told(ORDER, *links)


def test_a_price_that_was_acknowledged_is_the_one_to_invoice() -> None:
    """One disagreement, at the acknowledgement."""
    links = (link("acknowledged", row("1", "12", "10")), link("invoiced", row("1", "12", "10"), number="I"))
    assert ["line 1: acknowledged at 10, ordered at 9.95"] == told(ORDER, *links)


def test_shipments_add_up_and_what_is_missing_is_pending() -> None:
    """Two of them, and a copy of the second that went to another place."""
    first, second = (link("shipped", row("1", "5"), number=name, at=at) for at, name in ((10, "S1"), (11, "S2")))
    chain = chain_of([ORDER, first, second, second._replace(at=12)])
    assert (("line 1: 10 of 12 shipped",), ()) == (chain.pending, chain.disagreements)


def test_a_line_is_found_by_its_article_where_numbers_differ() -> None:
    """An invoice that counts its own lines, with another qualifier for the same article."""
    chain = chain_of([ORDER, link("invoiced", row("1", "10", "5", SK="B"), number="I")])
    assert (["ordered"], ["ordered", "invoiced"]) == tuple(list(line.stages) for line in chain.lines)


def test_a_line_number_with_zeros_in_front_is_the_same() -> None:
    """`0002` is line 2."""
    assert ["line 2: shipped 11, ordered 10"] == told(ORDER, link("shipped", row("0002", "11"), number="S"))


def test_a_change_changes_lines_and_a_replacement_begins_anew() -> None:
    """An 860, then a corrected 850."""
    change = link("ordered", row("2", "20"), purpose="change", at=10)
    again = link("ordered", row("1", "1", VN="C"), purpose="replace", at=11)
    assert Decimal(20) == chain_of([ORDER, change]).lines[1].stages["ordered"].quantity
    assert [{"VN": "C"}] == [line.items for line in chain_of([ORDER, change, again]).lines]


def test_a_cancelled_order_ships_nothing() -> None:
    """What is shipped after all disagrees."""
    cancel = link("ordered", purpose="cancel", at=10)
    assert ["line 1: shipped 12, ordered 0"] == told(ORDER, cancel, link("shipped", row("1", "12"), number="S", at=11))


def test_a_cancelled_invoice_does_not_count() -> None:
    """Nor does the document that cancels it."""
    wrong = link("invoiced", row("1", "99"), number="I")
    assert [] == told(ORDER, wrong, wrong._replace(purpose="cancel", at=20))


def test_an_invoice_that_is_paid_otherwise_is_told() -> None:
    """With the discount that was taken."""
    invoice = link("invoiced", row("1", "12", "9.95"), number="I", total="119.40")
    paid = Link(
        "acme", "in", "820", "paid", "I", lines=[["I", None, None, None, None, "100", {"discount": "2"}]], kind="invoice", at=9
    )
    assert ["invoice I: paid 102, invoiced 119.4"] == told(ORDER, invoice, paid)


def test_partners_with_the_same_order_number_have_a_chain_each() -> None:
    """And a warehouse goes with the only trading partner."""
    released = link("released", row("1", "12"))._replace(partner="3pl")
    other = ORDER._replace(partner="beta")
    assert [("acme", 2)] == [(chain.partner, len(chain.documents)) for chain in chains_of([ORDER, released])]
    assert ["acme", "beta", "3pl"] == [chain.partner for chain in chains_of([ORDER, other, released])]


def test_documents_without_an_order_are_shown_as_they_are() -> None:
    """We began in the middle: nothing is called extra."""
    chain = chain_of([link("shipped", row("1", "5"), number="S")])
    assert (["shipped"], ()) == ([*chain.lines[0].stages], chain.disagreements)
