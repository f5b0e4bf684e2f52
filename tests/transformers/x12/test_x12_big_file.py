"""A file of many orders is read one transaction at a time."""

from __future__ import annotations

import tracemalloc
from random import Random

from tests.transformers.x12 import x12_kit as kit

ORDERS, LINES = 400, 10


def big_file() -> bytes:
    """Return a file with many different orders."""
    random = Random(850)
    transactions = []
    for number in range(1, ORDERS + 1):
        body = [f"BEG*00*SA*45{number:08d}**20261015", f"REF*DP*{random.randrange(100, 999)}", "N1*ST*ACME DC*92*0012"]
        for line in range(1, LINES + 1):
            body.append(f"PO1*{line}*{random.randrange(1, 500)}*EA*{random.randrange(50, 99999) / 100:.2f}**VN*SKU-{line:05d}")
            body.append(f"PID*F****{'HEX BOLT ' * random.randrange(1, 5)}X")
        transactions.append(kit.transaction([*body, f"CTT*{LINES}"], control=f"{number:04d}"))
    return kit.interchange(kit.group(*transactions))


def test_every_order_of_a_big_file_comes_out_with_its_lines() -> None:
    """In order, and all acknowledged."""
    data = big_file()
    stream = kit.decoded(data)
    found = [(part.keys["purchase_order"], len(part.body["PO1"])) for part in stream.parts()]
    assert [(f"45{number:08d}", LINES) for number in range(1, ORDERS + 1)] == found
    (delivery,) = stream.finish().deliveries
    assert f"AK9*A*{ORDERS}*{ORDERS}*{ORDERS}~".encode() in delivery.body.render(1)


def test_memory_stays_at_a_few_transactions() -> None:
    """What was yielded is not kept."""
    stream = kit.decoded(big_file())
    for _ in stream.parts():
        pass
    tracemalloc.start()
    try:
        for _ in stream.parts():
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
