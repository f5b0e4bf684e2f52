"""What the doctor says of the machine: its disks and its clock."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from crossdock import boot
from crossdock.boot import examination
from crossdock.boot.deployments import living
from crossdock.boot.house import House, compiled
from tests.cli.test_cli import run
from tests.journal.journal_kit import World

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A new project with its journal."""
    root = tmp_path / "my-company"
    assert run("new", str(root)).returncode == 0
    assert run("deploy", root=root).returncode == 0
    return root


def said(root: Path) -> dict[str, str]:
    """Return what is wrong, by name."""
    return {check.name: check.detail for check in boot.doctor(root, "local") if check.ok is False}


def test_a_disk_that_is_nearly_full_is_told_before_it_is_full(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [name for name in said(root) if "disk" in name]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - 3_000_000, 3_000_000))
    told = {name: detail for name, detail in said(root).items() if "disk" in name}
    assert told == dict.fromkeys(("journal's disk", "state folder's disk"), f"2.9 MB left at {root / '.crossdock'}")


@pytest.mark.parametrize(("off", "told"), [(60, "60 s behind"), (-60, "60 s ahead of")])
def test_a_clock_that_is_wrong_is_told_and_nobody_is_called_stale_for_it(
    off: int, told: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal's clock is `off` seconds before this machine's; a gateway and a worker have just beaten by it."""
    url = f"sqlite:///{root / '.crossdock/journal.db'}"
    opened = World(url, off).open()
    for role in ("gateway", "worker"):
        opened.journal.beat(f"host-{role}", role, {})
    assert {process["role"] for process in living(opened)} == {"gateway", "worker"}
    house = House.enter_quietly(root, compiled(root, "local"))
    monkeypatch.setattr(house, "opened", opened)
    checks = {check.name: check for check in examination._journal(house)}
    assert checks["clock"].detail.startswith(f"this machine's is {told}")
    assert (checks["gateway host-gateway"].ok, checks["worker host-worker"].ok) == (True, True)
    opened.close()
