"""Broken files, each with exactly what is said of it: `line:column: what is wrong and what to do`."""

import pytest

from crossdock_config import load
from tests.config.fake_components import FILES, SHORT, changed, registry

# what a route says of itself and where it starts
ROUTE_HEADS = [
    ("route", "owner: edi@example.com\n", "", ["1:1: missing option 'owner' for this route"]),
    (
        "route",
        "owner: edi@example.com",
        "ownr: edi@example.com",
        ["3:1: unknown option 'ownr' for this route; did you mean 'owner'?"],
    ),
    ("route", "owner: edi@example.com", "owner: ''", ["3:8: 'owner' of this route needs at least 1 character, not ''"]),
    ("route", "owner: edi@example.com", "owner: [a]", ["3:8: 'owner' of this route takes text, not a list"]),
    ("route", "owner: edi@example.com", "owner: true", ["3:8: 'owner' of this route takes text, not true"]),
    (
        "route",
        "domain: sales",
        "domain: sales\nlifecycle: activ",
        ["5:12: 'lifecycle' of this route is one of 'draft', 'active', 'deprecated' or 'retired', not 'activ'"],
    ),
    (
        "route",
        "domain: sales",
        "domain: sales\ncolour: red",
        [
            "5:1: unknown option 'colour' for this route",
        ],
    ),
    (
        "route",
        "route: orders",
        "route: Orders!",
        ["1:8: 'Orders!' can't be a name; use small letters, digits, dots, dashes and underscores: acme-orders"],
    ),
    ("route", "route: orders", "route: other", ["1:8: route 'other' is in a file called 'orders': give both the same name"]),
    (
        "route",
        "  inbox: { partner: acme }",
        "  inbx: { partner: acme }",
        ["6:3: 'inbx' is not an endpoint; did you mean 'inbox'?"],
    ),
    ("route", "  inbox: { partner: acme }", "  inbox: { partner: acm }", ["6:21: unknown partner 'acm'; did you mean 'acme'?"]),
    ("route", "  inbox: { partner: acme }", "  inbox: {}", ["6:3: missing option 'partner' for inbox"]),
    (
        "route",
        "  inbox: { partner: acme }",
        "  inbox: { partnr: acme }",
        ["6:12: unknown option 'partnr' for inbox; did you mean 'partner'?"],
    ),
    ("route", "  inbox: { partner: acme }", "  inbox: [acme]", ["6:10: 'partner' of inbox takes text, not a list"]),
    ("route", "  inbox: { partner: acme }", "  inbox: acmee", ["6:10: unknown partner 'acmee'; did you mean 'acme'?"]),
    (
        "route",
        "  inbox: { partner: acme }",
        "  store: {}",
        ["6:3: endpoint 'store' can't do without settings (url): name it under `endpoints` in environment 'local'"],
    ),
    ("route", "  inbox: { partner: acme }", "  erp: {}", ["6:3: 'erp' (store) can't be received from; it is only delivered to"]),
    ("route", "  inbox: { partner: acme }", "  event: [a]", ["6:10: `event` takes the event's type: `event: order.received`"]),
    (
        "route",
        "  inbox: { partner: acme }",
        "  inbox: { partner: acme }\n  event: a",
        ["5:1: `from` takes one endpoint, or `event`: `sftp_server: { partner: acme }`"],
    ),
    (
        "route",
        "from:\n  inbox: { partner: acme }",
        "from: {}",
        ["5:1: `from` takes one endpoint, or `event`: `sftp_server: { partner: acme }`"],
    ),
    ("route", "from:\n  inbox: { partner: acme }", "from: inbox", ["5:7: 'from' of this route takes a mapping, not 'inbox'"]),
    ("route", "from:\n  inbox: { partner: acme }\n", "", ["1:1: missing option 'from' for this route"]),
]
# steps
STEPS = [
    (
        "route",
        "  - decode: { flat: { shape: shop } }",
        "  - decode: { flta: { shape: shop } }",
        ["8:15: unknown format 'flta' for decode; did you mean 'flat'?"],
    ),
    (
        "route",
        "  - decode: { flat: { shape: shop } }",
        "  - decode: pick",
        ["8:13: unknown format 'pick' for decode; there is flat"],
    ),
    (
        "route",
        "  - decode: { flat: { shape: shop } }",
        "  - decode: {}",
        ["8:13: `decode` takes one format: `- decode: { x12: {} }`"],
    ),
    (
        "route",
        "  - decode: { flat: { shape: shop } }",
        "  - decode: { flat: shp }",
        ["8:21: there is no schema 'shp'; did you mean 'shop'?"],
    ),
    (
        "route",
        "  - decode: { flat: { shape: shop } }",
        "  - decode: { flat: { shap: shop } }",
        ["8:23: unknown option 'shap' for decode flat; did you mean 'shape'?"],
    ),
    (
        "route",
        "  - decode: { flat: { shape: shop } }",
        "  - decode: { flat: { limit: many } }",
        ["8:30: 'limit' of decode flat takes a whole number, not 'many'"],
    ),
    (
        "route",
        "  - decode: { flat: { shape: shop } }",
        "  - decode: { flat: { limit: 100 } }",
        ["8:30: 'limit' of decode flat must be at most 99, not 100"],
    ),
    (
        "route",
        "  - decode: { flat: { shape: shop } }",
        "  - decode: { flat: { limit: 1.5 } }",
        ["8:30: 'limit' of decode flat takes a whole number, not 1.5"],
    ),
    (
        "route",
        "  - decode: { flat: { shape: shop } }",
        "  - encode: { flat: { ending: cr } }",
        ["8:31: 'ending' of encode flat is one of 'lf' or 'crlf', not 'cr'"],
    ),
    ("route", "  - pick: prices", "  - pik: prices", ["9:5: unknown step 'pik'; did you mean 'pick'?"]),
    ("route", "  - pick: prices", "  - pick: price", ["9:11: there is no table 'price'; did you mean 'prices'?"]),
    ("route", "  - pick: prices", "  - pick", ["9:5: missing option 'table' for pick"]),
    ("route", "  - pick: prices", "  - pick: prices\n    plain: {}", ["9:5: a step has one key: `- map: acme-850`"]),
    ("route", "  - pick: prices", "  - [pick]", ["9:5: a step has one key: `- map: acme-850`"]),
    ("route", "  - pick: prices", "  -", ["9:4: a step has one key: `- map: acme-850`"]),
    ("route", "  - pick: prices", "  - split: body.prices", ["9:12: there is no 'prices'; there is id"]),
    ("route", "  - pick: prices", "  - split: body.id", ["9:12: `split` needs a list; `body.id` is of type string"]),
    (
        "route",
        "  - pick: prices",
        "  - split: [a]",
        ["9:12: `split` takes `transactions`, or an expression that gives a list: `body.orders`"],
    ),
    (
        "route",
        "  - pick: prices",
        "  - filter: body.idd > 5",
        ["9:13: there is no 'idd'; did you mean 'id'?", "11:15: there is no 'price'; there is id"],
    ),
    (
        "route",
        "  - pick: prices",
        "  - filter: body.id",
        ["9:13: a condition must be true or false; `body.id` is a string", "11:15: there is no 'price'; there is id"],
    ),
    (
        "route",
        "  - pick: prices",
        "  - filter:",
        ["9:12: an expression is expected here, such as `body.total > 100`", "11:15: there is no 'price'; there is id"],
    ),
    (
        "route",
        "  - pick: prices",
        "  - filter: { a: b }",
        ["9:13: an expression is expected here, such as `body.total > 100`", "11:15: there is no 'price'; there is id"],
    ),
    (
        "route",
        "  - pick: prices",
        "  - set_header: high",
        ["9:17: `set_header` takes names and expressions: `{ priority: '\"high\"' }`", "11:15: there is no 'price'; there is id"],
    ),
    (
        "route",
        "  - pick: prices",
        "  - to: erp",
        ["9:9: `to` is a list: `- erp: { operation: sales_order.create }`", "11:15: there is no 'price'; there is id"],
    ),
    (
        "route",
        "{ priority: '\"high\"' }",
        "{ priority: high }",
        ["13:37: unknown name 'high'; a text needs quotes of its own: '\"high\"'"],
    ),
    (
        "route",
        "      - when: body.price > 5\n",
        "      - whn: body.price > 5\n",
        ["11:9: a branch is `when` with `steps`, or `otherwise` with a list of steps"],
    ),
    (
        "route",
        "      - when: body.price > 5",
        "      - when: body.prise > 5",
        ["11:15: there is no 'prise'; did you mean 'price'?"],
    ),
    (
        "route",
        "      - otherwise:\n          - plain",
        "      - otherwise: plain",
        ["14:20: steps are a list, one key each: `- map: acme-850`"],
    ),
    (
        "route",
        "      - otherwise:\n          - plain",
        "      - otherwise:\n          - plian",
        ["15:13: unknown step 'plian'; did you mean 'plain'?"],
    ),
    (
        "route",
        "  - choice:\n",
        "  - choice:\n      - otherwise: []\n",
        ["11:9: `otherwise` is the last branch: those after it would never be taken"],
    ),
    (
        "route",
        "  - pick: prices",
        "  - choice: {}",
        [
            "9:13: `choice` is a list of `when` with `steps`, and at the end at most one `otherwise`",
            "11:15: there is no 'price'; there is id",
        ],
    ),
    ("route", "keys: { number: body.number }", "keys: [body.number]", ["16:7: 'keys' of this route takes a mapping, not a list"]),
]
# targets
TARGETS = [
    ("route", "  - erp: {", "  - erpp: {", ["18:5: unknown endpoint 'erpp'; did you mean 'erp'?"]),
    ("route", "  - erp: {", "  - inbox: {", ["18:5: 'inbox' (inbox) can't be delivered to; it only receives"]),
    ("route", "operation: put", "operation: putt", ["18:23: 'operation' of erp is one of '', 'put' or 'post', not 'putt'"]),
    ("route", "operation: put", "operaton: put", ["18:12: unknown option 'operaton' for erp; did you mean 'operation'?"]),
    ("route", "operation: put", "foldr: x", ["18:12: unknown option 'foldr' for erp; did you mean 'folder'?"]),
    ("route", "reply_to: order.booked", "reply_to: [a]", ["18:75: 'reply_to' of erp takes text, not a list"]),
    ("route", "reply_to: order.booked", "policies: gentle", ["18:75: 'policies' of erp takes a list, not 'gentle'"]),
    ("route", "reply_to: order.booked", "policies: [gentel]", ["18:76: unknown policy set 'gentel'; did you mean 'gentle'?"]),
    ("route", "reply_to: order.booked", "name: bdy.number", ["18:71: unknown name 'bdy'"]),
    ("route", "key: body.number", "key: [1]", ["18:33: an expression is expected here, such as `body.total > 100`"]),
    (
        "route",
        "key: body.number",
        "key:",
        ["18:31: this isn't YAML: a ':' isn't expected here; put the text in quotes, or give the key before it a value"],
    ),
    ("route", "  - partner: sender", "  - partner: sendr", ["19:14: unknown partner 'sendr'; did you mean 'sender'?"]),
    (
        "route",
        "  - partner: sender",
        "  - partner: acme",
        ["19:14: partner 'acme' has no channel that documents can be delivered to"],
    ),
    ("route", "  - partner: sender", "  - partner: [acme]", ["19:14: partner takes a mapping of options, not a list"]),
    (
        "route",
        "  - partner: sender",
        "  - partner: { name: acme, prtner: acme }",
        [
            "19:22: unknown name 'acme'; a text needs quotes of its own: '\"acme\"'",
            "19:28: unknown option 'prtner' for partner; did you mean 'partner'?",
        ],
    ),
    ("route", "  - event: order.received", "  - event: {}", ["20:12: `event` takes the event's type: `- event: order.received`"]),
    (
        "route",
        "  - event: order.received",
        "  - event: a\n    bin: {}",
        ["20:5: a target has one key: `- erp: { operation: sales_order.create }`"],
    ),
    (
        "route",
        "policies: [gentle]",
        "policies: [gentle, default, gentl]",
        ["21:29: unknown policy set 'gentl'; did you mean 'gentle'?"],
    ),
    ("route", "policies: [gentle]", "policies: gentle", ["21:11: 'policies' of this route takes a list, not 'gentle'"]),
]
# environments and their endpoints
ENVIRONMENTS = [
    (
        "environment",
        "environment: local",
        "environment: loco",
        ["1:14: environment 'loco' is in a file called 'local': give both the same name"],
    ),
    (
        "environment",
        "environment: local",
        "environment: local\njournl: x",
        ["2:1: unknown option 'journl' for this environment; did you mean 'journal'?"],
    ),
    (
        "environment",
        "environment: local",
        "environment: local\nworkers: { threads: 0 }",
        ["2:21: 'threads' of this environment must be at least 1, not 0"],
    ),
    (
        "environment",
        "environment: local",
        "environment: local\nworkers: { thread: 4 }",
        ["2:12: unknown option 'thread' for `workers` of this environment; did you mean 'threads'?"],
    ),
    (
        "environment",
        "environment: local",
        "environment: local\nlog: { level: loud }",
        ["2:15: 'level' of this environment is one of 'debug', 'info', 'warning' or 'error', not 'loud'"],
    ),
    (
        "environment",
        "environment: local",
        "environment: local\nmetrics: { port: 70000 }",
        ["2:18: 'port' of this environment must be at most 65535, not 70000"],
    ),
    (
        "environment",
        "    inbox: { port: 2022 }",
        "    inbx: { port: 2022 }",
        ["6:5: unknown connector 'inbx'; did you mean 'inbox'?"],
    ),
    (
        "environment",
        "    inbox: { port: 2022 }",
        "    inbox: { port: 2022 }\n    bin: {}",
        ["5:3: endpoint 'inbox' has one connector: `inbox: { http: { ... } }`"],
    ),
    (
        "environment",
        "    inbox: { port: 2022 }",
        "    [inbox]",
        ["5:3: endpoint 'inbox' has one connector: `inbox: { http: { ... } }`"],
    ),
    (
        "environment",
        "    inbox: { port: 2022 }",
        "    inbox: { port: '2022x' }",
        ["6:20: 'port' of inbox takes a whole number, not '2022x'"],
    ),
    (
        "environment",
        "    inbox: { port: 2022 }",
        "    inbox: { hots: a }",
        ["6:14: unknown option 'hots' for inbox; did you mean 'host'?"],
    ),
    (
        "environment",
        "    inbox: { port: 2022 }",
        "    inbox: { wait: fast }",
        ["6:20: 'fast' is not a duration; write a number with a unit, such as 250ms, 30s, 5m, 2h or 7d"],
    ),
    (
        "environment",
        "    inbox: { port: 2022 }",
        "    inbox: { password: hush }",
        ["6:24: 'password' is in plain text; write ${secret:NAME} and keep it out of the file"],
    ),
    ("environment", 'url: "http://127.0.0.1"', 'url: "ftp://127.0.0.1"', ["4:5: 'ftp://127.0.0.1' is not an address"]),
    (
        "environment",
        'url: "http://127.0.0.1"',
        'ulr: "http://127.0.0.1"',
        ["4:14: unknown option 'ulr' for store; did you mean 'url'?"],
    ),
    (
        "environment",
        'auth: { token: "${secret:ERP_TOKEN}" }',
        'auth: { tokn: "${secret:ERP_TOKEN}" }',
        ["4:47: unknown option 'tokn' for `auth` of store; did you mean 'token'?"],
    ),
    (
        "environment",
        'auth: { token: "${secret:ERP_TOKEN}" }',
        "auth: { user: a }",
        ["4:39: missing option 'password' for `auth` of store"],
    ),
    (
        "environment",
        'auth: { token: "${secret:ERP_TOKEN}" }',
        "auth: nobody",
        ["4:45: 'auth' of store takes a mapping or is 'none', not 'nobody'"],
    ),
    (
        "environment",
        'auth: { token: "${secret:ERP_TOKEN}" }',
        "auth: 5",
        ["4:45: 'auth' of store takes a mapping or is 'none', not 5"],
    ),
    (
        "environment",
        '"${secret:ERP_TOKEN}"',
        '"${secrt:ERP_TOKEN}"',
        [
            (
                "4:54: '${secrt:ERP_TOKEN}' holds a '${' that is no reference: write ${secret:NAME}, ${file:/path} "
                "or ${env:NAME:-default}"
            )
        ],
    ),
    (
        "environment",
        '"${secret:ERP_TOKEN}"',
        '"${secret:../x}"',
        ["4:54: '../x' can't be the name of a reference: write ${secret:NAME}, ${file:/path} or ${env:NAME:-default}"],
    ),
    (
        "environment",
        '"${secret:ERP_TOKEN}"',
        '"${secret:A:-b}"',
        ["4:54: a secret has no default: write ${secret:A} and provide it"],
    ),
    (
        "environment",
        '"${secret:ERP_TOKEN}"',
        '"${env:}"',
        ["4:54: '' can't be the name of a reference: write ${secret:NAME}, ${file:/path} or ${env:NAME:-default}"],
    ),
]
# partners and their channels
PARTNERS = [
    ("partner", "partner: acme", "partner: acne", ["1:10: partner 'acne' is in a file called 'acme': give both the same name"]),
    (
        "partner",
        "qualifier: ZZ",
        "qualifier: ZZZ",
        ["3:24: 'qualifier' of this partner may have at most 2 characters, not 'ZZZ'"],
    ),
    ("partner", "qualifier: ZZ, id: ACME", "qualifier: ZZ", ["3:3: missing option 'id' for `theirs` of this partner"]),
    (
        "partner",
        "id: US",
        "id: US, applicaton: X",
        ["4:36: unknown option 'applicaton' for `ours` of this partner; did you mean 'application'?"],
    ),
    ("partner", "  ours:", "  usage: X\n  ours:", ["4:10: 'usage' of this partner must match ^[PT]$, not 'X'"]),
    ("partner", "  ours:", "  element_separator: A\n  ours:", ["2:1: a delimiter can't be a letter, a digit or a blank"]),
    ("partner", "  inbox: {", "  inbx: {", ["6:3: partners can't be reached by 'inbx'; did you mean 'inbox'?"]),
    ("partner", "  inbox: {", "  store: {", ["6:3: partners can't be reached by 'store'; there is inbox, mailbox"]),
    ("partner", "user: acme", "usr: acme", ["6:12: unknown option 'usr' for inbox; did you mean 'user'?"]),
    ("partner", "user: acme,", "user: acme, codes: [1, x],", ["6:35: item 2 of 'codes' of inbox takes a whole number, not 'x'"]),
    (
        "partner",
        '"${secret:ACME}"',
        "hush",
        ["6:34: 'password' is in plain text; write ${secret:NAME} and keep it out of the file"],
    ),
]
# policy sets
POLICIES = [
    ("policy", "retry: { attempts: 3 }", "rtry: { attempts: 3 }", ["3:5: unknown policy 'rtry'; did you mean 'retry'?"]),
    ("policy", "retry: { attempts: 3 }", "retry: { attempts: 0 }", ["3:24: 'attempts' of retry must be at least 1, not 0"]),
    ("policy", "retry: { attempts: 3 }", "retry: { attempts: 13 }", ["3:24: 13 brings bad luck"]),
    ("policy", "retry: { attempts: 3 }", "retry: 3", ["3:12: retry takes a mapping of options, not 3"]),
    (
        "policy",
        "timeout: 5s",
        "timeout: soon",
        ["4:14: 'soon' is not a duration; write a number with a unit, such as 250ms, 30s, 5m, 2h or 7d"],
    ),
    ("policy", "timeout: 5s", "timeout: 5s\n    retry: {}", ["4:5: a policy has one key: `- retry: { attempts: 12 }`"]),
    (
        "policy",
        "  - retry: { attempts: 3 }\n  - timeout: 5s\n",
        "  []\n",
        ["3:3: 'use' of this policy needs at least 1 item, not an empty list"],
    ),
    (
        "policy",
        "policy: gentle\n",
        "policy: gentle\nused: x\n",
        ["2:1: unknown option 'used' for this policy; did you mean 'use'?"],
    ),
]
# files of transformers, schemas, tests
OTHERS = [
    ("table", "rows: { number: a, price: b }", "rows: { number: a, price: bad }", ["3:27: row 'price' is bad"]),
    (
        "table",
        "rows: { number: a, price: b }",
        "rows: { number: a, price: bad, other: bad }",
        ["3:27: row 'price' is bad", "3:39: row 'other' is bad"],
    ),
    ("table", "rows:", "row:", ["3:1: unknown option 'row' for this table; did you mean 'rows'?"]),
    ("table", "table: prices", "table: price", ["1:8: table 'price' is in a file called 'prices': give both the same name"]),
    (
        "schema",
        '"type": "object",',
        '"type": "object"',
        ["1:19: this isn't JSON: a ',' or '}' is expected here, not '\"properties\"'"],
    ),
    ("schema", '"id": {', '"id": {}, "id": {', ["1:45: 'id' is here twice; the first is on line 1"]),
    ("test", "route: orders", "route: order", ["1:8: there is no route 'order'; did you mean 'orders'?"]),
    ("test", "  - name: one", "  - nam: one", ["3:5: unknown option 'nam' for `cases` of this test; did you mean 'name'?"]),
    ("test", 'input: { body: "x" }', "input: {}", ["4:5: an input is a `file` beside the test, or a `body`: one of the two"]),
    (
        "test",
        'input: { body: "x" }',
        "input: { body: x, file: y }",
        ["4:5: an input is a `file` beside the test, or a `body`: one of the two"],
    ),
    ("test", "messages: { done: 1 }", "messages: { done: one }", ["5:33: 'done' of this test takes a whole number, not 'one'"]),
]


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"), [*ROUTE_HEADS, *STEPS, *TARGETS, *ENVIRONMENTS, *PARTNERS, *POLICIES, *OTHERS]
)
def test_a_broken_file_is_told_exactly(kind, old, new, expected):
    problems = load(changed(kind, old, new), registry=registry()).problems
    assert [f"{SHORT[kind]}:{line}" for line in expected] == [str(problem) for problem in problems]


def test_the_project_is_good_before_it_is_broken():
    loaded = load(FILES, registry=registry())
    assert loaded.problems == ()
    assert loaded.files == len(FILES)
