"""Metrics: what was accepted, processed and delivered, how long it took, and what waits; for Prometheus, at `/metrics`.

    messaging_client_consumed_messages_total     destination, state     runs of messages that came to an end
    messaging_client_sent_messages_total         destination, state     attempts of deliveries that came to an end
    messaging_client_operation_duration_seconds  operation, destination `receive`: until durable; `send`: one delivery's attempt
    crossdock_accepted_messages_total            route                  durably accepted, duplicates left out
    crossdock_duplicate_messages_total           route                  received before
    crossdock_backlog_messages                   lane, state            ready, later (waits for its time), leased
    crossdock_backlog_oldest_seconds             lane                   age of the oldest that waits
    crossdock_leases_expired_total                                      work that a worker was given and never finished
    crossdock_wakeups_total                      result                 wake-ups `sent`, and `failed` (the sweep finds those)

The first three are OpenTelemetry's names (semantic conventions for messaging) as Prometheus spells them: the destination is
`messaging_destination_name` (a route for what was received, an endpoint for what was sent), the operation
`messaging_operation_name`, the state `crossdock_state`. Labels are bounded: a label that has had `MOST_VALUES` values calls every
further one `other`, so that no configuration can flood the store.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from crossdock.core.errors import CrossdockError
from crossdock.core.journal import Lane
from crossdock.runtime.shared_metrics import VARIABLE

log = logging.getLogger(__name__)

MOST_VALUES = 500
"""How many values a label may have."""
MOST_LANES = 200
"""How many lanes are shown one by one: those with the most work; the others are summed up."""
OTHER = "other"
DESTINATION = "messaging_destination_name"
OPERATION = "messaging_operation_name"
STATE = "crossdock_state"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

Problems = Callable[[], Iterable[str]] | Callable[[], Awaitable[Iterable[str]]]
Asgi = Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Bounded:
    """The values that a label has had; beyond so many, every new one is `other`."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self._most = most
        self._seen: set[str] = set()

    def __call__(self, value: str) -> str:
        """Return the value to write."""
        if value in self._seen:
            return value
        if len(self._seen) >= self._most:
            return OTHER
        self._seen.add(value)
        return value


class Backlog(Collector):
    """The lanes as last set; read as a whole, so that a scrape never sees half of them."""

    def __init__(self) -> None:
        self.lanes: Sequence[Lane] = ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        sizes = GaugeMetricFamily("crossdock_backlog_messages", "Work that waits, by lane", labels=("lane", "state"))
        ages = GaugeMetricFamily("crossdock_backlog_oldest_seconds", "Age of the oldest work that waits", labels=("lane",))
        now = time.time()
        for lane in _bounded_lanes(self.lanes):
            for state in ("ready", "later", "leased"):
                sizes.add_metric((lane.name, state), getattr(lane, state))
            ages.add_metric((lane.name,), 0.0 if lane.oldest_at is None else max(0.0, now - lane.oldest_at / 1000))
        yield sizes
        yield ages


def _bounded_lanes(lanes: Sequence[Lane]) -> Sequence[Lane]:
    if len(lanes) <= MOST_LANES:
        return lanes
    ordered = sorted(lanes, key=lambda lane: lane.ready + lane.later + lane.leased, reverse=True)
    return [*ordered[: MOST_LANES - 1], _summed(ordered[MOST_LANES - 1 :])]


def _summed(lanes: Sequence[Lane]) -> Lane:
    return Lane(
        OTHER,
        sum(lane.ready for lane in lanes),
        sum(lane.later for lane in lanes),
        sum(lane.leased for lane in lanes),
        min((lane.oldest_at for lane in lanes if lane.oldest_at is not None), default=None),
    )


def _counter(name: str, what: str, *labels: str) -> Callable[[], Counter]:
    return partial(Counter, name, what, labels, registry=None)


def _histogram(name: str, what: str, *labels: str) -> Callable[[], Histogram]:
    return partial(Histogram, name, what, labels, registry=None, buckets=BUCKETS)


ACCEPTED = _counter("crossdock_accepted_messages", "Messages durably accepted", "route")
DUPLICATES = _counter("crossdock_duplicate_messages", "Messages that had been received before", "route")
PROCESSED = _counter("messaging_client_consumed_messages", "Runs of messages through their routes", DESTINATION, STATE)
DELIVERIES = _counter("messaging_client_sent_messages", "Attempts of deliveries", DESTINATION, STATE)
SECONDS = _histogram("messaging_client_operation_duration_seconds", "How long operations took", OPERATION, DESTINATION)
LENIENCIES = _counter("crossdock_lenient_faults", "Faults of partners' documents that were let pass", "partner", "leniency")
LEASES = _counter("crossdock_leases_expired", "Work that a worker was given and never finished")
WAKEUPS = _counter("crossdock_wakeups", "Wake-ups", "result")


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one process, in a registry of their own; safe from many threads."""

    accepted: Counter = field(default_factory=ACCEPTED)
    duplicates: Counter = field(default_factory=DUPLICATES)
    processed: Counter = field(default_factory=PROCESSED)
    deliveries: Counter = field(default_factory=DELIVERIES)
    seconds: Histogram = field(default_factory=SECONDS)
    lenient: Counter = field(default_factory=LENIENCIES)
    leases: Counter = field(default_factory=LEASES)
    wakeups: Counter = field(default_factory=WAKEUPS)
    waiting: Backlog = field(default_factory=Backlog)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _routes: Bounded = field(default_factory=Bounded)
    _endpoints: Bounded = field(default_factory=Bounded)
    _partners: Bounded = field(default_factory=Bounded)

    def __post_init__(self) -> None:
        """Put them all into the registry."""
        counters = (self.accepted, self.duplicates, self.processed, self.deliveries, self.lenient, self.leases, self.wakeups)
        for collector in (*counters, self.seconds, self.waiting):
            self.registry.register(collector)

    def let_pass(self, partner: str, leniency: str) -> None:
        """Count a fault that was let pass."""
        self.lenient.labels(self._partners(partner), leniency).inc()

    def message_accepted(self, route: str, *, duplicate: bool = False, seconds: float | None = None) -> None:
        """Count a receipt that is durable, and how long that took where it is known."""
        route = self._routes(route)
        (self.duplicates if duplicate else self.accepted).labels(route).inc()
        if seconds is not None:
            self.seconds.labels("receive", route).observe(seconds)

    def message_done(self, route: str, state: str) -> None:
        """Count a message's run that came to an end."""
        self.processed.labels(self._routes(route), state).inc()

    def delivery_done(self, endpoint: str, state: str, seconds: float) -> None:
        """Count a delivery's attempt that came to an end; 0 seconds mean that nothing was called."""
        endpoint = self._endpoints(endpoint)
        self.deliveries.labels(endpoint, state).inc()
        if seconds > 0:
            self.seconds.labels("send", endpoint).observe(seconds)

    def leases_expired(self, count: int = 1) -> None:
        """Count work that came back from workers that never finished it."""
        self.leases.inc(count)

    def woken(self, *, sent: bool = True) -> None:
        """Count a wake-up."""
        self.wakeups.labels("sent" if sent else "failed").inc()

    def backlog(self, lanes: Sequence[Lane]) -> None:
        """Set what waits."""
        self.waiting.lanes = lanes

    def render(self) -> bytes:
        """Return everything in Prometheus's text format; where processes share their metrics, what all of them counted."""
        folder = os.environ.get(VARIABLE)
        return generate_latest(self._everybodys(folder) if folder else self.registry)

    def _everybodys(self, folder: str) -> CollectorRegistry:
        registry = CollectorRegistry()
        registry.register(self.waiting)
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
        return registry


def page(metrics: Metrics, lanes: Callable[[], Sequence[Lane]] | None = None) -> Asgi:
    """Return the ASGI application for `/metrics`; `lanes`, called in a thread for each scrape, tells the backlog."""

    async def answer() -> Answer:
        if lanes is not None:
            metrics.backlog(await asyncio.to_thread(lanes))
        return Answer(200, metrics.render(), CONTENT_TYPE)

    return _application(answer)


def live() -> Asgi:
    """Return the ASGI application for `/health/live`: it answers as long as the event loop turns."""

    async def answer() -> Answer:
        return Answer(200, b"live\n")

    return _application(answer)


def ready(problems: Problems) -> Asgi:
    """Return the ASGI application for `/health/ready`: 200, or 503 with everything that keeps it from working.

    `problems` returns sentences, none where all is well; a plain function is called in a thread.
    """

    async def answer() -> Answer:
        found = await _asked(problems)
        said = json.dumps({"ready": not found, "problems": found}).encode()
        return Answer(503 if found else 200, said, b"application/json")

    return _application(answer)


async def _asked(problems: Problems) -> list[str]:
    try:
        if inspect.iscoroutinefunction(problems):
            return list(await problems())
        return list(cast("Iterable[str]", await asyncio.to_thread(problems)))
    except CrossdockError as error:
        return [error.message]
    except Exception:
        log.exception("the readiness check broke")
        return ["the readiness check broke; see the log"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: bytes = b"text/plain; charset=utf-8"


def _application(answer: Callable[[], Awaitable[Answer]]) -> Asgi:
    async def application(scope: MutableMapping[str, Any], _: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        is_read = scope["method"] in ("GET", "HEAD")
        result = await answer() if is_read else Answer(405, b"only GET and HEAD are answered here\n")
        headers = [
            (b"content-type", result.content_type),
            (b"content-length", str(len(result.body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": result.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else result.body})

    return application
