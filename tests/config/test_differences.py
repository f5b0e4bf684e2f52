"""What changed between two projects is told field by field, and what did not change in meaning is not told."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.core.errors import Place
from crossdock_config.differences import FileChange, compared, differences, shown
from crossdock_config.meaning import Meaning, digest


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a: 1 -> 2"]),
        ({"a": {"b": "x"}}, {"a": {"b": "y", "c": True}}, ["a.b: x -> y", "a.c: true (new)"]),
        ({"a": 1, "b": 2}, {"b": 2}, ["a: 1 (gone)"]),
        ({"a": 1}, {"a": {"b": 1}}, ['a: 1 -> {"b": 1}']),
        ({"steps": [{"map": "one"}]}, {"steps": [{"map": "two"}]}, ["steps[0].map: one -> two"]),
        ({"steps": ["a", "c"]}, {"steps": ["a", "b", "c"]}, ["steps[1]: b (new)"]),
        ({"steps": ["a", "b", "c"]}, {"steps": ["a", "c"]}, ["steps[1]: b (gone)"]),
        (
            {"steps": [{"map": "a"}, {"filter": "x"}]},
            {"steps": [{"filter": "y"}]},
            ['steps[0]: {"map": "a"} (gone)', "steps[0].filter: x -> y"],
        ),
    ],
)
def test_a_change_is_told_where_it_is(before: Any, after: Any, told: list[str]) -> None:
    assert [str(change) for change in compared(before, after)] == told


@pytest.mark.parametrize(
    ("value", "path", "text"),
    [
        ("hunter2", "endpoints.erp.password", "(not shown)"),
        ("${secret:ERP}", "endpoints.erp.password", "${secret:ERP}"),
        ({"tokens": ["abc"], "url": "x"}, "auth", '{"tokens": ["(not shown)"], "url": "x"}'),
        ("x" * 100, "a", "x" * 77 + "..."),
    ],
)
def test_values_are_shown_short_and_without_secrets(value: Any, path: str, text: str) -> None:
    assert shown(value, path) == text


def test_files_are_told_with_the_routes_that_they_matter_for() -> None:
    paths = {("route", "a"): "routes/a.yaml", ("map", "m"): "routes/m.yaml", ("schema", "s"): "routes/s.json"}
    users = {("map", "m"): (Place("routes/a.yaml"),), ("schema", "s"): (Place("routes/m.yaml"),)}
    before = Meaning({("route", "a"): {"x": 1}, ("schema", "s"): {"y": 1}, ("test", "t"): 1}, paths, users)
    after = Meaning({("route", "a"): {"x": 1}, ("schema", "s"): {"y": 2}, ("map", "m"): {}, ("test", "t"): 2}, paths, users)
    (added, changed) = differences(before, after)
    assert added == FileChange("+", "map", "m", "routes/m.yaml", routes=("a",))
    assert (changed.sign, changed.name, changed.routes) == ("~", "s", ("a",))
    assert [str(one) for one in changed.changes] == ["y: 1 -> 2"]


def test_the_digest_is_of_what_is_meant_and_tests_do_not_count() -> None:
    files = {("route", "a"): {"x": 1}, ("map", "m"): {"y": [1, 2]}}
    assert digest(files) == digest({**dict(reversed(files.items())), ("test", "t"): 1})
    assert digest(files) != digest({**files, ("map", "m"): {"y": [2, 1]}})
