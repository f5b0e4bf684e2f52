"""`crossdock guide` and `crossdock schema x12:SET`, as an engineer meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crossdock.cli.main import cli
from crossdock.core.errors import Misconfigured

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The reference integration's files."""
    for folder in ("routes", "config/partners", "config/environments", "config/policies"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def run(root: Path, *arguments: str) -> Result:
    """Run a command in a project."""
    return CliRunner().invoke(cli, ["-C", str(root), *arguments])


def test_explain_shows_the_line_of_every_rule(project: Path) -> None:
    """Of the guide, or the base grammar."""
    done = run(project, "guide", "explain", "acme-850")
    assert done.exit_code == 0
    lines = [line.strip() for line in done.output.splitlines()]
    found = {line[:5]: line.rpartition("  ")[2] for line in lines if line[:5] in ("BEG03", "PO104")}
    assert found == {"BEG03": "X12 004010 850", "PO104": "routes/sales/acme-850.guide.yaml:14"}


def test_explain_prints_json(project: Path) -> None:
    """For programs."""
    found = json.loads(run(project, "guide", "explain", "acme-850", "--json").output)
    assert (found["base"], found["partner"]) == ("X12 004010 850", "acme")
    (codes,) = [row["codes"] for row in found["segments"] if row["path"] == "BEG/BEG02"]
    assert list(codes) == ["SA", "NE"]


def test_samples_are_written_and_the_route_takes_the_valid_one(project: Path) -> None:
    """One valid, one bad for each rule."""
    folder = project / "samples"
    done = run(project, "guide", "sample", "acme-850", "-o", str(folder))
    assert done.output == f"wrote acme-850.valid.edi and 10 bad samples to {folder}\n"
    assert len(list(folder.glob("acme-850.bad.*.edi"))) == 10
    assert (folder / "acme-850.valid.edi").read_text() == run(project, "guide", "sample", "acme-850").output


def test_the_page_is_written(project: Path) -> None:
    """HTML by the file's name, Markdown to the screen."""
    assert run(project, "guide", "docs", "acme-850", "-o", str(project / "acme.html")).exit_code == 0
    assert (project / "acme.html").read_text().startswith("<!doctype html>")
    assert run(project, "guide", "docs", "acme-850").output.startswith("# Purchase order (850, X12 004010)")


def test_an_unknown_guide_is_not_found(project: Path) -> None:
    """With the nearest name, exit code 3."""
    done = run(project, "guide", "explain", "acme-8500")
    assert (done.exit_code, "did you mean 'acme-850'?" in done.output) == (3, True)


def test_a_broken_guide_says_everything_that_is_wrong(project: Path) -> None:
    """At its place."""
    file = project / "routes/sales/acme-850.guide.yaml"
    file.write_text(file.read_text().replace("BEG02", "BEG22").replace("[VN]", "[VENDOR]"))
    done = run(project, "guide", "docs", "acme-850")
    assert isinstance(done.exception, Misconfigured)
    assert [str(problem) for problem in done.exception.problems] == [
        "routes/sales/acme-850.guide.yaml:9:5: 'BEG22' is no element of BEG; did you mean 'BEG12'?",
        "routes/sales/acme-850.guide.yaml:15:38: 'VENDOR' does not fit PO108: its length is 2 to 2",
    ]


def test_the_schema_of_a_document_is_narrowed_by_its_guide(project: Path) -> None:
    """Codes and what is required, as maps are checked against it."""
    base = json.loads(run(project, "schema", "x12:850").output)
    narrow = json.loads(run(project, "schema", "x12:850", "--guide", "acme-850").output)
    line = narrow["properties"]["PO1"]["items"]
    assert narrow["properties"]["BEG"]["properties"]["BEG02"]["enum"] == ["SA", "NE"]
    assert "PO104" in line["required"]
    assert "PO104" not in base["properties"]["PO1"]["items"].get("required", [])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("x12:8500",), "there is no set '8500' in X12 004010"),
        (("x12:850", "--version", "009010"), "there is no X12 version '009010'"),
        (("x12:850", "--guide", "acme-8501"), "there is no guide 'acme-8501'; did you mean 'acme-850'?"),
        (("x12:855", "--guide", "acme-850"), "the guide acme-850 is for x12:850"),
        (("x13:855",), "there is no format 'x13'; did you mean 'x12'?"),
    ],
)
def test_an_unknown_document_has_no_schema(project: Path, arguments: tuple[str, ...], says: str) -> None:
    """Exit code 3."""
    done = run(project, "schema", *arguments)
    assert (done.exit_code, says in done.output) == (3, True), done.output
