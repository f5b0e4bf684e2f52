"""The project of the crash tests: interchanges by webhook, split, mapped, delivered to an independent ledger."""

from __future__ import annotations

from pathlib import Path

ENVIRONMENT = """
environment: local
journal: {journal}
broker: memory://
workers: {{ threads: 3, lease: 2s }}
endpoints:
  webhook: {{ webhook: {{ host: 127.0.0.1, port: {port} }} }}
  sink: {{ http: {{ url: "{sink}/{path}", timeout: 5s{settings} }} }}
"""

ROUTE = """
route: orders
description: Interchanges by webhook become orders at the ledger.
owner: tests
domain: sales
from:
  webhook: { path: /edi, partner: acme, auth: none, content_types: [application/edi-x12] }
steps:
  - decode: { x12: {} }
  - split: transactions
  - map: order
keys:
  order_number: body.order_number
to:
  - sink: { key: body.order_number, policies: [quick] }
"""

MAP = """
map: order
target: any
fields:
  order_number: body.BEG.BEG03
"""

POLICY = """
policy: quick
use:
  - retry: { attempts: 50, first: 50ms, most: 200ms }
  - timeout: { after: 5s }
"""

PARTNER = """
partner: acme
x12:
  theirs: { qualifier: ZZ, id: ACMERETAIL }
  ours: { qualifier: "01", id: "080192334" }
  acknowledge: false
channels: {}
"""

SCHEMA = '{"type": "object", "properties": {"order_number": {"type": "string"}}, "required": ["order_number"], "x-owner": "a@b"}'


def write(root: Path, *, journal: str, port: int, sink: str, keyed: bool) -> Path:
    """Write the project under `root` and return it."""
    path, settings = ("keyed", "") if keyed else ("plain", ', key_header: ""')
    files = {
        "config/environments/local.yaml": ENVIRONMENT.format(journal=journal, port=port, sink=sink, path=path, settings=settings),
        "config/partners/acme.yaml": PARTNER,
        "config/policies/quick.policy.yaml": POLICY,
        "routes/sales/orders.route.yaml": ROUTE,
        "routes/sales/order.map.yaml": MAP,
        "routes/sales/any.schema.json": SCHEMA,
    }
    for name, text in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


def interchange(control: int, orders: list[str]) -> bytes:
    """Return an X12 004010 interchange with one 850 for each order number."""
    segments = [
        f"ISA*00*          *00*          *ZZ*ACMERETAIL     *01*080192334      *261015*0930*U*00401*{control:09d}*0*P*>",
        f"GS*PO*ACMERETAIL*080192334*20261015*0930*{control}*X*004010",
    ]
    for number, order in enumerate(orders, start=1):
        segments += [
            f"ST*850*{number:04d}",
            f"BEG*00*SA*{order}**20261015",
            "PO1*1*5*EA*11.00**VN*SKU-0001",
            "CTT*1",
            f"SE*5*{number:04d}",
        ]
    segments += [f"GE*{len(orders)}*{control}", f"IEA*1*{control:09d}"]
    return ("~".join(segments) + "~").encode()
