"""The process of an import, and its job."""

import asyncio
import io
import os
import sys
from pathlib import Path

import pytest

from app.db.engine import Database
from app.services.imports import jobs
from app.services.imports.job_report import ImportReport
from app.services.imports.job_runner import run_waiting_job
from app.services.imports.storing_batch import BATCH
from saywho.formats.source.file import Source
from saywho.processes import NICENESS
from tests.conftest import MakeConfig
from tests.refusals import READ_ONLY, WRITABLE, connections_take
from tests.uploading import jsonl, queued


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process has one priority")
async def test_only_the_threads_of_an_import_yield_to_requests(make_config: MakeConfig) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    await run_waiting_job(make_config(), os.getppid(), 1)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    assert await asyncio.to_thread(os.getpriority, os.PRIO_PROCESS, 0) == max(before, NICENESS)


async def test_an_import_ends_with_its_worker_and_goes_on_with_another(
    make_config: MakeConfig,
) -> None:
    config = make_config()
    async with Database(config) as db:
        job = await queued(db, config.data_dir, jsonl({"username": "ann", "text": "one"}))
        with pytest.raises(SystemExit, match="goes on later"):
            await run_waiting_job(config, os.getpid(), job.id)
        async with db.read() as session:
            broken_off = await jobs.get_job(session, job.id)
        assert (broken_off.state, broken_off.accepted) == ("running", 0)
        assert jobs.upload_path(config.data_dir, job.spool).exists()
        await run_waiting_job(config, os.getppid(), job.id)
        async with db.read() as session:
            done = await jobs.get_job(session, job.id)
        assert (done.state, done.accepted) == ("done", 1)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("once_then", ["", WRITABLE], ids=["until the end", "for a moment"])
async def test_an_import_of_which_no_more_can_be_written_goes_on_later(
    make_config: MakeConfig, once_then: str
) -> None:
    config = make_config()
    posts = [{"username": "ann", "text": f"post {n}"} for n in range(2 * BATCH)]
    async with Database(config) as db:
        job = await queued(db, config.data_dir, jsonl(*posts))
        with (
            connections_take(READ_ONLY, from_posts=BATCH, once_then=once_then),
            pytest.raises(SystemExit, match="goes on later: The database cannot be written"),
        ):
            await run_waiting_job(config, os.getppid(), job.id)
        await run_waiting_job(config, os.getppid(), job.id)
        async with db.read() as session:
            done = await jobs.get_job(session, job.id)
    assert (done.state, done.accepted, done.duplicates) == ("done", 2 * BATCH, 0)


async def test_records_that_version_1_1_kept_beside_an_upload_are_removed(
    make_config: MakeConfig,
) -> None:
    config = make_config()
    async with Database(config) as db:
        job = await queued(db, config.data_dir, jsonl({"text": "one"}), is_started=False)
        upload = jobs.upload_path(config.data_dir, job.spool)
        kept = upload.with_name(f"{upload.name}.read")
        kept.write_bytes(b"records")
        await jobs.remove_old_uploads(db, config.data_dir)
        assert (upload.exists(), kept.exists()) == (True, False)


@pytest.mark.parametrize("gets_on", [True, False], ids=["gets on", "stays where it is"])
async def test_an_import_is_given_up_only_if_it_stores_nothing_more(
    db: Database, gets_on: bool, tmp_path: Path
) -> None:
    job = await queued(db, tmp_path, b"")
    for _ in range(jobs.MOST_ATTEMPTS + 2):
        async with db.write() as session:
            if (claimed := await jobs.claim_job(session, job.id)) is not None:
                report = ImportReport(accepted=int(gets_on))
                with Source(io.BytesIO()) as source:
                    await jobs.note_progress(session, claimed, source, report)
    async with db.read() as session:
        assert (await jobs.get_job(session, job.id)).state == ("running" if gets_on else "failed")
