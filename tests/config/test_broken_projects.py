"""Broken projects, each with exactly what is said of it: all problems at once, one for each fault, in place and in words."""

import pytest

from crossdock_config import load
from tests.config.config_kit import ENVIRONMENT, MAP, ORDER, PARTNER, POLICY, ROUTE, problems, project

CASES = [
    (
        "route",
        ROUTE.replace("owner: edi@example.com\n", ""),
        ["routes/sales/orders.route.yaml:1:1: missing option 'owner' for this route"],
    ),
    (
        "route",
        ROUTE.replace("owner:", "ownr:"),
        ["routes/sales/orders.route.yaml:2:1: unknown option 'ownr' for this route; did you mean 'owner'?"],
    ),
    (
        "route",
        ROUTE.replace("route: orders", "route: order"),
        ["routes/sales/orders.route.yaml:1:8: route 'order' is in a file called 'orders': give both the same name"],
    ),
    (
        "route",
        ROUTE.replace("webhook:", "webhok:"),
        ["routes/sales/orders.route.yaml:5:3: 'webhok' is not an endpoint; did you mean 'webhook'?"],
    ),
    (
        "route",
        ROUTE.replace("path: /orders, ", "pth: /orders, "),
        ["routes/sales/orders.route.yaml:5:14: unknown option 'pth' for webhook; did you mean 'path'?"],
    ),
    (
        "route",
        ROUTE.replace(", auth: none", ""),
        [
            "routes/sales/orders.route.yaml:5:12: say how senders prove who they are: `standard_webhooks`, `bearer` or `hmac_sha256`; or plainly `auth: none`, and anybody may post"
        ],
    ),
    (
        "route",
        ROUTE.replace("- map: order", "- mop: order"),
        ["routes/sales/orders.route.yaml:8:5: unknown step 'mop'; did you mean 'map'?"],
    ),
    (
        "route",
        ROUTE.replace("- map: order", "- map: ordr"),
        ["routes/sales/orders.route.yaml:8:10: there is no map 'ordr'; did you mean 'order'?"],
    ),
    (
        "route",
        ROUTE.replace("validate: order.v1", "validate: order.v2"),
        ["routes/sales/orders.route.yaml:9:15: there is no schema 'order.v2'; did you mean 'order.v1'?"],
    ),
    (
        "route",
        ROUTE.replace("json: { schema: shop }", "jsn: {}"),
        ["routes/sales/orders.route.yaml:7:15: unknown format 'jsn' for decode; did you mean 'json'?"],
    ),
    (
        "route",
        ROUTE.replace("{ schema: shop }", "{ shema: shop }"),
        ["routes/sales/orders.route.yaml:7:23: unknown option 'shema' for decode json; did you mean 'schema'?"],
    ),
    (
        "route",
        ROUTE.replace("- erp:", "- epr:"),
        ["routes/sales/orders.route.yaml:12:5: unknown endpoint 'epr'; did you mean 'erp'?"],
    ),
    (
        "route",
        ROUTE.replace("key: body.order_number", "key: body.order_numbr"),
        ["routes/sales/orders.route.yaml:12:22: body has no 'order_numbr'; did you mean 'order_number'?"],
    ),
    (
        "route",
        ROUTE.replace("key: body.order_number", "key: body.total +"),
        ["routes/sales/orders.route.yaml:12:29: the expression ends too early"],
    ),
    (
        "route",
        ROUTE.replace("[quick]", "[quik]"),
        ["routes/sales/orders.route.yaml:12:47: unknown policy set 'quik'; did you mean 'quick'?"],
    ),
    (
        "route",
        ROUTE.replace("policies: [quick]", "polices: [quick]"),
        ["routes/sales/orders.route.yaml:12:36: unknown option 'polices' for erp; did you mean 'policies'?"],
    ),
    (
        "route",
        ROUTE.replace("- map: order", "- map: order\n    validate: x"),
        ["routes/sales/orders.route.yaml:8:5: a step has one key: `- map: acme-850`"],
    ),
    (
        "route",
        ROUTE.replace("- map: order", "- filter: body.amount"),
        ["routes/sales/orders.route.yaml:8:13: a condition must be true or false; `body.amount` is a number"],
    ),
    (
        "route",
        ROUTE.replace("- map: order", '- filter: body.amount > "x"'),
        ["routes/sales/orders.route.yaml:8:25: '>' does not take a decimal and a string"],
    ),
    (
        "route",
        ROUTE.replace("- map: order", "- choice: [ { wen: true, steps: [] } ]"),
        ["routes/sales/orders.route.yaml:8:15: a branch is `when` with `steps`, or `otherwise` with a list of steps"],
    ),
    (
        "route",
        ROUTE.replace("- map: order", "- split: 5"),
        ["routes/sales/orders.route.yaml:8:12: `split` takes `transactions`, or an expression that gives a list: `body.orders`"],
    ),
    (
        "route",
        ROUTE.replace("- map: order", "- set_header: x"),
        ["routes/sales/orders.route.yaml:8:17: `set_header` takes names and expressions: `{ priority: '\"high\"' }`"],
    ),
    (
        "route",
        ROUTE.replace("event: order.received", "event: [1]"),
        ["routes/sales/orders.route.yaml:13:12: `event` takes the event's type: `- event: order.received`"],
    ),
    (
        "route",
        ROUTE.replace("- event: order.received", "- partner: acmee"),
        ["routes/sales/orders.route.yaml:13:14: unknown partner 'acmee'; did you mean 'acme'?"],
    ),
    (
        "route",
        ROUTE.replace("to:\n", "to: erp\nx:\n"),
        [
            "routes/sales/orders.route.yaml:11:5: 'to' of this route takes a list, not 'erp'",
            "routes/sales/orders.route.yaml:12:1: unknown option 'x' for this route",
        ],
    ),
    (
        "route",
        ROUTE.replace("domain: sales", "domain: sales\nlifecycle: live"),
        [
            "routes/sales/orders.route.yaml:4:12: 'lifecycle' of this route is one of 'draft', 'active', 'deprecated' or 'retired', not 'live'"
        ],
    ),
    ("map", MAP.replace("body.id", "body.idd"), ["routes/sales/order.map.yaml:4:22: body has no 'idd'; did you mean 'id'?"]),
    (
        "map",
        MAP.replace("total: body.amount", "totl: body.amount"),
        [
            "routes/sales/order.map.yaml:3:1: total is required by order.v1, but the map doesn't give it",
            "routes/sales/order.map.yaml:5:3: order.v1 has no field 'totl'; did you mean 'total'?",
        ],
    ),
    (
        "map",
        MAP.replace("  total: body.amount\n", ""),
        ["routes/sales/order.map.yaml:3:1: total is required by order.v1, but the map doesn't give it"],
    ),
    (
        "map",
        MAP.replace("body.amount", "body.id"),
        ["routes/sales/order.map.yaml:5:10: total of order.v1 is a decimal, but body.id is a string; write decimal(body.id)"],
    ),
    (
        "map",
        MAP.replace("target: order.v1", "target: order.v2"),
        ["routes/sales/order.map.yaml:2:9: there is no schema 'order.v2'; did you mean 'order.v1'?"],
    ),
    (
        "map",
        MAP.replace("fields:", "feilds:"),
        ["routes/sales/order.map.yaml:3:1: unknown option 'feilds' for this map; did you mean 'fields'?"],
    ),
    (
        "order",
        ORDER.replace('"type": "object"', '"type": "objekt"', 1),
        ["routes/sales/order.v1.schema.json:1:11: 'objekt' is not valid under any of the given schemas"],
    ),
    (
        "order",
        ORDER.replace('"total": {', '"total" {'),
        ["routes/sales/order.v1.schema.json:2:65: this isn't JSON: a ':' is expected here, not '{'"],
    ),
    (
        "environment",
        ENVIRONMENT.replace("http:", "htp:"),
        ["config/environments/local.yaml:4:5: unknown connector 'htp'; did you mean 'http'?"],
    ),
    (
        "environment",
        ENVIRONMENT.replace("{ url: http://127.0.0.1:9999/orders }", "{}"),
        ["config/environments/local.yaml:4:5: missing option 'url' for http"],
    ),
    (
        "environment",
        ENVIRONMENT.replace("{ url:", "{ timeout: soon, url:"),
        [
            "config/environments/local.yaml:4:22: 'soon' is not a duration; write a number with a unit, such as 250ms, 30s, 5m, 2h or 7d"
        ],
    ),
    (
        "environment",
        ENVIRONMENT.replace("endpoints:", "endpoint:"),
        ["config/environments/local.yaml:2:1: unknown option 'endpoint' for this environment; did you mean 'endpoints'?"],
    ),
    (
        "environment",
        ENVIRONMENT.replace("environment: local", "environment: local\nworkers: { threads: many }"),
        ["config/environments/local.yaml:2:21: 'threads' of this environment takes a whole number, not 'many'"],
    ),
    (
        "policy",
        POLICY.replace("retry:", "rety:"),
        ["config/policies/quick.policy.yaml:3:5: unknown policy 'rety'; did you mean 'retry'?"],
    ),
    (
        "policy",
        POLICY.replace("attempts: 5", "attempts: 0"),
        ["config/policies/quick.policy.yaml:3:24: 'attempts' of retry must be at least 1, not 0"],
    ),
    (
        "policy",
        POLICY.replace("first: 1s", "first: 1"),
        [
            "config/policies/quick.policy.yaml:3:34: '1' is not a duration; write a number with a unit, such as 250ms, 30s, 5m, 2h or 7d"
        ],
    ),
    (
        "policy",
        POLICY.replace("policy: quick", "policy: quack"),
        ["config/policies/quick.policy.yaml:1:9: policy 'quack' is in a file called 'quick': give both the same name"],
    ),
    (
        "partner",
        PARTNER.replace("sftp_server:", "sftp_srver:"),
        ["config/partners/acme.yaml:6:3: partners can't be reached by 'sftp_srver'; did you mean 'sftp_server'?"],
    ),
    (
        "partner",
        PARTNER.replace("qualifier: ZZ", "qualifier: ZZZ"),
        ["config/partners/acme.yaml:3:24: 'qualifier' of this partner may have at most 2 characters, not 'ZZZ'"],
    ),
    (
        "partner",
        PARTNER.replace("user: acme", "usr: acme"),
        ["config/partners/acme.yaml:6:18: unknown option 'usr' for sftp_server; did you mean 'user'?"],
    ),
    (
        "partner",
        PARTNER.replace('"${secret:ACME}"', "hello"),
        ["config/partners/acme.yaml:6:40: 'password' is in plain text; write ${secret:NAME} and keep it out of the file"],
    ),
    (
        "partner",
        PARTNER.replace("ours: {", "ours: { id: x,"),
        ["config/partners/acme.yaml:4:35: 'id' is here twice; the first is on line 4"],
    ),
]


@pytest.mark.parametrize(("kind", "text", "expected"), CASES)
def test_a_broken_file_is_told_exactly(kind, text, expected):
    assert expected == problems(**{kind: text})


def test_a_good_project_has_no_problems():
    assert problems() == []


def test_all_problems_of_all_files_come_at_once():
    assert len(problems(route=ROUTE.replace("- map:", "- mop:"), policy=POLICY.replace("retry", "rety"))) == 2


def test_a_project_without_routes_is_a_problem():
    said = [str(problem) for problem in load({}).problems]
    assert said == ["routes/:1:1: there is no *.route.yaml here; `crossdock new NAME` writes a first project"]


def test_an_unknown_environment_is_a_problem():
    said = [str(problem) for problem in load(project(), "locl").problems]
    assert said == ["config/environments/locl.yaml:1:1: there is no environment 'locl'; did you mean 'local'?"]


def test_a_partners_identity_belongs_to_one_partner_only():
    files = project() | {"config/partners/other.yaml": PARTNER.replace("partner: acme", "partner: other")}
    said = [str(problem) for problem in load(files).problems]
    assert said == ["config/partners/other.yaml:3:11: partner 'acme' has this identity already: ZZ/ACMERETAIL"]


def test_two_routes_of_one_name_are_a_problem():
    files = project() | {"routes/inventory/orders.route.yaml": ROUTE}
    said = [str(problem) for problem in load(files).problems]
    assert said == ["routes/sales/orders.route.yaml:1:1: there is another route 'orders': routes/inventory/orders.route.yaml"]
