"""Imports that are interrupted: by Ctrl+C, by SIGTERM, by a kill."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import func, select

from app.config import Config
from app.db.engine import Database
from app.models import Tweet
from app.services.imports.bulk import BATCH
from tests.installation import PROGRAM, TIMEOUT_S, Installation, lines
from tests.waiting import eventually

SIGNALS = (signal.SIGINT, signal.SIGTERM)
TERM_BIT = 1 << (signal.SIGTERM - 1)
POSTS = 6 * BATCH

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="whether a signal is heard is told by Linux's /proc"
)


@contextlib.contextmanager
def importing(installation: Installation, *arguments: str | Path) -> Iterator[Any]:
    """Start an import whose standard input is silent; give it once it hears signals."""
    process: Any = subprocess.Popen(
        [PROGRAM, "import", *arguments],
        env=installation.environment(),
        cwd=installation.data_dir.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )

    def hears() -> bool:
        assert process.poll() is None, process.communicate()
        status = Path(f"/proc/{process.pid}/status").read_text()
        (caught,) = [line for line in status.splitlines() if line.startswith("SigCgt")]
        return bool(int(caught.split()[1], 16) & TERM_BIT)

    try:
        installation.wait_until(hears)
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def ended(process: Any) -> tuple[int, dict[str, Any]]:
    """Wait for its end, though nothing comes in; return the status and the report."""
    assert process.wait(TIMEOUT_S) is not None
    return process.returncode, json.loads(read(process.stdout))


def read(stream: IO[bytes]) -> str:
    return stream.read().decode()


@pytest.mark.parametrize("number", SIGNALS)
def test_one_signal_ends_an_import_whose_input_is_silent(
    installation: Installation, number: signal.Signals
) -> None:
    with importing(installation, "-", "--json") as process:
        process.send_signal(number)
        status, report = ended(process)
    assert status == 1
    assert [error["file"] for error in report["errors"]] == ["-"]
    assert "interrupted" in report["errors"][0]["detail"]


async def signal_within(installation: Installation, process: Any, number: signal.Signals) -> None:
    """Signal an import as soon as it has stored some posts, and long before it has stored all."""

    async def signalled() -> int:
        # While it waits for this transaction, it can come to no end.
        async with db.write() as session:
            stored = await session.scalar(select(func.count()).select_from(Tweet)) or 0
            if stored:
                process.send_signal(number)
        return stored

    db = Database(Config(env="testing", data_dir=installation.data_dir))
    await eventually(signalled)
    await db.close()


@pytest.mark.parametrize("number", SIGNALS)
def test_what_was_stored_before_a_signal_stays_is_counted_and_gone_on_with(
    installation: Installation, tmp_path: Path, number: signal.Signals
) -> None:
    records = ({"username": "a", "text": f"post {n}"} for n in range(POSTS))
    path = lines(tmp_path / "posts.jsonl", *records)
    installation.done("db", "upgrade")
    with importing(installation, path, "--json") as process:
        asyncio.run(signal_within(installation, process, number))
        status, report = ended(process)
    stored = installation.count_posts()
    assert status == 1
    assert 0 < report["accepted"] == stored < POSTS
    again = installation.json("import", path)
    assert (again["accepted"], again["duplicates"]) == (POSTS - stored, stored)
    assert installation.run("check").exit_code == 0


def test_the_copy_of_a_killed_dry_run_goes_at_the_next_command(installation: Installation) -> None:
    def copies() -> list[Path]:
        return list(installation.data_dir.glob("*.copy-*/copy.db"))

    def is_copied() -> bool:
        return any(copy.stat().st_size for copy in copies())

    installation.done("user", "add", "mina")
    with importing(installation, "-", "--dry-run") as killed:
        installation.wait_until(is_copied)
        (copy,) = copies()
        assert (copy.stat().st_mode & 0o777, copy.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        killed.kill()
        killed.wait()
    assert copies() == [copy]
    installation.done("users")
    assert copies() == []
    with importing(installation, "-", "--dry-run") as alive:
        installation.wait_until(copies)
        installation.done("users")
        assert copies()  # Nobody takes away what another one works with.
        alive.stdin.close()
        assert alive.wait(TIMEOUT_S) == 0
    assert list(installation.data_dir.glob("*.copy-*")) == []
