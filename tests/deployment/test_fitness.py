"""What the doctor says of an environment: how it is kept apart, its secrets, its ways, its partners, what is going out of use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crossdock.boot.fitness import Check, fitness
from crossdock_config import load, system_secrets
from tests.config.config_kit import ENVIRONMENT, ORDER, PARTNER, ROUTE, project

PRODUCTION = """\
environment: production
journal: postgresql://crossdock@db.example/crossdock?sslmode=verify-full
broker: amqps://mq.example/crossdock
state_store: rediss://redis.example/0
endpoints:
  erp: { http: { url: "https://erp.example/api" } }
"""


def found(root: Path, selected: str = "production", production: str = PRODUCTION, **changes: str) -> dict[str, Check]:
    """Return what is said of an environment of the kit's project, by name; the secret is a file that only we can read."""
    files = project(**changes) | {"config/environments/production.yaml": production}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    secret = root / "config/secrets" / selected / "ACME"
    if not secret.exists():
        secret.parent.mkdir(parents=True, exist_ok=True)
        secret.write_text("x\n")
        secret.chmod(0o600)
    loaded = load(root, selected, secrets=system_secrets(root, selected), governance="warning")
    assert loaded.release is not None, [str(problem) for problem in loaded.problems]
    return {check.name: check for check in fitness(root, loaded, loaded.release)}


def verdicts(checks: dict[str, Check]) -> dict[str, bool | None]:
    return {name: check.ok for name, check in checks.items()}


def test_a_production_that_is_in_order_has_nothing_to_be_said_against_it(tmp_path: Path) -> None:
    checks = found(tmp_path)
    assert verdicts(checks) == {"environment": True, "secrets": True}
    assert checks["environment"].detail == "production, production"
    assert checks["secrets"].detail == "0 from variables, 1 from files"


@pytest.mark.parametrize(
    ("old", "new", "name", "detail", "advice"),
    [
        ("?sslmode=verify-full", "", "journal's way", "db.example is reached without TLS", "add `?sslmode=verify-full`"),
        ("verify-full", "prefer", "journal's way", "db.example is reached without TLS", "add `?sslmode=verify-full`"),
        ("amqps:", "amqp:", "broker's way", "mq.example is reached without TLS", "use amqps:// or rediss://"),
        ("rediss:", "redis:", "state store's way", "redis.example is reached without TLS", "use amqps:// or rediss://"),
        ("https:", "http:", "endpoint erp's way", "erp.example is reached without TLS", "use https://"),
        ('api"', 'api", verify: false', "endpoint erp's way",
         "the certificate of erp.example is not checked", "say `verify: true`"),
    ],
)  # fmt: skip
def test_production_speaks_to_nobody_in_the_clear(
    tmp_path: Path, old: str, new: str, name: str, detail: str, advice: str
) -> None:
    checks = found(tmp_path, production=PRODUCTION.replace(old, new, 1))
    assert checks[name] == Check(name, False, detail, advice)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_what_is_on_this_machine_needs_no_tls(tmp_path: Path, host: str) -> None:
    production = PRODUCTION.replace("?sslmode=verify-full", "").replace("db.example", host)
    production = production.replace("amqps://mq.example", f"amqp://{host}")
    assert verdicts(found(tmp_path, production=production)) == {"environment": True, "secrets": True}


def test_a_single_machine_is_said_to_be_one(tmp_path: Path) -> None:
    production = PRODUCTION.replace("postgresql://crossdock@db.example/crossdock?sslmode=verify-full", "sqlite:///p.db")
    check = found(tmp_path, production=production)["journal's place"]
    assert (check.ok, check.detail) == (None, "SQLite: everything runs on this one machine")


def test_policies_that_do_not_count_together_are_told(tmp_path: Path) -> None:
    assert found(tmp_path, production=PRODUCTION.replace("rediss://redis.example/0", "memory://"))["state store"].ok is None


def test_secrets_that_others_can_read_are_wrong_but_on_a_developers_machine(tmp_path: Path) -> None:
    found(tmp_path)
    for name, verdict in (("production", False), ("local", None)):
        secret = tmp_path / f"config/secrets/{name}/ACME"
        secret.parent.mkdir(parents=True, exist_ok=True)
        secret.write_text("x\n")
        secret.chmod(0o644)
        check = found(tmp_path, name)["secrets"]
        assert (check.ok, check.advice) == (verdict, "chmod 600 them")
        assert f"others on this machine can read {secret}" in check.detail


def test_a_secret_may_be_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_SECRET_ACME", "x")
    assert found(tmp_path)["secrets"].detail == "1 from variables, 0 from files"


def test_what_can_not_be_compared_with_production_is_told(tmp_path: Path) -> None:
    hidden = PRODUCTION.replace("https://erp.example/api", "${env:ERP_URL}")
    check = found(tmp_path, "local", production=hidden)["environment"]
    assert (check.ok, check.detail) == (None, "local, for development; not compared with production's: erp")
    shared = ENVIRONMENT + "shared: { erp: it only reads }\n"
    assert (
        found(tmp_path, "local", environment=shared, production=hidden)["environment"].detail
        == "local, for development; shares with production: erp"
    )


@pytest.mark.parametrize(
    ("environment", "usage", "verdict"),
    [("production", "P", "absent"), ("production", "T", None), ("local", "T", "absent")],
)
def test_partners_that_are_in_test_are_told_in_production(tmp_path: Path, environment: str, usage: str, verdict: object) -> None:
    partner = PARTNER.replace("channels:", f"  usage: {usage}\nchannels:")
    checks = found(tmp_path, environment, partner=partner)
    assert (checks["partners"].ok if "partners" in checks else "absent") == verdict


def test_partners_of_production_can_not_trade_in_a_test_environment(tmp_path: Path) -> None:
    check = found(tmp_path, "local", environment=ENVIRONMENT.replace("local\n", "local\ntest: true\n"))["partners"]
    assert check == Check(
        "partners",
        False,
        "acme: agreed as production, so that nothing can be exchanged here",
        "say `environments: { local: { x12: { usage: T } } }` in their files",
    )


def deprecated(days: int) -> str:
    """Return the kit's schema, deprecated, with so many days left."""
    last = datetime.now(UTC).date() + timedelta(days=days)
    ending = (
        f'"x-lifecycle": "deprecated", "x-deprecated-on": "2026-01-01", "x-sunset-on": "{last}", "x-successor": "none", "x-owner"'
    )
    return ORDER.replace('"x-owner"', ending)


@pytest.mark.parametrize(("days", "verdict"), [(31, "absent"), (30, None), (0, None), (-1, False)])
def test_what_ends_soon_is_told_and_what_has_ended_is_wrong(tmp_path: Path, days: int, verdict: object) -> None:
    checks = found(tmp_path, order=deprecated(days), route=ROUTE + "created_on: 2025-01-01\n")
    assert (checks["lifecycle"].ok if "lifecycle" in checks else "absent") == verdict
    if verdict is None:
        assert f"schema 'order.v1' ends in {days} days" in checks["lifecycle"].detail
        assert checks["lifecycle"].detail.endswith("used by 2")


def test_what_has_no_owner_is_wrong(tmp_path: Path) -> None:
    check = found(tmp_path, order=ORDER.replace(', "x-owner": "edi@example.com"', ""))["lifecycle"]
    assert (check.ok, "schema 'order.v1' has no owner" in check.detail) == (False, True)
