"""How long one waits for the pages of large archives and chats, and for a poke at an answer.

`python -m benchmarks.at_home` imports three kinds of posts: 20,000 of a keeper in six years, 2,500
of each of eight authors, and a chat of 20,000 messages. It serves them with the cache off, so that
every answer is made anew, and prints by the clock the median and the 95th percentile, and the mean
of the server's processor time, which a busy machine changes less. The first look at a chat is that
after another message in it, since counts of a chat are kept until it changes.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import available_timezones

from benchmarks import machine
from benchmarks.comparison import CACHE_OFF
from benchmarks.contestants import Server, ours, serving
from benchmarks.databases import START, made_texts

AUTHORS: Final = 8
KEEPER: Final = "keeper"
YEARS: Final = 6
FIRST_YEAR: Final = 2019
PEOPLE: Final = ("hana", "minjun", "sora", "jun")
SIGNS: Final = ("", "", "", " #harbour", " #tea", " \N{SPEEDBOAT}", " https://blog.example/a")
"""What some posts end with, so that there is something to count."""
GOAL_MS: Final = {"a poke": 200, "archive": 300, "year": 300, "person": 360, "first look": 600}
MOST_FIRST_LOOKS: Final = 6
"""Each needs an import, which takes as long as ten pages."""

texts = cache(made_texts)


@cache
def zones() -> list[str]:
    """Return time zones, of which each is asked for once."""
    return sorted(zone for zone in available_timezones() if zone.startswith("America/"))


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def authored(name: str, count: int, years: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield an author's posts, spread evenly over the years from `FIRST_YEAR` on."""
    chance, begin = random.Random(seed), START.replace(year=FIRST_YEAR)
    own = chance.sample(texts(), 2_000)
    step = timedelta(days=365 * years) / count
    for number in range(count):
        yield {
            "username": name,
            "source_id": f"{name}{number}",
            "text": f"{chance.choice(own)} {chance.choice(own)[:40]}{chance.choice(SIGNS)}",
            "created_at": stamp(begin + step * number),
        }


def spoken(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield the messages of a chat from this number on."""
    chance = random.Random(9 + first)
    for number in range(first, first + count):
        yield {
            "username": chance.choice(PEOPLE),
            "source_id": f"m{number}",
            "text": chance.choice(texts())[: chance.randint(4, 60)] + chance.choice(("", " haha")),
            "created_at": stamp(START + timedelta(minutes=31 * number)),
            "room": {"name": "crew"},
        }


def fill(folder: Path, scale: int) -> Path:
    """Import all posts; return the database."""
    archives = [authored(KEEPER, 20 * scale, YEARS, 1)]
    archives += [authored(f"author{n}", 5 * scale // 2, 2, n) for n in range(AUTHORS)]
    add(folder, chain(*archives, spoken(0, 20 * scale)))
    return folder / "production.db"


def add(folder: Path, posts: Iterable[dict[str, Any]]) -> None:
    file = folder / "posts.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(post) + "\n" for post in posts)
    env = machine.environment({"SAYWHO_DATA_DIR": str(folder), "SAYWHO_ENV": "production"})
    program = shutil.which("saywho", path=str(Path(sys.executable).parent)) or "saywho"
    subprocess.run([program, "import", "--publish", str(file)], env=env, check=True)


def addresses(number: int) -> dict[str, str]:
    """Return the addresses of one round; each pokes at another place."""
    words = " ".join(texts()[7:10]).split()[:24]
    text = " ".join(words)
    start = text.index(words[number % len(words)])
    asked = [("text", text), *(("username", f"author{n}") for n in range(AUTHORS))]
    poke = urlencode([*asked, ("without", f"{start}-{start + 2}")])
    # A year is kept until something is written: each round has another time zone.
    zone = zones()[number % len(zones())]
    year = f"/user/{KEEPER}/{FIRST_YEAR + number % YEARS}?tz={zone}"
    year_of_chat = f"/room/1/{START.year}?tz={zone}"
    return {
        "a poke": f"/compare?{poke}",
        "archive": f"/user/{KEEPER}?tz=Asia/Seoul",
        "year": year,
        "person": f"/user/{PEOPLE[0]}",
        "front page": "/",
        "chat": "/room/1",
        "its card": year.replace("?", "/cards/emoji.png?"),
        "chat's year": year_of_chat,
        "its picture": year_of_chat.replace("?", "/picture.png?"),
    }


def ask(server: Server, path: str) -> tuple[float, float]:
    """Return the milliseconds of an answer: by the clock, and of the server's processor."""
    used, started = machine.cpu_s(server.pids), time.perf_counter()
    with urllib.request.urlopen(server.address + path, timeout=60) as answer:  # noqa: S310 - ours
        answer.read()
    return 1000 * (time.perf_counter() - started), 1000 * (machine.cpu_s(server.pids) - used)


def measured(server: Server, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return for each page the milliseconds of its answers, by the clock and of the processor."""
    for path in addresses(0).values():
        ask(server, path)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in addresses(0)}
    for number in range(rounds):
        for name, path in addresses(number).items():
            times[name].append(ask(server, path))
    return times


def first_looks(server: Server, folder: Path, known: int, rounds: int) -> list[tuple[float, float]]:
    """Return the milliseconds of a chat's page, each after another message."""
    looks: list[tuple[float, float]] = []
    for number in range(min(rounds, MOST_FIRST_LOOKS)):
        add(folder, spoken(known + number, 1))
        looks.append(ask(server, "/room/1"))
    return looks


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="at_home", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the posts")
    parser.add_argument("--rounds", type=int, default=24)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scale = 100 if options.quick else 1_000
        database = fill(folder, scale)
        program = ours(settings=CACHE_OFF)
        with serving(program, database, folder / "served", "/readyz") as server:
            times = measured(server, options.rounds)
            times["first look"] = first_looks(server, folder, 20 * scale, options.rounds)
    print(machine.description())
    print("| page | median, ms | p95, ms | processor, ms | goal, ms |")
    print("| --- | --: | --: | --: | --: |")
    for page, pairs in times.items():
        clock = sorted(by_clock for by_clock, _ in pairs)
        late = clock[int(0.95 * (len(clock) - 1))]
        row = (statistics.median(clock), late, statistics.fmean(used for _, used in pairs))
        print(f"| {page} |", *(f"{ms:.0f} |" for ms in row), GOAL_MS.get(page, ""), "|")
    return 0


if __name__ == "__main__":
    sys.exit(main())
