"""What questions of readers of one chat cost: `python -m benchmarks.one_chat`.

Twenty chats of 6,000 messages by nine people, who write elsewhere too, so that no stored profile
can be used. Prints the first question about all people of a chat, which counts them; later
questions about two people, by a reader of the whole site and by one of one chat; and the memory for
all chats.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from app.config import Config
from app.db.engine import Database
from app.db.feed import Feed
from app.db.migrate import prepare
from app.runtime.processes import share_heap, trim_heap
from app.runtime.work_pool import Turns
from app.services.compare.background import renew_if_outgrown
from app.services.compare.comparing import Comparer
from app.services.compare.habits import Models
from app.services.compare.one_chat import Chats
from benchmarks.databases import made_texts
from saywho.comparing.question import Question
from saywho.sizes import MIB
from tests.chats import Said, import_chat, kakaotalk

PEOPLE: Final = 9
LATER: Final = 200
TEXT: Final = "so then I went home by the last train, and the kettle was still warm when I came in"


def names(chat: int) -> list[str]:
    return [f"person{number}-of{chat}" for number in range(PEOPLE)]


def messages(chat: int, count: int) -> list[Said]:
    """Return messages with words of their own in each chat."""
    chance, texts, when = random.Random(chat), made_texts(), datetime(2020, 1, 13, 9, 30)
    words = [word for text in texts for word in text.split()]
    said = []
    for _ in range(count):
        when += timedelta(minutes=chance.choice((1, 2, 7, 20)))
        text = " ".join(chance.choices(words, k=chance.randint(2, 12)))
        said.append((f"{when:%Y-%m-%d %H:%M}", chance.choice(names(chat)), text))
    return said


def resident_mib() -> float:
    trim_heap()  # As a server does every few seconds.
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / MIB


async def timed(ask: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Return the seconds, and the processor's, of a question."""
    began, processor = time.perf_counter(), time.process_time()
    await ask()
    return time.perf_counter() - began, time.process_time() - processor


async def fill(db: Database, chats: int, count: int) -> None:
    for chat in range(1, chats + 1):
        await import_chat(db, kakaotalk(f"chat {chat}", *messages(chat, count)))
    elsewhere = [
        ("2024-01-15 15:02", name, f"{name} says something else")
        for chat in range(1, chats + 1)
        for name in names(chat)
    ]
    await import_chat(db, kakaotalk("elsewhere", *elsewhere))
    await renew_if_outgrown(db)


async def later(comparer: Comparer, named: Sequence[str]) -> list[float]:
    """Return the processor's milliseconds of questions about the same people."""
    question = Question([TEXT], named)
    return [(await timed(partial(comparer.ask, question)))[1] * 1000 for _ in range(LATER)]


async def measure(folder: Path, chats: int, count: int) -> None:
    config = Config(data_dir=folder, database_url=f"sqlite+aiosqlite:///{folder}/chats.db")
    await asyncio.to_thread(prepare, config, upgrade_old=False)
    async with Database(config) as db:
        feed: Feed = await db.open_feed()
        await fill(db, chats, count)
        whole = Comparer(db, feed, Models())
        await whole.ask(Question([TEXT], names(1)[:2]))
        alone = Chats(db, feed, Turns(1), asyncio.to_thread)
        before = resident_mib()
        firsts = []
        for chat in range(1, chats + 1):
            comparer = alone.get(chat).comparer
            firsts.append(await timed(partial(comparer.ask, Question([TEXT]))))
        after = resident_mib()
        for place, what in enumerate(("seconds", "processor, seconds")):
            values = [first[place] for first in firsts]
            print(
                f"first question of a chat, {what}: median {statistics.median(values):.2f},"
                f" most {max(values):.2f}"
            )
        comparer = alone.get(chats).comparer
        for told, asked, chat in (("whole site", whole, 1), ("one chat", comparer, chats)):
            spent = await later(asked, names(chat)[:2])
            print(f"later question, {told}, processor, ms: median {statistics.median(spent):.2f}")
        print(f"memory of {chats} chats, MiB: {after - before:.0f}")
        await feed.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=20)
    parser.add_argument("--messages", type=int, default=6_000)
    args = parser.parse_args()
    share_heap()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), args.chats, args.messages))


if __name__ == "__main__":
    main()
