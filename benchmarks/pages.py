"""How long a reader waits for a page of 3,000 authors with 1,000,000 posts, the cache off.

`python -m benchmarks.pages` prints a table: the first answer after the start, and of the next ones
the median by the clock and the mean of the processor's time.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.comparison import CACHE_OFF, FULL, QUICK
from benchmarks.contestants import Server, ours, serving
from benchmarks.databases import Shape, copy, made_texts, username

FIGURES: Final = ("timeline", "week", "likeness", "apart")


def addresses(shape: Shape) -> list[str]:
    """Return the pages, and a common word, an author and a post in the middle."""
    author, other = username(shape.authors // 2), username(3)
    words = made_texts()[0].split()
    common = max(words, key=" ".join(made_texts()).split().count)
    return [
        *("/", "/authors", f"/user/{author}", f"/tweet/{shape.tweets // 2}"),
        *(f"/api/v1/tweets/{shape.tweets // 2}/thread", f"/search?q={common}", "/posts"),
        *("/quiz", "/api/v1/stats"),
        f"/compare?text={'+'.join(words[:6])}&username={author}&username={other}",
        *(f"/dashboard/_dash-update-component {figure}" for figure in FIGURES),
    ]


def ask(server: Server, address: str) -> tuple[float, float]:
    """Return the milliseconds of an answer: by the clock, and of the server's processor."""
    path, _, figure = address.partition(" ")
    request = urllib.request.Request(server.address + path)  # noqa: S310 - our own
    if figure:
        asked = {"id": f"{figure}-ask", "property": "data", "value": {"view": ""}}
        drawn = {"id": f"{figure}-drawing", "property": "data"}
        call = {"output": f"{figure}-drawing.data", "outputs": drawn, "inputs": [asked]}
        request.data = json.dumps(call).encode()
        request.add_header("Content-Type", "application/json")
    used, started = machine.cpu_s(server.pids), time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        answer.read()
    return 1000 * (time.perf_counter() - started), 1000 * (machine.cpu_s(server.pids) - used)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="pages", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small database")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    shape = (QUICK if options.quick else FULL).million
    with tempfile.TemporaryDirectory() as name:
        program, path = ours(settings=CACHE_OFF), copy(shape, Path(name))
        with serving(program, path, Path(name, "served"), "/readyz") as server:
            print("| page | first, ms | median, ms | processor, ms |\n| --- | --: | --: | --: |")
            for address in addresses(shape):
                first, _ = ask(server, address)
                rest = [ask(server, address) for _ in range(options.repeats)]
                wall = statistics.median(each for each, _ in rest)
                processor = statistics.fmean(each for _, each in rest)
                print(f"| `{address[:60]}` | {first:.0f} | {wall:.0f} | {processor:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
