"""A start on a database of many posts: how soon it answers, and the memory of a worker."""

import random
import statistics
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks import contestants, machine
from benchmarks.contestants import ours
from benchmarks.databases import Shape, copy, made_texts, username
from benchmarks.load import fetch

WORKERS = 2


def measure(shape: Shape, folder: Path, *, comparisons: int, starts: int) -> dict[str, Any]:
    """Start several times; the last one then compares authors."""
    folder.mkdir()
    path = copy(shape, folder)
    seconds, cpu_s = [], []
    for number in range(starts):
        started = time.perf_counter()
        program = ours(workers=WORKERS)
        with contestants.serving(
            program, path, folder / str(number), "/readyz", on=machine.cores()
        ) as server:
            seconds.append(time.perf_counter() - started)
            cpu_s.append(machine.cpu_s(server.pids))
            if number == starts - 1:
                idle = max(map(machine.memory_mib, _workers(server)))
                times_ms = _compare(server, shape, comparisons)
                busy = max(map(machine.memory_mib, _workers(server)))
    return {
        "tweets": shape.tweets,
        "authors": shape.authors,
        "ready_s": round(statistics.median(seconds), 2),
        "cpu_s": round(statistics.median(cpu_s), 2),
        "starts_s": [round(each, 2) for each in seconds],
        "comparisons": comparisons,
        "compare_p50_ms": round(statistics.median(times_ms), 1),
        "worker_mib_at_start": round(idle),
        "worker_mib": round(busy),
    }


def _workers(server: contestants.Server) -> list[int]:
    """Return the worker processes."""
    return machine.processes_of(server.pids)[1:]


def _compare(server: contestants.Server, shape: Shape, count: int) -> list[float]:
    """Compare pairs of authors, over connections that any worker may take."""
    chance = random.Random(5)
    texts = made_texts()
    times_ms = []
    for _ in range(count):
        first, second = chance.sample(range(shape.authors), 2)
        text = quote(chance.choice(texts))
        names = f"username={username(first)}&username={username(second)}"
        started = time.perf_counter()
        fetch(server, f"/api/v1/compare?text={text}&{names}")
        times_ms.append(1000 * (time.perf_counter() - started))
    return times_ms
