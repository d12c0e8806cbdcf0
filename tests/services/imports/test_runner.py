"""The process that runs imports, beside a server."""

import asyncio
import os
import sys

import pytest

from app.db.engine import Database
from app.services.imports.jobs import get_job, upload_path
from app.services.imports.runner import run_waiting_job
from app.tasks import NICENESS
from tests.conftest import MakeConfig
from tests.uploading import jsonl, queued


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process has one priority")
async def test_only_the_threads_of_an_import_yield_to_requests(make_config: MakeConfig) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    await run_waiting_job(make_config(), os.getppid(), 1)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    of_thread = await asyncio.to_thread(os.getpriority, os.PRIO_PROCESS, 0)
    assert of_thread == max(before, NICENESS)


async def test_an_import_ends_with_its_worker_and_goes_on_with_another(
    make_config: MakeConfig,
) -> None:
    config = make_config()
    async with Database(config) as db:
        job = await queued(db, config.data_dir, jsonl({"username": "ann", "text": "one"}))
        with pytest.raises(SystemExit, match="goes on later"):
            await run_waiting_job(config, os.getpid(), job.id)
        async with db.read() as session:
            broken_off = await get_job(session, job.id)
        assert (broken_off.state, broken_off.accepted) == ("running", 0)
        assert upload_path(config.data_dir, job.spool).exists()
        await run_waiting_job(config, os.getppid(), job.id)
        async with db.read() as session:
            done = await get_job(session, job.id)
        assert (done.state, done.accepted) == ("done", 1)
