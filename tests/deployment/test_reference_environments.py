"""The reference project in each of its environments."""

from __future__ import annotations

import pytest

from crossdock_config import load
from tests.deployment.deployment_kit import ROOT

ENVIRONMENTS = sorted(path.stem for path in (ROOT / "config/environments").glob("*.yaml"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_reference_project_is_right_in_every_environment(environment: str) -> None:
    assert [str(problem) for problem in load(ROOT, environment).problems] == []


def test_there_is_one_for_development_one_for_tests_and_one_for_production() -> None:
    releases = {name: load(ROOT, name).release for name in ENVIRONMENTS}
    assert {name: (one.environment.test, one.environment.is_production) for name, one in releases.items() if one} == {
        "local": (False, False),
        "test": (True, False),
        "production": (False, True),
    }


def test_partners_are_in_test_where_the_environment_is() -> None:
    release = load(ROOT, "test").release
    assert release is not None
    agreements = [one for partner in release.partners.values() for one in (partner.x12, partner.edifact) if one]
    assert {agreement.usage for agreement in agreements} == {"T"}
