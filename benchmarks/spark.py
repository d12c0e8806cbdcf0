"""Bulk jobs: the processor time that Spark adds, loading against importing, and memory.

`python -m benchmarks.spark DATA --copies N` takes JSON lines (`author`, `text`, `created_at`
and `id`); each copy has authors and ids of its own. It needs what `make test-spark` installs.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Final

from app.bulk.checked import Reading
from app.bulk.inputs import cut
from app.bulk.written import TABLES, post_lines, profile_parts
from app.clock import now
from app.db.postgresql.connection import connect
from tests.postgresql import Server

HERE: Final = ("--master", "local[2]")
TICKS: Final = os.sysconf("SC_CLK_TCK")
PROGRAM: Final = Path(sys.executable).with_name("saywho")


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
        self._spent: dict[int, float] = {}
        self.largest_bytes = 0

    def run(self) -> None:
        while _look(self._pid, self._note):
            time.sleep(0.2)

    def _note(self, pid: int, spent: float, pages: int) -> None:
        self._spent[pid] = max(spent, self._spent.get(pid, 0))
        if b"pyspark.daemon" in Path(f"/proc/{pid}/cmdline").read_bytes():
            self.largest_bytes = max(self.largest_bytes, pages * resource.getpagesize())

    @property
    def spent_s(self) -> float:
        return sum(self._spent.values())


def _look(root: int, note: Callable[[int, float, int], None]) -> bool:
    """Note each process below the root; return whether that runs."""
    parents, figures = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, rest = stat.read_text().rsplit(")", 1)
            fields = rest.split()
            pid = int(name.split()[0])
            parents[pid] = int(fields[1])
            figures[pid] = (int(fields[11]) + int(fields[12])) / TICKS, int(fields[21])
    family = {root} & parents.keys()
    while more := {pid for pid, above in parents.items() if above in family} - family:
        family |= more
    for pid in family:
        with contextlib.suppress(OSError):
            note(pid, *figures[pid])
    return bool(family)


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
    parser.add_argument("data", type=Path)
    parser.add_argument("--copies", type=int, default=8)
    parser.add_argument("--skewed", type=int, nargs=2, metavar=("AUTHORS", "POSTS"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SAYWHO_DATA_DIR"] = name
        if asked.skewed:
            measure_memory(folder, *asked.skewed)
        else:
            measure_speed(folder, asked.data, asked.copies)


def measure_speed(folder: Path, data: Path, count: int) -> None:
    """Compare processor time with and without Spark, at the same time, and loads with imports."""
    small, large = folder / "small.jsonl", folder / "large.jsonl"
    few, many = copies(data, small, 1), copies(data, large, count)
    _, start = run("bulk", "prepare", small, "-o", folder / "small", *HERE)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        both = pool.map_async(plain, [str(large)] * 2, 1)
        seconds, whole = run("bulk", "prepare", large, "-o", folder / "large", *HERE)
        alone = sum(both.get()) / 2 / many * 1e6
    first, every = start.spent_s, 1e6 * whole.spent_s / many
    further = 1e6 * (whole.spent_s - first) / (many - few)
    print(f"prepare: {many:,} posts in {seconds:,.0f} s; {every:,.0f} us of processor time a post")
    print(f"  {first:,.0f} s for the first {few:,} posts, {further:,.0f} us for each further one")
    print(f"  plain processes meanwhile: {alone:,.0f} us; Spark adds {further / alone - 1:.0%}")
    prepared = sum(path.stat().st_size for path in (folder / "large").rglob("*.parquet"))
    print(f"  {prepared / many:,.0f} bytes a post in the prepared folder")
    loading = ("bulk", "load", folder / "large", "--no-check")
    for name, command in (("load", loading), ("import", ("import", large))):
        server = Server(durable=True)
        try:
            seconds, used = run(*command, SAYWHO_DATABASE_URL=server.url())
            sizes = asyncio.run(table_sizes(server.url())) if name == "load" else {}
        finally:
            server.remove()
        own = 1e6 * used.spent_s / many
        print(f"{name}: {many / seconds:,.0f} posts/s; {own:,.0f} us a post but PostgreSQL's")
        for table, (rows, indexes) in sizes.items():
            print(f"  {table}: {rows / many:,.0f} bytes a post, its indexes {indexes / many:,.0f}")


async def table_sizes(url: str) -> dict[str, tuple[int, int]]:
    """Return the bytes of each table that was loaded, and of its indexes."""
    connection = await connect(url)
    query = "SELECT pg_table_size($1::regclass), pg_indexes_size($1::regclass)"
    try:
        found = {table: await connection.fetch(query, f'"{table}"') for table in TABLES}
        return {table: (row[0], row[1]) for table, (row,) in found.items()}
    finally:
        await connection.close()


def measure_memory(folder: Path, authors: int, posts: int) -> None:
    """Print the largest memory of a worker, with authors of one post and one of very many."""
    file = folder / "skewed.jsonl"
    skewed(file, authors=authors, posts=posts)
    seconds, used = run("bulk", "prepare", file, "-o", folder / "out", *HERE)
    print(f"{authors:,} authors with one post, and one with {posts:,}, in {seconds:,.0f} s:")
    print(f"  {used.largest_bytes >> 20:,} MB in the largest worker")


if __name__ == "__main__":
    main()
