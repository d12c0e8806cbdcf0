"""Metrics of operation, for Prometheus; any worker of `saywho serve` reports all workers'."""

import os
from bisect import bisect_left
from collections import Counter as Counted, deque
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.runtime.logs import AnswerNotes, Given

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
IS_SHARED: Final = bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
"""Whether the folder was set when prometheus_client was imported."""
METHODS: Final = {"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"}
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class TotalledHistogram(Histogram):
    """Histogram that takes many observations for the price of few."""

    def observe_all(self, amounts: Sequence[tuple[float, int]]) -> None:
        """Observe each amount so many times."""
        self._sum.inc(sum(amount * count for amount, count in amounts))
        buckets = Counted[int]()
        for amount, count in amounts:
            buckets[bisect_left(self._upper_bounds, amount)] += count
        for bucket, count in buckets.items():
            self._buckets[bucket].inc(count)


class Metrics:
    def __init__(self, *, are_answers_logged: bool) -> None:
        self.notes = AnswerNotes(self._count_answers, are_logged=are_answers_logged)
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self._registry = CollectorRegistry()
        counter = partial(Counter, registry=registry)
        histogram = partial(Histogram, registry=registry)
        gauge = partial(Gauge, registry=registry)
        requests = counter("saywho_http_requests", "Requests answered", ["method", "status"])
        # The library's own look-up of labels takes ten times as long.
        self._counting = lru_cache(maxsize=500)(requests.labels)
        self._request_seconds = TotalledHistogram(
            "saywho_http_request_seconds",
            "Time from a request to the end of its answer",
            buckets=SECONDS,
            registry=registry,
        )
        self._new_results = deque[str]()
        cached = counter("saywho_cache_requests", "Reading requests by result", ["result"])
        self._cached = {result: cached.labels(result) for result in ("hit", "miss", "bypass")}
        db_seconds = histogram(
            "saywho_db_seconds", "Time for which a session was open", ["kind"], buckets=SECONDS
        )
        self._db_seconds = lru_cache(maxsize=2)(db_seconds.labels)
        self.batch_size = histogram(
            "saywho_write_batch_size",
            "Posts that one transaction stored for single requests",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
        )
        self.live_clients = gauge(
            "saywho_live_clients", "Open live streams", multiprocess_mode="livesum"
        )
        self._lag = gauge(
            "saywho_lag_events",
            "Posts that derived data does not hold yet",
            ["derived"],
            multiprocess_mode="mostrecent",
        )

    def count_cached(self, result: str) -> None:
        """Count a reading request, when its answer is counted."""
        self._new_results.append(result)

    def _count_answers(self, given: Sequence[Given]) -> None:
        requests = Counted(logged.counted for _, alike, _, _ in given for logged, _ in alike)
        new = self._new_results
        results = Counted(new.popleft() for _ in range(len(new)))
        for (method, status, is_hit), count in requests.items():
            self._counting(method if method in METHODS else "other", status).inc(count)
            results["hit"] += count * is_hit
        for result, count in results.items():
            self._cached[result].inc(count)
        self._request_seconds.observe_all([(seconds, len(alike)) for _, alike, seconds, _ in given])

    def count_session(self, kind: str, seconds: float) -> None:
        self._db_seconds(kind).observe(seconds)

    def exposition(self, lag: Mapping[str, int]) -> bytes:
        """Return the metrics of all workers; lag: posts missing in derived data, by kind."""
        for derived, posts in lag.items():
            self._lag.labels(derived).set(posts)
        self.notes.pass_on()
        registry = self._registry
        if IS_SHARED:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
