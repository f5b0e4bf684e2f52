"""The grammars as data: complete in themselves, and widened by files alone."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossdock.core.errors import Refusal
from crossdock_transformers import x12
from crossdock_transformers.edi.grammar import Composite, Segment, Use
from crossdock_transformers.edi.load import Grammars, standard
from crossdock_transformers.edi.shape import shape_of
from crossdock_transformers.x12.envelope import survey
from crossdock_transformers.x12.transactions import GroupReader, Reading
from tests.transformers.x12 import x12_kit as kit

ALL = [(version, number) for version in standard().versions for number in standard().sets(version)]
FOLDER = Path(x12.__file__).parent / "grammars"
FILES = sorted(FOLDER.glob("*/*.yaml"))

GROUPS = {
    "810": "IN", "820": "RA", "830": "PS", "832": "SC", "846": "IB", "850": "PO", "852": "PD", "855": "PR", "856": "SH",
    "860": "PC", "861": "RC", "862": "SS", "864": "TX", "865": "CA", "867": "PT", "869": "RS", "870": "RS", "997": "FA",
    "940": "OW", "943": "AR", "944": "RE", "945": "SW", "947": "AW", "204": "SM", "210": "IM", "214": "QM", "990": "GF",
}  # fmt: skip
"""GS01 of the sets that trade uses."""


@pytest.mark.parametrize("version", standard().versions)
def test_the_sets_of_trade_are_there_in_every_version_with_their_group(version: str) -> None:
    """GS01 says which group a transaction travels in."""
    assert GROUPS == {number: standard().get(number, version).group for number in GROUPS}


@pytest.mark.parametrize(("version", "number"), ALL)
def test_every_set_loads_with_all_that_it_names(version: str, number: str) -> None:
    """Names are unique within a loop, notes point at elements, lengths make sense, keys lead to an element."""
    grammar = standard().get(number, version)
    shape = shape_of(grammar)
    for path, node in grammar.visit():
        names = [child.name for child in node.children]
        assert len(names) == len(set(names)), path
        _check_notes(node.segment)
        for use in node.segment.uses:
            _check_use(use)
    assert (number, version) == (grammar.number, grammar.version)
    assert re.fullmatch("[A-Z]{2}", grammar.group)
    assert grammar.keys
    for path in grammar.keys.values():
        inner = shape
        for part in path:
            inner = inner["properties"][part]


def _check_notes(what: Segment | Composite) -> None:
    """A note speaks of two different elements at least, all of them there."""
    for note in what.notes:
        assert 2 <= len(set(note.positions)) == len(note.positions), (what.title, note)
        assert 1 <= min(note.positions) <= max(note.positions) <= len(what.uses), (what.title, note)


def _check_use(use: Use) -> None:
    if isinstance(use.what, Composite):
        _check_notes(use.what)
        for part in use.what.uses:
            _check_use(part)
    else:
        assert 1 <= use.what.low <= use.what.high, use.ref
        assert all(use.what.low <= len(code) <= use.what.high for code in use.what.codes or ()), use.ref


class Strict(yaml.BaseLoader):
    """Refuses a key that is written twice; YAML's own loaders take the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the mapping; raises ValueError that names the key and its line."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise ValueError(f"line {key.start_mark.line + 1}: '{key.value}' is written twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def strict(file: Path) -> Any:
    """Return a file's data."""
    return yaml.load(file.read_text(encoding="utf-8"), Strict)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_no_key_is_written_twice(file: Path) -> None:
    """Of two elements, codes or segments by one name the first would be lost."""
    assert strict(file)


def test_a_key_that_is_written_twice_would_be_told(tmp_path: Path) -> None:
    """By its line."""
    (tmp_path / "codes.yaml").write_text('"478": {C: credit, D: debit}\n"353":\n  "00": original\n  "00": again\n')
    with pytest.raises(ValueError, match="line 4: '00' is written twice"):
        strict(tmp_path / "codes.yaml")


@pytest.mark.parametrize("version", standard().versions)
def test_dictionaries_are_sorted(version: str) -> None:
    """Elements and codes by number, composites and segments by tag, so that two people add to them without harm."""
    for name in ("elements", "codes"):
        file = FOLDER / version / f"{name}.yaml"
        numbers = [int(number) for number in strict(file)] if file.is_file() else []
        assert sorted(numbers) == numbers, name
    for part in strict(FOLDER / version / "segments.yaml").values():
        assert sorted(part) == list(part)


def test_all_that_the_dictionary_has_is_used() -> None:
    """Nothing lies about: every element in a segment, every code list by an element, every segment in a set."""
    raw = [strict(file) for file in FOLDER.glob("*/segments.yaml")]
    words = " ".join(one["elements"] for file in raw for part in file.values() for one in part.values())
    used = set(re.findall(r"\w+", re.sub(r"\*\d+|\[\d+\]", "", words)))
    elements = {number for file in FOLDER.glob("*/elements.yaml") for number in strict(file)}
    codes = {number for file in FOLDER.glob("*/codes.yaml") for number in strict(file)}
    composites = {number for file in raw for number in file.get("composites", {})}
    assert set() == (elements | composites) - used
    assert set() == codes - elements
    tags = {tag for version, number in ALL for tag in standard().get(number, version).tags}
    assert set() == {tag for file in raw for tag in file["segments"]} - tags


def test_the_hierarchy_of_a_ship_notice_is_a_tree() -> None:
    """Its HL loops name their parents."""
    trees = {number for version, number in ALL for _, node in standard().get(number, version).visit() if node.tree}
    assert "856" in trees


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("004010", "004010"),
        ("004010VICS", "004010"),
        ("004010UCS", "004010"),
        ("00401", "004010"),
        ("005010", "005010"),
        ("005010X231A1", "005010"),
        ("005010VICS", "005010"),
        ("00501", "005010"),
        ("0040", None),
        ("003040", None),
        ("004030VICS", None),
        ("006020", None),
        ("", None),
    ],
)
def test_versions_resolve_to_their_base(written: str, base: str | None) -> None:
    """As partners write them."""
    assert base == standard().resolve(written)


@pytest.mark.parametrize("version", ["003040", "004030", "006020", "VICS"])
def test_a_version_that_is_not_there_is_refused_with_those_that_are(version: str) -> None:
    """In a guide, in an agreement, in a file."""
    with pytest.raises(Refusal, match=f"there is no X12 version '{version}'; there is 004010, 005010"):
        standard().get("850", version)


def test_a_set_that_is_not_there_is_refused_with_those_that_are() -> None:
    """Of the same version."""
    with pytest.raises(Refusal, match="there is no set '851' in X12 004010; there is 204, 210, 214, "):
        standard().get("851", "004010VICS")


def test_another_version_and_another_set_are_files_alone(tmp_path: Path) -> None:
    """A 005010 that extends 004010 with a repeated element, a new set with a name of its own, and nothing else."""
    base = Path(x12.__file__).parent / "grammars" / "004010"
    (tmp_path / "004010").mkdir()
    for name in ("version", "elements", "codes", "segments", "850", "855", "997"):
        (tmp_path / "004010" / f"{name}.yaml").symlink_to(base / f"{name}.yaml")
    (tmp_path / "005010").mkdir()
    (tmp_path / "005010" / "version.yaml").write_text('version: "005010"\nextends: "004010"\n')
    (tmp_path / "005010" / "segments.yaml").write_text('segments:\n  MSG: {title: text, elements: "933![3]"}\n')
    (tmp_path / "005010" / "864.yaml").write_text(
        'set: "864"\ntitle: Text message\ngroup: TX\nkeys: {}\n'
        "segments:\n  - ST M 1\n  - N1 O 2\n  - MSG M 2\n  - N9 O 1: [MSG O 1 as NOTE]\n  - SE M 1\n"
    )
    grammars = Grammars(tmp_path)
    assert grammars.sets("005010") == ("850", "855", "864", "997")
    inner = kit.transaction(["N1*BY*ACME", "MSG*A^B", "MSG*C", "N9*L1*X", "MSG*D"], number="864")
    data = kit.interchange(kit.group(inner, version="005010X1", function="TX")).replace(b"*U*00401*", b"*^*00501*")
    (found,) = survey(data).interchanges
    (transaction,) = GroupReader(data, found, found.groups[0], Reading(grammars=grammars)).read()
    assert (transaction.faults, transaction.body["MSG"]) == ((), [{"MSG01": ["A", "B"]}, {"MSG01": ["C"]}])
    assert transaction.body["N9"] == {"N901": "L1", "N902": "X", "NOTE": {"MSG01": ["D"]}}
    segments = x12.encode_transaction(transaction.body, grammars.get("864", "005010"), found.header.delimiters)
    assert inner[1:-1] == ["*".join(segment) for segment in segments]
