"""`crossdock map`, as an engineer meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crossdock.cli.main import cli
from crossdock.core.errors import Misconfigured, Rejected

ROOT = Path(__file__).parents[2]
MAP = """\
map: shop
target: ""
let: { first: "body.lines[0]" }
fields:
  id: body.order.id
  first: first.sku
  note: { value: body.note, default: '"none"' }
  lines:
    for_each: body.lines
    where: item.n > 1
    fields: { sku: item.sku, double: item.n * 2 }
"""
BODY = {
    "order": {"id": "7", "user": "u"},
    "lines": [{"sku": "A", "n": 1, "x": 0}, {"sku": "B", "n": 2, "x": 0}],
    "extra": {"a": 1},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The reference integration's files, with a map of JSON beside its own."""
    for folder in ("routes", "config/partners", "config/environments", "config/policies"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    samples = tmp_path / "routes/shop/samples"
    samples.mkdir(parents=True)
    (tmp_path / "routes/shop/shop.map.yaml").write_text(MAP.replace('target: ""\n', ""))
    (samples / "order.json").write_text(json.dumps(BODY))
    return tmp_path


def run(root: Path, *arguments: str) -> Result:
    """Run a command in a project."""
    return CliRunner().invoke(cli, ["-C", str(root), "map", *arguments])


def test_run_shows_what_a_map_makes_of_json(project: Path) -> None:
    done = run(project, "run", "shop", str(project / "routes/shop/samples/order.json"))
    assert {"id": "7", "first": "A", "note": "none", "lines": [{"sku": "B", "double": 4}]} == json.loads(done.output)


@pytest.mark.parametrize("name", ["shop", "who"])
def test_run_knows_the_partner_that_was_named(project: Path, name: str) -> None:
    """`partner` is what `--partner` says."""
    (project / "routes/shop/who.map.yaml").write_text("map: who\nfields: { id: body.order.id, by: partner }\n")
    done = run(project, "run", name, str(project / "routes/shop/samples/order.json"), "--partner", "acme")
    assert json.loads(done.output).get("by") == ("acme" if name == "who" else None)


def test_run_knows_the_partner_that_signed_an_edi_file(project: Path) -> None:
    """Without `--partner`, as a route without a channel would."""
    (project / "routes/shop/who.map.yaml").write_text("map: who\nsource: x12 850\nfields: { by: partner }\n")
    done = run(project, "run", "who", str(project / "routes/sales/samples/acme-two-orders.edi"))
    assert [json.loads(line) for line in done.output.splitlines()] == [{"by": "acme"}] * 2


def test_run_decodes_edi_by_the_maps_source(project: Path) -> None:
    done = run(project, "run", "acme-850", str(project / "routes/sales/samples/acme-two-orders.edi"))
    assert ["4500012345", "4500012346"] == [json.loads(line)["order_number"] for line in done.output.splitlines()]


@pytest.mark.parametrize(
    ("name", "sample", "number"),
    [("ubl-order", "ubl/samples/order-peppol.xml", "PO-2026-1047"), ("idoc-order", "idoc/samples/orders05.xml", "4500012345")],
)
def test_run_decodes_any_format_by_the_maps_source(project: Path, name: str, sample: str, number: str) -> None:
    done = run(project, "run", name, str(ROOT / "tests/transformers" / sample))
    assert number == json.loads(done.output)["order_number"]


def test_run_and_coverage_read_a_file_by_its_layout(project: Path) -> None:
    """A row is a document; with `whole` the file is one; files of other formats beside it are left out."""
    folder = project / "routes/shop"
    layout = "layout: prices\ncsv: { columns: { sku: text, price: decimal, note: text } }\n"
    (folder / "prices.layout.yaml").write_text(layout)
    (folder / "row.map.yaml").write_text("map: row\nsource: csv prices\nfields: { sku: body.?sku, price: body.?price }\n")
    (folder / "all.map.yaml").write_text("map: all\nsource: csv prices whole\nfields: { count: size(body.rows) }\n")
    (folder / "samples/prices.csv").write_text("sku,price,note\nA,1.50,x\nB,2,y\n")
    done = [run(project, "run", name, str(folder / "samples/prices.csv")).output.splitlines() for name in ("row", "all")]
    assert [['{"sku":"A","price":1.50}', '{"sku":"B","price":2}'], ['{"count":2}']] == done
    (covered,) = json.loads(run(project, "coverage", "row", "--json").output)
    assert (["prices.csv"], ["note"]) == (covered["files"], covered["ignored"])


def test_run_shows_the_good_documents_before_it_fails_at_a_bad_one(project: Path) -> None:
    done = run(project, "run", "acme-850", str(project / "routes/sales/samples/acme-one-bad.edi"))
    assert (1, True) == (len(done.output.splitlines()), isinstance(done.exception, Rejected))


def test_explain_names_the_expressions_and_their_lines(project: Path) -> None:
    done = run(project, "explain", "shop", "--field", "lines[].double")
    assert [
        "for_each: body.lines  (routes/shop/shop.map.yaml:8)",
        "where: item.n > 1  (routes/shop/shop.map.yaml:9)",
        "value: item.n * 2  (routes/shop/shop.map.yaml:10)",
    ] == done.output.splitlines()


def test_explain_with_a_file_says_the_values_of_each_element(project: Path) -> None:
    done = run(project, "explain", "shop", "--field", "lines[].double", str(project / "routes/shop/samples/order.json"))
    assert [
        "for_each: body.lines  (routes/shop/shop.map.yaml:8)",
        "[2] value: item.n * 2 = 4  (routes/shop/shop.map.yaml:10)",
        "    item.n = 2",
    ] == done.output.splitlines()


def test_explain_follows_named_values(project: Path) -> None:
    done = run(project, "explain", "shop", "--field", "first", "--json", str(project / "routes/shop/samples/order.json"))
    assert [("value", "", "first.sku", "A"), ("let", "first", "body.lines[0]", {"sku": "A", "n": 1, "x": 0})] == [
        (one["role"], one["name"], one["expression"], one["value"]) for one in json.loads(done.output)
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("explain", "shop", "--field", "line"), "the map makes no 'line'; did you mean 'lines'?"),
        (("explain", "shp", "--field", "x"), "there is no map 'shp'; did you mean 'shop'?"),
        (("coverage", "shp"), "there is no map 'shp'; did you mean 'shop'?"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(project: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run(project, *arguments)
    assert (3, f"Error: {message}\n") == (done.exit_code, done.output)


def test_coverage_lists_what_nobody_reads(project: Path) -> None:
    done = run(project, "coverage", "shop")
    assert "shop: 3 of 6 fields are read in 1 sample\n  order.user\n  lines[].x\n  extra.a\n" == done.output


def test_coverage_counts_what_is_copied_as_a_whole(project: Path) -> None:
    path = project / "routes/shop/shop.map.yaml"
    path.write_text(path.read_text() + "  all: body.extra\n")
    (found,) = json.loads(run(project, "coverage", "shop", "--json").output)
    assert {"fields": 6, "read": 4, "ignored": ["order.user", "lines[].x"], "unread": {}} == {
        key: found[key] for key in ("fields", "read", "ignored", "unread")
    }


def test_coverage_of_edi_uses_the_good_documents_and_names_the_bad_file(project: Path) -> None:
    (found,) = json.loads(run(project, "coverage", "acme-850", "--json").output)
    assert ["acme-one-bad.edi"] == list(found["unread"])
    assert {"BEG.BEG03", "PO1[].PO109"}.isdisjoint(found["ignored"])
    assert "CTT.CTT01" in found["ignored"]


def test_a_map_that_is_broken_is_told_with_its_place(project: Path) -> None:
    path = project / "routes/shop/shop.map.yaml"
    path.write_text(path.read_text().replace("body.order.id", "body.order.id +"))
    done = run(project, "explain", "shop", "--field", "id")
    assert isinstance(done.exception, Misconfigured)
    assert ["routes/shop/shop.map.yaml:4:22: the expression ends too early"] == [str(one) for one in done.exception.problems]


def test_a_map_that_is_no_yaml_is_told_with_its_place(project: Path) -> None:
    path = project / "routes/shop/shop.map.yaml"
    path.write_text("map: shop\nfields: { a: b[0] }\n")
    done = run(project, "coverage", "shop")
    assert isinstance(done.exception, Misconfigured)
    assert ["routes/shop/shop.map.yaml:2"] == [str(one).rpartition(": ")[0][:27] for one in done.exception.problems]
