"""What a page costs people who have signed in: `python -m benchmarks.signed_in [--base COMMIT]`.

With `--stale SECONDS` it reads lists by a cookie and by a token instead, one request in 20 a new
post, and counts the answers that lack a post which was acknowledged before they were asked for.

A private site holds 12,000 posts and a chat of 8,000 messages. An operator who has signed in opens
each page, first after another post of its author, and again with nothing written between. Printed
is the server's processor time, in units of a list of an author's posts that nobody has asked for
before, which the same run has taken by a token; with a commit, that program beside this one. Then
follow searches by the API beside plain FTS5 (`benchmarks/searches.py`), with `--rounds 0` alone.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from benchmarks import machine, searches, workloads
from benchmarks.at_home import KEEPER, authored, spoken, stamp
from benchmarks.contestants import Server, ours, serving
from benchmarks.databases import START, made_texts, username
from benchmarks.load import Load, ask
from benchmarks.paired import checkout, imports_of

COLD: Final = 150
"""Authors whose lists nobody asks for twice."""
PASSWORD: Final = "a long pass phrase"  # noqa: S105 - of a site that lives for minutes
PAGES: Final = {
    "author": f"/user/{KEEPER}",
    "chat": "/room/1",
    "front page": "/",
    "search": "/search?q=harbour+tea",
    "comparison": "/compare?"
    + urlencode({"text": "Tea at the harbour, as on every other day.", "username": KEEPER}),
    "dashboard": f"/dashboard/?username={KEEPER}",
}
LIST: Final = f"/api/v1/users/{KEEPER}/tweets"


@dataclass(frozen=True, slots=True)
class Site:
    """A private site that serves, and its clients."""

    server: Server
    operator: httpx.Client
    token: httpx.Client

    def cost_ms(self, client: httpx.Client, path: str, times: int = 1) -> float:
        """Return the processor time of an answer, in milliseconds, over so many of them."""
        used = machine.cpu_s(self.server.pids)
        for _ in range(times):
            answer = client.get(path)
            assert answer.status_code in {200, 202}, (path, answer.status_code)
        return 1_000 * (machine.cpu_s(self.server.pids) - used) / times

    def write(self, number: int) -> None:
        """Store a post of the author and a message of the chat, and wait until all is quiet."""
        post = {"text": "Another tea.", "source_id": f"new{number}"}
        message = next(spoken(100_000 + number, 1)) | {"room": {"id": 1, "name": "crew"}}
        lines = "\n".join(json.dumps(each) for each in ({"username": KEEPER} | post, message))
        sent = {"Content-Type": "application/x-ndjson"}
        self.token.post("/api/v1/tweets", content=lines, headers=sent).raise_for_status()
        self.settle()

    def settle(self) -> None:
        """Wait until a second passes in which the server does next to nothing."""
        while self._rest_s() > 0.03:
            pass

    def _rest_s(self) -> float:
        used = machine.cpu_s(self.server.pids)
        self.token.get("/healthz")
        time.sleep(1)
        return machine.cpu_s(self.server.pids) - used


def posts() -> Iterator[dict[str, Any]]:
    texts = made_texts()
    cold = (
        {
            "username": username(number % COLD),
            "source_id": f"cold{number}",
            "text": texts[number % len(texts)],
            "created_at": stamp(START + timedelta(hours=number)),
        }
        for number in range(COLD * 20)
    )
    return chain(authored(KEEPER, 9_000, 6, 1), cold, spoken(0, 8_000))


@contextmanager
def serving_privately(root: Path, folder: Path) -> Iterator[Site]:
    """Serve a private site with the code of a folder."""
    database = folder / "site.db"
    settings = imports_of(root) | {"SAYWHO_PUBLIC": "0"}
    program = ours(settings=settings)
    env = machine.environment(program.environment(database, folder / "server0") | settings)

    def run(*words: str, given: str = "") -> str:
        code = "import sys; from app.cli import main; sys.exit(main())"
        command = (sys.executable, "-c", code, *words)
        done = subprocess.run(
            command, env=env, input=given, check=True, capture_output=True, text=True
        )
        return done.stdout

    file = folder / "posts.jsonl"
    file.write_text("".join(json.dumps(post) + "\n" for post in posts()), encoding="utf-8")
    with ExitStack() as stack:
        (folder / "server0").mkdir(parents=True)
        run("import", "--publish", str(file))
        run("operator", "add", "ann", "--password-stdin", given=PASSWORD)
        secret = json.loads(run("token", "add", "writer", "--scope", "write", "--json"))["token"]
        (folder / "server0" / "instance").rename(folder / "instance")
        (folder / "server0").rmdir()
        program = ours(settings=settings | {"SAYWHO_DATA_DIR": str(folder / "instance")})
        server = stack.enter_context(serving(program, database, folder, "/healthz"))
        operator, token = (
            stack.enter_context(httpx.Client(base_url=server.address, timeout=120))
            for _ in range(2)
        )
        token.headers["Authorization"] = f"Bearer {secret}"
        operator.headers.update({"Sec-Fetch-Site": "same-origin"})
        form = {"name": "ann", "password": PASSWORD}
        assert operator.post("/login", data=form).status_code == 303
        yield Site(server, operator, token)


def measured(site: Site, rounds: int) -> dict[str, tuple[float, float]]:
    """Return what each page costs the first time and again, in cold lists."""
    site.settle()
    cold = [site.cost_ms(site.token, workloads.list_path(n)) for n in range(COLD)]
    unit = statistics.fmean(cold[10:])
    print(f"{site.server.name}: a cold list takes {unit:.1f} ms", file=sys.stderr)
    asked = [*((name, path, site.operator) for name, path in PAGES.items())]
    asked += [("list", LIST, site.token)]
    first: dict[str, list[float]] = {name: [] for name, *_ in asked}
    again: dict[str, list[float]] = {name: [] for name, *_ in asked}
    for number in range(rounds):
        for name, path, client in asked:
            site.write(number * len(asked) + len(name))
            first[name].append(site.cost_ms(client, path))
            site.settle()  # What a first look began goes on.
            client.get(path)
            again[name].append(site.cost_ms(client, path, 100))
    return {
        name: (statistics.median(first[name]) / unit, statistics.median(again[name]) / unit)
        for name in first
    }


def checked(site: Site, folder: Path, seconds: float) -> dict[str, Any]:
    """Return the figures of reads and new posts, among them `checked` and `stale` answers."""
    requests = folder / "requests"
    requests.write_text("".join(f"{line}\n" for line in workloads.mixed(COLD)(0)))
    secret = site.token.headers["Authorization"].removeprefix("Bearer ")
    cookie = "; ".join(f"{name}={value}" for name, value in site.operator.cookies.items())
    load = Load(workloads.mixed(COLD), checks=True, token=secret, cookie=cookie)
    return ask(site.server, requests, load, seconds)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="signed_in", description=__doc__)
    parser.add_argument("--base", metavar="COMMIT", help="also measure this commit")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stale", type=float, metavar="SECONDS", default=0.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        roots = {"now": machine.ROOT}
        if options.base:
            roots = {"before": checkout(options.base, Path(name))} | roots
        told = {}
        for side, root in roots.items():
            (folder := Path(name, f"site-{side}")).mkdir()
            if options.stale or options.rounds:
                with serving_privately(root, folder) as site:
                    if options.stale:
                        print(side, checked(site, Path(name), options.stale))
                    else:
                        told[side] = measured(site, options.rounds)
            if not options.stale:
                print(f"{side}, on {machine.description()}")
                (searched := Path(name, f"searched-{side}")).mkdir()
                searches.measured(
                    root, searched, lambda *served: Site(served[0], *served[1:] * 2).settle()
                )
    if not told:
        return 0
    print(machine.description())
    print("| page |", *(f"{side}: first | {side}: again |" for side in told))
    print("| --- |", "--: | --: |" * len(told))
    for page in next(iter(told.values())):
        pairs = (rows[page] for rows in told.values())
        print(f"| {page} |", *(f"{first:.1f} | {again:.2f} |" for first, again in pairs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
