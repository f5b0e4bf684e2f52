"""The container recipe and the compose file: valid by the Compose specification, and everything they name exists."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.deployment.deployment_kit import DEPLOYMENT, OWN, ROOT, referred, understood

CONTAINER = DEPLOYMENT / "container"
SCHEMA = Path(__file__).parent / "schema/compose-spec.json"
COMPOSE: dict[str, Any] = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "crossdock"}
RECIPE = re.sub(r"\\\n\s*", "", (CONTAINER / "Dockerfile").read_text())
INSTRUCTIONS = [tuple(line.split(maxsplit=1)) for line in RECIPE.splitlines() if line and not line.startswith("#")]
PART = ("runtime", "build")


def instructions(name: str) -> list[str]:
    return [value for one, value in INSTRUCTIONS if one == name]


def locked(part: str) -> str:
    done = subprocess.run(
        [sys.executable, str(CONTAINER / "locked.py"), part], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


def test_the_compose_file_is_one_by_its_specification() -> None:
    validator = jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []


def test_the_specification_would_find_a_mistake() -> None:
    broken = {**COMPOSE, "services": {"gateway": {**OURS["gateway"], "comand": ["gateway"]}}}
    validator = jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text()))
    assert ["comand" in error.message for error in validator.iter_errors(broken)] == [True]


def test_there_are_a_gateway_and_two_workers_on_postgresql_and_rabbitmq() -> None:
    replicas = {name: service.get("deploy", {}).get("replicas", 1) for name, service in COMPOSE["services"].items()}
    assert replicas == {"gateway": 1, "worker": 2, "postgres": 1, "rabbitmq": 1}


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_a_service_is_one_of_ours(name: str) -> None:
    understood(OURS[name]["command"])
    form, program, *check = OURS[name]["healthcheck"]["test"]
    assert (form, program) == ("CMD", "crossdock")
    understood(check)
    assert check == ["health", name]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_service_is_watched_and_comes_back(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    for other in service.get("depends_on", {}).values():
        assert other == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_write_to_their_state_alone_and_gain_nothing(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"], service["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    mounts = [str(volume) for volume in service["volumes"]]
    assert [mount.rpartition(":")[2] for mount in mounts if ":/project" in mount] == ["ro"]
    assert any("/var/lib/crossdock" in place for place in [*mounts, *service["tmpfs"]])


def test_every_variable_of_a_service_is_read() -> None:
    for service in OURS.values():
        assert service["environment"].keys() - OWN - referred()["env"] == set()


def test_the_services_have_exactly_the_secrets_that_production_refers_to() -> None:
    assert {name: set(service["secrets"]) for name, service in OURS.items()} == dict.fromkeys(OURS, referred()["secret"])
    assert COMPOSE["secrets"].keys() == referred()["secret"]


def test_what_is_declared_is_used_and_what_is_used_declared() -> None:
    used = {volume.split(":")[0] for service in COMPOSE["services"].values() for volume in service.get("volumes", [])}
    assert {volume for volume in used if re.fullmatch(r"\w+", volume)} == COMPOSE["volumes"].keys()


def test_the_recipe_is_found_from_the_compose_file() -> None:
    build = OURS["gateway"]["build"]
    context = (CONTAINER / build["context"]).resolve()
    assert (context, (context / build["dockerfile"]).resolve()) == (ROOT, CONTAINER / "Dockerfile")


def test_all_that_is_copied_into_the_image_exists_and_nothing_else_is_sent() -> None:
    own = [value for value in instructions("COPY") if not value.startswith("--from=")]
    sources = [source for value in own for source in value.split()[:-1]]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    ignored = (CONTAINER / "Dockerfile.dockerignore").read_text().splitlines()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == set(sources)
    assert ignored[0] == "*"
    assert "config/secrets" in ignored


def test_the_image_runs_our_command_as_nobody_in_particular() -> None:
    assert instructions("FROM") == ["python:3.11-slim AS build", "python:3.11-slim"]
    assert instructions("USER") == ["10001:10001"]
    (entry,) = instructions("ENTRYPOINT")
    (command,) = instructions("CMD")
    assert json.loads(entry) == ["crossdock"]
    understood(json.loads(command))
    (health,) = instructions("HEALTHCHECK")
    program, *arguments = json.loads(health.partition(" CMD ")[2])
    assert program == "crossdock"
    understood(arguments)


def test_the_images_variables_are_read_and_its_ports_are_those_of_production() -> None:
    assigned = {pair.partition("=")[0]: pair.partition("=")[2] for pair in shlex.split(" ".join(instructions("ENV")))}
    assert {name for name in assigned if name.startswith("CROSSDOCK")} <= OWN
    exposed = set(" ".join(instructions("EXPOSE")).split())
    defaults = dict(
        re.findall(r"\$\{env:(CROSSDOCK_\w+_PORT):-(\d+)\}", (ROOT / "config/environments/production.yaml").read_text())
    )
    assert exposed == set(defaults.values())
    published = {str(port).split(":")[-1] for port in OURS["gateway"]["ports"]}
    assert published == exposed


def test_everything_is_installed_by_its_hash_or_is_our_own() -> None:
    installs = [part for value in instructions("RUN") for part in value.split("&&") if " install " in part and "pip" in part]
    assert len(installs) == 3
    assert [one for one in installs if "--require-hashes" not in one and "--no-deps" not in one] == []


def requirements(text: str) -> dict[str, str]:
    """Return the names of a lock's packages, and each one's hashes."""
    blocks = re.split(r"\n(?=\S)", text.strip())
    return {re.split(r"\[|==", block)[0].lower().replace("_", "-"): block for block in blocks}


@pytest.mark.parametrize("part", PART)
def test_the_part_of_the_lock_is_whole_and_has_hashes(part: str) -> None:
    """What each package itself asks for on this machine is there as well."""
    found = requirements(locked(part))
    assert [name for name, block in found.items() if "--hash=sha256:" not in block] == []
    missing = set()
    for name in found:
        for wanted in importlib.metadata.requires(name) or []:
            if "extra ==" not in wanted and ";" not in wanted:
                missing.add(re.split(r"[\s\[<>=!~(]", wanted)[0].lower().replace("_", "-").replace(".", "-"))
    assert missing - found.keys() == set()


def test_what_runs_has_no_tools_of_the_tests() -> None:
    assert requirements(locked("runtime")).keys() & {"pytest", "ruff", "mypy", "hypothesis", "hatchling"} == set()
    assert "hatchling" in requirements(locked("build"))


def test_a_lock_without_what_is_wanted_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["nowhere>=1"]\n[build-system]\nrequires = []\n')
    (tmp_path / "requirements.lock").write_text("celery==5.7.0 \\\n    --hash=sha256:00\n    # via crossdock (pyproject.toml)\n")
    done = subprocess.run(
        [sys.executable, str(CONTAINER / "locked.py"), "runtime"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr.strip()) == (1, "requirements.lock has no nowhere: run `make lock`")
