"""The sets with their samples: a distributor's documents, hand-written, one at least for each set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock_transformers import x12
from crossdock_transformers.edi.grammar import Node, TransactionSet
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.values import Delimiters
from tests.transformers.x12 import x12_kit as kit

SAMPLES = sorted(path for path in kit.SAMPLES.glob("*.edi") if "bad" not in path.name)
"""Files of correct transactions, each segment on a line of its own."""


def grammar_of(data: bytes) -> TransactionSet:
    """Return the set that a file's first transaction is of."""
    (found,) = re.findall(rb"GS\*.*\*X\*(\w+)~", data)[:1]
    (number,) = re.findall(rb"~\s*ST\*(\d+)", data)[:1]
    return standard().get(number.decode(), found.decode())


def bodies(data: bytes) -> list[list[str]]:
    """Return the segments between ST and SE of each transaction."""
    return [text.split("~\n")[1:-1] for text in re.findall(r"(?s)~\n(ST\*.*?~\n)SE\*", data.decode())]


@pytest.mark.parametrize("number", sorted({number for version in standard().versions for number in standard().sets(version)}))
def test_every_set_has_a_sample(number: str) -> None:
    """Whoever adds a set adds a document."""
    assert [path for path in SAMPLES if f"-{number}" in path.name] != []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_decodes_without_fault_and_is_written_with_the_same_segments(path: Path) -> None:
    """Byte for byte between ST and SE."""
    data = path.read_bytes()
    transactions = list(x12.decode_interchange(data))
    assert [(fault.line, fault.message) for one in transactions for fault in one.faults] == []
    for transaction, expected in zip(transactions, bodies(data), strict=True):
        written = x12.encode_transaction(transaction.body, grammar_of(data), Delimiters(repetition="^"))
        assert expected == ["*".join(segment) for segment in written]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_mandatory_segment_that_is_left_out_is_told(path: Path) -> None:
    """Each in turn; its loop loses its beginning with it."""
    data = path.read_bytes()
    lines = data.decode().splitlines()
    for node in _mandatory(grammar_of(data).root, {line.split("*")[0].rstrip("~") for line in lines}):
        tag = node.segment.tag
        text = "\n".join(line for line in lines if not line.startswith(f"{tag}*"))
        faults = [fault for one in x12.decode_interchange(text.encode()) for fault in one.faults]
        assert [fault for fault in faults if "mandatory" in fault.message and fault.tag == tag] != [], tag


def _mandatory(loop: Node, present: set[str]) -> Iterator[Node]:
    """Yield the mandatory nodes of loops that the document has."""
    for node in loop.children:
        if node.segment.tag in present - {"SE"}:
            if node.required:
                yield node
            yield from _mandatory(node, present)


@pytest.mark.parametrize(
    ("segment", "bad", "message"),
    [
        ("BIG*20261106*INV-100471*20261015*4500012345***DI", "BIG*20261106", "BIG02 (invoice number) is mandatory"),
        ("IT1*1*120*EA*9.95*PE*UP*012345678905*VN*SKU-0001*IN*ACM-77001", "IT1*1*120*EA", "IT102 and IT103 and IT104 must be"),
        ("TDS*148080", "TDS*1480.80", "TDS01 (amount) must be digits only"),
        ("CTT*2*126.5", "HL*1**S", "segment HL does not belong to a 810"),
        ("ITD*01*3*2*20261116*10*20261206*30*****2% 10 NET 30", "ITD*01*3*2", "ITD03 is there, so ITD04 or ITD05 or ITD13"),
    ],
)
def test_an_invoice_that_breaks_the_rules_is_refused_with_the_reason(segment: str, bad: str, message: str) -> None:
    """Mandatory elements, notes, kinds, strangers."""
    text = (kit.SAMPLES / "acme-810.edi").read_text()
    assert f"{segment}~" in text
    (transaction,) = x12.decode_interchange(text.replace(f"{segment}~", f"{bad}~").encode())
    assert message in "; ".join(fault.message for fault in transaction.faults)


def test_005010_allows_what_it_adds() -> None:
    """Long references, an implementation reference in ST03, a country subdivision in N407; 004010 takes none of it."""
    data = (kit.SAMPLES / "acme-856-005010.edi").read_bytes()
    (new,) = x12.decode_interchange(data)
    (old,) = x12.decode_interchange(data.replace(b"*^*00501*", b"*U*00401*").replace(b"*X*005010~", b"*X*004010~"))
    assert [] == [fault.message for fault in new.faults]
    assert [("ST", 3), ("REF", 2), ("N4", 7)] == [(fault.tag, fault.element) for fault in old.faults]


@pytest.mark.parametrize("version", ["003040", "004030VICS", "006020", "VICS"])
def test_a_group_of_a_version_that_is_not_there_is_answered_with_those_that_are(version: str) -> None:
    """AK905 is 2, and the words say what there is."""
    data = kit.interchange(kit.group(kit.transaction(), version=version))
    (part,) = kit.parts(data)
    assert part.error is not None
    expected = f"GS08: there is no grammar for X12 version '{version}'; there is 004010, 005010"
    assert ("AK905-2", expected) == (part.error.findings[0].code, part.error.findings[0].message)


def test_a_guide_of_another_version_says_which_one_it_takes() -> None:
    """The same set by number, in a later version."""
    surroundings = kit.Surroundings(guides={"g": {"guide": "g", "set": 850, "version": "004010", "segments": {}}})
    data = kit.interchange(kit.group(kit.transaction(), version="005010"))
    (part,) = kit.parts(data, surroundings, guide="g")
    assert part.error is not None
    assert "this route takes the 850 of X12 004010 only (its guide says so), this is '005010'" in part.error.message
