"""Importing in the browser: `python -m benchmarks.uploads [--posts 100000] [--gib 1]`.

Starts the server with two workers, makes the operator's account, uploads an X archive of invented
posts through the page's form, and asks for pages while it is imported. Then it uploads a file of
many MiB and watches the memory of the server's processes.
"""

import argparse
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.ports import free_port

PAGES = ("/", "/authors", "/user/골목빵집", "/search?q=빵", "/compare?text=새벽+빵")
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def make_archive(path: Path, posts: int) -> None:
    """Write an X archive of invented posts."""
    chance = random.Random(3)
    words = [
        "".join(chance.choices("abcdefghijklmnop", k=chance.randint(2, 9))) for _ in range(3_000)
    ]
    account = [{"account": {"username": "archive", "accountDisplayName": "Archive"}}]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/account.js", f"window.YTD.account.part0 = {json.dumps(account)}")
        with archive.open("data/tweets.js", "w", force_zip64=True) as file:
            file.write(b"window.YTD.tweets.part0 = [")
            for number in range(posts):
                tweet = {
                    "id_str": str(1_500_000_000_000_000_000 + number * 1_000_003),
                    "full_text": " ".join(chance.choices(words, k=18)) + ".",
                    "created_at": "Sat Feb 18 12:33:11 +0000 2023",
                    "entities": {"urls": []},
                    "source": "<a>a client</a>" * 100,
                }
                file.write(b"," if number else b"")
                file.write(json.dumps({"tweet": tweet}).encode())
            file.write(b"]")


def memory_mib(pid: int) -> float:
    """Return the resident memory of a process and its children, without import processes."""
    total = 0.0
    for child in [pid, *children(pid)]:
        try:
            command = Path(f"/proc/{child}/cmdline").read_text()
            if "import_process" not in command:
                status = Path(f"/proc/{child}/status").read_text()
                total += int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]
        except (OSError, TypeError):
            continue
    return total


def children(pid: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            yield int(stat.parent.name)
            yield from children(int(stat.parent.name))


def start_server(folder: Path, database_url: str = "") -> tuple[subprocess.Popen[str], str, str]:
    """Return the process, its address and the secret of its set-up link."""
    own = {"SAYWHO_DATA_DIR": str(folder), "SAYWHO_ACCESS_LOG": "0"}
    if database_url:
        own["SAYWHO_DATABASE_URL"] = database_url
    port = free_port()
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from app.cli import main; main()",
            "serve",
            "--sample",
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            "2",
        ],
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    for line in server.stdout:
        if match := re.search(r"token=(\S+)", line):
            break
    address = f"http://127.0.0.1:{port}"
    while True:
        try:
            httpx.get(f"{address}/readyz").raise_for_status()
            return server, address, match[1]  # type: ignore[index]
        except httpx.HTTPError:
            time.sleep(0.05)


def import_while_asking(client: httpx.Client, archive: Path) -> None:
    """Import the archive, and print how long pages took meanwhile."""
    started = time.perf_counter()
    with archive.open("rb") as file:
        answer = client.post("/imports", files={"file": (archive.name, file)}, headers=SAME_ORIGIN)
    job = re.search(r"/imports/(\d+)", answer.headers["Location"])[1]  # type: ignore[index]
    print(
        f"upload of {archive.stat().st_size / 2**20:.0f} MiB: {time.perf_counter() - started:.1f} s"
    )
    client.post(f"/imports/{job}/start", headers=SAME_ORIGIN)
    times_ms: list[float] = []
    started = time.perf_counter()
    with httpx.Client(base_url=client.base_url) as visitor:
        while (facts := client.get(f"/api/v1/imports/{job}").json())["state"] == "running":
            for page in PAGES:
                asked = time.perf_counter()
                visitor.get(page).raise_for_status()
                times_ms.append(1000 * (time.perf_counter() - asked))
    seconds = time.perf_counter() - started
    cuts = statistics.quantiles(times_ms, n=100)
    print(f"import of {facts['accepted']:,} posts ({facts['state']}): {seconds:.1f} s")
    print(f"{len(times_ms)} pages meanwhile: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")


def upload_large(client: httpx.Client, pid: int, mib: int) -> None:
    """Upload lines of JSON, and print by how much the server's memory grew meanwhile."""
    before = peak = memory_mib(pid)
    is_done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not is_done.wait(0.05):
            peak = max(peak, memory_mib(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    line = json.dumps({"username": "large", "text": "a" * 1000}).encode() + b"\n"
    chunk = line * (2**20 // len(line))

    def body() -> Iterator[bytes]:
        for _ in range(mib):
            yield chunk

    started = time.perf_counter()
    answer = client.post("/api/v1/imports", content=body(), headers=SAME_ORIGIN, timeout=300)
    seconds = time.perf_counter() - started
    is_done.set()
    watcher.join()
    answer.raise_for_status()
    client.delete(f"/api/v1/imports/{answer.json()['id']}", headers=SAME_ORIGIN)
    print(
        f"upload of {mib} MiB: {seconds:.1f} s, server's memory {before:.0f} MiB before, "
        f"{peak:.0f} MiB at most: {peak - before:+.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--mib", type=int, default=1024)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = folder / "archive.zip"
        make_archive(archive, arguments.posts)
        server, address, token = start_server(folder / "instance")
        try:
            with httpx.Client(base_url=address, timeout=60) as client:
                form = {"token": token, "name": "operator", "password": "correct horse"}
                client.post("/setup", data=form)
                import_while_asking(client, archive)
                upload_large(client, server.pid, arguments.mib)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)


if __name__ == "__main__":
    main()
