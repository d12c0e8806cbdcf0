"""Bulk jobs: the processor time that Spark adds, loading against importing, and memory.

`python -m benchmarks.spark DATA --copies N` takes JSON lines (`author`, `text`, `created_at`
and `id`); each copy has authors and ids of its own. It needs what `make test-spark` installs. With
a prepared folder in place of DATA it measures only how that is loaded.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar

from app.bulk.checked import Reading
from app.bulk.inputs import cut
from app.bulk.target import Target
from app.bulk.written import TABLES, post_lines, profile_parts
from app.clock import now
from app.db.postgresql.connection import connect
from benchmarks import machine
from tests.postgresql import Server

PROGRAM: Final = Path(sys.executable).with_name("saywho")
Rest = TypeVar("Rest")


def copies(data: Path, path: Path, count: int) -> int:
    """Write the posts so many times, each time by other authors; return how many there are."""
    posts = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            for post in posts:
                fields = {"username": f"{post['author']}_{number}", "id": f"{post['id']}{number}"}
                fields |= {"text": post["text"], "created_at": post["created_at"]}
                file.write(json.dumps(fields, ensure_ascii=False) + "\n")
    return len(posts) * count


def skewed(path: Path, *, authors: int, posts: int) -> None:
    """Write posts of an author each, and as many of one author alone."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(authors + posts):
            name = f"a{number}" if number < authors else "one"
            text = f"post {number} of the harbour, its {number * 7919 % 99991} boats and the fog"
            file.write(json.dumps({"username": name, "id": str(number), "text": text}) + "\n")


class Watch(threading.Thread):
    """Watches all processes of a command: their processor time, and the largest of Python's."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.cpu_s = 0.0
        self.largest_mib = 0.0

    def run(self) -> None:
        while Path(f"/proc/{self._pid}").exists():
            self.cpu_s = max(self.cpu_s, machine.cpu_s([self._pid]))
            for pid in machine.processes_of([self._pid]):
                with contextlib.suppress(OSError):
                    if b"pyspark.daemon" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        self.largest_mib = max(self.largest_mib, machine.memory_mib(pid))
            time.sleep(0.2)


def run(*arguments: object, **settings: str) -> tuple[float, Watch]:
    """Run a command; return its seconds, and what its processes used."""
    began = time.monotonic()
    process = subprocess.Popen(
        [PROGRAM, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"SAYWHO_ENV": "testing"} | settings,
    )
    watch = Watch(process.pid)
    watch.start()
    if process.wait():
        sys.exit(f"{arguments[:2]} failed")
    watch.join()
    return time.monotonic() - began, watch


def plain(path: str) -> float:
    """Do what the executors do, in one process without Spark; return its processor time."""
    began = time.process_time()
    parts = cut([path], "auto")
    rows = list(Reading(parts, now())({"id": number} for number in range(len(parts))))
    rows.sort(key=lambda row: str(row.get("user_key")))
    for number, row in enumerate(rows):
        row |= {"id": number, "user_id": row["user_key"], "spread": 0}
        row |= {"reply_to_id": None, "thread_id": None}
    for _ in profile_parts(iter(rows)):
        pass
    for row in rows:
        row["user_id"] = 1
    for _ in post_lines(iter(rows)):
        pass
    return time.process_time() - began


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder that was prepared is only loaded")
    parser.add_argument("--against", type=Path, help="and a file is imported, as a comparison")
    parser.add_argument("--copies", type=int, default=8)
    parser.add_argument("--skewed", type=int, nargs=2, metavar=("AUTHORS", "POSTS"))
    parser.add_argument("--master", default="local[2]")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SAYWHO_DATA_DIR"] = name
        if asked.data.is_dir():
            loading = measure_load(asked.data)
            if asked.against:
                with asked.against.open("rb") as file:
                    posts = sum(1 for _ in file)
                print_ratio(loading, filled(posts, "import", asked.against, then=sizes))
        elif asked.skewed:
            measure_memory(folder, asked.master, *asked.skewed)
        else:
            measure_speed(folder, asked.master, asked.data, asked.copies)


def measure_speed(folder: Path, master: str, data: Path, count: int) -> None:
    """Compare processor time with and without Spark, at the same time, and loads with imports."""
    small, large = folder / "small.jsonl", folder / "large.jsonl"
    few, many = copies(data, small, 1), copies(data, large, count)
    _, start = run("bulk", "prepare", small, "-o", folder / "small", "--master", master)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        both = pool.map_async(plain, [str(large)] * 2, 1)
        prepared = folder / "large"
        seconds, whole = run("bulk", "prepare", large, "-o", prepared, "--master", master)
        alone = sum(both.get()) / 2 / many * 1e6
    first, every = start.cpu_s, 1e6 * whole.cpu_s / many
    further = 1e6 * (whole.cpu_s - first) / (many - few)
    print(f"prepare: {many:,} posts in {seconds:,.0f} s; {every:,.0f} us of processor time a post")
    print(f"  {first:,.0f} s for the first {few:,} posts, {further:,.0f} us for each further one")
    print(f"  plain processes meanwhile: {alone:,.0f} us; Spark adds {further / alone - 1:.0%}")
    loading, importing = measure_load(prepared), filled(many, "import", large, then=sizes)
    print_ratio(loading, importing)


def measure_load(prepared: Path) -> "Filled[Any]":
    """Load a folder, and print how large it and the tables are."""
    posts = Target(str(prepared)).manifest().accepted
    size = sum(path.stat().st_size for path in prepared.rglob("*.parquet"))
    print(f"prepared folder: {size / posts:,.0f} bytes a post")
    found = filled(posts, "bulk", "load", prepared, "--no-check", then=sizes)
    for table, (rows, indexes) in found.rest.items():
        print(f"  {table}: {rows / posts:,.0f} bytes a post, its indexes {indexes / posts:,.0f}")
    return found


class Filled(NamedTuple, Generic[Rest]):
    """What filling a database took, with PostgreSQL's processor time, and what was found there."""

    posts: int
    seconds: float
    cpu_s: float
    rest: Rest


def filled(posts: int, *command: object, then: Callable[[str], Rest]) -> Filled[Rest]:
    """Fill a new database by a command, and look at it then; print what it took."""
    database = Server(durable=True)
    try:
        (pid, *_) = (database.folder / "data" / "postmaster.pid").read_text().split()
        before = machine.cpu_s([int(pid)])
        seconds, used = run(*command, SAYWHO_DATABASE_URL=database.url())
        servers_s = machine.cpu_s([int(pid)]) - before
        name = " ".join(word for word in command[:2] if isinstance(word, str))
        print(f"{name}: {posts:,} posts in {seconds:,.1f} s, {posts / seconds:,.0f} posts/s")
        own, servers = 1e6 * used.cpu_s / posts, 1e6 * servers_s / posts
        print(f"  processor time a post: {own:,.0f} us of its own, {servers:,.0f} us of PostgreSQL")
        return Filled(posts, seconds, used.cpu_s + servers_s, then(database.url()))
    finally:
        database.remove()


def print_ratio(loading: Filled[Any], importing: Filled[Any]) -> None:
    """Print how much longer a post takes in an import."""
    more = loading.posts / importing.posts
    times, cpu = more * importing.seconds / loading.seconds, more * importing.cpu_s / loading.cpu_s
    print(f"load against import: {times:.1f} times as fast, {cpu:.1f} times by processor time")


def sizes(url: str) -> dict[str, tuple[int, int]]:
    """Return the bytes of each table that was loaded, and of its indexes."""
    query = "SELECT pg_table_size($1::regclass), pg_indexes_size($1::regclass)"

    async def found() -> dict[str, tuple[int, int]]:
        connection = await connect(url)
        try:
            rows = {table: await connection.fetchrow(query, f'"{table}"') for table in TABLES}
            return {table: (row[0], row[1]) for table, row in rows.items() if row}
        finally:
            await connection.close()

    return asyncio.run(found())


def measure_memory(folder: Path, master: str, authors: int, posts: int) -> None:
    """Print the largest memory of a worker, with authors of one post and one of very many."""
    file = folder / "skewed.jsonl"
    skewed(file, authors=authors, posts=posts)
    seconds, used = run("bulk", "prepare", file, "-o", folder / "out", "--master", master)
    print(f"{authors:,} authors with one post, and one with {posts:,}, in {seconds:,.0f} s:")
    print(f"  {used.largest_mib:,.0f} MiB in the largest worker")


if __name__ == "__main__":
    main()
