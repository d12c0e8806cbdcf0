"""Waiting for what other tasks and processes do, with a deadline and without guessing how long."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

from quart import Quart
from sqlalchemy import func, select

from app.config import Config
from app.db.engine import Database
from app.errors import AppError
from app.models import ImportJob
from app.services.compare.background import is_outgrown
from app.services.maintenance import Job, jobs
from app.services.search.index_terms import is_vocabulary_old
from tests.browsing import parts_of

T = TypeVar("T")

DEADLINE_S: Final = 150.0
INTERVALS_S: Final = (0.01, 0.02, 0.05, 0.1)
"""Between one look and the next, which cost more than what they wait for; the last one repeats."""


async def eventually(look: Callable[[], Awaitable[T]], *, until: Callable[[T], object] = bool) -> T:
    """Look again and again until what is seen is as wanted; return it. Raises TimeoutError."""
    intervals = itertools.chain(INTERVALS_S, itertools.repeat(INTERVALS_S[-1]))
    async with asyncio.timeout(DEADLINE_S):
        while True:
            seen = await look()
            if until(seen):
                return seen
            await asyncio.sleep(next(intervals))


async def until_some_are_imported(db: Database) -> None:
    """Wait until an import has stored a batch; of three, the last is still to come then.

    Looking is a transaction that writes. Since these queue, no two batches pass between two looks.
    """
    async with asyncio.timeout(DEADLINE_S):
        while True:
            async with db.write() as session:
                if await session.scalar(select(func.max(ImportJob.accepted))):
                    return
            await asyncio.sleep(INTERVALS_S[0])


async def is_due(db: Database, job: Job) -> bool:
    async with db.read() as session:
        return bool(await job.is_due(session))


async def until_at_rest(config: Config) -> None:
    """Wait until a site that another process serves has done all maintenance that is due."""
    async with Database(config) as db:

        async def is_at_rest() -> bool:
            with suppress(AppError):  # The database may be busy.
                return not any([await is_due(db, job) for job in jobs()])
            return False

        await eventually(is_at_rest)


async def maintain(db: Database, *, kept_events: int = 1_000_000) -> None:
    """Do every due job once."""
    for job in jobs(kept_events=kept_events):
        async with db.exclusive_in_turn(job.name) as grant:
            if await is_due(db, job):
                await job.do(grant)


async def settle(app: Quart) -> None:
    """Let what follows the posts catch up, until when answers may still change.

    Every due job is done here and now: the app itself rests for a second between two.
    """
    db = parts_of(app).db

    async def is_settled() -> bool:
        async with db.read() as session:
            return not (await is_vocabulary_old(session) or await is_outgrown(session))

    for job in jobs():
        # After the app itself, which may be doing it.
        async with db.exclusive_in_turn(job.name) as grant:
            if await is_due(db, job):
                await job.do(grant)
    await eventually(is_settled)
