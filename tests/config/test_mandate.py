"""Whose business a deployment is: the domains of the routes that would be others, and why."""

from __future__ import annotations

import pytest

from crossdock.boot.mandate import concerned
from tests.config.config_kit import ENVIRONMENT, MAP, ORDER, PARTNER, PATHS, POLICY, ROUTE
from tests.config.test_take_up import MORE, OTHER, TABLE, files, released

BEFORE = files()
FRESH = BEFORE[OTHER.format(name="plain")].replace("route: plain", "route: fresh")
RAIL = BEFORE[OTHER.format(name="plain")].replace("domain: finance", "domain: rail")
BETA = PARTNER.replace("acme", "beta").replace("ACMERETAIL", "BETA").replace("  sftp_server", "  sftp_server")


def said(after: dict[str, str | None]) -> dict[str, list[str]]:
    """Return what some changed files concern."""
    texts = {path: text for path, text in {**BEFORE, **after}.items() if text is not None}
    return {domain: list(why) for domain, why in concerned(released(BEFORE), released(texts)).items()}


def test_the_first_release_concerns_the_domains_of_all_routes() -> None:
    found = concerned(None, released(BEFORE))
    assert (list(found), found["sales"]) == (["finance", "sales"], ["route orders is new"])


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        (PATHS["map"], MAP.replace("body.amount", "body.amount + body.amount"), {"sales": ["route orders changes: map order"]}),
        (PATHS["map"], "# a remark\n" + MAP, {}),
        (PATHS["route"], ROUTE.replace("orders }", "orders2 }").replace("/orders,", "/o,"), {"sales": ["route orders changes"]}),
        (OTHER.format(name="fresh"), FRESH, {"finance": ["route fresh is new"]}),
        (OTHER.format(name="plain"), None, {"finance": ["route plain goes"]}),
        (
            OTHER.format(name="plain"),
            RAIL,
            {"finance": ["route plain changes"], "rail": ["route plain changes"]},
        ),
        (
            PATHS["order"],
            ORDER.replace('"total": { "type": "number" }', '"total": { "type": "number", "title": "All" }'),
            {
                "finance": ["route validated changes: schema order.v1"],
                "sales": ["route orders changes: schema order.v1"],
            },
        ),
        ("routes/finance/units.table.yaml", TABLE.replace("each", "piece"), {"finance": ["route table changes: table units"]}),
        (
            OTHER.format(name="shared"),
            BEFORE[OTHER.format(name="shared")].replace('"b"', '"c"'),
            {"finance": ["route caller changes: route shared", "route shared changes"]},
        ),
        (
            PATHS["partner"],
            PARTNER.replace("080192334", "080192335"),
            {"finance": ["route edi changes: partner acme"], "sales": ["route orders changes: partner acme"]},
        ),
        (
            "config/partners/beta.yaml",
            BETA,
            {"finance": ["route edi changes: partner beta"], "sales": ["route orders changes: partner beta"]},
        ),
        (PATHS["environment"], (ENVIRONMENT + MORE).replace("9998", "9"), {"finance": ["route asker changes: endpoint other"]}),
        (PATHS["policy"], POLICY.replace("attempts: 5", "attempts: 6"), {"sales": ["route orders changes: policy quick"]}),
        ("config/environments/other.yaml", "environment: other\njournal: sqlite:///o.db\n", {}),
        ("routes/sales/unused.map.yaml", MAP.replace("map: order", "map: unused"), {}),
        (
            "routes/sales/unused.schema.json",
            '{ "type": "object", "x-owner": "edi@example.com", "x-domain": "rail" }',
            {"rail": ["schema unused changes"]},
        ),
    ],
)
def test_what_changes_concerns(path: str, text: str | None, wanted: dict[str, list[str]]) -> None:
    assert said({path: text}) == wanted


@pytest.mark.parametrize(
    ("setting", "told"), [("log: { level: debug }", "log"), ("protected: true", "protected"), ("test: true", "test")]
)
def test_a_setting_of_the_environment_concerns_all_domains(setting: str, told: str) -> None:
    found = said({PATHS["environment"]: f"{ENVIRONMENT}{MORE}{setting}\n"})
    assert {domain: why[0] for domain, why in found.items()} == {
        "finance": f"environment local changes: {told}",
        "sales": f"environment local changes: {told}",
    }


def test_a_partner_is_nobodys_business_whose_routes_name_another_one() -> None:
    route = ROUTE.replace("auth: none }", "auth: none, partner: acme }").replace("webhook: {", "webhook: {")
    before = {path: text for path, text in files(route=route).items() if "edi" not in path}
    found = concerned(released(before), released({**before, "config/partners/beta.yaml": BETA}))
    assert dict(found) == {}
    named = concerned(released(before), released({**before, PATHS["partner"]: PARTNER.replace("080192334", "080192335")}))
    assert dict(named) == {"sales": ["route orders changes: partner acme"]}
