"""Watches for imports that wait, and starts a process for each; one at a time on a site."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from typing import Final

from app.config import PREFIX, Config
from app.db.engine import Database
from app.services.imports.jobs import has_waiting_job, known_spools, take_old_uploads
from app.services.imports.uploads import finished_uploads, remove_upload

LOOK_EVERY_S: Final = 5.0
TIDY_EVERY_S: Final = 3600.0
STOP_TIMEOUT_S: Final = 3.0
"""What an import needs to note where it is broken off; servers wait little longer for a stop."""

logger = logging.getLogger(__name__)


async def keep_importing(db: Database, config: Config, ring: asyncio.Event) -> None:
    """Start waiting imports, soon after `ring` is set or another process queued one."""
    next_tidy = 0.0
    while True:
        ring.clear()
        try:
            if time.monotonic() >= next_tidy:
                next_tidy = time.monotonic() + TIDY_EVERY_S
                await _tidy(db, config)
            async with db.read() as session:
                waiting = await has_waiting_job(session)
            if waiting:
                await _run_process(config)
                continue
        except Exception:
            logger.exception("an import could not be started; it is tried again")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ring.wait(), LOOK_EVERY_S)


async def _run_process(config: Config) -> None:
    others = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.services.imports.process", env=others | config.to_env()
    )
    try:
        status = await process.wait()
    except asyncio.CancelledError:
        # It notes where it was broken off; the next start goes on.
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            # What it stored and counted agrees all the same; another takes over from a silent one.
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        raise
    if status:
        logger.error("an import's process ended with status %d", status)
        await asyncio.sleep(LOOK_EVERY_S)


async def _tidy(db: Database, config: Config) -> None:
    """Remove uploads that nobody started, or knows since a process died."""
    # In this order: an import is in the database before its file is let go.
    finished = await asyncio.to_thread(finished_uploads, config.data_dir)
    async with db.read() as session:
        known = await known_spools(session)
    for spool in set(finished) - known:
        await asyncio.to_thread(remove_upload, config.data_dir, spool)
    async with db.write() as session:
        old = await take_old_uploads(session)
    for spool in old:
        await asyncio.to_thread(remove_upload, config.data_dir, spool)
