"""Exports of 1,000,000 posts over HTTP: `python -m benchmarks.export [--quick]`.

The program is started with one worker on a database of 1,002,000 posts of 3,000 authors, and the
file is taken in each format, as it is and packed. What is measured is the time, the size, the most
memory that the worker holds for itself meanwhile (`RssAnon`), and how long another reader waits for
an author who is not in the cache.
"""

import argparse
import contextlib
import itertools
import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks import contestants, machine
from benchmarks.contestants import Server, ours
from benchmarks.databases import Shape, copy, username
from benchmarks.load import fetch
from benchmarks.search_served import anonymous_mib

WHOLE: Final = Shape("million", 3_000, 334, has_profiles=True)
QUICK: Final = Shape("quick-million", 12, 30, has_profiles=True)
CHUNK: Final = 256 * 1024
LOOK_S: Final = 0.1
FORMATS: Final = ("jsonl", "csv", "mongo")


@dataclass(slots=True)
class Watch:
    """What is seen while an export lasts."""

    most_mib: float = 0.0
    waits_ms: list[float] = field(default_factory=list)


@contextlib.contextmanager
def watching(server: Server, worker: int, authors: int) -> Iterator[Watch]:
    """Ask for posts of one author after the other, and look at the memory, until the block ends."""
    watch, ended = Watch(), threading.Event()

    def look() -> None:
        for number in itertools.count():
            watch.most_mib = max(watch.most_mib, anonymous_mib(worker))
            started = time.perf_counter()
            fetch(server, f"/api/v1/users/{username(number % authors)}/tweets?limit=20")
            watch.waits_ms.append(1000 * (time.perf_counter() - started))
            if ended.wait(LOOK_S):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()


def take(server: Server, path: str, *, is_packed: bool) -> tuple[float, int, int]:
    """Take a file; return seconds, bytes and lines (of what is not packed)."""
    request = urllib.request.Request(server.address + path)  # noqa: S310 - our own
    if is_packed:
        request.add_header("Accept-Encoding", "gzip")
    size = lines = 0
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        while chunk := answer.read(CHUNK):
            size += len(chunk)
            lines += 0 if is_packed else chunk.count(b"\n")
    return time.perf_counter() - started, size, lines


def measure(folder: Path, shape: Shape) -> None:
    """Print a line for each format."""
    database = copy(shape, folder)
    program = ours(workers=1)
    with contestants.serving(program, database, folder, "/readyz", on=machine.cores()) as server:
        worker = machine.processes_of(server.pids)[-1]
        take(server, f"/api/v1/export?username={username(0)}", is_packed=False)
        print(f"{shape.tweets:,} posts; {anonymous_mib(worker):.0f} MiB before (RssAnon)")
        print("| file | s | MB | lines | most MiB | others wait, p50 / p95 ms |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name, is_packed in [*((name, False) for name in FORMATS), ("jsonl", True)]:
            with watching(server, worker, shape.authors) as watch:
                path = f"/api/v1/export?format={name}"
                seconds, size, lines = take(server, path, is_packed=is_packed)
            cuts = statistics.quantiles([*watch.waits_ms, watch.waits_ms[-1]], n=20)
            print(
                f"| {name}{', gzip' if is_packed else ''} | {seconds:.1f} | {size / 1e6:.1f} "
                f"| {lines:,} | {watch.most_mib:.0f} | {cuts[9]:.1f} / {cuts[18]:.1f} |"
            )


def main() -> int:
    parser = argparse.ArgumentParser(prog="export", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tiny database")
    options = parser.parse_args()
    with machine.work_folder() as folder:
        measure(folder, QUICK if options.quick else WHOLE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
