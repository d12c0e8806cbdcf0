"""What of a long chat is here already: `python -m benchmarks.overlap`.

An invented chat is imported. Then exports of it with 40 more messages are compared with it: one of
the same phone, and one of another phone, with other names and times. What reading the exports takes
does not count.
"""

import argparse
import asyncio
import io
import time
import tracemalloc
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.services.imports.matching import find_match
from benchmarks import machine
from benchmarks.chats import APPS, room
from saywho.formats.file_chats import FileChat, FileChats
from saywho.formats.records import ReadOptions
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.chats import ZONE, import_chat
from tests.formats.invented_rooms import Said

NEW: Final = 40
EARLIER: Final = timedelta(hours=9)
OPTIONS: Final = ReadOptions(timezone=ZONE)


def written(said: Sequence[Said]) -> bytes:
    return APPS["whatsapp android"]([*said])


def chats_in(data: bytes) -> list[FileChat]:
    chats = FileChats()
    with Source(io.BytesIO(data), name="chat.txt") as source:
        chats.see_all(open_records(source, format="auto", options=OPTIONS).items)
    return chats.found


async def measure(config: Config, messages: int) -> None:
    """Print a row of each export."""
    said = room(messages + NEW)
    others = [each._replace(name=f"{each.name} 2", when=each.when - EARLIER) for each in said]
    async with Database(config) as db:
        await import_chat(db, written(said[:messages]))
        print("| export | here | new | minutes | s of processor | MB |")
        print("| --- | --: | --: | --: | --: | --: |")
        for name, lines in {"same phone": said, "another phone": others}.items():
            chats = chats_in(written(lines))
            seen, seconds = (await find_match(db, chats, OPTIONS, None)).seen, time.process_time()
            await find_match(db, chats, OPTIONS, None)
            seconds = time.process_time() - seconds
            tracemalloc.start()
            await find_match(db, chats, OPTIONS, None)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            facts = f"{seen.known:,} | {seen.new:,} | {seen.shifted or 0}"
            print(f"| {name} | {facts} | {seconds:.2f} | {peak / 1e6:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=300_000)
    messages = parser.parse_args().messages
    print(machine.description())
    with machine.work_folder() as folder:
        config = Config(env="testing", data_dir=folder, access_log=False)
        prepare(config, upgrade_old=False)
        asyncio.run(measure(config, messages))


if __name__ == "__main__":
    main()
