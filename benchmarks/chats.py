"""Chats of every app, side by side: `python -m benchmarks.chats`.

One invented room is written as each app writes it, and imported by a new process into a new
database, the apps in turns. Processor time is compared, which other programs hardly change, with
that of KakaoTalk's text.

`--against COMMIT` imports each file by `saywho import` of this program and of that commit, in turn,
and prints the medians and the median of the pairs' ratios, by the clock and by processor time.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import machine
from benchmarks.bulk import import_once, print_row
from benchmarks.databases import made_texts
from benchmarks.paired import checkout, imports_of
from tests.formats import chat_variants, meta_variants
from tests.formats.invented_rooms import NAMES, Said

FIRST: Final = "kakaotalk windows ko"


def posts(said: list[Said]) -> bytes:
    """Return the messages as posts, in JSON lines."""
    lines = (
        {"username": each.name, "text": each.text, "source_id": str(number)}
        | {"created_at": each.when.isoformat()}
        for number, each in enumerate(said)
    )
    return "\n".join(map(json.dumps, lines)).encode()


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
APPS["posts as JSON lines"] = posts


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


class Cost(NamedTuple):
    """What a command took, with the processes that it began."""

    seconds: float
    cpu_s: float


def command(path: Path, root: Path) -> Cost:
    """Import a file into a new database by the command that the code in `root` has."""
    with machine.work_folder() as folder:
        settings = {"SAYWHO_DATA_DIR": str(folder), "SAYWHO_PUBLIC": "0"}
        arguments = ("import", str(path), "--timezone", "Asia/Seoul", "--accept-doubts")
        started = time.perf_counter()
        process = subprocess.Popen(
            (sys.executable, "-c", "from app.cli import main; main()", *arguments),
            env=machine.environment(settings | imports_of(root)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"importing {path.name} with {root} ended with {process.returncode}")
    return Cost(seconds, used.ru_utime + used.ru_stime)


def compare(folder: Path, apps: Sequence[str], messages: int, rounds: int, commit: str) -> None:
    """Print the table of commands."""
    roots, said = (checkout(commit, folder), machine.ROOT), room(messages)
    print("| app | before | now | before / now | lowest to highest |")
    print("| --- | --: | --: | --: | --- |")
    for name in apps:
        path = folder / f"{name}.txt"
        path.write_bytes(APPS[name](said))
        pairs = [[command(path, root) for root in roots] for _ in range(rounds)]
        for field, unit in zip(Cost._fields, ("s", "s of processor"), strict=True):
            values = [[getattr(cost, field) for cost in pair] for pair in pairs]
            before, now = (statistics.median(each) for each in zip(*values, strict=True))
            ratios = sorted(first / second for first, second in values)
            print(
                f"| {name} | {before:.1f} {unit} | {now:.1f} {unit} "
                f"| {statistics.median(ratios):.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--app", action="append", choices=APPS, help="only this one, or these")
    parser.add_argument("--against", metavar="COMMIT", help="compare the command with that commit")
    arguments = parser.parse_args()
    print(machine.description())
    apps, messages, rounds = arguments.app or [*APPS], arguments.messages, arguments.rounds
    with machine.work_folder() as folder:
        if arguments.against:
            compare(folder, apps, messages, rounds, arguments.against)
        else:
            measure(folder, apps, messages, rounds)


if __name__ == "__main__":
    main()
