"""The grammars as data: complete in themselves, and widened by files alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from crossdock_transformers import x12
from crossdock_transformers.edi.grammar import Composite, Use
from crossdock_transformers.edi.load import Grammars, standard
from crossdock_transformers.edi.shape import shape_of
from crossdock_transformers.x12.envelope import survey
from crossdock_transformers.x12.transactions import GroupReader, Reading
from tests.transformers.x12 import x12_kit as kit

ALL = [(version, number) for version in standard().versions for number in standard().sets(version)]


def test_the_sets_of_this_release_are_there() -> None:
    """850, 855 and 997 of 004010."""
    assert ALL == [("004010", "850"), ("004010", "855"), ("004010", "997")]


@pytest.mark.parametrize(("version", "number"), ALL)
def test_every_set_loads_with_all_that_it_names(version: str, number: str) -> None:
    """Names are unique within a loop, notes point at elements, lengths make sense, keys lead to an element."""
    grammar = standard().get(number, version)
    shape = shape_of(grammar)
    for path, node in grammar.visit():
        names = [child.name for child in node.children]
        assert len(names) == len(set(names)), path
        assert all(max(note.positions) <= len(node.segment.uses) for note in node.segment.notes), path
        for use in node.segment.uses:
            _check_use(use)
    for path in grammar.keys.values():
        inner = shape
        for part in path:
            inner = inner["properties"][part]


def _check_use(use: Use) -> None:
    if isinstance(use.what, Composite):
        for part in use.what.uses:
            _check_use(part)
    else:
        assert 1 <= use.what.low <= use.what.high, use.ref
        assert all(use.what.low <= len(code) <= use.what.high for code in use.what.codes or ()), use.ref


def test_every_element_of_the_dictionary_is_used_and_no_key_is_written_twice() -> None:
    """Nothing lies about."""
    folder = Path(x12.__file__).parent / "grammars" / "004010"
    for file in folder.glob("*.yaml"):
        lines = [line.split(":")[0] for line in file.read_text().splitlines() if line[:1] not in (" ", "#", "")]
        assert len(lines) == len(set(lines)), file.name
    segments = yaml.load((folder / "segments.yaml").read_text(), yaml.BaseLoader)
    words = " ".join(one["elements"] for part in segments.values() for one in part.values())
    used = set(words.replace("!", " ").replace("(", " ").replace(")", " ").split())
    elements = yaml.load((folder / "elements.yaml").read_text(), yaml.BaseLoader)
    assert set() == set(elements) - used


def test_versions_resolve_to_their_base() -> None:
    """As partners write them."""
    expected = ["004010", "004010", "004010", None, None, None]
    assert expected == [standard().resolve(one) for one in ("004010", "004010VICS", "00401", "0040", "005010", "")]


def test_another_version_and_another_set_are_files_alone(tmp_path: Path) -> None:
    """A 005010 that extends 004010 with a repeated element, a new set with a name of its own, and nothing else."""
    base = Path(x12.__file__).parent / "grammars" / "004010"
    (tmp_path / "004010").symlink_to(base)
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
