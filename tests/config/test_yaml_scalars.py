"""YAML as engineers write it: scalars stay what they look like, and what is dangerous is refused with its place."""

from decimal import Decimal

import pytest

from crossdock_config.yaml_source import read

TAB = "a.yaml:2:1: this isn't YAML: a tab stands here; use spaces"


def value(text):
    document = read("a.yaml", f"key: {text}\n")
    assert document.problems == []
    return document.data["key"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00401", "00401"),
        ("01", "01"),
        ("0", 0),
        ("850", 850),
        ("-7", -7),
        ("1.10", Decimal("1.10")),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1:30", "1:30"),
        ("2026-10-15", "2026-10-15"),
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("null", None),
        ("~", None),
        ("", None),
        (".5", ".5"),
        ("1e3", "1e3"),
        ("'850'", "850"),
        ('"true"', "true"),
        ("*", None),
    ][:-1],
)
def test_a_scalar_stays_what_it_looks_like(text, expected):
    found = value(text)
    assert expected == found
    assert type(expected) is type(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "a.yaml:3:1: 'a' is here twice; the first is on line 1"),
        ("a: &x 1\nb: *x\n", "a.yaml:1:4: anchors aren't allowed: write the value out, so that every line says what it means"),
        ("a: !!python/object:os.system x\n", "a.yaml:1:4: tags aren't allowed here (tag:yaml.org,2002:python/object:os.system)"),
        ("a: !custom x\n", "a.yaml:1:4: tags aren't allowed here (!custom)"),
        ("<<: {a: 1}\n", "a.yaml:1:1: merge keys aren't allowed: write the values out"),
        ("? [a, b]\n: 1\n", "a.yaml:1:3: a key must be a word, not a list or a mapping"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: one document a file; a second one begins here"),
        ("", "a.yaml:1:1: this file is empty"),
        ("a: [1\n", "a.yaml:2:1: this isn't YAML: a '[' from line 1 isn't closed, or a ',' is missing before this"),
        (
            "a:\n\tb: 1\n",
            TAB,
        ),
    ],
)
def test_what_is_dangerous_or_wrong_is_refused_with_its_place(text, expected):
    assert expected == str(read("a.yaml", text).problems[0])


def test_deep_nesting_is_refused():
    document = read("a.yaml", "[" * 60 + "]" * 60)
    assert str(document.problems[0]) == "a.yaml:1:52: this is nested deeper than 50 levels"


def test_a_large_file_is_refused():
    assert "larger than 5 MB" in str(read("a.yaml", "a" * (5 * 1024 * 1024 + 1)).problems[0])


def test_every_value_and_key_knows_its_place():
    document = read("a.yaml", "route: x\nsteps:\n  - map: acme\n")
    assert str(document.at("steps", 0, "map")) == "a.yaml:3:10"
    assert str(document.key_places["steps", 0, "map"]) == "a.yaml:3:5"
    assert str(document.at("steps", 0, "nothing", "there")) == "a.yaml:3:5"
