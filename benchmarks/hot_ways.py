"""Answers from the cache behind a proxy, by two workers, and beside other requests.

`python -m benchmarks.hot_ways` compares this program with an earlier commit of it that has no lane
(`app/serving/http1/lane.py`), in turn, on one core, with wrk on the other. Prints the processor
time of a request and the p99 of its wait, with the medians of the rounds' ratios: 0.5 is half.
"""

import argparse
import contextlib
import statistics
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from benchmarks import contestants, machine, workloads
from benchmarks.contestants import Server, all_serving, ours
from benchmarks.hot import BASE, HEADS, QUICK_SHAPE, SHAPE
from benchmarks.load import Load, Rounds, ask, ratio, take_turns
from benchmarks.paired import checkout, database, imports_of, searches
from benchmarks.workloads import Lines


class Way(NamedTuple):
    """How the program serves, and what is asked."""

    lines: Lines
    workers: int = 1
    settings: Mapping[str, str] = MappingProxyType({})


def ways(authors: int) -> dict[str, Way]:
    proxied = {"SAYWHO_TRUSTED_PROXIES": "1"}
    return {
        "one worker": Way(HEADS["one head"]),
        "behind a proxy": Way(HEADS["always another head"], settings=proxied),
        "two workers, 5 % inserts": Way(workloads.mixed(authors), workers=2),
    }


@contextlib.contextmanager
def _flooded(server: Server, folder: Path, load: Load) -> Iterator[None]:
    """Ask for cached answers meanwhile, over 32 connections."""
    requests = folder / "hits"
    requests.write_text("".join(f"{line}\n" for line in HEADS["one head"](0)))
    hits = replace(load, connections=32)
    flood = threading.Thread(target=ask, args=(server, requests, hits, load.seconds))
    flood.start()
    try:
        yield
    finally:
        flood.join()


def beside_hits(servers: Sequence[Server], load: Load, folder: Path) -> dict[str, Rounds]:
    """Search for words that nobody has asked for, over 4 connections beside a flood of hits."""
    results = {server.name: Rounds() for server in servers}
    requests, few = folder / "misses", replace(load, connections=4)
    for number in range(load.rounds):
        requests.write_text("".join(f"{line}\n" for line in load.lines(number)))
        for server in servers[:: 1 if number % 2 else -1]:
            with _flooded(server, folder, load):
                results[server.name].add(ask(server, requests, few, load.seconds))
    return results


def print_row(name: str, results: dict[str, Rounds], *, has_cpu: bool = True) -> None:
    base, new = results["base"], results["new"]
    cpu = f"{statistics.median(new.cpu_us):>8.0f}{ratio(new.cpu_us, base.cpu_us):>8.2f}"
    print(
        f"{name:<26}{cpu if has_cpu else '':<16}"
        f"{statistics.median(new.p99_ms):>8.1f}{ratio(new.p99_ms, base.p99_ms):>8.2f}"
        f"{f'  {base.errors + new.errors} errors' if base.errors + new.errors else ''}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=BASE, help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a round")
    parser.add_argument("--quick", action="store_true", help="a small database and one round")
    arguments = parser.parse_args()
    if not contestants.install("wrk"):
        sys.exit("there is no wrk, which makes the load")
    rounds, seconds = (1, 1.0) if arguments.quick else (arguments.rounds, arguments.seconds)
    shape = QUICK_SHAPE if arguments.quick else SHAPE
    load = Load(lambda _: (), rounds=rounds, seconds=seconds)
    print(machine.description())
    print(f"{'':<26}{'us':>8}{'/ base':>8}{'p99 ms':>8}{'/ base':>8}")
    with machine.work_folder() as folder:
        roots = {"base": checkout(arguments.base, folder), "new": machine.ROOT}
        files = {
            side: database(root, folder / f"{side}-data", shape) for side, root in roots.items()
        }
        for number, (name, way) in enumerate(ways(shape.authors).items()):
            sides = [
                ours(side, workers=way.workers, settings={**way.settings, **imports_of(root)})
                for side, root in roots.items()
            ]
            own, ready = folder / f"way{number}", workloads.list_path(0)
            with all_serving(sides, lambda side: files[side.name], own, ready) as servers:
                print_row(name, take_turns(servers, replace(load, lines=way.lines), folder))
                if number == 0:
                    misses = replace(load, lines=searches(shape.authors))
                    results = beside_hits(servers, misses, folder)
                    print_row("misses beside hits", results, has_cpu=False)


if __name__ == "__main__":
    main()
