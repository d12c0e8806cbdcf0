"""What the first look at a large group costs: `python -m benchmarks.large_groups`.

A chat of Telegram is made for each number of people, whose habits are those of seven kinds, and
imported. A new server is then asked for the chat's page, its newest year, a person of it and that
author; another new server for the front page. A page that says that it counts is asked again, as a
browser does. Printed is the processor time until each page is there, which other programs hardly
change, and the longest wait for an answer: at once after the start, and after what is due then.
The cost may grow with people, but not with their square.
"""

import argparse
import asyncio
import contextlib
import random
import re
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.services.compare.held_out import measure_left_out
from benchmarks import machine
from benchmarks.contestants import Server, ours, serving
from benchmarks.databases import made_texts
from tests.chats import Said, import_chat, telegram
from tests.waiting import maintain

PEOPLE: Final = (15, 30, 60, 120)
MESSAGES: Final = 20_000
STYLES: Final = (
    *("{text}", "{text}", "{Text}.", "{text}...", "{text}!!!", "{Text}?", "{text} lol"),
    *("{one}", "{TEXT}", "{text} 🌸"),
)
"""How the people of each kind write most of their messages."""
COUNTS: Final = "saywho is counting"
"""What a page says that is not whole yet."""
PAGES: Final = ("chat", "year", "person", "author", "front page")


def messages(people: int, count: int) -> list[Said]:
    """Return the messages of three years; the first people write most."""
    chance, when = random.Random(people), datetime(2021, 1, 4, 9, 30)
    words = [word for text in made_texts() for word in text.split()]
    names = [f"person {number}" for number in range(1, people + 1)]
    style = {name: chance.choice(STYLES) for name in names}
    weights = [1 / (rank + 1.5) for rank in range(people)]
    said: list[Said] = []
    while len(said) < count:
        for _ in range(chance.randint(5, 30)):
            (name,) = chance.choices(names, weights)
            text = " ".join(chance.choices(words, k=chance.randint(2, 9)))
            form = style[name] if chance.random() < 0.6 else chance.choice(STYLES)
            told = form.format(
                text=text, Text=text.capitalize(), TEXT=text.upper(), one=text.split()[0]
            )
            said.append((f"{when:%Y-%m-%d %H:%M}", name, told))
            when += timedelta(minutes=chance.choice((0, 0, 1, 2)))
        when += timedelta(minutes=chance.randint(60, 3 * 365 * 24 * 60 * 35 // count))
    return said[:count]


async def fill(config: Config, people: int, count: int) -> None:
    await asyncio.to_thread(prepare, config, upgrade_old=False)
    data = telegram(1, "large group", *messages(people, count))
    async with Database(config) as db:
        await import_chat(db, data, name="result.json", timezone="UTC")
        await maintain(db)
        await measure_left_out(db)  # A minute later, a server would do it beside the answers.


def settle(server: Server) -> None:
    """Wait until a server has done what is due after a start, such as judging a new chat."""
    used, quiet_s = machine.cpu_s(server.pids), 0
    for _ in range(60):
        time.sleep(2)
        before, used = used, machine.cpu_s(server.pids)
        quiet_s = quiet_s + 2 if used - before < 0.2 else 0
        if quiet_s >= 4:  # A chat is counted ahead from the third second on.
            return


def ask(server: Server, path: str) -> tuple[str, str]:
    """Return the processor's seconds until a page is there with the longest wait for an answer, and
    the page.
    """
    used, waits, page = machine.cpu_s(server.pids), list[float](), ""
    while not waits or COUNTS in page:
        time.sleep(1 if waits else 0)
        asked_at = time.perf_counter()
        with urllib.request.urlopen(server.address + path, timeout=120) as answer:  # noqa: S310 - ours
            page = answer.read().decode()
        waits.append(time.perf_counter() - asked_at)
    return f"{machine.cpu_s(server.pids) - used:.2f} ({max(waits):.2f}) s", page


def first_answers(folder: Path, *, at_once: bool) -> Iterator[str]:
    """Yield what the first answers take, in the order of `PAGES`."""
    database = folder / "group.db"

    @contextlib.contextmanager
    def started(name: str) -> Iterator[Server]:
        with serving(ours(), database, folder / f"{name}{at_once}", "/readyz") as server:
            if not at_once:
                settle(server)
            yield server

    with started("chat") as server:
        spent, page = ask(server, "/room/1")
        yield spent
        yield ask(server, max(re.findall(r"/room/1/20\d\d", page)))[0]
        yield ask(server, "/room/1/person/person_4")[0]
        yield ask(server, "/user/person_4")[0]
    with started("front") as server:
        yield ask(server, "/")[0]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="large_groups", description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=PEOPLE)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    options = parser.parse_args()
    print(f"| people, asked | {' | '.join(PAGES)} |\n| -- |{' --: |' * len(PAGES)}", flush=True)
    for people in options.people:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            config = Config(data_dir=folder, database_url=f"sqlite+aiosqlite:///{folder}/group.db")
            asyncio.run(fill(config, people, options.messages))
            for at_once in (True, False):
                row = " | ".join(first_answers(folder, at_once=at_once))
                print(f"| {people}, {'at once' if at_once else 'later'} | {row} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
