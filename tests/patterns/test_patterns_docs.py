"""Every pattern has a section in docs/patterns.md, and every example there does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from crossdock_config import load
from crossdock_config.patterns import PATTERNS
from tests.patterns import patterns_kit as kit
from tests.patterns.runtime_kit import Endpoint, Works, files

DOCS = (Path(__file__).parents[2] / "docs" / "patterns.md").read_text()
EXAMPLES = [
    pytest.param(yaml.safe_load(block), id=f"{section}-{index}")
    for section, text in re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL)
    for index, block in enumerate(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
]


def test_every_pattern_has_a_section():
    assert sorted([*PATTERNS, "on_error"]) == sorted(re.findall(r"^### (\w+)", DOCS, re.MULTILINE))


WAITING = {"aggregate", "resequence", "park", "enrich", "poll_enrich"}


def waits(example):
    return any(WAITING & set(step) for step in example["steps"])


@pytest.mark.parametrize("example", [one for one in EXAMPLES if not waits(one.values[0])])
def test_an_example_does_what_it_says(example):
    result = kit.run(example, example["in"])
    expected = example.get("out")
    several = any(outcome.state == "split" for outcome in result.outcomes)
    assert result.out == ([] if expected is None else expected if several else [expected])
    assert result.sent == example.get("sent", {})
    assert example.get("failed", "") in str(result.last.error or "")
    assert ("failed" in example) == (result.state == "failed")
    assert [outcome.after for outcome in result.outcomes if outcome.paused] == ([example["pause"]] if "pause" in example else [])
    assert {claim.scope: claim.key for claim in result.last.claims} == example.get("claims", {})
    assert (result.last.answer.body if result.last.answer else None) == example.get("replies")


@pytest.mark.parametrize("example", [one for one in EXAMPLES if waits(one.values[0])])
def test_an_example_that_waits_does_what_it_says(example, sqlite_url):
    endpoint = Endpoint(example.get("answers", {}))
    work = Works(sqlite_url, files(*example["steps"]), endpoint)
    work.accept(example["in"])
    work.run()
    sent = {}
    for name, body in endpoint.calls:
        sent.setdefault(name, []).append(body)
    assert sent == example.get("sent", {})
    assert {row["key"]: row["note"] for row in work.opened.desk.parked()} == example.get("parked", {})
    if "out" in example:
        assert work.out == [example["out"]]
    work.close()


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_the_example_that_a_pattern_gives_of_itself_is_right(name):
    shared = {"clean-address": [{"set_header": {"seen": '"yes"'}}]}
    steps = [yaml.safe_load(PATTERNS[name].example)]
    schemas = {"routes/examples/order.v1.schema.json": '{"type": "object", "x-owner": "edi@example.com"}'}
    loaded = load({**kit.files({"steps": steps, "shared": shared}), **schemas})
    assert [str(problem) for problem in loaded.problems if problem.severity == "error"] == []
