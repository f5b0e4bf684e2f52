"""Metrics and health: what was counted is what is served."""

from __future__ import annotations

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from crossdock.core.errors import Retryable
from crossdock.core.journal import Lane
from crossdock.core.outcome import DeliveryState, State
from crossdock.runtime.metrics import MOST_LANES, MOST_VALUES, Bounded, Metrics, live, page, ready


def values(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Return a metric's samples as Prometheus reads them, by their values in the order of the labels' names."""
    families = text_string_to_metric_families(metrics.render().decode())
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(value for _, value in sorted(sample.labels.items())): sample.value for sample in samples}


async def get(application, method: str = "GET") -> tuple[int, bytes]:
    """Ask an ASGI application."""
    sent = []

    async def send(event):
        sent.append(event)

    async def receive():
        return {"type": "http.request"}

    await application({"type": "http", "method": method, "path": "/"}, receive, send)
    start, body = sent
    return start["status"], body["body"]


def test_accepted_messages_and_duplicates_are_counted_apart():
    metrics = Metrics()
    for duplicate in (False, False, True):
        metrics.message_accepted("orders", duplicate=duplicate, seconds=0.002)
    counted = [values(metrics, f"crossdock_{what}_messages_total") for what in ("accepted", "duplicate")]
    assert counted == [{("orders",): 2}, {("orders",): 1}]


def test_how_long_accepting_took_is_a_receive_operation():
    metrics = Metrics()
    metrics.message_accepted("orders", seconds=0.25)
    assert values(metrics, "messaging_client_operation_duration_seconds_sum") == {("orders", "receive"): 0.25}


def test_runs_are_counted_by_route_and_state():
    metrics = Metrics()
    for state in (State.DONE, State.DONE, State.FAILED):
        metrics.message_done("orders", state)
    expected = {("done", "orders"): 2, ("failed", "orders"): 1}
    assert values(metrics, "messaging_client_consumed_messages_total") == expected


def test_deliveries_are_counted_by_endpoint_and_state():
    metrics = Metrics()
    metrics.delivery_done("erp", DeliveryState.DELIVERED, 0.02)
    metrics.delivery_done("erp", DeliveryState.QUEUED, 0.0)
    expected = {("delivered", "erp"): 1, ("queued", "erp"): 1}
    assert values(metrics, "messaging_client_sent_messages_total") == expected


def test_a_delivery_that_called_nobody_has_no_duration():
    metrics = Metrics()
    metrics.delivery_done("erp", DeliveryState.DELIVERED, 0.02)
    metrics.delivery_done("erp", DeliveryState.QUEUED, 0.0)
    assert values(metrics, "messaging_client_operation_duration_seconds_count") == {("erp", "send"): 1}


def test_wakeups_and_expired_leases_are_counted():
    metrics = Metrics()
    metrics.woken()
    metrics.woken(sent=False)
    metrics.leases_expired(3)
    counted = values(metrics, "crossdock_wakeups_total"), values(metrics, "crossdock_leases_expired_total")
    assert counted == ({("sent",): 1, ("failed",): 1}, {(): 3})


def test_the_backlog_is_what_was_set_last():
    metrics = Metrics()
    metrics.backlog([Lane("to/old", 1, 1, 1, None)])
    metrics.backlog([Lane("to/erp", 3, 2, 1, None)])
    expected = {("to/erp", "ready"): 3, ("to/erp", "later"): 2, ("to/erp", "leased"): 1}
    assert values(metrics, "crossdock_backlog_messages") == expected


def test_the_smallest_of_many_lanes_are_summed_up():
    metrics = Metrics()
    metrics.backlog([Lane(f"to/{number}", number, 0, 0, None) for number in range(MOST_LANES + 10)])
    shown = values(metrics, "crossdock_backlog_messages")
    assert (len(shown) // 3, shown[("other", "ready")]) == (MOST_LANES, sum(range(11)))


def test_a_label_has_a_bounded_number_of_values():
    metrics = Metrics()
    for number in range(MOST_VALUES + 7):
        metrics.message_accepted(f"route-{number}")
    counted = values(metrics, "crossdock_accepted_messages_total")
    assert (len(counted), counted[("other",)]) == (MOST_VALUES + 1, 7)


def test_a_value_that_was_seen_keeps_its_name_when_the_bound_is_reached():
    bounded = Bounded(most=1)
    assert [bounded("a"), bounded("b"), bounded("a")] == ["a", "other", "a"]


def test_two_sets_of_metrics_do_not_know_each_other():
    one, other = Metrics(), Metrics()
    one.message_accepted("orders")
    assert values(other, "crossdock_accepted_messages_total") == {}


def test_metrics_can_not_be_exchanged():
    with pytest.raises(AttributeError):
        Metrics().accepted = None  # type: ignore[misc]


async def test_the_page_asks_for_the_backlog_at_every_scrape():
    metrics = Metrics()
    sizes = iter((1, 2))
    application = page(metrics, lambda: [Lane("to/erp", next(sizes), 0, 0, None)])
    await get(application)
    status, body = await get(application)
    assert (status, b'crossdock_backlog_messages{lane="to/erp",state="ready"} 2.0' in body) == (200, True)


async def test_live_answers():
    assert await get(live()) == (200, b"live\n")


async def test_ready_is_yes_without_problems():
    status, body = await get(ready(list))
    assert (status, json.loads(body)) == (200, {"ready": True, "problems": []})


async def test_ready_names_every_problem():
    async def problems():
        return ["the journal is locked", "the ERP is down"]

    status, body = await get(ready(problems))
    assert (status, json.loads(body)) == (503, {"ready": False, "problems": ["the journal is locked", "the ERP is down"]})


async def test_ready_tells_the_sentence_of_an_error():
    def problems():
        raise Retryable("the journal can't be reached", detail="psycopg.OperationalError: ...")

    status, body = await get(ready(problems))
    assert (status, json.loads(body)["problems"]) == (503, ["the journal can't be reached"])


async def test_ready_keeps_an_unexpected_error_to_the_log(caplog):
    def problems():
        raise KeyError("internals")

    status, body = await get(ready(problems))
    assert (status, b"internals" in body, "internals" in caplog.text) == (503, False, True)


async def test_a_head_request_has_no_body_and_a_post_is_refused():
    answers = [await get(live(), method) for method in ("HEAD", "POST")]
    assert [answers[0], answers[1][0]] == [(200, b""), 405]
