"""Importing an archive with pictures: `python -m benchmarks.media [--posts 100000] [--pictures N]`.

Makes an X archive of invented posts, every fifth of them with a small picture of its own, imports
it by the command line into an empty data folder, and prints the time, the memory of that process
and what it kept.
"""

import argparse
import json
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 48, 48


def picture(chance: random.Random) -> bytes:
    """Return a PNG of noise, some 7 KB."""

    def chunk(name: bytes, data: bytes) -> bytes:
        end = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + end

    rows = b"".join(b"\0" + chance.randbytes(3 * WIDTH) for _ in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows, 1)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def make_archive(path: Path, posts: int, pictures: int) -> None:
    """Write an X archive; its pictures belong to posts spread over all of it."""
    chance = random.Random(5)
    words = ["".join(chance.choices("abcdefghijklmnop", k=6)) for _ in range(3_000)]
    every = max(1, posts // max(1, pictures))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        account = json.dumps([{"account": {"username": "archive"}}])
        archive.writestr("data/account.js", f"window.YTD.account.part0 = {account}")
        with archive.open("data/tweets.js", "w", force_zip64=True) as file:
            file.write(b"window.YTD.tweets.part0 = [")
            for number in range(1, posts + 1):
                tweet: dict[str, Any] = {
                    "id_str": str(number),
                    "full_text": " ".join(chance.choices(words, k=18)),
                    "created_at": "Sat Feb 18 12:33:11 +0000 2023",
                    "source": "<a>a client</a>" * 100,
                }
                if number % every == 0 and number // every <= pictures:
                    address = f"https://p.example/media/{number}.png"
                    media = {"type": "photo", "media_url_https": address, "ext_alt_text": "noise"}
                    tweet["extended_entities"] = {"media": [media]}
                file.write(b"," if number > 1 else b"")
                file.write(json.dumps({"tweet": tweet}).encode())
            file.write(b"]")
        for number in range(1, pictures + 1):
            name = f"data/tweets_media/{number * every}-{number * every}.png"
            archive.writestr(name, picture(chance), zipfile.ZIP_STORED)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--posts", type=int, default=100_000)
    arguments.add_argument("--pictures", type=int, default=20_000)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = folder / "archive.zip"
        make_archive(archive, given.posts, given.pictures)
        print(f"{given.posts:,} posts, {given.pictures:,} pictures, ", end="")
        print(f"{archive.stat().st_size / 2**20:.0f} MiB packed")
        data, spare = folder / "data", folder / "tmp"
        spare.mkdir()
        started = time.perf_counter()
        done = subprocess.run(
            [
                *(sys.executable, "-c", "from app.cli import main; main()"),
                *("import", str(archive), "--json"),
            ],
            env=os.environ | {"SAYWHO_DATA_DIR": str(data), "TMPDIR": str(spare)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.perf_counter() - started
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        report = json.loads(done.stdout)
        kept = [file.stat().st_size for file in (data / "media").iterdir()]
        assert (report["accepted"], len(kept)) == (given.posts, given.pictures), report
        print(f"imported in {seconds:.0f} s, {usage.ru_utime + usage.ru_stime:.0f} s of processor")
        print(f"peak memory: {usage.ru_maxrss / 1024:.0f} MiB")
        print(f"kept {len(kept):,} files, {sum(kept) / 2**20:.0f} MiB; left in the folder for")
        print(f"temporary files: {sum(1 for _ in spare.iterdir())}")


if __name__ == "__main__":
    main()
