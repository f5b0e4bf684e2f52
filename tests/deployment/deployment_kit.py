"""What the deployment files say, read for tests: commands, options, variables and paths."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOYMENT = ROOT / "docs/deployment"
CROSSDOCK = str(Path(sys.executable).with_name("crossdock"))
ENVIRONMENT = ROOT / "config/environments/production.yaml"
OWN = {"CROSSDOCK_ENV", "CROSSDOCK_STATE", "CROSSDOCK_SECRETS_DIR"}
"""The variables that the engine itself reads; a test holds them against the code."""


def referred() -> dict[str, set[str]]:
    """Return what production's environment, the partners and the routes refer to: `env` and `secret`, by kind."""
    files = [*(ROOT / "config/partners").glob("*.yaml"), *(ROOT / "routes").glob("*/*.route.yaml")]
    texts = [ENVIRONMENT.read_text(), *(path.read_text() for path in files)]
    found = re.findall(r"\$\{(env|secret):([A-Za-z0-9_]+)", "\n".join(texts))
    return {kind: {name for one, name in found if one == kind} for kind in ("env", "secret")}


def understood(arguments: Sequence[str]) -> None:
    """Assert that the command line understands a command with its options, and has help for it."""
    from crossdock.cli.main import cli

    name, *rest = arguments
    command = cli.get_command(cli.make_context("crossdock", ["version"]), name)
    assert command is not None, name
    command.make_context(name, list(rest)).close()
    help_text = subprocess.run([CROSSDOCK, name, "--help"], capture_output=True, text=True, check=True).stdout
    for option in (word.partition("=")[0] for word in rest if word.startswith("--")):
        assert option in help_text, (option, name)


def sections(unit: str) -> dict[str, list[tuple[str, str]]]:
    """Return a unit file's settings by section, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in unit.splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            current.append((name, value))
    return found


def settings(unit: str, section: str, name: str) -> list[str]:
    """Return the values of a setting."""
    return [value for one, value in sections(unit)[section] if one == name]


def variables(text: str) -> dict[str, str]:
    """Return an environment file's variables."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def words(command: str, given: dict[str, str]) -> list[str]:
    """Return a unit's command as systemd would run it."""
    return shlex.split(re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], command))
