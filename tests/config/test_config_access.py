"""`config/access.yaml`: checked with the project, no part of the release, and shut where it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.core.access import OPEN, Actor
from crossdock.core.errors import Misconfigured
from crossdock_config import load, load_access, route_domains

ROUTE = """route: orders
owner: edi@example.com
domain: sales
from: { event: order.received }
to: [ { event: order.done } ]
"""
ACCESS = """grants:
  - role: operator
    who: [ { group: edi-operators }, { user: ann }, { email: Bob@Example.com } ]
    domains: [ sales ]
    environments: [ local ]
  - role: admin
    who: [ { token: ci } ]
    domains: [ "*" ]
    environments: [ "*" ]
"""


def said(text: str, path: str = "config/access.yaml") -> list[str]:
    return [str(one) for one in load({"routes/sales/orders.route.yaml": ROUTE, path: text}).problems if one.severity == "error"]


def written(root: Path, text: str) -> Path:
    (root / "config").mkdir()
    (root / "config/access.yaml").write_text(text, encoding="utf-8")
    return root


def test_good_rules_have_no_problems_wherever_they_stand() -> None:
    assert said(ACCESS) == []
    assert said(ACCESS, "routes/sales/orders.access.yaml") == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (
            ("operator", "operater"),
            "2:11: 'role' of this access is one of 'viewer', 'operator', 'engineer', 'approver' or 'admin', not 'operater'",
        ),
        (("domains: [ sales ]", "domains: [ sale ]"), "4:16: there is no domain 'sale'; did you mean 'sales'?"),
        (("[ local ]", "[ locale ]"), "5:21: there is no environment 'locale'; did you mean 'local'?"),
        (
            ("domains: [ sales ]", "domain: [ sales ]"),
            "4:5: unknown option 'domain' for `grants` of this access; did you",
        ),
        (("domains: [ sales ]", "domains: []"), "4:14: 'domains' of this access needs at least 1 item, not an empty list"),
        (
            ("{ user: ann }", "{ user: ann, token: ann }"),
            "3:38: say who it is by exactly one of user, token, email, subject, group",
        ),
        (("{ user: ann }", "{}"), "3:38: say who it is by exactly one of user, token, email, subject, group"),
        (("{ user: ann }", "{ user: '' }"), "3:38: say who it is by exactly one of user, token, email, subject, group"),
        (("{ user: ann }", "{ usr: ann }"), "unknown option 'usr'"),
        (("{ user: ann }", "ann"), "3:38: item 2 of 'who' of this access takes a mapping, not 'ann'"),
        (("grants:", "grant:"), "unknown option 'grant' for this access; did you mean 'grants'?"),
    ],
)
def test_a_mistake_is_told_at_its_place(change, wanted, tmp_path) -> None:
    text = ACCESS.replace(*change)
    assert wanted in "\n".join(said(text))


def test_broken_rules_let_nobody_in(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="so nobody may do anything") as error:
        load_access(written(tmp_path, ACCESS.replace("operator", "operater")))
    assert "config/access.yaml:2:11" in str(error.value.problems[0])


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "grants: []\n"])
def test_a_file_without_grants_never_opens_anything(text: str, tmp_path: Path) -> None:
    try:
        rules = load_access(written(tmp_path, text))
    except Misconfigured:
        return
    assert rules.written
    assert rules.role_for(Actor("ann"), "read", "", "local") is None


def test_the_rules_alone_are_those_of_the_project(tmp_path: Path) -> None:
    rules = load_access(written(tmp_path, ACCESS))
    bob = Actor("bob@example.com", "oidc", email="bob@EXAMPLE.com")
    assert rules.role_for(bob, "retry", "sales", "local") == "operator"
    assert rules.role_for(Actor("ci", "token"), "deploy", "*", "production") == "admin"
    assert rules.role_for(Actor("eve"), "read", "", "local") is None


def test_a_project_without_rules_is_open(tmp_path: Path) -> None:
    assert load_access(tmp_path) == OPEN


def test_rules_are_no_part_of_a_release() -> None:
    with_rules = load({"routes/sales/orders.route.yaml": ROUTE, "config/access.yaml": ACCESS}).release
    without = load({"routes/sales/orders.route.yaml": ROUTE}).release
    assert with_rules is not None
    assert without is not None
    assert (with_rules.id, with_rules.files) == (without.id, without.files)


def test_the_domains_of_routes_are_read_without_compiling_them(tmp_path: Path) -> None:
    (tmp_path / "routes/sales").mkdir(parents=True)
    (tmp_path / "routes/sales/orders.route.yaml").write_text(ROUTE + "steps: [ { broken: 1 } ]\n", encoding="utf-8")
    (tmp_path / "routes/sales/worse.route.yaml").write_text("a: [", encoding="utf-8")
    assert route_domains(tmp_path) == {"orders": "sales"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("control: { host: 0.0.0.0 }", "tokens would travel to 0.0.0.0 in the clear"),
        ("control: { certificate: a.pem }", "a certificate and its key go together"),
        ("oidc: { issuer: 'http://sso.example.com', client_id: x }", "an issuer's address begins with https://"),
        ("oidc: { issuer: 'https://sso.example.com' }", "client_id"),
    ],
)
def test_an_environment_that_would_give_tokens_away_is_refused(text: str, wanted: str) -> None:
    files = {"routes/sales/orders.route.yaml": ROUTE, "config/environments/local.yaml": f"environment: local\n{text}\n"}
    assert wanted in "\n".join(str(problem) for problem in load(files).problems)


@pytest.mark.parametrize(
    "text",
    [
        "control: { port: 9465 }",
        "control: { host: 0.0.0.0, behind_proxy: true }",
        "control: { host: 0.0.0.0, certificate: a.pem, key: b.pem }",
        "oidc: { issuer: 'http://127.0.0.1:9000', client_id: x }",
        "protected: true\napproval_lifetime: 4h",
    ],
)
def test_an_environment_with_a_control_api_is_accepted(text: str) -> None:
    files = {"routes/sales/orders.route.yaml": ROUTE, "config/environments/local.yaml": f"environment: local\n{text}\n"}
    assert [str(problem) for problem in load(files).problems if problem.severity == "error"] == []
