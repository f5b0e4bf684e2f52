"""Metrics of a process, for Prometheus: names after OpenTelemetry's messaging conventions, labels with few values only."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from crossdock.core.journal import Lane

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters, gauges and histograms of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._accepted = Counter(
            "crossdock_messages_accepted", "Receipts made durable", ["route", "duplicate"], registry=self.registry
        )
        self._processed = Counter(
            "crossdock_messages_processed", "Runs of a route, by outcome", ["route", "state"], registry=self.registry
        )
        self._deliveries = Counter(
            "crossdock_deliveries", "Attempts to deliver, by outcome", ["endpoint", "state"], registry=self.registry
        )
        self._seconds = Histogram(
            "crossdock_delivery_seconds", "How long calls took", ["endpoint"], buckets=_SECONDS, registry=self.registry
        )
        self._backlog = Gauge("crossdock_lane_rows", "Work in the journal", ["lane", "state"], registry=self.registry)

    def message_accepted(self, route: str, *, duplicate: bool) -> None:
        """Count a receipt."""
        self._accepted.labels(route, str(duplicate).lower()).inc()

    def message_done(self, route: str, state: str) -> None:
        """Count a run."""
        self._processed.labels(route, state).inc()

    def delivery_done(self, endpoint: str, state: str, seconds: float) -> None:
        """Count an attempt and its time."""
        self._deliveries.labels(endpoint, state).inc()
        if seconds > 0:
            self._seconds.labels(endpoint).observe(seconds)

    def backlog(self, lanes: Sequence[Lane]) -> None:
        """Set the gauges of the backlog; lanes that are empty now are left out."""
        self._backlog.clear()
        for lane in lanes:
            for state in ("ready", "later", "leased"):
                self._backlog.labels(lane.name, state).set(getattr(lane, state))

    def render(self) -> bytes:
        """Return the page that Prometheus reads."""
        return generate_latest(self.registry)
