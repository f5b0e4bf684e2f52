"""`crossdock grammars`: what is known, a set's tree, a segment's elements; for people and for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from click.testing import CliRunner, Result

from crossdock.cli.main import cli
from crossdock.core.errors import Misconfigured

OWN = """
set: 888
title: Item maintenance
group: QG
keys: { maintenance: BMG/BMG02 }
segments: [ST M 1, BMG M 1, { LIN M 100: [PID O 5] }, SE M 1]
"""


def run(*arguments: str, root: Path | None = None) -> Result:
    """Return what the command prints."""
    return CliRunner().invoke(cli, [*(["-C", str(root)] if root else []), "grammars", *arguments])


def test_every_set_is_listed_once_with_its_versions() -> None:
    """A row a set."""
    lines = [" ".join(line.split()) for line in run().output.splitlines()]
    assert "x12 856 Ship notice 004010, 005010" in lines


def test_programs_get_every_set_of_a_version() -> None:
    """As partners write the version."""
    entries = json.loads(run("x12", "005010X231A1", "--json").output)
    assert {"005010"} == {entry["version"] for entry in entries}
    assert {"dialect": "x12", "version": "005010", "set": "810", "title": "Invoice", "group": "IN"} in entries


def test_a_set_is_shown_as_a_tree_with_need_and_greatest_use() -> None:
    """Depth by indentation."""
    lines = run("x12", "004010VICS", "856").output.splitlines()
    assert ["x12 004010 856: Ship notice, group SH", "found by shipment (BSN/BSN02)"] == lines[:2]
    rows = [re.split(r"(?<=\S) {2,}", line) for line in lines[3:]]
    assert ["BSN", "M", "1", "start of a ship notice"] in rows
    assert ["HL", "M", "200000", "hierarchical level (a tree)"] in rows
    assert ["  MAN", "O", ">1", "marks and numbers"] in rows
    assert ["    LQ", "M", "100", "industry code"] in rows


def test_edifact_messages_are_listed_and_explained_alike() -> None:
    """By version as partners write it."""
    entries = json.loads(run("edifact", "D.96A", "--json").output)
    assert ("edifact", "D96A", "ORDERS") in {(one["dialect"], one["version"], one["set"]) for one in entries}
    assert run("edifact", "D96A", "ORDERS").output.startswith("edifact D96A ORDERS: ")
    assert "BGM02" in run("edifact", "D:96A:UN:EAN008", "ORDERS", "BGM").output


def test_a_tree_for_programs_has_no_limit_as_null() -> None:
    """And each segment's children with it."""
    found = json.loads(run("x12", "004010", "810", "--json").output)
    assert ("810", {"invoice_number": "BIG/BIG02", "purchase_order": "BIG/BIG04"}) == (found["set"], found["keys"])
    header = {one["segment"]: one for one in found["segments"]}
    assert (None, True, ["TXI"]) == (
        header["ITD"]["max"],
        header["ST"]["required"],
        [s["name"] for s in header["SAC"]["segments"]],
    )


def test_a_segment_is_shown_with_elements_codes_and_rules() -> None:
    """Composites with their components."""
    output = " ".join(run("x12", "004010", "810", "CTP").output.split())
    assert "CTP: pricing" in output
    assert "CTP03 212 O R 1/17 unit price" in output
    assert "CTP05 C001 O composite composite unit of measure CTP0501 355 M ID 2/2 unit of measure" in output
    assert "rule: CTP04 and CTP05: all or none" in output
    assert "HL04 736 O ID 1/1 hierarchical child code: 0 no levels below, 1 further levels below" in " ".join(
        run("x12", "004010", "856", "HL").output.split()
    )
    notes = json.loads(run("x12", "005010", "856", "N4", "--json").output)["notes"]
    assert ["N402 or N407: one at most", "N406 needs N405", "N407 needs N404"] == notes


def test_what_is_not_there_is_told_with_what_there_is() -> None:
    """Exit code 3, one sentence."""
    cases = {
        ("x13",): "there are no grammars of 'x13'; did you mean 'x12'?",
        ("x12", "003040"): "there is no version '003040'; there is 004010, 005010",
        ("x12", "003040", "850"): "there is no X12 version '003040'; there is 004010, 005010",
        ("x12", "004010", "811"): "there is no set '811' in X12 004010; there is 204, 210, 214",
        ("x12", "004010", "810", "BIGG"): "there is no segment 'BIGG' in 810 004010; did you mean 'BIG'?",
    }
    for arguments, says in cases.items():
        done = run(*arguments)
        assert done.exit_code == 3
        assert says in done.output


def test_a_set_of_the_projects_own_is_among_them(tmp_path: Path) -> None:
    """Listed and explained as any other."""
    file = tmp_path / "config/grammars/x12/004010/888.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(OWN)
    assert "Item maintenance" in run(root=tmp_path).output
    assert re.search(r"\n  PID +O +5 +item description\n", run("x12", "004010", "888", root=tmp_path).output)


def test_a_broken_grammar_of_the_projects_own_is_told_with_its_place(tmp_path: Path) -> None:
    """As `check` does."""
    file = tmp_path / "config/grammars/x12/004010/888.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(OWN.replace("PID O 5", "PIDD O 5"))
    done = run("x12", root=tmp_path)
    assert isinstance(done.exception, Misconfigured)
    assert ["config/grammars/x12/004010/888.yaml:6:"] == [str(one)[:38] for one in done.exception.problems]
