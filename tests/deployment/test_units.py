"""The systemd units: what they name exists, they are closed as far as they go, and systemd has nothing against them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import absent
from tests.deployment.deployment_kit import (
    CROSSDOCK,
    DEPLOYMENT,
    OWN,
    ROOT,
    referred,
    sections,
    settings,
    understood,
    variables,
    words,
)

SYSTEMD = DEPLOYMENT / "systemd"
UNITS = ["crossdock-gateway.service", "crossdock-worker@.service"]
GIVEN = variables((SYSTEMD / "crossdock.env").read_text())
EXPOSURE = 1.5
"""The most that `systemd-analyze security` may find, of 10."""


def unit(name: str) -> str:
    return (SYSTEMD / name).read_text()


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        absent("systemd-analyze is not installed (Debian: systemd)")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", UNITS)
def test_the_command_of_a_unit_is_one_of_ours(name: str) -> None:
    (command,) = settings(unit(name), "Service", "ExecStart")
    program, *arguments = words(command, GIVEN)
    assert program == "/opt/crossdock/bin/crossdock"
    assert arguments[:2] == ["-C", "/srv/crossdock"]
    understood(arguments[2:])


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_a_unit_as_it_is(name: str, tmp_path: Path) -> None:
    """With the paths of a real installation in the place of this one's."""
    text = unit(name).replace("/opt/crossdock/bin/crossdock", CROSSDOCK).replace("/srv/crossdock", str(ROOT))
    (tmp_path / name).write_text(text)
    verified = analyze("verify", "--man=no", "--recursive-errors=no", str(tmp_path / name))
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_closed_as_far_as_it_goes(name: str) -> None:
    found = analyze("security", "--offline=yes", "--no-pager", str(SYSTEMD / name))
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", found.stdout)
    assert exposure, found.stderr
    assert float(exposure[1]) <= EXPOSURE


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_stops_gracefully_and_comes_back(name: str) -> None:
    text = unit(name)
    wanted = {"Restart": "always", "KillSignal": "SIGTERM", "KillMode": "mixed", "NoNewPrivileges": "yes", "DynamicUser": "yes"}
    assert {setting: settings(text, "Service", setting) for setting in wanted} == {key: [value] for key, value in wanted.items()}
    assert settings(text, "Unit", "StartLimitIntervalSec") == ["0"]
    assert settings(text, "Service", "LoadCredential") == ["CROSSDOCK_SECRET:/etc/crossdock/secrets"]


def test_both_units_have_the_same_user_and_state() -> None:
    """A dynamic user is shared by its name: else the one would take the other's folder."""
    for setting in ("User", "StateDirectory", "EnvironmentFile", "WorkingDirectory"):
        assert len({tuple(settings(unit(name), "Service", setting)) for name in UNITS}) == 1, setting


def test_every_variable_that_is_set_is_read() -> None:
    """By the engine, by production's environment, or by the unit itself."""
    in_units = set(re.findall(r"\$\{(\w+)\}", "".join(unit(name) for name in UNITS)))
    assert GIVEN.keys() - OWN - referred()["env"] - in_units == set()
    for name in UNITS:
        assigned = {value.partition("=")[0] for value in settings(unit(name), "Service", "Environment")}
        assert assigned == {"CROSSDOCK_STATE", "CROSSDOCK_SECRETS_DIR"}
        assert assigned <= OWN


def test_the_engine_reads_the_variables_that_are_called_its_own() -> None:
    code = "".join(path.read_text() for room in ("router", "config") for path in (ROOT / room).rglob("*.py"))
    assert {name for name in OWN if f'"{name}"' not in code} == set()


def test_no_secret_is_in_the_environment_file() -> None:
    assert GIVEN.keys() & referred()["secret"] == set()


def test_units_say_nothing_twice() -> None:
    for name in UNITS:
        for section, found in sections(unit(name)).items():
            once = [setting for setting, _ in found if setting not in ("Environment", "SystemCallFilter")]
            assert len(once) == len(set(once)), (name, section)
