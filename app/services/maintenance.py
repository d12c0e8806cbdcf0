"""Work that follows the posts: folding tails, renewing the background, removing deleted rows."""

import asyncio
import contextlib
import logging
from typing import Final

from app.db.engine import Database
from app.services.background import is_outgrown, renew_background
from app.services.deletion import purge_deleted
from app.services.events import has_old_events, prune_events
from app.services.idempotency import needs_pruning, prune
from app.services.profiles import LONGEST_TAIL, fold_tails, users_with_tails

REST_S: Final = 1.0
"""Between two rounds, so that a stream of single posts does not make one a post."""
LOOK_EVERY_S: Final = 30.0

logger = logging.getLogger(__name__)


async def maintain(db: Database, *, kept_events: int = 1_000_000) -> None:
    """Do what the newest posts make necessary; keep so many events in the log."""
    async with db.read() as session:
        long_tails = await users_with_tails(session, longer_than=LONGEST_TAIL - 1)
    await fold_tails(db, long_tails)
    async with db.read() as session:
        outgrown = await is_outgrown(session)
        has_old_keys = await needs_pruning(session)
        has_much_log = await has_old_events(session, kept=kept_events)
    if outgrown:
        await renew_background(db)
    await purge_deleted(db)
    if has_old_keys:
        async with db.write() as session:
            await prune(session)
    if has_much_log:
        async with db.write() as session:
            await prune_events(session, kept=kept_events)


async def keep_maintained(db: Database, *, kept_events: int = 1_000_000) -> None:
    """Maintain the database after this process's commits, until cancelled."""
    while True:
        db.committed.clear()
        try:
            await maintain(db, kept_events=kept_events)
        except Exception:
            logger.exception("maintenance failed; it is tried again after the next write")
        await asyncio.sleep(REST_S)
        with contextlib.suppress(TimeoutError):
            # Other processes' commits ring nobody here.
            await asyncio.wait_for(db.committed.wait(), LOOK_EVERY_S)
