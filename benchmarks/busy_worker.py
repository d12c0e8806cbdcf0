"""How long an insert takes while reads fill its worker: `python -m benchmarks.busy_worker`.

One worker serves hot reads to 16, then 64 connections that never pause, while one client posts
over and over, always waiting for the answer. What an insert takes alone stands beside it.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import contestants, machine, workloads
from benchmarks.contestants import Server, ours
from benchmarks.databases import TOKEN, Shape, copy

WHOLE = Shape("busy", 1_000, 40, has_profiles=True)
QUICK = Shape("quick-busy", 30, 25, has_profiles=True)
SETTLED_S = 0.5
"""Seconds from the start of the reads to the first insert."""


def measure(shape: Shape, folder: Path, seconds: float) -> None:
    """Print the times of an insert, and how many reads a second the worker answered meanwhile."""
    requests = folder / "requests"
    requests.write_text("".join(f"{line}\n" for line in workloads.hot(shape.authors)(0)))
    path, program = copy(shape, folder), ours()
    with contestants.serving(program, path, folder, workloads.user_path(0)) as server:
        print("| beside | insert p50, ms | p99, ms | inserts | reads/s |")
        print("| --- | --: | --: | --: | --: |")
        for readers in (0, 16, 64):
            reading = read(server, requests, readers, seconds + 2 * SETTLED_S) if readers else None
            times = insert(server, seconds)
            reads = f"{answered(reading):,.0f}" if reading else ""
            cuts = statistics.quantiles(times, n=100)
            beside = f"{readers} connections that read" if readers else "nothing"
            print(f"| {beside} | {cuts[49]:.1f} | {cuts[98]:.1f} | {len(times)} | {reads} |")


def read(
    server: Server, requests: Path, connections: int, seconds: float
) -> "subprocess.Popen[str]":
    """Start to read without a pause, from the other core."""
    script = str(Path(__file__).with_name("wrk.lua"))
    command = (
        *("wrk", "--threads", "1", "--connections", str(connections)),
        *("--duration", f"{max(1, round(seconds))}s", "--timeout", "10s"),
        *("--script", script, server.address, "--", str(requests), TOKEN),
    )
    pinned = machine.pinned(command, machine.CLIENT_CORE)
    reading = subprocess.Popen(pinned, stdout=subprocess.PIPE, text=True)
    time.sleep(SETTLED_S)
    return reading


def answered(reading: "subprocess.Popen[str]") -> float:
    """Return how many reads a second were answered; wait for their end."""
    said, _ = reading.communicate()
    return float(json.loads(said.strip().splitlines()[-1])["per_second"])


def insert(server: Server, seconds: float) -> list[float]:
    """Post for so long, one post after the other; return the milliseconds of each."""
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    times, end = [], time.monotonic() + seconds
    for line in workloads.inserts(30)(1):
        method, path, body = line.split("\t")
        started = time.monotonic()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        times.append(1000 * (time.monotonic() - started))
        if answer.status != 201:
            sys.exit(f"an insert was answered with {answer.status}")
        if time.monotonic() > end and len(times) > 1:
            break
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small database, half a second")
    options = parser.parse_args()
    if not contestants.install("wrk"):
        sys.exit("skipped: there is no wrk, which fills a worker")
    print(machine.description())
    with machine.work_folder() as folder:
        measure(QUICK if options.quick else WHOLE, folder, seconds=0.5 if options.quick else 8.0)


if __name__ == "__main__":
    main()
