"""What may stand where somebody types, what a word means, where it is defined and who uses it: in a new project."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from crossdock.cli.editor.cursor import IDENTIFIER, Word
from crossdock.cli.editor.editing import Editing, Proposal
from crossdock.cli.main import cli

ROUTE = "routes/sales/acme-orders.route.yaml"
MAP = "routes/sales/acme-850.map.yaml"
SCHEMA = "routes/sales/order.v1.schema.json"
CURSOR = "|"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("new") / "shop"
    assert CliRunner().invoke(cli, ["new", str(root)]).exit_code == 0
    return root


@pytest.fixture
def editing(shop: Path) -> Editing:
    return Editing(shop)


def typed(editing: Editing, path: str, old: str, new: str) -> tuple[str, int, int]:
    """Replace the first of a file's words by others with a cursor; return where that is."""
    text = (editing.root / path).read_text()
    start = text.index(old)
    at = start + new.index(CURSOR)
    text = f"{text[:start]}{new.replace(CURSOR, '', 1)}{text[start + len(old) :]}"
    editing.unsaved[path] = text
    return path, text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1


def proposed(editing: Editing, path: str, old: str, new: str) -> dict[str, str]:
    return {one.word: one.told for one in editing.completions(*typed(editing, path, old, new))}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("- map: acme-850", "- |", {"choice", "aggregate", "decode", "map", "to", "validate"}),
        ("- map: acme-850", "- ma|", {"choice", "map"}),
        ("- map: acme-850", "- map: |", {"acme-850"}),
        ("- map: acme-850", "- validate: |", {"order.v1"}),
        ("- map: acme-850", "- choice:\n      - wh|", {"when", "steps", "otherwise"}),
        ("- map: acme-850", "- choice:\n      - when: body.BEG.|", {"BEG01", "BEG03"}),
        ("- map: acme-850", "- filter: size(body.PO1.filter(line, line.|", {"PO102", "PO104"}),
        ("- map: acme-850", "- aggregate:\n      |", {"by", "complete", "body"}),
        ("- map: acme-850", "- aggregate: { |", {"by", "complete", "body"}),
        ("- map: acme-850", "- decode: |", {"json", "csv", "x12"}),
        ('sets: ["850"]', "se|", {"guide", "partner", "sets"}),
        ("owner:", "|\nowner:", {"order_by", "policies", "on_error"}),
        ("owner:", "lifecycle: |\nowner:", {"draft", "active", "deprecated", "retired"}),
        ("partner: acme", "partner: |", {"acme"}),
        ("- orders:", "- |:", {"event", "partner", "orders"}),
    ],
)
def test_a_route_is_completed_by_whatever_check_would_accept(editing: Editing, old: str, new: str, words: set[str]) -> None:
    assert words <= set(proposed(editing, ROUTE, old, new))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("body.BEG.BEG03", "body.BEG.|", {"BEG03": "a string; purchase order number"}),
        ("body.BEG.BEG03", "si|", {"size": "size(string): the length of a text, a list or an object", "body": "an object"}),
        ("  order_number:", "  |\n  order_number:", {"order_number": "a string"}),
        ("target: order.v1", "target: |", {"order.v1": "schema: Order"}),
    ],
)
def test_a_map_is_completed_by_fields_of_its_source_and_its_target(
    editing: Editing, old: str, new: str, words: dict[str, str]
) -> None:
    found = proposed(editing, MAP, old, new)
    assert {word: found.get(word) for word in words} == words


def test_a_proposal_replaces_the_word_that_is_being_written_and_nothing_else(editing: Editing) -> None:
    names = editing.completions(*typed(editing, ROUTE, "- map: acme-850", "- map: acme-8|5"))
    assert names == [Proposal("acme-850", names[0].told, 9, 16)]
    fields = editing.completions(*typed(editing, MAP, "body.BEG.BEG03", "bo|.BEG.BEG03"))
    (body,) = [one for one in fields if one.word == "body"]
    assert editing.texts()[MAP].splitlines()[typed(editing, MAP, "body.BEG.BEG03", "bo|")[1]][body.start : body.end] == "bo"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("owner:", "description: wh|\nowner:"),
        ("owner:", "# wh|\nowner:"),
        ("owner:", "}|\nowner:"),
    ],
)
def test_where_nothing_is_known_nothing_is_proposed(editing: Editing, old: str, new: str) -> None:
    assert proposed(editing, ROUTE, old, new) == {}


def test_a_file_of_another_kind_is_not_completed(editing: Editing) -> None:
    assert editing.completions(SCHEMA, 1, 4) == []
    assert editing.completions("README.md", 0, 0) == []
    assert editing.completions("notes/none.yaml", 5, 5) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        (MAP, "body.BEG.BEG03", "body.BEG.BE|G03", "**BEG03**: a string; purchase order number"),
        (MAP, "order_number:", "order_nu|mber:", "**order_number**: a string"),
        (ROUTE, "order.v1", "or|der.v1", "**order.v1**: schema: Order"),
        (ROUTE, "owner:", "ow|ner:", "**owner**: "),
        (ROUTE, "split:", "sp|lit:", "**split**: "),
        (ROUTE, "description: ", "description: wo|rd ", ""),
    ],
)
def test_a_word_is_explained(editing: Editing, path: str, old: str, new: str, told: str) -> None:
    found = editing.hover(*typed(editing, path, old, new))
    assert found.startswith(told) if told else found == ""


def test_a_pattern_is_explained_with_its_example(editing: Editing) -> None:
    assert "```yaml\nsplit: " in editing.hover(*typed(editing, ROUTE, "split:", "sp|lit:"))


@pytest.mark.parametrize(
    ("path", "old", "new", "place"),
    [
        (ROUTE, "map: acme-850", "map: acme|-850", MAP),
        (ROUTE, "validate: order.v1", "validate: order.|v1", SCHEMA),
        (MAP, "target: order.v1", "target: or|der.v1", SCHEMA),
        (ROUTE, "partner: acme", "partner: ac|me", "config/partners/acme.yaml"),
        (ROUTE, "- orders:", "- ord|ers:", "config/environments/local.yaml"),
        (ROUTE, "owner:", "own|er:", None),
    ],
)
def test_a_name_leads_to_where_it_is_defined(editing: Editing, path: str, old: str, new: str, place: str | None) -> None:
    found = editing.definition(*typed(editing, path, old, new))
    assert (found.path if found else None) == place


def test_who_uses_a_file_is_told_from_its_name_and_from_the_file(editing: Editing) -> None:
    text = (editing.root / ROUTE).read_text().splitlines()
    named = editing.uses(*typed(editing, ROUTE, "order.v1", "or|der.v1"))
    assert [text[place.line - 1].strip() for place in named] == ["- map: acme-850", "- validate: order.v1"]
    assert [text[place.line - 1].strip() for place in editing.uses(MAP, 1, 0)] == ["- map: acme-850"]


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        ("a: { b: x", "a: { b: x }"),
        ("a: [f(x", "a: [f(x)]"),
        ("a: \"size(body['x", 'a: "size(body[\'x])"'),
        ("a: { b: 'it is', c: y", "a: { b: 'it is', c: y }"),
        ("a: partner's x", "a: partner's x"),
    ],
)
def test_what_a_line_leaves_open_is_closed(line: str, closed: str) -> None:
    word = Word.at(line, 0, len(line), IDENTIFIER)
    assert list(word.versions(str(word)))[: 2 if closed != line else 1][-1] == closed
