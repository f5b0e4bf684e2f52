"""A file of many orders is read one message at a time."""

from __future__ import annotations

import tracemalloc

from benchmarks.edifact import interchange
from crossdock_transformers.edifact.envelope import survey
from tests.transformers.edifact import edifact_kit as kit

ORDERS, LINES = 400, 10


def test_every_order_of_a_big_file_comes_out_with_its_lines() -> None:
    """In order, and all acknowledged."""
    stream = kit.decoded(interchange(ORDERS, LINES))
    found = [(part.keys["purchase_order"], len(part.body["LIN"])) for part in stream.parts()]
    assert found == [(f"45{number:08d}", LINES) for number in range(1, ORDERS + 1)]
    assert len(stream.finish().deliveries) == 1


def test_memory_stays_at_a_few_messages() -> None:
    """What was yielded is not kept."""
    stream = kit.decoded(interchange(ORDERS, LINES))
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


def test_many_groups_take_no_longer_than_many_messages() -> None:
    """One message in each of ten thousand groups, and messages beside them: each is looked at once."""
    groups = [["UNG+ORDERS+A+B+261015:0930+7+UN+D:96A", *kit.message(), "UNE+1+7"]] * 10_000
    data = kit.interchange(*groups, *([kit.message()] * 10_000), count=1)
    assert survey(data).interchanges[0].size == 20_000
