"""Answers from the cache, by processor time: `python -m benchmarks.hot`.

This program, an earlier commit of it, nginx with the same bytes from a file, a protocol on uvloop
that sends them whatever is asked, a bare ASGI function on hypercorn, Flask, FastAPI, and this
program on granian. All write a log of requests, but granian, FastAPI's server and the protocol.
They serve in turn, by one worker on one core, for wrk on the other. Prints the processor time of a
request, and the median of the ratios of each round, in which other programs on the machine hardly
count. Where these are busy, run it by `chrt -r 1`.

Then fewer requests for one head, spread over each second: a tenth and a hundredth of what this
program answers as fast as it can, and 16 readers who wait 20 ms. Readers wait far longer between
requests than for answers, so the rate hardly depends on these.
"""

import argparse
import contextlib
import os
import random
import shutil
import statistics
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks import contestants, machine, workloads
from benchmarks.contestants import FASTAPI, FLASK_THREADS, Contestant, Server, all_serving, ours
from benchmarks.databases import Shape
from benchmarks.load import Load, Rounds, ratio, take_turns
from benchmarks.paired import checkout, database, imports_of
from benchmarks.workloads import Lines
from tests.ports import free_port

BASE: Final = "0feb6a3c"
"""The last commit without the lane (`app/serving/http1/lane.py`)."""
SHAPE: Final = Shape("paired", 1_000, 40, has_profiles=True)
QUICK_SHAPE: Final = Shape("quick-paired", 30, 25, has_profiles=True)
BROWSERS: Final = 500
READ: Final = 20
"""Authors whose posts are read: all answers are in the cache after the warm-up."""
LANGUAGES: Final = ("ko-KR,ko;q=0.9,en;q=0.8", "en-US,en;q=0.9", "de,en;q=0.7", "ja;q=0.9,ko;q=0.8")
ZONES: Final = ("Asia/Seoul", "Europe/Berlin", "America/New_York", "UTC")
ENGINES: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/{0}.0.{1}.{2} Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/{0}.{1} Safari/605.1.15 ({2})",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0 ({1}.{2})",
)
NGINX: Final = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        location / {{ default_type application/json; try_files /answer =404; }}
    }}
}}
"""


def _browser(chance: random.Random) -> list[str]:
    """Return the headers of a browser."""
    version = chance.randint(90, 150), chance.randint(0, 9_999), chance.randint(0, 999)
    cookies = f"saywho_lang={chance.choice(('en', 'ko'))}; saywho_zone={chance.choice(ZONES)}"
    return [
        f"User-Agent: {chance.choice(ENGINES).format(*version)}",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
        f"Accept-Language: {chance.choice(LANGUAGES)}",
        "Accept-Encoding: gzip, deflate, br",
        f"Cookie: {cookies}",
        "Sec-Fetch-Mode: navigate",
    ]


def _lines(headers_of: Callable[[random.Random, int], Sequence[str]], count: int) -> Lines:
    """Return requests for authors' posts, each with such headers."""

    def lines(number: int) -> list[str]:
        chance = random.Random(number)
        return [
            f"GET\t{workloads.list_path(chance.randrange(READ))}\t\t"
            + "\x1f".join(headers_of(chance, place))
            for place in range(count)
        ]

    return lines


def _of_browsers(chance: random.Random, _place: int) -> list[str]:
    return _browser(random.Random(chance.randrange(BROWSERS)))


def _of_strangers(_chance: random.Random, place: int) -> list[str]:
    address = f"10.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}"
    return [*_browser(random.Random(place)), f"X-Forwarded-For: {address}"]


FEW_READERS: Final = 16
SHARES: Final = (10, 1)
"""In per cent of what is answered as fast as possible."""
READERS: Final = 64
HEADS: Final[dict[str, Lines]] = {
    "one head": _lines(lambda *_: (), 2_000),
    "one head, gzip": _lines(lambda *_: ("Accept-Encoding: gzip",), 2_000),
    "one head, 304": _lines(lambda *_: ("If-None-Match: *",), 2_000),
    "500 browsers": _lines(_of_browsers, 20_000),
    "always another head": _lines(_of_strangers, 40_000),
}
"""Requests, by what their clients send."""


@contextlib.contextmanager
def nginx(answer: bytes, folder: Path) -> Iterator[Server]:
    """Start nginx, which answers everything with these bytes from a file."""
    folder.mkdir(parents=True)
    (folder / "answer").write_bytes(answer)
    port = free_port()
    # As root it would give its rights up, and could not read its own folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(user=user, folder=folder, port=port))
    command = (shutil.which("nginx") or "nginx", "-p", str(folder), "-c", f"{folder}/nginx.conf")
    log = folder / "log"
    with machine.running(command, {}, on=[machine.SERVER_CORE], log=log) as process:
        address = f"http://127.0.0.1:{port}"
        machine.wait_until_ready(f"{address}/", process, log)
        yield Server("nginx, a file", address, (process.pid,))


@contextlib.contextmanager
def all_contestants(
    commit: str, shape: Shape, folder: Path, *, peers: bool
) -> Iterator[list[Server]]:
    """Start everybody on databases of their own code."""
    roots = {"base": checkout(commit, folder), "new": machine.ROOT}
    files = {side: database(root, folder / f"{side}-data", shape) for side, root in roots.items()}
    who = [ours(side, settings=imports_of(root)) for side, root in roots.items()]
    if peers:
        who += [ours("saywho, granian", server="granian"), FLASK_THREADS, FASTAPI]

    def file_of(each: Contestant) -> Path:
        return files.get(each.name, files["new"])

    ready = workloads.list_path(0)
    with all_serving(who, file_of, folder / "servers", ready) as servers:
        body = folder / "answer"
        with urllib.request.urlopen(f"{servers[1].address}{ready}") as answer:  # noqa: S310 - our own
            body.write_bytes(answer.read())
        with contextlib.ExitStack() as stack:
            if shutil.which("nginx"):
                file = nginx(body.read_bytes(), folder / "nginx")
                servers = [*servers, stack.enter_context(file)]
            same = [contestants.fixed(body), *([contestants.bare(body)] if peers else [])]
            served = all_serving(same, lambda _: files["new"], folder / "same", "/")
            servers = [*servers, *stack.enter_context(served)]
            yield servers


def _table(name: str, results: dict[str, Rounds]) -> None:
    new = results["new"].cpu_us
    for server, rounds in results.items():
        ratios = [our / max(their, 1e-9) for our, their in zip(new, rounds.cpu_us, strict=True)]
        print(
            f"{name:<21}{server:<24}{statistics.median(rounds.cpu_us):>7.1f}"
            f"{ratio(new, rounds.cpu_us):>8.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"
            f"{f'  {rounds.errors} errors' if rounds.errors else ''}",
            flush=True,
        )


def _rates(per_second: float) -> Iterator[tuple[str, int, float]]:
    """Yield names of rates, readers, and how long each waits, in ms."""
    for share in SHARES:
        yield f"one head, {share} %", READERS, 1000 * READERS / (per_second * share / 100)
    yield f"{FEW_READERS} readers, 20 ms", FEW_READERS, 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=BASE, help="the commit to compare with")
    parser.add_argument("--only", action="append", choices=HEADS, help="a kind of heads")
    parser.add_argument("--alone", action="store_true", help="no peers but nginx and the protocol")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a round")
    parser.add_argument("--quick", action="store_true", help="a small database and one round")
    arguments = parser.parse_args()
    if not contestants.install("wrk"):
        sys.exit("there is no wrk, which makes the load")
    if not contestants.install("nginx"):
        print("skipped: nginx (there is none)")
    load = Load(
        lambda _: (),
        rounds=1 if arguments.quick else arguments.rounds,
        seconds=1 if arguments.quick else arguments.seconds,
    )
    print(machine.description())
    print(f"{'requests':<21}{'server':<24}{'us':>7}{'new / it':>10}")
    shape = QUICK_SHAPE if arguments.quick else SHAPE
    with (
        machine.work_folder() as folder,
        all_contestants(arguments.base, shape, folder, peers=not arguments.alone) as servers,
    ):
        for name in arguments.only or HEADS:
            results = take_turns(servers, replace(load, lines=HEADS[name]), folder)
            _table(name, results)
            if name == "one head":
                most = statistics.median(results["new"].per_second)
                for rate, readers, pause_ms in _rates(most):
                    few = replace(load, connections=readers, pause_ms=max(1, round(pause_ms)))
                    _table(rate, take_turns(servers, replace(few, lines=HEADS[name]), folder))


if __name__ == "__main__":
    main()
