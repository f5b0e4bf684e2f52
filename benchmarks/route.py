"""What a route of five steps costs per message: the engine and its steps, without the journal (that is the row `embedded`).

decode (JSON to decimals), validate, map, set_header, choice; beside the same work written by hand in Python. The last column
says how the time is shared among the steps, from the trace that the engine itself keeps.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from benchmarks.figures import Row, alternating
from benchmarks.maps import LINES, by_hand, order, shape
from benchmarks.stage import SHOP_MAP
from crossdock.core import engine
from crossdock.core.message import Control, Message
from crossdock.core.outcome import Outcome, State
from crossdock_config.loader import load

TIMES = 2_000
ROUTE = """
route: shop
owner: bench
domain: sales
from: { webhook: { path: /orders, auth: none } }
steps:
  - decode: json
  - validate: shop.v1
  - map: shop-order
  - set_header: { channel: '"shop"' }
  - choice:
      - when: body.total > 100.0
        steps: [{ set_header: { size: '"large"' } }]
      - otherwise: [{ set_header: { size: '"small"' } }]
to: [{ event: out }]
"""
ENVIRONMENT = "environment: local\nendpoints: { webhook: { webhook: { port: 8080 } } }\n"


def rows() -> Iterator[Row]:
    """Measure a message, and the same by hand."""
    data = json.dumps(order(float)).encode()
    routed, handmade = _routed(data), _handmade(data)
    outcome = routed()
    assert outcome.state is State.DONE
    assert (outcome.message.body, outcome.message.headers["size"]) == (handmade(), "large")
    ours, hand = alternating(lambda: _many(routed), lambda: _many(handmade))
    micros, yardstick = ours / TIMES * 1e6, hand / TIMES * 1e6
    note = f"an order of {LINES} lines; {_shares(routed)}"
    yield Row("five-step route, a message", micros, "µs", f"by hand {yardstick:.0f} µs", micros / yardstick, "", note)


def _many(work: Callable[[], object]) -> None:
    for _ in range(TIMES):
        work()


def _routed(data: bytes) -> Callable[[], Outcome]:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "x-owner": "bench", **shape()}
    files = {
        "config/environments/local.yaml": ENVIRONMENT,
        "routes/sales/shop.route.yaml": ROUTE,
        "routes/sales/shop-order.map.yaml": SHOP_MAP.replace("target: order.v1\n", ""),
        "routes/sales/shop.v1.schema.json": json.dumps(schema),
    }
    loaded = load(files)
    assert loaded.release is not None, [str(problem) for problem in loaded.problems]
    program = loaded.release.programs["shop"]
    message = Message("m1", data, Control("shop", "release"), received_at=1)
    return lambda: engine.run(program, message)


def _handmade(data: bytes) -> Callable[[], dict[str, Any]]:
    import jsonschema_rs

    fits = jsonschema_rs.Draft202012Validator(shape(), validate_formats=True).is_valid

    def work() -> dict[str, Any]:
        body = json.loads(data, parse_float=Decimal)
        assert fits(body)
        made = by_hand(body)
        headers = {"channel": "shop"}
        headers["size"] = "large" if made["total"] > 100 else "small"
        return made

    return work


def _shares(routed: Callable[[], Outcome]) -> str:
    """Return the steps' shares of the time, the largest first."""
    spent: dict[str, int] = defaultdict(int)
    for _ in range(TIMES // 4):
        for stage in routed().stages:
            spent[stage.name] += stage.micros
    total = sum(spent.values()) or 1
    largest = sorted(spent, key=lambda name: -spent[name])[:3]
    return ", ".join(f"{name} {100 * spent[name] / total:.0f} %" for name in largest)
