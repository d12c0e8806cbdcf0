"""Posts in bulk, whoever wrote them: `python -m benchmarks.bulk`.

The same number of posts is imported author by author, in turn, and with one post of each author;
each by a new process into a new database, in turns. Processor time is compared, which other
programs hardly change. Beside it stands the most memory that was seen, and what Flask-SQLAlchemy's
`add_all` takes to store the same posts, without word index, counts, events and profiles. Then the
posts are sent to a server as JSON lines, and requests and single posts are timed while that server
imports a file.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from flask import Flask

from benchmarks import machine
from benchmarks.databases import made_texts
from benchmarks.peers import course
from tests.ports import free_port

AUTHORS: Final = {"author by author": 32, "in turn": 3_000, "one post of each": None}
"""How many authors a file has; None for as many as posts."""
SAMPLED_EVERY_S: Final = 0.2
ADDED_AT_ONCE: Final = 2_000
SAME_ORIGIN: Final = {"Sec-Fetch-Site": "same-origin"}
NDJSON: Final = SAME_ORIGIN | {"Content-Type": "application/x-ndjson"}
IMPORT: Final = """
import asyncio, json, sys, time
from pathlib import Path
from sqlalchemy import event
from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from app.services.imports.storing import import_records, renew_derived
from app.runtime.processes import collect_seldom, share_heap

config = Config(env="testing", data_dir=Path(sys.argv[1]))
numbers = [0]

async def run():
    db = Database(config)
    event.listen(db.engine.sync_engine, "begin", lambda _: numbers.append(0))
    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    with Source(Path(sys.argv[2])) as source:
        report = await import_records(db, open_records(source), username=None)
        await renew_derived(db)
    await db.close()
    return report.accepted

def note(connection, *_):
    if "sqlite_begin" not in connection.get_execution_options():  # It may write.
        numbers[-1] += 1

collect_seldom()  # As `saywho import` does.
share_heap()
prepare(config, upgrade_old=False)
started, processor = time.perf_counter(), time.process_time()
accepted = asyncio.run(run())
print(json.dumps({
    "posts": accepted,
    "seconds": time.perf_counter() - started,
    "cpu_s": time.process_time() - processor,
    "statements": max(numbers),
}))
"""


def write_posts(path: Path, posts: int, authors: int, *, in_turn: bool) -> None:
    """Write JSON lines: the posts of one author after the other, or a post of each in turn."""
    texts, start = made_texts(), datetime(2025, 1, 1, tzinfo=UTC)
    each = -(-posts // authors)
    with path.open("w", encoding="utf-8") as file:
        for number in range(posts):
            author = number % authors if in_turn else number // each
            post = {
                "username": f"author{author:06d}",
                "text": f"{texts[number % len(texts)]} {number}",
                "created_at": (start + timedelta(minutes=number)).isoformat(),
                "source_id": str(number),
            }
            file.write(json.dumps(post) + "\n")


def import_once(path: Path) -> dict[str, float]:
    """Return the figures of an import into a new database."""
    with contextlib.ExitStack() as stack:
        own = Path(stack.enter_context(machine.work_folder()))
        process = stack.enter_context(
            subprocess.Popen(
                (sys.executable, "-c", IMPORT, str(own), str(path)),
                env=machine.environment({}),
                stdout=subprocess.PIPE,
            )
        )
        peak = 0.0
        while process.poll() is None:
            with contextlib.suppress(OSError):
                peak = max(peak, machine.memory_mib(process.pid))
            time.sleep(SAMPLED_EVERY_S)
        printed, _ = process.communicate()
    if process.returncode:
        sys.exit(process.returncode)
    facts: dict[str, float] = json.loads(printed)
    return facts | {"mib": peak}


def add_all(path: Path, folder: Path) -> dict[str, float]:
    """Return the figures of the course's way to store the posts, with nothing derived of them."""
    app = Flask("added", instance_path=str(folder))
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'added.db'}"
    course.db.init_app(app)
    posts = [json.loads(line) for line in path.read_text().splitlines()]
    with app.app_context():
        course.db.create_all()
        started, processor = time.perf_counter(), time.process_time()
        users: dict[str, course.User] = {}
        for start in range(0, len(posts), ADDED_AT_ONCE):
            for post in posts[start : start + ADDED_AT_ONCE]:
                name = post["username"]
                if name not in users:
                    users[name] = course.User(username=name)
                    course.db.session.add(users[name])
            course.db.session.flush()
            course.db.session.add_all(
                course.Tweet(
                    text=post["text"], user_id=users[post["username"]].id, embedding=b"", vector=b""
                )
                for post in posts[start : start + ADDED_AT_ONCE]
            )
            course.db.session.commit()
        seconds, cpu_s = time.perf_counter() - started, time.process_time() - processor
        course.db.engine.dispose()
    return {"posts": len(posts), "seconds": seconds, "cpu_s": cpu_s}


def print_row(name: str, runs: list[dict[str, float]], first: float | None = None) -> float:
    """Print the median run; return its posts for a second of processor time."""
    rates = [each["posts"] / each["cpu_s"] for each in runs]
    rate = statistics.median(rates)
    facts = runs[rates.index(statistics.median_low(rates))]
    share = f"{rate / first:.2f}" if first else ""
    print(
        f"| {name} | {facts['posts']:,.0f} | {facts['posts'] / facts['seconds']:,.0f} "
        f"| {rate:,.0f} | {share} | {facts.get('statements', '')} "
        f"| {facts.get('mib', 0):,.0f} |",
        flush=True,
    )
    return rate


def measure_orders(folder: Path, posts: int, rounds: int) -> Path:
    """Print the table of imports; return the file whose posts come author by author."""
    files = {}
    for name, authors in AUTHORS.items():
        files[name] = folder / f"{name}.jsonl"
        write_posts(files[name], posts, authors or posts, in_turn=name != "author by author")
    print(
        "| order | posts | posts/s | posts per s of processor | of the first | statements | MiB |"
    )
    print("| --- | --: | --: | --: | --: | --: | --: |")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in files}
    for _ in range(rounds):
        for name, path in files.items():
            runs[name].append(import_once(path))
    first: float | None = None
    for name, some in runs.items():
        rate = print_row(name, some, first)
        first = first or rate
    print_row("`add_all`, author by author", [add_all(files["author by author"], folder)], first)
    return files["author by author"]


def start_server(folder: Path) -> tuple[subprocess.Popen[str], str, str]:
    """Return the process, its address and the secret of its set-up link."""
    address = f"127.0.0.1:{free_port()}"
    program = (sys.executable, "-c", "from app.cli import main; main()", "serve")
    server = subprocess.Popen(
        (*program, "--bind", address, "--workers", "2"),
        env=os.environ | {"SAYWHO_DATA_DIR": str(folder), "SAYWHO_ACCESS_LOG": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    found = next(filter(None, (re.search(r"token=(\S+)", line) for line in server.stdout)))
    while True:
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"http://{address}/readyz").raise_for_status()
            return server, f"http://{address}", found[1]
        time.sleep(0.05)


def measure_server(folder: Path, path: Path, posts: int) -> None:
    """Print the rate of JSON lines over HTTP, and what others wait while a file is imported."""
    server, address, token = start_server(folder / "instance")
    try:
        with httpx.Client(base_url=address, timeout=600) as client:
            form = {"token": token, "name": "operator", "password": "correct horse"}
            client.post("/setup", data=form)
            started, processor = time.perf_counter(), machine.cpu_s([server.pid])
            report = client.post("/api/v1/tweets", content=path.read_bytes(), headers=NDJSON)
            report.raise_for_status()
            facts = {
                "posts": report.json()["accepted"],
                "seconds": time.perf_counter() - started,
                "cpu_s": machine.cpu_s([server.pid]) - processor,
            }
            print_row("JSON lines over HTTP", [facts])
            other = folder / "other.jsonl"
            write_posts(other, 6 * posts, 2_999, in_turn=True)  # Long enough for a p99.
            measure_waits(client, other)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(machine.STOP_TIMEOUT_S)


def measure_waits(client: httpx.Client, path: Path) -> None:
    """Import a file, and print how long requests and single posts take meanwhile."""
    answer = client.post("/api/v1/imports", content=path.read_bytes(), headers=NDJSON)
    answer.raise_for_status()
    job, has_ended = f"/api/v1/imports/{answer.json()['id']}", threading.Event()
    reads: list[float] = []
    writes: list[float] = []

    def repeat(ask: Callable[[httpx.Client, int], httpx.Response], times_ms: list[float]) -> None:
        with httpx.Client(
            base_url=client.base_url, cookies=client.cookies, headers=SAME_ORIGIN, timeout=60
        ) as own:
            while not has_ended.wait(0.02):
                started = time.perf_counter()
                ask(own, len(times_ms)).raise_for_status()
                times_ms.append(1000 * (time.perf_counter() - started))

    def read(own: httpx.Client, number: int) -> httpx.Response:
        return own.get(f"/api/v1/users/author{number % 8:06d}/tweets?limit=20")

    def write(own: httpx.Client, number: int) -> httpx.Response:
        return own.post("/api/v1/users/author000001/tweets", json={"text": f"meanwhile {number}"})

    threads = [
        threading.Thread(target=repeat, args=(read, reads)),
        threading.Thread(target=repeat, args=(write, writes)),
    ]
    for thread in threads:
        thread.start()
    try:
        while (facts := client.get(job).json())["state"] == "running":
            time.sleep(0.1)
    finally:
        has_ended.set()
        for thread in threads:
            thread.join()
    print(f"while {facts['accepted']:,} posts were imported ({facts['state']}):")
    for name, times_ms in (("requests", reads), ("single posts", writes)):
        cuts = statistics.quantiles(times_ms, n=100)
        print(f"{name}: p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms, {len(times_ms)} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(machine.description())
    with machine.work_folder() as folder:
        path = measure_orders(folder, arguments.posts, arguments.rounds)
        measure_server(folder, path, arguments.posts)


if __name__ == "__main__":
    main()
