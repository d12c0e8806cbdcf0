"""Chats of every app, side by side: `python -m benchmarks.chats`.

One invented room is written as each app writes it, and imported by a new process into a new
database, the apps in turns. Processor time is compared, which other programs hardly change, with
that of KakaoTalk's text.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.bulk import import_once, print_row
from benchmarks.databases import made_texts
from tests.formats import chat_variants, meta_variants
from tests.formats.invented_rooms import NAMES, Said

FIRST: Final = "kakaotalk windows ko"
APPS: Final[dict[str, Callable[[list[Said]], bytes]]] = {
    name: chat_variants.VARIANTS[name]
    for name in (
        FIRST,
        "whatsapp android",
        "telegram",
        "line ja",
        "discord",
        "signal",
        "chatlab lines",
        "slack",
    )
} | {name: meta_variants.VARIANTS[name] for name in ("messenger", "messenger encrypted")}


def room(messages: int) -> list[Said]:
    """Return a room of nine people who write for years."""
    chance, texts, when = random.Random(1), made_texts(), datetime(2020, 1, 13, 9, 30)
    said = []
    for number in range(messages):
        when += timedelta(minutes=chance.choice((1, 2, 7, 20)))
        said.append(Said(chance.choice(NAMES), when, f"{texts[number % len(texts)]} {number}"))
    return said


def measure(folder: Path, apps: Sequence[str], messages: int, rounds: int) -> None:
    """Print the table of imports."""
    said, files = room(messages), {}
    for name in apps:
        files[name] = folder / f"{name}.txt"
        files[name].write_bytes(APPS[name](said))
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in files}
    for _ in range(rounds):
        for name, path in files.items():
            runs[name].append(import_once(path))
    print("| app | messages | messages/s | messages per s of processor | of the first | | MiB |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    first: float | None = None
    for name, some in runs.items():
        rate = print_row(name, some, first)
        first = first or rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--app", action="append", choices=APPS, help="only this one, or these")
    arguments = parser.parse_args()
    print(machine.description())
    with machine.work_folder() as folder:
        measure(folder, arguments.app or [*APPS], arguments.messages, arguments.rounds)


if __name__ == "__main__":
    main()
