"""The process that runs imports, beside a server."""

import asyncio
import os
import sys

import pytest

from app.services.imports.runner import NICENESS, run_next_job
from tests.conftest import MakeConfig


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process has one priority")
async def test_only_the_threads_of_an_import_yield_to_requests(make_config: MakeConfig) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    await run_next_job(make_config())
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    of_thread = await asyncio.to_thread(os.getpriority, os.PRIO_PROCESS, 0)
    assert of_thread == max(before, NICENESS)
