"""Answers from the cache over TLS, on PostgreSQL, behind a proxy, by two workers, and beside other
requests.

`python -m benchmarks.hot_ways` compares this program with an earlier commit of it that has no lane
(`app/serving/http1/lane.py`), in turn, on one core, with wrk on the other. Prints the processor
time of a request as fast as possible, and the p99 of its wait at some 2,000 requests a second, with
the medians of the rounds' ratios: 0.5 is half. As fast as possible, the wait would be for other
requests, and for a core that other programs have. Where these are busy, run it by `chrt -r 1`.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from benchmarks import contestants, live_streams, machine, workloads
from benchmarks.audience import STRAGGLERS_S
from benchmarks.contestants import Contestant, Server, all_serving, ours
from benchmarks.databases import made_texts, username
from benchmarks.hot import BASE, HEADS, QUICK_SHAPE, READ, SHAPE
from benchmarks.live_streams import Audience
from benchmarks.load import Load, Rounds, ask, ratio, take_turns
from benchmarks.paired import checkout, database, imports_of, searches
from benchmarks.workloads import Lines
from tests import postgresql
from tests.certificates import make_certificate

POSTS_ON_POSTGRESQL: Final = 40
"""Of each author whose posts are read."""
LIVE: Final = Audience(clients=200, per_second=20, seconds=5)
PAUSE_MS: Final = 30
"""Before each request of the 64 connections whose waits are measured."""


class Way(NamedTuple):
    """How the program serves, and what is asked."""

    lines: Lines
    workers: int = 1
    settings: Mapping[str, str] = MappingProxyType({})
    changed: Callable[[Contestant], Contestant] = lambda side: side


def ways(authors: int, folder: Path, postgresql_urls: Mapping[str, str]) -> dict[str, Way]:
    proxied = {"SAYWHO_TRUSTED_PROXIES": "1"}
    head = HEADS["one head"]
    found = {
        "one worker": Way(head),
        "behind a proxy": Way(HEADS["always another head"], settings=proxied),
        "two workers, 5 % inserts": Way(workloads.mixed(authors), workers=2),
        "TLS": Way(head, changed=over_tls(folder)),
    }
    if postgresql_urls:

        def on_postgresql(side: Contestant) -> Contestant:
            settings = side.settings | {"SAYWHO_DATABASE_URL": postgresql_urls[side.name]}
            return replace(side, settings=settings)

        found["PostgreSQL"] = Way(head, changed=on_postgresql)
    return found


def over_tls(folder: Path) -> Callable[[Contestant], Contestant]:
    """Return what makes a side serve over TLS, by a `hypercorn.toml` in this folder."""
    certificate, key = map(json.dumps, make_certificate(folder))
    (folder / "hypercorn.toml").write_text(f"certfile = {certificate}\nkeyfile = {key}\n")

    def changed(side: Contestant) -> Contestant:
        def command(port: int) -> Sequence[str]:
            return ("env", "-C", str(folder), *side.command(port))

        return replace(side, command=command, scheme="https")

    return changed


@contextlib.contextmanager
def on_postgresql(roots: Mapping[str, Path], folder: Path) -> Iterator[dict[str, str]]:
    """Give the URL of a database on PostgreSQL for each side, filled by its own code; of none where
    there is no server.
    """
    try:
        server = postgresql.Server(durable=True)
    except postgresql.NoServerError as error:
        print(f"skipped: PostgreSQL ({error})")
        yield {}
        return
    texts, posts = made_texts(), folder / "posts.jsonl"
    lines = (
        json.dumps({"username": username(author), "text": texts[author * 50 + number]})
        for author in range(READ)
        for number in range(POSTS_ON_POSTGRESQL)
    )
    posts.write_text("".join(f"{line}\n" for line in lines))
    urls = {}
    try:
        for side, root in roots.items():
            asyncio.run(server.ask(f"CREATE DATABASE {side}"))
            urls[side] = server.url(side)
            settings = {
                "SAYWHO_DATABASE_URL": urls[side],
                "SAYWHO_DATA_DIR": str(folder / f"{side}-instance"),
            }
            command = "from app.cli import main; main()", "import", str(posts)
            subprocess.run(
                (sys.executable, "-c", *command),
                env=machine.environment(imports_of(root) | settings),
                stdout=subprocess.DEVNULL,
                check=True,
            )
        yield urls
    finally:
        server.remove()


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


def live_beside_hits(
    servers: Sequence[Server],
    roots: Mapping[str, Path],
    files: Mapping[str, Path],
    load: Load,
    folder: Path,
) -> dict[str, Rounds]:
    """Post for clients of the live stream beside a flood of hits."""
    results = {server.name: Rounds() for server in servers}
    flood = replace(load, seconds=LIVE.seconds + STRAGGLERS_S)
    for _ in range(load.rounds):
        for server in servers:
            side = server.name
            with _flooded(server, folder, flood):
                row = live_streams.with_audience(server, LIVE, files[side], roots[side])
            lost = row["lost"] + row["twice"]
            results[side].add(row | {"per_second": 0, "errors": lost})
    return results


def print_row(
    name: str, waits: dict[str, Rounds], as_fast: dict[str, Rounds] | None = None
) -> None:
    base, new, cpu = waits["base"], waits["new"], ""
    if as_fast is not None:
        ours, theirs = as_fast["new"].cpu_us, as_fast["base"].cpu_us
        cpu = f"{statistics.median(ours):>8.0f}{ratio(ours, theirs):>8.2f}"
    print(
        f"{name:<26}{cpu:<16}"
        f"{statistics.median(new.p99_ms):>8.1f}{ratio(new.p99_ms, base.p99_ms):>8.2f}"
        f"{f'  {base.errors + new.errors} errors' if base.errors + new.errors else ''}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=BASE, help="the commit to compare with")
    parser.add_argument("--only", action="append", help="a row, and those beside it")
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
    with machine.work_folder() as folder, contextlib.ExitStack() as stack:
        roots = {"base": checkout(arguments.base, folder), "new": machine.ROOT}
        files = {
            side: database(root, folder / f"{side}-data", shape) for side, root in roots.items()
        }
        urls = stack.enter_context(on_postgresql(roots, folder))
        for number, (name, way) in enumerate(ways(shape.authors, folder, urls).items()):
            if name not in (arguments.only or [name]):
                continue
            sides = [
                way.changed(
                    ours(side, workers=way.workers, settings={**way.settings, **imports_of(root)})
                )
                for side, root in roots.items()
            ]
            own, ready = folder / f"way{number}", workloads.list_path(0)
            with all_serving(sides, lambda side: files[side.name], own, ready) as servers:
                asked = replace(load, lines=way.lines)
                as_fast = take_turns(servers, asked, folder)
                waits = take_turns(servers, replace(asked, pause_ms=PAUSE_MS), folder)
                print_row(name, waits, as_fast)
                if number == 0:
                    misses = replace(load, lines=searches(shape.authors))
                    results = beside_hits(servers, misses, folder)
                    print_row("misses beside hits", results)
                    results = live_beside_hits(servers, roots, files, load, folder)
                    print_row("live streams beside hits", results)


if __name__ == "__main__":
    main()
