"""A list of bodies becomes one interchange: numbered, acknowledged and claimed document by document."""

from __future__ import annotations

import pytest

from crossdock.core.exchange import Asked
from crossdock.core.journal import Query
from tests.patterns.runtime_kit import Works, files

PARTNER = """
partner: acme
x12:
  theirs: { qualifier: ZZ, id: ACMERETAIL }
  ours: { qualifier: "01", id: "080192334" }
  ack_window: 1h
channels: {}
"""


def order(number):
    return {
        "BEG": {"BEG01": "00", "BEG02": "SA", "BEG03": number, "BEG05": "2026-11-23"},
        "PO1": [{"PO101": "1", "PO102": 5, "PO103": "EA", "PO106": "VN", "PO107": "SKU-1"}],
    }


@pytest.fixture
def works(sqlite_url):
    steps = (
        {"aggregate": {"by": '"acme"', "complete": {"size": 3, "after": "300ms"}}},
        {"multicast": [{"steps": [{"encode": {"x12": {"set": "850", "partner": "acme"}}}, {"to": [{"erp": {}}]}]}]},
    )
    texts = {**files(*steps), "config/partners/acme.yaml": PARTNER}
    work = Works(sqlite_url, texts)
    yield work
    work.close()


def segments(data, tag):
    return [line.split("*") for line in data.decode().split("~") if line.startswith(tag + "*")]


def test_a_batch_goes_out_in_one_interchange_when_it_is_full(works):
    works.accept(*(order(f"PO-{n}") for n in range(4)))
    works.run()
    ((_, data),) = works.endpoint.calls
    assert [line[1:] for line in segments(data, "ST")] == [["850", "0001"], ["850", "0002"], ["850", "0003"]]
    assert segments(data, "GE") == [["GE", "3", "1"]]
    assert len(segments(data, "BEG")) == 3


def test_what_is_left_goes_out_when_its_time_is_over_and_every_document_awaits_its_own_acknowledgement(works):
    works.accept(*(order(f"PO-{n}") for n in range(4)))
    works.run(0.7)
    first, second = [data for _, data in works.endpoint.calls]
    assert [len(segments(data, "ST")) for data in (first, second)] == [3, 1]
    rows = works.opened.exchanges.search(Asked())
    assert sorted((row["interchange"], row["transaction"]) for row in rows) == [
        ("000000001", "0001"),
        ("000000001", "0002"),
        ("000000001", "0003"),
        ("000000002", "0001"),
    ]


def test_a_bad_document_is_named_by_its_place_in_the_batch(works):
    good, bad = order("PO-1"), order("PO-2")
    bad["BEG"].pop("BEG03")
    works.accept(good, bad, order("PO-3"))
    works.run()
    (row,) = works.opened.desk.failed(Query())
    assert "document 2 of 3: " in row["error"]["message"]
