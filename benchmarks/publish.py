"""What publishing a large archive costs: `python -m benchmarks.publish [--posts N] [--pictures N]`.

Imports an invented archive, publishes it twice, and prints a table: the processor's time and the
memory of the first run, files and bytes, what the search loads and how long it takes in a browser
from the disk, and how long other pages wait, before and during a run.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import unquote, urlsplit

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.databases import made_texts
from benchmarks.machine import wait_until_ready

PROGRAM: Final = Path(sys.executable).with_name("saywho")
KOREAN: Final = (
    *("오늘", "아침", "바다에서", "커피를", "마시고", "책을", "읽었다", "산책"),
    *("고양이", "도서관까지", "버스로", "골목", "빵집"),
)
PORT: Final = 8917
RUN: Final = ("publish", "-u", "mina", "--timezone", "Asia/Seoul", "--yes", "--json")


def archive(path: Path, posts: int, pictures: int) -> Path:
    """Write an archive of X with posts of fourteen years in two languages."""
    choose = random.Random(7)
    english = " ".join(made_texts()).split()
    start, step = datetime(2012, 1, 1, tzinfo=UTC), timedelta(days=14 * 365) / posts
    every = max(1, posts // pictures) if pictures else posts + 1
    tweets, files = list[object](), dict[str, bytes]()
    for number in range(posts):
        words = choose.choices(KOREAN if number % 2 else english, k=choose.randrange(4, 24))
        tweet = {
            "id_str": str(10**12 + number),
            "full_text": " ".join(words),
            "created_at": (start + number * step).strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "favorite_count": str(choose.randrange(40)),
        }
        if number % every == 0 and len(files) < pictures:
            address = f"https://example.org/P{number}.jpg"
            medium = {"type": "photo", "media_url_https": address}
            tweet["extended_entities"] = {"media": [medium]}  # type: ignore[assignment]
            colour = (number % 251, number // 251 % 251, number // 63_001 % 251)
            picture = BytesIO()
            Image.new("RGB", (64, 48), colour).save(picture, "PNG")
            name = f"data/tweets_media/{tweet['id_str']}-P{number}.jpg"
            files[name] = picture.getvalue()
        tweets.append({"tweet": tweet})
    with zipfile.ZipFile(path, "w") as packed:
        account = [{"account": {"username": "mina", "accountDisplayName": "미나"}}]
        for name, items in (("account", account), ("tweets", tweets)):
            packed.writestr(f"data/{name}.js", f"window.YTD.{name}.part0 = {json.dumps(items)}")
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def waits(address: str, goes_on: Callable[[], bool]) -> list[float]:
    """Return the milliseconds of each answer, in order of length, while it goes on."""
    times = []
    while goes_on():
        started = time.perf_counter()
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - our own
            answer.read()
        times.append(1000 * (time.perf_counter() - started))
        time.sleep(0.02)
    return sorted(times)


SEARCH: Final = """async (typed) => {
    const [input, found] = ["q", "found"].map((id) => document.getElementById(id));
    const begun = performance.now();
    input.value = typed;
    const told = new Promise((done) => new MutationObserver(() => found.textContent && done())
        .observe(found, { childList: true }));
    input.form.requestSubmit();
    await told;
    return performance.now() - begun;
}"""
"""Searches on a website's page; returns the milliseconds until its posts are in the list."""


def queries() -> dict[str, str]:
    """Return what is searched, by its kind."""
    words = Counter(word for word in " ".join(made_texts()).lower().split() if word.isalpha())
    (common, _), *_, (rare, _) = words.most_common()
    korean = '"{} {}"'.format(*KOREAN[:2])
    return {
        "Korean": KOREAN[8],
        "English": common,
        "beginning": common[:3],
        "phrase": korean,
        "rare": rare,
    }


def search_rows(website: Path) -> Iterator[tuple[str, str]]:
    """Search in a browser that has loaded only the page, and again."""
    program = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for kind, typed in queries().items():
            page = browser.new_page(offline=True)
            page.goto((website / "search.html").as_uri())
            first, *later = (page.evaluate(SEARCH, typed) for _ in range(6))
            scripts = page.evaluate("[...document.scripts].map(script => script.src)")
            paths = [Path(unquote(urlsplit(address).path)) for address in scripts]
            loaded = sum(path.stat().st_size for path in paths)
            told = f"{first:.0f}, {median(later):.0f}, {loaded / 1000:.0f}"
            yield f"search, {kind}: ms, later ms, KB", told
            page.close()
        browser.close()


def rows(posts: int, pictures: int, folder: Path) -> Iterator[tuple[str, str]]:
    environment = os.environ | {
        "SAYWHO_DATA_DIR": str(folder / "data"),
        "SAYWHO_CACHE_MB": "0",
        "SAYWHO_ACCESS_LOG": "0",
    }
    website = folder / "website"

    def run(*arguments: str) -> bytes:
        command = [str(PROGRAM), *arguments]
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout

    run("import", str(archive(folder / "x.zip", posts, pictures)))
    for what, folder_of_run, options in (
        ("the posts alone", folder / "words", ("--without-media",)),
        ("a first run, which makes small pictures", website, ()),
        ("a later run into another folder", folder / "later", ()),
    ):
        command = [str(PROGRAM), RUN[0], str(folder_of_run), *RUN[1:], *options]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            facts = json.loads(process.stdout.read())
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        yield f"{what}: posts, pictures", f"{facts['posts']:,}, {facts['media']:,}"
        yield f"{what}: processor, s", f"{used.ru_utime + used.ru_stime:.0f}"
        yield f"{what}: memory, MB", f"{used.ru_maxrss / 1000:.0f}"
    files = [path for path in website.rglob("*") if path.is_file()]
    beside = [path for path in files if path.parent.name != "media"]
    yield "files beside the media", f"{len(beside):,}"
    yield "MB beside the media", f"{sum(path.stat().st_size for path in beside) / 1e6:.0f}"
    shards = sorted(path.stat().st_size for path in website.glob("search/*.js"))
    texts = sorted(path.stat().st_size for path in website.glob("search/texts/*.js"))
    yield "largest part of the index, KB", f"{shards[-1] / 1000:.0f}"
    yield "largest file of texts, KB", f"{texts[-1] / 1000:.0f}"
    yield from search_rows(website)
    again = json.loads(run(RUN[0], str(website), *RUN[1:]))
    yield "files that a second run writes", str(again["written"])
    bind = f"127.0.0.1:{PORT}"
    server = [str(PROGRAM), "serve", "--no-browser", "--bind", bind]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(server, env=environment, stdout=log, stderr=log) as serving,
    ):
        try:
            wait_until_ready(f"http://{bind}/readyz", serving, folder / "log")
            page = f"http://{bind}/tweet/7"

            def for_seconds(seconds: float) -> Callable[[], bool]:
                end = time.monotonic() + seconds
                return lambda: time.monotonic() < end

            waits(page, for_seconds(20))  # the first ones wait for what a new worker makes once
            quiet = waits(page, for_seconds(30))
            other = [str(PROGRAM), RUN[0], str(folder / "other"), *RUN[1:]]
            with subprocess.Popen(other, env=environment, stdout=log, stderr=log) as process:
                busy = waits(page, lambda: process.poll() is None)
        finally:
            serving.terminate()
    for name, times in (("before", quiet), ("during a run", busy)):
        yield f"99 of 100 pages {name}, ms", f"{times[int(0.99 * len(times))]:.0f}"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="publish", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--pictures", type=int, default=5_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        print("| figure | value |\n| --- | --: |")
        for label, value in rows(options.posts, options.pictures, Path(name)):
            print(f"| {label} | {value} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
