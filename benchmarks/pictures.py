"""A chat with 10,000 pictures: `python -m benchmarks.pictures`.

A chat of WhatsApp "with media" in which every second message is a picture of its own is imported by
`saywho import`; time and the most memory that was seen are printed, beside those of the same chat
without its files. Then its pages are asked for, the cache off, as in `benchmarks.pages`.
"""

import argparse
import contextlib
import json
import random
import re
import statistics
import struct
import subprocess
import sys
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.bulk import SAMPLED_EVERY_S
from benchmarks.comparison import CACHE_OFF
from benchmarks.contestants import Server, ours, serving
from benchmarks.databases import made_texts
from benchmarks.pages import ask

PEOPLE: Final = ("Mina", "Jun", "Heron", "Owl")
SAYWHO: Final = (sys.executable, "-c", "from app.cli import main; main()")
CHAT: Final = "_chat.txt"


def noise(number: int, size_bytes: int) -> bytes:
    """Return a picture that no other is like: a PNG of about so many bytes."""
    width = max(1, round((size_bytes / 3) ** 0.5))
    source = random.Random(number)
    rows = b"".join(b"\0" + source.randbytes(3 * width) for _ in range(width))

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, width, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    )


def lines(pictures: int) -> Iterator[str]:
    """Yield the lines of the chat, over years."""
    texts, when = made_texts(), datetime(2020, 1, 13, 9, 30)
    for number in range(2 * pictures):
        when += timedelta(minutes=67)
        name = PEOPLE[number * 7 // 3 % len(PEOPLE)]
        file = f"\u200e<attached: {name_of(number // 2)}>"
        text = file if number % 2 else f"{texts[number % len(texts)]} {number}"
        yield f"[{when:%d/%m/%Y, %H:%M:%S}] {name}: {text}"


def name_of(number: int) -> str:
    return f"{number:08}-PHOTO.png"


def write_chat(path: Path, pictures: int, size_bytes: int, *, has_files: bool) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(CHAT, "\r\n".join([*lines(pictures), ""]))
        for number in range(pictures if has_files else 0):
            archive.writestr(name_of(number), noise(number, size_bytes))


def import_chat(path: Path, data: Path) -> dict[str, float]:
    """Return how many messages an import into a new installation stores, its time and memory."""
    command = (*SAYWHO, "import", str(path), "--publish", "--timezone", "Asia/Seoul", "--json")
    env = machine.environment({"SAYWHO_ENV": "production", "SAYWHO_DATA_DIR": str(data)})
    started, peak = time.perf_counter(), 0.0
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as process:
        while process.poll() is None:
            with contextlib.suppress(OSError):
                peak = max(peak, machine.memory_mib(process.pid))
            time.sleep(SAMPLED_EVERY_S)
        printed, _ = process.communicate()
    if process.returncode:
        sys.exit(process.returncode)
    seconds = time.perf_counter() - started
    return {"messages": json.loads(printed)["accepted"], "seconds": seconds, "mib": peak}


def addresses(server: Server, pictures: int) -> Iterator[str]:
    """Yield the pages of the chat, the second of its wall, and a picture."""
    wall = "/room/1?has=media"
    yield from (
        "/room/1",
        "/room/1?view=newest",
        "/room/1?view=first",
        "/room/1?on=2020-06-01",
        wall,
    )
    with urllib.request.urlopen(server.address + wall, timeout=60) as answer:  # noqa: S310 - our own
        page = answer.read().decode()
    yield from re.findall(r'href="([^"]*cursor=[^"]*)"', unescape(page))[:1]
    yield from (f"/room/1?message={pictures}", f"/tweet/{pictures}", "/room/1")
    yield from (
        "/user/Mina",
        "/posts?username=Mina&has=media",
        "/api/v1/rooms/1/messages?has=media",
    )
    yield from re.findall(r'src="(/media/[^"]*)"', page)[:1]


def measure_pages(data: Path, folder: Path, pictures: int, repeats: int) -> None:
    program = ours(settings=CACHE_OFF | {"SAYWHO_DATA_DIR": str(data)})
    with serving(program, data / "production.db", folder / "served", "/readyz") as server:
        print("| page | first, ms | median, ms | processor, ms |\n| --- | --: | --: | --: |")
        for address in addresses(server, pictures):
            first, _ = ask(server, address)
            rest = [ask(server, address) for _ in range(repeats)]
            wall = statistics.median(each for each, _ in rest)
            processor = statistics.fmean(each for _, each in rest)
            print(f"| `{address[:48]}` | {first:.0f} | {wall:.0f} | {processor:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--kilobytes", type=int, default=30, help="of a picture")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    print(machine.description())
    with machine.work_folder() as folder:
        print("| chat | messages | seconds | MiB |\n| --- | --: | --: | --: |")
        for name, has_files in (("without files", False), ("with pictures", True)):
            data, path = folder / name, folder / f"{name}.zip"
            size_bytes = 1000 * options.kilobytes
            write_chat(path, options.pictures, size_bytes, has_files=has_files)
            facts = import_chat(path, data)
            print(
                f"| {name} | {facts['messages']:,} | {facts['seconds']:.1f} | {facts['mib']:.0f} |",
                flush=True,
            )
        measure_pages(data, folder, options.pictures, options.repeats)


if __name__ == "__main__":
    main()
