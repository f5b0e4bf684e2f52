"""Who may do what: every role with every permission, domains and environments, and nothing that isn't granted."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from crossdock.core.access import ANY, NONE, OPEN, PERMISSIONS, ROLES, Actor, Denied, Grant, Rules, authorize

ANN = Actor("ann")
SIGNED_ON = Actor("ann@example.com", "oidc", subject="0815", email="Ann@Example.com", groups=("edi", "it"))

TABLE = {
    "read": "viewer operator engineer approver admin",
    "view": "operator engineer admin",
    "retry": "operator admin",
    "repair": "operator admin",
    "resend": "operator admin",
    "discard": "operator admin",
    "admit": "operator admin",
    "release_parked": "operator admin",
    "restart_poll": "operator admin",
    "close_ack": "operator admin",
    "send": "operator admin",
    "deploy": "engineer admin",
    "rollback": "engineer admin",
    "promote": "engineer admin",
    "request": "engineer admin",
    "approve": "approver admin",
    "reject": "engineer approver admin",
    "read_audit": "approver admin",
    "manage_tokens": "admin",
    "purge": "admin",
    "adopt": "admin",
}


def rules(role="operator", who=("user", "ann"), domains=("sales",), environments=("test",)) -> Rules:
    return Rules((Grant(role, frozenset([who]), frozenset(domains), frozenset(environments)),))


def allowed(found: Rules, actor=ANN, permission="retry", domain="sales", environment="test") -> bool:
    try:
        authorize(actor, permission, domain, environment, found)
    except Denied:
        return False
    return True


@pytest.mark.parametrize(("role", "permission"), list(itertools.product(ROLES, PERMISSIONS)))
def test_each_role_has_exactly_the_permissions_of_the_table(role, permission) -> None:
    assert allowed(rules(role), permission=permission) == (role in TABLE[permission].split())


def test_the_table_of_the_documentation_is_the_one_that_holds() -> None:
    text = Path("docs/security.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]
    written = {row[0].strip("`"): " ".join(role for role, cell in zip(ROLES, row[2:], strict=True) if cell) for row in rows}
    assert written == TABLE
    assert {row[0].strip("`"): row[1] for row in rows} == dict(PERMISSIONS)


@pytest.mark.parametrize(
    ("domains", "domain", "wanted"),
    [
        (("sales",), "sales", True),
        (("sales",), "finance", False),
        (("sales", "finance"), "finance", True),
        ((ANY,), "finance", True),
        ((ANY,), ANY, True),
        (("sales",), ANY, False),
        (("sales",), NONE, True),
        (("sales",), "Sales", False),
    ],
)
def test_a_role_holds_in_its_domains(domains, domain, wanted) -> None:
    assert allowed(rules(domains=domains), domain=domain) == wanted


@pytest.mark.parametrize(
    ("environments", "environment", "wanted"),
    [(("test",), "test", True), (("test",), "production", False), ((ANY,), "production", True)],
)
def test_a_role_holds_in_its_environments(environments, environment, wanted) -> None:
    assert allowed(rules(environments=environments), environment=environment) == wanted


@pytest.mark.parametrize(
    ("who", "actor", "wanted"),
    [
        (("user", "ann"), ANN, True),
        (("user", "ann"), Actor("Ann"), False),
        (("user", "ann"), Actor("ann", "token"), False),
        (("user", "ann"), Actor("ann", "oidc", subject="ann"), False),
        (("token", "ci"), Actor("ci", "token"), True),
        (("token", "ci"), Actor("ci"), False),
        (("email", "ann@example.com"), SIGNED_ON, True),
        (("subject", "0815"), SIGNED_ON, True),
        (("group", "edi"), SIGNED_ON, True),
        (("group", "admins"), SIGNED_ON, False),
        (("email", "ann@example.com"), Actor("ann@example.com", "oidc", subject="1"), False),
        (("group", "edi"), Actor("edi", "token", groups=("edi",)), False),
        (("user", "crossdock"), Actor("crossdock", "system"), False),
        (("user", ""), Actor("", "system"), False),
    ],
)
def test_somebody_is_known_only_by_the_mark_that_fits_how_they_came(who, actor, wanted) -> None:
    assert allowed(rules(who=who), actor) == wanted


def test_rules_without_grants_allow_nothing() -> None:
    found = {allowed(Rules(), permission=permission, domain=domain) for permission in PERMISSIONS for domain in ("sales", NONE)}
    assert found == {False}


def test_the_smallest_role_that_allows_an_act_is_the_one_that_is_noted() -> None:
    both = Rules((*rules("admin").grants, *rules("operator").grants))
    assert authorize(ANN, "retry", "sales", "test", both).role == "operator"
    assert authorize(ANN, "deploy", "sales", "test", both).role == "admin"


def test_a_permission_in_one_domain_does_not_mix_with_another_grant() -> None:
    both = Rules((*rules("viewer", domains=("finance",)).grants, *rules("operator", domains=("sales",)).grants))
    assert (allowed(both, domain="sales"), allowed(both, domain="finance")) == (True, False)


def test_without_rules_whoever_reaches_the_journal_may_act_and_a_sign_on_may_not() -> None:
    assert authorize(ANN, "deploy", ANY, "production", OPEN) == ANN
    assert authorize(Actor("ci", "token"), "deploy", ANY, "production", OPEN).role == ""
    with pytest.raises(Denied, match="nothing says what they may do in production"):
        authorize(SIGNED_ON, "read", NONE, "production", OPEN)


def test_a_denial_says_what_where_and_which_role_it_takes() -> None:
    with pytest.raises(Denied) as error:
        authorize(Actor("bob"), "release_parked", "sales", "production", rules())
    assert error.value.message == "bob (cli) may not release parked in domain 'sales' in environment 'production'"
    assert error.value.advice.startswith("it takes the role operator or admin")
