"""This program against an earlier commit of itself: `python -m benchmarks.paired COMMIT`.

Both serve in turn, by one worker on one core, each on a database that its own code has built.
Prints the processor time of a request, which other programs on the machine hardly change, and the
median of the rounds' ratios: 1.05 is 5% more than before.
"""

import argparse
import contextlib
import io
import json
import random
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx

from benchmarks import machine, workloads
from benchmarks.contestants import Contestant, Server, all_serving, ours, serving
from benchmarks.databases import TOKEN, Shape, made_texts, username
from benchmarks.load import Load, ratio, take_turns
from benchmarks.workloads import Lines

AUTHORS: Final = 1_000
SHAPE: Final = Shape("paired", AUTHORS, 40, has_profiles=True)
QUICK_SHAPE: Final = Shape("quick-paired", 30, 25, has_profiles=True)
CACHE_OFF: Final = {"SAYWHO_CACHE_MB": "0"}
COMPARED: Final = 100
BUILD: Final = """
from pathlib import Path
from benchmarks.databases import Shape, copy
copy(Shape({name!r}, {authors}, {tweets}, has_profiles=True), Path({folder!r}))
"""


def searches(authors: int) -> Lines:
    """Searches for always other words."""
    words = sorted({word for text in made_texts()[:500] for word in text.split()})

    def lines(number: int) -> list[str]:
        chance = random.Random(number)
        return [
            f"GET\t/api/v1/search?q={quote(' '.join(chance.sample(words, 2)))}"
            for _ in range(10_000)
        ]

    return lines


def pages(path: Callable[[int], str]) -> Callable[[int], Lines]:
    """Reads of always another author, until all have been read."""
    return lambda authors: workloads.cold(authors, path)


def comparisons(named: int) -> Callable[[int], Lines]:
    """Comparisons of so many of the first hundred authors, whose invented words look Welsh."""

    def lines(authors: int) -> Lines:
        names = [*map(username, range(min(COMPARED, authors)))]
        return workloads.comparisons(names, made_texts(), named=named)

    return lines


def samples(language: str) -> list[dict[str, str]]:
    """Return the posts of the sample authors who write a language."""
    files = sorted((machine.ROOT / "app" / "sample").glob("*.jsonl"))
    rows = [json.loads(line) for path in files for line in path.read_bytes().splitlines()]
    return [row for row in rows if row["lang"] == language]


def comparisons_in(language: str) -> Callable[[int], Lines]:
    """Comparisons of three sample authors, for texts of their language."""
    rows = samples(language)
    names = sorted({row["username"] for row in rows})
    texts = [row["text"] for row in rows]
    return lambda _: workloads.comparisons(names, texts, named=3)


SAMPLED: Final = {"compare, English": "en", "compare, Korean": "ko"}
"""Workloads that ask about sample authors, with their language."""
WORKLOADS: Final[dict[str, tuple[Callable[[int], Lines], bool]]] = {
    "hot": (workloads.hot, True),
    "cold, 20 posts": (pages(workloads.list_path), False),
    "cold, an author": (pages(workloads.user_path), False),
    "compare": (comparisons(2), True),
    "compare, 3 authors": (comparisons(3), True),
    "compare, 20 authors": (comparisons(20), True),
    **{name: (comparisons_in(language), True) for name, language in SAMPLED.items()},
    "insert": (workloads.inserts, True),
    "mixed": (workloads.mixed, True),
    "search": (searches, True),
    "page of an author": (pages(lambda author: f"/user/{username(author)}"), False),
    "home page": (pages(lambda _: "/"), False),
}
"""The lines of each, and whether the cache is on."""
COMMANDS: Final[dict[str, dict[str, str]]] = {
    "saywho --help": {"ARGUMENTS": "--help"},
    "import --help": {"ARGUMENTS": "import --help"},
    "a Tab": {"_SAYWHO_COMPLETE": "bash_complete", "COMP_WORDS": "saywho im", "COMP_CWORD": "1"},
}
"""Commands that only answer: their environment, and their arguments in it."""
COMMAND: Final = """
import os, sys
from app.cli import main
sys.argv[1:] = os.environ.get("ARGUMENTS", "").split()
main()
"""
START: Final = "a start, 2 workers"
START_WITH_SAMPLES: Final = "a start, samples"
IDLE: Final = "idle, KiB"
"""Memory of a server with two workers after its first page."""
BULK: Final = "a post in bulk"
BULK_POSTS: Final = 15_000


def checkout(commit: str, folder: Path) -> Path:
    """Lay the commit's files out in a folder. Ends the program if the commit is unknown."""
    archive = subprocess.run(
        ("git", "archive", "--format=tar", commit),  # noqa: S607
        cwd=machine.ROOT,
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        sys.exit(archive.stderr.decode().strip())
    path = folder / "base"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(path, filter="data")
    return path


def database(root: Path, folder: Path, shape: Shape) -> Path:
    """Return a database that the code in `root` has built."""
    folder.mkdir()
    code = BUILD.format(
        name=f"{shape.name}-{root.name}",
        authors=shape.authors,
        tweets=shape.tweets_each,
        folder=str(folder),
    )
    subprocess.run(
        (sys.executable, "-c", code), env=machine.environment(imports_of(root)), check=True
    )
    return next(folder.glob("*.db"))


def sample_database(root: Path, folder: Path) -> Path:
    """Return a database in which the code in `root` has stored the sample authors."""
    folder.mkdir()
    path = folder / "samples.db"
    places = {"SAYWHO_DATA_DIR": str(folder), "SAYWHO_DATABASE_URL": f"sqlite+aiosqlite:///{path}"}
    env = machine.environment({"ARGUMENTS": "demo"} | places | imports_of(root))
    subprocess.run((sys.executable, "-c", COMMAND), env=env, check=True, stdout=subprocess.DEVNULL)
    return path


def imports_of(root: Path) -> dict[str, str]:
    """Return the settings with which Python takes the program from that folder alone."""
    return {"PYTHONPATH": str(root), "PYTHONSAFEPATH": "1"}


@contextlib.contextmanager
def both_serving(
    roots: dict[str, Path], folder: Path, shape: Shape, settings: dict[str, str]
) -> Iterator[list[Server]]:
    """Serve with the code of each folder, each on a database that this code has built."""
    sides = [ours(side, settings=settings | imports_of(root)) for side, root in roots.items()]
    files = {side: database(root, folder / side, shape) for side, root in roots.items()}

    def file_of(side: Contestant) -> Path:
        return files[side.name]

    with all_serving(sides, file_of, folder / "servers", workloads.user_path(0)) as servers:
        yield servers


def measure(name: str, roots: dict[str, Path], folder: Path, shape: Shape, load: Load) -> None:
    """Print a row of the table."""
    if name == BULK:
        with both_serving(roots, folder, shape, {}) as servers:
            spent = store_in_bulk(servers, load.rounds)
        show(name, spent["base"], spent["new"])
        return
    if name in {START, START_WITH_SAMPLES}:
        start(name, roots, folder, shape, load.rounds)
        return
    if name in COMMANDS:
        spent = run_command(COMMANDS[name], roots, load.rounds)
        show(name, spent["base"], spent["new"])
        return
    make_lines, has_cache = WORKLOADS[name]
    with both_serving(roots, folder, shape, {} if has_cache else CACHE_OFF) as servers:
        for server in servers if name in SAMPLED else ():
            store(server, samples(SAMPLED[name]))
        results = take_turns(servers, replace(load, lines=make_lines(shape.authors)), folder)
    new, base = results["new"], results["base"]
    show(name, base.cpu_us, new.cpu_us, f"{new.errors} errors" if new.errors else "")


def show(name: str, base: list[float], new: list[float], remark: str = "") -> None:
    ratios = [ratio([our], [their]) for our, their in zip(new, base, strict=True)]
    print(
        f"{name:<20}{statistics.median(base):>9.0f}{statistics.median(new):>9.0f}"
        f"{statistics.median(ratios):>8.2f}  ({min(ratios):.2f} to {max(ratios):.2f})  {remark}",
        flush=True,
    )


def run_command(
    settings: dict[str, str], roots: dict[str, Path], rounds: int
) -> dict[str, list[float]]:
    """Run a command in turn; return its processor times, without the first, which compiles."""
    spent: dict[str, list[float]] = {side: [] for side in roots}
    for turn in range(rounds + 1):
        for side, root in roots.items():
            before = machine.children_cpu_s()
            env = machine.environment(settings | imports_of(root))
            subprocess.run(
                (sys.executable, "-c", COMMAND), env=env, check=True, stdout=subprocess.DEVNULL
            )
            used = machine.children_cpu_s() - before
            spent[side] += [used * 1e6] if turn else []
    return spent


def start(name: str, roots: dict[str, Path], folder: Path, shape: Shape, rounds: int) -> None:
    """Start with two workers in turn, and print the processor time up to the first page, and the
    memory then. The first start of each compiles.
    """
    if name == START:
        files = {side: database(root, folder / side, shape) for side, root in roots.items()}
    else:
        files = {side: sample_database(root, folder / side) for side, root in roots.items()}
    spent: dict[str, list[float]] = {side: [] for side in roots}
    memory: dict[str, list[float]] = {side: [] for side in roots}
    for turn in range(rounds + 1):
        for side, root in roots.items():
            program = ours(workers=2, settings=imports_of(root) | {"SAYWHO_PUBLIC": "1"})
            own = folder / f"{side}{turn}"
            with serving(program, files[side], own, "/", on=machine.cores()) as server:
                used = machine.cpu_s(server.pids)
                settled_cpu_s(server)
                if turn:
                    spent[side].append(used * 1e6)
                    memory[side].append(machine.shared_out_kib(server.pids))
    show(name, spent["base"], spent["new"])
    show(IDLE, memory["base"], memory["new"])


def store_in_bulk(servers: Sequence[Server], rounds: int) -> dict[str, list[float]]:
    """Send posts as JSON lines; return the processor time of a post, with what is derived later."""
    texts = made_texts()
    spent: dict[str, list[float]] = {server.name: [] for server in servers}
    for turn in range(rounds):
        posts = [
            {
                "username": f"bulk{turn}-{number % 300}",
                "text": f"{texts[number % len(texts)]} {number}",
            }
            for number in range(BULK_POSTS)
        ]
        for server in servers[:: (-1) ** turn]:
            used = settled_cpu_s(server)
            store(server, posts)
            spent[server.name].append((settled_cpu_s(server) - used) / BULK_POSTS * 1e6)
    return spent


def store(server: Server, posts: Sequence[Mapping[str, str]]) -> None:
    answer = httpx.post(
        f"{server.address}/api/v1/tweets",
        content="\n".join(map(json.dumps, posts)),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"},
        timeout=300,
    )
    answer.raise_for_status()


def settled_cpu_s(server: Server) -> float:
    """Return the processor time that a server has taken, once it does nothing more."""
    used = machine.cpu_s(server.pids)
    while True:
        time.sleep(1)
        before, used = used, machine.cpu_s(server.pids)
        if used - before < 0.03:
            return used


def main() -> None:
    names = (*WORKLOADS, BULK, *COMMANDS, START, START_WITH_SAMPLES)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit", help="to compare with")
    parser.add_argument("--only", action="append", choices=names, help="a workload")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a round")
    parser.add_argument("--quick", action="store_true", help="a small database and one round")
    arguments = parser.parse_args()
    shape = QUICK_SHAPE if arguments.quick else SHAPE
    load = Load(
        lambda _: (),
        rounds=1 if arguments.quick else arguments.rounds,
        seconds=0.3 if arguments.quick else arguments.seconds,
    )
    print(machine.description())
    print(f"{'processor time, us':<20}{'base':>9}{'new':>9}{'ratio':>8}")
    with machine.work_folder() as folder:
        base = checkout(arguments.commit, folder)
        for number, name in enumerate(arguments.only or names):
            own = folder / str(number)
            own.mkdir()
            roots = {"base": base, "new": machine.ROOT}
            measure(name, roots, own, shape, load)


if __name__ == "__main__":
    main()
