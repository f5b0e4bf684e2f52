"""A partner in each environment: what its file says for one is laid over what it says for all."""

from __future__ import annotations

import pytest

from crossdock_config import load
from tests.config.config_kit import PARTNER, project

TEST = (
    "environment: test\ntest: true\njournal: sqlite:///test.db\nendpoints: { erp: { http: { url: http://127.0.0.1:9998/ } } }\n"
)
LAID = """\
environments:
  test:
    title: ACME, for tests
    x12: { usage: T, theirs: { id: ACMETEST } }
    channels:
      sftp_server: { user: acme-test }
"""
AT = "config/partners/acme.yaml"


def files(partner: str) -> dict[str, str]:
    return {**project(partner=partner), "config/environments/test.yaml": TEST}


def told(partner: str, environment: str = "local") -> list[str]:
    return [str(problem) for problem in load(files(partner), environment).problems]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("local", ("", "P", "ZZ", "ACMERETAIL", "acme")), ("test", ("ACME, for tests", "T", "ZZ", "ACMETEST", "acme-test"))],
)
def test_an_environment_sees_the_partner_with_what_is_said_for_it(environment: str, expected: tuple[str, ...]):
    partner = load(files(PARTNER + LAID), environment).release.partners["acme"]
    theirs = partner.x12.theirs
    assert (partner.title, partner.x12.usage, theirs.qualifier, theirs.id, partner.channels["sftp_server"].user) == expected


def test_a_tilde_takes_something_away():
    laid = LAID.replace("sftp_server: { user: acme-test }", "sftp_server: ~")
    assert load(files(PARTNER + laid), "test").release.partners["acme"].channels == {}


@pytest.mark.parametrize("environment", ["local", "test"])
def test_what_is_wrong_in_any_environment_is_told_at_its_place(environment: str):
    laid = LAID.replace("usage: T", "usage: X").replace("title", "titel")
    said = told(PARTNER + laid, environment)
    assert said[0] == f"{AT}:9:5: unknown option 'titel' for this partner; did you mean 'title'?"
    assert said[1].startswith(f"{AT}:10:19: 'usage' of this partner")
    assert len(said) == 2


def test_a_channel_is_checked_in_its_environment():
    laid = LAID.replace("user: acme-test", "users: acme-test")
    assert told(PARTNER + laid, "test") == [f"{AT}:12:22: unknown option 'users' for sftp_server; did you mean 'user'?"]


@pytest.mark.parametrize(
    ("laid", "said"),
    [
        ("environments: { tset: { title: x } }", "7:17: there is no environment 'tset'; did you mean 'test'?"),
        ("environments: { test: 5 }", "7:23: say what is different in 'test': `test: { x12: { usage: T } }`"),
        ("environments: { test: { partner: other } }", "7:25: 'partner' is the same in every environment"),
        ("environments: { test: { environments: {} } }", "7:25: 'environments' is the same in every environment"),
        ("environments: 5", "7:15: 'environments' of this partner takes a mapping, not 5"),
    ],
)
def test_what_can_not_be_laid_over_is_refused(laid: str, said: str):
    assert told(f"{PARTNER}{laid}\n") == [f"{AT}:{said}"]


def test_two_partners_may_not_have_one_identity_in_any_environment():
    other = (
        PARTNER.replace("partner: acme", "partner: other").replace("ACMERETAIL", "ACMETEST").replace("user: acme,", "user: o,")
    )
    both = {**files(PARTNER + LAID), "config/partners/other.yaml": other}
    assert [str(one) for one in load(both, "local").problems] == []
    assert [str(one) for one in load(both, "test").problems] == [
        "config/partners/other.yaml:3:11: partner 'acme' has this identity already: ZZ/ACMETEST"
    ]
