"""A small project as a mapping of texts, for tests to break."""

from __future__ import annotations

from crossdock_config import load

ROUTE = """\
route: orders
owner: edi@example.com
domain: sales
from:
  webhook: { path: /orders, auth: none }
steps:
  - decode: { json: { schema: shop } }
  - map: order
  - validate: order.v1
keys: { order_number: body.order_number }
to:
  - erp: { key: body.order_number, policies: [quick] }
  - event: order.received
"""
MAP = """\
map: order
target: order.v1
fields:
  order_number: body.id
  total: body.amount
"""
ORDER = """\
{ "type": "object", "additionalProperties": false, "required": ["order_number", "total"],
  "properties": { "order_number": { "type": "string" }, "total": { "type": "number" } }, "x-owner": "edi@example.com" }
"""
SHOP = """\
{ "type": "object", "additionalProperties": false, "required": ["id", "amount"],
  "properties": { "id": { "type": "string" }, "amount": { "type": "number" } }, "x-owner": "edi@example.com" }
"""
ENVIRONMENT = """\
environment: local
endpoints:
  erp:
    http: { url: http://127.0.0.1:9999/orders }
"""
POLICY = """\
policy: quick
use:
  - retry: { attempts: 5, first: 1s }
"""
PARTNER = """\
partner: acme
x12:
  theirs: { qualifier: ZZ, id: ACMERETAIL }
  ours: { qualifier: "01", id: "080192334" }
channels:
  sftp_server: { user: acme, password: "${secret:ACME}" }
"""
PATHS = {
    "route": "routes/sales/orders.route.yaml",
    "map": "routes/sales/order.map.yaml",
    "order": "routes/sales/order.v1.schema.json",
    "shop": "routes/sales/shop.schema.json",
    "environment": "config/environments/local.yaml",
    "policy": "config/policies/quick.policy.yaml",
    "partner": "config/partners/acme.yaml",
}


def project(**changes: str) -> dict[str, str]:
    """Return the project's files with some texts replaced."""
    texts = {
        "route": ROUTE,
        "map": MAP,
        "order": ORDER,
        "shop": SHOP,
        "environment": ENVIRONMENT,
        "policy": POLICY,
        "partner": PARTNER,
        **changes,
    }
    return {PATHS[name]: text for name, text in texts.items()}


def problems(**changes: str) -> list[str]:
    """Return what is wrong with the changed project."""
    return [str(problem) for problem in load(project(**changes)).problems]
