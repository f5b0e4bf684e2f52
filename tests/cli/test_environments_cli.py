"""Environments apart, as the command line tells it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.test_cli import run


def environment(root: Path, name: str, *lines: str) -> None:
    """Write an environment of the new project."""
    local = (root / "config/environments/local.yaml").read_text()
    text = local.replace("environment: local", f"environment: {name}").replace("journal.db", f"{name}.db")
    (root / f"config/environments/{name}.yaml").write_text(text + "".join(f"{line}\n" for line in lines))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A new project with the environments `local` and `test`."""
    root = tmp_path / "my-company"
    assert run("new", str(root)).returncode == 0
    environment(root, "test")
    return root


def test_a_journal_that_was_copied_from_another_environment_is_refused_until_it_is_adopted(root: Path) -> None:
    assert run("migrate", root=root).returncode == 0
    shutil.copy(root / ".crossdock/journal.db", root / ".crossdock/test.db")
    refused = run("-e", "test", "messages", root=root)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "this journal belongs to 'local', and this process is of 'test'" in refused.stderr
    assert run("-e", "test", "migrate", "--adopt", "local", root=root).returncode == 0
    assert run("-e", "test", "messages", root=root).returncode == 0


def test_doctor_says_whose_journal_it_is(root: Path) -> None:
    assert run("migrate", root=root).returncode == 0
    shutil.copy(root / ".crossdock/journal.db", root / ".crossdock/test.db")
    said = run("-e", "test", "doctor", root=root, ACME_SFTP_PASSWORD="x")
    assert said.returncode == 1
    assert "✗ journal: this journal belongs to 'local', and this process is of 'test'" in said.stdout


def test_what_check_refuses_is_not_deployed_though_it_would_start(root: Path) -> None:
    """A schema whose owner has gone is no reason to stop what runs, and none to deploy more of it."""
    schema = root / "routes/sales/order.v1.schema.json"
    schema.write_text(schema.read_text().replace('"x-owner"', '"x-owned-by"'))
    assert run("check", root=root).returncode == 1
    refused = run("deploy", root=root)
    assert refused.returncode == 1
    assert "schema 'order.v1' has no owner" in refused.stderr
    assert (
        run("doctor", root=root).stdout.count(
            "✗ lifecycle: routes/sales/order.v1.schema.json:1:1: schema 'order.v1' has no owner"
        )
        == 1
    )


def test_doctor_names_every_secret_that_is_missing_here(root: Path) -> None:
    """`check` can't: it works without any."""
    partner = root / "config/partners/acme.yaml"
    partner.write_text(partner.read_text().replace("title: ACME Retail Corp", "title: '${secret:TITLE}'"))
    assert run("-e", "test", "check", root=root).returncode == 0
    said = run("-e", "test", "doctor", root=root)
    assert said.returncode == 1
    assert [line.partition("secret '")[2].partition("'")[0] for line in said.stdout.splitlines() if "✗ secrets" in line] == [
        "TITLE",
        "ACME_SFTP_PASSWORD",
    ]
    assert "✗ project: 2 problems\n    `check` works without secrets: they are missing here alone\n" in said.stdout


def test_a_release_that_knows_nothing_of_an_environment_is_refused_there_with_every_reason(root: Path, tmp_path: Path) -> None:
    """The reason is the environment, which was written after the release was built, and the secret that only `local` has."""
    built = str(tmp_path / "a.release.json")
    assert run("build", "-o", built, root=root).returncode == 0
    environment(root, "production")
    refused = run("-e", "production", "deploy", built, root=root)
    assert refused.returncode == 1
    assert (
        "can't be compiled for 'production': config/environments/production.yaml:1:1: there is no environment" in refused.stderr
    )
    assert "secret 'ACME_SFTP_PASSWORD' is not there" in refused.stderr


def test_a_secret_that_is_missing_is_nothing_that_check_would_tell(root: Path) -> None:
    refused = run("-e", "test", "deploy", root=root)
    assert refused.returncode == 1
    assert "config/secrets/test/ACME_SFTP_PASSWORD" in refused.stderr
    assert "`check` works without secrets: they are missing here alone" in refused.stderr


def test_an_environment_that_is_not_written_is_told_with_those_that_are(root: Path) -> None:
    for name, told in (("tset", "did you mean 'test'?"), ("production", "there is local, test")):
        refused = run("-e", name, "failed", "list", root=root)
        assert refused.returncode == 1
        assert told in refused.stderr
