"""A file is read by a process beside the one that stores; a stream has no such process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db.lock import file_lock
from app.services.imports.bulk import BATCH
from tests.installation import PROGRAM, TIMEOUT_S, Installation, lines

POSTS = 6 * BATCH
IMPATIENT = """
import asyncio, sys
from contextlib import closing
from pathlib import Path
from app.config import Config
from app.db.engine import Database
from app.formats import open_archive
from app.formats.source.file import Source
from app.services.imports.imports import import_archive
from app.services.imports.reading_process import FileToRead, ReadingProcess

async def run(beside):
    beside.file = FileToRead(Path(sys.argv[1]), "silent", 2**20, {})
    async with Database(Config.from_env()) as db:
        with Source(Path(sys.argv[2])) as source:
            report = await import_archive(db, open_archive(source), username=None, beside=beside)
    print(report.accepted, report.broken, beside.begin(None, None))

with closing(ReadingProcess(timeout_s=0.1)) as beside:
    asyncio.run(run(beside))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread reads")


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    return lines(
        tmp_path / "posts.jsonl", *({"username": "a", "text": f"post {n}"} for n in range(POSTS))
    )


@contextlib.contextmanager
def held_up(installation: Installation, path: Path) -> Iterator[tuple[Any, int]]:
    """Start an import that may not store yet; give it, and its reader once that has the file."""
    installation.done("db", "upgrade")
    with file_lock(installation.database.with_suffix(".lock")):
        process = subprocess.Popen(
            [PROGRAM, "import", path, "--json"],
            env=installation.environment(),
            cwd=installation.data_dir.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        found: list[int] = []

        def is_reading() -> bool:
            found[:] = [each for each in children(process.pid) if path in opened(each)]
            return bool(found)

        installation.wait_until(is_reading, pid=process.pid)
        yield process, found[0]


def children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def opened(pid: int) -> set[Path]:
    files = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            files.add(link.readlink())
    return files


def has_ended(pid: int) -> bool:
    """Return whether a process is gone, or has nobody who asks for its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_where_the_reader_is_killed_posts_before_stay_and_the_reason_is_told(
    installation: Installation, posts: Path
) -> None:
    with held_up(installation, posts) as (process, reader):
        os.kill(reader, signal.SIGKILL)
    output, errors = process.communicate(timeout=TIMEOUT_S)
    report = json.loads(output)
    assert process.returncode == 1, errors
    assert "was killed" in report["errors"][0]["detail"]
    assert report["accepted"] == installation.count_posts() < POSTS
    again = installation.json("import", posts)
    assert again["accepted"] == POSTS - report["accepted"]
    assert installation.run("check").exit_code == 0


def test_the_reader_ends_with_a_killed_import(installation: Installation, posts: Path) -> None:
    with held_up(installation, posts) as (process, reader):
        process.kill()
        process.communicate()
        installation.wait_until(lambda: has_ended(reader))


def test_where_reading_takes_for_ever_the_reason_is_told(
    installation: Installation, posts: Path, tmp_path: Path
) -> None:
    silent = tmp_path / "silent"
    os.mkfifo(silent)
    installation.done("db", "upgrade")
    done = installation.process(sys.executable, "-c", IMPATIENT, silent, posts)
    reason = "reading the next posts took more than 0 minutes; posts before stay"
    assert done.stdout == f"0 {reason} False\n", done.stderr


def test_a_file_and_a_stream_come_in_alike(tmp_path: Path) -> None:
    records = [
        {
            "username": f"a{n % 7}",
            "text": f"text {n % 900} ㅋㅋ",
            "source_id": str(n) * (n % 3 == 0),
        }
        for n in range(2 * BATCH)
    ]
    path = lines(tmp_path / "posts.jsonl", *records, {"username": "a"}, {"text": "nobody's"})
    with path.open("a") as file:
        file.write("no JSON\n\n[]\n")
    stored = []
    for name, given in (("file", path), ("stream", "-")):
        installation = Installation(tmp_path / name)
        with path.open() as stdin:
            done = installation.process(PROGRAM, "import", given, "--json", stdin=stdin)
        report = json.loads(done.stdout)
        assert report["errors"].pop(0)["file"] == str(given), report
        for error in report["errors"]:
            error.pop("file")
        stored.append((done.returncode, report, installation.done("export")))
        assert installation.run("check").exit_code == 0
    assert stored[0] == stored[1]
