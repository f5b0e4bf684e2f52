"""Every example in docs/formats.md does what it says."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossdock.core import engine
from crossdock.core.message import Control, Message, dump_json
from crossdock.core.registry import installed
from crossdock.core.run import Surroundings
from crossdock_config import load
from tests.patterns import patterns_kit as kit

TEXT = (Path(__file__).parents[3] / "docs" / "formats.md").read_text()
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
EXAMPLES = [block for block in BLOCKS if isinstance(block, dict) and "in" in block]


def outcomes(example: dict[str, Any]) -> list[Any]:
    """Run a route of the example's steps with its files."""
    files = {f"routes/examples/{path}": written(path, data) for path, data in example.get("files", {}).items()}
    loaded = load({**kit.files({"steps": example["steps"]}), **files})
    assert [str(problem) for problem in loaded.problems if problem.severity == "error"] == []
    given = example["in"]
    body = given.encode() if isinstance(given, str) else json.loads(json.dumps(given), parse_float=Decimal)
    message = Message("m1", body, Control("example", "release"))
    outcome = engine.run(loaded.release.programs["example"], message, Surroundings())
    return list(engine.flatten(iter([outcome])))


def written(path: str, data: Any) -> str:
    """Return a file of an example as it would be written."""
    return (
        json.dumps(data) if path.endswith(".json") else data if isinstance(data, str) else yaml.safe_dump(data, sort_keys=False)
    )


def told(body: Any) -> Any:
    """Return a body as the example writes it."""
    return body.decode() if isinstance(body, bytes) else json.loads(dump_json(body))


@pytest.mark.parametrize("example", EXAMPLES, ids=[str(number) for number in range(len(EXAMPLES))])
def test_an_example_does_what_it_says(example):
    found = outcomes(example)
    bodies = [told(event.body) for outcome in found for event in outcome.events if event.type == "out"]
    expected = example.get("out", [])
    assert bodies == (expected if any(outcome.state == "split" for outcome in found) else [expected] if "out" in example else [])
    assert [outcome.error.message for outcome in found if outcome.error] == example.get("failed", [])


@pytest.mark.parametrize("name", ["csv", "fixed_width", "gzip", "idoc", "ndjson", "xml", "zip"])
def test_every_format_has_a_section(name):
    sections = {heading.lower() for heading in re.findall(r"^## (.*)", TEXT, re.MULTILINE)}
    assert installed().find("transformers", name) is not None
    assert any(name.replace("_", " ") in heading for heading in sections)
