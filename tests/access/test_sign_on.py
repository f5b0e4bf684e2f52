"""The company's sign-on: only what the issuer's own keys signed, for us, and in time, is believed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from crossdock.core.access import Actor
from crossdock.core.errors import Retryable
from crossdock.runtime.control.problems import Unauthorized
from crossdock.runtime.control.sign_on import KEPT, PAUSE, Keys, SignOn
from crossdock_config.models import Oidc
from tests.access.access_kit import Company, grant
from tests.access.control_kit import serving
from tests.access.issuer_kit import CLIENT, Issuer, issuer


@pytest.fixture
def company_sso() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


def settings(sso: Issuer, **more: Any) -> Oidc:
    return Oidc(issuer=sso.url, client_id=CLIENT, **more)


def unsigned(claims: dict[str, Any], header: dict[str, Any], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in (header, claims))
    return ".".join((*parts, signature))


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def hmac_with_public_key(sso: Issuer) -> str:
    """The old trick: the public key taken for a shared secret."""
    public = sso.keys["rsa"].public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    import hashlib
    import hmac

    body = unsigned(claims_of(sso.token()), {"alg": "HS256", "kid": "rsa", "typ": "JWT"}).rstrip(".")
    seal = hmac.new(public, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"


@pytest.mark.parametrize(("key", "algorithm"), [("rsa", "RS256"), ("ec", "ES256")])
def test_a_good_token_says_who_it_is(company_sso: Issuer, key: str, algorithm: str) -> None:
    found = SignOn(settings(company_sso)).verify(company_sso.token(key, algorithm))
    assert found == Actor("ann@example.com", "oidc", subject="0815", email="ann@example.com", groups=("edi",))


FORGERIES: dict[str, Callable[[Issuer], str]] = {
    "expired": lambda sso: sso.token(exp=int(time.time()) - 120),
    "without an end": lambda sso: sso.token(exp=None),
    "not valid yet": lambda sso: sso.token(nbf=int(time.time()) + 600),
    "issued in the future": lambda sso: sso.token(iat=int(time.time()) + 600),
    "without its time": lambda sso: sso.token(iat=None),
    "for another audience": lambda sso: sso.token(aud="another"),
    "for other audiences": lambda sso: sso.token(aud=["one", "two"]),
    "for no audience": lambda sso: sso.token(aud=None),
    "of another issuer": lambda sso: sso.token(iss="https://evil.example.com"),
    "of an issuer that begins alike": lambda sso: sso.token(iss=sso.url + "0"),
    "of no issuer": lambda sso: sso.token(iss=None),
    "of nobody": lambda sso: sso.token(sub=None),
    "by a key that is not published": lambda sso: sso.token("stranger"),
    "by another key under a known name": lambda sso: jwt.encode(
        claims_of(sso.token()), sso.keys["stranger"], "RS256", headers={"kid": "rsa"}
    ),
    "by the shared secret that is listed": lambda sso: jwt.encode(
        claims_of(sso.token()), b"secret" * 6, "HS256", headers={"kid": "shared"}
    ),
    "by the public key as a secret": hmac_with_public_key,
    "alg none": lambda sso: unsigned(claims_of(sso.token()), {"alg": "none", "kid": "rsa"}),
    "alg None": lambda sso: unsigned(claims_of(sso.token()), {"alg": "None", "kid": "rsa"}, "AA"),
    "no alg": lambda sso: unsigned(claims_of(sso.token()), {"kid": "rsa"}, "AA"),
    "alg of another kind of key": lambda sso: unsigned(claims_of(sso.token()), {"alg": "ES256", "kid": "rsa"}, "A" * 86),
    "changed": lambda sso: _with_claims(sso.token(), {**claims_of(sso.token()), "groups": ["admins"]}),
    "without its signature": lambda sso: sso.token().rpartition(".")[0] + ".",
    "key in its own header": lambda sso: jwt.encode(
        claims_of(sso.token()), sso.keys["stranger"], "RS256",
        headers={"kid": "x", "jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(sso.keys["stranger"].public_key()))},
    ),
    "nonsense": lambda sso: "a.b.c",
    "empty": lambda sso: "..",
}  # fmt: skip


def _with_claims(token: str, claims: dict[str, Any]) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{unsigned(claims, {}).split('.')[1]}.{signature}"


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_token_that_is_not_good_is_nobody_s(company_sso: Issuer, forgery: str) -> None:
    with pytest.raises(Unauthorized):
        SignOn(settings(company_sso)).verify(FORGERIES[forgery](company_sso))


def test_a_good_one_is_good_again_after_all_forgeries(company_sso: Issuer) -> None:
    sign_on = SignOn(settings(company_sso))
    for forge in FORGERIES.values():
        with pytest.raises(Unauthorized):
            sign_on.verify(forge(company_sso))
    assert sign_on.verify(company_sso.token()).subject == "0815"


def test_unknown_keys_do_not_make_us_ask_the_issuer_for_each(company_sso: Issuer) -> None:
    now = [0.0]
    sign_on = SignOn(settings(company_sso), Keys(company_sso.url, lambda: now[0]))
    for _ in range(5):
        with pytest.raises(Unauthorized):
            sign_on.verify(company_sso.token("stranger"))
    assert company_sso.asked.count("/jwks") == 1
    now[0] = PAUSE
    with pytest.raises(Unauthorized):
        sign_on.verify(company_sso.token("stranger"))
    assert company_sso.asked.count("/jwks") == 2


def test_a_key_that_was_withdrawn_is_believed_no_longer_than_keys_are_kept(company_sso: Issuer) -> None:
    now = [0.0]
    sign_on = SignOn(settings(company_sso), Keys(company_sso.url, lambda: now[0]))
    token = company_sso.token()
    sign_on.verify(token)
    company_sso.keys["rsa"] = company_sso.keys["stranger"]
    sign_on.verify(token)
    now[0] = KEPT
    with pytest.raises(Unauthorized):
        sign_on.verify(token)


@pytest.mark.parametrize(
    ("claims", "more", "wanted"),
    [
        ({"email_verified": False}, {}, ("0815", "", ("edi",))),
        ({"email_verified": None}, {}, ("0815", "", ("edi",))),
        ({"email_verified": "true"}, {}, ("0815", "", ("edi",))),
        ({"email_verified": False}, {"trust_email": True}, ("ann@example.com", "ann@example.com", ("edi",))),
        ({"groups": "a b"}, {}, ("ann@example.com", "ann@example.com", ("a", "b"))),
        ({"groups": {"a": 1}}, {}, ("ann@example.com", "ann@example.com", ())),
        ({"groups": None}, {}, ("ann@example.com", "ann@example.com", ())),
        ({"realm": {"roles": ["x"]}}, {"claims": {"groups": "realm.roles"}}, ("ann@example.com", "ann@example.com", ("x",))),
        ({"https://c.eu/g": ["y"]}, {"claims": {"groups": "https://c.eu/g"}}, ("ann@example.com", "ann@example.com", ("y",))),
        ({"login": "ann"}, {"claims": {"name": "login"}}, ("ann", "ann@example.com", ("edi",))),
        ({"login": 7}, {"claims": {"name": "login"}}, ("0815", "ann@example.com", ("edi",))),
    ],
)  # fmt: skip
def test_claims_become_what_the_configuration_says(company_sso: Issuer, claims: Any, more: Any, wanted: Any) -> None:
    found = SignOn(settings(company_sso, **more)).verify(company_sso.token(**claims))
    assert (found.name, found.email, found.groups) == wanted


def test_an_audience_of_its_own_is_asked_for(company_sso: Issuer) -> None:
    sign_on = SignOn(settings(company_sso, audience="api"))
    assert sign_on.verify(company_sso.token(aud=["api", "other"])).subject == "0815"
    with pytest.raises(Unauthorized):
        sign_on.verify(company_sso.token())


@pytest.mark.parametrize(
    "extra",
    [{"issuer": "https://evil.example.com"}, {"jwks_uri": "http://evil.example.com/jwks"}, {"jwks_uri": "file:///etc/passwd"},
     {"jwks_uri": None}],
)  # fmt: skip
def test_an_issuer_that_sends_us_elsewhere_is_not_followed(company_sso: Issuer, extra: dict[str, Any]) -> None:
    company_sso.extra = extra
    with pytest.raises(Retryable):
        SignOn(settings(company_sso)).verify(company_sso.token())


def test_an_issuer_that_is_away_is_told() -> None:
    with issuer() as gone:
        token = gone.token()
    with pytest.raises(Retryable, match="can't be reached"):
        SignOn(settings(gone)).verify(token)


def environment(firm: Company, sso: Issuer) -> None:
    text = f"environment: local\njournal: sqlite:///.crossdock/local.db\noidc: {{ issuer: '{sso.url}', client_id: {CLIENT} }}\n"
    firm.write("config/environments/local.yaml", text)


def test_a_person_signs_on_by_the_device_flow_and_acts_by_their_groups(firm: Company, company_sso: Issuer) -> None:
    environment(firm, company_sso)
    firm.rules(grant("operator", "group: edi", "sales"))
    company_sso.pending = 2
    told = firm.run("login")
    assert told.stdout.splitlines()[:2] == [f"open {company_sso.url}/go", "and enter the code WDJB-MJHT"], told.stderr
    kept = firm.root / "home/crossdock/logins.json"
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert firm.run("whoami").stdout.startswith("ann@example.com in local, known by: email ann@example.com, group edi, subject")
    assert firm.run("failed", "retry", firm.items["orders"]).returncode == 0
    assert firm.run("failed", "retry", firm.items["invoices"]).returncode == 5
    opened = firm.open()
    (row,) = opened.audit.rows()
    opened.close()
    assert (row.actor, row.via, row.role, row.action) == ("ann@example.com", "oidc", "operator", "retry")
    assert firm.run("logout").stdout == f"signed off from {company_sso.url}\n"
    assert firm.run("messages").returncode == 5


def test_a_token_that_ran_out_is_renewed_and_where_it_can_not_be_nobody_else_acts(firm: Company, company_sso: Issuer) -> None:
    environment(firm, company_sso)
    company_sso.lifetime = 20
    firm.rules(grant("viewer", "group: edi"))
    assert firm.run("login").returncode == 0
    company_sso.lifetime = 300
    assert firm.run("messages").returncode == 0
    assert [form["grant_type"] for form in company_sso.forms if "grant_type" in form][-1] == "refresh_token"
    company_sso.lifetime = 20
    firm.run("logout")
    firm.run("login")
    company_sso.refuse = "invalid_grant"
    answer = firm.run("messages")
    assert (answer.returncode, "has run out: invalid_grant" in answer.stderr) == (5, True)


@pytest.mark.parametrize("refusal", ["access_denied", "expired_token"])
def test_a_sign_on_that_is_refused_is_told(firm: Company, company_sso: Issuer, refusal: str) -> None:
    environment(firm, company_sso)
    company_sso.refuse = refusal
    answer = firm.run("login")
    assert (answer.returncode, f"the sign-on was refused: {refusal}" in answer.stderr) == (5, True)


def test_an_environment_without_an_issuer_says_so(firm: Company) -> None:
    assert "local knows no sign-on" in firm.run("login").stderr
    assert firm.run("logout").stdout == "nobody is signed on\n"


def test_a_sign_on_without_rules_may_do_nothing(firm: Company, company_sso: Issuer) -> None:
    environment(firm, company_sso)
    answer = firm.run("messages", token=company_sso.token())
    assert (answer.returncode, "nothing says what they may do in local" in answer.stderr) == (5, True)


def test_the_api_knows_people_by_their_sign_on(firm: Company, company_sso: Issuer) -> None:
    firm.rules(grant("operator", "email: ANN@example.com"))
    with serving(firm, settings(company_sso)) as api:
        assert api.ask("GET", "/v1/whoami", token=company_sso.token()).json["name"] == "ann@example.com"
        assert api.ask("GET", "/v1/messages", token=company_sso.token()).status == 200
        assert api.ask("GET", "/v1/messages", token=company_sso.token(email_verified=False)).status == 403
        for name in ("alg none", "expired", "for another audience", "by a key that is not published"):
            assert api.ask("GET", "/v1/messages", token=FORGERIES[name](company_sso)).status == 401
        assert firm.run("--server", api.url, "login").returncode == 0
        assert firm.run("--server", api.url, "failed", "list").returncode == 0
        assert firm.run("--server", api.url, "whoami").stdout.startswith("ann@example.com in local")
