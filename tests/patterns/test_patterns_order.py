"""`order_by` and `priority` of a route, on real journals."""

from __future__ import annotations

from crossdock.core.errors import Refused
from tests.patterns.runtime_kit import Endpoint, Works, files

FOLLOWER = """
route: follower
owner: a@example.com
domain: examples
from: { event: seen }
order_by: body.order
steps:
  - delay: 1s
to:
  - wms-east: {}
"""


def test_messages_of_one_key_are_run_one_after_the_other(journal_url):
    texts = files({"to": [{"event": "seen"}]}) | {"routes/examples/follower.route.yaml": FOLLOWER}
    endpoint = Endpoint()
    work = Works(journal_url, texts, endpoint)
    work.accept({"order": "A", "n": 1})
    work.accept({"order": "A", "n": 2})
    work.accept({"order": "B", "n": 3})
    work.run()
    assert sorted(work.states("follower")) == ["received", "retry", "retry"]
    work.run_until(lambda: work.states("follower") == ["done"] * 3)
    assert [body["n"] for _, body in endpoint.calls if body["order"] == "A"] in ([1, 2], [2, 1])
    work.close()


def test_a_failed_delivery_holds_those_of_its_key_and_no_others(journal_url):
    def answer(body):
        if body["n"] == 1:
            raise Refused("no")
        return {}

    endpoint = Endpoint({"wms-east": answer})
    texts = files({"wire_tap": [{"wms-east": {}}]}, order_by="body.order")
    work = Works(journal_url, texts, endpoint)
    work.accept({"order": "A", "n": 1}, {"order": "A", "n": 2}, {"order": "B", "n": 3})
    work.run()
    assert [body["n"] for _, body in endpoint.calls] == [1, 3]
    work.close()


def test_deliveries_of_high_priority_overtake_others_in_the_lane(journal_url):
    endpoint = Endpoint()
    texts = files({"wire_tap": [{"wms-east": {}}]})
    urgent = texts["routes/examples/example.route.yaml"].replace("route: example", "route: urgent").replace("/in", "/urgent")
    texts["routes/examples/urgent.route.yaml"] = "priority: high\n" + urgent
    work = Works(journal_url, texts, endpoint)
    work.accept({"n": 1})
    work.accept({"n": 2}, route="urgent")
    for lane in ("route/example", "route/urgent", "to/wms-east"):
        work.drain(lane)
    assert [body["n"] for _, body in endpoint.calls] == [2, 1]
    work.close()
