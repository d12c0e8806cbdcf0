"""Metrics of operation, for Prometheus; any worker of `saywho serve` reports those of all from a
shared folder.
"""

import os
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
IS_SHARED: Final = bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
"""Whether the folder was set when prometheus_client was imported."""
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self._registry = CollectorRegistry()
        counter = partial(Counter, registry=registry)
        histogram = partial(Histogram, registry=registry)
        gauge = partial(Gauge, registry=registry)
        requests = counter("saywho_http_requests", "Requests answered", ["method", "status"])
        # The library's own look-up of labels takes ten times as long.
        self._counting = lru_cache(maxsize=500)(requests.labels)
        self._request_seconds = histogram(
            "saywho_http_request_seconds",
            "Time from a request to the end of its answer",
            buckets=SECONDS,
        )
        cached = counter("saywho_cache_requests", "Reading requests by result", ["result"])
        self._cached = {result: cached.labels(result) for result in ("hit", "miss", "bypass")}
        self._db_seconds = histogram(
            "saywho_db_seconds", "Time for which a session was open", ["kind"], buckets=SECONDS
        )
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

    def count_request(self, method: str, status: int, seconds: float) -> None:
        is_known = method in {"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"}
        self._counting(method if is_known else "other", status).inc()
        self._request_seconds.observe(seconds)

    def count_cached(self, result: str) -> None:
        self._cached[result].inc()

    def count_session(self, kind: str, seconds: float) -> None:
        self._db_seconds.labels(kind).observe(seconds)

    def exposition(self, lag: Mapping[str, int]) -> bytes:
        """Return the metrics of all workers; lag: posts missing in derived data, by kind."""
        for derived, posts in lag.items():
            self._lag.labels(derived).set(posts)
        registry = self._registry
        if IS_SHARED:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
