"""Imports that stand still, or take too much memory, are ended; the next one runs."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from app.config import Config
from app.db.engine import Database
from app.models import ImportJob
from app.runtime.processes import stood_still
from app.services.imports import job_runner
from app.services.imports.job_report import errors_of
from app.services.imports.job_runner import keep_importing
from app.services.imports.jobs import MOST_ATTEMPTS, cancel_job, get_job, upload_path
from app.services.imports.storing_reading import READ_AHEAD
from saywho.processes import STILL_S
from tests.conftest import MakeConfig
from tests.installation import Installation
from tests.never_ending import AT_ONCE, LATER, plant
from tests.selection import first_of
from tests.server import children_of, oom_score_of
from tests.uploading import jsonl, queued
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("own_processes")

POSTS = jsonl({"username": "ann", "text": "one"})
SHORT = """
import asyncio, os
from app.config import MIB, Config
from app.services.imports import job_runner
job_runner.MOST_MEMORY = 48 * MIB
asyncio.run(job_runner.run_waiting_job(Config.from_env(), os.getppid(), 1))
"""
"""Runs the first import with little memory."""


async def still(db: Database, folder: Path) -> ImportJob:
    """Queue the import of a file of which nothing can be read, and that has no end."""
    job = await queued(db, folder, b"")
    path = upload_path(folder, job.spool)
    path.unlink()
    os.mkfifo(path)
    return job


async def until_state(db: Database, job_id: int, *states: str) -> ImportJob:
    async def look() -> ImportJob:
        async with db.read() as session:
            return await get_job(session, job_id)

    return await eventually(look, until=lambda job: job.state in states)


def importing(db: Database, config: Config, still_s: float = STILL_S) -> asyncio.Task[None]:
    return asyncio.create_task(keep_importing(db, config, asyncio.Event(), still_s=still_s))


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until_started(db: Database, job_id: int) -> None:
    async def has_started() -> bool:
        async with db.read() as session:
            return (await get_job(session, job_id)).started_at is not None

    await eventually(has_started)


async def until_attempted(db: Database, job_id: int, attempts: int) -> None:
    async def has_begun() -> bool:
        async with db.read() as session:
            return (await get_job(session, job_id)).attempts == attempts

    await eventually(has_begun)


async def until_removed(config: Config, job: ImportJob) -> None:
    """Wait until the upload is gone, which follows the transaction that ends its import."""

    async def is_there() -> bool:
        return upload_path(config.data_dir, job.spool).exists()

    await eventually(is_there, until=lambda is_there: not is_there)


@pytest.mark.full
async def test_after_one_that_was_cancelled_the_next_import_runs(make_config: MakeConfig) -> None:
    config = make_config()
    async with Database(config) as db:
        first = await still(db, config.data_dir)
        second = await queued(db, config.data_dir, POSTS)
        task = importing(db, config)
        try:
            await until_started(db, first.id)
            async with db.write() as session:
                await cancel_job(session, first.id, scope="admin")
            assert (await until_state(db, second.id, "done")).accepted == 1
            assert (await until_state(db, first.id, "cancelled")).attempts == 1
            assert not upload_path(config.data_dir, first.spool).exists()
        finally:
            await end(task)


@pytest.mark.parametrize("data", first_of([AT_ONCE, LATER], AT_ONCE), ids=str)
async def test_an_import_whose_reading_does_not_end_fails_and_the_next_one_runs(
    make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    plant(tmp_path, monkeypatch)
    config = make_config()
    async with Database(config) as db:
        first = await queued(db, config.data_dir, data)
        second = await queued(db, config.data_dir, POSTS)
        task = importing(db, config, still_s=1)
        try:
            failed = await until_state(db, first.id, "failed")
            (said,) = [error.detail for error in errors_of(failed)]
            assert said == str(stood_still("posts.jsonl", 1))
            assert failed.attempts == 1
            assert (await until_state(db, second.id, "done")).accepted == 1
            await until_removed(config, first)
        finally:
            await end(task)


@pytest.mark.databases("sqlite")
async def test_why_no_import_can_be_looked_for_is_said_once(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(job_runner, "LOOK_EVERY_S", 0.01)
    config, looks = make_config(), list[str]()
    # As on a disk that has become read-only, no lock can be made.
    lock = Installation.of(config).database.with_name("testing.db.imports.lock")
    async with Database(config, on_session=lambda kind, _: looks.append(kind)) as db:
        job = await queued(db, config.data_dir, POSTS)
        lock.symlink_to(config.data_dir / "no folder" / "lock")
        task = importing(db, config)

        async def count() -> int:
            return len(looks)

        try:
            await eventually(count, until=lambda seen: seen > 20)
            lock.unlink()
            assert (await until_state(db, job.id, "done")).accepted == 1
        finally:
            await end(task)
    assert [message for message in caplog.messages if "looking for imports" in message] == [
        "looking for imports or old uploads failed; trying again"
    ]


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory so")
async def test_an_import_that_takes_too_much_memory_fails_and_keeps_its_posts(
    make_config: MakeConfig,
) -> None:
    config = make_config()
    small = [{"username": "ann", "text": f"post {number}"} for number in range(READ_AHEAD + 2_000)]
    large = [{"username": "ann", "text": f"{number:04}" * 15_000} for number in range(1_000)]
    async with Database(config) as db:
        job = await queued(db, config.data_dir, jsonl(*small, *large))
        ran = Installation.of(config).process(sys.executable, "-c", SHORT)
        assert ran.returncode == 0, ran.stderr
        failed = await until_state(db, job.id, "failed")
        # Posts are stored after the first ones are looked at.
        assert failed.accepted >= 1_000
        assert errors_of(failed)[0].detail == "reading the file takes more than 48 MB of memory"


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process outlives its parent")
async def test_an_import_that_stands_still_ends_with_its_worker(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config()
    installation = Installation.of(config)
    async with Database(config) as db:
        job = await still(db, config.data_dir)
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WORKER), env=installation.environment()
        )
        await until_started(db, job.id)
        (child,) = children_of(server.pid)
        server.kill()
        await server.wait()

        async def runs() -> bool:
            return await asyncio.to_thread(Path(f"/proc/{child}").exists)

        await eventually(runs, until=lambda is_there: not is_there)


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="Linux kills where memory is short")
async def test_an_import_that_is_killed_each_time_fails_and_says_why(
    make_config: MakeConfig, caplog: pytest.LogCaptureFixture
) -> None:
    config, queued_now = make_config(), asyncio.Event()
    others = {*children_of(os.getpid())}

    async def started() -> set[int]:
        return {pid for pid in children_of(os.getpid()) if pid not in others}

    async with Database(config) as db:
        job = await still(db, config.data_dir)
        task = asyncio.create_task(keep_importing(db, config, queued_now))
        try:
            for attempt in range(1, MOST_ATTEMPTS + 1):
                await until_attempted(db, job.id, attempt)
                (child,) = await started()
                assert oom_score_of(child) > oom_score_of(os.getpid())
                os.kill(child, signal.SIGKILL)
                queued_now.set()  # It would pause before the next one.
            failed = await until_state(db, job.id, "failed")
        finally:
            await end(task)
    assert "the server may be short of memory" in errors_of(failed)[0].detail
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == MOST_ATTEMPTS
    assert all("was killed, as the system does where memory is short" in line for line in told)


WORKER = """
import asyncio
from app.config import Config
from app.db.engine import Database
from app.services.imports.job_runner import keep_importing
async def work():
    config = Config.from_env()
    async with Database(config) as db:
        await keep_importing(db, config, asyncio.Event())
asyncio.run(work())
"""
"""What of a worker runs imports."""
