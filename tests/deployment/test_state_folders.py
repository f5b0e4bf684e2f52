"""Where processes keep what is theirs: each environment apart, and where CROSSDOCK_STATE says."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.boot.house import state_folder


@pytest.mark.parametrize(
    ("environment", "folder"), [("local", ".crossdock"), ("test", ".crossdock/test"), ("production", ".crossdock/production")]
)
def test_each_environment_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str, folder: str) -> None:
    monkeypatch.delenv("CROSSDOCK_STATE", raising=False)
    assert state_folder(tmp_path, environment) == tmp_path / folder


def test_a_machine_may_say_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_STATE", str(tmp_path / "state"))
    assert state_folder(tmp_path / "project", "production") == tmp_path / "state"
