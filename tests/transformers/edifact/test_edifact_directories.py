"""The directories: what they hold, and a distributor's documents in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from crossdock_transformers.edi.chain import links_of
from crossdock_transformers.edi.chain_edifact import EDIFACT
from crossdock_transformers.edi.grammar import Composite, Element, Node, Segment, TransactionSet, Use
from crossdock_transformers.edi.guide import Guide
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.machine import Spot, step
from crossdock_transformers.edi.sample import Sampler, written
from crossdock_transformers.edifact import write
from tests.transformers.edifact import edifact_kit as kit

GRAMMARS = standard("edifact")
SAMPLES = sorted((Path(__file__).parent / "samples").rglob("*.edi"))
"""A folder for each directory; files of correct messages, each segment on a line of its own."""
TRADE = {
    *("ORDERS", "ORDCHG", "ORDRSP", "DESADV", "INVOIC", "INVRPT", "SLSRPT", "PRICAT", "PARTIN", "REMADV", "DELFOR"),
    *("IFTMIN", "IFTSTA", "CONTRL"),
}
LATER = {"APERAK", "HANMOV", "RECADV", "SLSFCT"}
"""Messages that D.93A has not yet."""
ALL = [(version, number) for version in GRAMMARS.versions for number in GRAMMARS.sets(version)]


def names(path: Path) -> tuple[str, str]:
    """Return directory and message of a sample."""
    return path.parent.name, path.stem


def at(grammar: TransactionSet, path: str) -> Node:
    """Return the node of a path such as `LIN/PRI`."""
    (found,) = (node for names, node in grammar.visit() if "/".join(names) == path)
    return found


def line(segment: Segment | Composite) -> str:
    """Return the elements of a segment or composite as a grammar writes them."""
    return " ".join(use.what.number + "!" * use.required for use in segment.uses)


def every(uses: tuple[Use, ...]) -> Iterator[Use]:
    """Yield elements and their components."""
    for use in uses:
        yield use
        if isinstance(use.what, Composite):
            yield from every(use.what.uses)


def all_of(spot: Spot) -> Iterator[Spot]:
    """Yield a place and all below it, in the order of the segment table."""
    yield spot
    for below in spot.below:
        yield from all_of(below)


def place(spot: Spot) -> str:
    """Return the names that lead to a place."""
    return f"{place(spot.above)}/{spot.node.name}".lstrip("/") if spot.above else ""


def followers(spot: Spot) -> Iterator[Spot]:
    """Yield the places to which a correct document may go on, the nearest first."""
    for below in spot.below:
        yield below
        if below.node.required:
            return
    while spot.above is not None:
        if not spot.node.single:
            yield spot
        for after in spot.above.below[spot.index + 1 :]:
            yield after
            if after.node.required:
                return
        spot = spot.above


def test_there_are_four_directories() -> None:
    """Those that distribution still meets."""
    assert GRAMMARS.versions == ("D01B", "D93A", "D96A", "D97A")


@pytest.mark.parametrize("version", GRAMMARS.versions)
def test_a_directory_has_the_messages_of_the_trade(version: str) -> None:
    """All of them; D.93A has fewer."""
    assert set(GRAMMARS.sets(version)) == (TRADE if version == "D93A" else TRADE | LATER)


@pytest.mark.parametrize("version", GRAMMARS.versions)
def test_all_segments_of_a_directory_can_be_read(version: str) -> None:
    """No element is missing, each has a length and a title."""
    words = GRAMMARS.dictionary(version)
    elements = [use.what for tag in words.tags for use in every(words.segment(tag).uses) if isinstance(use.what, Element)]
    assert [one for one in elements if not (0 < one.low <= one.high and one.title and one.kind in ("A", "AN", "N"))] == []


@pytest.mark.parametrize("version", GRAMMARS.versions)
def test_all_composites_of_a_directory_are_used(version: str) -> None:
    """What is written as a composite is one."""
    words = GRAMMARS.dictionary(version)
    used = {use.what.number for tag in words.tags for use in words.segment(tag).uses if isinstance(use.what, Composite)}
    assert [tag for tag in words.tags if not words.segment(tag).uses] == []
    assert {"C002", "C082", "C186", "C212", "C506", "C507", "C516", "S009"} <= used


@pytest.mark.parametrize(("version", "number"), ALL)
def test_names_are_unique_where_they_stand(version: str, number: str) -> None:
    """A segment, a group and an element never share a key of the decoded body."""
    nodes = [node for _, node in GRAMMARS.get(number, version).root.visit()]
    keys = [[*(child.name for child in node.children), *(use.ref for use in node.segment.uses)] for node in nodes]
    assert [one for one in keys if len(set(one)) != len(one)] == []


@pytest.mark.parametrize(("version", "number"), ALL)
def test_every_message_has_a_title_and_business_keys_that_lead_somewhere(version: str, number: str) -> None:
    """The number of the document, in BGM."""
    grammar = GRAMMARS.get(number, version)
    known = {use.ref for _, node in grammar.visit() for use in every(node.segment.uses)}
    assert (bool(grammar.keys), bool(grammar.title)) == (True, True)
    assert [path for path in grammar.keys.values() if path[-1] not in known] == []
    assert {path[0] for path in grammar.keys.values()} <= {"BGM", "UCI"}


@pytest.mark.parametrize(
    ("version", "number", "path", "rule"),
    [
        ("D96A", "ORDERS", "BGM", ("M", 1)),
        ("D96A", "ORDERS", "DTM", ("M", 35)),
        ("D96A", "ORDERS", "FTX", ("C", 99)),
        ("D96A", "ORDERS", "NAD", ("C", 99)),
        ("D96A", "ORDERS", "NAD/CTA/COM", ("C", 5)),
        ("D96A", "ORDERS", "LIN", ("C", 200000)),
        ("D96A", "ORDERS", "LIN/PIA", ("C", 25)),
        ("D96A", "ORDERS", "LIN/PRI", ("C", 25)),
        ("D96A", "ORDERS", "UNS", ("M", 1)),
        ("D96A", "ORDERS", "CNT", ("C", 10)),
        ("D93A", "ORDERS", "LIN", ("C", 200000)),
        ("D01B", "ORDERS", "LIN", ("C", 200000)),
        ("D96A", "DESADV", "CPS", ("C", 9999)),
        ("D96A", "DESADV", "CPS/PAC/PCI/GIN", ("C", 99)),
        ("D96A", "DESADV", "CPS/LIN", ("C", 9999)),
        ("D96A", "INVOIC", "LIN", ("C", 9999999)),
        ("D96A", "INVOIC", "UNS", ("M", 1)),
        ("D96A", "INVOIC", "MOA", ("M", 100)),
        ("D01B", "INVOIC", "MOA", ("M", 100)),
        ("D96A", "SLSRPT", "LOC", ("M", 200000)),
        ("D96A", "REMADV", "DOC/MOA", ("M", 5)),
        ("D96A", "PRICAT", "PGI/LIN", ("C", 999999)),
        ("D96A", "PARTIN", "SG4", ("C", 200000)),
        ("D96A", "DELFOR", "UNS2", ("M", 1)),
        ("D96A", "IFTSTA", "CNI/STS", ("M", 99)),
        ("D97A", "DELFOR", "GIS/LIN/SCC/QTY", ("C", 999)),
        ("D96A", "APERAK", "ERC/RFF/FTX", ("C", 9)),
        ("D96A", "CONTRL", "UCM/UCS/UCD", ("C", 99)),
    ],
)
def test_a_place_is_as_the_directory_has_it(version: str, number: str, path: str, rule: tuple[str, int]) -> None:
    """Requirement and repetitions."""
    node = at(GRAMMARS.get(number, version), path)
    assert ("M" if node.required else "C", node.most) == rule


@pytest.mark.parametrize(("version", "number"), ALL)
def test_every_place_of_a_message_is_reached(version: str, number: str) -> None:
    """A document with all segments in their order puts each where the table has it, but for what is ambiguous."""
    spots = list(all_of(Spot.of(GRAMMARS.get(number, version).root)))
    found = [(step(spot, after.node.segment.tag), after) for spot, after in pairwise(spots)]
    missed = {place(after) for reached, after in found if reached is None or reached.spot is not after}
    assert missed <= {far for _, far in kit.AMBIGUOUS.get((version, number), [])}


@pytest.mark.parametrize(("version", "number"), ALL)
def test_a_segment_can_be_meant_for_one_place_only(version: str, number: str) -> None:
    """Wherever a document stands, what may come next has one place; the few exceptions are the directories' own."""
    found: set[tuple[str, str]] = set()
    for spot in all_of(Spot.of(GRAMMARS.get(number, version).root)):
        nearest: dict[str, Spot] = {}
        for after in followers(spot):
            near = nearest.setdefault(after.node.segment.tag, after)
            found |= {(place(near), place(after))} if near is not after else set()
    assert sorted(found) == kit.AMBIGUOUS.get((version, number), [])


@pytest.mark.parametrize(
    ("version", "tag", "elements"),
    [
        ("D93A", "BGM", "C002 1004 1225 4343"),
        ("D96A", "BGM", "C002 1004 1225 4343"),
        ("D97A", "BGM", "C002 C106 1225 4343"),
        ("D01B", "BGM", "C002 C106 1225 4343"),
        ("D96A", "NAD", "3035! C082 C058 C080 C059 3164 3229 3251 3207"),
        ("D01B", "NAD", "3035! C082 C058 C080 C059 3164 C819 3251 3207"),
        ("D93A", "LIN", "1082 1229 C212 5495 1222 7083"),
        ("D96A", "LIN", "1082 1229 C212 C829 1222 7083"),
        ("D96A", "PIA", "4347! C212! C212 C212 C212 C212"),
        ("D96A", "CUX", "C504 C504 5402 6341"),
        ("D96A", "TDT", "8051! 8028 C220 C228 C040 8101 C401 C222 8281"),
        ("D96A", "COM", "C076!"),
        ("D01B", "COM", "C076! C076 C076"),
        ("D96A", "IMD", "7077 7081 C273 7383"),
        ("D01B", "IMD", "7077 C272 C273 7383"),
    ],
)
def test_a_segment_is_as_the_directory_has_it(version: str, tag: str, elements: str) -> None:
    """Each directory exactly its own: elements in their order, what is mandatory, each repetition at its place."""
    assert line(GRAMMARS.dictionary(version).segment(tag)) == elements


@pytest.mark.parametrize(
    ("version", "number", "elements"),
    [
        ("D96A", "C507", "2005! 2380 2379"),
        ("D96A", "C080", "3036! 3036 3036 3036 3036 3045"),
        ("D93A", "C059", "3042! 3042 3042"),
        ("D96A", "C059", "3042! 3042 3042 3042"),
        ("D96A", "C058", "3124! 3124 3124 3124 3124"),
        ("D96A", "C082", "3039! 1131 3055"),
        ("D96A", "C506", "1153! 1154 1156 4000"),
        ("D01B", "C506", "1153! 1154 1156 4000 1060"),
        ("D96A", "C088", "3433 1131 3055 3434 1131 3055 3432 3436"),
        ("D97A", "C106", "1004 1056 1060"),
    ],
)
def test_a_composite_is_as_the_directory_has_it(version: str, number: str, elements: str) -> None:
    """Also where an element comes twice apart."""
    assert line(GRAMMARS.dictionary(version).composite(number)) == elements


@pytest.mark.parametrize(
    ("version", "number", "size"),
    [
        ("D96A", "1082", ("N", 1, 6)),
        ("D01B", "1082", ("AN", 1, 6)),
        ("D93A", "3148", ("AN", 1, 25)),
        ("D96A", "3148", ("AN", 1, 512)),
        ("D96A", "1154", ("AN", 1, 35)),
        ("D01B", "1154", ("AN", 1, 70)),
        ("D96A", "2380", ("AN", 1, 35)),
        ("D96A", "6060", ("N", 1, 15)),
        ("D96A", "7124", ("N", 4, 4)),
        ("D96A", "0001", ("A", 4, 4)),
    ],
)
def test_an_element_is_as_long_as_the_directory_says(version: str, number: str, size: tuple[str, int, int]) -> None:
    """Lengths grew with time."""
    element = GRAMMARS.dictionary(version).element(number)
    assert (element.kind, element.low, element.high) == size


def test_a_code_list_is_the_directorys_own() -> None:
    """D.97A added 55 to the functions of a message; D.93A came without lists."""
    functions = {version: GRAMMARS.dictionary(version).element("1225").codes for version in GRAMMARS.versions}
    assert {version: len(codes or ()) for version, codes in functions.items()} == {"D93A": 0, "D96A": 54, "D97A": 55, "D01B": 0}


@pytest.mark.parametrize("number", sorted(TRADE | LATER))
def test_every_message_has_a_sample(number: str) -> None:
    """Whoever adds a message adds a document."""
    assert [names(path)[0] for path in SAMPLES if names(path)[1] == number and path.parent.name in ("D96A", "service")] != []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: "-".join(names(path)))
def test_a_sample_is_decoded_without_fault_and_written_with_the_same_segments(path: Path) -> None:
    """Character by character between UNH and UNT."""
    version, number = names(path)
    expected = segments(path.read_bytes())
    body = kit.body(path.read_bytes())
    options = {} if version == "service" else {"version": version}
    assert expected == segments(kit.encoded(body, set=number, **options))


def segments(data: bytes) -> list[str]:
    """Return a file's segments between UNH and UNT."""
    text = re.sub(r"'\n?", "'", data.decode("latin-1"))
    return re.split(r"(?<!\?)'", text[text.index("'", text.index("UNH")) + 1 : text.index("UNT")])[:-1]


@pytest.mark.parametrize(("version", "number"), [one for one in ALL if one[1] != "CONTRL"])
def test_a_generated_message_is_correct(version: str, number: str) -> None:
    """What the grammar makes, the codec takes."""
    grammar = GRAMMARS.get(number, version)
    agreed = kit.agreement(association="", theirs=kit.agreement().ours, ours=kit.agreement().theirs)
    lines = written(Sampler(Guide(grammar)).plan(), grammar, write.delimiters_of(agreed)).segments
    data = write.Letter(agreed, write.Identifier(number, version, ""), [lines]).render(1, 0)
    (part,) = kit.parts(data)
    assert [] == (part.error.findings if part.error else [])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("version", "number", "stage", "order", "quantity"),
    [
        ("D96A", "ORDERS", "ordered", "4500012345", "120"),
        ("D96A", "ORDRSP", "acknowledged", "4500012345", "120"),
        ("D96A", "DESADV", "shipped", "4500012345", "120"),
        ("D96A", "INVOIC", "invoiced", "4500012345", "120"),
        ("D01B", "ORDERS", "ordered", "4500012345", "120"),
        ("D01B", "ORDRSP", "acknowledged", "4500012345", "120"),
        ("D01B", "DESADV", "shipped", "4500012345", "120"),
        ("D01B", "INVOIC", "invoiced", "4500012345", "120"),
        ("D93A", "ORDERS", "ordered", "4500012345", "120"),
        ("D97A", "DESADV", "shipped", "4500012345", "120"),
    ],
)
def test_a_sample_joins_the_document_chain(version: str, number: str, stage: str, order: str, quantity: str) -> None:
    """The chain finds order and quantity in each directory, though BGM, LIN and RFF differ."""
    body: Any = kit.body((Path(__file__).parent / "samples" / version / f"{number}.edi").read_bytes())
    found = links_of(EDIFACT, number, body, "beta", "in")[0]
    assert (found.stage, found.reference, found.lines[0][1]) == (stage, order, quantity)
