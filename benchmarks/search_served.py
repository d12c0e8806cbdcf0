"""A worker that searches 1,000,000 posts: `python -m benchmarks.search_served [--quick]`.

The program is started with one worker on a database of 1,002,000 posts of 3,000 authors, and asked
over HTTP, one after the other, always something else. What is measured is how long that takes, and
the worker's memory: `RssAnon` is what it holds for itself, files that it maps are `RssFile`.
"""

import argparse
import itertools
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from benchmarks import contestants, machine
from benchmarks.contestants import ours
from benchmarks.databases import Shape, copy, made_texts, username
from benchmarks.load import fetch
from benchmarks.search import mistyped

WHOLE = Shape("million", 3_000, 334, has_profiles=True)
QUICK = Shape("quick-million", 12, 30, has_profiles=True)
SEED = 7


def questions(authors: int) -> dict[str, Callable[[], str]]:
    """Return what is asked, as the part of an address behind the question mark."""
    chance = random.Random(SEED)
    texts = made_texts()

    def words(count: int) -> list[str]:
        return chance.sample(re.findall("[a-z]+", chance.choice(texts)), count)

    def wrong() -> str:
        return " ".join(mistyped(word, chance) for word in words(4))

    return {
        "one word": lambda: f"q={words(1)[0]}&limit={chance.randint(10, 200)}",
        "four words of a post": lambda: "q=" + quote(" ".join(words(4))),
        "the same, mistyped": lambda: "q=" + quote(wrong()),
        "two words, by an author": lambda: (
            f"q={quote(' '.join(words(2)))}&username={username(chance.randrange(authors))}"
        ),
        "a phrase": lambda: "q=" + quote(f'"{" ".join(chance.choice(texts).split()[2:4])}"'),
    }


def measure(shape: Shape, folder: Path, searches: int) -> None:
    """Print times and memory."""
    path = copy(shape, folder)
    program = ours(workers=1)
    with contestants.serving(program, path, folder, "/readyz", on=machine.cores()) as server:
        worker = machine.processes_of(server.pids)[-1]
        asked = questions(shape.authors)
        times: dict[str, list[float]] = {kind: [] for kind in asked}
        memory = [anonymous_mib(worker)]
        for kind in itertools.islice(itertools.cycle(asked), searches):
            started = time.perf_counter()
            fetch(server, f"/api/v1/search?{asked[kind]()}")
            times[kind].append(1000 * (time.perf_counter() - started))
        memory.append(anonymous_mib(worker))
    print(f"{shape.tweets:,} posts of {shape.authors:,} authors, over HTTP:")
    print("| query | p50, ms | p95, ms | of so many |")
    print("| --- | --- | --- | --- |")
    for kind, some in times.items():
        cuts = statistics.quantiles(some, n=20)
        print(f"| {kind} | {cuts[9]:.1f} | {cuts[18]:.1f} | {len(some)} |")
    print(
        f"memory of the worker (RssAnon): {memory[0]:.0f} MiB at the start, "
        f"{memory[1]:.0f} MiB after {searches:,} searches"
    )


def anonymous_mib(pid: int) -> float:
    """Return what a process holds for itself, without files that it maps."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"RssAnon:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="search_served", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tiny database")
    parser.add_argument("--searches", type=int, default=1_000)
    options = parser.parse_args()
    with machine.work_folder() as folder:
        measure(QUICK if options.quick else WHOLE, folder, options.searches)
    return 0


if __name__ == "__main__":
    sys.exit(main())
