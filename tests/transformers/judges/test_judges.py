"""Other EDI implementations judge the same documents.

mock-edi judges by its dictionaries, pyx12 and draftedi X12's envelopes, pydifact EDIFACT's syntax. Their verdicts and ours agree,
but for what `KNOWN` lists with who is right by the standard.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import draftedi
import pytest
from mockedi.testing import Mock
from pydifact.segmentcollection import RawSegmentCollection
from pyx12.x12file import X12Reader

from crossdock.core.errors import Rejected
from crossdock_transformers.edifact import decode_interchange as decode_edifact
from crossdock_transformers.x12 import decode_interchange as decode_x12
from tests.transformers.edifact import edifact_kit
from tests.transformers.x12 import x12_kit

Change = Callable[[list[str]], list[str]]
ORDER = [
    "BEG*00*SA*4500000001**20261015",
    "N1*BY*ACME*92*ACME",
    "N1*ST*DC 12*92*DC12",
    "N3*1 MAIN ST",
    "N4*DALLAS*TX*75201*US",
    "PO1*1*10*EA*12.50**VP*WIDGET-001",
    "PID*F****Hex bolt",
    "PO1*2*3*EA*8**VP*GASKET-A",
    "CTT*2",
]
ORDERS = [
    "BGM+220+PO-1+9",
    "DTM+137:20261015:102",
    "NAD+BY+ACME::92",
    "LIN+1++WIDGET-001:VP",
    "QTY+21:10:PCE",
    "PRI+AAA:12.50",
    "UNS+S",
    "CNT+2:1",
]


def swapped(old: str, new: str) -> Change:
    """Return a change of a text that must be there."""

    def change(segments: list[str]) -> list[str]:
        assert any(old in one for one in segments)
        return [one.replace(old, new) for one in segments]

    return change


X12: dict[str, Change] = {
    "as it should be": lambda body: body,
    "without its mandatory BEG": lambda body: body[1:],
    "a quantity that is no number": swapped("*10*EA", "*TEN*EA"),
    "a segment that X12 does not know": lambda body: [*body[:5], "ZZZ*1", *body[5:]],
    "a segment of another set": lambda body: [*body[:1], "BIG*20261015*INV1", *body[1:]],
    "a date of month 13": swapped("20261015", "20261315"),
    "an order number that is too long": swapped("4500000001", "4" * 23),
    "a purpose that is no code": swapped("BEG*00", "BEG*QQ"),
    "an element too many": swapped("CTT*2", "CTT*2***********9"),
    "a mandatory element that is empty": swapped("*SA*4500000001", "*SA*"),
    "two BEGs": lambda body: body[:1] * 2 + body[1:],
    "an identification code that is too short": swapped("*92*DC12", "*92*D"),
}
ENVELOPES = {
    "as it should be": (b"", b""),
    "SE01 that miscounts": (b"~SE*11", b"~SE*12"),
    "SE02 that is not ST02": (b"*0001~GE", b"*0009~GE"),
    "GE01 that miscounts": (b"~GE*1", b"~GE*2"),
    "GE02 that is not GS06": (b"~GE*1*4711", b"~GE*1*4712"),
    "IEA01 that miscounts": (b"~IEA*1*", b"~IEA*2*"),
    "IEA02 that is not ISA13": (b"~IEA*1*000004711", b"~IEA*1*000004712"),
}
EDIFACT: dict[str, Change] = {
    "as it should be": lambda body: body,
    "without its mandatory BGM": lambda body: body[1:],
    "a quantity that is no number": swapped("21:10", "21:TEN"),
    "a segment that EDIFACT does not know": lambda body: [*body[:2], "ZZZ+1", *body[2:]],
    "an order number that is too long": swapped("PO-1", "P" * 36),
    "an element too many": swapped("UNS+S", "UNS+S+9"),
    "a mandatory component that is empty": swapped("DTM+137:", "DTM+:"),
    "without its mandatory UNS": lambda body: body[:6] + body[7:],
}
KNOWN = {
    "both of N103 and N104 or neither": (
        "mock-edi knows no syntax notes; X12's N1 has P0304, so we are right",
        swapped("*92*DC12", "*92"),
    ),
}


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with Mock.start() as started:
        yield started


def accepted(decode: Callable[[bytes], Iterator[object]], data: bytes) -> bool:
    """Our own verdict."""
    try:
        return all(one.error is None for one in decode(data))  # type: ignore[attr-defined]
    except Rejected:
        return False


def spotless(mock: Mock, data: bytes) -> bool:
    """mock-edi's verdict: no finding at all."""
    return all(one.endswith(": accepted") for one in mock.findings(data.decode()))


@pytest.mark.parametrize("name", X12)
def test_mock_edi_agrees_on_an_850(name: str, mock: Mock) -> None:
    data = x12_kit.file(X12[name](list(ORDER)))
    assert accepted(decode_x12, data) == spotless(mock, data) == (name == "as it should be")


@pytest.mark.parametrize("name", EDIFACT)
def test_mock_edi_agrees_on_orders(name: str, mock: Mock) -> None:
    data = edifact_kit.file(EDIFACT[name](list(ORDERS)))
    assert accepted(decode_edifact, data) == spotless(mock, data) == (name == "as it should be")


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_difference_is_still_one(name: str, mock: Mock) -> None:
    _, change = KNOWN[name]
    data = x12_kit.file(change(list(ORDER)))
    assert (accepted(decode_x12, data), spotless(mock, data)) == (False, True)


@pytest.mark.parametrize("name", ENVELOPES)
def test_pyx12_agrees_on_envelopes(name: str) -> None:
    data = x12_kit.file(list(ORDER)).replace(*ENVELOPES[name], 1)
    reader = X12Reader(io.StringIO(data.decode()))
    for _ in reader:
        continue
    reader.cleanup()
    assert accepted(decode_x12, data) == (not reader.pop_errors()) == (name == "as it should be")


X12_SAMPLES = sorted((Path(x12_kit.__file__).parent / "samples").glob("*.edi"))
EDIFACT_SAMPLES = sorted((Path(edifact_kit.__file__).parent / "samples").rglob("*.edi"))


@pytest.mark.parametrize("path", X12_SAMPLES, ids=lambda path: path.stem)
def test_draftedi_finds_the_same_transactions_and_counts(path: Path) -> None:
    data = path.read_bytes()
    parsed = draftedi.parse_edi_file(data)
    theirs = [
        (one["transaction_set_id"], one["control_number"], draftedi.check_envelope(one, one["segments"]))
        for interchange in parsed["interchanges"]
        for group in interchange["groups"]
        for one in group["transactions"]
    ]
    assert [(one.set, one.control, []) for one in decode_x12(data)] == theirs


@pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")
@pytest.mark.parametrize("path", EDIFACT_SAMPLES, ids=lambda path: path.stem)
def test_pydifact_finds_the_same_messages(path: Path) -> None:
    data = path.read_bytes()
    segments = list(RawSegmentCollection.from_str(data.decode("latin-1")).segments)
    theirs = [(one.elements[1][0], one.elements[0]) for one in segments if one.tag == "UNH"]
    assert [(one.set, one.control) for one in decode_edifact(data)] == theirs
