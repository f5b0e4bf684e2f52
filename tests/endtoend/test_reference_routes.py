"""The tests in routes/ of inventory, warehouse, procurement and suppliers: all pass, and go through every step and branch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from crossdock.core.clock import PinnedClock
from crossdock_config import load
from crossdock_config.release import Release
from crossdock_config.testing import Selection, run_tests
from crossdock_config.testing.coverage import Coverage, FileCoverage

ROOT = Path(__file__).parents[2]
DOMAINS = ("inventory", "warehouse", "procurement", "suppliers")
SHORT = 100


@pytest.fixture(scope="module")
def release() -> Release:
    loaded = load(ROOT, clock=PinnedClock())
    assert loaded.release is not None
    return loaded.release


@pytest.fixture(scope="module")
def covered(release: Release) -> list[FileCoverage]:
    """All cases of the four domains are run once; what they went through."""
    coverage = Coverage()
    for domain in DOMAINS:
        done = run_tests(release, ROOT, selection=Selection(path=f"routes/{domain}"), coverage=coverage)
        assert [f"{one.name}: {one.difference}" for one in done if not one.ok] == []
    return [one for one in coverage.files(release) if one.path.split("/")[1] in DOMAINS]


def test_every_step_and_branch_is_gone_through(covered: list[FileCoverage]) -> None:
    assert [f"{one.path}: {one.never}" for one in covered if one.never] == []


def test_no_route_is_missing(covered: list[FileCoverage]) -> None:
    routes = {str(path.relative_to(ROOT)) for domain in DOMAINS for path in (ROOT / "routes" / domain).glob("*.route.yaml")}
    assert sorted(routes) == sorted(one.path for one in covered)


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_route_is_short_enough_to_be_read_in_a_minute(domain: str) -> None:
    found = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "routes" / domain).glob("*.route.yaml")}
    assert {name: lines for name, lines in found.items() if lines > SHORT} == {}


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_canonical_document_is_owned_versioned_and_has_examples(domain: str) -> None:
    """And is valid JSON Schema 2020-12; `crossdock check` holds the examples against their schemas."""
    for path in (ROOT / "routes" / domain).glob("*.schema.json"):
        schema = json.loads(path.read_text())
        Draft202012Validator.check_schema(schema)
        named = (schema["$id"], schema["x-domain"], schema["x-lifecycle"], schema["x-version"], bool(schema["x-owner"]))
        assert named == (path.name.removesuffix(".schema.json"), domain, "active", "1.0.0", True)
        assert len(schema["examples"]) > 0, path
