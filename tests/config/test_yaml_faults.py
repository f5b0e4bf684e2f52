"""What the parser finds is told in words that help to repair it, with its place; JSON is read strictly."""

from decimal import Decimal

import pytest

from crossdock_config.json_source import read_json
from crossdock_config.yaml_source import read

NOT = "this isn't YAML:"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: *.edi\n", f"1:5: {NOT} a value that begins with * or & needs quotes"),
        ("a: *edi\n", "1:4: aliases aren't allowed: write the value out, or put what begins with * in quotes"),
        ("a: @x\n", f"1:4: {NOT} a value that begins with @ needs quotes"),
        ("a: `x\n", f"1:4: {NOT} a value that begins with ` needs quotes"),
        ("a: %x\n", f"1:4: {NOT} a value that begins with % needs quotes"),
        ("a: b: c\n", f"1:5: {NOT} a ':' isn't expected here; put the text in quotes, or look at the indentation"),
        ("a: 1\n b: 2\n", f"2:3: {NOT} a ':' isn't expected here; put the text in quotes, or look at the indentation"),
        ("a: - b\n", f"1:4: {NOT} a list can't begin here: put '- ' on a line of its own, below its key"),
        ("a: 1\n- b\n", f"2:1: {NOT} this line doesn't fit: look at the indentation, or put the text in quotes"),
        (
            "a:\n  - b\n  c: d\n",
            f"3:3: {NOT} a list goes on with '- '; this line is indented as if it were one of its items",
        ),
        ("a: 'x\n", f"1:4: {NOT} the closing quote of this text is missing"),
        ('a: "\\d"\n', f"1:5: {NOT} a backslash in double quotes begins an escape; use single quotes for this text"),
        ("a: {b: 1\n", f"2:1: {NOT} a '{{' from line 1 isn't closed, or a ',' is missing before this"),
        ("a: {b:, c: 1}\n", f"1:6: {NOT} a ':' isn't expected here; put the text in quotes, or give the key before it a value"),
        ("850: x\n", '1:1: a key is text: write "850" in quotes'),
        ("true: x\n", '1:1: a key is text: write "true" in quotes'),
        ("a: \0\n", "1:4: the character U+0000 can't stand in YAML; in double quotes it is written as an escape"),
        ("a:\n  b: 1\n  b: 2\n", "3:3: 'b' is here twice; the first is on line 2"),
        ("# nothing\n", "1:1: this file is empty"),
        ("--- \n", "1:1: this file is empty"),
    ],
)
def test_yaml_says_what_to_do(text, expected):
    assert [f"a.yaml:{expected}"] == [str(problem) for problem in read("a.yaml", text).problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+4915112345", "+4915112345"),
        ("12E4", "12E4"),
        ("1.5e3", "1.5e3"),
        ("-0", "-0"),
        ("007", "007"),
        ("-3.50", Decimal("-3.50")),
        ("9" * 100, int("9" * 100)),
        ("9" * 101, "9" * 101),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("TRUE", "TRUE"),
        ("0b1", "0b1"),
        ("12:30:45", "12:30:45"),
        ("2026-10-15T10:00:00Z", "2026-10-15T10:00:00Z"),
        ("=", "="),
    ],
)
def test_what_is_not_written_back_as_it_stands_is_text(text, expected):
    found = read("a.yaml", f"a: {text}\n").data["a"]
    assert (type(expected), expected) == (type(found), found)


def test_on_and_no_are_keys_like_any_other():
    assert read("a.yaml", "on: 1\nNO: 2\nyes: 3\n").data == {"on": 1, "NO": 2, "yes": 3}


def test_a_billion_laughs_are_refused_at_the_first():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
    document = read("a.yaml", bomb)
    assert document.data is None
    assert str(document.problems[0]).startswith("a.yaml:1:4: anchors aren't allowed")


def test_a_hundred_thousand_brackets_end_in_one_problem():
    for text in ("[" * 100_000, "{a: " * 100_000, "- " * 100_000):
        assert [problem.message for problem in read("a.yaml", text).problems] == ["this is nested deeper than 50 levels"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "a": 2}', "1:10: 'a' is here twice; the first is on line 1"),
        ('{"a": 1,}', "1:9: this isn't JSON: a key in double quotes is expected here, not '}'"),
        ("[1 2]", "1:4: this isn't JSON: a ',' or ']' is expected here, not '2'"),
        ("{a: 1}", "1:2: this isn't JSON: a key in double quotes is expected here, not 'a'"),
        ('{"a": NaN}', "1:7: this isn't JSON: a value is expected here, not 'NaN'"),
        ('{"a": 01}', "1:7: this isn't JSON: '01' is not a number"),
        ('{"a":\n "\\ud800"}', "2:2: this isn't JSON: this text holds half of a surrogate pair"),
        ('{"a": "\\x"}', "1:7: this isn't JSON: this text holds a backslash that begins no escape"),
        ("[1] x", "1:5: this isn't JSON: nothing may follow the document"),
        ("", "1:1: this file is empty"),
        ("[" * 60, "1:52: this is nested deeper than 50 levels"),
    ],
)
def test_json_says_what_to_do(text, expected):
    assert [f"a.json:{expected}"] == [str(problem) for problem in read_json("a.json", text).problems]


def test_json_keeps_every_digit_and_every_place():
    document = read_json("a.json", '{\n  "a": [1, 2.50, 1e-2, true, null, "\\u00fc\\/"]\n}')
    assert document.data == {"a": [1, Decimal("2.50"), Decimal("0.01"), True, None, "ü/"]}
    assert str(document.at("a", 1)) == "a.json:2:12"
    assert str(document.key("a")) == "a.json:2:3"
