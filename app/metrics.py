"""Figures of operation: those of this process, and the sums over all workers for Prometheus.

Each worker writes its figures into a file of the data folder once a second. A worker that answers
`/metrics` adds the others' files to its own figures. The file of a dead worker stays, so that
counters never fall while the site runs.
"""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

WRITE_EVERY_S: Final = 1.0
SUFFIX: Final = ".json"
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
METHODS: Final = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
RESULTS: Final = ("hit", "miss", "bypass")
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class _Sample(msgspec.Struct, array_like=True):
    name: str
    labels: dict[str, str]
    value: float


class _Family(msgspec.Struct, array_like=True):
    name: str
    documentation: str
    type: str
    samples: list[_Sample]


class Metrics:
    """Figures of one app, with those of the other workers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: list[_Family] = []
        registry = self._registry = CollectorRegistry()
        self._requests = Counter(
            "saywho_http_requests", "Requests answered", ["method", "status"], registry=registry
        )
        self._counters: dict[tuple[str, int], Counter] = {}
        self._request_seconds = Histogram(
            "saywho_http_request_seconds",
            "Time from a request to the end of its answer",
            registry=registry,
            buckets=SECONDS,
        )
        cached = Counter(
            "saywho_cache_requests", "Reading requests by result", ["result"], registry=registry
        )
        self._cached = {result: cached.labels(result) for result in RESULTS}
        self._db_seconds = Histogram(
            "saywho_db_seconds",
            "Time for which a session was open",
            ["kind"],
            registry=registry,
            buckets=SECONDS,
        )
        self.batch_size = Histogram(
            "saywho_write_batch_size",
            "Posts that one transaction stored for single requests",
            registry=registry,
            buckets=SIZES,
        )
        self.live_clients = Gauge("saywho_live_clients", "Open live streams", registry=registry)

    @cached_property
    def _file(self) -> Path:
        """File of this process, named at first use: the app may be older than the fork."""
        return self._folder / f"{os.getppid()}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"

    def count_request(self, method: str, status: int, seconds: float) -> None:
        known = method if method in METHODS else "other"
        self._counting(known, status).inc()
        self._request_seconds.observe(seconds)

    def _counting(self, method: str, status: int) -> Counter:
        """Return the counter of these labels; the library's own look-up takes ten times longer."""
        counter = self._counters.get((method, status))
        if counter is None:
            counter = self._counters[method, status] = self._requests.labels(method, str(status))
        return counter

    def count_cached(self, result: str) -> None:
        self._cached[result].inc()

    def count_session(self, kind: str, seconds: float) -> None:
        self._db_seconds.labels(kind).observe(seconds)

    async def keep_written(self) -> None:
        """Write the figures each second that changed them, until cancelled, and once more."""
        await asyncio.to_thread(self._begin)
        try:
            while True:
                await asyncio.sleep(WRITE_EVERY_S)
                await asyncio.to_thread(self._write)
        finally:
            self._write()

    def exposition(self, lag: Mapping[str, int]) -> bytes:
        """Return the figures of all workers; `lag` counts the posts that derived data lacks."""
        families = [_collect(self._registry), *self._others()]
        lags = GaugeMetricFamily(
            "saywho_lag_events", "Posts that derived data does not hold yet", labels=["derived"]
        )
        for derived, events in lag.items():
            lags.add_metric([derived], events)
        return generate_latest(_Sums([*_sums(families), lags]))

    def _begin(self) -> None:
        """Remove the files of sites that have ended."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for path in self._folder.glob(f"*{SUFFIX}"):
            if not _is_alive(_pids(path)[0]):
                path.unlink(missing_ok=True)

    def _write(self) -> None:
        families = _collect(self._registry)
        if families == self._written:
            return
        new = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):  # A full disk must not end the worker.
            new.write_bytes(msgspec.json.encode(families))
            new.replace(self._file)
            self._written = families

    def _others(self) -> Iterator[list[_Family]]:
        """Yield the figures of the other workers of this site; of dead ones without gauges."""
        for path in self._folder.glob(f"{os.getppid()}-*{SUFFIX}"):
            if path == self._file:
                continue
            try:
                families = msgspec.json.decode(path.read_bytes(), type=list[_Family])
            except (OSError, ValueError):
                continue
            lives = _is_alive(_pids(path)[1])
            yield [family for family in families if lives or family.type != "gauge"]


class _Sums(Collector):
    """Collector of metrics that are summed already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _collect(registry: CollectorRegistry) -> list[_Family]:
    return [
        _Family(
            metric.name,
            metric.documentation,
            metric.type,
            [
                _Sample(sample.name, dict(sample.labels), sample.value)
                for sample in metric.samples
                if not sample.name.endswith("_created")
            ],
        )
        for metric in registry.collect()
    ]


def _sums(all_families: Iterable[list[_Family]]) -> Iterator[Metric]:
    """Add up the samples of all workers by name and labels."""
    totals: dict[str, tuple[Metric, dict[tuple[str, tuple[tuple[str, str], ...]], float]]] = {}
    for families in all_families:
        for family in families:
            metric = Metric(family.name, family.documentation, family.type)
            _, values = totals.setdefault(family.name, (metric, {}))
            for sample in family.samples:
                key = (sample.name, tuple(sample.labels.items()))
                values[key] = values.get(key, 0) + sample.value
    for metric, values in totals.values():
        for (name, labels), value in values.items():
            metric.add_sample(name, dict(labels), value)
        yield metric


def _pids(path: Path) -> tuple[int, int]:
    """Return the parent's and the worker's process of a file."""
    parent, worker, _ = path.name.split("-", 2)
    return int(parent), int(worker)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
