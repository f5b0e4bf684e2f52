"""What each set says of its order: the rows that a recipe reads from the decoded shape."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.chain import Link, chain_of
from crossdock_transformers.edi.chain import links_of
from crossdock_transformers.edi.chain_x12 import X12
from tests.transformers.x12 import x12_kit

D = Decimal

HEAD: dict[str, Any] = {"interchange": {"control_number": "000000007"}, "control_number": "0001"}
LINE: dict[str, Any] = {
    "PO101": "1",
    "PO102": D(12),
    "PO103": "EA",
    "PO104": D("9.95"),
    "PO106": "VN",
    "PO107": "A",
    "PO108": "UP",
    "PO109": "1",
}
ITEMS = {"VN": "A", "UP": "1"}

BODIES: dict[str, tuple[str, dict[str, Any], list[tuple[str, str, str, str, str, list[Any]]]]] = {
    "850": (
        "850",
        {
            "BEG": {"BEG01": "00", "BEG03": "45", "BEG05": "2026-10-15"},
            "DTM": [{"DTM01": "002", "DTM02": "2026-11-20"}],
            "PO1": [LINE],
        },
        [("ordered", "45", "45", "2026-10-15", "original", [["1", "12", "EA", "9.95", "2026-11-20", None, ITEMS]])],
    ),
    "860 deletes a line": (
        "860",
        {
            "BCH": {"BCH01": "04", "BCH03": "45", "BCH06": "2026-10-16"},
            "POC": [
                {
                    "POC01": "1",
                    "POC02": "QI",
                    "POC03": D(20),
                    "POC05": {"POC0501": "EA"},
                    "POC06": D(9),
                    "POC08": "VN",
                    "POC09": "A",
                },
                {"POC01": "2", "POC02": "DI", "POC03": D(10), "POC05": {"POC0501": "EA"}},
            ],
        },
        [
            (
                "ordered",
                "45",
                "45",
                "2026-10-16",
                "change",
                [["1", "20", "EA", "9", None, None, {"VN": "A"}], ["2", "0", "EA", None, None, None, {}]],
            )
        ],
    ),
    "855 accepts a part": (
        "855",
        {
            "BAK": {"BAK01": "00", "BAK03": "45", "BAK04": "2026-10-16"},
            "PO1": [
                {
                    **LINE,
                    "ACK": [
                        {"ACK01": "IQ", "ACK02": D(8), "ACK03": "EA", "ACK04": "068", "ACK05": "2026-11-21"},
                        {"ACK01": "IR", "ACK02": D(4), "ACK03": "EA"},
                    ],
                }
            ],
        },
        [("acknowledged", "45", "", "2026-10-16", "original", [["1", "8", "EA", "9.95", "2026-11-21", None, ITEMS]])],
    ),
    "855 without ACK": (
        "855",
        {"BAK": {"BAK01": "00", "BAK03": "45", "BAK08": "S-9"}, "PO1": [LINE]},
        [("acknowledged", "45", "S-9", "", "original", [["1", "12", "EA", "9.95", None, None, ITEMS]])],
    ),
    "856 nested": (
        "856",
        {
            "BSN": {"BSN01": "00", "BSN02": "SH1", "BSN03": "2026-11-01"},
            "HL": [
                {
                    "HL01": "1",
                    "HL03": "S",
                    "HL": [
                        {
                            "HL01": "2",
                            "HL02": "1",
                            "HL03": "O",
                            "PRF": {"PRF01": "45"},
                            "HL": [
                                {
                                    "HL01": "3",
                                    "HL02": "2",
                                    "HL03": "I",
                                    "LIN": {"LIN01": "1", "LIN02": "VN", "LIN03": "A"},
                                    "SN1": {"SN102": D(5), "SN103": "EA"},
                                }
                            ],
                        },
                        {
                            "HL01": "4",
                            "HL02": "1",
                            "HL03": "O",
                            "PRF": {"PRF01": "46"},
                            "HL": [
                                {
                                    "HL01": "5",
                                    "HL02": "4",
                                    "HL03": "I",
                                    "LIN": [{"LIN02": "VN", "LIN03": "B"}],
                                    "SN1": {"SN101": "7", "SN102": D(6), "SN103": "CA"},
                                }
                            ],
                        },
                    ],
                }
            ],
        },
        [
            ("shipped", "45", "SH1", "2026-11-01", "original", [["1", "5", "EA", None, None, None, {"VN": "A"}]]),
            ("shipped", "46", "SH1", "2026-11-01", "original", [["7", "6", "CA", None, None, None, {"VN": "B"}]]),
        ],
    ),
    "856 flat": (
        "856",
        {
            "BSN": {"BSN01": "05", "BSN02": "SH1", "BSN03": "2026-11-01"},
            "HL": [
                {"HL01": "1", "HL03": "S"},
                {"HL01": "2", "HL02": "1", "HL03": "O", "PRF": {"PRF01": "45"}},
                {"HL01": "3", "HL02": "2", "HL03": "P"},
                {
                    "HL01": "4",
                    "HL02": "3",
                    "HL03": "I",
                    "LIN": {"LIN02": "VN", "LIN03": "A"},
                    "SN1": {"SN102": D(5), "SN103": "EA"},
                },
            ],
        },
        [("shipped", "45", "SH1", "2026-11-01", "replace", [[None, "5", "EA", None, None, None, {"VN": "A"}]])],
    ),
    "861": (
        "861",
        {
            "BRA": {"BRA01": "R1", "BRA02": "2026-11-03", "BRA03": "00"},
            "RCD": [
                {
                    "RCD01": "1",
                    "RCD02": D(4),
                    "RCD03": {"RCD0301": "EA"},
                    "LIN": [{"LIN02": "VN", "LIN03": "A"}],
                    "PRF": [{"PRF01": "45"}],
                }
            ],
        },
        [("received", "45", "R1", "2026-11-03", "original", [["1", "4", "EA", None, None, None, {"VN": "A"}]])],
    ),
    "810": (
        "810",
        {
            "BIG": {"BIG01": "2026-11-02", "BIG02": "I1", "BIG04": "45"},
            "TDS": {"TDS01": D("119.40")},
            "IT1": [{"IT101": "1", "IT102": D(12), "IT103": "EA", "IT104": D("9.95"), "IT106": "VN", "IT107": "A"}],
        },
        [("invoiced", "45", "I1", "2026-11-02", "original", [["1", "12", "EA", "9.95", None, None, {"VN": "A"}]])],
    ),
    "810 credit": (
        "810",
        {
            "BIG": {"BIG01": "2026-11-02", "BIG02": "C1", "BIG04": "45", "BIG07": "CN"},
            "TDS": {"TDS01": D("9.95")},
            "IT1": [{"IT101": "1", "IT102": D(1), "IT103": "EA", "IT104": D("9.95")}],
        },
        [("invoiced", "45", "C1", "2026-11-02", "original", [["1", "-1", "EA", "9.95", None, None, {}]])],
    ),
    "820": (
        "820",
        {
            "TRN": {"TRN01": "1", "TRN02": "T1"},
            "ENT": [
                {
                    "ENT01": "1",
                    "RMR": [{"RMR01": "IV", "RMR02": "I1", "RMR04": D("117"), "RMR05": D("119.40"), "RMR06": D("2.40")}],
                }
            ],
        },
        [("paid", "I1", "T1", "", "original", [["I1", None, None, None, None, "117", {"discount": "2.40"}]])],
    ),
    "940": (
        "940",
        {
            "W05": {"W0501": "N", "W0502": "D1", "W0503": "45"},
            "LX": [{"LX01": "1", "W01": [{"W0101": D(12), "W0102": "EA", "W0104": "VN", "W0105": "A"}]}],
        },
        [
            (("released"), order, "D1", "", "original", [["1", "12", "EA", None, None, None, {"VN": "A"}]])
            for order in ("45", "D1")
        ],
    ),
    "945": (
        "945",
        {
            "W06": {"W0601": "N", "W0602": "D1", "W0603": "2026-11-01", "W0604": "S1", "W0606": "45"},
            "LX": [
                {
                    "LX01": "1",
                    "W12": [
                        {
                            "W1201": "CC",
                            "W1202": D(12),
                            "W1203": D(11),
                            "W1205": "EA",
                            "W1206": "012345678905",
                            "W1207": "VN",
                            "W1208": "A",
                        }
                    ],
                }
            ],
        },
        [
            (
                "picked",
                order,
                "S1",
                "2026-11-01",
                "original",
                [["1", "11", "EA", None, None, None, {"VN": "A", "UP": "012345678905"}]],
            )
            for order in ("45", "D1")
        ],
    ),
    "943": (
        "943",
        {
            "W06": {"W0601": "N", "W0602": "D1", "W0603": "2026-11-01"},
            "W04": [{"W0401": D(3), "W0402": "CA", "W0404": "VN", "W0405": "A"}],
        },
        [("advised", "D1", "", "2026-11-01", "original", [[None, "3", "CA", None, None, None, {"VN": "A"}]])],
    ),
    "944": (
        "944",
        {
            "W17": {"W1701": "F", "W1702": "2026-11-03", "W1703": "R1", "W1704": "D1"},
            "W07": [{"W0701": D(3), "W0702": "CA", "W0704": "VN", "W0705": "A"}],
        },
        [("received", "D1", "R1", "2026-11-03", "original", [[None, "3", "CA", None, None, None, {"VN": "A"}]])],
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_document_says_what_it_says_of_each_order(case: str) -> None:
    """Stage, order, own number, date, purpose and lines."""
    number, body, expected = BODIES[case]
    found = links_of(X12, number, {**HEAD, **body}, "acme", "in")
    assert expected == [(one.stage, one.reference, one.number, one.date, one.purpose, one.lines) for one in found]
    assert {"000000007/0001"} == {one.control for one in found}


def picked(*packages: Any) -> list[Any]:
    """Return number, quantity and article of the lines of a 945."""
    body = {"W06": {"W0606": "45"}, "LX": list(packages)}
    return [(row[0], row[1], row[6].get("VN")) for row in links_of(X12, "945", {**HEAD, **body}, "westdock", "in")[0].lines]


def item(article: str, quantity: int, *references: tuple[str, str]) -> dict[str, Any]:
    """Return a W12 loop."""
    numbers = [{"N901": qualifier, "N902": value} for qualifier, value in references]
    return {"W1203": D(quantity), "W1205": "EA", "W1207": "VN", "W1208": article, **({"N9": numbers} if numbers else {})}


def test_a_warehouse_line_is_joined_by_its_own_reference() -> None:
    """N9*LI of the item, whatever package (LX) it is in; of the package where it holds one item."""
    package = {"LX01": "1", "W12": [item("A", 2, ("LT", "9"), ("LI", "3")), item("B", 5, ("LI", "7"))]}
    alone = {"LX01": "2", "N9": [{"N901": "LI", "N902": "3"}], "W12": [item("A", 1)]}
    assert picked(package, alone) == [("3", "2", "A"), ("7", "5", "B"), ("3", "1", "A")]


def test_a_package_with_several_items_is_no_line() -> None:
    """Its items are known by their articles; an LX with one item is a line, as before."""
    package = {"LX01": "1", "W12": [item("A", 2), item("B", 5)]}
    assert picked(package, {"LX01": "2", "W12": [item("C", 1)]}) == [(None, "2", "A"), (None, "5", "B"), ("2", "1", "C")]


def test_two_items_of_a_package_are_not_added_up() -> None:
    """Each goes to the line of its article; one that was not ordered is told as such."""
    order = {"BEG": {"BEG01": "00", "BEG03": "45"}, "PO1": [
        {"PO101": "1", "PO102": D(2), "PO103": "EA", "PO106": "VN", "PO107": "A"},
        {"PO101": "2", "PO102": D(5), "PO103": "EA", "PO106": "VN", "PO107": "B"},
    ]}  # fmt: skip
    shipped = {"W06": {"W0606": "45"}, "LX": [{"LX01": "1", "W12": [item("A", 2), item("B", 5), item("X", 1)]}]}
    links = [*links_of(X12, "850", {**HEAD, **order}, "acme", "in"), *links_of(X12, "945", {**HEAD, **shipped}, "westdock", "in")]
    chain = chain_of([link._replace(at=at) for at, link in enumerate(links)])
    quantities = [line.stages["picked"].quantity for line in chain.lines]
    assert (quantities, chain.disagreements) == ([2, 5, 1], ("line 3: picked, but not ordered",))


def test_an_invoice_says_its_total_and_a_credit_note_a_negative_one() -> None:
    """As payments are compared with it."""
    totals = [links_of(X12, "810", BODIES[case][1], "acme", "out")[0].total for case in ("810", "810 credit")]
    assert ["119.40", "-9.95"] == totals


@pytest.mark.parametrize(("number", "body"), [("997", {}), ("850", {}), ("856", {"HL": []}), ("810", {"BIG": {}, "IT1": [{}]})])
def test_a_document_that_names_no_order_says_nothing(number: str, body: dict[str, Any]) -> None:
    """Whatever else is in it."""
    assert () == links_of(X12, number, body, "acme", "in")


def test_the_decode_step_brings_links_with_each_part() -> None:
    """Of a file with a bad transaction, the good ones."""
    good, bad = x12_kit.parts(x12_kit.file(x12_kit.ORDER, x12_kit.replaced("CTT*2", "CTT*X")))
    assert (["4500000001"], ()) == ([one.reference for one in good.links], bad.links)
    assert ["1", "2"] == [row[0] for row in good.links[0].lines]


def test_the_encode_step_brings_links_with_what_it_writes() -> None:
    """To be kept with the delivery; `chain` may be left out of the checks, the links stay."""
    body = {
        "BAK": {"BAK01": "00", "BAK02": "AC", "BAK03": "45", "BAK04": "2026-10-15"},
        "PO1": [{**LINE, "PO109": "012345678905"}],
    }
    numbered = x12_kit.encoder(set="855", preflight={"skip": ["chain"]}).apply(x12_kit.message(body)).body
    (found,) = numbered.links
    assert Link("acme", "out", "855", "acknowledged", "45", checked=False, date="2026-10-15", lines=found.lines) == found
