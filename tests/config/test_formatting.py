"""`crossdock fmt`: one form for what means the same; comments stay, meaning stays, and twice is once."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.cli.main import cli
from crossdock.core.errors import Misconfigured
from crossdock_config.formatting import Formatter
from crossdock_config.yaml_source import read

REPO = Path(__file__).resolve().parents[2]
PATH = "routes/sales/orders.route.yaml"
FORMATTER = Formatter()
WRITTEN = """# Orders of ACME.

to:   [ {erp: {key: body.id}} ]   # to the ERP
domain:   'sales'
# who answers for it
owner: "edi@distributor.example"
steps:
- decode: {json: {}}


- filter: 'size(body.lines) > 0'
- set_header: { code: "00401", "on": 'no', n: "7", t: "true", text: "a: b", expression: "[body.x]" }
route: orders
from:
    event: "order.received"
"""
FORMATTED = """# Orders of ACME.

route: orders
# who answers for it
owner: edi@distributor.example
domain: sales
from:
  event: order.received
steps:
  - decode: { json: {} }

  - filter: size(body.lines) > 0
  - set_header: { code: "00401", "on": "no", n: "7", t: "true", text: "a: b", expression: "[body.x]" }
to: [{ erp: { key: body.id } }] # to the ERP
"""


def test_a_file_is_brought_into_its_canonical_form() -> None:
    assert FORMATTER.formatted(PATH, WRITTEN) == FORMATTED


def test_what_is_canonical_stays_as_it_is() -> None:
    assert FORMATTER.formatted(PATH, FORMATTED) == FORMATTED


def test_what_can_not_be_read_is_left_with_every_problem() -> None:
    with pytest.raises(Misconfigured) as raised:
        FORMATTER.formatted(PATH, "route: orders\nroute: again\nowner: &a b\n")
    assert len(raised.value.problems) == 2


def files() -> list[Path]:
    return sorted(path for folder in ("routes", "config/partners", "config/environments", "config/policies")
                  for path in (REPO / folder).rglob("*.yaml"))  # fmt: skip


def test_every_file_of_the_reference_integration_keeps_its_meaning_and_its_comments() -> None:
    assert len(files()) > 20
    for path in files():
        name, text = path.relative_to(REPO).as_posix(), path.read_text(encoding="utf-8")
        made = FORMATTER.formatted(name, text)
        assert read(name, made).data == read(name, text).data, name
        assert comments(made) == comments(text), name
        assert FORMATTER.formatted(name, made) == made, name


def comments(text: str) -> list[str]:
    return sorted(
        line[line.index("# ") :].rstrip() for line in text.splitlines() if "# " in line and '"' not in line and "'" not in line
    )


ODD = [
    "-",
    "00401",
    "on",
    "~",
    "null",
    "1.50",
    "- a",
    "a: b",
    "#x",
    " x",
    "x ",
    "'",
    '"',
    "{a}",
    "*x",
    "&x",
    "!x",
    "%x",
    "@x",
    "?",
    "<<",
]
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=12) | st.sampled_from(ODD)
DATA = st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(data=DATA)
def test_any_text_keeps_its_meaning(data: object) -> None:
    """Whatever stands in double quotes means the same afterwards, and formatting twice is formatting once."""
    import json

    text = f"route: {json.dumps(data, ensure_ascii=False)}\n"
    if read(PATH, text).problems:
        return
    made = FORMATTER.formatted(PATH, text)
    assert read(PATH, made).data == read(PATH, text).data
    assert FORMATTER.formatted(PATH, made) == made


@pytest.mark.parametrize("text", ["0?&", "0?'", "a?b", "?&", "x:?"])
def test_what_readers_disagree_on_is_formatted_too(text: str) -> None:
    """libyaml reads `[0?&]` as a text; PyYAML would see an anchor."""
    made = FORMATTER.formatted(PATH, f'route: ["{text}"]\n')
    assert read(PATH, made).data == {"route": [text]}


def test_quotes_stay_where_a_text_could_be_taken_for_something_else() -> None:
    """Words of a kind lose theirs; dates, codes, switches, sentences among other things, and what holds quotes keep them."""
    written = """\
route: 'orders'
steps:
  - set_body: { date: '2026-11-23', code: "00401", country: "NO", said: 'a few words', path: 'body.?a.?b', expression: 'a + "x"' }
  - filter: "size(body.lines) > 0"
  - log: "it's"
"""
    assert (
        FORMATTER.formatted(PATH, written)
        == """\
route: orders
steps:
  - set_body: { date: "2026-11-23", code: "00401", country: "NO", said: "a few words", path: body.?a.?b, expression: 'a + "x"' }
  - filter: size(body.lines) > 0
  - log: "it's"
"""
    )


def test_a_column_of_comments_stays_one() -> None:
    written = """\
route: orders
keys:
  order_number: body.order_number    # one
  po: "body.po"                      # two
  a: body.a # alone
"""
    assert (
        FORMATTER.formatted(PATH, written)
        == """\
route: orders
keys:
  order_number: body.order_number    # one
  po: body.po                        # two
  a: body.a # alone
"""
    )


def test_the_repository_is_in_its_canonical_form() -> None:
    """What is formatted by `crossdock fmt` is what its makers write."""
    changed = [
        path.relative_to(REPO).as_posix()
        for path in files()
        if FORMATTER.formatted(path.relative_to(REPO).as_posix(), path.read_text()) != path.read_text()
    ]
    assert changed == []


def test_a_new_project_is_in_its_canonical_form(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(cli, ["new", str(tmp_path / "firm")]).exit_code == 0
    checked = runner.invoke(cli, ["-C", str(tmp_path / "firm"), "fmt", "--check"])
    assert (checked.exit_code, checked.output) == (0, "no files would be changed\n")


def test_the_command_writes_checks_and_shows(tmp_path: Path) -> None:
    path = tmp_path / PATH
    path.parent.mkdir(parents=True)
    path.write_text(WRITTEN)
    (tmp_path / "routes/sales/broken.route.yaml").write_bytes(b"route: [\xff\n")
    checked = CliRunner().invoke(cli, ["-C", str(tmp_path), "fmt", "--check"])
    assert (checked.exit_code, path.read_text()) == (1, WRITTEN)
    assert {PATH, "1 file would be changed, 1 left as they are"} <= set(checked.output.splitlines())
    assert "+route: orders" in CliRunner().invoke(cli, ["-C", str(tmp_path), "fmt", "--diff"]).output
    (tmp_path / "routes/sales/broken.route.yaml").unlink()
    assert CliRunner().invoke(cli, ["-C", str(tmp_path), "fmt"]).output == "1 file changed\n"
    assert path.read_text() == FORMATTED
    assert CliRunner().invoke(cli, ["-C", str(tmp_path), "fmt", "--check"]).exit_code == 0
