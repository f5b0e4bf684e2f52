"""What each EDIFACT message says of its order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.chain import chain_of
from crossdock_transformers.edi.chain import links_of
from crossdock_transformers.edi.chain_edifact import EDIFACT

EAN = "4012345000009"


def head(code: str, number: str, order: str = "", **rest: Any) -> dict[str, Any]:
    """Return the beginning of a message of 15 October."""
    reference = {"RFF": [{"RFF01": {"RFF0101": "ON", "RFF0102": order}}]} if order else {}
    dates = [{"DTM01": {"DTM0101": "137", "DTM0102": "2026-10-15", "DTM0103": "102"}}]
    return {"BGM": {"BGM01": {"BGM0101": code}, "BGM02": number, "BGM03": "9"}, "DTM": dates, **reference, **rest}


def line(number: int, kind: str, quantity: str, price: str = "", **rest: Any) -> dict[str, Any]:
    """Return a LIN group."""
    return {
        "LIN01": Decimal(number),
        "LIN03": {"LIN0301": EAN, "LIN0302": "EN"},
        "PIA": [{"PIA01": "1", "PIA02": {"PIA0201": "SKU-1", "PIA0202": "SA"}}],
        "QTY": [{"QTY01": {"QTY0101": kind, "QTY0102": Decimal(quantity), "QTY0103": "PCE"}}],
        **({"PRI": [{"PRI01": {"PRI0101": "AAA", "PRI0102": Decimal(price)}}]} if price else {}),
        **rest,
    }


ITEMS = {"EN": EAN, "SA": "SKU-1"}
MESSAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "ORDERS": ("ordered", head("220", "45", LIN=[line(1, "21", "12", "9.95")])),
    "ORDRSP": ("acknowledged", head("231", "R1", "45", LIN=[line(1, "113", "12", "9.95")])),
    "DESADV": ("shipped", head("351", "D1", "45", CPS=[{"CPS01": "1", "LIN": [line(1, "12", "10")]}])),
    "RECADV": ("received", head("632", "V1", "45", CPS=[{"CPS01": "1", "LIN": [line(1, "48", "10")]}])),
    "INVOIC": (
        "invoiced",
        head(
            "380", "I1", "45", LIN=[line(1, "47", "12", "9.95")], MOA=[{"MOA01": {"MOA0101": "77", "MOA0102": Decimal("119.40")}}]
        ),
    ),
}
REMADV = head("481", "P1", DOC=[{
    "DOC01": {"DOC0101": "380"}, "DOC02": {"DOC0201": "I1"}, "MOA": [{"MOA01": {"MOA0101": "12", "MOA0102": Decimal("119.40")}}],
}])  # fmt: skip


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_message_says_what_it_says_of_its_order(kind: str) -> None:
    """Stage, order, date, and the line with its articles."""
    stage, body = MESSAGES[kind]
    (found,) = links_of(EDIFACT, kind, body, "acme", "in")
    assert (stage, "45", "2026-10-15") == (found.stage, found.reference, found.date)
    number, quantity, unit, _, _, _, items = found.lines[0]
    assert ("1", "PCE", ITEMS) == (number, unit, items)
    assert quantity in ("10", "12")


def test_the_messages_of_an_order_make_a_chain() -> None:
    """From ORDERS to REMADV, with what disagrees."""
    links = [link for kind, (_, body) in MESSAGES.items() for link in links_of(EDIFACT, kind, body, "acme", "in")]
    links += links_of(EDIFACT, "REMADV", REMADV, "acme", "in")
    chain = chain_of([link._replace(at=at) for at, link in enumerate(links)])
    assert ("line 1: invoiced 12, shipped 10",) == chain.disagreements
    assert ["ordered", "acknowledged", "shipped", "received", "invoiced", "paid"] == [*chain.lines[0].stages]


def test_a_change_deletes_a_line_and_a_response_refuses_one() -> None:
    """LIN02 says so."""
    change = head("230", "C1", "45", LIN=[line(1, "21", "12", LIN02="2")])
    answer = head("231", "R1", "45", LIN=[line(1, "21", "12", LIN02="7")])
    found = [links_of(EDIFACT, kind, body, "acme", "in")[0] for kind, body in (("ORDCHG", change), ("ORDRSP", answer))]
    assert [("change", "0"), ("original", "0")] == [(one.purpose, one.lines[0][1]) for one in found]


def test_a_line_may_name_its_own_order_and_that_orders_line() -> None:
    """One despatch advice for two orders."""
    lines = [
        line(at, "12", "1", RFF=[{"RFF01": {"RFF0101": "ON", "RFF0102": order, "RFF0103": "7"}}])
        for at, order in ((1, "45"), (2, "46"))
    ]
    found = links_of(EDIFACT, "DESADV", head("351", "D1", CPS=[{"CPS01": "1", "LIN": lines}]), "acme", "in")
    assert [("45", "7"), ("46", "7")] == [(one.reference, one.lines[0][0]) for one in found]


def test_a_price_for_a_hundred_is_a_price_for_one_and_a_credit_note_is_negative() -> None:
    """PRI with a basis, BGM+381."""
    price = {"PRI": [{"PRI01": {"PRI0101": "AAA", "PRI0102": Decimal(995), "PRI0105": Decimal(100)}}]}
    (found,) = links_of(EDIFACT, "INVOIC", head("381", "K1", "45", LIN=[line(1, "47", "2", **price)]), "acme", "out")
    assert ("-2", "9.95") == (found.lines[0][1], found.lines[0][3])
