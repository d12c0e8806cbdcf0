"""Imports that are interrupted by Ctrl+C, or killed as where memory is short."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.engine import Database
from app.models import Tweet
from app.services.deletion import delete_room
from app.services.imports.bulk import BATCH
from tests.installation import PROGRAM, TIMEOUT_S, Installation, lines
from tests.selection import first_of
from tests.waiting import eventually

POSTS = 6 * BATCH

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="what is open is told by Linux's /proc"
)


@contextlib.contextmanager
def importing(installation: Installation, *arguments: str | Path) -> Iterator[Any]:
    """Start an import whose standard input is silent."""
    process: Any = subprocess.Popen(
        [PROGRAM, "import", *arguments],
        env=installation.environment(),
        cwd=installation.data_dir.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def target_of(descriptor: Path) -> str:
    with contextlib.suppress(FileNotFoundError):  # The process has closed it meanwhile.
        return os.readlink(descriptor)
    return ""


def interrupted(process: Any) -> str:
    """Wait for the end of an import, though nothing comes in; return its only line."""
    assert process.wait(TIMEOUT_S) == 1
    assert process.stdout.read() == b""
    return str(process.stderr.read().decode())


@pytest.mark.full
@pytest.mark.parametrize(
    "options",
    [pytest.param((), id="real"), pytest.param(("--dry-run",), id="dry", marks=pytest.mark.full)],
)
def test_a_signal_ends_an_import_whose_input_is_silent(
    installation: Installation, options: tuple[str, ...]
) -> None:
    with importing(installation, "-", *options) as process:

        def reads() -> bool:
            assert process.poll() is None, process.communicate()
            # What comes in is put into a file without a name.
            opened = map(target_of, Path(f"/proc/{process.pid}/fd").iterdir())
            return any(target.endswith("(deleted)") for target in opened)

        installation.wait_until(reads)
        process.send_signal(signal.SIGINT)
        said = interrupted(process)
    assert said.startswith("saywho: interrupted")
    assert ("stored posts are kept" in said) == (not options)


async def strike_within(
    installation: Installation, strike: Callable[[AsyncSession], Awaitable[object]]
) -> None:
    """Do something as soon as an import has stored some posts, and long before it has all."""

    async def is_done() -> int:
        # While it waits for this transaction, it can come to no end.
        async with db.write() as session:
            stored = await session.scalar(select(func.count()).select_from(Tweet)) or 0
            if stored:
                await strike(session)
        return stored

    db = Database(Config(env="testing", data_dir=installation.data_dir))
    await eventually(is_done)
    await db.close()


@pytest.mark.parametrize(
    ("number", "status"),
    first_of([(signal.SIGINT, 1), (signal.SIGKILL, -signal.SIGKILL)], (signal.SIGINT, 1)),
)
def test_an_import_that_is_ended_keeps_its_posts_and_resumes(
    number: int, status: int, installation: Installation, tmp_path: Path
) -> None:
    records = ({"username": "a", "text": f"post {n}"} for n in range(POSTS))
    path = lines(tmp_path / "posts.jsonl", *records)
    installation.done("db", "upgrade")
    with importing(installation, path) as process:

        async def end(_: AsyncSession) -> None:
            process.send_signal(number)

        asyncio.run(strike_within(installation, end))
        assert process.wait(TIMEOUT_S) == status
    stored = installation.count_posts()
    assert 0 < stored < POSTS
    again = installation.json("import", path)
    assert (again["accepted"], again["duplicates"]) == (POSTS - stored, stored)
    assert installation.run("check").exit_code == 0


@pytest.mark.full
def test_an_import_ends_when_its_chat_is_deleted_and_the_next_file_begins(
    installation: Installation, tmp_path: Path
) -> None:
    said = {"username": "a", "room": {"name": "pier"}}
    path = lines(tmp_path / "p.jsonl", *(said | {"text": f"post {n}"} for n in range(POSTS)))
    other = lines(tmp_path / "other.jsonl", {"username": "b", "text": "one"})
    installation.done("db", "upgrade")
    with importing(installation, path, other) as process:
        asyncio.run(strike_within(installation, lambda session: delete_room(session, 1)))
        assert process.wait(TIMEOUT_S) == 1
        reason = f"{path}: the chat was deleted during its import\n"
        assert reason in process.stderr.read().decode()
    assert installation.json("rooms")["items"] == []
    assert [user["username"] for user in installation.json("users")["items"]] == ["b"]
    assert installation.run("check").exit_code == 0
